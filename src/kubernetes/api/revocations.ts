/**
 * Revocations: a resource of kubepki's own server, which Kubernetes lacks. Each takes one credential, or all
 * of one user, out of use. A kube-apiserver knows nothing of them.
 */
import { decodePem, fingerprintHex, signatureTwins } from '../../x509/index.ts';
import type { KubernetesObject } from './objects.ts';

/** Exactly one field says what is revoked. */
export interface RevocationSpec {
  /** PEM of one certificate and nothing else. */
  readonly certificate?: string;
  /** SHA-256 of the DER of a certificate, lower-case hex. */
  readonly fingerprint?: string;
  /** The part before the dot of a token in the form of a bootstrap token. */
  readonly tokenId?: string;
  /** As `authentication.kubernetes.io/credential-id` has it: `X509SHA256=…`, `JTI=…`. */
  readonly credentialId?: string;
  /** Every credential of this user, whatever it is. */
  readonly user?: string;
  readonly reason: string;
}

/** Set by the server. */
export interface RevocationStatus {
  readonly revokedBy?: {
    readonly username: string;
    readonly uid?: string;
    readonly groups?: readonly string[];
  };
  readonly revokedAt?: string;
  /** How the credential is recognised; absent for users and tokens. */
  readonly credentialId?: string;
  /** What the certificate says, where it was given whole. */
  readonly certificate?: {
    readonly subject?: string;
    readonly issuer?: string;
    /** Lower-case hex. */
    readonly serialNumber?: string;
    readonly notAfter?: string;
  };
}

export interface Revocation extends KubernetesObject {
  readonly spec: RevocationSpec;
  readonly status?: RevocationStatus;
}

/** What is revoked, as it is looked up. */
export interface RevokedSubject {
  readonly kind: 'user' | 'tokenId' | 'credentialId';
  readonly value: string;
  /** Ids of the same certificate with the other signature that ECDSA has for it, where it was given whole. */
  readonly twins?: readonly string[];
}

/** The key in `UserInfo.extra` that says with which credential somebody came. */
export const CREDENTIAL_ID = 'authentication.kubernetes.io/credential-id';

/** How the ids of certificates begin (apiserver, pkg/authentication/request/x509/x509.go). */
export const X509_CREDENTIAL = 'X509SHA256=';

/** The id of a certificate, given its DER. */
export const certificateCredentialId = (der: Uint8Array): string =>
  `${X509_CREDENTIAL}${fingerprintHex(der)}`;

/** Undefined where nothing is named, or what is no certificate. */
export function revokedSubject(spec: Omit<RevocationSpec, 'reason'>): RevokedSubject | undefined {
  const { user = '', tokenId = '', fingerprint = '', certificate = '' } = spec;
  if (user !== '') return { kind: 'user', value: user };
  if (tokenId !== '') return { kind: 'tokenId', value: tokenId };
  if (certificate !== '' && fingerprint === '') return wholeCertificate(certificate);
  const id = fingerprint === '' ? (spec.credentialId ?? '') : `${X509_CREDENTIAL}${fingerprint}`;
  return id === '' ? undefined : { kind: 'credentialId', value: id };
}

function wholeCertificate(pem: string): RevokedSubject | undefined {
  const der = certificateDer(pem);
  if (der === undefined) return undefined;
  const twins = signatureTwins(der).map(certificateCredentialId);
  return { kind: 'credentialId', value: certificateCredentialId(der), twins };
}

function certificateDer(pem: string): Uint8Array | undefined {
  try {
    const [block] = decodePem(pem);
    return block?.label === 'CERTIFICATE' ? block.bytes : undefined;
  } catch {
    return undefined;
  }
}
