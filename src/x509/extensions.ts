/**
 * The extensions of certificates and requests (RFC 5280, section 4.2): the six that Kubernetes
 * uses, written as Go writes them (order of bits and usages, what is critical) and read as
 * strictly as Go reads them. Others are kept as they stand.
 */
import { KubepkiError } from '../errors.ts';
import { type DerElement, DerReader, malformed } from './der/reader.ts';
import { context, contextConstructed, Tag } from './der/tag.ts';
import { readBoolean, readNamedBits, readOid, readSmallInteger } from './der/values.ts';
import {
  boolean,
  element,
  namedBits,
  octetString,
  oid,
  sequence,
  smallInteger,
} from './der/writer.ts';
import { encodeGeneralNames, readGeneralNames } from './general-names.ts';
import { EXTENSION_TYPES } from './oids.ts';
import {
  type DecodedExtensions,
  EXTENDED_KEY_USAGES,
  type ExtendedKeyUsage,
  type Extension,
  KEY_USAGES,
  type KeyUsage,
  type SubjectAltNames,
} from './types.ts';

const CRITICAL = boolean(true);

/** The bytes before the value: type and criticality, made once each. */
function head(dotted: string, critical: boolean): Uint8Array {
  return critical ? Buffer.concat([oid(dotted), CRITICAL]) : oid(dotted);
}

const HEADS = {
  basicConstraints: head(EXTENSION_TYPES.basicConstraints, true),
  keyUsage: head(EXTENSION_TYPES.keyUsage, true),
  extendedKeyUsage: head(EXTENSION_TYPES.extendedKeyUsage, false),
  subjectAltName: head(EXTENSION_TYPES.subjectAltName, false),
  subjectAltNameCritical: head(EXTENSION_TYPES.subjectAltName, true),
  subjectKeyIdentifier: head(EXTENSION_TYPES.subjectKeyIdentifier, false),
  authorityKeyIdentifier: head(EXTENSION_TYPES.authorityKeyIdentifier, false),
};

/** DER of any extension. */
export function encodeExtension({ oid: dotted, critical, value }: Extension): Uint8Array {
  return sequence(head(dotted, critical), octetString(value));
}

/**
 * basicConstraints, critical.
 *
 * @throws KubepkiError INVALID_VALUE for a path length of a certificate that is not a CA's, or one
 *   that is not an integer from 0.
 */
export function encodeBasicConstraints(constraints: {
  readonly ca: boolean;
  readonly pathLength?: number;
}): Uint8Array {
  const { ca, pathLength } = constraints;
  const parts: Uint8Array[] = ca ? [CRITICAL] : [];
  if (pathLength !== undefined) {
    if (!ca || !Number.isSafeInteger(pathLength) || pathLength < 0) {
      throw new KubepkiError(
        'INVALID_VALUE',
        ca
          ? `basicConstraints: path length ${pathLength} is not an integer from 0`
          : 'basicConstraints: only a CA has a path length',
      );
    }
    parts.push(smallInteger(pathLength));
  }
  return sequence(HEADS.basicConstraints, octetString(sequence(...parts)));
}

/** keyUsage, critical; undefined where no usage is given, as Go leaves it out then. */
export function encodeKeyUsage(usages: readonly KeyUsage[]): Uint8Array | undefined {
  if (usages.length === 0) return undefined;
  const bits = usages.map((usage) => {
    const bit = KEY_USAGES.indexOf(usage);
    if (bit < 0) throw new TypeError(`expected a key usage, got ${JSON.stringify(usage)}`);
    return bit;
  });
  return sequence(HEADS.keyUsage, octetString(namedBits(bits)));
}

/** extendedKeyUsage, not critical, in the order of `EXTENDED_KEY_USAGES`; undefined where no usage is given. */
export function encodeExtendedKeyUsage(
  usages: readonly ExtendedKeyUsage[],
): Uint8Array | undefined {
  if (usages.length === 0) return undefined;
  const wanted = new Set<string>(usages);
  const oids: Uint8Array[] = [];
  for (const [name, dotted] of Object.entries(EXTENDED_KEY_USAGES)) {
    if (wanted.delete(name)) oids.push(oid(dotted));
  }
  if (wanted.size > 0) {
    throw new TypeError(`expected an extended key usage, got ${JSON.stringify([...wanted][0])}`);
  }
  return sequence(HEADS.extendedKeyUsage, octetString(sequence(...oids)));
}

/**
 * subjectAltName; undefined where there are no names. Critical only beside an empty subject
 * (RFC 5280, section 4.2.1.6).
 *
 * @throws KubepkiError INVALID_VALUE for a name that does not fit its kind.
 */
export function encodeSubjectAltNames(
  names: Partial<SubjectAltNames>,
  critical: boolean,
): Uint8Array | undefined {
  const value = encodeGeneralNames(names);
  if (value === undefined) return undefined;
  const start = critical ? HEADS.subjectAltNameCritical : HEADS.subjectAltName;
  return sequence(start, octetString(value));
}

/** subjectKeyIdentifier, not critical. */
export function encodeSubjectKeyId(id: Uint8Array): Uint8Array {
  return sequence(HEADS.subjectKeyIdentifier, octetString(octetString(id)));
}

/** authorityKeyIdentifier with a key identifier only, not critical. */
export function encodeAuthorityKeyId(id: Uint8Array): Uint8Array {
  return sequence(HEADS.authorityKeyIdentifier, octetString(sequence(element(context(0), id))));
}

