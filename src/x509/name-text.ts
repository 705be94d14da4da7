/** The text form of distinguished names (RFC 4514). */
import { isUtf8 } from 'node:buffer';
import { KubepkiError, quoted } from '../errors.ts';
import { DerReader } from './der/reader.ts';
import { directoryString, readString } from './der/strings.ts';
import { oid } from './der/writer.ts';
import { attributeTypeName, attributeTypeOid } from './oids.ts';
import type { Name, NameAttribute } from './types.ts';

/**
 * A name as an RFC 4514 string: last RDN first, attributes of one RDN joined by `+`. Types without
 * a short name appear as OID with the value's DER in hex. Control and format characters are
 * escaped too, so that a hostile name cannot write to a terminal.
 */
export function formatName(name: Name): string {
  return [...name]
    .reverse()
    .map((rdn) => rdn.map(formatAttribute).join('+'))
    .join(',');
}

function formatAttribute({ type, value }: NameAttribute): string {
  const short = attributeTypeName(type);
  return short === undefined
    ? `${type}=#${Buffer.from(directoryString(value)).toString('hex')}`
    : `${short}=${escapeValue(value)}`;
}

const INVISIBLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** RFC 4514, section 2.4. */
function escapeValue(value: string): string {
  const escaped = value
    .replace(/["+,;<>\\]/g, '\\$&')
    .replace(/^[ #]/, '\\$&')
    .replace(INVISIBLE, hexEscaped);
  const endsWithSpace = value.length > 1 && value.endsWith(' ');
  return endsWithSpace ? `${escaped.slice(0, -1)}\\ ` : escaped;
}

const hexEscaped = (char: string): string =>
  Buffer.from(char, 'utf8').toString('hex').toUpperCase().replace(/../g, '\\$&');

const MAX_NAME_CHARACTERS = 65_536;

/**
 * Reads an RFC 4514 string. Beyond the RFC, spaces around `=`, `+` and `,` are allowed, since
 * people write them. Types are short names (any case) or OIDs. An empty string is the empty name.
 *
 * @throws KubepkiError INVALID_VALUE, saying at which character.
 */
export function parseName(text: string): Name {
  if (text.length > MAX_NAME_CHARACTERS) {
    throw new KubepkiError(
      'INVALID_VALUE',
      `distinguished name: ${text.length} characters, more than the limit of ${MAX_NAME_CHARACTERS}`,
    );
  }
  if (!text.isWellFormed()) {
    throw new KubepkiError(
      'INVALID_VALUE',
      'distinguished name: a value that is not UTF-8, but half of a surrogate pair',
    );
  }
  return new NameParser(text).name().reverse();
}

const TYPE = /[A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)+/y;
const SPACES = / */y;
const HEX_STRING = /#([0-9A-Fa-f]*) */y;
const HEX_PAIR = /[0-9A-Fa-f]{2}/y;
const PLAIN = /[^\\+,"<>;\0]+/y;
const ESCAPABLE = ' "#+,;<=>\\';

class NameParser {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** All RDNs in the order of the text. */
  name(): NameAttribute[][] {
    this.#take(SPACES);
    if (this.#position === this.#text.length) return [];
    const name: NameAttribute[][] = [];
    do name.push(this.#rdn());
    while (this.#skip(','));
    if (this.#position < this.#text.length) {
      throw this.#invalid(
        `${quoted(String.fromCodePoint(this.#text.codePointAt(this.#position) ?? 0))} must be escaped`,
      );
    }
    return name;
  }

  #rdn(): NameAttribute[] {
    const rdn: NameAttribute[] = [];
    do rdn.push(this.#attribute());
    while (this.#skip('+'));
    return rdn;
  }

  #attribute(): NameAttribute {
    this.#take(SPACES);
    const type = this.#type();
    this.#take(SPACES);
    if (!this.#skip('=')) throw this.#invalid('expected "="');
    this.#take(SPACES);
    return {
      type,
      value: this.#text[this.#position] === '#' ? this.#hexValue() : this.#value(),
    };
  }

  #type(): string {
    const start = this.#position;
    const text = this.#take(TYPE);
    if (text === undefined) throw this.#invalid('expected an attribute type');
    if (/^[A-Za-z]/.test(text)) {
      const known = attributeTypeOid(text);
      if (known !== undefined) return known;
      throw this.#invalid(`unknown attribute type ${quoted(text, 40)}`, start);
    }
    try {
      oid(text);
    } catch {
      throw this.#invalid('an attribute type that is not an OID', start);
    }
    return text;
  }

  /** `#` and the value's BER in hex (RFC 4514, section 2.4); only DER of a character string is taken. */
  #hexValue(): string {
    const start = this.#position;
    const hex = this.#take(HEX_STRING)?.slice(1).trimEnd() ?? '';
    try {
      if (hex === '' || hex.length % 2 !== 0) throw new RangeError('expected whole bytes');
      return readString(DerReader.single(Buffer.from(hex, 'hex')));
    } catch (cause) {
      throw this.#invalid('expected the DER of a character string in hex after "#"', start, cause);
    }
  }

  #value(): string {
    const start = this.#position;
    const parts: Buffer[] = [];
    for (;;) {
      const plain = this.#take(PLAIN);
      if (plain !== undefined) {
        const next = this.#text[this.#position];
        // Spaces before an escape belong to the value, before a separator they do not.
        parts.push(Buffer.from(next === '\\' ? plain : trimSpacesAtEnd(plain), 'utf8'));
      } else if (this.#skip('\\')) {
        parts.push(this.#escaped());
      } else {
        break;
      }
    }
    const bytes = Buffer.concat(parts);
    if (!isUtf8(bytes)) {
      throw this.#invalid('a value that is not UTF-8', start);
    }
    return bytes.toString('utf8');
  }

  /** What follows a backslash: a special character, or a byte of UTF-8 in hex. */
  #escaped(): Buffer {
    const pair = this.#take(HEX_PAIR);
    if (pair !== undefined) return Buffer.from(pair, 'hex');
    const char = this.#text[this.#position];
    if (char === undefined || !ESCAPABLE.includes(char)) {
      throw this.#invalid('expected a special character or two hex digits after "\\"');
    }
    this.#position++;
    return Buffer.from(char, 'latin1');
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#position;
    const match = pattern.exec(this.#text)?.[0];
    if (match !== undefined) this.#position += match.length;
    return match;
  }

  #skip(char: string): boolean {
    if (this.#text[this.#position] !== char) return false;
    this.#position++;
    return true;
  }

  #invalid(reason: string, at = this.#position, cause?: unknown): KubepkiError {
    return new KubepkiError('INVALID_VALUE', `distinguished name, character ${at + 1}: ${reason}`, {
      hint: 'write it as in RFC 4514: CN=name,O=organization',
      cause,
    });
  }
}

function trimSpacesAtEnd(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] === ' ') end--;
  return text.slice(0, end);
}
