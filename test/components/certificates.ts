/**
 * Certificates for the tests, made with our own library: like one that kubepki made, but different in
 * exactly one way.
 */

import { readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { AuthorityId } from '../../src/cluster/index.ts';
import {
  type Certificate,
  type CertificateTemplate,
  createIssuer,
  decodePrivateKey,
  EXTENDED_KEY_USAGES,
  type ExtendedKeyUsage,
  encodePem,
  encodePrivateKey,
  fingerprintHex,
  generatePrivateKeyAsync,
  type Issuer,
  type KeyAlgorithm,
  type PrivateKey,
  parseCertificate,
  readCertificates,
  selfSign,
} from '../../src/x509/index.ts';
import type { Pair } from '../system/etcd-cluster.ts';
import { authorityPair, type Files } from './credentials.ts';

/** The first certificate of a file: PEM, or a kubeconfig's client certificate. */
export function certificateIn(file: string): Certificate {
  const text = readFileSync(file, 'utf8');
  const isPem = text.startsWith('-----BEGIN');
  return readCertificates(isPem ? text : embedded(text, 'client-certificate-data'))[0];
}

/** What a field of a kubeconfig with one user holds in base64. */
function embedded(kubeconfig: string, field: string): Buffer {
  const data = new RegExp(`${field}: *(\\S+)`).exec(kubeconfig)?.[1];
  if (data === undefined) throw new Error(`a kubeconfig without ${field}`);
  return Buffer.from(data, 'base64');
}

/** SHA-256 of the first certificate of a file, in hex. */
export const sha256Of = (file: string): string => fingerprintHex(certificateIn(file).der);

export interface Mint {
  /** Writes a certificate of a CA of the cluster (or of its double) and its key, and answers with the files. */
  issue(name: string, order: Order): Promise<Pair>;
  /** Writes the certificate and key that a kubeconfig holds into files. */
  copy(kubeconfig: string): Promise<Pair>;
}

export interface Order {
  authority: AuthorityId;
  /** Signed by a CA of the same name that nobody knows. */
  foreign?: boolean;
  template: CertificateTemplate;
}

/** Issues certificates into `folder`. One key does for all: nobody looks at keys here. */
export async function openMint(
  files: Files,
  keyAlgorithm: KeyAlgorithm,
  folder: string,
): Promise<Mint> {
  await mkdir(folder, { recursive: true });
  const key = await generatePrivateKeyAsync(keyAlgorithm);
  const keyFile = join(folder, 'key.pem');
  await writeFile(keyFile, encodePrivateKey(key), { mode: 0o600 });
  return {
    async issue(name, { authority, foreign = false, template }) {
      const issuer = issuerOf(files, authority, foreign ? key : undefined);
      const certificate = join(folder, `${name}.crt`);
      const der = issuer.issue(template, key.spki);
      await writeFile(certificate, encodePem('CERTIFICATE', der));
      return { certificate, key: keyFile };
    },
    async copy(kubeconfig) {
      const text = readFileSync(kubeconfig, 'utf8');
      const base = join(folder, basename(kubeconfig));
      const pair = { certificate: `${base}.crt`, key: `${base}.key` };
      await writeFile(pair.certificate, embedded(text, 'client-certificate-data'));
      await writeFile(pair.key, embedded(text, 'client-key-data'), { mode: 0o600 });
      return pair;
    },
  };
}

/** The CA as it is, or with another key. */
function issuerOf(files: Files, authority: AuthorityId, double: PrivateKey | undefined): Issuer {
  const pair = authorityPair(files, authority);
  const certificate = certificateIn(pair.certificate);
  if (double === undefined) {
    return createIssuer(certificate, decodePrivateKey(readFileSync(pair.key, 'utf8')));
  }
  const template = templateOf(certificate);
  return createIssuer(parseCertificate(selfSign(template, double)), double);
}

/** What a certificate in a file says, as a template for another one; serial number and key stay behind. */
export const templateIn = (file: string): CertificateTemplate => templateOf(certificateIn(file));

function templateOf(certificate: Certificate): CertificateTemplate {
  const { subject, notBefore, notAfter, subjectAltNames } = certificate;
  return {
    subject,
    notBefore,
    notAfter,
    basicConstraints: certificate.basicConstraints ?? { ca: false },
    keyUsage: certificate.keyUsage ?? [],
    extendedKeyUsage: (certificate.extendedKeyUsage ?? []).filter(isUsage),
    ...(subjectAltNames === undefined ? {} : { subjectAltNames }),
  };
}

const isUsage = (usage: string): usage is ExtendedKeyUsage =>
  Object.hasOwn(EXTENDED_KEY_USAGES, usage);
