import { createPrivateKey } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  decodePrivateKey,
  decodePublicKey,
  encodePrivateKey,
  encodePublicKey,
  generatePrivateKey,
  KEY_ALGORITHMS,
  keysMatch,
} from '../../../src/x509/keys/index.ts';
import { openssl } from './openssl.ts';
import { refusalCode } from './samples.ts';

const keys = KEY_ALGORITHMS.map((algorithm) => [algorithm, generatePrivateKey(algorithm)] as const);

describe('encodePrivateKey', () => {
  it.each(keys)('writes %s in the traditional form as openssl does', (algorithm, key) => {
    const pem = encodePrivateKey(key);
    const label = algorithm.startsWith('RSA') ? 'RSA PRIVATE KEY' : 'EC PRIVATE KEY';
    expect(pem.split('\n')[0]).toBe(`-----BEGIN ${label}-----`);
    const command = algorithm.startsWith('RSA') ? ['rsa', '-traditional'] : ['ec'];
    expect(openssl(command, pem)).toBe(pem);
    expect(encodePrivateKey(key, { form: 'traditional' })).toBe(pem);
  });

  it.each(keys)('writes %s as PKCS#8 as openssl does', (_, key) => {
    const pem = encodePrivateKey(key, { form: 'pkcs8' });
    expect(pem.startsWith('-----BEGIN PRIVATE KEY-----\n')).toBe(true);
    expect(openssl(['pkcs8', '-topk8', '-nocrypt'], encodePrivateKey(key))).toBe(pem);
  });

  it.each(keys)('writes and reads back %s', (_, key) => {
    for (const form of ['traditional', 'pkcs8'] as const) {
      const back = decodePrivateKey(encodePrivateKey(key, { form }));
      expect(back.type).toBe(key.type);
      expect(keysMatch(back, key)).toBe(true);
      expect(encodePrivateKey(back)).toBe(encodePrivateKey(key));
    }
  });

  it('writes Ed25519 as PKCS#8 whatever the form', () => {
    const pem = openssl(['genpkey', '-algorithm', 'ed25519']);
    expect(encodePrivateKey(decodePrivateKey(pem))).toBe(pem);
    expect(encodePrivateKey(decodePrivateKey(pem), { form: 'pkcs8' })).toBe(pem);
  });

  it('encrypts so that openssl and node open it', () => {
    const key = generatePrivateKey('ECDSA-P256');
    const pem = encodePrivateKey(key, { passphrase: 'open sesame' });
    expect(pem.startsWith('-----BEGIN ENCRYPTED PRIVATE KEY-----\n')).toBe(true);
    expect(openssl(['ec', '-passin', 'pass:open sesame'], pem)).toBe(encodePrivateKey(key));
    const opened = createPrivateKey({ key: pem, passphrase: 'open sesame' });
    expect(opened.export({ format: 'pem', type: 'sec1' })).toBe(encodePrivateKey(key));
  });

  it('encrypts with PBKDF2-HMAC-SHA256 of 600,000 iterations and AES-256-CBC', () => {
    const pem = encodePrivateKey(generatePrivateKey('ECDSA-P256'), { passphrase: 'x' });
    const printed = openssl(['asn1parse'], pem);
    for (const part of ['PBES2', 'PBKDF2', 'hmacWithSHA256', 'aes-256-cbc']) {
      expect(printed).toContain(part);
    }
    expect(printed).toMatch(/INTEGER\s+:0927C0/);
  });

  it('takes salt and vector anew each time', () => {
    const key = generatePrivateKey('ECDSA-P256');
    const options = { passphrase: 'x' };
    expect(encodePrivateKey(key, options)).not.toBe(encodePrivateKey(key, options));
  });

  it('takes a passphrase as bytes, and text as UTF-8', () => {
    const key = generatePrivateKey('ECDSA-P256');
    const pem = encodePrivateKey(key, { passphrase: 'Paßwort' });
    const passphrase = Buffer.from('Paßwort', 'utf8');
    expect(keysMatch(decodePrivateKey(pem, { passphrase }), key)).toBe(true);
  });

  it('refuses an empty passphrase and an unknown form', () => {
    const key = generatePrivateKey('ECDSA-P256');
    expect(refusalCode(() => encodePrivateKey(key, { passphrase: '' }))).toBe('INVALID_VALUE');
    expect(refusalCode(() => encodePrivateKey(key, { passphrase: new Uint8Array() }))).toBe(
      'INVALID_VALUE',
    );
    // @ts-expect-error: what a caller without types may pass
    expect(() => encodePrivateKey(key, { form: 'sec1' })).toThrow(RangeError);
  });
});

describe('encodePublicKey', () => {
  it.each(keys)('writes %s as openssl does', (_, key) => {
    const pem = encodePublicKey(key);
    expect(openssl(['pkey', '-pubout'], encodePrivateKey(key))).toBe(pem);
    expect(keysMatch(decodePublicKey(pem), key)).toBe(true);
  });
});
