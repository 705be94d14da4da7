/** EC keys: the scalar, the point, and the ECPrivateKey structure that holds both (RFC 5915, SEC 1 C.4). */
import { createECDH } from 'node:crypto';
import { type DerElement, DerReader } from '../der/reader.ts';
import { contextConstructed, Tag } from '../der/tag.ts';
import { readBitStringBytes, readOid, readSmallInteger } from '../der/values.ts';
import { bitString, element, octetString, sequence, smallInteger } from '../der/writer.ts';
import { type Curve, curveOfOid } from './curve.ts';
import { badKey, unsupportedKey } from './refusal.ts';

const VERSION_1 = smallInteger(1);

export interface EcParts {
  readonly curve: Curve;
  readonly scalar: Uint8Array;
  readonly point: Uint8Array;
}

/**
 * Reads an ECPrivateKey. `outerCurve` is the curve that a PKCS#8 wrapping names.
 *
 * A scalar with zero bytes too many or too few in front is read, as Go and OpenSSL read it. The
 * point is always computed from the scalar, and a public key inside that is another is refused
 * (Go and OpenSSL ignore it or fail later, when a certificate does not match).
 */
export function readSec1(der: Uint8Array, outerCurve?: Curve, base = 0, depth = 0): EcParts {
  const reader = new DerReader(der, base, depth);
  const outer = reader.sequence('the EC private key');
  reader.end('the EC private key');
  const version = readSmallInteger(outer.expect(Tag.integer, 'the version'));
  if (version !== 1) throw badKey('the EC private key is of a version that does not exist');
  const secret = outer.expect(Tag.octetString, 'the private scalar');
  const parameters = outer.optional(contextConstructed(0), 'the curve');
  const publicKey = outer.optional(contextConstructed(1), 'the public key');
  outer.end('the EC private key');

  const curve = chooseCurve(parameters, outerCurve);
  const scalar = checkedScalar(secret.content, curve);
  const point = pointOfScalar(curve, scalar);
  if (publicKey !== undefined) {
    const inside = DerReader.inside(publicKey);
    const encoded = readBitStringBytes(inside.expect(Tag.bitString, 'the public key'));
    inside.end('the public key');
    if (!isEncodingOf(encoded, point)) {
      throw badKey('the public key inside the EC private key does not belong to it');
    }
  }
  return { curve, scalar, point };
}

/** ECPrivateKey with curve and public key, as Go's MarshalECPrivateKey and `openssl ecparam -genkey` write it. */
export function writeSec1({ curve, scalar, point }: EcParts): Uint8Array {
  return sequence(
    VERSION_1,
    octetString(scalar),
    element(contextConstructed(0), curve.oidDer),
    element(contextConstructed(1), bitString(point)),
  );
}

/** ECPrivateKey as PKCS#8 wraps it: the curve is named outside and left out here. */
export function writeSec1ForPkcs8({ scalar, point }: EcParts): Uint8Array {
  return sequence(VERSION_1, octetString(scalar), element(contextConstructed(1), bitString(point)));
}

/** The SubjectPublicKeyInfo of a point, in memory of its own so that it can be handed to another thread. */
export function spkiOfPoint(curve: Curve, point: Uint8Array): Uint8Array {
  const spki = new Uint8Array(curve.spkiPrefix.length + point.length);
  spki.set(curve.spkiPrefix);
  spki.set(point, curve.spkiPrefix.length);
  return spki;
}

/** Scalar times base point, uncompressed. The scalar must be in range. */
function pointOfScalar(curve: Curve, scalar: Uint8Array): Uint8Array {
  const ecdh = createECDH(curve.name);
  ecdh.setPrivateKey(scalar);
  return ecdh.getPublicKey();
}

/** Pads a scalar to the curve's size. */
export function padScalar(curve: Curve, bytes: Uint8Array): Uint8Array {
  if (bytes.length === curve.size) return bytes;
  const padded = new Uint8Array(curve.size);
  padded.set(bytes, curve.size - bytes.length);
  return padded;
}

/** The curve of an ECParameters element or of the AlgorithmIdentifier's parameters (RFC 5480, section 2.1.1). */
export function namedCurve(parameters: DerElement): Curve {
  if (parameters.tag === Tag.sequence) {
    throw unsupportedKey(
      'the EC key spells its curve out instead of naming it',
      'convert it with: openssl ec -param_enc named_curve',
    );
  }
  if (parameters.tag !== Tag.oid) throw badKey('the EC key does not name its curve');
  const dotted = readOid(parameters);
  const curve = curveOfOid(dotted);
  if (curve === undefined) {
    throw unsupportedKey(
      `the EC key is on the curve ${dotted}`,
      'kubepki does P-256, P-384 and P-521',
    );
  }
  return curve;
}

/** True where `encoded` is `point` in uncompressed, compressed or hybrid form (SEC 1, section 2.3.3). */
export function isEncodingOf(encoded: Uint8Array, point: Uint8Array): boolean {
  const size = (point.length - 1) / 2;
  const odd = (point[point.length - 1] ?? 0) & 1;
  const form = encoded[0];
  const compressed = form === (2 | odd) && encoded.length === 1 + size;
  const whole = (form === 4 || form === (6 | odd)) && encoded.length === point.length;
  if (!compressed && !whole) return false;
  return encoded.subarray(1).every((byte, at) => byte === point[at + 1]);
}

function chooseCurve(parameters: DerElement | undefined, outerCurve: Curve | undefined): Curve {
  if (parameters === undefined) {
    if (outerCurve === undefined) throw badKey('the EC private key does not name its curve');
    return outerCurve;
  }
  const inside = DerReader.inside(parameters);
  const curve = namedCurve(inside.next('the curve'));
  inside.end('the curve');
  if (outerCurve !== undefined && outerCurve !== curve) {
    throw badKey('the EC private key names one curve outside and another inside');
  }
  return curve;
}

function checkedScalar(bytes: Uint8Array, curve: Curve): Uint8Array {
  let start = 0;
  while (bytes.length - start > curve.size && bytes[start] === 0) start++;
  const trimmed = bytes.subarray(start);
  if (trimmed.length > curve.size) {
    throw badKey(`the private scalar is longer than the ${curve.size} bytes of ${curve.type}`);
  }
  // A copy: what is kept must not hold on to (or share memory with) the file that was read.
  const scalar = Uint8Array.from(padScalar(curve, trimmed));
  if (Buffer.compare(scalar, curve.order) >= 0) {
    throw badKey(`the private scalar is not below the order of ${curve.type}`);
  }
  if (scalar.every((byte) => byte === 0)) throw badKey('the private scalar is zero');
  return scalar;
}