/**
 * Reads Extensions (a SEQUENCE OF) into what stands there and what it says.
 *
 * Refuses what is malformed, an extension that occurs twice, and a key identifier or
 * authorityInfoAccess marked critical (RFC 5280, sections 4.2.1.1, 4.2.1.2 and 4.2.2.1; Go
 * refuses these as well).
 */
export function readExtensions(sequences: readonly DerElement[]): {
  extensions: Extension[];
  decoded: DecodedExtensions;
} {
  const extensions: Extension[] = [];
  const decoded: Writable<DecodedExtensions> = {};
  const seen = new Set<string>();
  for (const outer of sequences) {
    const reader = DerReader.inside(outer);
    while (!reader.done) {
      const { extension, value, offset } = readExtension(reader);
      if (seen.has(extension.oid)) {
        throw malformed(offset, `extension ${extension.oid} occurs twice`);
      }
      seen.add(extension.oid);
      extensions.push(extension);
      decode(extension, value, decoded);
    }
  }
  return { extensions, decoded };
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

function readExtension(reader: DerReader): {
  extension: Extension;
  value: DerElement;
  offset: number;
} {
  const { offset } = reader;
  const fields = reader.sequence('an extension');
  const dotted = readOid(fields.expect(Tag.oid, 'the type of an extension'));
  // DER leaves a FALSE out, but certificates in the field have it; Go and OpenSSL read them.
  const flag = fields.optional(Tag.boolean, 'whether an extension is critical');
  const critical = flag !== undefined && readBoolean(flag);
  const value = fields.expect(Tag.octetString, 'the value of an extension');
  fields.end('the value of an extension');
  return { extension: { oid: dotted, critical, value: value.content }, value, offset };
}

function decode(
  { oid: dotted, critical }: Extension,
  octets: DerElement,
  decoded: Writable<DecodedExtensions>,
): void {
  const inner = new DerReader(octets.content, octets.contentOffset, octets.depth + 1);
  switch (dotted) {
    case EXTENSION_TYPES.basicConstraints:
      decoded.basicConstraints = readBasicConstraints(inner);
      break;
    case EXTENSION_TYPES.keyUsage:
      decoded.keyUsage = readKeyUsage(inner);
      break;
    case EXTENSION_TYPES.extendedKeyUsage:
      decoded.extendedKeyUsage = readExtendedKeyUsage(inner);
      break;
    case EXTENSION_TYPES.subjectAltName:
      decoded.subjectAltNames = readGeneralNames(
        inner.expect(Tag.sequence, 'the alternative names of the subject'),
      );
      break;
    case EXTENSION_TYPES.subjectKeyIdentifier:
      refuseCritical(critical, octets, 'subjectKeyIdentifier');
      decoded.subjectKeyId = inner.expect(Tag.octetString, 'the subject key identifier').content;
      break;
    case EXTENSION_TYPES.authorityKeyIdentifier: {
      refuseCritical(critical, octets, 'authorityKeyIdentifier');
      const id = readAuthorityKeyId(inner);
      if (id !== undefined) decoded.authorityKeyId = id;
      break;
    }
    case EXTENSION_TYPES.authorityInfoAccess:
      refuseCritical(critical, octets, 'authorityInfoAccess');
      return;
    default:
      return;
  }
  inner.end('the value of an extension');
}

function refuseCritical(critical: boolean, octets: DerElement, name: string): void {
  if (critical) throw malformed(octets.offset, `${name} is marked critical`);
}

function readBasicConstraints(inner: DerReader): { ca: boolean; pathLength?: number } {
  const fields = inner.sequence('the basic constraints');
  // An explicit FALSE is met often (it is no DER); Go and OpenSSL read it.
  const flag = fields.optional(Tag.boolean, 'whether this is a CA');
  const ca = flag !== undefined && readBoolean(flag);
  const length = fields.optional(Tag.integer, 'the path length');
  fields.end('the basic constraints');
  return length === undefined ? { ca } : { ca, pathLength: readSmallInteger(length) };
}

function readKeyUsage(inner: DerReader): KeyUsage[] {
  const usages: KeyUsage[] = [];
  for (const bit of readNamedBits(inner.expect(Tag.bitString, 'the key usage'))) {
    const usage = KEY_USAGES[bit];
    if (usage !== undefined) usages.push(usage);
  }
  return usages;
}

const USAGE_NAMES = new Map<string, string>(
  Object.entries(EXTENDED_KEY_USAGES).map(([name, dotted]) => [dotted, name]),
);

function readExtendedKeyUsage(inner: DerReader): string[] {
  const usages: string[] = [];
  const oids = inner.sequence('the extended key usages');
  while (!oids.done) {
    const dotted = readOid(oids.expect(Tag.oid, 'an extended key usage'));
    usages.push(USAGE_NAMES.get(dotted) ?? dotted);
  }
  return usages;
}

/** The key identifier; issuer and serial number may stand beside it and are not used, as in Go. */
function readAuthorityKeyId(inner: DerReader): Uint8Array | undefined {
  const fields = inner.sequence('the authority key identifier');
  const id = fields.optional(context(0), 'the key identifier')?.content;
  fields.optional(contextConstructed(1), "the authority's issuer");
  fields.optional(context(2), "the authority's serial number");
  fields.end('the authority key identifier');
  return id;
}
