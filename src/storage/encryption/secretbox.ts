/**
 * XSalsa20 with Poly1305, NaCl's secretbox, as kube-apiserver stores it (apiserver,
 * pkg/storage/value/encrypt/secretbox/secretbox.go). Node has neither.
 */
import { randomFillSync } from 'node:crypto';
import { type Cipher, joined, TOO_SHORT, TransformError } from './transformer.ts';

const NONCE = 24;
const TAG = 16;
const SECRET = 32;

/**
 * A random nonce of 24 bytes, a tag of 16 bytes, the ciphertext. Loads its library (7 ms) when it is called.
 *
 * @returns what makes a cipher of a secret of 32 bytes
 */
export async function loadSecretbox(): Promise<(secret: Uint8Array) => Cipher> {
  const { xsalsa20poly1305 } = await import('@noble/ciphers/salsa.js');
  return (secret) => {
    if (secret.length !== SECRET) {
      throw new RangeError(`secret: expected 32 bytes, got ${secret.length}`);
    }
    const key = Uint8Array.from(secret);
    return {
      open(sealed) {
        if (sealed.length < NONCE + TAG) throw new TransformError(TOO_SHORT);
        try {
          return xsalsa20poly1305(key, sealed.subarray(0, NONCE)).decrypt(sealed.subarray(NONCE));
        } catch {
          throw new TransformError('secretbox: message authentication failed');
        }
      },
      seal(prefix, value) {
        const nonce = randomFillSync(new Uint8Array(NONCE));
        return joined(prefix, nonce, xsalsa20poly1305(key, nonce).encrypt(value));
      },
    };
  };
}
