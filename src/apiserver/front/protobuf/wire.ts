/** The wire format of protobuf, as far as reading it needs. */

/** Bytes that are not a protobuf message. */
export class WireError extends Error {}

/** One field: its number, and a number (varint, fixed) or bytes. */
export interface WireField {
  readonly number: number;
  readonly value: bigint | Uint8Array;
}

const MOST_VARINT_BYTES = 10;

/** Fields of a whole document, those of messages within it included: an object of 3 MiB has some 100,000. */
const MOST_FIELDS = 200_000;
/** Fields of a whole document that end up nowhere: unknown, or overwritten by the same field once more. */
const MOST_WASTED = 10_000;

/** What the reading of one document may still cost. */
export class Budget {
  #fields = MOST_FIELDS;
  #wasted = MOST_WASTED;

  /** @throws WireError */
  field(): void {
    this.#fields -= 1;
    if (this.#fields < 0) throw new WireError(`more than ${MOST_FIELDS} fields`);
  }

  /** @throws WireError */
  waste(): void {
    this.#wasted -= 1;
    if (this.#wasted < 0) {
      throw new WireError(
        `more than ${MOST_WASTED} fields that are unknown or stand more than once`,
      );
    }
  }
}

/**
 * The fields of a message in the order in which they stand there.
 *
 * @param budget of the document that it is in; where it stands alone, its own
 *
 * @throws WireError
 */
export function* wireFields(
  bytes: Uint8Array,
  budget: Budget = new Budget(),
): Generator<WireField> {
  const reader = { bytes, at: 0 };
  while (reader.at < bytes.length) {
    budget.field();
    const tag = varint(reader);
    const number = Number(tag >> 3n);
    if (number === 0) throw new WireError('illegal tag 0');
    yield { number, value: wireValue(reader, Number(tag & 7n)) };
  }
}

interface Position {
  readonly bytes: Uint8Array;
  at: number;
}

function wireValue(reader: Position, type: number): bigint | Uint8Array {
  switch (type) {
    case 0:
      return varint(reader);
    case 1:
      return littleEndian(take(reader, 8));
    case 2:
      return take(reader, Number(varint(reader)));
    case 5:
      return littleEndian(take(reader, 4));
    default:
      throw new WireError(`illegal wire type ${type}`);
  }
}

function varint(reader: Position): bigint {
  let value = 0n;
  for (let index = 0; index < MOST_VARINT_BYTES; index += 1) {
    const byte = reader.bytes[reader.at];
    if (byte === undefined) throw new WireError('unexpected EOF');
    reader.at += 1;
    value |= BigInt(byte & 0x7f) << BigInt(7 * index);
    if (byte < 0x80) return value;
  }
  throw new WireError('integer overflow');
}

function take(reader: Position, length: number): Uint8Array {
  const end = reader.at + length;
  if (end > reader.bytes.length) throw new WireError('unexpected EOF');
  const part = reader.bytes.subarray(reader.at, end);
  reader.at = end;
  return part;
}

const littleEndian = (bytes: Uint8Array): bigint =>
  bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
