import { constants, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseCertificate } from '../../src/x509/certificate.ts';
import { DerReader } from '../../src/x509/der/reader.ts';
import { contextConstructed } from '../../src/x509/der/tag.ts';
import { bitString, element, nul, oid, sequence, smallInteger } from '../../src/x509/der/writer.ts';
import { HASH_ALGORITHMS, OID_MGF1, SIGNATURE_ALGORITHMS } from '../../src/x509/oids.ts';
import {
  createSigner,
  signatureAlgorithmName,
  signatureVerifies,
  verifySignature,
} from '../../src/x509/signature.ts';
import { issuerOf, KEY_TYPES, keyOf, leafOf, unhex } from './support.ts';

const DATA = Buffer.from('to be signed');
const RSA = keyOf('RSA-2048');
const P256 = keyOf('ECDSA-P256');
const P384 = keyOf('ECDSA-P384');
const ED25519 = keyOf('Ed25519');
const ALGORITHM = SIGNATURE_ALGORITHMS;

const hashes = ['sha256', 'sha384', 'sha512'] as const;
const ECDSA = {
  sha256: ALGORITHM['ecdsa-with-SHA256'],
  sha384: ALGORITHM['ecdsa-with-SHA384'],
  sha512: ALGORITHM['ecdsa-with-SHA512'],
} as const;
const SALT = { sha256: 32, sha384: 48, sha512: 64 } as const;

const weak = (modulusLength: number): boolean => {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength });
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const signature = sign('sha256', DATA, privateKey);
  return verifySignature(ALGORITHM.sha256WithRSAEncryption, spki, DATA, signature);
};

describe('verifySignature', () => {
  for (const hash of hashes) {
    const rsa = ALGORITHM[`${hash}WithRSAEncryption`];
    const ecdsa = ECDSA[hash];
    it(`verifies RSA PKCS#1 v1.5 with ${hash}`, () => {
      const signature = sign(hash, DATA, RSA.object);
      expect(verifySignature(rsa, RSA.spki, DATA, signature)).toBe(true);
      expect(verifySignature(rsa, RSA.spki, Buffer.from('other'), signature)).toBe(false);
    });
    it(`verifies ECDSA with ${hash} on any curve`, () => {
      for (const { spki, object } of [P256, P384, keyOf('ECDSA-P521')]) {
        expect(verifySignature(ecdsa, spki, DATA, sign(hash, DATA, object))).toBe(true);
      }
    });
  }
  it('verifies Ed25519, without parameters only (RFC 8410)', () => {
    const signature = sign(null, DATA, ED25519.object);
    expect(verifySignature(ALGORITHM.Ed25519, ED25519.spki, DATA, signature)).toBe(true);
    expect(verifySignature(ALGORITHM.Ed25519, ED25519.spki, DATA, signature, nul())).toBe(false);
  });

  it('refuses MD5 and SHA-1, however well signed', () => {
    const rsa = (hash: string): Uint8Array => sign(hash, DATA, RSA.object);
    expect(verifySignature(ALGORITHM.sha1WithRSAEncryption, RSA.spki, DATA, rsa('sha1'))).toBe(
      false,
    );
    expect(verifySignature(ALGORITHM.md5WithRSAEncryption, RSA.spki, DATA, rsa('md5'))).toBe(false);
    const ecdsa = sign('sha1', DATA, P256.object);
    expect(verifySignature(ALGORITHM['ecdsa-with-SHA1'], P256.spki, DATA, ecdsa)).toBe(false);
  });
  it('refuses RSA keys below 1024 bits, as Go does', () => {
    expect(weak(1016)).toBe(false);
    expect(weak(1024)).toBe(true);
  });
  it('refuses an algorithm that does not fit the key, or is not known', () => {
    const signature = sign('sha256', DATA, P256.object);
    expect(verifySignature(ALGORITHM.sha256WithRSAEncryption, P256.spki, DATA, signature)).toBe(
      false,
    );
    expect(verifySignature(ALGORITHM['ecdsa-with-SHA256'], RSA.spki, DATA, signature)).toBe(false);
    expect(verifySignature(ALGORITHM.Ed25519, P256.spki, DATA, signature)).toBe(false);
    expect(verifySignature('1.2.3.4', P256.spki, DATA, signature)).toBe(false);
  });
  it('is false for keys and signatures that are malformed, never an exception', () => {
    const algorithm = ALGORITHM['ecdsa-with-SHA256'];
    const offCurve = Buffer.from(P256.spki);
    offCurve[offCurve.length - 1] = (offCurve.at(-1) ?? 0) ^ 1;
    const signature = sign('sha256', DATA, P256.object);
    expect(verifySignature(algorithm, offCurve, DATA, signature)).toBe(false);
    expect(verifySignature(algorithm, unhex('3000'), DATA, signature)).toBe(false);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        expect(verifySignature(algorithm, P256.spki, DATA, bytes)).toBe(false);
        expect(verifySignature(ALGORITHM.Ed25519, ED25519.spki, DATA, bytes)).toBe(false);
      }),
    );
  });
});

