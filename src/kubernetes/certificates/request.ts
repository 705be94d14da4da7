/** `spec.request`: a PEM text in base64, as JSON carries bytes. */
import { KubepkiError } from '../../errors.ts';
import { type CertificationRequest, readRequest } from '../../x509/index.ts';

/**
 * The largest text that is read. Far more than any request needs (one for an RSA key of 16384 bits
 * with 2000 names fits), far less than it takes to keep a controller busy: whoever holds a
 * bootstrap token can create requests of a megabyte.
 */
export const MAX_REQUEST_BYTES = 128 * 1024;

/** Base64 characters of so many bytes, and as many line breaks as lines of 64. */
const MAX_BASE64 = Math.ceil(MAX_REQUEST_BYTES / 3) * 4 * (65 / 64);

/** Standard base64 with padding. */
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * Bytes that JSON carries in base64, by the rules of Go's encoding/json.
 *
 * @param where what it is, for the error: `spec.request`.
 * @throws KubepkiError MALFORMED_DOCUMENT
 */
export function decodeBase64(text: string, where: string): Uint8Array {
  // Go ignores line breaks wherever they are, and nothing else.
  const digits = text.replace(/[\r\n]/g, '');
  if (!BASE64.test(digits) || digits.length % 4 !== 0) {
    throw new KubepkiError('MALFORMED_DOCUMENT', `${where} is not base64`);
  }
  return Buffer.from(digits, 'base64');
}

/** So many characters of requests are remembered with what they hold: a thousand of usual size. */
const MOST_KEPT = 2 ** 20;

/** What was read last, by its text: server and controllers of one process look at it again and again. */
const kept = new Map<string, CertificationRequest>();
let keptCharacters = 0;

/**
 * Reads `spec.request`. Its signature is not verified: see `verifyRequest`.
 *
 * @throws KubepkiError INVALID_VALUE where it is too large, MALFORMED_DOCUMENT where it is no
 *   base64, MALFORMED_PEM or MALFORMED_DER where it is no request.
 */
export function readSpecRequest(request: string): CertificationRequest {
  const known = kept.get(request);
  if (known !== undefined) return known;
  const result = read(request);
  kept.set(request, result);
  keptCharacters += request.length;
  for (const oldest of kept.keys()) {
    if (keptCharacters <= MOST_KEPT) break;
    kept.delete(oldest);
    keptCharacters -= oldest.length;
  }
  return result;
}

function read(request: string): CertificationRequest {
  if (typeof request !== 'string') {
    throw new KubepkiError('MALFORMED_DOCUMENT', 'spec.request is not a text');
  }
  if (request.length > MAX_BASE64) throw tooLarge();
  const pem = decodeBase64(request, 'spec.request');
  if (pem.length > MAX_REQUEST_BYTES) throw tooLarge();
  return readRequest(pem);
}

function tooLarge(): KubepkiError {
  return new KubepkiError(
    'INVALID_VALUE',
    `spec.request is larger than the ${MAX_REQUEST_BYTES} bytes that kubepki reads`,
  );
}
