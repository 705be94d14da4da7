/** Makes private keys. */
import { createECDH, generateKeyPairSync } from 'node:crypto';
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

function generateRsa(modulusLength: number): PrivateKey {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength, publicExponent: 0x10001 });
  const pkcs1 = privateKey.export({ format: 'der', type: 'pkcs1' });
  const { type, spki } = publicPartsOfPkcs1(pkcs1);
  return hidePrivateKey(type, spki, { kind: 'rsa', pkcs1 }, privateKey);
}
