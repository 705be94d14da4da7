/**
 * Reads a value of JSON as an object of a schema: known fields only, in upstream's order, with times and
 * quantities in their canonical form, and a refusal of what has the wrong type. Follows what decoding into
 * the Go types of k8s.io/api and encoding them again does.
 */
import {
  isJsonObject,
  type KubernetesObject,
  type ResourceType,
  setOwn,
} from '../../kubernetes/index.ts';
import { canonicalQuantity } from './quantity.ts';
import type { ArraySchema, MapSchema, ObjectSchema, ScalarSchema, Schema } from './schema.ts';
import { canonicalMicroTime, canonicalTime } from './times.ts';

/** A field whose value is of another type, or none that its type allows. */
export class TypeMismatch extends Error {}

/** Paths of fields that the schema does not know, `spec.taints[0].colour`. */
export type UnknownFields = string[];

/** What `readObject` has to know of a resource. */
interface Readable<T extends KubernetesObject> {
  readonly type: ResourceType<T>;
  readonly schema: ObjectSchema;
}

/**
 * @param unknown gets the path of each field that is left out; absent: nobody wants to know
 * @throws TypeMismatch saying which field and why, without its value
 */
export function readObject<T extends KubernetesObject>(
  definition: Readable<T>,
  value: unknown,
  unknown?: UnknownFields,
): T {
  const read: unknown = readAs(definition.schema, value, unknown);
  if (!isRead(definition, read)) throw new TypeMismatch('the object: expected metadata');
  return read;
}

/** As `readObject`, of what need not be an object of the API: options, a list. */
export const readAs = (
  schema: ObjectSchema,
  value: unknown,
  unknown?: UnknownFields,
): Record<string, unknown> => readFields(schema, value, '', unknown);

/** True for what has been read by the schema of the resource: its fields have the types of `T` then. */
const isRead = <T extends KubernetesObject>(_: Readable<T>, value: unknown): value is T =>
  isJsonObject(value) && isJsonObject(value['metadata']);

function readFields(
  schema: ObjectSchema,
  value: unknown,
  path: string,
  unknown: UnknownFields | undefined,
): Record<string, unknown> {
  if (!isJsonObject(value)) throw mismatch(path, value, 'an object');
  const result: Record<string, unknown> = {};
  let known = 0;
  for (const [name, field] of schema.entries) {
    const given = Object.hasOwn(value, name) ? value[name] : undefined;
    if (given !== undefined) known += 1;
    if (given !== undefined && given !== null) {
      const read = readValue(field.schema, given, join(path, name), unknown);
      if (field.pointer || !isZero(field.schema, read)) {
        result[name] = read;
        continue;
      }
      if (field.always) {
        // Upstream's storage is protobuf, which knows no empty lists.
        result[name] = isPlainList(field.schema) ? null : read;
        continue;
      }
    }
    if (field.always) result[name] = field.pointer ? null : zeroOf(field.schema);
  }
  if (unknown !== undefined && known < Object.keys(value).length) {
    for (const name of Object.keys(value)) {
      if (!Object.hasOwn(schema.fields, name)) unknown.push(join(path, name));
    }
  }
  return result;
}

function readValue(
  schema: Schema,
  value: unknown,
  path: string,
  unknown: UnknownFields | undefined,
): unknown {
  switch (schema.kind) {
    case 'object':
      return readFields(schema, value, path, unknown);
    case 'map':
      return readMap(schema, value, path, unknown);
    case 'array':
      return readArray(schema, value, path, unknown);
    case 'any':
      return value;
    case 'string':
    case 'boolean':
    case 'int32':
    case 'int64':
    case 'bytes':
    case 'time':
    case 'microtime':
    case 'quantity':
    case 'int-or-string':
      return readScalar(schema, value, path);
  }
}

