/**
 * Objects to protobuf, byte for byte as kube-apiserver writes them: fields in the order of their numbers,
 * zeros of what is no pointer written too, the keys of maps sorted. A type is compiled into closures when it
 * is first met, and an object is then written in one pass, from its end.
 */
import { type FieldType, type TypeField, typeOf } from '../types/index.ts';
import { secondsOf } from './times.ts';
import { BackwardWriter } from './writer.ts';

/** Writes a value that a tag announces, with its length where it has one. */
type WriteValue = (writer: BackwardWriter, value: unknown) => void;
/** Writes what an object has of a field. */
type WriteField = (writer: BackwardWriter, object: Fields) => void;
type Fields = Readonly<Record<string, unknown>>;

const VARINT = 0;
const LENGTH = 2;
/** Tags within the entries of maps, and of messages with one field. */
const KEY = (1 << 3) | LENGTH;
const VALUE = (2 << 3) | LENGTH;
const NOTHING: Fields = Object.freeze({});

/** One for all: nothing waits while an object is written. */
const shared = new BackwardWriter();

/**
 * The message of an object, without `kind` and `apiVersion`.
 *
 * @param type its name in OpenAPI
 * @param object as it is read from JSON (`readObject`): what has another type than the field is taken for nothing
 */
export function encodeMessage(type: string, object: object): Uint8Array {
  shared.reset();
  const write = messageOf(type);
  write(shared, fieldsOf(object));
  return shared.take();
}

const compiled = new Map<string, WriteField>();

/** Writes the fields of a type. */
function messageOf(name: string): WriteField {
  const known = compiled.get(name);
  if (known !== undefined) return known;
  const fields = typeOf(name)
    .fields.filter(({ number }) => number > 0)
    .toSorted((one, other) => other.number - one.number)
    .map(fieldWriter);
  const write: WriteField = (writer, object) => {
    for (const field of fields) field(writer, object);
  };
  compiled.set(name, write);
  return write;
}

function fieldWriter({ name, number, type, pointer }: TypeField): WriteField {
  if (name === undefined) return inlined(number, type);
  if (type.kind === 'list') return repeated(name, number, type.items);
  if (type.kind === 'map') return mapped(name, number, type.values);
  const write = valueWriter(type);
  const tag = tagWriter(number, isNumber(type) ? VARINT : LENGTH);
  // Slices and pointers have a "not there"; all else stands there with its zero.
  const canLack = pointer || type.kind === 'bytes' || type.kind === 'strings';
  return (writer, object) => {
    const value = object[name];
    if (canLack && (value === undefined || value === null)) return;
    write(writer, value);
    tag(writer);
  };
}

/** A struct whose fields stand among those of the object. */
function inlined(number: number, type: FieldType): WriteField {
  const write = valueWriter(type);
  const tag = tagWriter(number, LENGTH);
  return (writer, object) => {
    write(writer, object);
    tag(writer);
  };
}

function repeated(name: string, number: number, items: FieldType): WriteField {
  const write = valueWriter(items);
  const tag = tagWriter(number, isNumber(items) ? VARINT : LENGTH);
  return (writer, object) => {
    const list = object[name];
    if (!Array.isArray(list)) return;
    for (let index = list.length - 1; index >= 0; index -= 1) {
      write(writer, list[index]);
      tag(writer);
    }
  };
}

function mapped(name: string, number: number, values: FieldType): WriteField {
  const write = valueWriter(values);
  const tag = tagWriter(number, LENGTH);
  return (writer, object) => {
    const value = object[name];
    if (typeof value !== 'object' || value === null) return;
    const map = fieldsOf(value);
    const keys = sortedKeys(map);
    for (let index = keys.length - 1; index >= 0; index -= 1) {
      const key = keys[index] ?? '';
      const end = writer.length;
      const one = map[key];
      if (values.kind !== 'bytes' || typeof one === 'string') {
        write(writer, one);
        writer.byte(VALUE);
      }
      writer.text(key);
      writer.byte(KEY);
      writer.varint(writer.length - end);
      tag(writer);
    }
  };
}

