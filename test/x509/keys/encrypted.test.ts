import { describe, expect, it } from 'vitest';
import { nul, octetString, oid, sequence, smallInteger } from '../../../src/x509/der/writer.ts';
import {
  decodePrivateKey,
  decodePublicKey,
  encodePrivateKey,
} from '../../../src/x509/keys/index.ts';
import { encodePem } from '../../../src/x509/pem.ts';
import { ecKey, openssl } from './openssl.ts';
import { derOf, refusal, refusalCode, withDer } from './samples.ts';

const plain = ecKey('prime256v1');
const passphrase = 'correct horse';
const emptyBlock = encodePem('ENCRYPTED PRIVATE KEY', new Uint8Array(1));
const encrypt = (...options: string[]): string =>
  openssl(['pkcs8', '-topk8', '-passout', `pass:${passphrase}`, ...options], plain);

describe('decodePrivateKey of an encrypted key', () => {
  it.each([
    ['the default', []],
    ['AES-128-CBC', ['-v2', 'aes-128-cbc']],
    ['AES-192-CBC', ['-v2', 'aes-192-cbc']],
    ['AES-256-CBC', ['-v2', 'aes-256-cbc']],
    ['triple DES', ['-v2', 'des-ede3-cbc']],
    ['PBKDF2 with HMAC-SHA1', ['-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA1']],
    ['PBKDF2 with HMAC-SHA224', ['-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA224']],
    ['PBKDF2 with HMAC-SHA384', ['-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA384']],
    ['PBKDF2 with HMAC-SHA512', ['-v2', 'aes-256-cbc', '-v2prf', 'hmacWithSHA512']],
    ['one iteration', ['-iter', '1']],
    ['a million iterations', ['-iter', '1000000']],
    ['scrypt', ['-scrypt']],
    [
      'scrypt with other parameters',
      ['-scrypt', '-scrypt_N', '1024', '-scrypt_r', '4', '-scrypt_p', '16'],
    ],
  ])('opens %s', (_, options) => {
    const key = decodePrivateKey(encrypt(...options), { passphrase });
    expect(encodePrivateKey(key)).toBe(plain);
  });

  it('opens RSA and Ed25519 too', () => {
    for (const [pem, type] of [
      [openssl(['genrsa', '2048']), 'RSA-2048'],
      [openssl(['genpkey', '-algorithm', 'ed25519']), 'Ed25519'],
    ] as const) {
      const text = openssl(['pkcs8', '-topk8', '-passout', 'pass:x'], pem);
      expect(decodePrivateKey(text, { passphrase: Buffer.from('x') }).type).toBe(type);
    }
  });

  it('asks for the passphrase where none is given', () => {
    const error = refusal(() => decodePrivateKey(encrypt(), { where: 'ca.key' }));
    expect(error.code).toBe('PASSPHRASE_NEEDED');
    expect(error.message).toBe('ca.key: the private key is encrypted');
    expect(refusalCode(() => decodePublicKey(encrypt()))).toBe('PASSPHRASE_NEEDED');
  });

  it('refuses every wrong passphrase, those too whose padding happens to be right', () => {
    const text = encrypt('-iter', '1');
    for (let attempt = 0; attempt < 2000; attempt++) {
      const wrong = `${passphrase}${attempt}`;
      const error = refusal(() => decodePrivateKey(text, { passphrase: wrong }));
      expect(error.code).toBe('WRONG_PASSPHRASE');
      expect(error.message + (error.hint ?? '')).not.toContain(passphrase);
      expect(error.cause).toBeUndefined();
    }
    expect(refusalCode(() => decodePrivateKey(text, { passphrase: '' }))).toBe('WRONG_PASSPHRASE');
  });

  it('says what is wrong with the key inside once the passphrase is right', () => {
    const text = openssl(['pkcs8', '-topk8', '-passout', 'pass:x'], ecKey('secp256k1'));
    expect(refusalCode(() => decodePrivateKey(text, { passphrase: 'x' }))).toBe('UNSUPPORTED');
  });

  it('refuses the old PEM encryption with the command that converts it', () => {
    for (const cipher of ['-aes128', '-des3']) {
      const text = openssl(['ec', cipher, '-passout', 'pass:x'], plain);
      const error = refusal(() => decodePrivateKey(text, { passphrase: 'x' }));
      expect(error.code).toBe('UNSUPPORTED');
      expect(error.message).toContain('Proc-Type');
      expect(error.hint).toContain('openssl pkcs8 -topk8');
    }
  });

  it('refuses schemes older than PBES2', () => {
    const text = encrypt('-v1', 'PBE-SHA1-3DES');
    const error = refusal(() => decodePrivateKey(text, { passphrase }));
    expect(error.code).toBe('UNSUPPORTED');
    expect(error.message).toContain('1.2.840.113549.1.12.1.3');
    expect(error.hint).toContain('-v2 aes-256-cbc');
  });
});

