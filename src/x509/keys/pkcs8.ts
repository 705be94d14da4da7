/** Reads PKCS#8 (RFC 5958): a private key of any algorithm in one structure. */
import { type DerElement, DerReader } from '../der/reader.ts';
import { context, contextConstructed, Tag } from '../der/tag.ts';
import { readBitStringBytes, readOid, readSmallInteger } from '../der/values.ts';
import { OID_EC, OID_ED25519, OID_RSA } from './curve.ts';
import { isEncodingOf, namedCurve, readSec1, spkiOfPoint } from './ec.ts';
import { readEd25519Seed, spkiOfSeed } from './ed25519.ts';
import type { PrivateKey } from './key.ts';
import { badKey, unsupportedKey } from './refusal.ts';
import { readPkcs1 } from './rsa.ts';
import { hidePrivateKey } from './secret.ts';
import { publicKeyBits } from './spki.ts';

/**
 * Reads PrivateKeyInfo, or OneAsymmetricKey with its public key (which must then be the right one).
 * Attributes must have the form of attributes (RFC 5958, section 2), as for OpenSSL, and are read over.
 */
export function readPkcs8(der: Uint8Array): PrivateKey {
  const outer = DerReader.inside(DerReader.single(der, Tag.sequence, 'the private key'));
  const version = readSmallInteger(outer.expect(Tag.integer, 'the version'));
  if (version > 1) throw badKey('the private key is of a PKCS#8 version that does not exist');
  const identifier = outer.sequence('the algorithm');
  const algorithm = readOid(identifier.expect(Tag.oid, 'the algorithm'));
  const parameters = identifier.done ? undefined : identifier.next('the algorithm parameters');
  identifier.end('the algorithm');
  const content = outer.expect(Tag.octetString, 'the private key');
  const attributes = outer.optional(contextConstructed(0), 'the attributes');
  if (attributes !== undefined) passOverAttributes(attributes);
  const publicKey = outer.optional(context(1), 'the public key');
  outer.end('the private key');

  const key = readContent(algorithm, parameters, content);
  if (publicKey !== undefined) {
    const given = readBitStringBytes(publicKey);
    const computed = publicKeyBits(key.spki);
    const same = Buffer.compare(given, computed) === 0;
    if (!same && !(algorithm === OID_EC && isEncodingOf(given, computed))) {
      throw badKey('the public key inside the private key does not belong to it');
    }
  }
  return key;
}

function passOverAttributes(element: DerElement): void {
  const attributes = DerReader.inside(element);
  while (!attributes.done) {
    const attribute = attributes.sequence('an attribute');
    readOid(attribute.expect(Tag.oid, 'the type of an attribute'));
    const values = DerReader.inside(attribute.expect(Tag.set, 'the values of an attribute'));
    while (!values.done) values.next('the value of an attribute');
    attribute.end('the values of an attribute');
  }
}

/** The key of an ECPrivateKey, in or outside of PKCS#8. */
export function ecPrivateKey(parts: ReturnType<typeof readSec1>): PrivateKey {
  const { curve, point } = parts;
  return hidePrivateKey(curve.type, spkiOfPoint(curve, point), { kind: 'ec', ...parts });
}

/** The key of an RSAPrivateKey, in or outside of PKCS#8. */
export function rsaPrivateKey(der: Uint8Array, base = 0, depth = 0): PrivateKey {
  const { type, spki } = readPkcs1(der, base, depth);
  return hidePrivateKey(type, spki, { kind: 'rsa', pkcs1: Uint8Array.from(der) });
}

function readContent(
  algorithm: string,
  parameters: DerElement | undefined,
  { content, contentOffset, depth }: DerElement,
): PrivateKey {
  switch (algorithm) {
    case OID_EC: {
      const curve = parameters === undefined ? undefined : namedCurve(parameters);
      return ecPrivateKey(readSec1(content, curve, contentOffset, depth + 1));
    }
    case OID_RSA:
      if (parameters !== undefined && (parameters.tag !== Tag.null || parameters.content.length)) {
        throw badKey('the RSA private key has algorithm parameters that are not NULL');
      }
      return rsaPrivateKey(content, contentOffset, depth + 1);
    case OID_ED25519: {
      if (parameters !== undefined) {
        throw badKey('the Ed25519 private key has algorithm parameters');
      }
      const seed = readEd25519Seed(content, contentOffset, depth + 1);
      return hidePrivateKey('Ed25519', spkiOfSeed(seed), { kind: 'ed25519', seed });
    }
    default:
      throw unsupportedKey(
        `the private key is of the algorithm ${algorithm}`,
        'kubepki does RSA, ECDSA and Ed25519',
      );
  }
}
