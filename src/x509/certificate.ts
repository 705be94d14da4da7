/** Reads certificates (RFC 5280, section 4.1). */
import { KubepkiError } from '../errors.ts';
import { readAlgorithmIdentifier } from './algorithm-identifier.ts';
import { type DerElement, DerReader, malformed } from './der/reader.ts';
import { context, contextConstructed, Tag } from './der/tag.ts';
import {
  readBitString,
  readBitStringBytes,
  readIntegerBytes,
  readSmallInteger,
  readTime,
} from './der/values.ts';
import { readExtensions } from './extensions.ts';
import { curveOfType, isOnCurve } from './keys/curve.ts';
import { keyTypeOfSpki, publicKeyBits } from './keys/spki.ts';
import { readName } from './name.ts';
import { decodePem, noSuchBlock } from './pem.ts';
import type { Certificate } from './types.ts';

/**
 * Reads one certificate and nothing after it.
 *
 * What Go's parser refuses is refused: a negative serial number, two signature algorithms that
 * differ, an unknown version, an extension that occurs twice, bad names, malformed extensions
 * among those that are decoded, a malformed public key of a known algorithm. In addition whatever
 * is not DER, which Go lets pass in places: bytes after the last field of a structure, times with
 * a zone or without seconds, a signature that is not of whole bytes, extensions in a certificate
 * that is not version 3. Serial numbers above 20 bytes are read, as Go does: RFC 5280, section
 * 4.1.2.2 asks readers to cope with them.
 *
 * @throws KubepkiError MALFORMED_DER
 */
export function parseCertificate(der: Uint8Array): Certificate {
  const outer = DerReader.inside(DerReader.single(der, Tag.sequence, 'the certificate'));
  const tbs = outer.expect(Tag.sequence, 'the signed part of the certificate');
  const algorithmOffset = outer.offset;
  const algorithm = readAlgorithmIdentifier(outer, 'the signature algorithm');
  const signature = readBitStringBytes(outer.expect(Tag.bitString, 'the signature'));
  outer.end('the signature');

  const fields = DerReader.inside(tbs);
  const version = readVersion(fields);
  const serialNumber = readSerialNumber(fields.expect(Tag.integer, 'the serial number'));
  const inner = readAlgorithmIdentifier(fields, 'the signature algorithm');
  if (Buffer.compare(inner.bytes, algorithm.bytes) !== 0) {
    throw malformed(algorithmOffset, 'the two signature algorithms differ');
  }
  const issuer = fields.expect(Tag.sequence, 'the issuer');
  const issuerName = readName(issuer);
  const validity = fields.sequence('the validity');
  const notBefore = readTime(validity.next('the start of the validity'));
  const notAfter = readTime(validity.next('the end of the validity'));
  validity.end('the validity');
  const subject = fields.expect(Tag.sequence, 'the subject');
  const subjectName = readName(subject);
  const spki = fields.expect(Tag.sequence, 'the public key');
  const keyType = readKeyType(spki);
  const { extensions, decoded } = readTail(fields, version);
  return {
    der,
    tbs: tbs.bytes,
    version,
    serialNumber,
    signatureAlgorithm: algorithm.oid,
    signature,
    issuer: issuerName,
    issuerDer: issuer.bytes,
    subject: subjectName,
    subjectDer: subject.bytes,
    notBefore,
    notAfter,
    spki: spki.bytes,
    keyType,
    extensions,
    ...decoded,
  };
}

const VERSIONS = [1, 2, 3] as const;

/** An explicit version 1 is no DER, but met; Go and OpenSSL read it. */
function readVersion(fields: DerReader): 1 | 2 | 3 {
  const tagged = fields.optional(contextConstructed(0), 'the version');
  if (tagged === undefined) return 1;
  const reader = DerReader.inside(tagged);
  const version = VERSIONS[readSmallInteger(reader.expect(Tag.integer, 'the version'))];
  reader.end('the version');
  if (version === undefined) throw malformed(tagged.offset, 'a version other than 1, 2 and 3');
  return version;
}

function readSerialNumber(element: DerElement): Uint8Array {
  const bytes = readIntegerBytes(element);
  if ((bytes[0] ?? 0) >= 0x80) throw malformed(element.offset, 'a negative serial number');
  return bytes;
}

/**
 * The key's type; an EC key must be a point on its curve. The offsets inside count from the key's
 * own start, so the error is told where that is.
 */
export function readKeyType(spki: DerElement): string {
  try {
    const type = keyTypeOfSpki(spki.bytes);
    const curve = curveOfType(type);
    if (curve !== undefined && !isOnCurve(curve, publicKeyBits(spki.bytes))) {
      throw malformed(0, `not a point on the curve of ${type}`);
    }
    return type;
  } catch (cause) {
    if (!(cause instanceof KubepkiError)) throw cause;
    const reason = cause.message.replace(/^DER at byte \d+: /, '');
    throw new KubepkiError(cause.code, `DER at byte ${spki.offset}: in the public key, ${reason}`, {
      cause,
    });
  }
}

/** Implicitly tagged BIT STRINGs. */
const UNIQUE_IDENTIFIERS = [
  [1, "the issuer's unique identifier"],
  [2, "the subject's unique identifier"],
] as const;

/** What may follow the public key: unique identifiers from version 2 on, extensions in version 3. */
function readTail(fields: DerReader, version: 1 | 2 | 3): ReturnType<typeof readExtensions> {
  const sequences: DerElement[] = [];
  if (version >= 2) {
    for (const [number, what] of UNIQUE_IDENTIFIERS) {
      const identifier = fields.optional(context(number), what);
      if (identifier !== undefined) readBitString(identifier);
    }
  }
  const tagged =
    version === 3 ? fields.optional(contextConstructed(3), 'the extensions') : undefined;
  fields.end('the signed part of the certificate');
  if (tagged !== undefined) {
    const reader = DerReader.inside(tagged);
    sequences.push(reader.expect(Tag.sequence, 'the extensions'));
    reader.end('the extensions');
  }
  return readExtensions(sequences);
}

/**
 * Every certificate of a PEM text, in order: blocks labelled CERTIFICATE without PEM headers, as
 * client-go reads them; others are passed over.
 *
 * @throws KubepkiError MALFORMED_PEM if there is none, MALFORMED_DER if one of them cannot be read.
 */
export function readCertificates(pem: string | Uint8Array): [Certificate, ...Certificate[]] {
  const blocks = decodePem(pem);
  const wanted = blocks.filter(
    ({ label, headers }) => label === 'CERTIFICATE' && headers.size === 0,
  );
  const [first, ...others] = wanted.map(({ bytes }, index) => {
    try {
      return parseCertificate(bytes);
    } catch (cause) {
      if (!(cause instanceof KubepkiError)) throw cause;
      const which = `certificate ${index + 1} of ${wanted.length}`;
      throw new KubepkiError(cause.code, `${which}: ${cause.message}`, { cause });
    }
  });
  if (first === undefined) throw noSuchBlock(['CERTIFICATE'], blocks, 'certificates');
  return [first, ...others];
}

/** The serial number in lower-case hex, whole bytes, without the zero byte that keeps it positive. */
export function serialHex({ serialNumber }: Pick<Certificate, 'serialNumber'>): string {
  const padded = serialNumber.length > 1 && serialNumber[0] === 0;
  return Buffer.from(padded ? serialNumber.subarray(1) : serialNumber).toString('hex');
}
