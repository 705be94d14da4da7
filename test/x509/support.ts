/** What the tests of `src/x509` share: dates, keys that are made once, templates, and a look at errors. */
import { generateKeyPairSync } from 'node:crypto';
import { expect } from 'vitest';
import { type ErrorCode, KubepkiError } from '../../src/errors.ts';
import { parseCertificate } from '../../src/x509/certificate.ts';
import { createIssuer, type Issuer, selfSign } from '../../src/x509/issue.ts';
import {
  decodePrivateKey,
  generatePrivateKey,
  isKeyAlgorithm,
  type PrivateKey,
} from '../../src/x509/keys/index.ts';
import { makeName } from '../../src/x509/name.ts';
import type { CertificateTemplate } from '../../src/x509/types.ts';

export const NOT_BEFORE = new Date('2026-01-01T00:00:00Z');
export const NOT_AFTER = new Date('2027-01-01T00:00:00Z');

/** Every kind of key that certificates are signed with, quick ones first. */
export const KEY_TYPES = ['ECDSA-P256', 'ECDSA-P384', 'ECDSA-P521', 'Ed25519', 'RSA-2048'] as const;

const keys = new Map<string, PrivateKey>();

/** A key of the type; `which` tells several apart. The same one every time. */
export function keyOf(type: string, which = 0): PrivateKey {
  const id = `${type} ${which}`;
  const known = keys.get(id);
  if (known !== undefined) return known;
  const key = isKeyAlgorithm(type) ? generatePrivateKey(type) : otherKey(type);
  keys.set(id, key);
  return key;
}

function otherKey(type: string): PrivateKey {
  const { privateKey } =
    type === 'Ed25519'
      ? generateKeyPairSync('ed25519')
      : generateKeyPairSync('ec', { namedCurve: 'P-521' });
  return decodePrivateKey(privateKey.export({ type: 'pkcs8', format: 'pem' }));
}

export function caTemplate(changes: Partial<CertificateTemplate> = {}): CertificateTemplate {
  return {
    subject: makeName({ commonName: 'kubernetes' }),
    notBefore: NOT_BEFORE,
    notAfter: NOT_AFTER,
    basicConstraints: { ca: true },
    keyUsage: ['digitalSignature', 'keyEncipherment', 'keyCertSign'],
    extendedKeyUsage: [],
    subjectAltNames: { dns: ['kubernetes'] },
    ...changes,
  };
}

export function leafTemplate(changes: Partial<CertificateTemplate> = {}): CertificateTemplate {
  return {
    subject: makeName({ commonName: 'system:node:worker-1', organizations: ['system:nodes'] }),
    notBefore: NOT_BEFORE,
    notAfter: NOT_AFTER,
    basicConstraints: { ca: false },
    keyUsage: ['digitalSignature', 'keyEncipherment'],
    extendedKeyUsage: ['serverAuth', 'clientAuth'],
    subjectAltNames: {
      dns: ['worker-1', '*.example.com'],
      ip: ['172.16.10.141', 'fd00::1'],
      uri: ['spiffe://cluster.local/ns/default'],
      email: ['ops@example.com'],
    },
    ...changes,
  };
}

const issuers = new Map<string, Issuer>();

/** A root CA with a key of the type. */
export function issuerOf(type: string): Issuer {
  const known = issuers.get(type);
  if (known !== undefined) return known;
  const key = keyOf(type);
  const issuer = createIssuer(parseCertificate(selfSign(caTemplate(), key)), key);
  issuers.set(type, issuer);
  return issuer;
}

/** A leaf certificate, DER, the same every time. */
export function leafOf(type: string): Uint8Array {
  return issuerOf(type).issue(leafTemplate(), keyOf('ECDSA-P256', 1).spki);
}

/** The KubepkiError that the call throws; anything else fails the test. */
export function errorOf(call: () => unknown): KubepkiError {
  try {
    call();
  } catch (error) {
    if (error instanceof KubepkiError) return error;
    throw error;
  }
  throw new Error('expected an error, got none');
}

/** Expects a KubepkiError with the code and a message that contains the text. */
export function expectRefused(call: () => unknown, code: ErrorCode, text: string | RegExp): void {
  const error = errorOf(call);
  expect({ code: error.code, message: error.message }).toEqual({
    code,
    message: typeof text === 'string' ? expect.stringContaining(text) : expect.stringMatching(text),
  });
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const unhex = (text: string): Uint8Array => Buffer.from(text.replace(/\s/g, ''), 'hex');

/** Runs a reader over hostile bytes: it may refuse them, but only with a KubepkiError. */
export function survives(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (error instanceof KubepkiError) return false;
    throw error;
  }
}
