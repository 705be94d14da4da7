/**
 * PKCS#12 archives may be BER (RFC 7292, section 1): lengths that are indefinite or longer than they need be, and
 * OCTET STRINGs in pieces. What the strict reader does not take is written anew here, and
 * nothing else is changed; DER comes out as it went in.
 */
import { MAX_DER_BYTES, MAX_DER_DEPTH, malformed } from '../der/reader.ts';
import { Tag } from '../der/tag.ts';
import { elementOf } from '../der/writer.ts';

const CONSTRUCTED = 0x20;
const CONSTRUCTED_OCTET_STRING = Tag.octetString | CONSTRUCTED;
const INDEFINITE = 0x80;

/** An archive has a dozen for every certificate; what is inside of these is not looked at. */
const MOST_ELEMENTS = 200_000;

interface Read {
  /** The element with definite lengths, in their shortest form. */
  readonly bytes: Uint8Array;
  /** Its content alone. */
  readonly content: Uint8Array;
  readonly tag: number;
  /** Where the next element begins. */
  readonly end: number;
}

/**
 * The one element of `bytes` with definite lengths and OCTET STRINGs in one piece. What is inside
 * of an OCTET STRING is content, and stays as it is.
 *
 * @throws KubepkiError MALFORMED_DER, with the offset in `bytes`
 */
export function berToDer(bytes: Uint8Array): Uint8Array {
  if (bytes.length > MAX_DER_BYTES) {
    throw malformed(0, `${bytes.length} bytes, more than the limit of ${MAX_DER_BYTES}`);
  }
  const element = new BerReader(bytes).read(0, bytes.length, 0);
  const left = bytes.length - element.end;
  if (left > 0) throw malformed(element.end, `${left} unexpected bytes after the document`);
  return element.bytes;
}

class BerReader {
  readonly #bytes: Uint8Array;
  #elements = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** The element that begins at `start` and ends before `limit`. */
  read(start: number, limit: number, depth: number): Read {
    const bytes = this.#bytes;
    if (depth > MAX_DER_DEPTH) throw malformed(start, `nested deeper than ${MAX_DER_DEPTH} levels`);
    if (++this.#elements > MOST_ELEMENTS)
      throw malformed(start, `more than ${MOST_ELEMENTS} elements`);
    const tag = start < limit ? bytes[start] : undefined;
    if (tag === undefined) throw malformed(start, 'ends where an element should be');
    if ((tag & 0x1f) === 0x1f) throw malformed(start, 'a tag number above 30');
    const { length, contentStart } = readLength(bytes, start + 1, limit);
    const contentEnd = length === undefined ? limit : contentStart + length;
    if ((tag & CONSTRUCTED) !== 0) {
      const children = this.#children(contentStart, contentEnd, length === undefined, depth + 1);
      return joined(tag, start, children);
    }
    if (length === undefined) {
      throw malformed(start + 1, 'an indefinite length of an element without elements inside');
    }
    const content = bytes.subarray(contentStart, contentEnd);
    return { bytes: elementOf(tag, [content]), content, tag, end: contentEnd };
  }

  #children(start: number, limit: number, isIndefinite: boolean, depth: number): Children {
    const children: Read[] = [];
    let at = start;
    while (isIndefinite ? !endsAt(this.#bytes, at, limit) : at < limit) {
      const child = this.read(at, limit, depth);
      children.push(child);
      at = child.end;
    }
    return { children, end: isIndefinite ? at + 2 : limit };
  }
}

interface Children {
  readonly children: readonly Read[];
  readonly end: number;
}

/** A constructed element; an OCTET STRING becomes a primitive one. */
function joined(tag: number, start: number, { children, end }: Children): Read {
  if (tag !== CONSTRUCTED_OCTET_STRING) {
    const content = Buffer.concat(children.map((child) => child.bytes));
    return { bytes: elementOf(tag, [content]), content, tag, end };
  }
  if (children.some((child) => child.tag !== Tag.octetString)) {
    throw malformed(start, 'an OCTET STRING with something else than its pieces');
  }
  const content = Buffer.concat(children.map((child) => child.content));
  return { bytes: elementOf(Tag.octetString, [content]), content, tag: Tag.octetString, end };
}

/** Whether the end-of-contents octets (X.690, section 8.1.5) stand here. */
function endsAt(bytes: Uint8Array, at: number, limit: number): boolean {
  if (at + 2 > limit) throw malformed(at, 'ends without the end of an indefinite length');
  return bytes[at] === 0 && bytes[at + 1] === 0;
}

function readLength(
  bytes: Uint8Array,
  at: number,
  limit: number,
): { readonly length: number | undefined; readonly contentStart: number } {
  const first = at < limit ? bytes[at] : undefined;
  if (first === undefined) throw malformed(at, 'ends inside a length');
  if (first === INDEFINITE) return { length: undefined, contentStart: at + 1 };
  let length = first;
  let contentStart = at + 1;
  if (first > INDEFINITE) {
    const count = first & 0x7f;
    if (count > 8) throw malformed(at, `a length of ${count} bytes`);
    if (contentStart + count > limit) throw malformed(at, 'ends inside a length');
    length = 0;
    for (const byte of bytes.subarray(contentStart, contentStart + count)) {
      length = length * 256 + byte;
    }
    contentStart += count;
  }
  if (contentStart + length > limit) {
    throw malformed(at, `an element claims ${length} bytes, ${limit - contentStart} are left`);
  }
  return { length, contentStart };
}
