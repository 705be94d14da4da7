/**
 * Writes protobuf from its end to its beginning, as upstream's generated code does: when a message is done
 * its length is known, and stands before it without anything being measured or moved.
 */

const FIRST_SIZE = 64 * 1024;
/** A buffer that one huge object has needed is not kept for the small ones. */
const MOST_KEPT = 4 * 1024 * 1024;
/** Texts up to here are written quicker by hand than by a call into the engine. */
const SHORT_TEXT = 32;
const TWO_32 = 2 ** 32;

export class BackwardWriter {
  #buffer = Buffer.allocUnsafeSlow(FIRST_SIZE);
  /** Where the first byte of what is written stands. */
  #at = FIRST_SIZE;

  /** Bytes written so far. */
  get length(): number {
    return this.#buffer.length - this.#at;
  }

  /** What has been written; the writer begins anew. */
  take(): Uint8Array {
    const bytes = Buffer.allocUnsafe(this.length);
    this.#buffer.copy(bytes, 0, this.#at);
    this.reset();
    return bytes;
  }

  /** Forgets what has been written. */
  reset(): void {
    if (this.#buffer.length > MOST_KEPT) this.#buffer = Buffer.allocUnsafeSlow(FIRST_SIZE);
    this.#at = this.#buffer.length;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#at -= 1;
    this.#buffer[this.#at] = value;
  }

  /** @param value an integer; one below zero takes ten bytes, as upstream's 64 bits of it */
  varint(value: number): void {
    if (value >= 0 && value < 0x80) {
      this.byte(value);
      return;
    }
    this.#reserve(10);
    if (value < 0) this.#varint64(value);
    else this.#positive(value);
  }

  #positive(value: number): void {
    const buffer = this.#buffer;
    let size = 1;
    for (let left = value; left >= 0x80; left = Math.floor(left / 0x80)) size += 1;
    let at = this.#at - size;
    this.#at = at;
    let left = value;
    while (left >= 0x80) {
      buffer[at] = (left % 0x80) | 0x80;
      at += 1;
      left = Math.floor(left / 0x80);
    }
    buffer[at] = left;
  }

  /** In two's complement. */
  #varint64(value: number): void {
    const buffer = this.#buffer;
    let high = Math.floor(value / TWO_32) >>> 0;
    let low = value >>> 0;
    const start = this.#at - 10;
    for (let at = start; at < start + 9; at += 1) {
      buffer[at] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    buffer[start + 9] = low;
    this.#at = start;
  }

  /** UTF-8, its length before it. */
  text(value: string): void {
    if (value.length > SHORT_TEXT || !this.#ascii(value)) this.#longText(value);
  }

  /** False, with nothing written, where there is another character. */
  #ascii(value: string): boolean {
    const { length } = value;
    this.#reserve(length + 1);
    const buffer = this.#buffer;
    let at = this.#at;
    for (let index = length - 1; index >= 0; index -= 1) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) return false;
      at -= 1;
      buffer[at] = code;
    }
    at -= 1;
    buffer[at] = length;
    this.#at = at;
    return true;
  }

  #longText(value: string): void {
    const length = Buffer.byteLength(value);
    this.#reserve(length);
    this.#at -= length;
    this.#buffer.write(value, this.#at, length);
    this.varint(length);
  }

  /** The bytes that a text in base64 stands for, their length before them. */
  base64(value: string): void {
    const length = Buffer.byteLength(value, 'base64');
    this.#reserve(length);
    this.#at -= length;
    this.#buffer.write(value, this.#at, length, 'base64');
    this.varint(length);
  }

  /** Bytes with their length before them. */
  bytes(value: Uint8Array): void {
    this.#reserve(value.length);
    this.#at -= value.length;
    this.#buffer.set(value, this.#at);
    this.varint(value.length);
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#at) return;
    const { length } = this;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#buffer.length * 2, length + bytes));
    this.#buffer.copy(larger, larger.length - length, this.#at);
    this.#at = larger.length - length;
    this.#buffer = larger;
  }
}
