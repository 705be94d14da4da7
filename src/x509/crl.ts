/** Certificate revocation lists (RFC 5280, section 5): read, and their signatures verified. */
import { readAlgorithmIdentifier, signatureAlgorithmOf } from './algorithm-identifier.ts';
import { weakHash } from './chain-rules.ts';
import { type DerElement, DerReader, malformed } from './der/reader.ts';
import { context, contextConstructed, Tag } from './der/tag.ts';
import {
  readBitStringBytes,
  readIntegerBytes,
  readOid,
  readSmallInteger,
  readTime,
} from './der/values.ts';
import { readExtensions } from './extensions.ts';
import { readName } from './name.ts';
import { verifySigned } from './signature.ts';
import type { Certificate, Extension, Name } from './types.ts';

/** CRLReason by number (RFC 5280, section 5.3.1); 7 is not used. */
const REASONS = [
  'unspecified',
  'keyCompromise',
  'cACompromise',
  'affiliationChanged',
  'superseded',
  'cessationOfOperation',
  'certificateHold',
  undefined,
  'removeFromCRL',
  'privilegeWithdrawn',
  'aACompromise',
] as const;
export type RevocationReason = NonNullable<(typeof REASONS)[number]>;

export interface RevokedCertificate {
  /** Big-endian two's complement, as encoded. */
  readonly serialNumber: Uint8Array;
  readonly revokedAt: Date;
  /** Undefined where the list gives none, which means `unspecified`. */
  readonly reason: RevocationReason | undefined;
}

export interface RevocationList {
  /** The whole list, DER. */
  readonly der: Uint8Array;
  /** The signed part, DER. */
  readonly tbs: Uint8Array;
  readonly version: 1 | 2;
  /** Dotted OID of the signature algorithm. */
  readonly signatureAlgorithm: string;
  readonly signature: Uint8Array;
  readonly issuer: Name;
  readonly issuerDer: Uint8Array;
  readonly thisUpdate: Date;
  /** When the next list is out at the latest; a list without it is never out of date. */
  readonly nextUpdate: Date | undefined;
  readonly revoked: readonly RevokedCertificate[];
  /** Big-endian, as encoded. */
  readonly number: Uint8Array | undefined;
  readonly authorityKeyId: Uint8Array | undefined;
  /** It lists changes to another list only (a critical deltaCRLIndicator). */
  readonly isDelta: boolean;
  /** It lists, or may list, certificates of other issuers than its own. */
  readonly isIndirect: boolean;
  readonly extensions: readonly Extension[];
}

const OID_CRL_NUMBER = '2.5.29.20';
const OID_REASON = '2.5.29.21';
const OID_DELTA = '2.5.29.27';
const OID_DISTRIBUTION_POINT = '2.5.29.28';
const OID_CERTIFICATE_ISSUER = '2.5.29.29';
const ENUMERATED = 0x0a;

/**
 * Reads one list and nothing after it. Strict as the reader of certificates is; an empty list of
 * revoked certificates, which RFC 5280 does not allow, is met and read, as Go does. The signature
 * is not verified: see `revocationListRefusal`.
 *
 * @throws KubepkiError MALFORMED_DER
 */
export function parseRevocationList(der: Uint8Array): RevocationList {
  const outer = DerReader.inside(DerReader.single(der, Tag.sequence, 'the revocation list'));
  const tbs = outer.expect(Tag.sequence, 'the signed part of the revocation list');
  const algorithmOffset = outer.offset;
  const algorithm = readAlgorithmIdentifier(outer, 'the signature algorithm');
  const signature = readBitStringBytes(outer.expect(Tag.bitString, 'the signature'));
  outer.end('the signature');

  const fields = DerReader.inside(tbs);
  const version = readVersion(fields);
  const inner = readAlgorithmIdentifier(fields, 'the signature algorithm');
  if (Buffer.compare(inner.bytes, algorithm.bytes) !== 0) {
    throw malformed(algorithmOffset, 'the two signature algorithms differ');
  }
  const issuer = fields.expect(Tag.sequence, 'the issuer');
  const issuerName = readName(issuer);
  const thisUpdate = readTime(fields.next('the date of the list'));
  const next = fields.peek();
  const hasNext = next === Tag.utcTime || next === Tag.generalizedTime;
  const nextUpdate = hasNext ? readTime(fields.next('the date of the next list')) : undefined;
  const revoked = readRevoked(fields, version);
  const { number, authorityKeyId, isDelta, isIndirect, extensions } = readTail(fields, version);
  return {
    der,
    tbs: tbs.bytes,
    version,
    signatureAlgorithm: algorithm.oid,
    signature,
    issuer: issuerName,
    issuerDer: issuer.bytes,
    thisUpdate,
    nextUpdate,
    revoked: revoked.certificates,
    number,
    authorityKeyId,
    isDelta,
    isIndirect: isIndirect || revoked.hasOtherIssuers,
    extensions,
  };
}

/** Version 1 has no field for it; 2 is encoded as 1. */
function readVersion(fields: DerReader): 1 | 2 {
  const element = fields.optional(Tag.integer, 'the version');
  if (element === undefined) return 1;
  if (readSmallInteger(element) === 1) return 2;
  throw malformed(element.offset, 'a version other than 1 and 2');
}

interface Revoked {
  readonly certificates: RevokedCertificate[];
  readonly hasOtherIssuers: boolean;
}

