/**
 * Reads an object from its protobuf form (`application/vnd.kubernetes.protobuf`) into what its JSON
 * would be. Upstream: apimachinery, pkg/runtime/serializer/protobuf, and the `Unknown` message of
 * pkg/runtime/generated.proto, which carries kind and version around every object.
 */
import { MESSAGE_FIELDS } from './fields.ts';
import { Budget, WireError, type WireField, wireFields } from './wire.ts';

/** `k8s` and a zero: what every encoded object begins with. */
const MAGIC = Buffer.from('k8s\0');
/** Messages within messages; the deepest that Kubernetes has is far below. */
const DEEPEST = 24;

interface FieldRule {
  readonly name: string;
  readonly type: string;
  readonly shape: 'one' | 'list' | 'map';
  /** A zero is a value, and not the same as nothing. */
  readonly keepsZero: boolean;
}

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/**
 * The object with `apiVersion` and `kind`.
 *
 * @throws WireError for bytes that are no such object; its message says why, as upstream words it
 */
export function decodeProtobuf(bytes: Uint8Array): Record<string, unknown> {
  if (Buffer.compare(bytes.subarray(0, MAGIC.length), MAGIC) !== 0) {
    throw new WireError(
      'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    );
  }
  const budget = new Budget();
  let type: Uint8Array = new Uint8Array();
  let raw: Uint8Array = new Uint8Array();
  for (const { number, value } of wireFields(bytes.subarray(MAGIC.length), budget)) {
    if (number === 1) type = bytesOf(value);
    if (number === 2) raw = bytesOf(value);
  }
  const { apiVersion, kind } = typeOf(type, budget);
  if (!Object.hasOwn(MESSAGE_FIELDS, kind)) {
    throw new WireError(`no kind ${JSON.stringify(kind)} is known in protobuf`);
  }
  return { apiVersion, kind, ...message(kind, raw, 0, budget) };
}

/** `runtime.TypeMeta`. */
function typeOf(bytes: Uint8Array, budget: Budget): { apiVersion: string; kind: string } {
  const type = { apiVersion: '', kind: '' };
  for (const { number, value } of wireFields(bytes, budget)) {
    if (number === 1) type.apiVersion = text(value);
    if (number === 2) type.kind = text(value);
  }
  return type;
}

function message(
  name: string,
  bytes: Uint8Array,
  depth: number,
  budget: Budget,
): Record<string, Json> {
  if (depth > DEEPEST) throw new WireError('nested too deeply');
  const rules = rulesOf(name);
  const object: Record<string, Json> = {};
  const seen = new Set<number>();
  for (const field of wireFields(bytes, budget)) {
    const rule = rules.get(field.number);
    // What a newer client knows and this server does not is passed over, as upstream does.
    if (rule === undefined) {
      budget.waste();
      continue;
    }
    if (rule.shape === 'one') {
      if (seen.has(field.number)) budget.waste();
      seen.add(field.number);
    }
    put(object, rule, field, depth, budget);
  }
  return object;
}

function put(
  object: Record<string, Json>,
  rule: FieldRule,
  { value }: WireField,
  depth: number,
  budget: Budget,
): void {
  const before = object[rule.name];
  if (rule.shape === 'map') {
    // A null prototype, so that the key `__proto__` is a key like any other.
    const map: Record<string, Json> = isMap(before) ? before : Object.create(null);
    const entry = mapEntry(rule.type, bytesOf(value), depth, budget);
    map[entry.key] = entry.value;
    object[rule.name] = map;
    return;
  }
  const read = single(rule.type, value, depth, budget);
  if (rule.shape === 'list') {
    if (Array.isArray(before)) before.push(read);
    else object[rule.name] = [read];
  } else if (rule.keepsZero || !isZero(read)) {
    object[rule.name] = read;
  }
}

const isMap = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function mapEntry(
  type: string,
  bytes: Uint8Array,
  depth: number,
  budget: Budget,
): { key: string; value: Json } {
  let key = '';
  let value: WireField['value'] = new Uint8Array();
  for (const field of wireFields(bytes, budget)) {
    if (field.number === 1) key = text(field.value);
    if (field.number === 2) value = field.value;
  }
  return { key, value: single(type, value, depth, budget) };
}

function single(type: string, value: WireField['value'], depth: number, budget: Budget): Json {
  switch (type) {
    case 'string':
      return text(value);
    case 'bytes':
      return Buffer.from(bytesOf(value)).toString('base64');
    case 'bool':
      return numberOf(value) !== 0n;
    case 'int':
      return Number(BigInt.asIntN(64, numberOf(value)));
    case 'time':
      return time(bytesOf(value), 0, budget);
    case 'microtime':
      return time(bytesOf(value), 6, budget);
    case 'quantity':
      return firstText(bytesOf(value), budget);
    case 'strings':
      return [...wireFields(bytesOf(value), budget)].map((field) => text(field.value));
    case 'raw':
      return rawJson(bytesOf(value), budget);
    default:
      return message(type, bytesOf(value), depth + 1, budget);
  }
}

/** `metav1.Time` and `MicroTime`: seconds and nanoseconds; an empty message is no time. */
function time(bytes: Uint8Array, digits: 0 | 6, budget: Budget): Json {
  let seconds = 0n;
  let nanos = 0n;
  for (const { number, value } of wireFields(bytes, budget)) {
    if (number === 1) seconds = BigInt.asIntN(64, numberOf(value));
    if (number === 2) nanos = BigInt.asIntN(32, numberOf(value));
  }
  if (seconds === 0n && nanos === 0n) return null;
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) throw new WireError('a time is out of range');
  const whole = date.toISOString().slice(0, -5);
  const fraction = String(nanos / 1000n).padStart(6, '0');
  return digits === 0 ? `${whole}Z` : `${whole}.${fraction}Z`;
}

