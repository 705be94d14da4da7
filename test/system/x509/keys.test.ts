/** Private keys in every form that OpenSSL and Go write are read, and both read ours. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  decodePem,
  decodePrivateKey,
  encodePrivateKey,
  fingerprintHex,
  KEY_ALGORITHMS,
  type PrivateKey,
} from '../../../src/x509/index.ts';
import { type Oracle, openOracle } from '../../peers/oracle.ts';
import { seeded } from '../../seeded.ts';
import { ecKey, openssl, rsaKey } from '../../x509/keys/openssl.ts';
import { keyOf } from '../../x509/support.ts';

const { seed } = seeded('keys of others');
let oracle: Oracle;

beforeAll(async () => {
  oracle = await openOracle();
});
afterAll(async () => oracle?.close());

const PASS = ['-passin', 'pass:öffne', '-passout', 'pass:öffne'];
const passphrase = 'öffne';

/** SHA-256 of the public key that OpenSSL sees, EC points in the one form that certificates have. */
function opensslSpki(pem: string, type: string): string {
  const form = type.startsWith('ECDSA') ? ['-ec_conv_form', 'uncompressed'] : [];
  const [block] = decodePem(openssl(['pkey', '-pubout', ...form, ...PASS.slice(0, 2)], pem));
  return fingerprintHex(block?.bytes ?? new Uint8Array());
}

const ec = ecKey('prime256v1');
const rsa = rsaKey(2048);
const rsa1024 = rsaKey(1024);
const ed25519 = openssl(['genpkey', '-algorithm', 'ed25519']);

describe('what OpenSSL writes', () => {
  const forms: readonly (readonly [string, string, boolean])[] = [
    ...['prime256v1', 'secp384r1', 'secp521r1'].flatMap((curve) => {
      const key = ecKey(curve);
      return [
        [`SEC 1 on ${curve}`, key, true],
        [`PKCS#8 on ${curve}`, openssl(['pkey'], key), true],
        [`SEC 1 without a public key on ${curve}`, openssl(['ec', '-no_public'], key), true],
        [`SEC 1 with a compressed point on ${curve}`, compressed(key), true],
      ] as const;
    }),
    ['EC PARAMETERS in front', openssl(['ecparam', '-name', 'prime256v1', '-genkey']), true],
    ['text in front', openssl(['pkey', '-text'], ec), true],
    ['PKCS#1', rsa, true],
    ['RSA as PKCS#8', openssl(['pkey'], rsa), true],
    ['RSA of 3072 bits', rsaKey(3072), true],
    ['RSA of 1024 bits', rsa1024, true],
    ['Ed25519', ed25519, true],
    ...['aes-128-cbc', 'aes-192-cbc', 'aes-256-cbc', 'des3'].map(
      (cipher) => [`encrypted with ${cipher}`, encrypted(['-v2', cipher]), false] as const,
    ),
    ...['hmacWithSHA1', 'hmacWithSHA224', 'hmacWithSHA384', 'hmacWithSHA512'].map(
      (prf) => [`encrypted with ${prf}`, encrypted(['-v2prf', prf]), false] as const,
    ),
    ['encrypted with scrypt', encrypted(['-scrypt']), false],
    ['encrypted RSA', openssl(['pkcs8', '-topk8', ...PASS], rsa), false],
    ['encrypted Ed25519', openssl(['pkcs8', '-topk8', ...PASS], ed25519), false],
  ];

  it.each(forms)('is read: %s', async (_, pem, goReads) => {
    const key = decodePrivateKey(pem, { passphrase });
    expect(fingerprintHex(key.spki)).toBe(opensslSpki(pem, key.type));
    if (!goReads) return;
    const go = await oracle.get({ op: 'key', pem });
    expect(go.publicKey.spkiSha256).toBe(fingerprintHex(key.spki));
  });

  it.each([
    ['another curve', ecKey('secp256k1'), 'UNSUPPORTED'],
    ['a curve spelled out', explicit(), 'UNSUPPORTED'],
    ['another algorithm', openssl(['genpkey', '-algorithm', 'ed448']), 'UNSUPPORTED'],
    ['RSA-PSS only', openssl(['genpkey', '-algorithm', 'rsa-pss']), 'UNSUPPORTED'],
    [
      'the old encrypted form',
      openssl(['rsa', '-traditional', '-aes128', ...PASS], rsa),
      'UNSUPPORTED',
    ],
  ])('is refused, as Go does: %s', async (_, pem, code) => {
    expect(() => decodePrivateKey(pem)).toThrow(expect.objectContaining({ code }));
    expect(await oracle.ask({ op: 'key', pem })).toHaveProperty('error');
  });

  it('is refused though both read it: RSA of 512 bits, which Go does not sign with', async () => {
    const pem = rsaKey(512);
    expect(() => decodePrivateKey(pem)).toThrow('the RSA key has 512 bits, less than 1024');
    expect(await oracle.ask({ op: 'key', pem })).not.toHaveProperty('error');
  });
});

function compressed(key: string): string {
  return openssl(['ec', '-conv_form', 'compressed'], key);
}

function encrypted(options: readonly string[]): string {
  return openssl(['pkcs8', '-topk8', ...options, ...PASS], ec);
}

function explicit(): string {
  return openssl(['ecparam', '-name', 'prime256v1', '-genkey', '-param_enc', 'explicit']);
}

describe('what Go writes', () => {
  it('is read, with whatever stands around it', async () => {
    const { samples } = await oracle.get({ op: 'issue-samples', seed, count: 220, exotic: true });
    const keys = samples.filter(({ kind }) => kind === 'key');
    expect(keys.length).toBeGreaterThan(20);
    for (const { pem, key, description } of keys) {
      const go = await oracle.get({ op: 'key', pem });
      const found = fingerprintHex(decodePrivateKey(pem).spki);
      expect(found, description).toBe(go.publicKey.spkiSha256);
      expect(fingerprintHex(decodePrivateKey(key).spki), description).toBe(found);
    }
  });
});

describe('what kubepki writes', () => {
  const types = [...KEY_ALGORITHMS, 'ECDSA-P521', 'Ed25519'];
  const check = async (key: PrivateKey, pem: string): Promise<void> => {
    const expected = fingerprintHex(key.spki);
    expect(opensslSpki(pem, key.type)).toBe(expected);
    expect((await oracle.get({ op: 'key', pem })).publicKey.spkiSha256).toBe(expected);
  };

  it.each(types)('is read by both: %s', async (type) => {
    // Of EC keys many: in one of 256 the scalar begins with a zero byte.
    const count = type.startsWith('ECDSA') ? 20 : 1;
    for (let which = 0; which < count; which++) {
      const key = keyOf(type, which);
      await check(key, encodePrivateKey(key));
      await check(key, encodePrivateKey(key, { form: 'pkcs8' }));
    }
    const key = keyOf(type);
    const locked = encodePrivateKey(key, { passphrase });
    expect(opensslSpki(locked, type)).toBe(fingerprintHex(key.spki));
  });
});
