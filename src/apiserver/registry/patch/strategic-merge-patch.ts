/**
 * Strategic merge patch: a merge patch that knows which lists are merged, and by what (apimachinery,
 * util/strategicpatch). The result shares what it has not changed with its origin; the patch stays as it is.
 */
import { quotable } from '../../../errors.ts';
import { isJsonObject, setOwn } from '../../../kubernetes/index.ts';
import type { ArraySchema, Schema } from '../../resources/index.ts';
import {
  DELETE_FROM,
  DIRECTIVE,
  isDirectiveKey,
  ORDER,
  RETAIN,
  StrategicPatchError,
} from './directives.ts';
import { mergeList } from './merge-list.ts';

type Json = Readonly<Record<string, unknown>>;

/** @throws StrategicPatchError */
export function applyStrategicMergePatch(schema: Schema, original: Json, patch: Json): Json {
  return mergeMap(schema, original, patch);
}

function mergeMap(schema: Schema, original: Json, patch: Json): Json {
  if (Object.hasOwn(patch, DIRECTIVE)) return replaced(patch);
  const kept = retained(original, patch);
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(kept)) setOwn(result, key, value);
  for (const key of Object.keys(patch)) {
    if (isDirectiveKey(key)) continue;
    mergeField(schema, result, key, patch);
  }
  // Directives for lists that the patch does not hold itself.
  for (const key of Object.keys(patch)) {
    const list = [DELETE_FROM, ORDER].find((prefix) => key.startsWith(prefix));
    if (list === undefined) continue;
    const field = key.slice(list.length);
    if (!Object.hasOwn(patch, field)) mergeField(schema, result, field, patch);
  }
  return result;
}

/** `$patch: replace` and `$patch: delete` of an object. */
function replaced(patch: Json): Json {
  const { [DIRECTIVE]: directive, ...rest } = patch;
  if (directive === 'replace') return rest;
  if (directive === 'delete') return {};
  throw new StrategicPatchError(`unknown patch type: ${quotable(String(directive))}`, true);
}

/** `$retainKeys`: other keys of the original go. */
function retained(original: Json, patch: Json): Json {
  const keys = patch[RETAIN];
  if (keys === undefined) return original;
  if (!Array.isArray(keys)) throw new StrategicPatchError('invalid patch format of retainKeys');
  const wanted = new Set<unknown>(keys);
  for (const [key, value] of Object.entries(patch)) {
    if (value !== null && !isDirectiveKey(key) && !wanted.has(key)) {
      throw new StrategicPatchError('invalid patch format of retainKeys');
    }
  }
  return Object.fromEntries(Object.entries(original).filter(([key]) => wanted.has(key)));
}

function mergeField(
  schema: Schema,
  result: Record<string, unknown>,
  key: string,
  patch: Json,
): void {
  const value = patch[key];
  const inner = fieldSchema(schema, key);
  const [order, deletions] = [patch[`${ORDER}${key}`], patch[`${DELETE_FROM}${key}`]];
  if (value === null) {
    delete result[key];
    return;
  }
  const current = Object.hasOwn(result, key) ? result[key] : undefined;
  if (
    order !== undefined ||
    deletions !== undefined ||
    (Array.isArray(value) && Array.isArray(current))
  ) {
    const merged = mergeList({
      schema: inner?.kind === 'array' ? inner : UNKNOWN_LIST,
      original: asList(current),
      patch: asList(value),
      order: order === undefined ? undefined : demandList(order, 'setElementOrder list'),
      deletions: deletions === undefined ? [] : demandList(deletions, 'primitive list'),
      mergeItems: (item, change) => mergeMap(itemSchema(inner), item, change),
    });
    if (merged !== undefined) setOwn(result, key, merged);
    return;
  }
  if (isJsonObject(value) && isJsonObject(current)) {
    setOwn(result, key, mergeMap(inner ?? ANY, current, value));
    return;
  }
  const added = withoutDirectives(value);
  if (added === REMOVED) delete result[key];
  else setOwn(result, key, added);
}

const ANY: Schema = { kind: 'any' };
const UNKNOWN_LIST: ArraySchema = { kind: 'array', items: ANY };

function asList(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

function demandList(value: unknown, what: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new StrategicPatchError(`invalid patch format of ${what}`);
}

function fieldSchema(schema: Schema, key: string): Schema | undefined {
  if (schema.kind === 'map') return schema.values;
  if (schema.kind !== 'object') return undefined;
  return Object.hasOwn(schema.fields, key) ? schema.fields[key]?.schema : undefined;
}

const itemSchema = (schema: Schema | undefined): Schema =>
  schema?.kind === 'array' ? schema.items : ANY;

const REMOVED = Symbol('removed');

/** What is new comes without directives and without nulls; an object that only asks for a deletion does not come. */
export function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withoutDirectives).filter((item) => item !== REMOVED);
  }
  if (!isJsonObject(value)) return value;
  if (Object.hasOwn(value, DIRECTIVE)) return REMOVED;
  const result: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    if (inner === null || isDirectiveKey(key)) continue;
    const kept = withoutDirectives(inner);
    if (kept !== REMOVED) setOwn(result, key, kept);
  }
  return result;
}
