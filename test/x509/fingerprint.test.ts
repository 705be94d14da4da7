import { describe, expect, it } from 'vitest';
import {
  fingerprint,
  fingerprintHex,
  parsePublicKeyPin,
  publicKeyId,
  publicKeyPin,
} from '../../src/x509/fingerprint.ts';
import { decodePublicKey } from '../../src/x509/keys/index.ts';
import { certificateOf, ecKey, openssl, opensslBytes } from './keys/openssl.ts';
import { derOf, refusal } from './keys/samples.ts';

const key = ecKey('prime256v1');
const certificate = certificateOf(key);
const der = derOf(certificate);
const spki = decodePublicKey(certificate).spki;
const hash = opensslBytes(['dgst', '-sha256', '-binary'], spki);

describe('fingerprint', () => {
  it('is what openssl prints', () => {
    const printed = openssl(['x509', '-noout', '-fingerprint', '-sha256'], certificate);
    expect(printed.trim().split('=')[1]).toBe(fingerprint(der));
    expect(fingerprint(der)).toMatch(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
  });
});

describe('fingerprintHex', () => {
  it('is SHA-256 in lower case', () => {
    expect(fingerprintHex(new Uint8Array())).toBe(
      'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    );
    expect(fingerprintHex(der)).toBe(fingerprint(der).replaceAll(':', '').toLowerCase());
  });
});

describe('publicKeyPin', () => {
  it('hashes the public key, as kubeadm does', () => {
    expect(publicKeyPin(spki)).toBe(`sha256:${hash.toString('hex')}`);
  });
});

describe('parsePublicKeyPin', () => {
  const hex = hash.toString('hex');

  it('reads what publicKeyPin gives, in any case', () => {
    expect(parsePublicKeyPin(publicKeyPin(spki))).toBe(publicKeyPin(spki));
    expect(parsePublicKeyPin(`SHA256:${hex.toUpperCase()}`)).toBe(publicKeyPin(spki));
    expect(parsePublicKeyPin(`Sha256:${hex}`)).toBe(publicKeyPin(spki));
  });

  it.each([
    ['', /expected sha256:/],
    [hex, /expected sha256:/],
    [`sha256:${hex}:`, /expected sha256:/],
    [`sha256:sha256:${hex}`, /expected sha256:/],
    [`sha512:${hex}`, /format/],
    [`:${hex}`, /format/],
    [` sha256:${hex}`, /format/],
    ['sha256:', /hexadecimal/],
    [`sha256:${hex.slice(2)}`, /hexadecimal/],
    [`sha256:${hex}00`, /hexadecimal/],
    [`sha256:${hex.slice(1)}g`, /hexadecimal/],
    [`sha256:${hex}\n`, /hexadecimal/],
    [`sha256: ${hex.slice(1)}`, /hexadecimal/],
    ['x'.repeat(10_000), /expected sha256:/],
  ])('refuses %j', (text, message) => {
    const error = refusal(() => parsePublicKeyPin(text));
    expect(error.code).toBe('INVALID_VALUE');
    expect(error.message).toMatch(message);
    expect(error.message.length).toBeLessThan(200);
    expect(error.hint).toContain('sha256:');
  });
});

describe('publicKeyId', () => {
  it('is the hash in base64url without padding', () => {
    expect(publicKeyId(spki)).toBe(hash.toString('base64url'));
    expect(publicKeyId(spki)).toMatch(/^[\w-]{43}$/);
  });
});
