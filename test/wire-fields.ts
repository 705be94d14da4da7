/** Protobuf for tests: a plain reader of messages, and makers of fields. */

/** One field: its number, and a number or bytes. */
interface WireField {
  readonly number: number;
  readonly value: bigint | Uint8Array;
}

/** The fields of a message in their order; numbers and lengths only, as upstream writes. */
export function wireFields(bytes: Uint8Array): WireField[] {
  const fields: WireField[] = [];
  let at = 0;
  const readVarint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at];
      if (byte === undefined) throw new Error('unexpected end');
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(readVarint());
    const value = readVarint();
    if ((tag & 7) === 0) {
      fields.push({ number: tag >> 3, value });
      continue;
    }
    const end = at + Number(value);
    fields.push({ number: tag >> 3, value: bytes.subarray(at, end) });
    at = end;
  }
  return fields;
}

export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let left = BigInt.asUintN(64, BigInt(value));
  while (left > 0x7fn) {
    bytes.push(Number(left & 0x7fn) | 0x80);
    left >>= 7n;
  }
  return Buffer.from([...bytes, Number(left)]);
}

/** A field that holds bytes, text or messages. */
export function field(number: number, ...values: readonly (string | Uint8Array)[]): Buffer {
  const body = Buffer.concat(values.map((value) => Buffer.from(value)));
  return Buffer.concat([varint((number << 3) | 2), varint(body.length), body]);
}

export const int = (number: number, value: number): Buffer =>
  Buffer.concat([varint(number << 3), varint(value)]);

/** An object in its envelope. */
export const unknown = (apiVersion: string, kind: string, ...raw: readonly Uint8Array[]): Buffer =>
  Buffer.concat([
    Buffer.from('k8s\0'),
    field(1, field(1, apiVersion), field(2, kind)),
    field(2, ...raw),
    field(3),
    field(4),
  ]);

/** As Go writes it: what is empty stands there too. */
export const metadata = (name: string): Buffer =>
  field(1, field(1, name), field(2), field(3), field(4), field(5), field(6), int(7, 0), field(8));

export const entry = (key: string, value: string | Uint8Array): Buffer =>
  Buffer.concat([field(1, key), field(2, value)]);
