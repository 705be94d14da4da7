import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { contextConstructed } from '../../../src/x509/der/tag.ts';
import {
  bitString,
  element,
  nul,
  octetString,
  oid,
  sequence,
  setOf,
  smallInteger,
} from '../../../src/x509/der/writer.ts';
import { CURVES } from '../../../src/x509/keys/curve.ts';
import { decodePrivateKey, encodePrivateKey } from '../../../src/x509/keys/index.ts';
import { encodePem } from '../../../src/x509/pem.ts';
import { certificateOf, ecKey, openssl, opensslBytes, rsaKey } from './openssl.ts';
import { derOf, refusal, refusalCode, withDer } from './samples.ts';

const EC_TYPES = [
  ['prime256v1', 'ECDSA-P256'],
  ['secp384r1', 'ECDSA-P384'],
  ['secp521r1', 'ECDSA-P521'],
] as const;

const ec = ecKey('prime256v1');
const rsa = rsaKey(2048);

/** The SubjectPublicKeyInfo that openssl computes from a private key, with the point in full. */
function spkiOf(pem: string): Buffer {
  const isEc = createPublicKey(pem).asymmetricKeyType === 'ec';
  const form = isEc ? ['-ec_conv_form', 'uncompressed'] : [];
  return opensslBytes(['pkey', '-pubout', '-outform', 'DER', ...form], pem);
}

const publicOf = (pem: string): Uint8Array =>
  element(contextConstructed(1), bitString(spkiOf(pem).subarray(26)));

const scalarOf = (pem: string): Uint8Array => derOf(pem).subarray(7, 39);

const relabel = (pem: string, label: string): string => encodePem(label, derOf(pem));

const number = (text: string | undefined): bigint =>
  BigInt(`0x${Buffer.from(text ?? '', 'base64url').toString('hex')}`);

const integer = (value: bigint): Uint8Array => {
  let hex = value.toString(16);
  if (hex.length % 2 === 1) hex = `0${hex}`;
  if (Number.parseInt(hex.slice(0, 2), 16) >= 0x80) hex = `00${hex}`;
  return element(2, Buffer.from(hex, 'hex'));
};

const inverse = (a: bigint, m: bigint): bigint => {
  let [r, newR, t, newT] = [m, a % m, 0n, 1n];
  while (newR !== 0n) {
    const quotient = r / newR;
    [t, newT] = [newT, t - quotient * newT];
    [r, newR] = [newR, r - quotient * newR];
  }
  return ((t % m) + m) % m;
};

