import { createPublicKey, sign, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  encodePrivateKey,
  generatePrivateKey,
  KEY_ALGORITHMS,
} from '../../../src/x509/keys/index.ts';
import { openssl } from './openssl.ts';

describe('generatePrivateKey', () => {
  it.each(KEY_ALGORITHMS)(
    'makes a %s key whose public half belongs to it',
    (algorithm) => {
      const key = generatePrivateKey(algorithm);
      expect(key.type).toBe(algorithm);
      const publicKey = createPublicKey({
        key: Buffer.from(key.spki),
        format: 'der',
        type: 'spki',
      });
      const data = Buffer.from('signed');
      expect(verify('sha256', data, publicKey, sign('sha256', data, key.object))).toBe(true);
      expect(key.object.type).toBe('private');
      expect(key.object).toBe(key.object);
    },
    60_000,
  );

  it.each(KEY_ALGORITHMS)(
    'makes a %s key that openssl finds consistent',
    (algorithm) => {
      const pem = encodePrivateKey(generatePrivateKey(algorithm));
      expect(openssl(['pkey', '-check', '-noout'], pem)).toContain('Key is valid');
    },
    60_000,
  );

  it('makes another key each time', () => {
    const keys = new Set<string>();
    for (let i = 0; i < 500; i++) {
      keys.add(Buffer.from(generatePrivateKey('ECDSA-P256').spki).toString('hex'));
    }
    expect(keys.size).toBe(500);
  });

  it('keeps nothing but the public key in the memory that can be reached from spki', () => {
    for (const algorithm of ['ECDSA-P256', 'RSA-2048'] as const) {
      const { spki } = generatePrivateKey(algorithm);
      expect(spki.buffer.byteLength).toBe(spki.length);
    }
  });

  it.each([['RSA-1024'], ['ECDSA-P521'], ['Ed25519'], ['rsa-2048'], [''], [undefined], [2048]])(
    'refuses the algorithm %s',
    (algorithm) => {
      // @ts-expect-error: what a caller without types may pass
      expect(() => generatePrivateKey(algorithm)).toThrow(RangeError);
    },
  );
});
