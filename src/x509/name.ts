/** Distinguished names: made, read and written as DER. Their text form is in `name-text.ts`. */
import { KubepkiError } from '../errors.ts';
import { type DerElement, DerReader, malformed } from './der/reader.ts';
import { directoryString, ia5String, readString } from './der/strings.ts';
import { Tag } from './der/tag.ts';
import { readOid } from './der/values.ts';
import { oid, sequence, sequenceOf, setOf } from './der/writer.ts';
import { ATTRIBUTE_TYPES } from './oids.ts';
import type { Name, NameAttribute } from './types.ts';

export { formatName, parseName } from './name-text.ts';

/**
 * Reads a name from its DER and nothing after it.
 *
 * @throws KubepkiError MALFORMED_DER
 */
export const decodeName = (der: Uint8Array): Name =>
  readName(DerReader.single(der, Tag.sequence, 'the name'));

/** The common name, or undefined. Of several the last one counts, as in Go: it is the user name of a client certificate. */
export function commonName(name: Name): string | undefined {
  return valuesOf(name, ATTRIBUTE_TYPES.CN).at(-1);
}

/** Every organization in the order of the name: the groups of a client certificate. */
export function organizations(name: Name): string[] {
  return valuesOf(name, ATTRIBUTE_TYPES.O);
}

function valuesOf(name: Name, type: string): string[] {
  const values: string[] = [];
  for (const rdn of name) {
    for (const attribute of rdn) if (attribute.type === type) values.push(attribute.value);
  }
  return values;
}

/** The parts of a name, as Go's `pkix.Name` has them. */
export interface NameParts {
  readonly country?: string | readonly string[] | undefined;
  readonly province?: string | readonly string[] | undefined;
  readonly locality?: string | readonly string[] | undefined;
  readonly streetAddress?: string | readonly string[] | undefined;
  readonly postalCode?: string | readonly string[] | undefined;
  readonly organizations?: readonly string[] | undefined;
  readonly organizationalUnits?: readonly string[] | undefined;
  readonly commonName?: string | undefined;
  readonly serialNumber?: string | undefined;
}

/**
 * A name with its RDNs in the order of Go's `pkix.Name.ToRDNSequence`: C, ST, L, STREET,
 * postalCode, O, OU, CN, SERIALNUMBER. Several values of one part share one multi-valued RDN. An
 * empty common name or serial number is left out.
 */
export function makeName(parts: NameParts): Name {
  const name: NameAttribute[][] = [];
  const add = (type: string, values: string | readonly string[] | undefined): void => {
    const list = typeof values === 'string' ? [values] : (values ?? []);
    if (list.length > 0) name.push(list.map((value) => ({ type, value })));
  };
  add(ATTRIBUTE_TYPES.C, parts.country);
  add(ATTRIBUTE_TYPES.ST, parts.province);
  add(ATTRIBUTE_TYPES.L, parts.locality);
  add(ATTRIBUTE_TYPES.STREET, parts.streetAddress);
  add(ATTRIBUTE_TYPES.postalCode, parts.postalCode);
  add(ATTRIBUTE_TYPES.O, parts.organizations);
  add(ATTRIBUTE_TYPES.OU, parts.organizationalUnits);
  add(ATTRIBUTE_TYPES.CN, parts.commonName === '' ? undefined : parts.commonName);
  add(ATTRIBUTE_TYPES.SERIALNUMBER, parts.serialNumber === '' ? undefined : parts.serialNumber);
  return name;
}

const TYPE_DER = new Map<string, Uint8Array>(
  Object.values(ATTRIBUTE_TYPES).map((dotted) => [dotted, oid(dotted)]),
);

/** RFC 5280, section 4.1.2.6 and appendix A.1: these two are IA5Strings, never a DirectoryString. */
const IA5_TYPES: ReadonlySet<string> = new Set([ATTRIBUTE_TYPES.DC, ATTRIBUTE_TYPES.emailAddress]);

/**
 * DER of a name. Values are PrintableString where Go would choose that, else UTF8String.
 *
 * @throws KubepkiError INVALID_VALUE for an RDN without attributes or text that has no UTF-8.
 */
export function encodeName(name: Name): Uint8Array {
  return sequenceOf(name.map(encodeRdn));
}

function encodeRdn(rdn: readonly NameAttribute[]): Uint8Array {
  if (rdn.length === 0) {
    throw new KubepkiError('INVALID_VALUE', 'a name has an RDN without attributes');
  }
  return setOf(rdn.map(encodeAttribute));
}

function encodeAttribute({ type, value }: NameAttribute): Uint8Array {
  const ia5 = IA5_TYPES.has(type) ? ia5String(value) : undefined;
  return sequence(TYPE_DER.get(type) ?? oid(type), ia5 ?? directoryString(value));
}

/**
 * Reads a Name. The attributes of a multi-valued RDN stay in the order in which they are encoded;
 * that this is the sorted one is not asked for, as neither Go nor OpenSSL does.
 */
export function readName(element: DerElement): Name {
  const rdns = DerReader.inside(element);
  const name: NameAttribute[][] = [];
  while (!rdns.done) name.push(readRdn(rdns.expect(Tag.set, 'an RDN')));
  return name;
}

function readRdn(element: DerElement): NameAttribute[] {
  const attributes = DerReader.inside(element);
  const rdn: NameAttribute[] = [];
  while (!attributes.done) {
    const attribute = attributes.sequence('an attribute of a name');
    const type = readOid(attribute.expect(Tag.oid, 'the type of an attribute'));
    const value = readString(attribute.next('the value of an attribute'));
    attribute.end('the value of an attribute');
    rdn.push({ type, value });
  }
  if (rdn.length === 0) throw malformed(element.offset, 'an RDN without attributes');
  return rdn;
}
