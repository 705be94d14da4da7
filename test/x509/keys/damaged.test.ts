/** Every form of key, cut off at every byte and with every byte changed: a refusal or a key that works, nothing else. */
import { sign, verify } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KubepkiError } from '../../../src/errors.ts';
import {
  decodePrivateKey,
  decodePublicKey,
  encodePrivateKey,
  type PrivateKey,
  publicKeyFromSpki,
} from '../../../src/x509/keys/index.ts';
import { encodePem } from '../../../src/x509/pem.ts';
import { certificateOf, ecKey, openssl, rsaKey } from './openssl.ts';
import { derOf, refusal, withDer } from './samples.ts';

const ec = ecKey('prime256v1');
const rsa = rsaKey(1024);
const ed25519 = openssl(['genpkey', '-algorithm', 'ed25519']);
const encrypted = openssl(['pkcs8', '-topk8', '-iter', '1', '-passout', 'pass:x'], ec);
const options = { passphrase: 'x', where: 'FILE' };

const PRIVATE_FORMS = [
  ['SEC 1', ec],
  ['SEC 1 without a public key', openssl(['ec', '-no_public'], ec)],
  ['EC PKCS#8', openssl(['pkey'], ec)],
  ['PKCS#1', rsa],
  ['RSA PKCS#8', openssl(['pkey'], rsa)],
  ['Ed25519 PKCS#8', ed25519],
  ['encrypted PKCS#8', encrypted],
] as const;

const PUBLIC_FORMS = [
  ['EC', openssl(['ec', '-pubout'], ec)],
  ['RSA', openssl(['rsa', '-pubout'], rsa)],
  ['RSA PKCS#1', openssl(['rsa', '-RSAPublicKey_out'], rsa)],
  ['certificate', certificateOf(ec)],
] as const;

/** Every byte with one bit changed, set to its extremes, and one more. */
function* mutations(der: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < der.length; at++) {
    const byte = der[at] ?? 0;
    const others = [0, 1, 2, 3, 4, 5, 6, 7].map((bit) => byte ^ (1 << bit));
    for (const value of new Set([...others, 0, 0xff, 0x80, 0x7f, (byte + 1) & 0xff])) {
      if (value === byte) continue;
      const copy = Uint8Array.from(der);
      copy[at] = value;
      yield copy;
    }
  }
}

/** True where it was read; false where it was refused as it should be. */
function survives<T>(read: () => T, check: (value: T) => void): boolean {
  let value: T;
  try {
    value = read();
  } catch (error) {
    expect(error).toBeInstanceOf(KubepkiError);
    if (!(error instanceof KubepkiError)) throw error;
    expect(error.message).toMatch(/^FILE: [^\n]+$/);
    return false;
  }
  check(value);
  return true;
}

function works(key: PrivateKey): void {
  const digest = key.type === 'Ed25519' ? null : 'sha256';
  const signature = sign(digest, Buffer.from('x'), key.object);
  const { object } = publicKeyFromSpki(key.spki);
  expect(verify(digest, Buffer.from('x'), object, signature)).toBe(true);
}

describe.each(PRIVATE_FORMS)('a private key as %s', (_, pem) => {
  const der = derOf(pem);

  it('is refused at every truncation', () => {
    for (let length = 0; length < der.length; length++) {
      const text = withDer(pem, der.subarray(0, length));
      expect(survives(() => decodePrivateKey(text, options), works)).toBe(false);
    }
  });

  it('with something after it is refused', () => {
    const text = withDer(pem, Buffer.concat([der, Uint8Array.of(5, 0)]));
    expect(survives(() => decodePrivateKey(text, options), works)).toBe(false);
  });

  it('is refused or a key that works with any byte changed', () => {
    for (const mutated of mutations(der)) {
      survives(() => decodePrivateKey(withDer(pem, mutated), options), works);
    }
  }, 60_000);

  it('is refused or read as text that is cut off or changed', () => {
    fc.assert(
      fc.property(fc.nat(pem.length - 1), fc.nat(255), fc.boolean(), (at, byte, cut) => {
        const rest = cut ? '' : String.fromCharCode(byte) + pem.slice(at + 1);
        survives(() => decodePrivateKey(pem.slice(0, at) + rest, options), works);
      }),
      { numRuns: 300 },
    );
  });
});

const usable = (key: { readonly object: { readonly type: string } }): void => {
  expect(key.object.type).toBe('public');
};

describe.each(PUBLIC_FORMS)('a public key as %s', (_, pem) => {
  const der = derOf(pem);

  it('is refused at every truncation', () => {
    for (let length = 0; length < der.length; length++) {
      const text = withDer(pem, der.subarray(0, length));
      expect(survives(() => decodePublicKey(text, options), usable)).toBe(false);
    }
  });

  it('is refused or a key that OpenSSL takes with any byte changed', () => {
    for (const mutated of mutations(der)) {
      survives(() => decodePublicKey(withDer(pem, mutated), options), usable);
    }
  }, 60_000);
});

describe('the message about a damaged private key', () => {
  it('holds no number from inside it but an offset', () => {
    const der = derOf(ec);
    for (const mutated of mutations(der.subarray(0, 60))) {
      const text = withDer(ec, Buffer.concat([mutated, der.subarray(60)]));
      survives(
        () => decodePrivateKey(text, options),
        () => undefined,
      );
    }
    // A length that lies makes the scalar be read as tags and lengths.
    const lie = Uint8Array.from(der);
    lie[6] = 1;
    const { message } = refusal(() => decodePrivateKey(withDer(ec, lie)));
    expect(message).toMatch(/^the EC private key is malformed at byte \d+$/);
  });
});

describe('any bytes at all', () => {
  it('are refused or a key under every label', () => {
    const labels = fc.constantFrom(
      'EC PRIVATE KEY',
      'RSA PRIVATE KEY',
      'PRIVATE KEY',
      'ENCRYPTED PRIVATE KEY',
    );
    fc.assert(
      fc.property(labels, fc.uint8Array({ maxLength: 200 }), (label, bytes) => {
        survives(
          () => decodePrivateKey(encodePem(label, bytes), options),
          (key) => expect(encodePrivateKey(key)).toContain('PRIVATE KEY'),
        );
      }),
      { numRuns: 2000 },
    );
  });
});
