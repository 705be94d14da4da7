/**
 * Writes DER. Plain functions from parts to bytes: what never changes in a certificate is encoded
 * once by the caller and passed in as bytes again, so that issuing costs little more than signing.
 */
import { Tag } from './tag.ts';
import { MAX_OID_ARC } from './values.ts';

/** How many bytes the header of an element takes: tag and length, the length in its shortest form. */
function headerSize(length: number): number {
  if (length < 0x80) return 2;
  if (length < 0x100) return 3;
  if (length < 0x10000) return 4;
  return length < 0x1000000 ? 5 : 6;
}

/** One element with the given content, in one allocation. */
export const element = (tag: number, ...parts: readonly Uint8Array[]): Uint8Array =>
  elementOf(tag, parts);

/** As `element`, for parts that may be too many to be arguments of a call. */
export function elementOf(tag: number, parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  let position = headerSize(length);
  const bytes = Buffer.allocUnsafe(position + length);
  writeHeader(bytes, tag, length, position);
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}

/** An element whose content is text of which every character is one byte (ASCII or Latin-1). */
export function textElement(tag: number, text: string): Uint8Array {
  const { length } = text;
  const start = headerSize(length);
  const bytes = Buffer.allocUnsafe(start + length);
  writeHeader(bytes, tag, length, start);
  for (let i = 0; i < length; i++) bytes[start + i] = text.charCodeAt(i);
  return bytes;
}

function writeHeader(bytes: Uint8Array, tag: number, length: number, size: number): void {
  bytes[0] = tag;
  if (size === 2) {
    bytes[1] = length;
    return;
  }
  bytes[1] = 0x80 | (size - 2);
  for (let i = size - 1, rest = length; i > 1; i--, rest = rest >>> 8) bytes[i] = rest;
}

export const sequence = (...parts: readonly Uint8Array[]): Uint8Array =>
  elementOf(Tag.sequence, parts);

/** A SEQUENCE OF as many parts as there are. */
export const sequenceOf = (parts: readonly Uint8Array[]): Uint8Array =>
  elementOf(Tag.sequence, parts);

/** A SET OF: DER wants the encodings in ascending order (X.690, section 11.6). */
export const setOf = (parts: readonly Uint8Array[]): Uint8Array =>
  elementOf(Tag.set, parts.length > 1 ? parts.toSorted((a, b) => Buffer.compare(a, b)) : parts);

export const octetString = (content: Uint8Array): Uint8Array => element(Tag.octetString, content);

const NO_UNUSED_BITS = Uint8Array.of(0);

/** A BIT STRING of whole bytes. */
export const bitString = (content: Uint8Array): Uint8Array =>
  element(Tag.bitString, NO_UNUSED_BITS, content);

/** A BIT STRING of named bits: bit 0 first, trailing zero bits dropped (X.690, section 11.2.2). */
export function namedBits(bits: readonly number[]): Uint8Array {
  const highest = Math.max(-1, ...bits);
  const content = new Uint8Array(1 + ((highest >> 3) + 1));
  for (const bit of bits) {
    const at = 1 + (bit >> 3);
    content[at] = (content[at] ?? 0) | (0x80 >> (bit & 7));
  }
  content[0] = highest < 0 ? 0 : 7 - (highest & 7);
  return element(Tag.bitString, content);
}

export const boolean = (value: boolean): Uint8Array =>
  Uint8Array.of(Tag.boolean, 1, value ? 0xff : 0);

export const nul = (): Uint8Array => Uint8Array.of(Tag.null, 0);

/** A non-negative INTEGER from big-endian bytes: leading zeros dropped, one put back where the top bit is set. */
export function unsignedInteger(magnitude: Uint8Array): Uint8Array {
  let start = 0;
  while (start < magnitude.length - 1 && magnitude[start] === 0) start++;
  const trimmed = magnitude.length === 0 ? Uint8Array.of(0) : magnitude.subarray(start);
  return (trimmed[0] ?? 0) >= 0x80
    ? element(Tag.integer, Uint8Array.of(0), trimmed)
    : element(Tag.integer, trimmed);
}

export const smallInteger = (value: number): Uint8Array => {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`expected a non-negative integer, got ${value}`);
  }
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return unsignedInteger(Uint8Array.from(bytes));
};

const DOTTED = /^(?:[01]\.[1-3]?[0-9]|2\.(?:0|[1-9][0-9]*))(?:\.(?:0|[1-9][0-9]*))*$/;

/** An OBJECT IDENTIFIER from its dotted form; below the roots 0 and 1 the second arc ends at 39 (X.660). */
export function oid(dotted: string): Uint8Array {
  if (!DOTTED.test(dotted)) throw new RangeError(`expected an OID, got ${dotted}`);
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    if (arc > MAX_OID_ARC) {
      throw new RangeError(`expected an OID with arcs below 2^31, got ${dotted}`);
    }
    const septets = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) {
      septets.unshift((left % 128) | 0x80);
    }
    bytes.push(...septets);
  }
  return element(Tag.oid, Uint8Array.from(bytes));
}

/**
 * A time as certificates carry it: UTCTime up to 2049, GeneralizedTime after, whole seconds, Zulu
 * (RFC 5280, section 4.1.2.5).
 */
export function time(date: Date): Uint8Array {
  const iso = date.toISOString();
  if (iso.length !== 24) throw new RangeError(`expected a year from 0000 to 9999, got ${iso}`);
  const digits = `${iso.slice(0, 19).replace(/[-:T]/g, '')}Z`;
  const year = date.getUTCFullYear();
  return year >= 1950 && year < 2050
    ? element(Tag.utcTime, Buffer.from(digits.slice(2), 'latin1'))
    : element(Tag.generalizedTime, Buffer.from(digits, 'latin1'));
}
