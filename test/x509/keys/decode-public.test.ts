import { describe, expect, it } from 'vitest';
import {
  bitString,
  nul,
  oid,
  sequence,
  smallInteger,
  unsignedInteger,
} from '../../../src/x509/der/writer.ts';
import {
  decodePrivateKey,
  decodePublicKey,
  decodePublicKeys,
  keysMatch,
  publicKeyFromSpki,
} from '../../../src/x509/keys/index.ts';
import { encodePem } from '../../../src/x509/pem.ts';
import { certificateOf, ecKey, openssl, rsaKey, withFiles } from './openssl.ts';
import { refusal, refusalCode } from './samples.ts';

const ec = ecKey('prime256v1');
const rsa = rsaKey(2048);
const ed25519 = openssl(['genpkey', '-algorithm', 'ed25519']);
const publicOf = (pem: string): string => openssl(['pkey', '-pubout'], pem);

const rsaPublicKey = (n: Uint8Array, e: number): string => {
  const numbers = sequence(unsignedInteger(n), smallInteger(e));
  const algorithm = sequence(oid('1.2.840.113549.1.1.1'), nul());
  return encodePem('PUBLIC KEY', sequence(algorithm, bitString(numbers)));
};

describe('decodePublicKey', () => {
  it.each([
    ['PUBLIC KEY of RSA', publicOf(rsa), rsa],
    ['PUBLIC KEY of ECDSA', publicOf(ec), ec],
    ['PUBLIC KEY of Ed25519', publicOf(ed25519), ed25519],
    ['RSA PUBLIC KEY', openssl(['rsa', '-RSAPublicKey_out'], rsa), rsa],
    ['a certificate', certificateOf(rsa), rsa],
    ['a certificate of ECDSA', certificateOf(ec), ec],
    ['an EC private key', ec, ec],
    [
      'an EC private key after its parameters',
      openssl(['ecparam', '-name', 'prime256v1']) + ec,
      ec,
    ],
    ['an RSA private key', rsa, rsa],
    ['a PKCS#8 private key', openssl(['pkey'], ec), ec],
  ])('reads %s', (_, text, from) => {
    const key = decodePublicKey(text);
    const expected = decodePrivateKey(from);
    expect(keysMatch(key, expected)).toBe(true);
    expect(key.type).toBe(expected.type);
    expect(key.object.type).toBe('public');
    expect(key.object).toBe(key.object);
  });

  it('reads the key of a version 1 certificate', () => {
    const text = withFiles([ec], (path = '') => {
      const request = openssl(['req', '-new', '-key', path, '-subj', '/CN=x']);
      return openssl(['x509', '-req', '-signkey', path], request);
    });
    expect(keysMatch(decodePublicKey(text), decodePrivateKey(ec))).toBe(true);
  });

  it('takes the first key and does not look at what follows', () => {
    const broken = encodePem('PUBLIC KEY', new Uint8Array(4));
    expect(decodePublicKey(publicOf(ec) + broken).type).toBe('ECDSA-P256');
  });

  it.each<[string, string, string, RegExp]>([
    ['text without PEM', 'x', 'MALFORMED_PEM', /no PEM block, expected a public key/],
    ['other blocks', encodePem('X', new Uint8Array(1)), 'MALFORMED_KEY', /no public key, only "X"/],
    ['secp256k1', publicOf(ecKey('secp256k1')), 'UNSUPPORTED', /1\.3\.132\.0\.10/],
    [
      'a curve spelled out',
      openssl(['ec', '-pubout', '-param_enc', 'explicit'], ec),
      'UNSUPPORTED',
      /1\.2\.840\.10045\.2\.1/,
    ],
    [
      'a compressed point',
      openssl(['ec', '-pubout', '-conv_form', 'compressed'], ec),
      'MALFORMED_KEY',
      /uncompressed/,
    ],
    ['RSA of 768 bits', publicOf(rsaKey(768)), 'MALFORMED_KEY', /768 bits/],
    [
      'a malformed key',
      encodePem('PUBLIC KEY', new Uint8Array(4)),
      'MALFORMED_KEY',
      /PUBLIC KEY block is malformed/,
    ],
    [
      'a malformed certificate',
      encodePem('CERTIFICATE', new Uint8Array(4)),
      'MALFORMED_KEY',
      /CERTIFICATE block is malformed/,
    ],
  ])('refuses %s and names the place', (_, text, code, message) => {
    const error = refusal(() => decodePublicKey(text, { where: 'sa.pub' }));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^sa\.pub: /);
  });

  it('refuses a point that is not on its curve', () => {
    const point = Buffer.concat([Uint8Array.of(4), Buffer.alloc(64, 7)]);
    const algorithm = sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7'));
    const text = encodePem('PUBLIC KEY', sequence(algorithm, bitString(point)));
    expect(refusal(() => decodePublicKey(text)).message).toContain('not a point on the curve');
  });

  it('refuses RSA numbers that Go does not verify with', () => {
    const odd = Buffer.alloc(256, 0xff);
    const even = Buffer.concat([odd.subarray(1), Uint8Array.of(0xfe)]);
    expect(decodePublicKey(rsaPublicKey(odd, 3)).type).toBe('RSA-2048');
    expect(refusalCode(() => decodePublicKey(rsaPublicKey(even, 3)))).toBe('MALFORMED_KEY');
    for (const e of [1, 2, 65_536, 2 ** 31 + 1]) {
      expect(refusalCode(() => decodePublicKey(rsaPublicKey(odd, e)))).toBe('MALFORMED_KEY');
    }
  });
});

describe('decodePublicKeys', () => {
  it('reads all of them in order, of whatever form', () => {
    const text = [
      publicOf(rsa),
      'a comment\n',
      certificateOf(ec),
      encodePem('X', new Uint8Array(1)),
      ed25519,
    ].join('');
    const types = decodePublicKeys(text).map((key) => key.type);
    expect(types).toEqual(['RSA-2048', 'ECDSA-P256', 'Ed25519']);
  });

  it('refuses the whole text where one key cannot be read', () => {
    const broken = encodePem('PUBLIC KEY', new Uint8Array(4));
    expect(refusalCode(() => decodePublicKeys(publicOf(ec) + broken))).toBe('MALFORMED_KEY');
  });

  it('reads 10,000 keys at most', () => {
    const text = publicOf(ec);
    expect(decodePublicKeys(text.repeat(1000))).toHaveLength(1000);
    expect(refusal(() => decodePublicKeys(text.repeat(10_001))).message).toContain('10001 keys');
  });

  it('refuses a text without any', () => {
    expect(refusalCode(() => decodePublicKeys(''))).toBe('MALFORMED_PEM');
    expect(refusalCode(() => decodePublicKeys(encodePem('X', new Uint8Array(1))))).toBe(
      'MALFORMED_KEY',
    );
  });
});

describe('keysMatch', () => {
  it('compares keys of any kind by what they are', () => {
    const other = decodePrivateKey(ecKey('prime256v1'));
    const key = decodePrivateKey(ec);
    expect(keysMatch(key, decodePublicKey(certificateOf(ec)))).toBe(true);
    expect(keysMatch(key, key)).toBe(true);
    expect(keysMatch(key, other)).toBe(false);
    expect(keysMatch(key, decodePublicKey(rsa))).toBe(false);
  });
});

describe('publicKeyFromSpki', () => {
  it('refuses what is no SubjectPublicKeyInfo', () => {
    expect(refusalCode(() => publicKeyFromSpki(new Uint8Array(3)))).toBe('MALFORMED_DER');
  });
});
