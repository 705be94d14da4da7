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
  /** The field's prime p and the coefficient b of y^2 = x^3 - 3x + b. */
  readonly prime: bigint;
  readonly b: bigint;
  /** The AlgorithmIdentifier, DER. */
  readonly algorithm: Uint8Array;
  /** Everything of an SPKI that comes before an uncompressed point. */
  readonly spkiPrefix: Uint8Array;
}

function curve(
  type: Curve['type'],
  name: Curve['name'],
  dotted: string,
  numbers: { order: string; prime: bigint; b: bigint },
): Curve {
  const { prime, b } = numbers;
  const orderBytes = Buffer.from(numbers.order, 'hex');
  const size = orderBytes.length;
  const oidDer = oid(dotted);
  const algorithm = sequence(oid(OID_EC), oidDer);
  const bits = bitStringHeader(1 + 2 * size);
  const whole = sequence(algorithm, bits, new Uint8Array(1 + 2 * size));
  const spkiPrefix = whole.subarray(0, whole.length - (1 + 2 * size));
  const order = orderBytes;
  return { type, name, oid: dotted, oidDer, size, order, prime, b, algorithm, spkiPrefix };
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
  curve('ECDSA-P256', 'prime256v1', '1.2.840.10045.3.1.7', {
    order: 'ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551',
    prime: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  }),
  curve('ECDSA-P384', 'secp384r1', '1.3.132.0.34', {
    order: `${'ff'.repeat(24)}c7634d81f4372ddf581a0db248b0a77aecec196accc52973`,
    prime: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  }),
  curve('ECDSA-P521', 'secp521r1', '1.3.132.0.35', {
    order: `01${'ff'.repeat(32)}fa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409`,
    prime: 2n ** 521n - 1n,
    b: 0x51953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  }),
];

export function curveOfOid(dotted: string): Curve | undefined {
  return CURVES.find((known) => known.oid === dotted);
}

export function curveOfType(type: string): Curve | undefined {
  return CURVES.find((known) => known.type === type);
}

/**
 * True where a point in uncompressed form, of the right length, lies on the curve. Points are
 * public, so that BigInt may take its time; it needs a quarter of what asking OpenSSL does.
 */
export function isOnCurve({ size, prime, b }: Curve, point: Uint8Array): boolean {
  const hex = Buffer.from(point.buffer, point.byteOffset, point.length).toString('hex');
  const x = BigInt(`0x${hex.slice(2, 2 + 2 * size)}`);
  const y = BigInt(`0x${hex.slice(2 + 2 * size)}`);
  return x < prime && y < prime && (y * y - (x * x - 3n) * x - b) % prime === 0n;
}
