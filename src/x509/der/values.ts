/** Reads the primitive values inside DER elements, each as strictly as X.690 asks. */
import { type DerElement, malformed } from './reader.ts';
import { Tag, tagName } from './tag.ts';

/** BOOLEAN: 0xff or 0x00, nothing else (X.690, section 11.1). */
export function readBoolean(element: DerElement): boolean {
  const [value] = element.content;
  if (element.content.length !== 1 || (value !== 0 && value !== 0xff)) {
    throw malformed(element.offset, 'a BOOLEAN that is neither TRUE (ff) nor FALSE (00)');
  }
  return value === 0xff;
}

/** INTEGER: its two's-complement bytes, in the shortest form (X.690, section 8.3.2). */
export function readIntegerBytes(element: DerElement): Uint8Array {
  const { content, offset } = element;
  const [first, second] = content;
  if (first === undefined) throw malformed(offset, 'an INTEGER without content');
  if (second !== undefined) {
    const redundant = (first === 0 && second < 0x80) || (first === 0xff && second >= 0x80);
    if (redundant) throw malformed(offset, 'an INTEGER that is not in its shortest form');
  }
  return content;
}

/** INTEGER as a number; refused where it is negative or above `max`. */
export function readSmallInteger(element: DerElement, max = 0x7fffffff): number {
  const bytes = readIntegerBytes(element);
  if ((bytes[0] ?? 0) >= 0x80) throw malformed(element.offset, 'a negative INTEGER');
  if (bytes.length > 6) throw malformed(element.offset, `an INTEGER above ${max}`);
  let value = 0;
  for (const byte of bytes) value = value * 256 + byte;
  if (value > max) throw malformed(element.offset, `an INTEGER above ${max}`);
  return value;
}

/** The largest arc that Go's parser takes; X.690 has no limit, and nothing in use comes near. */
export const MAX_OID_ARC = 0x7fffffff;

/** OBJECT IDENTIFIER in dotted form. Arcs above `MAX_OID_ARC` are refused. */
export function readOid(element: DerElement): string {
  const { content, offset } = element;
  const arcs: number[] = [];
  let arc = 0;
  let inside = false;
  for (const byte of content) {
    if (!inside && byte === 0x80)
      throw malformed(offset, 'an OBJECT IDENTIFIER arc with a leading zero');
    arc = arc * 128 + (byte & 0x7f);
    if (arc > MAX_OID_ARC) throw malformed(offset, 'an OBJECT IDENTIFIER arc above 2^31 - 1');
    inside = byte >= 0x80;
    if (!inside) {
      arcs.push(arc);
      arc = 0;
    }
  }
  const first = arcs[0];
  if (first === undefined || inside)
    throw malformed(offset, 'an OBJECT IDENTIFIER that ends inside an arc');
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...arcs.slice(1)].join('.');
}

/** BIT STRING: its bytes and how many bits of the last one are unused (these must be zero). */
export function readBitString(element: DerElement): { bytes: Uint8Array; unused: number } {
  const { content, offset } = element;
  const unused = content[0];
  if (unused === undefined || unused > 7 || (unused > 0 && content.length === 1)) {
    throw malformed(offset, 'a BIT STRING with an impossible count of unused bits');
  }
  const last = content[content.length - 1] ?? 0;
  if (unused > 0 && (last & ((1 << unused) - 1)) !== 0) {
    throw malformed(offset, 'a BIT STRING with unused bits that are not zero');
  }
  return { bytes: content.subarray(1), unused };
}

/** BIT STRING of whole bytes, as keys and signatures are. */
export function readBitStringBytes(element: DerElement): Uint8Array {
  const { bytes, unused } = readBitString(element);
  if (unused !== 0) throw malformed(element.offset, 'a BIT STRING that is not of whole bytes');
  return bytes;
}

/** BIT STRING of named bits: the numbers of those that are set; trailing zero bits are refused. */
export function readNamedBits(element: DerElement): number[] {
  const { bytes, unused } = readBitString(element);
  const set: number[] = [];
  for (let bit = 0; bit < bytes.length * 8 - unused; bit++) {
    if (((bytes[bit >> 3] ?? 0) & (0x80 >> (bit & 7))) !== 0) set.push(bit);
  }
  if (bytes.length > 0 && set.at(-1) !== bytes.length * 8 - unused - 1) {
    throw malformed(element.offset, 'named bits with zero bits at the end');
  }
  return set;
}

const UTC_TIME = /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/;
const GENERALIZED_TIME = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/;

/** UTCTime or GeneralizedTime with seconds and Zulu, of a real date (RFC 5280, section 4.1.2.5). */
export function readTime(element: DerElement): Date {
  const text = Buffer.from(element.content).toString('latin1');
  const utc = element.tag === Tag.utcTime;
  if (!utc && element.tag !== Tag.generalizedTime) {
    throw malformed(element.offset, `expected a time, got ${tagName(element.tag)}`);
  }
  const parts = (utc ? UTC_TIME : GENERALIZED_TIME).exec(text)?.slice(1).map(Number);
  if (parts === undefined)
    throw malformed(element.offset, 'a time not of the form YYMMDDhhmmssZ or YYYYMMDDhhmmssZ');
  const [first = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  const year = utc ? (first >= 50 ? 1900 + first : 2000 + first) : first;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const real =
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second;
  if (!real) throw malformed(element.offset, `a date that does not exist: ${text}`);
  return date;
}

/** Refuses a primitive value that its universal type does not allow, for places where any type may stand. */
export function checkValue(element: DerElement): void {
  const { tag, content, offset } = element;
  if (tag === Tag.null && content.length > 0) throw malformed(offset, 'a NULL with content');
  if (tag === Tag.boolean) readBoolean(element);
  else if (tag === Tag.integer) readIntegerBytes(element);
  else if (tag === Tag.bitString) readBitString(element);
  else if (tag === Tag.oid) readOid(element);
}
