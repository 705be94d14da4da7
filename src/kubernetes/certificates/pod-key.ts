/**
 * The key that a PodCertificateRequest is about, and the proof that whoever asks has it: a PKCS#10 request, or
 * a key with a signature over the UID of the pod (k8s.io/kubernetes, pkg/apis/certificates/validation:
 * validateStubPKCS10Request, validateDeprecatedPKIXPublicKey). What cannot be read is undefined, never thrown.
 */
import { KubepkiError } from '../../errors.ts';
import {
  type CertificationRequest,
  type PublicKey,
  parseRequest,
  publicKeyFromSpki,
  signsData,
  verifyRequest,
} from '../../x509/index.ts';

const KEY_TYPES: ReadonlySet<string> = new Set([
  'Ed25519',
  'ECDSA-P256',
  'ECDSA-P384',
  'ECDSA-P521',
  'RSA-3072',
  'RSA-4096',
]);

/** Whether pods may have a certificate for such a key. */
export const isPodKeyType = (type: string): boolean => KEY_TYPES.has(type);

/** @param der `spec.stubPKCS10Request`, decoded */
export const readStubRequest = (der: Uint8Array): CertificationRequest | undefined =>
  parsed(() => parseRequest(der));

/** Whether the request is signed with the key that it is for. */
export const isStubSigned = (request: CertificationRequest): boolean =>
  parsed(() => verifyRequest(request)) === true;

export interface PodKey {
  /** As `PublicKey.type`. */
  readonly type: string;
  /** Undefined where nothing here verifies with it. */
  readonly key: PublicKey | undefined;
}

/** @param spki `spec.pkixPublicKey`, decoded */
export function readPodKey(spki: Uint8Array): PodKey | undefined {
  const key = parsed(() => publicKeyFromSpki(spki));
  if (key === undefined) return undefined;
  const { type } = key;
  if (isUsable(key)) return { type, key };
  return /^\d/.test(type) ? { type, key: undefined } : undefined;
}

function isUsable(key: PublicKey): boolean {
  try {
    return key.object.type === 'public';
  } catch {
    // OpenSSL's own errors: a point that is not on its curve, a kind of key that it does not know.
    return false;
  }
}

/** @param proof `spec.proofOfPossession`, decoded: a signature over `spec.podUID` */
export const provesPossession = ({ key }: PodKey, proof: Uint8Array, podUID: string): boolean =>
  key !== undefined && signsData(key, new TextEncoder().encode(podUID), proof);

function parsed<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof KubepkiError) return undefined;
    throw error;
  }
}