/** `FieldsV1`: JSON in bytes. */
function rawJson(bytes: Uint8Array, budget: Budget): Json {
  for (const { number, value } of wireFields(bytes, budget)) {
    if (number === 1) return parseJson(text(value));
  }
  return {};
}

function parseJson(source: string): Json {
  try {
    const value: Json = JSON.parse(source);
    return value;
  } catch {
    throw new WireError('a field that holds JSON does not');
  }
}

function firstText(bytes: Uint8Array, budget: Budget): string {
  for (const { number, value } of wireFields(bytes, budget)) {
    if (number === 1) return text(value);
  }
  return '';
}

const isZero = (value: Json): boolean =>
  value === '' || value === 0 || value === false || value === null;

function bytesOf(value: WireField['value']): Uint8Array {
  if (typeof value === 'bigint') throw new WireError('expected bytes, got a number');
  return value;
}

function numberOf(value: WireField['value']): bigint {
  if (typeof value !== 'bigint') throw new WireError('expected a number, got bytes');
  return value;
}

const text = (value: WireField['value']): string => Buffer.from(bytesOf(value)).toString('utf8');

const compiled = new Map<string, ReadonlyMap<number, FieldRule>>();

function rulesOf(name: string): ReadonlyMap<number, FieldRule> {
  const known = compiled.get(name);
  if (known !== undefined) return known;
  const rules = new Map<number, FieldRule>();
  for (const row of (MESSAGE_FIELDS[name] ?? '').split(/,\s*/)) {
    const [number = '', field = '', type = ''] = row.trim().split(' ');
    if (number !== '') rules.set(Number(number), rule(field, type));
  }
  compiled.set(name, rules);
  return rules;
}

function rule(name: string, type: string): FieldRule {
  if (type.startsWith('map:')) {
    return { name, type: type.slice(4), shape: 'map', keepsZero: true };
  }
  if (type.endsWith('[]')) return { name, type: type.slice(0, -2), shape: 'list', keepsZero: true };
  if (type.endsWith('?')) return { name, type: type.slice(0, -1), shape: 'one', keepsZero: true };
  return { name, type, shape: 'one', keepsZero: false };
}
