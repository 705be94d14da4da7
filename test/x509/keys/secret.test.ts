import { inspect } from 'node:util';
import { serialize } from 'node:v8';
import { describe, expect, it } from 'vitest';
import {
  decodePrivateKey,
  encodePrivateKey,
  exportPrivateKeyDer,
  generatePrivateKey,
  importPrivateKeyDer,
  keysMatch,
} from '../../../src/x509/keys/index.ts';
import { secretOf } from '../../../src/x509/keys/secret.ts';
import { openssl } from './openssl.ts';

const ed25519 = decodePrivateKey(openssl(['genpkey', '-algorithm', 'ed25519']));
const keys = [generatePrivateKey('ECDSA-P256'), generatePrivateKey('RSA-2048'), ed25519];

/** The secret in the writings in which it could turn up. */
function writings(secret: Uint8Array): string[] {
  const bytes = Buffer.from(secret.subarray(0, 24));
  return [
    bytes.toString('hex'),
    bytes.toString('base64'),
    [...bytes].join(','),
    [...bytes].join(', '),
    bytes.toString('latin1'),
  ];
}

function secretBytes(key: (typeof keys)[number]): Uint8Array {
  const secret = secretOf(key);
  if (secret.kind === 'ec') return secret.scalar;
  // The second half of a PKCS#1 structure is all secret.
  return secret.kind === 'rsa' ? secret.pkcs1.subarray(600) : secret.seed;
}

describe('a private key', () => {
  it.each(keys.map((key) => [key.type, key] as const))(
    '%s never shows its secret when printed or serialised',
    (_, key) => {
      // The KeyObject is made first, so that it is among what could be shown.
      expect(key.object.asymmetricKeyType).toBeTypeOf('string');
      const shown = [
        inspect(key, { showHidden: true, depth: null, getters: true, maxArrayLength: null }),
        JSON.stringify(key),
        JSON.stringify({ ...key }),
        JSON.stringify(Object.entries(Object.getOwnPropertyDescriptors(key))),
        Object.values(key).map(String).join(),
        serialize(key).toString('latin1'),
        serialize(structuredClone(key)).toString('latin1'),
      ];
      for (const writing of writings(secretBytes(key))) {
        for (const text of shown) expect(text.includes(writing)).toBe(false);
      }
    },
  );

  it('is told from a look-alike', () => {
    const [key = ed25519] = keys;
    const twin = { type: key.type, spki: key.spki, object: key.object };
    expect(() => encodePrivateKey(twin)).toThrow(TypeError);
    expect(() => exportPrivateKeyDer(structuredClone(key))).toThrow(TypeError);
    // @ts-expect-error: what a caller without types may pass
    expect(() => encodePrivateKey(null)).toThrow(TypeError);
    // @ts-expect-error: what a caller without types may pass
    expect(() => encodePrivateKey('-----BEGIN')).toThrow(TypeError);
  });
});

describe('exportPrivateKeyDer and importPrivateKeyDer', () => {
  it.each(keys.map((key) => [key.type, key] as const))('carry a %s key', (_, key) => {
    const der = exportPrivateKeyDer(key);
    const back = importPrivateKeyDer(der);
    expect(back.type).toBe(key.type);
    expect(keysMatch(back, key)).toBe(true);
    expect(encodePrivateKey(back)).toBe(encodePrivateKey(key));
  });

  it('give bytes that can be transferred', () => {
    const der = exportPrivateKeyDer(generatePrivateKey('ECDSA-P384'));
    expect(der.buffer.byteLength).toBe(der.length);
    const { buffer } = der;
    if (!(buffer instanceof ArrayBuffer)) throw new Error('expected an ArrayBuffer');
    const moved = structuredClone(der, { transfer: [buffer] });
    expect(der).toHaveLength(0);
    expect(importPrivateKeyDer(moved).type).toBe('ECDSA-P384');
  });

  it('do not depend on the bytes after reading', () => {
    for (const key of keys) {
      const der = exportPrivateKeyDer(key);
      const back = importPrivateKeyDer(der);
      der.fill(0);
      expect(encodePrivateKey(back)).toBe(encodePrivateKey(key));
      expect(back.object.type).toBe('private');
    }
  });
});
