/** Reads the wire format of protobuf, within what one document may cost. */
import { KubepkiError } from '../../errors.ts';

/** Bytes that are not a protobuf message. */
export class WireError extends KubepkiError {
  /** What the object says that it is, where it could be read that far. */
  readonly object: { readonly apiVersion: string; readonly kind: string } | undefined;

  constructor(message: string, object?: { readonly apiVersion: string; readonly kind: string }) {
    super('MALFORMED_DOCUMENT', message);
    this.object = object;
  }
}

export const VARINT = 0;
const FIXED64 = 1;
export const LENGTH = 2;
const START_GROUP = 3;
const END_GROUP = 4;
const FIXED32 = 5;

const MOST_VARINT_BYTES = 10;
/** Messages and groups within each other; the deepest object of Kubernetes has some 15. */
const DEEPEST = 32;
/** Fields of a whole document, those of messages within it included: an object of 3 MiB has some 100,000. */
const MOST_FIELDS = 200_000;
/** Fields of a whole document that end up nowhere: unknown, or overwritten by the same field once more. */
const MOST_WASTED = 10_000;
const TWO_32 = 2 ** 32;

/**
 * Goes through one document. A message within another is read by narrowing the reader to it (`enter`,
 * `leave`), so that one budget holds for all.
 */
export class WireReader {
  #bytes: Buffer;
  #at = 0;
  #end: number;
  #depth = 0;
  #fields = MOST_FIELDS;
  #wasted = MOST_WASTED;
  /** Of the field whose tag has been read last. */
  number = 0;
  wireType = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#end = bytes.length;
  }

  /** Goes on with a part of the document that it has passed (`take`). */
  turnTo(part: Buffer): void {
    this.#bytes = part;
    this.#at = 0;
    this.#end = part.length;
  }

  /**
   * Reads the next tag; false at the end of the message.
   *
   * @throws WireError
   */
  next(): boolean {
    if (this.#at >= this.#end) return false;
    this.spend();
    const tag = this.varint();
    this.number = Math.floor(tag / 8);
    this.wireType = tag & 7;
    if (this.number === 0 || this.number >= 2 ** 29) {
      throw new WireError(`illegal tag ${this.number} (wire type ${this.wireType})`);
    }
    return true;
  }

  /**
   * Counts a field, or a number that stands where several share one.
   *
   * @throws WireError where there are too many
   */
  spend(): void {
    this.#fields -= 1;
    if (this.#fields < 0) throw new WireError(`more than ${MOST_FIELDS} fields`);
  }

  /** @throws WireError where the field is written in another way */
  expect(wireType: number): void {
    if (this.wireType !== wireType) {
      throw new WireError(`wrong wireType = ${this.wireType} for field ${this.number}`);
    }
  }

  /**
   * Counts a field that comes to nothing.
   *
   * @throws WireError where there are too many
   */
  waste(): void {
    this.#wasted -= 1;
    if (this.#wasted < 0) {
      throw new WireError(
        `more than ${MOST_WASTED} fields that are unknown or stand more than once`,
      );
    }
  }

  /** Passes over the value of a field that nobody knows, as upstream does. */
  skip(): void {
    this.waste();
    switch (this.wireType) {
      case VARINT:
        this.varint();
        return;
      case FIXED64:
        this.#pass(8);
        return;
      case LENGTH:
        this.#pass(this.#length());
        return;
      case START_GROUP:
        this.#skipGroup();
        return;
      case FIXED32:
        this.#pass(4);
        return;
      case END_GROUP:
        throw new WireError('wiretype end group for non-group');
      default:
        throw new WireError(`illegal wireType ${this.wireType}`);
    }
  }

  #skipGroup(): void {
    this.#deeper();
    while (this.next()) {
      if (this.wireType === END_GROUP) {
        this.#depth -= 1;
        return;
      }
      this.skip();
    }
    throw new WireError('unexpected EOF');
  }

  #deeper(): void {
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw new WireError('nested too deeply');
  }

  /** Narrows the reader to the message that begins here; the result is for `leave`. */
  enter(): number {
    const length = this.#length();
    this.#deeper();
    const outer = this.#end;
    this.#end = this.#at + length;
    return outer;
  }

  leave(outer: number): void {
    this.#at = this.#end;
    this.#end = outer;
    this.#depth -= 1;
  }

  /** How many bytes are left of the message. */
  get left(): number {
    return this.#end - this.#at;
  }

  /** A number without a sign, exact up to 2^53. */
  varint(): number {
    const first = this.#bytes[this.#at];
    if (first !== undefined && first < 0x80 && this.#at < this.#end) {
      this.#at += 1;
      return first;
    }
    const { low, high } = this.#varint64();
    return high * TWO_32 + low;
  }

  /** A number of 64 bits with a sign, exact up to 2^53. */
  signed64(): number {
    const { low, high } = this.#varint64();
    return (high | 0) * TWO_32 + low;
  }

  /** The lower 32 bits, with a sign. */
  signed32(): number {
    return this.#varint64().low | 0;
  }

  #varint64(): { readonly low: number; readonly high: number } {
    let low = 0;
    let high = 0;
    for (let index = 0; index < MOST_VARINT_BYTES; index += 1) {
      const byte = this.#at < this.#end ? this.#bytes[this.#at] : undefined;
      if (byte === undefined) throw new WireError('unexpected EOF');
      this.#at += 1;
      const bits = byte & 0x7f;
      if (index < 4) low |= bits << (7 * index);
      else if (index === 4) {
        low |= bits << 28;
        high |= bits >>> 4;
      } else if (index < 9) high |= bits << (7 * index - 32);
      else high |= bits << 31;
      if (byte < 0x80) return { low: low >>> 0, high: high >>> 0 };
    }
    throw new WireError('integer overflow');
  }

  /** Bytes of a field, not a copy. */
  take(): Buffer {
    const length = this.#length();
    const from = this.#at;
    this.#at += length;
    return this.#bytes.subarray(from, this.#at);
  }

  text(): string {
    const length = this.#length();
    const from = this.#at;
    this.#at += length;
    return this.#bytes.toString('utf8', from, this.#at);
  }

  base64(): string {
    const length = this.#length();
    const from = this.#at;
    this.#at += length;
    return this.#bytes.toString('base64', from, this.#at);
  }

  #length(): number {
    const length = this.varint();
    if (length > this.#end - this.#at) throw new WireError('unexpected EOF');
    return length;
  }

  #pass(bytes: number): void {
    if (bytes > this.#end - this.#at) throw new WireError('unexpected EOF');
    this.#at += bytes;
  }
}
