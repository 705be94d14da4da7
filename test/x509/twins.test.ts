/** The other signature that ECDSA has for everything: the same certificate in other bytes. */
import { describe, expect, it } from 'vitest';
import {
  createIssuer,
  fingerprintHex,
  generatePrivateKey,
  type KeyAlgorithm,
  makeName,
  parseCertificate,
  selfSign,
  signatureTwins,
  signatureVerifies,
} from '../../src/x509/index.ts';

const VALIDITY = {
  notBefore: new Date('2026-01-01T00:00:00Z'),
  notAfter: new Date('2027-01-01T00:00:00Z'),
};

function issued(type: KeyAlgorithm) {
  const key = generatePrivateKey(type);
  const ca = parseCertificate(
    selfSign(
      {
        ...VALIDITY,
        subject: makeName({ commonName: 'ca' }),
        basicConstraints: { ca: true },
        keyUsage: ['keyCertSign'],
        extendedKeyUsage: [],
      },
      key,
    ),
  );
  const leaf = createIssuer(ca, key).issue(
    {
      ...VALIDITY,
      subject: makeName({ commonName: 'bob' }),
      basicConstraints: { ca: false },
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: ['clientAuth'],
    },
    generatePrivateKey('ECDSA-P256').spki,
  );
  return { ca, leaf };
}

describe('a certificate written anew without the key of its CA', () => {
  it.each<KeyAlgorithm>(['ECDSA-P256', 'ECDSA-P384'])(
    'verifies, has another fingerprint, and its twin is the first again: %s',
    (type) => {
      const { ca, leaf } = issued(type);
      const twins = signatureTwins(leaf).filter((der) =>
        signatureVerifies(parseCertificate(der), ca),
      );
      expect(twins).toHaveLength(1);
      const [twin = leaf] = twins;
      expect(fingerprintHex(twin)).not.toBe(fingerprintHex(leaf));
      expect(signatureTwins(twin).map(fingerprintHex)).toContain(fingerprintHex(leaf));
    },
  );

  it('does not exist where the CA has an RSA key', () => {
    const { ca, leaf } = issued('RSA-2048');
    const twins = signatureTwins(leaf);
    expect(twins.filter((der) => signatureVerifies(parseCertificate(der), ca))).toEqual([]);
  });

  it('is looked for in anything without harm', () => {
    const { leaf } = issued('ECDSA-P256');
    expect(signatureTwins(new Uint8Array())).toEqual([]);
    expect(signatureTwins(Buffer.from('no certificate'))).toEqual([]);
    for (let length = 0; length < leaf.length; length += 7) {
      expect(signatureTwins(leaf.subarray(0, length))).toEqual([]);
    }
  });
});
