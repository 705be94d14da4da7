/** The public key as an object, and the comparison of keys. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import type { PublicKey } from './key.ts';
import { toBuffer } from './secret.ts';
import { keyTypeOfSpki } from './spki.ts';

class SpkiPublicKey implements PublicKey {
  readonly type: string;
  readonly spki: Uint8Array;
  #object: KeyObject | undefined;

  constructor(spki: Uint8Array) {
    this.type = keyTypeOfSpki(spki);
    this.spki = spki;
  }

  get object(): KeyObject {
    this.#object ??= createPublicKey({ key: toBuffer(this.spki), format: 'der', type: 'spki' });
    return this.#object;
  }
}

/**
 * The public key of a SubjectPublicKeyInfo, for example of a certificate or request. Only its shape
 * is checked (`MALFORMED_DER`): `object` throws OpenSSL's error for a point that is not on its curve.
 */
export function publicKeyFromSpki(spki: Uint8Array): PublicKey {
  return new SpkiPublicKey(spki);
}

/** True where both are the same key: a private key and a certificate, two certificates, and so on. */
export function keysMatch(
  a: { readonly spki: Uint8Array },
  b: { readonly spki: Uint8Array },
): boolean {
  return Buffer.compare(a.spki, b.spki) === 0;
}
