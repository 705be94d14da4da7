/** The curves that kubepki does (those of Go's crypto/ecdsa but P-224), with what is constant in their encodings. */

import { Tag } from '../der/tag.ts';
import { oid, sequence } from '../der/writer.ts';

export const OID_RSA = '1.2.840.113549.1.1.1';
export const OID_EC = '1.2.840.10045.2.1';
export const OID_ED25519 = '1.3.101.112';

export interface Curve {
  readonly type: 'ECDSA-P256' | 'ECDSA-P384' | 'ECDSA-P521';
  /** The name that OpenSSL knows it by. */
  readonly name: 'prime256v1' | 'secp384r1' | 'secp521r1';
  readonly oid: string;
  /** The OID as an element. */
  readonly oidDer: Uint8Array;
  /** Bytes of a coordinate and of a private scalar (RFC 5915, section 3). */
  readonly size: number;
  /** The order of the group, big-endian, `size` bytes: a private scalar is 1 to order - 1 (FIPS 186-5, A.2). */
  readonly order: Uint8Array;
  /** The AlgorithmIdentifier, DER. */
  readonly algorithm: Uint8Array;
  /** Everything of an SPKI that comes before an uncompressed point. */
  readonly spkiPrefix: Uint8Array;
}

function curve(type: Curve['type'], name: Curve['name'], dotted: string, order: string): Curve {
  const orderBytes = Buffer.from(order, 'hex');
  const size = orderBytes.length;
  const oidDer = oid(dotted);
  const algorithm = sequence(oid(OID_EC), oidDer);
  const bits = bitStringHeader(1 + 2 * size);
  const whole = sequence(algorithm, bits, new Uint8Array(1 + 2 * size));
  const spkiPrefix = whole.subarray(0, whole.length - (1 + 2 * size));
  return { type, name, oid: dotted, oidDer, size, order: orderBytes, algorithm, spkiPrefix };
}

/** The header of a BIT STRING over `length` whole bytes, its count of unused bits included. */
function bitStringHeader(length: number): Uint8Array {
  const content = length + 1;
  return content < 0x80
    ? Uint8Array.of(Tag.bitString, content, 0)
    : Uint8Array.of(Tag.bitString, 0x81, content, 0);
}

/** Domain parameters: SP 800-186, section 3.2.1. */
export const CURVES: readonly [Curve, Curve, Curve] = [
  curve(
    'ECDSA-P256',
    'prime256v1',
    '1.2.840.10045.3.1.7',
    'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
  ),
  curve(
    'ECDSA-P384',
    'secp384r1',
    '1.3.132.0.34',
    `${'ff'.repeat(24)}c7634d81f4372ddf581a0db248b0a77aecec196accc52973`,
  ),
  curve(
    'ECDSA-P521',
    'secp521r1',
    '1.3.132.0.35',
    `01${'ff'.repeat(32)}fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409`,
  ),
];

export function curveOfOid(dotted: string): Curve | undefined {
  return CURVES.find((known) => known.oid === dotted);
}

export function curveOfType(type: string): Curve | undefined {
  return CURVES.find((known) => known.type === type);
}
