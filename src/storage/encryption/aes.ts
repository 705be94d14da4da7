/** AES-GCM and AES-CBC as kube-apiserver stores them (apiserver, pkg/storage/value/encrypt/aes/aes.go). */
import {
  type CipherGCMTypes,
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  randomFillSync,
} from 'node:crypto';
import { type Cipher, joined, TOO_SHORT, TransformError } from './transformer.ts';

const NONCE = 12;
const TAG = 16;
const BLOCK = 16;

const GCM: Readonly<Record<number, CipherGCMTypes>> = {
  16: 'aes-128-gcm',
  24: 'aes-192-gcm',
  32: 'aes-256-gcm',
};

/**
 * A random nonce of 12 bytes, the ciphertext, a tag of 16 bytes; the storage key is authenticated along with it.
 *
 * @param secret 16, 24 or 32 bytes
 */
export function aesGcm(secret: Uint8Array): Cipher {
  const key = createSecretKey(secret);
  const algorithm = GCM[secret.length];
  if (algorithm === undefined) throw wrongLength(secret);
  return {
    open(sealed, place) {
      if (sealed.length < NONCE) throw new TransformError(TOO_SHORT);
      const end = sealed.length - TAG;
      if (end < NONCE) throw notAuthentic();
      const options = { authTagLength: TAG };
      const cipher = createDecipheriv(algorithm, key, sealed.subarray(0, NONCE), options);
      cipher.setAAD(Buffer.from(place)).setAuthTag(sealed.subarray(end));
      const value = cipher.update(sealed.subarray(NONCE, end));
      try {
        cipher.final();
      } catch {
        throw notAuthentic();
      }
      return value;
    },
    seal(prefix, value, place) {
      const nonce = randomFillSync(new Uint8Array(NONCE));
      const cipher = createCipheriv(algorithm, key, nonce, { authTagLength: TAG });
      cipher.setAAD(Buffer.from(place));
      const encrypted = cipher.update(value);
      cipher.final();
      return joined(prefix, nonce, encrypted, cipher.getAuthTag());
    },
  };
}

/**
 * A random vector of 16 bytes, the ciphertext padded by PKCS #7. Nothing authenticates it: what was changed
 * decrypts to something else, as long as the padding is right.
 *
 * @param secret 16, 24 or 32 bytes
 */
export function aesCbc(secret: Uint8Array): Cipher {
  const key = createSecretKey(secret);
  if (!(secret.length in GCM)) throw wrongLength(secret);
  const algorithm = `aes-${secret.length * 8}-cbc`;
  return {
    open(sealed) {
      if (sealed.length < BLOCK) throw new TransformError(TOO_SHORT);
      if (sealed.length % BLOCK !== 0) {
        throw new TransformError('the stored data is not a multiple of the block size');
      }
      const cipher = createDecipheriv(algorithm, key, sealed.subarray(0, BLOCK));
      try {
        return joined(cipher.update(sealed.subarray(BLOCK)), cipher.final());
      } catch {
        throw new TransformError('invalid padding on input');
      }
    },
    seal(prefix, value) {
      const vector = randomFillSync(new Uint8Array(BLOCK));
      const cipher = createCipheriv(algorithm, key, vector);
      return joined(prefix, vector, cipher.update(value), cipher.final());
    },
  };
}

const notAuthentic = (): TransformError =>
  new TransformError('cipher: message authentication failed');

const wrongLength = (secret: Uint8Array): RangeError =>
  new RangeError(`secret: expected 16, 24 or 32 bytes, got ${secret.length}`);