function readMap(
  { values }: MapSchema,
  value: unknown,
  path: string,
  unknown: UnknownFields | undefined,
): Record<string, unknown> {
  if (!isJsonObject(value)) throw mismatch(path, value, 'an object');
  const result: Record<string, unknown> = {};
  // Go writes the keys of a map in their order.
  for (const key of Object.keys(value).sort()) {
    const given = value[key];
    const read =
      given === null || given === undefined
        ? zeroOf(values)
        : readValue(values, given, join(path, key), unknown);
    setOwn(result, key, read);
  }
  return result;
}

function readArray(
  { items }: ArraySchema,
  value: unknown,
  path: string,
  unknown: UnknownFields | undefined,
): unknown[] {
  if (!Array.isArray(value)) throw mismatch(path, value, 'a list');
  return value.map((item: unknown, index) =>
    item === null ? zeroOf(items) : readValue(items, item, `${path}[${index}]`, unknown),
  );
}

function readScalar({ kind }: ScalarSchema, value: unknown, path: string): unknown {
  switch (kind) {
    case 'string':
      if (typeof value === 'string') return value;
      throw mismatch(path, value, 'a string');
    case 'boolean':
      if (typeof value === 'boolean') return value;
      throw mismatch(path, value, 'a boolean');
    case 'int32':
    case 'int64':
      return readInteger(kind, value, path);
    case 'bytes':
      return readBytes(value, path);
    case 'time':
      return readText(canonicalTime, value, path, 'an RFC 3339 time');
    case 'microtime':
      return readText(
        canonicalMicroTime,
        value,
        path,
        'an RFC 3339 time with six digits of a second',
      );
    case 'quantity':
      return readText(
        canonicalQuantity,
        typeof value === 'number' ? String(value) : value,
        path,
        'a quantity, a number with an optional suffix like "500m" or "2Gi"',
      );
    case 'int-or-string':
      return typeof value === 'string' ? value : readInteger('int32', value, path);
  }
}

function readText(
  canonical: (text: string) => string | undefined,
  value: unknown,
  path: string,
  what: string,
): string {
  if (typeof value !== 'string') throw mismatch(path, value, what);
  const text = canonical(value);
  if (text === undefined) throw new TypeMismatch(`${path}: expected ${what}`);
  return text;
}

function readInteger(kind: 'int32' | 'int64', value: unknown, path: string): number {
  if (typeof value !== 'number') throw mismatch(path, value, 'a number');
  const inRange = kind === 'int32' ? (value | 0) === value : Number.isSafeInteger(value);
  if (!inRange) throw new TypeMismatch(`${path}: expected an integer of type ${kind}`);
  return value;
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** As Go: padded, line breaks passed over. */
function readBytes(value: unknown, path: string): string {
  if (typeof value !== 'string') throw mismatch(path, value, 'a string in base64');
  const text = /[\r\n]/.test(value) ? value.replace(/[\r\n]/g, '') : value;
  if (!BASE64.test(text)) throw new TypeMismatch(`${path}: illegal base64 data`);
  return text;
}

const isPlainList = (schema: Schema): boolean =>
  schema.kind === 'map' || (schema.kind === 'array' && schema.isMessage !== true);

/** Whether `omitempty` leaves it out. An object stays: it is a pointer in Go, and `{}` is not "not set". */
function isZero(schema: Schema, value: unknown): boolean {
  if (schema.kind === 'map') {
    return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
  }
  if (Array.isArray(value)) return value.length === 0;
  return value === '' || value === 0 || value === false;
}

function zeroOf(schema: Schema): unknown {
  switch (schema.kind) {
    case 'object':
      return readFields(schema, {}, '', undefined);
    case 'string':
      return '';
    case 'boolean':
      return false;
    case 'int32':
    case 'int64':
    case 'int-or-string':
      return 0;
    case 'quantity':
      return '0';
    case 'map':
    case 'array':
    case 'bytes':
    case 'time':
    case 'microtime':
    case 'any':
      return null;
  }
}

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

function mismatch(path: string, value: unknown, expected: string): TypeMismatch {
  const found = value === null ? 'null' : Array.isArray(value) ? 'a list' : `a ${typeof value}`;
  return new TypeMismatch(
    `${path === '' ? 'the object' : path}: expected ${expected}, got ${found}`,
  );
}
