/** The character strings of names, read by the rules of Go's certificate parser and written as Go writes them. */
import { isAscii, isUtf8 } from 'node:buffer';
import { KubepkiError } from '../../errors.ts';
import { type DerElement, malformed } from './reader.ts';
import { Tag, tagName } from './tag.ts';
import { element, textElement } from './writer.ts';

/** PrintableString as it is met: `*` and `&` do not belong to it, but certificates have them. */
const PRINTABLE_AS_MET = /^[A-Za-z0-9'()*+,\-./:=? &]*$/;
const PRINTABLE = /^[A-Za-z0-9'()+,\-./:=? ]*$/;
const NUMERIC = /^[0-9 ]*$/;

/**
 * The text of a string element, whichever of the types of a DirectoryString (RFC 5280, section
 * 4.1.2.4) or IA5String or NumericString it is; what the type does not allow is refused.
 */
export function readString(element: DerElement): string {
  const { tag, offset, content } = element;
  const bytes = Buffer.from(content.buffer, content.byteOffset, content.byteLength);
  switch (tag) {
    case Tag.utf8String:
      if (!isUtf8(bytes)) throw invalid(element);
      return bytes.toString('utf8');
    case Tag.printableString:
      return matching(element, bytes.toString('latin1'), PRINTABLE_AS_MET);
    case Tag.numericString:
      return matching(element, bytes.toString('latin1'), NUMERIC);
    case Tag.ia5String:
      if (!isAscii(bytes)) throw invalid(element);
      return bytes.toString('latin1');
    case Tag.t61String:
      // Nobody implements T.61's code pages; Go, BoringSSL and OpenSSL read it as Latin-1.
      return bytes.toString('latin1');
    case Tag.bmpString:
      return readBmpString(element, bytes);
    case Tag.universalString:
      return readUniversalString(element, bytes);
    default:
      throw malformed(offset, `expected a character string, got ${tagName(tag)}`);
  }
}

function matching(element: DerElement, text: string, allowed: RegExp): string {
  if (!allowed.test(text)) throw invalid(element);
  return text;
}

function invalid(element: DerElement): KubepkiError {
  return malformed(element.offset, `a ${tagName(element.tag)} with characters it cannot have`);
}

/** UCS-2, big-endian. A NUL at the end is a terminator; surrogates and non-characters are refused. */
function readBmpString(element: DerElement, bytes: Buffer): string {
  if (bytes.length % 2 !== 0) throw invalid(element);
  let length = bytes.length;
  if (length >= 2 && bytes.readUInt16BE(length - 2) === 0) length -= 2;
  for (let i = 0; i < length; i += 2) {
    const unit = bytes.readUInt16BE(i);
    const refused =
      (unit >= 0xd800 && unit <= 0xdfff) || (unit >= 0xfdd0 && unit <= 0xfdef) || unit >= 0xfffe;
    if (refused) throw invalid(element);
  }
  return Buffer.from(bytes.subarray(0, length)).swap16().toString('utf16le');
}

/** UCS-4, big-endian. */
function readUniversalString(element: DerElement, bytes: Buffer): string {
  if (bytes.length % 4 !== 0) throw invalid(element);
  const units: string[] = [];
  for (let i = 0; i < bytes.length; i += 4) {
    const point = bytes.readUInt32BE(i);
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) throw invalid(element);
    units.push(String.fromCodePoint(point));
  }
  return units.join('');
}

/**
 * A string as Go encodes it: PrintableString where every character belongs to that type, else
 * UTF8String.
 *
 * @throws KubepkiError INVALID_VALUE for a string with half a surrogate pair, which has no UTF-8.
 */
export function directoryString(text: string): Uint8Array {
  if (PRINTABLE.test(text)) return textElement(Tag.printableString, text);
  if (!text.isWellFormed()) {
    throw new KubepkiError('INVALID_VALUE', 'a name holds half of a UTF-16 surrogate pair');
  }
  return element(Tag.utf8String, Buffer.from(text, 'utf8'));
}

/** An IA5String, or undefined where the text is not ASCII. */
export function ia5String(text: string): Uint8Array | undefined {
  const bytes = Buffer.from(text, 'utf8');
  return isAscii(bytes) ? element(Tag.ia5String, bytes) : undefined;
}
