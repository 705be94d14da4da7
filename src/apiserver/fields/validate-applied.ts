/** Whether an applied object fits its type, said as upstream does (structured-merge-diff, typed/validate.go). */
import { isJsonObject } from '../../kubernetes/index.ts';
import type { Schema } from '../resources/index.ts';
import { asList } from './compare.ts';
import { FieldsError, fieldElement, shownElement, shownValue } from './element.ts';
import { itemElement, type Layout, type StructLayout } from './layout.ts';

/** Upstream lists them all. */
const MOST_PROBLEMS = 100;

/** Each with its path in front; empty where it fits. */
export function appliedProblems(
  schema: Schema,
  layout: StructLayout,
  object: unknown,
): readonly string[] {
  const problems: string[] = [];
  check(schema, layout, object, '', problems);
  return problems.slice(0, MOST_PROBLEMS);
}

function check(
  schema: Schema,
  layout: Layout | undefined,
  value: unknown,
  path: string,
  problems: string[],
): void {
  // Null stands for "nothing" everywhere.
  if (value === null || value === undefined || problems.length >= MOST_PROBLEMS) return;
  const wrong = (expected: string): void => {
    problems.push(path === '' ? expected : `${path}: ${expected}`);
  };
  switch (schema.kind) {
    case 'any':
      return;
    case 'object':
    case 'map':
      if (isJsonObject(value)) checkFields(schema, layout, value, path, problems);
      else wrong(`expected map, got ${goStruct(value)}`);
      return;
    case 'array':
      if (Array.isArray(value)) checkItems(schema.items, layout, value, path, problems);
      else wrong(`expected list, got ${goStruct(value)}`);
      return;
    case 'string':
    case 'bytes':
      if (typeof value !== 'string') wrong(`expected string, got ${goStruct(value)}`);
      return;
    case 'boolean':
      if (typeof value !== 'boolean') wrong(`expected boolean, got &{${goText(value)}}`);
      return;
    case 'int32':
    case 'int64':
      if (typeof value !== 'number') wrong(`expected numeric (int or float), got ${goType(value)}`);
      return;
    case 'time':
    case 'microtime':
    case 'quantity':
    case 'int-or-string':
      if (typeof value === 'object') wrong(`expected any scalar, got ${goStruct(value)}`);
  }
}

function checkFields(
  schema: Extract<Schema, { kind: 'object' | 'map' }>,
  layout: Layout | undefined,
  value: Record<string, unknown>,
  path: string,
  problems: string[],
): void {
  for (const [name, inner] of Object.entries(value)) {
    const element = fieldElement(name);
    const here = path + shownElement(element);
    if (schema.kind === 'map') {
      check(
        schema.values,
        layout?.kind === 'map' ? layout.values : undefined,
        inner,
        here,
        problems,
      );
      continue;
    }
    const field = Object.hasOwn(schema.fields, name) ? schema.fields[name] : undefined;
    if (field === undefined) {
      problems.push(`${here}: field not declared in schema`);
      return;
    }
    const known = layout?.kind === 'struct' ? layout.byElement.get(element)?.layout : undefined;
    check(field.schema, known, inner, here, problems);
  }
}

function checkItems(
  items: Schema,
  layout: Layout | undefined,
  value: readonly unknown[],
  path: string,
  problems: string[],
): void {
  const isAssociative = layout?.kind === 'set' || layout?.kind === 'keyed';
  const seen = new Set<string>();
  for (const [at, item] of asList(value).entries()) {
    let element = `i:${at}`;
    if (isAssociative) {
      try {
        element = itemElement(layout, item);
      } catch (error) {
        if (!(error instanceof FieldsError)) throw error;
        problems.push(`${path}: element ${at}: ${error.message}`);
        return;
      }
      if (seen.has(element)) {
        problems.push(`${path}: duplicate entries for key ${shownElement(element)}`);
      }
      seen.add(element);
    }
    const inner = layout?.kind === 'keyed' ? layout.items : undefined;
    check(items, inner, item, path + shownElement(element), problems);
  }
}

/** As Go prints what the YAML holds. Long values are not repeated. */
const goStruct = (value: unknown): string =>
  `&value.valueUnstructured{Value:${typeof value === 'object' ? goType(value) : shownValue(value).slice(0, 256)}}`;

const goText = (value: unknown): string =>
  typeof value === 'string' ? value.slice(0, 256) : goType(value);

function goType(value: unknown): string {
  if (typeof value === 'object') {
    return Array.isArray(value) ? '[]interface {}' : 'map[string]interface {}';
  }
  if (typeof value === 'number') return 'float64';
  return typeof value === 'boolean' ? 'bool' : 'string';
}
