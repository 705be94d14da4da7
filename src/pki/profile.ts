/** From what the catalogue asks for to what the certificate says. */
import type { AuthorityItem, LeafProfile } from '../cluster/index.ts';
import {
  type Certificate,
  type CertificateTemplate,
  generatePrivateKeyAsync,
  type Issuer,
  type KeyUsage,
  makeName,
  type PrivateKey,
  type RequestTemplate,
  selfSign,
} from '../x509/index.ts';

/** Certificates begin this long before they are made, for machines whose clocks are behind; as kubeadm and kube-controller-manager do. */
const BACKDATE_SECONDS = 5 * 60;

/** The dates of a certificate made now: whole seconds, backdated. */
function period(now: Date, seconds: number): { notBefore: Date; notAfter: Date } {
  const start = Math.floor(now.getTime() / 1000);
  return {
    notBefore: new Date((start - BACKDATE_SECONDS) * 1000),
    notAfter: new Date((start + seconds) * 1000),
  };
}

/**
 * A leaf's template. It never begins before its CA nor ends after it: outside of the CA's dates
 * nobody would accept it, and the date printed on it would be a lie.
 */
export function leafTemplate(
  profile: LeafProfile,
  issuer: Certificate,
  keyType: string,
  now: Date,
): CertificateTemplate {
  const { notBefore, notAfter } = period(now, profile.validity);
  return {
    ...leafContent(profile, keyType),
    notBefore: notBefore < issuer.notBefore ? issuer.notBefore : notBefore,
    notAfter: notAfter > issuer.notAfter ? issuer.notAfter : notAfter,
  };
}

/**
 * What is asked of a CA whose key is elsewhere: all that the certificate shall say but its dates. A
 * CA that copies what is asked for (`openssl x509 -req -copy_extensions copyall`) gives just that.
 */
export const requestTemplate = (profile: LeafProfile, keyType: string): RequestTemplate =>
  leafContent(profile, keyType);

function leafContent(
  profile: LeafProfile,
  keyType: string,
): Omit<CertificateTemplate, 'notBefore' | 'notAfter'> {
  return {
    subject: makeName({ commonName: profile.commonName, organizations: profile.organizations }),
    basicConstraints: { ca: false },
    keyUsage: leafKeyUsage(keyType),
    extendedKeyUsage: profile.usages,
    subjectAltNames: { dns: profile.dns, ip: profile.ip },
  };
}

/** Only RSA keys encipher keys (RFC 5246 key exchange); for EC keys RFC 8813 forbids the bit. */
function leafKeyUsage(keyType: string): KeyUsage[] {
  return keyType.startsWith('RSA-')
    ? ['digitalSignature', 'keyEncipherment']
    : ['digitalSignature'];
}

/** A self-signed CA for a key. */
export function makeAuthority(item: AuthorityItem, key: PrivateKey, now: Date): Uint8Array {
  return selfSign(
    {
      subject: makeName({ commonName: item.commonName }),
      ...period(now, item.validity),
      basicConstraints: { ca: true },
      // cRLSign, which kubeadm leaves out: etcd takes a revocation list (--client-crl-file), and the
      // right to sign one cannot be added later without replacing the CA.
      keyUsage: ['digitalSignature', 'keyCertSign', 'cRLSign'],
      extendedKeyUsage: [],
    },
    key,
  );
}

/** A leaf for a key, or for a new one. */
export async function makeLeaf(
  profile: LeafProfile,
  issuer: Issuer,
  now: Date,
  existing?: PrivateKey,
): Promise<{ readonly key: PrivateKey; readonly certificate: Uint8Array }> {
  const key = existing ?? (await generatePrivateKeyAsync(profile.keyAlgorithm));
  const template = leafTemplate(profile, issuer.certificate, key.type, now);
  return { key, certificate: issuer.issue(template, key.spki) };
}
