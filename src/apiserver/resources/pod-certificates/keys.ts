/**
 * The keys that pods may have certificates for, and the proof that who asks has the key, as errors of fields
 * (k8s.io/kubernetes, pkg/apis/certificates/validation: validateDeprecatedPKIXPublicKey, validateStubPKCS10Request).
 */
import {
  isPodKeyType,
  isStubSigned,
  provesPossession,
  readPodKey,
  readStubRequest,
} from '../../../kubernetes/index.ts';
import { type FieldError, invalid, tooLong, wrong } from '../field-error.ts';

const MOST_BYTES = 10 * 1024;

const STUB = 'spec.stubPKCS10Request';
const KEY = 'spec.pkixPublicKey';
const PROOF = 'spec.proofOfPossession';

const bytesOf = (base64: string): Buffer => Buffer.from(base64, 'base64');

/** @param stub DER in base64; nothing in it counts but its key and its signature */
export function validateStub(stub: string): FieldError[] {
  const der = bytesOf(stub);
  if (der.length > MOST_BYTES) return [tooLong(STUB, MOST_BYTES)];
  const request = readStubRequest(der);
  if (request === undefined) return [wrong(STUB, 'must be a valid PKCS#10 CSR')];
  const errors = validateKeyType(STUB, request.keyType, 'P256, P384, or P521');
  if (errors.length > 0) return errors;
  return isStubSigned(request) ? [] : [wrong(STUB, 'invalid signature')];
}

/**
 * @param key DER of a SubjectPublicKeyInfo, in base64
 * @param proof a signature over `podUID`, in base64
 */
export function validateKey(key: string, proof: string, podUID: string): FieldError[] {
  const [spki, signature] = [bytesOf(key), bytesOf(proof)];
  if (spki.length > MOST_BYTES) return [tooLong(KEY, MOST_BYTES)];
  if (signature.length > MOST_BYTES) return [tooLong(PROOF, MOST_BYTES)];
  const found = readPodKey(spki);
  if (found === undefined) return [invalid(KEY, key, 'must be a valid PKIX-serialized public key')];
  const errors = validateKeyType(KEY, found.type, 'P256 or P384');
  if (errors.length > 0) return errors;
  return provesPossession(found, signature, podUID)
    ? []
    : [wrong(PROOF, 'could not verify proof-of-possession signature')];
}

/** The key that a request stands for, DER of its SubjectPublicKeyInfo. Undefined where it cannot be read. */
export function requestedKey(stub: string, key: string): Uint8Array | undefined {
  return stub === '' ? bytesOf(key) : readStubRequest(bytesOf(stub))?.spki;
}

function validateKeyType(field: string, type: string, curves: string): FieldError[] {
  if (isPodKeyType(type)) return [];
  if (type.startsWith('RSA-')) {
    const size = `${type.slice('RSA-'.length)}-bit modulus`;
    return [invalid(field, size, 'RSA keys must have modulus size 3072 or 4096')];
  }
  if (type === OID_P224) {
    return [invalid(field, 'curve P-224', `elliptic public keys must use curve ${curves}`)];
  }
  return [wrong(field, 'unknown public key type; supported types are Ed25519, ECDSA, and RSA')];
}

const OID_P224 = '1.3.132.0.33';
