/**
 * Objects from protobuf into what their JSON would be, but for what a reader of JSON fills in and puts in
 * order anyway (`readObject`). Unknown fields are passed over, as upstream does; a message that stands twice is
 * read into one.
 */
import { quoted } from '../../errors.ts';
import { isJsonObject, parseJson, setOwn } from '../json.ts';
import { type FieldType, kindType, type TypeField, typeOf } from '../types/index.ts';
import { MAGIC } from './envelope.ts';
import { LENGTH, VARINT, WireError, WireReader } from './reader.ts';
import { timeText } from './times.ts';

type Fields = Record<string, unknown>;
/** Reads the value of a field whose tag has been read. */
type ReadValue = (reader: WireReader) => unknown;
/** Reads a field into an object. */
type ReadField = (reader: WireReader, object: Fields) => void;

/** Whether bytes are an enveloped object, and not JSON. */
export const isProtobuf = (bytes: Uint8Array): boolean =>
  bytes.length >= MAGIC.length && MAGIC.every((byte, at) => bytes[at] === byte);

/**
 * An enveloped object, its kind and version included.
 *
 * @param expected what it is where the envelope does not say
 * @throws WireError for bytes that are no such object; its message says why, as upstream words it
 */
export function decodeProtobuf(
  bytes: Uint8Array,
  expected: { readonly apiVersion?: string; readonly kind?: string } = {},
): Readonly<Record<string, unknown>> {
  if (!isProtobuf(bytes)) {
    throw new WireError(
      'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    );
  }
  if (bytes.length === MAGIC.length) throw new WireError('empty body');
  const reader = new WireReader(bytes.subarray(MAGIC.length));
  const { raw, ...said } = unknownOf(reader);
  const kind = said.kind || (expected.kind ?? '');
  const apiVersion = said.apiVersion || (expected.apiVersion ?? '');
  try {
    return readObject(reader, raw, { apiVersion, kind });
  } catch (error) {
    throw error instanceof WireError ? new WireError(error.message, { apiVersion, kind }) : error;
  }
}

function readObject(
  reader: WireReader,
  raw: Buffer | undefined,
  { apiVersion, kind }: { readonly apiVersion: string; readonly kind: string },
): Fields {
  const type = kindType(apiVersion, kind);
  if (type === undefined) {
    throw new WireError(`no kind ${quoted(kind)} is registered for version ${quoted(apiVersion)}`);
  }
  const object: Fields = { apiVersion, kind };
  if (raw !== undefined) {
    reader.turnTo(raw);
    readFields(reader, messageOf(type), object);
  }
  return object;
}

interface Unknown {
  apiVersion: string;
  kind: string;
  raw: Buffer | undefined;
}

/** `runtime.Unknown`. How its contents are encoded it says too, and upstream does not look at it. */
function unknownOf(reader: WireReader): Unknown {
  const unknown: Unknown = { apiVersion: '', kind: '', raw: undefined };
  while (reader.next()) {
    if (reader.number === 1) {
      reader.expect(LENGTH);
      const outer = reader.enter();
      readTypeMeta(reader, unknown);
      reader.leave(outer);
    } else if (reader.number === 2) {
      reader.expect(LENGTH);
      if (unknown.raw !== undefined) reader.waste();
      unknown.raw = reader.take();
    } else if (reader.number === 3 || reader.number === 4) {
      reader.expect(LENGTH);
      reader.take();
    } else {
      reader.skip();
    }
  }
  return unknown;
}

function readTypeMeta(reader: WireReader, type: Unknown): void {
  while (reader.next()) {
    if (reader.number > 2) {
      reader.skip();
      continue;
    }
    reader.expect(LENGTH);
    type[reader.number === 1 ? 'apiVersion' : 'kind'] = reader.text();
  }
}

/** The fields of a message by their numbers. */
type Message = readonly (ReadField | undefined)[];

function readFields(reader: WireReader, message: Message, object: Fields): void {
  while (reader.next()) {
    const read = message[reader.number];
    if (read === undefined) reader.skip();
    else read(reader, object);
  }
}

const compiled = new Map<string, Message>();

function messageOf(name: string): Message {
  const known = compiled.get(name);
  if (known !== undefined) return known;
  const message: (ReadField | undefined)[] = [];
  for (const field of typeOf(name).fields) {
    if (field.number > 0) message[field.number] = fieldReader(field);
  }
  compiled.set(name, message);
  return message;
}

function fieldReader({ name, type, pointer }: TypeField): ReadField {
  if (name === undefined) {
    if (type.kind !== 'struct') throw new TypeError(`expected a struct, got ${type.kind}`);
    return messageReader(type.name);
  }
  if (type.kind === 'struct') return structField(name, messageReader(type.name));
  if (type.kind === 'list') return repeated(name, type.items);
  if (type.kind === 'map') return mapped(name, type.values);
  const read = valueReader(type);
  const wireType = isNumber(type) ? VARINT : LENGTH;
  // Nothing else tells what is empty from what is not there.
  const keepsZero = pointer || type.kind === 'int-or-string';
  return (reader, object) => {
    reader.expect(wireType);
    if (Object.hasOwn(object, name)) reader.waste();
    const value = read(reader);
    if (keepsZero || !isZero(value)) object[name] = value;
    else delete object[name];
  };
}

/** Reads the message that begins here into an object. */
function messageReader(name: string): ReadField {
  let message: Message | undefined;
  return (reader, object) => {
    reader.expect(LENGTH);
    const outer = reader.enter();
    message ??= messageOf(name);
    readFields(reader, message, object);
    reader.leave(outer);
  };
}

function structField(name: string, read: ReadField): ReadField {
  return (reader, object) => {
    const before = object[name];
    if (before !== undefined) reader.waste();
    const inner = isJsonObject(before) ? before : {};
    object[name] = inner;
    read(reader, inner);
  };
}

function repeated(name: string, items: FieldType): ReadField {
  const read = valueReader(items);
  const isPackable = isNumber(items);
  return (reader, object) => {
    const before = object[name];
    const list: unknown[] = Array.isArray(before) ? before : [];
    object[name] = list;
    if (!isPackable || reader.wireType === VARINT) {
      reader.expect(isPackable ? VARINT : LENGTH);
      list.push(read(reader));
      return;
    }
    // Numbers may also stand in one field, one after the other.
    reader.expect(LENGTH);
    const outer = reader.enter();
    while (reader.left > 0) {
      reader.spend();
      list.push(read(reader));
    }
    reader.leave(outer);
  };
}

function mapped(name: string, values: FieldType): ReadField {
  const read = valueReader(values);
  return (reader, object) => {
    reader.expect(LENGTH);
    const before = object[name];
    const map = isJsonObject(before) ? before : {};
    object[name] = map;
    const outer = reader.enter();
    let key = '';
    let value: unknown;
    while (reader.next()) {
      // Upstream looks at the numbers of an entry's fields only.
      if (reader.number === 1) key = reader.text();
      else if (reader.number === 2) value = read(reader);
      else reader.skip();
    }
    reader.leave(outer);
    // `__proto__` is a key like any other.
    setOwn(map, key, value ?? emptyOf(values));
  };
}

const isNumber = ({ kind }: FieldType): boolean =>
  kind === 'int32' || kind === 'int64' || kind === 'bool';

const isZero = (value: unknown): boolean =>
  value === '' || value === 0 || value === false || value === null;

/** The value of an entry that has none. */
function emptyOf({ kind }: FieldType): unknown {
  if (kind === 'string' || kind === 'bytes') return '';
  if (kind === 'quantity') return '0';
  if (kind === 'strings') return [];
  return kind === 'struct' ? {} : null;
}

function valueReader(type: FieldType): ReadValue {
  switch (type.kind) {
    case 'string':
      return (reader) => reader.text();
    case 'bytes':
      return (reader) => reader.base64();
    case 'bool':
      return (reader) => reader.varint() !== 0;
    case 'int32':
      return (reader) => reader.signed32();
    case 'int64':
      return (reader) => reader.signed64();
    case 'time':
      return (reader) => readTime(reader, false);
    case 'microtime':
      return (reader) => readTime(reader, true);
    case 'quantity':
      return (reader) => readTexts(reader)[0] ?? '0';
    case 'int-or-string':
      return readIntOrString;
    case 'strings':
      return readTexts;
    case 'json':
      return readJson;
    case 'struct': {
      const read = messageReader(type.name);
      return (reader) => {
        const object: Fields = {};
        read(reader, object);
        return object;
      };
    }
    case 'list':
    case 'map':
      throw new TypeError(`expected no ${type.kind} within another`);
  }
}

/** `Timestamp`: seconds and nanoseconds; an empty message is no time. */
function readTime(reader: WireReader, hasMicros: boolean): unknown {
  const outer = reader.enter();
  const isSet = reader.left > 0;
  let [seconds, nanos] = [0, 0];
  while (reader.next()) {
    if (reader.number > 2) {
      reader.skip();
      continue;
    }
    reader.expect(VARINT);
    if (reader.number === 1) seconds = reader.signed64();
    else nanos = reader.signed32();
  }
  reader.leave(outer);
  if (!isSet) return null;
  // Whatever the nanoseconds are, Go makes seconds of what goes beyond.
  const micros = hasMicros ? Math.trunc(nanos / 1000) : 0;
  const whole = seconds + Math.floor(micros / 1e6);
  if (Math.abs(whole) > 8.64e12) throw new WireError('a time is out of range');
  const rest = micros - Math.floor(micros / 1e6) * 1e6;
  return hasMicros ? timeText(whole, rest) : timeText(whole);
}

/** A message whose first field is a text, or several. */
function readTexts(reader: WireReader): string[] {
  const texts: string[] = [];
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.number === 1) {
      reader.expect(LENGTH);
      texts.push(reader.text());
    } else {
      reader.skip();
    }
  }
  reader.leave(outer);
  return texts;
}

/** Which of the two, the number, the text. */
function readIntOrString(reader: WireReader): unknown {
  let [type, number, text] = [0, 0, ''];
  const outer = reader.enter();
  while (reader.next()) {
    if (reader.number > 3) {
      reader.skip();
      continue;
    }
    reader.expect(reader.number === 3 ? LENGTH : VARINT);
    if (reader.number === 1) type = reader.signed32();
    else if (reader.number === 2) number = reader.signed32();
    else text = reader.text();
  }
  reader.leave(outer);
  if (type !== 0 && type !== 1) throw new WireError('impossible IntOrString.Type');
  return type === 0 ? number : text;
}

/** `RawExtension` and `FieldsV1`: JSON in a text. */
function readJson(reader: WireReader): unknown {
  const source = readTexts(reader).at(-1) ?? '';
  if (source === '') return null;
  try {
    return parseJson(Buffer.from(source));
  } catch {
    throw new WireError('a field that holds JSON does not');
  }
}
