/** What the differential tests have found: each was read here and refused by Go or OpenSSL. */
import { describe, it } from 'vitest';
import { parseCertificate } from '../../src/x509/certificate.ts';
import { context, contextConstructed } from '../../src/x509/der/tag.ts';
import {
  bitString,
  element,
  nul,
  octetString,
  oid,
  sequence,
  setOf,
  smallInteger,
  time,
  unsignedInteger,
} from '../../src/x509/der/writer.ts';
import { CURVES } from '../../src/x509/keys/curve.ts';
import { decodePrivateKey, encodePrivateKey } from '../../src/x509/keys/index.ts';
import { encodeName, makeName } from '../../src/x509/name.ts';
import { encodePem } from '../../src/x509/pem.ts';
import { parseRequest } from '../../src/x509/request.ts';
import { derOf } from './keys/samples.ts';
import { expectRefused, keyOf, NOT_AFTER, NOT_BEFORE } from './support.ts';

const algorithm = sequence(oid('1.2.840.10045.4.3.2'));
const name = encodeName(makeName({ commonName: 'x' }));

/** A certificate whose signature is none; `tail` follows the key. */
function certificate(spki: Uint8Array, ...tail: readonly Uint8Array[]): Uint8Array {
  const tbs = sequence(
    element(contextConstructed(0), smallInteger(2)),
    smallInteger(1),
    algorithm,
    name,
    sequence(time(NOT_BEFORE), time(NOT_AFTER)),
    name,
    spki,
    ...tail,
  );
  return sequence(tbs, algorithm, bitString(new Uint8Array(8)));
}

const request = (spki: Uint8Array): Uint8Array => {
  const info = sequence(smallInteger(0), name, spki, element(contextConstructed(0)));
  return sequence(info, algorithm, bitString(new Uint8Array(8)));
};

function refusedInBoth(spki: Uint8Array, reason: string): void {
  expectRefused(() => parseCertificate(certificate(spki)), 'MALFORMED_DER', reason);
  expectRefused(() => parseRequest(request(spki)), 'MALFORMED_DER', reason);
}

describe('a certificate or request', () => {
  it.each(CURVES.map((curve) => [curve.type, curve] as const))(
    'is refused with a point off the curve of %s',
    (type, curve) => {
      const point = Buffer.alloc(1 + 2 * curve.size, 1);
      point[0] = 4;
      const spki = sequence(curve.algorithm, bitString(point));
      refusedInBoth(spki, `in the public key, not a point on the curve of ${type}`);
    },
  );

  it('is refused with an RSA exponent that Go cannot hold', () => {
    const numbers = sequence(
      unsignedInteger(Buffer.alloc(256, 0xff)),
      unsignedInteger(Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 1)),
    );
    const spki = sequence(sequence(oid('1.2.840.113549.1.1.1'), nul()), bitString(numbers));
    refusedInBoth(spki, 'an RSA exponent above 2^63 - 1');
  });

  it.each([
    ['a NULL with content', Uint8Array.of(5, 1, 0xff)],
    ['a BOOLEAN that is neither TRUE (ff) nor FALSE (00)', Uint8Array.of(1, 1, 1)],
    ['an INTEGER without content', Uint8Array.of(2, 0)],
    ['an OBJECT IDENTIFIER that ends inside an arc', Uint8Array.of(6, 1, 0x81)],
    ['a BIT STRING with an impossible count of unused bits', Uint8Array.of(3, 0)],
    [
      'the algorithm parameters: tag 0x25, of a type that is never constructed',
      Uint8Array.of(0x25, 0),
    ],
    [
      'the algorithm parameters: tag 0x10, of a type that is never primitive',
      Uint8Array.of(0x10, 0),
    ],
  ])('is refused with parameters that are %s, of whatever algorithm', (reason, parameters) => {
    const spki = sequence(sequence(oid('1.2.3.4'), parameters), bitString(new Uint8Array(4)));
    refusedInBoth(spki, `in the public key, ${reason}`);
  });

  it('is refused with such parameters of the signature', () => {
    const signed = sequence(oid('1.2.840.113549.1.1.11'), Uint8Array.of(5, 1, 0xff));
    const fields = [smallInteger(0), name, keyOf('ECDSA-P256').spki];
    const info = sequence(...fields, element(contextConstructed(0)));
    const der = sequence(info, signed, bitString(new Uint8Array(8)));
    expectRefused(() => parseRequest(der), 'MALFORMED_DER', 'a NULL with content');
  });

  it('is refused with a unique identifier that is no BIT STRING', () => {
    const { spki } = keyOf('ECDSA-P256');
    for (const number of [1, 2]) {
      const tail = element(context(number), Uint8Array.of(8, 0));
      const reason = 'a BIT STRING with an impossible count of unused bits';
      expectRefused(() => parseCertificate(certificate(spki, tail)), 'MALFORMED_DER', reason);
    }
    parseCertificate(certificate(spki, element(context(1), Uint8Array.of(0, 1, 2))));
  });
});

describe('a PKCS#8 key', () => {
  const [version, identifier, content] = [
    smallInteger(0),
    CURVES[0].algorithm,
    octetString(derOf(encodePrivateKey(keyOf('ECDSA-P256')))),
  ];
  const withAttributes = (...attributes: readonly Uint8Array[]): string => {
    const last = element(contextConstructed(0), ...attributes);
    return encodePem('PRIVATE KEY', sequence(version, identifier, content, last));
  };

  it('is read with attributes', () => {
    decodePrivateKey(withAttributes());
    decodePrivateKey(withAttributes(sequence(oid('2.5.4.3'), setOf([nul(), nul()]))));
  });

  it.each([
    ['bytes', Uint8Array.of(0xca)],
    ['another element', nul()],
    ['an attribute without values', sequence(oid('2.5.4.3'))],
    ['an attribute with something after its values', sequence(oid('2.5.4.3'), setOf([]), nul())],
  ])('is refused with %s in place of an attribute', (_, attribute) =>
    expectRefused(
      () => decodePrivateKey(withAttributes(attribute)),
      'MALFORMED_KEY',
      'the PKCS#8 private key is malformed at byte',
    ),
  );
});
