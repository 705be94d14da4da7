/**
 * Reads the key of a PodCertificateRequest, and says why it gets no certificate. kube-apiserver has verified all
 * of this but the emptiness of the request, which it leaves to the signer; it need not be the one of this process.
 */

import { KubepkiError } from '../errors.ts';
import {
  decodeBase64,
  isPodKeyType,
  isStubSigned,
  type PodCertificateRequest,
  provesPossession,
  readPodKey,
  readStubRequest,
} from '../kubernetes/index.ts';
import type { CertificationRequest } from '../x509/index.ts';

/** How a request ends that is not signed. */
export interface Refusal {
  readonly type: 'Denied' | 'Failed';
  readonly reason: string;
  readonly message: string;
}

/** DER of the SubjectPublicKeyInfo whose key the requester has; or why there is none. */
export type ProvenKey =
  | { readonly spki: Uint8Array; readonly refusal?: never }
  | { readonly refusal: Refusal };

/** As much as kube-apiserver takes of each. */
const MOST_BYTES = 10 * 1024;

const failed = (message: string): ProvenKey => ({
  refusal: { type: 'Failed', reason: 'SignerValidationFailure', message },
});

const denied = (reason: string, message: string): ProvenKey => ({
  refusal: { type: 'Denied', reason, message },
});

export function provenKey({ spec }: PodCertificateRequest): ProvenKey {
  const [annotation] = Object.keys(spec.unverifiedUserAnnotations ?? {});
  if (annotation !== undefined) {
    const message = 'this signer knows no annotations';
    return denied('InvalidUnverifiedUserAnnotations', message);
  }
  try {
    const stub = bytesOf(spec.stubPKCS10Request, 'spec.stubPKCS10Request');
    if (stub.length > 0) return keyOfStub(readStubRequest(stub));
    const spki = bytesOf(spec.pkixPublicKey, 'spec.pkixPublicKey');
    const key = readPodKey(spki);
    if (key === undefined) return failed('there is no public key that can be read');
    if (!isPodKeyType(key.type)) return unsupported(key.type);
    const proof = bytesOf(spec.proofOfPossession, 'spec.proofOfPossession');
    return provesPossession(key, proof, spec.podUID)
      ? { spki }
      : failed('the proof of possession is not a signature of the key');
  } catch (error) {
    if (error instanceof KubepkiError) return failed(error.message);
    throw error;
  }
}

function keyOfStub(request: CertificationRequest | undefined): ProvenKey {
  if (request === undefined) return failed('the PKCS#10 request cannot be read');
  if (!isPodKeyType(request.keyType)) return unsupported(request.keyType);
  if (!isStubSigned(request)) return failed('the PKCS#10 request is not signed with its key');
  if (request.subject.length > 0 || request.extensions.length > 0) {
    const message = 'the PKCS#10 request asks for names, which this signer does not give';
    return denied('InvalidStubPKCS10Request', message);
  }
  return { spki: request.spki };
}

const unsupported = (type: string): ProvenKey =>
  denied('UnsupportedKeyType', `a key of the kind ${type}: use ECDSA-P256`);

function bytesOf(base64: string | null | undefined, where: string): Uint8Array {
  if ((base64 ?? '').length > 2 * MOST_BYTES) {
    throw new KubepkiError('INVALID_VALUE', `${where} is larger than ${MOST_BYTES} bytes`);
  }
  return decodeBase64(base64 ?? '', where);
}
