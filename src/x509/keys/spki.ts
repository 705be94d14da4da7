/**
 * Reads a SubjectPublicKeyInfo (RFC 5280, section 4.1.2.7): which algorithm, how large, which bits.
 *
 * This runs for every certificate that is parsed, so nothing is handed to OpenSSL: the shape is
 * checked in full, but whether an EC point lies on its curve is left to the caller (`isOnCurve`).
 */
import { type DerElement, DerReader, malformed } from '../der/reader.ts';
import { Tag } from '../der/tag.ts';
import { checkValue, readBitStringBytes, readIntegerBytes, readOid } from '../der/values.ts';
import { CURVES, curveOfOid, OID_EC, OID_ED25519, OID_RSA } from './curve.ts';

/**
 * The type of a public key, as `PublicKey.type` has it: `RSA-<bits of the modulus>`, `ECDSA-P256`,
 * `ECDSA-P384`, `ECDSA-P521`, `Ed25519`. Of a key that kubepki does not do, the dotted OID that
 * says so: the curve's where it is an EC key on another named curve, else the algorithm's.
 *
 * Refuses with `MALFORMED_DER` what is not a SubjectPublicKeyInfo, and what Go's
 * `parsePublicKey` refuses in one: RSA without NULL parameters or with a number that is not
 * positive or an exponent above 2^63 - 1, an EC point that is not in uncompressed form, an Ed25519 key not of 32 bytes.
 */
export function keyTypeOfSpki(spki: Uint8Array): string {
  for (const curve of CURVES) {
    if (isUncompressedPoint(spki, curve.spkiPrefix, curve.size)) return curve.type;
  }
  const { algorithm, parameters, bits, bitsOffset } = readSpki(spki);
  if (algorithm === OID_RSA) return rsaType(parameters, bits, bitsOffset);
  if (algorithm === OID_EC) return ecType(parameters, bits, bitsOffset);
  if (algorithm === OID_ED25519) return ed25519Type(parameters, bits, bitsOffset);
  return algorithm;
}

/** What the BIT STRING subjectPublicKey holds: the key identifier is computed from it (RFC 5280, section 4.2.1.2). */
export function publicKeyBits(spki: Uint8Array): Uint8Array {
  for (const curve of CURVES) {
    if (isUncompressedPoint(spki, curve.spkiPrefix, curve.size)) {
      return spki.subarray(curve.spkiPrefix.length);
    }
  }
  return readSpki(spki).bits;
}

/** A SubjectPublicKeyInfo, taken apart. */
interface SpkiParts {
  readonly algorithm: string;
  readonly parameters: DerElement | undefined;
  readonly bits: Uint8Array;
  readonly bitsOffset: number;
}

/** Takes a SubjectPublicKeyInfo apart without looking at the key inside. */
function readSpki(spki: Uint8Array): SpkiParts {
  const outer = DerReader.inside(DerReader.single(spki, Tag.sequence, 'the public key'));
  const identifier = outer.sequence('the algorithm of the public key');
  const algorithm = readOid(identifier.expect(Tag.oid, 'the algorithm of the public key'));
  const parameters = identifier.done ? undefined : identifier.next('the algorithm parameters');
  if (parameters !== undefined) checkValue(parameters);
  identifier.end('the algorithm of the public key');
  const bitString = outer.expect(Tag.bitString, 'the bits of the public key');
  outer.end('the public key');
  const bits = readBitStringBytes(bitString);
  return { algorithm, parameters, bits, bitsOffset: bitString.contentOffset + 1 };
}

/**
 * The modulus and exponent of an RSAPublicKey (RFC 8017, appendix A.1.1), as unsigned magnitudes.
 * An exponent above 2^63 - 1 is refused: Go cannot hold it.
 */
export function readRsaPublicKey(
  bits: Uint8Array,
  base = 0,
): { modulus: Uint8Array; exponent: Uint8Array } {
  const outer = new DerReader(bits, base);
  const numbers = outer.sequence('the RSA public key');
  const modulus = positive(numbers.expect(Tag.integer, 'the RSA modulus'), 'RSA modulus');
  const exponent = positive(numbers.expect(Tag.integer, 'the RSA exponent'), 'RSA exponent');
  numbers.end('the RSA public key');
  outer.end('the RSA public key');
  if (bitLength(exponent) > 63) throw malformed(base, 'an RSA exponent above 2^63 - 1');
  return { modulus, exponent };
}

/** How many bits a big-endian magnitude without leading zero bytes has. */
export function bitLength(magnitude: Uint8Array): number {
  const [first] = magnitude;
  return first === undefined ? 0 : (magnitude.length - 1) * 8 + (32 - Math.clz32(first));
}

/** True of the SPKI that the curve's prefix begins and an uncompressed point ends: nearly every EC key there is. */
function isUncompressedPoint(spki: Uint8Array, prefix: Uint8Array, size: number): boolean {
  if (spki.length !== prefix.length + 1 + 2 * size || spki[prefix.length] !== 4) return false;
  for (let i = 0; i < prefix.length; i++) if (spki[i] !== prefix[i]) return false;
  return true;
}

function rsaType(parameters: DerElement | undefined, bits: Uint8Array, offset: number): string {
  if (parameters?.tag !== Tag.null || parameters.content.length > 0) {
    throw malformed(offset, 'an RSA public key whose algorithm parameters are not NULL');
  }
  return `RSA-${bitLength(readRsaPublicKey(bits, offset).modulus)}`;
}

function ecType(parameters: DerElement | undefined, bits: Uint8Array, offset: number): string {
  if (parameters?.tag !== Tag.oid) {
    // Curves spelled out instead of named (RFC 5480 forbids them) are for the caller to refuse.
    if (parameters?.tag === Tag.sequence) return OID_EC;
    throw malformed(offset, 'an EC public key without a named curve');
  }
  const dotted = readOid(parameters);
  const curve = curveOfOid(dotted);
  if (curve === undefined) return dotted;
  if (bits[0] !== 4 || bits.length !== 1 + 2 * curve.size) {
    throw malformed(offset, `a ${curve.type} point that is not in uncompressed form`);
  }
  return curve.type;
}

function ed25519Type(parameters: DerElement | undefined, bits: Uint8Array, offset: number): string {
  if (parameters !== undefined) {
    throw malformed(parameters.offset, 'an Ed25519 public key with algorithm parameters');
  }
  if (bits.length !== 32) {
    throw malformed(offset, `an Ed25519 public key of ${bits.length} bytes, not 32`);
  }
  return 'Ed25519';
}

function positive(element: DerElement, what: string): Uint8Array {
  const bytes = readIntegerBytes(element);
  const [first = 0] = bytes;
  if (first >= 0x80 || (first === 0 && bytes.length === 1)) {
    throw malformed(element.offset, `an ${what} that is not positive`);
  }
  return first === 0 ? bytes.subarray(1) : bytes;
}