function readRevoked(fields: DerReader, version: 1 | 2): Revoked {
  const element = fields.optional(Tag.sequence, 'the revoked certificates');
  const certificates: RevokedCertificate[] = [];
  if (element === undefined) return { certificates, hasOtherIssuers: false };
  let hasOtherIssuers = false;
  const list = DerReader.inside(element);
  while (!list.done) {
    const entry = list.sequence('a revoked certificate');
    const serial = entry.expect(Tag.integer, 'the serial number');
    const serialNumber = readIntegerBytes(serial);
    if ((serialNumber[0] ?? 0) >= 0x80) throw malformed(serial.offset, 'a negative serial number');
    const revokedAt = readTime(entry.next('the date of the revocation'));
    let reason: RevocationReason | undefined;
    if (!entry.done) {
      const sequence = entry.expect(Tag.sequence, 'the extensions of a revoked certificate');
      if (version === 1) throw malformed(sequence.offset, 'extensions in a list of version 1');
      for (const { oid, element: value } of extensionValues(sequence)) {
        if (oid === OID_REASON) reason = readReason(value);
        if (oid === OID_CERTIFICATE_ISSUER) hasOtherIssuers = true;
      }
    }
    entry.end('a revoked certificate');
    certificates.push({ serialNumber, revokedAt, reason });
  }
  return { certificates, hasOtherIssuers };
}

/** The values of extensions, by the rules that those of certificates have. */
function extensionValues(sequence: DerElement): { oid: string; element: DerElement }[] {
  readExtensions([sequence]);
  const values: { oid: string; element: DerElement }[] = [];
  const reader = DerReader.inside(sequence);
  while (!reader.done) {
    const fields = reader.sequence();
    const oid = readOid(fields.expect(Tag.oid));
    fields.optional(Tag.boolean);
    values.push({ oid, element: fields.expect(Tag.octetString) });
  }
  return values;
}

/** A reader of what an extension's OCTET STRING holds; offsets count from the outermost input. */
const inside = ({ content, contentOffset, depth }: DerElement): DerReader =>
  new DerReader(content, contentOffset, depth + 1);

function readReason(value: DerElement): RevocationReason {
  const reader = inside(value);
  const element = reader.expect(ENUMERATED, 'the reason of a revocation');
  reader.end('the reason of a revocation');
  const reason = REASONS[readSmallInteger(element)];
  if (reason === undefined) throw malformed(element.offset, 'a reason that does not exist');
  return reason;
}

type Tail = Pick<
  RevocationList,
  'number' | 'authorityKeyId' | 'isDelta' | 'isIndirect' | 'extensions'
>;

function readTail(fields: DerReader, version: 1 | 2): Tail {
  const tagged =
    version === 2 ? fields.optional(contextConstructed(0), 'the extensions') : undefined;
  fields.end('the signed part of the revocation list');
  let number: Uint8Array | undefined;
  let isIndirect = false;
  if (tagged === undefined) {
    return { number, authorityKeyId: undefined, isDelta: false, isIndirect, extensions: [] };
  }
  const reader = DerReader.inside(tagged);
  const sequence = reader.expect(Tag.sequence, 'the extensions');
  reader.end('the extensions');
  const { extensions, decoded } = readExtensions([sequence]);
  for (const { oid, element } of extensionValues(sequence)) {
    if (oid === OID_CRL_NUMBER) {
      const value = inside(element);
      number = readIntegerBytes(value.expect(Tag.integer, 'the number of the list'));
      value.end('the number of the list');
    }
    if (oid === OID_DISTRIBUTION_POINT) isIndirect = readIndirect(element);
  }
  return {
    number,
    authorityKeyId: decoded.authorityKeyId,
    isDelta: extensions.some(({ oid }) => oid === OID_DELTA),
    isIndirect,
    extensions,
  };
}

/** `indirectCRL [4] BOOLEAN` of issuingDistributionPoint (RFC 5280, section 5.2.5). */
function readIndirect(value: DerElement): boolean {
  const reader = inside(value);
  const fields = reader.sequence('the distribution point');
  reader.end('the distribution point');
  let isIndirect = false;
  while (!fields.done) {
    const field = fields.next('a field of the distribution point');
    if (field.tag === context(4)) isIndirect = field.content[0] !== 0;
  }
  return isIndirect;
}

/**
 * Why this certificate does not vouch for the list; undefined where it does: the name is the same
 * byte by byte, it may sign lists (RFC 5280, section 6.3.3 (f)), and the signature verifies. As in
 * Go, a certificate without key usage may sign; its dates are not looked at.
 */
export function revocationListRefusal(
  list: RevocationList,
  issuer: Certificate,
): string | undefined {
  if (!isNamedAs(list, issuer)) return 'the list is of another issuer';
  if (issuer.version === 3 && issuer.basicConstraints?.ca !== true) return 'its issuer is no CA';
  if (issuer.keyUsage?.includes('cRLSign') === false) {
    return "the key usage of its issuer's certificate has no cRLSign";
  }
  const { der, tbs, signature, signatureAlgorithm } = list;
  const weak = weakHash(signatureAlgorithm);
  if (weak !== undefined) return `it is signed with ${weak}, which is not accepted any more`;
  return verifySigned(signatureAlgorithmOf(der), issuer.spki, tbs, signature)
    ? undefined
    : 'its signature does not verify';
}

/** Whether the certificate has the name of the list's issuer. */
export const isNamedAs = ({ issuerDer }: RevocationList, { subjectDer }: Certificate): boolean =>
  Buffer.compare(issuerDer, subjectDer) === 0;
