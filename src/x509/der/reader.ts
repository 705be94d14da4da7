/**
 * A strict reader for DER (ITU-T X.690, section 10): definite lengths in their shortest form, low
 * tag numbers, universal types primitive or constructed as they have to be, bounded depth and size, nothing after the last element. It reads in place and
 * copies nothing, and a length field is compared with what is really there before it is believed.
 *
 * Every refusal is a `MALFORMED_DER` that names the byte offset in the outermost input.
 */
import { KubepkiError } from '../../errors.ts';
import { Tag, tagName } from './tag.ts';

/** The largest input that is looked at. Upstream's own limit for a certificate chain in an object is far below. */
export const MAX_DER_BYTES = 16 * 1024 * 1024;

/** How deep elements may nest. A certificate with every extension in use needs 9. */
export const MAX_DER_DEPTH = 24;

export function malformed(offset: number, reason: string): KubepkiError {
  return new KubepkiError('MALFORMED_DER', `DER at byte ${offset}: ${reason}`);
}

const isConstructed = (tag: number): boolean => (tag & 0x20) !== 0;

/** The numbers of the universal types that have elements inside: EXTERNAL, EMBEDDED PDV, SEQUENCE, SET (X.690, section 10.2). */
const CONSTRUCTED_TYPES: ReadonlySet<number> = new Set([8, 11, 16, 17]);

/** One element: its tag, its content, and the bytes of the whole (header included). */
export interface DerElement {
  readonly tag: number;
  readonly content: Uint8Array;
  readonly bytes: Uint8Array;
  /** Offset of the element's first byte in the outermost input. */
  readonly offset: number;
  /** Offset of the content's first byte in the outermost input. */
  readonly contentOffset: number;
  readonly depth: number;
}

/** Reads the elements of one content, in order. */
export class DerReader {
  readonly #bytes: Uint8Array;
  readonly #base: number;
  readonly #depth: number;
  #position = 0;

  constructor(bytes: Uint8Array, base = 0, depth = 0) {
    if (bytes.length > MAX_DER_BYTES) {
      throw malformed(base, `${bytes.length} bytes, more than the limit of ${MAX_DER_BYTES}`);
    }
    this.#bytes = bytes;
    this.#base = base;
    this.#depth = depth;
  }

  /** Reads `bytes` as exactly one element. */
  static single(bytes: Uint8Array, tag?: number, what = 'the document'): DerElement {
    const reader = new DerReader(bytes);
    const element = tag === undefined ? reader.next(what) : reader.expect(tag, what);
    reader.end(what);
    return element;
  }

  /** A reader over the elements inside `element`, which must be constructed. */
  static inside(element: DerElement): DerReader {
    if (!isConstructed(element.tag)) {
      throw malformed(element.offset, `${tagName(element.tag)} has no elements inside`);
    }
    if (element.depth + 1 > MAX_DER_DEPTH) {
      throw malformed(element.offset, `nested deeper than ${MAX_DER_DEPTH} levels`);
    }
    return new DerReader(element.content, element.contentOffset, element.depth + 1);
  }

  get offset(): number {
    return this.#base + this.#position;
  }

  get done(): boolean {
    return this.#position === this.#bytes.length;
  }

  /** The tag of the next element, or undefined at the end. */
  peek(): number | undefined {
    return this.#bytes[this.#position];
  }

  /** Reads the next element, whatever its tag. */
  next(what = 'an element'): DerElement {
    const bytes = this.#bytes;
    const start = this.#position;
    const offset = this.#base + start;
    const tag = bytes[start];
    if (tag === undefined) throw malformed(offset, `ends where ${what} should be`);
    if ((tag & 0x1f) === 0x1f) throw malformed(offset, 'a tag number above 30');
    if (tag === 0) throw malformed(offset, 'an end-of-contents tag; DER has definite lengths only');
    if (tag < 0x40 && isConstructed(tag) !== CONSTRUCTED_TYPES.has(tag & 0x1f)) {
      const form = isConstructed(tag) ? 'constructed' : 'primitive';
      throw malformed(offset, `${what}: ${tagName(tag)}, of a type that is never ${form}`);
    }
    const first = bytes[start + 1];
    if (first === undefined) throw malformed(offset + 1, `ends inside the length of ${what}`);
    let length = first;
    let header = 2;
    if (first >= 0x80) {
      const count = first & 0x7f;
      if (count === 0) throw malformed(offset + 1, 'an indefinite length');
      if (count > 4) throw malformed(offset + 1, `a length of ${count} bytes`);
      length = 0;
      for (let i = 0; i < count; i++) {
        const byte = bytes[start + 2 + i];
        if (byte === undefined)
          throw malformed(offset + 2 + i, `ends inside the length of ${what}`);
        length = length * 256 + byte;
      }
      if (length < 0x80 || bytes[start + 2] === 0) {
        throw malformed(offset + 1, 'a length that is not in its shortest form');
      }
      header += count;
    }
    const end = start + header + length;
    if (end > bytes.length) {
      throw malformed(
        offset,
        `${what} claims ${length} bytes, ${bytes.length - start - header} are left`,
      );
    }
    this.#position = end;
    return {
      tag,
      content: bytes.subarray(start + header, end),
      bytes: bytes.subarray(start, end),
      offset,
      contentOffset: offset + header,
      depth: this.#depth,
    };
  }

  /** Reads the next element, which must have this tag. */
  expect(tag: number, what = 'an element'): DerElement {
    const got = this.peek();
    if (got !== tag && got !== undefined) {
      throw malformed(this.offset, `${what}: expected ${tagName(tag)}, got ${tagName(got)}`);
    }
    return this.next(what);
  }

  /** Reads the next element if it has this tag. */
  optional(tag: number, what = 'an element'): DerElement | undefined {
    return this.peek() === tag ? this.next(what) : undefined;
  }

  /** A reader over the next element, which must be a SEQUENCE. */
  sequence(what = 'a SEQUENCE'): DerReader {
    return DerReader.inside(this.expect(Tag.sequence, what));
  }

  /** Refuses whatever follows. */
  end(what = 'the element'): void {
    if (!this.done) {
      const left = this.#bytes.length - this.#position;
      throw malformed(this.offset, `${left} unexpected byte${left === 1 ? '' : 's'} after ${what}`);
    }
  }
}
