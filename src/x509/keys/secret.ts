/**
 * The private key as an object that keeps its secret to itself: the secret lives in a #private
 * field, which neither console.log, util.inspect, JSON.stringify nor structuredClone can see, and
 * only the files of this folder import `secretOf`.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { octetString, sequence, smallInteger } from '../der/writer.ts';
import type { Curve } from './curve.ts';
import { writeSec1ForPkcs8 } from './ec.ts';
import { writeEd25519Pkcs8 } from './ed25519.ts';
import type { PrivateKey } from './key.ts';
import { RSA_ALGORITHM } from './rsa.ts';

const VERSION_0 = smallInteger(0);

/** What a private key is made of. Each form is the one that is cheapest to hold and to write. */
export type Secret =
  | {
      readonly kind: 'ec';
      readonly curve: Curve;
      /** The private scalar, big-endian, exactly `curve.size` bytes. */
      readonly scalar: Uint8Array;
      /** The public point in uncompressed form. */
      readonly point: Uint8Array;
    }
  | {
      readonly kind: 'rsa';
      /** RSAPrivateKey (RFC 8017, appendix A.1.2), DER. */
      readonly pkcs1: Uint8Array;
    }
  | {
      readonly kind: 'ed25519';
      /** The seed (RFC 8032, section 5.1.5), 32 bytes. */
      readonly seed: Uint8Array;
    };

class HiddenPrivateKey implements PrivateKey {
  readonly type: string;
  readonly spki: Uint8Array;
  readonly #secret: Secret;
  #object: KeyObject | undefined;

  constructor(type: string, spki: Uint8Array, secret: Secret, object?: KeyObject) {
    this.type = type;
    this.spki = spki;
    this.#secret = secret;
    this.#object = object;
  }

  /** Made when first asked for: most keys are only written to disk or compared. */
  get object(): KeyObject {
    this.#object ??= importSecret(this.#secret);
    return this.#object;
  }

  static secretOf(key: PrivateKey): Secret {
    if (typeof key !== 'object' || key === null || !(#secret in key)) {
      throw new TypeError('expected a private key made by kubepki, got something else');
    }
    return key.#secret;
  }
}

/** A private key around its secret. `spki` must belong to it: this does not check. */
export function hidePrivateKey(
  type: string,
  spki: Uint8Array,
  secret: Secret,
  object?: KeyObject,
): PrivateKey {
  return new HiddenPrivateKey(type, spki, secret, object);
}

export const secretOf = (key: PrivateKey): Secret => HiddenPrivateKey.secretOf(key);

/** PrivateKeyInfo, as Go's MarshalPKCS8PrivateKey and `openssl pkcs8 -topk8` write it. */
export function writePkcs8(secret: Secret): Uint8Array {
  if (secret.kind === 'ec') {
    return sequence(VERSION_0, secret.curve.algorithm, octetString(writeSec1ForPkcs8(secret)));
  }
  if (secret.kind === 'rsa') {
    return sequence(VERSION_0, RSA_ALGORITHM, octetString(secret.pkcs1));
  }
  return writeEd25519Pkcs8(secret.seed);
}

function importSecret(secret: Secret): KeyObject {
  // OpenSSL reads PKCS#8 about twice as fast as SEC 1, for which it tries its decoders in turn.
  return createPrivateKey({ key: toBuffer(writePkcs8(secret)), format: 'der', type: 'pkcs8' });
}

/** The same bytes as a Buffer, which is what node:crypto's types ask for. */
export function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