describe('decodePrivateKey', () => {
  describe.each(EC_TYPES)('of %s', (curve, type) => {
    const pem = ecKey(curve);
    const expected = spkiOf(pem);

    it.each([
      ['SEC 1', pem],
      ['SEC 1 after its EC PARAMETERS', openssl(['ecparam', '-name', curve, '-genkey'])],
      ['PKCS#8', openssl(['pkcs8', '-topk8', '-nocrypt'], pem)],
      [
        'PKCS#8 from genpkey',
        openssl(['genpkey', '-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${curve}`]),
      ],
      ['SEC 1 with a compressed point', openssl(['ec', '-conv_form', 'compressed'], pem)],
      ['SEC 1 with a hybrid point', openssl(['ec', '-conv_form', 'hybrid'], pem)],
      ['SEC 1 without a public key', openssl(['ec', '-no_public'], pem)],
      ['PKCS#8 with a compressed point', openssl(['pkey', '-ec_conv_form', 'compressed'], pem)],
    ])('reads %s', (_, text) => {
      const key = decodePrivateKey(text);
      expect(key.type).toBe(type);
      expect(Buffer.from(key.spki)).toEqual(spkiOf(text));
      expect(key.object.asymmetricKeyType).toBe('ec');
    });

    it('finds the same key in all of them', () => {
      for (const text of [pem, openssl(['ec', '-no_public'], pem), openssl(['pkey'], pem)]) {
        expect(Buffer.from(decodePrivateKey(text).spki)).toEqual(expected);
        expect(encodePrivateKey(decodePrivateKey(text))).toBe(pem);
      }
    });
  });

  it.each([1024, 2048, 3072, 4096])(
    'reads RSA of %i bits in both forms',
    (bits) => {
      const pem = rsaKey(bits);
      for (const text of [pem, openssl(['pkcs8', '-topk8', '-nocrypt'], pem)]) {
        const key = decodePrivateKey(text);
        expect(key.type).toBe(`RSA-${bits}`);
        expect(Buffer.from(key.spki)).toEqual(spkiOf(pem));
        expect(encodePrivateKey(key)).toBe(pem);
        expect(key.object.asymmetricKeyType).toBe('rsa');
      }
    },
    60_000,
  );

  it('reads RSA with an exponent of 3', () => {
    const pem = openssl(['genrsa', '-traditional', '-3', '2048']);
    expect(Buffer.from(decodePrivateKey(pem).spki)).toEqual(spkiOf(pem));
  });

  it('reads Ed25519', () => {
    const pem = openssl(['genpkey', '-algorithm', 'ed25519']);
    const key = decodePrivateKey(pem);
    expect(key.type).toBe('Ed25519');
    expect(Buffer.from(key.spki)).toEqual(spkiOf(pem));
    expect(key.object.asymmetricKeyType).toBe('ed25519');
  });

  it('passes over certificates and text, takes CRLF and bytes', () => {
    const certificate = certificateOf(ec);
    const file = `kubelet\n${certificate}\nand its key\n${ec}trailing`;
    const key = decodePrivateKey(ec);
    for (const text of [file, file.replaceAll('\n', '\r\n'), Buffer.from(file)]) {
      expect(Buffer.from(decodePrivateKey(text).spki)).toEqual(Buffer.from(key.spki));
    }
  });

  it('takes the first of several keys', () => {
    expect(decodePrivateKey(rsa + ec).type).toBe('RSA-2048');
    expect(decodePrivateKey(ec + rsa).type).toBe('ECDSA-P256');
  });

  it('does not look at a passphrase that is not needed', () => {
    expect(decodePrivateKey(ec, { passphrase: 'x' }).type).toBe('ECDSA-P256');
  });

  it('reads a scalar with zero bytes too many, and without its own, as Go does', () => {
    const [p256] = CURVES;
    const scalar = (bytes: Uint8Array): string =>
      encodePem(
        'EC PRIVATE KEY',
        sequence(smallInteger(1), octetString(bytes), element(contextConstructed(0), p256.oidDer)),
      );
    const key = decodePrivateKey(scalar(Uint8Array.of(5)));
    expect(
      Buffer.from(
        decodePrivateKey(scalar(Uint8Array.from({ length: 40 }, (_, i) => (i === 39 ? 5 : 0))))
          .spki,
      ),
    ).toEqual(Buffer.from(key.spki));
    expect(openssl(['ec', '-check', '-noout'], encodePrivateKey(key))).toBe('');
  });

  it('reads PKCS#8 with attributes and with the public key of version 2', () => {
    const [p256] = CURVES;
    const sec1 = decodePrivateKey(ec);
    const [version, algorithm, content] = [
      smallInteger(0),
      p256.algorithm,
      octetString(derOf(openssl(['ec', '-no_public'], ec))),
    ];
    const attributes = element(contextConstructed(0), sequence(oid('2.5.4.3'), setOf([nul()])));
    const point = sec1.spki.subarray(26);
    const publicKey = element(0x81, Uint8Array.of(0), point);
    for (const parts of [
      [version, algorithm, content, attributes],
      [smallInteger(1), algorithm, content, publicKey],
      [smallInteger(1), algorithm, content, attributes, publicKey],
    ]) {
      const key = decodePrivateKey(encodePem('PRIVATE KEY', sequence(...parts)));
      expect(Buffer.from(key.spki)).toEqual(Buffer.from(sec1.spki));
    }
    const other = element(
      0x81,
      Uint8Array.of(0),
      decodePrivateKey(ecKey('prime256v1')).spki.subarray(26),
    );
    const wrong = encodePem('PRIVATE KEY', sequence(smallInteger(1), algorithm, content, other));
    expect(refusal(() => decodePrivateKey(wrong)).message).toContain('does not belong to it');
  });
});

const pkcs8 = (algorithm: Uint8Array, content: Uint8Array): string =>
  encodePem('PRIVATE KEY', sequence(smallInteger(0), algorithm, octetString(content)));

describe('decodePrivateKey refuses', () => {
  const [p256, p384] = CURVES;
  const curve = element(contextConstructed(0), p256.oidDer);
  const sec1 = (scalar: Uint8Array, ...rest: Uint8Array[]): string =>
    encodePem('EC PRIVATE KEY', sequence(smallInteger(1), octetString(scalar), curve, ...rest));
  const one = Uint8Array.from({ length: 32 }, (_, i) => (i === 31 ? 1 : 0));
  const orderPlusOne = Uint8Array.from(p256.order);
  orderPlusOne[31] = (orderPlusOne[31] ?? 0) + 1;
  const noPublic = derOf(openssl(['ec', '-no_public'], ec));

  it.each<[string, string, string, RegExp]>([
    ['text without PEM', 'nothing here', 'MALFORMED_PEM', /no PEM block, expected a private key/],
    ['an empty text', '', 'MALFORMED_PEM', /no PEM block/],
    ['a block that is cut off', ec.slice(0, 100), 'MALFORMED_PEM', /cut off or damaged/],
    [
      'other blocks only',
      encodePem('CERTIFICATE', new Uint8Array(3)),
      'MALFORMED_KEY',
      /no private key, only "CERTIFICATE"/,
    ],
    ['a public key', openssl(['ec', '-pubout'], ec), 'MALFORMED_KEY', /only "PUBLIC KEY"/],
    [
      "OpenSSH's form",
      encodePem('OPENSSH PRIVATE KEY', new Uint8Array(9)),
      'UNSUPPORTED',
      /OpenSSH/,
    ],
    ['an empty block', encodePem('EC PRIVATE KEY', new Uint8Array()), 'MALFORMED_KEY', /at byte 0/],
    [
      'a public key that does not belong',
      sec1(scalarOf(ec), publicOf(ecKey('prime256v1'))),
      'MALFORMED_KEY',
      /does not belong/,
    ],
    [
      'an empty public key',
      sec1(scalarOf(ec), element(contextConstructed(1), bitString(new Uint8Array()))),
      'MALFORMED_KEY',
      /does not belong/,
    ],
    ['a scalar of zero', sec1(new Uint8Array(32)), 'MALFORMED_KEY', /scalar is zero/],
    ['an empty scalar', sec1(new Uint8Array()), 'MALFORMED_KEY', /scalar is zero/],
    ['the order as scalar', sec1(p256.order), 'MALFORMED_KEY', /not below the order/],
    ['a scalar above the order', sec1(orderPlusOne), 'MALFORMED_KEY', /not below the order/],
    [
      'a scalar too long',
      sec1(Uint8Array.of(1, ...one)),
      'MALFORMED_KEY',
      /longer than the 32 bytes/,
    ],
    [
      'SEC 1 without a curve',
      encodePem('EC PRIVATE KEY', sequence(smallInteger(1), octetString(one))),
      'MALFORMED_KEY',
      /does not name its curve/,
    ],
    [
      'SEC 1 of version 2',
      encodePem('EC PRIVATE KEY', sequence(smallInteger(2), octetString(one), curve)),
      'MALFORMED_KEY',
      /version/,
    ],
    ['secp256k1', ecKey('secp256k1'), 'UNSUPPORTED', /curve 1\.3\.132\.0\.10/],
    [
      'secp256k1 as PKCS#8',
      openssl(['pkey'], ecKey('secp256k1')),
      'UNSUPPORTED',
      /curve 1\.3\.132\.0\.10/,
    ],
    ['P-224', ecKey('secp224r1'), 'UNSUPPORTED', /curve 1\.3\.132\.0\.33/],
    [
      'a curve spelled out',
      openssl(['ec', '-param_enc', 'explicit'], ec),
      'UNSUPPORTED',
      /spells its curve out/,
    ],
    [
      'two curves that differ',
      pkcs8(p384.algorithm, derOf(ec)),
      'MALFORMED_KEY',
      /one curve outside and another inside/,
    ],
    [
      'PKCS#8 without a curve',
      pkcs8(sequence(oid('1.2.840.10045.2.1'), nul()), noPublic),
      'MALFORMED_KEY',
      /does not name its curve/,
    ],
    [
      'PKCS#8 of version 3',
      encodePem('PRIVATE KEY', sequence(smallInteger(2), p256.algorithm, octetString(noPublic))),
      'MALFORMED_KEY',
      /version/,
    ],
    [
      'X25519',
      openssl(['genpkey', '-algorithm', 'x25519']),
      'UNSUPPORTED',
      /algorithm 1\.3\.101\.110/,
    ],
    [
      'RSA-PSS',
      openssl(['genpkey', '-algorithm', 'rsa-pss']),
      'UNSUPPORTED',
      /algorithm 1\.2\.840\.113549\.1\.1\.10/,
    ],
    [
      'an Ed25519 seed of 31 bytes',
      pkcs8(sequence(oid('1.3.101.112')), octetString(new Uint8Array(31))),
      'MALFORMED_KEY',
      /not of 32 bytes/,
    ],
    [
      'Ed25519 with parameters',
      pkcs8(sequence(oid('1.3.101.112'), nul()), octetString(new Uint8Array(32))),
      'MALFORMED_KEY',
      /parameters/,
    ],
    [
      'RSA with other parameters',
      pkcs8(sequence(oid('1.2.840.113549.1.1.1'), p256.oidDer), derOf(rsa)),
      'MALFORMED_KEY',
      /not NULL/,
    ],
    ['RSA of 768 bits', rsaKey(768), 'MALFORMED_KEY', /768 bits, less than 1024/],
    [
      'RSA of three primes',
      openssl(['genrsa', '-traditional', '-primes', '3', '2048']),
      'UNSUPPORTED',
      /more than two primes/,
    ],
  ])('%s', (_, text, code, message) => {
    const error = refusal(() => decodePrivateKey(text));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
  });

  it('a form under the label of another, and says which it is', () => {
    for (const [text, form] of [
      [relabel(rsa, 'EC PRIVATE KEY'), 'PKCS#1'],
      [relabel(ec, 'RSA PRIVATE KEY'), 'SEC 1'],
      [relabel(openssl(['pkey'], ec), 'EC PRIVATE KEY'), 'PKCS#8'],
      [relabel(ec, 'PRIVATE KEY'), 'SEC 1'],
    ] as const) {
      const error = refusal(() => decodePrivateKey(text));
      expect(error.code).toBe('MALFORMED_KEY');
      expect(error.hint).toContain(form);
    }
  });

  it('and names the place', () => {
    const where = '/etc/kubernetes/pki/ca.key';
    for (const text of [
      '',
      ecKey('secp256k1'),
      sec1(new Uint8Array(32)),
      withDer(ec, derOf(ec).subarray(1)),
    ]) {
      expect(refusal(() => decodePrivateKey(text, { where })).message).toMatch(
        /^\/etc\/kubernetes\/pki\/ca\.key: /,
      );
    }
    expect(refusal(() => decodePrivateKey(ecKey('secp256k1'), { where })).hint).toContain('P-256');
  });

  it.each([[undefined], [null], [7], [{}]])('%s instead of text, with a TypeError', (text) => {
    // @ts-expect-error: what a caller without types may pass
    expect(() => decodePrivateKey(text)).toThrow(TypeError);
  });
});

describe('decodePrivateKey of RSA numbers', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  const jwk = privateKey.export({ format: 'jwk' });
  const right = {
    n: number(jwk.n),
    e: number(jwk.e),
    d: number(jwk.d),
    p: number(jwk.p),
    q: number(jwk.q),
    dp: number(jwk.dp),
    dq: number(jwk.dq),
    qi: number(jwk.qi),
  };
  const pem = (changed: Partial<typeof right>): string =>
    encodePem(
      'RSA PRIVATE KEY',
      sequence(smallInteger(0), ...Object.values({ ...right, ...changed }).map(integer)),
    );

  it('takes those that belong together', () => {
    expect(decodePrivateKey(pem({})).type).toBe('RSA-1024');
  });

  it.each<[string, Partial<typeof right>, RegExp]>([
    ['another modulus', { n: right.n + 2n }, /do not multiply/],
    ['an even modulus', { n: right.n + 1n }, /modulus is even/],
    ['primes that are swapped', { p: right.q, q: right.p }, /CRT/],
    ['1 and n for primes', { p: 1n, q: right.n }, /prime is 1/],
    ['another exponent', { e: 3n }, /CRT exponent/],
    ['an even exponent', { e: 65538n }, /exponent is even/],
    ['an exponent of 1', { e: 1n }, /exponent is 1/],
    ['a large exponent', { e: 2n ** 31n + 1n }, /above 2\^31/],
    ['another d', { d: right.d + 2n }, /does not belong/],
    ['d above n', { d: right.d + right.n }, /larger than its modulus|does not belong/],
    ['another dp', { dp: right.dp + 2n }, /CRT exponent/],
    ['dp not reduced', { dp: right.dp + right.p - 1n }, /CRT exponent/],
    ['another dq', { dq: right.dq + 2n }, /CRT exponent/],
    ['another qi', { qi: right.qi + 1n }, /CRT coefficient/],
    ['qi not reduced', { qi: right.qi + right.p }, /CRT coefficient/],
    ['a number of zero', { q: 0n }, /not positive/],
    ['a number that never ends', { q: 2n ** 100_000n }, /larger than its modulus/],
  ])('refuses %s', (_, changed, message) => {
    const error = refusal(() => decodePrivateKey(pem(changed)));
    expect(error.code).toBe('MALFORMED_KEY');
    expect(error.message).toMatch(message);
  });

  it('refuses primes that are too close to each other', () => {
    // 2^512 - 569 and 2^512 - 629 are prime: Fermat's method factors their product at once.
    const p = 2n ** 512n - 569n;
    const q = 2n ** 512n - 629n;
    const e = 65537n;
    const d = inverse(e, (p - 1n) * (q - 1n));
    const close = { n: p * q, e, d, p, q, dp: d % (p - 1n), dq: d % (q - 1n), qi: inverse(q, p) };
    expect(refusal(() => decodePrivateKey(pem(close))).message).toContain('too close');
  });

  it("refuses a modulus beyond OpenSSL's limit", () => {
    const n = 2n ** 16_400n + 1n;
    expect(refusalCode(() => decodePrivateKey(pem({ n })))).toBe('MALFORMED_KEY');
  });
});
