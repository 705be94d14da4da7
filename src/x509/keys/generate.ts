/** Makes private keys. */
import { createECDH, generateKeyPair, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type Curve, curveOfType } from './curve.ts';
import { padScalar, spkiOfPoint } from './ec.ts';
import { isKeyAlgorithm, KEY_ALGORITHMS, type KeyAlgorithm, type PrivateKey } from './key.ts';
import { publicPartsOfPkcs1 } from './rsa.ts';
import { hidePrivateKey } from './secret.ts';

/** Makes a new private key, from OpenSSL's random generator. RSA has the public exponent 65537. */
export function generatePrivateKey(algorithm: KeyAlgorithm): PrivateKey {
  if (!isKeyAlgorithm(algorithm)) {
    throw new RangeError(`expected ${KEY_ALGORITHMS.join(', ')}, got ${String(algorithm)}`);
  }
  const curve = curveOfType(algorithm);
  return curve === undefined ? generateRsa(Number(algorithm.slice(4))) : generateEc(curve);
}

/**
 * ECDH's generator and not generateKeyPairSync: it makes the same scalar and point without a
 * KeyObject, whose making and export cost more than the key itself.
 */
function generateEc(curve: Curve): PrivateKey {
  const ecdh = createECDH(curve.name);
  const point = ecdh.generateKeys();
  const scalar = padScalar(curve, ecdh.getPrivateKey());
  return hidePrivateKey(curve.type, spkiOfPoint(curve, point), {
    kind: 'ec',
    curve,
    scalar,
    point,
  });
}

/** F4, and no other: what every tool of the field makes. */
const PUBLIC_EXPONENT = 0x10001;

function generateRsa(modulusLength: number): PrivateKey {
  const options = { modulusLength, publicExponent: PUBLIC_EXPONENT };
  return hideRsa(generateKeyPairSync('rsa', options).privateKey);
}

function hideRsa(privateKey: KeyObject): PrivateKey {
  const pkcs1 = privateKey.export({ format: 'der', type: 'pkcs1' });
  const { type, spki } = publicPartsOfPkcs1(pkcs1);
  return hidePrivateKey(type, spki, { kind: 'rsa', pkcs1 }, privateKey);
}

/**
 * As `generatePrivateKey`, with RSA keys, which take from 30 ms to a second each, made by libuv's
 * threads: called many times at once it uses all cores. EC keys take less than handing them over
 * would.
 */
export async function generatePrivateKeyAsync(algorithm: KeyAlgorithm): Promise<PrivateKey> {
  if (!algorithm.startsWith('RSA-')) return generatePrivateKey(algorithm);
  const options = { modulusLength: Number(algorithm.slice(4)), publicExponent: PUBLIC_EXPONENT };
  return new Promise((resolve, reject) => {
    generateKeyPair('rsa', options, (error, _publicKey, privateKey) => {
      if (error === null) resolve(hideRsa(privateKey));
      else reject(error);
    });
  });
}