type Hash = (typeof hashes)[number];
const algorithm = (dotted: string, ...parameters: Uint8Array[]): Uint8Array =>
  sequence(oid(dotted), ...parameters);
const explicit = (number: number, value: Uint8Array): Uint8Array =>
  element(contextConstructed(number), value);

function pssParameters(
  hash: Hash,
  changes: {
    mask?: Hash;
    mgf?: string;
    salt?: number;
    trailer?: number;
    parameter?: Uint8Array;
  } = {},
): Uint8Array {
  const { mask = hash, mgf = OID_MGF1, salt = SALT[hash], trailer, parameter = nul() } = changes;
  return sequence(
    explicit(0, algorithm(HASH_ALGORITHMS[hash], parameter)),
    explicit(1, algorithm(mgf, algorithm(HASH_ALGORITHMS[mask], nul()))),
    explicit(2, smallInteger(salt)),
    ...(trailer === undefined ? [] : [explicit(3, smallInteger(trailer))]),
  );
}
const pssSign = (
  hash: Hash,
  saltLength: number = SALT[hash],
  key: KeyObject = RSA.object,
): Uint8Array => sign(hash, DATA, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength });
const pssVerifies = (parameters: Uint8Array | undefined, signature: Uint8Array): boolean =>
  verifySignature(ALGORITHM['id-RSASSA-PSS'], RSA.spki, DATA, signature, parameters);

describe('verifySignature with RSA-PSS', () => {
  for (const hash of hashes) {
    it(`verifies ${hash} with a salt of its size`, () => {
      expect(pssVerifies(pssParameters(hash), pssSign(hash))).toBe(true);
      expect(pssVerifies(pssParameters(hash, { trailer: 1 }), pssSign(hash))).toBe(true);
      expect(pssVerifies(pssParameters(hash), pssSign(hash, 20))).toBe(false);
    });
  }
  it('refuses every other setting, as Go does', () => {
    const signature = pssSign('sha256');
    const wrong: (Uint8Array | undefined)[] = [
      undefined,
      nul(),
      sequence(),
      pssParameters('sha384'),
      pssParameters('sha256', { mask: 'sha384' }),
      pssParameters('sha256', { mgf: '1.2.3' }),
      pssParameters('sha256', { trailer: 2 }),
      pssParameters('sha256', { parameter: sequence() }),
      pssParameters('sha256', { salt: 20 }),
      sequence(explicit(0, algorithm('1.3.14.3.2.26'))),
    ];
    for (const parameters of wrong) expect(pssVerifies(parameters, signature)).toBe(false);
    expect(pssVerifies(pssParameters('sha256', { salt: 20 }), pssSign('sha256', 20))).toBe(false);
  });
  it('reads the parameters from a certificate', () => {
    const { certificate } = issuerOf('RSA-2048');
    const pss = algorithm(ALGORITHM['id-RSASSA-PSS'], pssParameters('sha256'));
    const fields = DerReader.inside(DerReader.single(certificate.tbs));
    const parts: Uint8Array[] = [];
    while (!fields.done) parts.push(fields.next().bytes);
    parts[2] = pss;
    const tbs = sequence(...parts);
    const signature = sign('sha256', tbs, {
      key: RSA.object,
      padding: constants.RSA_PKCS1_PSS_PADDING,
      saltLength: 32,
    });
    const made = parseCertificate(sequence(tbs, pss, bitString(signature)));
    expect(signatureVerifies(made, certificate)).toBe(true);
  });
});

describe('signatureVerifies', () => {
  it('is true of the issuer only', () => {
    for (const type of KEY_TYPES) {
      const leaf = parseCertificate(leafOf(type));
      for (const other of KEY_TYPES) {
        expect(signatureVerifies(leaf, issuerOf(other).certificate)).toBe(type === other);
      }
    }
  });
});

describe('createSigner', () => {
  it('signs what verifySignature verifies', () => {
    for (const type of KEY_TYPES) {
      const key = keyOf(type);
      const signer = createSigner(key);
      const dotted = parseCertificate(leafOf(type)).signatureAlgorithm;
      expect(verifySignature(dotted, key.spki, DATA, signer.sign(DATA))).toBe(true);
    }
  });
});

describe('signatureAlgorithmName', () => {
  it('names what is known, also what is refused', () => {
    expect(signatureAlgorithmName(ALGORITHM.sha256WithRSAEncryption)).toBe(
      'sha256WithRSAEncryption',
    );
    expect(signatureAlgorithmName('1.2.840.113549.1.1.5')).toBe('sha1WithRSAEncryption');
    expect(signatureAlgorithmName('1.2.3.4')).toBe('1.2.3.4');
  });
});
