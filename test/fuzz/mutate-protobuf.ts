/** Damages protobuf by its structure: fields lost, doubled, of another number or type, with lengths that lie. */
import { varint } from '../wire-fields.ts';
import { type Mutant, mutateBytes } from './mutate.ts';
import type { Random } from './random.ts';

/** A field as it stands in a message. */
interface Field {
  tag: number;
  /** Without the length. */
  value: Buffer;
}

const LENGTH = 2;
const START_GROUP = 3;
const END_GROUP = 4;
const LIES = [0, 1, 127, 128, 2 ** 16, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, 2 ** 53 - 1, -1];
const CHANGES = [
  'lose',
  'double',
  'swap',
  'another number',
  'another wire type',
  'a lie',
  'a long varint',
  'groups',
  'nesting',
  'inside',
  'inside',
  'inside',
  'inside',
] as const;
const MAGIC = Buffer.from('k8s\0');

/** @param bytes an object in its envelope, or what has become of one */
export function mutateProtobuf(bytes: Uint8Array, random: Random): Mutant {
  const body = Buffer.from(bytes).subarray(MAGIC.length);
  const changed = changeMessage(body, random);
  if (changed === undefined) return mutateBytes(bytes, random);
  return { bytes: Buffer.concat([MAGIC, changed.bytes]), how: changed.how };
}

function changeMessage(bytes: Buffer, random: Random): Mutant | undefined {
  const fields = parse(bytes);
  if (fields === undefined || fields.length === 0) return undefined;
  const at = random.below(fields.length);
  const field = fields[at];
  if (field === undefined) return undefined;
  const how = random.pick(CHANGES);
  switch (how) {
    case 'lose':
      fields.splice(at, 1);
      break;
    case 'double':
      for (let i = random.oneIn(10) ? 300 : 1; i > 0; i--) fields.splice(at, 0, field);
      break;
    case 'swap': {
      const other = random.below(fields.length);
      [fields[at], fields[other]] = [fields[other] ?? field, field];
      break;
    }
    case 'another number':
      field.tag = random.below(40) * 8 + (field.tag & 7);
      break;
    case 'another wire type':
      field.tag = (field.tag & ~7) | random.below(8);
      break;
    case 'a lie':
      return spliced(fields, at, [varint(field.tag), varint(random.pick(LIES)), field.value], how);
    case 'a long varint':
      return spliced(fields, at, [varint(field.tag), longVarint(random)], how);
    case 'groups':
      return spliced(fields, at, groups(random), how);
    case 'nesting':
      field.value = nested(field.value, random.between(2, 60));
      break;
    case 'inside': {
      const inner = field.tag % 8 === LENGTH ? changeMessage(field.value, random) : undefined;
      if (inner === undefined) return undefined;
      field.value = inner.bytes;
      return { bytes: write(fields), how: inner.how };
    }
  }
  return { bytes: write(fields), how: `${how} (field ${field.tag >> 3})` };
}

/** The field at a place replaced by bytes. */
const spliced = (
  fields: readonly Field[],
  at: number,
  parts: readonly Uint8Array[],
  how: string,
): Mutant => ({
  bytes: Buffer.concat([write(fields.slice(0, at)), ...parts, write(fields.slice(at + 1))]),
  how,
});

const longVarint = (random: Random): Buffer =>
  Buffer.from([...Array.from({ length: random.between(1, 12) }, () => 0x80), random.below(128)]);

/** Groups within each other, of which some have no end. */
function groups(random: Random): Buffer[] {
  const depth = random.between(1, 60);
  const number = random.between(1, 30) * 8;
  const start = Array.from({ length: depth }, () => varint(number | START_GROUP));
  const ends = Array.from({ length: random.oneIn(3) ? depth - 1 : depth }, () =>
    varint(number | END_GROUP),
  );
  return [...start, ...ends];
}

function nested(value: Buffer, depth: number): Buffer {
  let bytes = value;
  for (let i = depth; i > 0; i--) bytes = write([{ tag: 8 | LENGTH, value: bytes }]);
  return bytes;
}

/** Undefined for what is no message of lengths and varints, as all of ours are. */
function parse(bytes: Buffer): Field[] | undefined {
  const fields: Field[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tag = readVarint(bytes, at);
    if (tag === undefined || tag.value === 0) return undefined;
    const number = readVarint(bytes, tag.end);
    if (number === undefined) return undefined;
    const hasLength = tag.value % 8 === LENGTH;
    if (!hasLength && tag.value % 8 !== 0) return undefined;
    const [from, end] = hasLength ? [number.end, number.end + number.value] : [tag.end, number.end];
    if (end > bytes.length) return undefined;
    fields.push({ tag: tag.value, value: bytes.subarray(from, end) });
    at = end;
  }
  return fields;
}

function readVarint(bytes: Buffer, from: number): { value: number; end: number } | undefined {
  let value = 0;
  for (let at = from; at < from + 10; at++) {
    const byte = bytes[at];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * (at - from));
    if (byte < 0x80) return { value, end: at + 1 };
  }
  return undefined;
}

const write = (fields: readonly Field[]): Buffer =>
  Buffer.concat(
    fields.flatMap(({ tag, value }) =>
      (tag & 7) === LENGTH ? [varint(tag), varint(value.length), value] : [varint(tag), value],
    ),
  );
