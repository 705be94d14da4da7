/** Proofs that somebody has a key. */
import { constants, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { publicKeyFromSpki } from '../../src/x509/keys/index.ts';
import { signsData } from '../../src/x509/proof.ts';
import { keyOf } from './support.ts';

const DATA = Buffer.from('8a5b6f0e-uid');

const pss = (type: string, saltLength: number): Buffer =>
  sign('sha256', DATA, {
    key: keyOf(type).object,
    padding: constants.RSA_PKCS1_PSS_PADDING,
    saltLength,
  });

const PROOFS: readonly (readonly [string, string, () => Buffer])[] = [
  ['Ed25519', 'Ed25519', () => sign(null, DATA, keyOf('Ed25519').object)],
  ...['ECDSA-P256', 'ECDSA-P384', 'ECDSA-P521'].map(
    (type) => [type, type, () => sign('sha256', DATA, keyOf(type).object)] as const,
  ),
  // Go takes the longest salt that fits unless told.
  ['RSA, salted with 32 bytes', 'RSA-2048', () => pss('RSA-2048', 32)],
  ['RSA, salted as much as fits', 'RSA-2048', () => pss('RSA-2048', 222)],
];

describe.each(PROOFS)('%s', (_what, type, proof) => {
  const key = publicKeyFromSpki(keyOf(type).spki);

  it('proves that somebody has the key, for these data alone', () => {
    expect(signsData(key, DATA, proof())).toBe(true);
    expect(signsData(key, Buffer.from('another'), proof())).toBe(false);
  });

  it('proves nothing where it is changed, cut, empty or another key’s', () => {
    const changed = proof();
    changed.writeUInt8(changed.readUInt8(changed.length - 1) ^ 1, changed.length - 1);
    for (const bad of [changed, proof().subarray(1), Buffer.alloc(0), Buffer.alloc(4096)]) {
      expect(signsData(key, DATA, bad)).toBe(false);
    }
    const other = publicKeyFromSpki(keyOf(type, 7).spki);
    expect(signsData(other, DATA, proof())).toBe(false);
  });
});

it('a signature of RSA in the old padding is none', () => {
  const old = sign('sha256', DATA, keyOf('RSA-2048').object);
  expect(signsData(publicKeyFromSpki(keyOf('RSA-2048').spki), DATA, old)).toBe(false);
});
