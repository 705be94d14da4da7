import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KubepkiError } from '../../../src/errors.ts';
import {
  bitString,
  nul,
  octetString,
  oid,
  sequence,
  smallInteger,
  unsignedInteger,
} from '../../../src/x509/der/writer.ts';
import { keyTypeOfSpki, publicKeyBits } from '../../../src/x509/keys/spki.ts';
import { refusal, refusalCode } from './samples.ts';

const spkiOf = (key: KeyObject): Uint8Array => key.export({ format: 'der', type: 'spki' });
const ec = (namedCurve: string): Uint8Array =>
  spkiOf(generateKeyPairSync('ec', { namedCurve }).publicKey);
const rsa = (modulusLength: number): Uint8Array =>
  spkiOf(generateKeyPairSync('rsa', { modulusLength }).publicKey);
const ed25519 = (): Uint8Array => spkiOf(generateKeyPairSync('ed25519').publicKey);

const EC = oid('1.2.840.10045.2.1');
const P256 = oid('1.2.840.10045.3.1.7');
const RSA = oid('1.2.840.113549.1.1.1');
const point = Buffer.concat([Uint8Array.of(4), Buffer.alloc(64, 7)]);
const rsaBits = (n: Uint8Array, e: Uint8Array): Uint8Array => bitString(sequence(n, e));

describe('keyTypeOfSpki', () => {
  it('names the curves', () => {
    expect(keyTypeOfSpki(ec('P-256'))).toBe('ECDSA-P256');
    expect(keyTypeOfSpki(ec('P-384'))).toBe('ECDSA-P384');
    expect(keyTypeOfSpki(ec('P-521'))).toBe('ECDSA-P521');
  });

  it('counts the bits of an RSA modulus, odd sizes too', () => {
    expect(keyTypeOfSpki(rsa(1024))).toBe('RSA-1024');
    expect(keyTypeOfSpki(rsa(1031))).toBe('RSA-1031');
    expect(keyTypeOfSpki(rsa(2048))).toBe('RSA-2048');
  });

  it('names Ed25519', () => {
    expect(keyTypeOfSpki(ed25519())).toBe('Ed25519');
  });

  it('gives the OID of what it does not know: the curve of an EC key, else the algorithm', () => {
    expect(keyTypeOfSpki(ec('secp256k1'))).toBe('1.3.132.0.10');
    expect(keyTypeOfSpki(spkiOf(generateKeyPairSync('ed448').publicKey))).toBe('1.3.101.113');
    const explicit = generateKeyPairSync('ec', { namedCurve: 'P-256', paramEncoding: 'explicit' });
    expect(keyTypeOfSpki(spkiOf(explicit.publicKey))).toBe('1.2.840.10045.2.1');
  });

  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['no SEQUENCE', octetString(point)],
    ['no bits', sequence(sequence(EC, P256))],
    ['something after the bits', sequence(sequence(EC, P256), bitString(point), nul())],
    ['something after the key', Buffer.concat([ec('P-256'), Uint8Array.of(0)])],
    ['two parameters', sequence(sequence(EC, P256, nul()), bitString(point))],
    ['EC without a curve', sequence(sequence(EC), bitString(point))],
    ['EC with NULL for a curve', sequence(sequence(EC, nul()), bitString(point))],
    ['a compressed point', sequence(sequence(EC, P256), bitString(point.subarray(0, 33)))],
    ['a point too short', sequence(sequence(EC, P256), bitString(point.subarray(0, 64)))],
    ['an empty point', sequence(sequence(EC, P256), bitString(new Uint8Array()))],
    ['RSA without NULL', sequence(sequence(RSA), rsaBits(smallInteger(15), smallInteger(3)))],
    [
      'RSA with other parameters',
      sequence(sequence(RSA, P256), rsaBits(smallInteger(15), smallInteger(3))),
    ],
    [
      'a modulus of zero',
      sequence(sequence(RSA, nul()), rsaBits(smallInteger(0), smallInteger(3))),
    ],
    [
      'a negative modulus',
      sequence(sequence(RSA, nul()), rsaBits(Uint8Array.of(2, 1, 0x80), smallInteger(3))),
    ],
    [
      'an exponent of zero',
      sequence(sequence(RSA, nul()), rsaBits(smallInteger(15), smallInteger(0))),
    ],
    [
      'three RSA numbers',
      sequence(
        sequence(RSA, nul()),
        bitString(sequence(smallInteger(15), smallInteger(3), smallInteger(5))),
      ),
    ],
    [
      'RSA bits that are no SEQUENCE',
      sequence(sequence(RSA, nul()), bitString(octetString(point))),
    ],
    [
      'Ed25519 with parameters',
      sequence(sequence(oid('1.3.101.112'), nul()), bitString(new Uint8Array(32))),
    ],
    ['Ed25519 of 31 bytes', sequence(sequence(oid('1.3.101.112')), bitString(new Uint8Array(31)))],
    [
      'bits that are not whole bytes',
      sequence(sequence(oid('1.3.101.112')), Uint8Array.of(3, 2, 1, 2)),
    ],
  ])('refuses %s', (_, spki) => {
    expect(refusalCode(() => keyTypeOfSpki(spki))).toBe('MALFORMED_DER');
  });

  it('names the offset in what was given', () => {
    const spki = rsa(1024);
    spki[20] = 0x31;
    expect(refusal(() => keyTypeOfSpki(spki)).message).toMatch(/^DER at byte \d+: /);
  });

  it('refuses every truncation', () => {
    for (const spki of [ec('P-256'), rsa(1024), ed25519()]) {
      for (let length = 0; length < spki.length; length++) {
        expect(refusalCode(() => keyTypeOfSpki(spki.subarray(0, length)))).toBe('MALFORMED_DER');
      }
    }
  });

  it('never fails otherwise, whatever the bytes', () => {
    const samples = [ec('P-256'), ec('P-521'), rsa(1024), ed25519()];
    const damaged = fc
      .tuple(fc.constantFrom(...samples), fc.nat(), fc.nat(255))
      .map(([spki, at, value]) => {
        const copy = Uint8Array.from(spki);
        copy[at % copy.length] = value;
        return copy;
      });
    fc.assert(
      fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 120 })), (bytes) => {
        try {
          expect(keyTypeOfSpki(bytes)).toMatch(/^(RSA-\d+|ECDSA-P\d+|Ed25519|\d+(\.\d+)+)$/);
        } catch (error) {
          expect(error).toBeInstanceOf(KubepkiError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('publicKeyBits', () => {
  it('gives what the BIT STRING holds', () => {
    for (const spki of [ec('P-256'), ec('P-384'), ed25519(), ec('secp256k1')]) {
      const bits = publicKeyBits(spki);
      expect(Buffer.from(bits)).toEqual(Buffer.from(spki.subarray(spki.length - bits.length)));
    }
    expect(publicKeyBits(ec('P-256'))).toHaveLength(65);
    expect(publicKeyBits(ed25519())).toHaveLength(32);
  });

  it('gives the RSAPublicKey of an RSA key', () => {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
    const pkcs1 = publicKey.export({ format: 'der', type: 'pkcs1' });
    expect(Buffer.from(publicKeyBits(spkiOf(publicKey)))).toEqual(pkcs1);
  });

  it('refuses what is no SubjectPublicKeyInfo', () => {
    expect(refusalCode(() => publicKeyBits(unsignedInteger(point)))).toBe('MALFORMED_DER');
  });
});