/** In the order of their bytes, which is that of JavaScript but for characters beyond the first 65,536. */
function sortedKeys(map: Fields): string[] {
  const keys = Object.keys(map);
  if (keys.length < 2) return keys;
  if (keys.some((key) => /[\ud800-\udfff]/.test(key))) {
    return keys.sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
  }
  return keys.sort();
}

const isNumber = ({ kind }: FieldType): boolean =>
  kind === 'int32' || kind === 'int64' || kind === 'bool';

/** A tag of one byte, as nearly all are, is put together once. */
function tagWriter(number: number, wireType: number): (writer: BackwardWriter) => void {
  const tag = (number << 3) | wireType;
  return tag < 0x80 ? (writer) => writer.byte(tag) : (writer) => writer.varint(tag);
}

function valueWriter(type: FieldType): WriteValue {
  switch (type.kind) {
    case 'string':
      return (writer, value) => writer.text(textOf(value));
    case 'bytes':
      return (writer, value) => writer.base64(textOf(value));
    case 'bool':
      return (writer, value) => writer.byte(value === true ? 1 : 0);
    case 'int32':
    case 'int64':
      return (writer, value) => writer.varint(typeof value === 'number' ? value : 0);
    case 'time':
    case 'microtime':
      return writeTime;
    case 'quantity':
      return (writer, value) => writeOnly(writer, textOf(value) || '0');
    case 'int-or-string':
      return writeIntOrString;
    case 'strings':
      return writeStrings;
    case 'json':
      return writeJson;
    case 'struct':
      return structWriter(type.name);
    case 'list':
    case 'map':
      throw new TypeError(`expected no ${type.kind} within another`);
  }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : NOTHING);

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

/** Compiled when the first value is written: by then all types are known, whatever speaks of whatever. */
function structWriter(name: string): WriteValue {
  let message: WriteField | undefined;
  return (writer, value) => {
    const end = writer.length;
    message ??= messageOf(name);
    message(writer, fieldsOf(value));
    writer.varint(writer.length - end);
  };
}

/** A message with a text as its first and only field. */
function writeOnly(writer: BackwardWriter, text: string): void {
  const end = writer.length;
  writer.text(text);
  writer.byte(KEY);
  writer.varint(writer.length - end);
}

/** `Timestamp`: seconds and nanoseconds; nothing at all for a time that is not set. */
function writeTime(writer: BackwardWriter, value: unknown): void {
  const time = typeof value === 'string' ? secondsOf(value) : undefined;
  const end = writer.length;
  if (time !== undefined) {
    writer.varint(time.nanos);
    writer.byte((2 << 3) | VARINT);
    writer.varint(time.seconds);
    writer.byte((1 << 3) | VARINT);
  }
  writer.varint(writer.length - end);
}

/** Which of the two, the number, the text. */
function writeIntOrString(writer: BackwardWriter, value: unknown): void {
  const end = writer.length;
  writer.text(textOf(value));
  writer.byte((3 << 3) | LENGTH);
  writer.varint(typeof value === 'number' ? value : 0);
  writer.byte((2 << 3) | VARINT);
  writer.byte(typeof value === 'string' ? 1 : 0);
  writer.byte((1 << 3) | VARINT);
  writer.varint(writer.length - end);
}

function writeStrings(writer: BackwardWriter, value: unknown): void {
  const end = writer.length;
  if (Array.isArray(value)) {
    for (let index = value.length - 1; index >= 0; index -= 1) {
      writer.text(textOf(value[index]));
      writer.byte(KEY);
    }
  }
  writer.varint(writer.length - end);
}

/** `RawExtension` and `FieldsV1`: the text. */
function writeJson(writer: BackwardWriter, value: unknown): void {
  if (value === undefined || value === null) writer.byte(0);
  else writeOnly(writer, JSON.stringify(value));
}