describe('the parameters of an encrypted key', () => {
  const PBKDF2 = oid('1.2.840.113549.1.5.12');
  const SCRYPT = oid('1.3.6.1.4.1.11591.4.11');
  const salt = octetString(new Uint8Array(8));
  const aes = sequence(oid('2.16.840.1.101.3.4.1.42'), octetString(new Uint8Array(16)));
  const container = (kdf: Uint8Array, cipher = aes, content = new Uint8Array(32)): string =>
    encodePem(
      'ENCRYPTED PRIVATE KEY',
      sequence(sequence(oid('1.2.840.113549.1.5.13'), sequence(kdf, cipher)), octetString(content)),
    );
  const pbkdf2 = (...parts: Uint8Array[]): Uint8Array => sequence(PBKDF2, sequence(...parts));
  const scrypt = (n: number, r: number, p: number): Uint8Array =>
    sequence(SCRYPT, sequence(salt, smallInteger(n), smallInteger(r), smallInteger(p)));
  const once = smallInteger(1);

  it.each<[string, string, string]>([
    [
      'more than 10 million iterations',
      container(pbkdf2(salt, smallInteger(10_000_001))),
      'UNSUPPORTED',
    ],
    ['iterations without end', container(pbkdf2(salt, smallInteger(2 ** 46))), 'UNSUPPORTED'],
    [
      'iterations beyond 2^64',
      container(pbkdf2(salt, Uint8Array.of(2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0))),
      'MALFORMED_KEY',
    ],
    ['no iteration', container(pbkdf2(salt, smallInteger(0))), 'MALFORMED_KEY'],
    ['negative iterations', container(pbkdf2(salt, Uint8Array.of(2, 1, 0x80))), 'MALFORMED_KEY'],
    ['scrypt with a gigabyte', container(scrypt(2 ** 20, 8, 1)), 'UNSUPPORTED'],
    ['scrypt with a gigabyte of lanes', container(scrypt(2, 1, 2 ** 23)), 'UNSUPPORTED'],
    ['scrypt for hours', container(scrypt(2 ** 14, 8, 2 ** 10)), 'UNSUPPORTED'],
    ['scrypt with an enormous r', container(scrypt(2, 2 ** 40, 1)), 'UNSUPPORTED'],
    ['scrypt with N of 3', container(scrypt(3, 8, 1)), 'MALFORMED_KEY'],
    ['scrypt with N of 1', container(scrypt(1, 8, 1)), 'MALFORMED_KEY'],
    ['scrypt with r of 0', container(scrypt(1024, 0, 1)), 'MALFORMED_KEY'],
    ['scrypt with p of 0', container(scrypt(1024, 8, 0)), 'MALFORMED_KEY'],
    ['a long salt', container(pbkdf2(octetString(new Uint8Array(1025)), once)), 'MALFORMED_KEY'],
    ['a salt from elsewhere', container(pbkdf2(sequence(SCRYPT), once)), 'MALFORMED_KEY'],
    [
      'a key length that does not fit',
      container(pbkdf2(salt, once, smallInteger(16))),
      'MALFORMED_KEY',
    ],
    [
      'an unknown pseudo-random function',
      container(pbkdf2(salt, once, sequence(SCRYPT, nul()))),
      'UNSUPPORTED',
    ],
    ['an unknown key derivation', container(sequence(aes, sequence(salt))), 'MALFORMED_KEY'],
    ['another key derivation', container(sequence(oid('1.2.3'), sequence(salt))), 'UNSUPPORTED'],
    [
      'an unknown cipher',
      container(pbkdf2(salt, once), sequence(oid('1.2.3'), octetString(new Uint8Array(16)))),
      'UNSUPPORTED',
    ],
    [
      'a short initialisation vector',
      container(
        pbkdf2(salt, once),
        sequence(oid('2.16.840.1.101.3.4.1.42'), octetString(new Uint8Array(8))),
      ),
      'MALFORMED_KEY',
    ],
    [
      'content that is not whole blocks',
      container(pbkdf2(salt, once), aes, new Uint8Array(31)),
      'WRONG_PASSPHRASE',
    ],
    ['no content', container(pbkdf2(salt, once), aes, new Uint8Array()), 'WRONG_PASSPHRASE'],
  ])('refuse %s at once', (_, text, code) => {
    const start = performance.now();
    expect(refusalCode(() => decodePrivateKey(text, { passphrase: 'x' }))).toBe(code);
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('may state the key length that fits', () => {
    const text = container(pbkdf2(salt, once, smallInteger(32)));
    expect(refusalCode(() => decodePrivateKey(text, { passphrase: 'x' }))).toBe('WRONG_PASSPHRASE');
  });

  it('are refused at every truncation', () => {
    const der = derOf(encrypt());
    for (let length = 0; length < der.length; length++) {
      const text = withDer(emptyBlock, der.subarray(0, length));
      expect(refusalCode(() => decodePrivateKey(text, { passphrase }))).toBe('MALFORMED_KEY');
    }
  });
});
