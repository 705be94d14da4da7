/**
 * What server-side apply has to know of a type, made once of its schema: which fields are granular and in which order
 * they come, how the items of lists are told apart (kube-openapi, pkg/schemaconv).
 */
import { isJsonObject } from '../../kubernetes/index.ts';
import type { ArraySchema, Field, ObjectSchema, Schema } from '../resources/index.ts';
import { compareText, FieldsError, fieldElement, keyElement, valueElement } from './element.ts';

export type Layout =
  /** A scalar, or something that belongs to one manager as a whole. */
  | { readonly kind: 'leaf'; readonly isAtomic?: true }
  | StructLayout
  | { readonly kind: 'map'; readonly values: Layout }
  /** A list of scalars that stand there once each. */
  | { readonly kind: 'set' }
  | KeyedLayout;

export interface StructLayout {
  readonly kind: 'struct';
  /** By name, as they come in a set. */
  readonly fields: readonly FieldLayout[];
  readonly byElement: ReadonlyMap<string, FieldLayout>;
}

export interface FieldLayout {
  readonly name: string;
  readonly element: string;
  readonly layout: Layout;
}

/** A list of objects that are told apart by some of their fields. */
export interface KeyedLayout {
  readonly kind: 'keyed';
  /** By name. */
  readonly keys: readonly Key[];
  readonly items: Layout;
}

interface Key {
  readonly name: string;
  /** What an item without it is taken for. */
  readonly default?: string | number | boolean;
}

const SCALAR: Layout = { kind: 'leaf' };
const ATOMIC: Layout = { kind: 'leaf', isAtomic: true };
const SET: Layout = { kind: 'set' };

const layouts = new WeakMap<ObjectSchema, StructLayout>();

/** All fields of a type. */
export function layoutOf(schema: ObjectSchema): StructLayout {
  const known = layouts.get(schema);
  if (known !== undefined) return known;
  const made = structLayout(schema);
  layouts.set(schema, made);
  return made;
}

function structLayout(schema: ObjectSchema): StructLayout {
  const fields = schema.entries.map(([name, field]) => ({
    name,
    element: fieldElement(name),
    layout: layoutOfSchema(field.schema),
  }));
  return structOf(fields);
}

function structOf(fields: readonly FieldLayout[]): StructLayout {
  const sorted = fields.toSorted((a, b) => compareText(a.name, b.name));
  return {
    kind: 'struct',
    fields: sorted,
    byElement: new Map(sorted.map((field) => [field.element, field])),
  };
}

function layoutOfSchema(schema: Schema): Layout {
  if (schema.kind === 'array') return listLayout(schema);
  if (schema.kind === 'any') return ATOMIC;
  if (schema.kind !== 'object' && schema.kind !== 'map') return SCALAR;
  if (schema.atomic === true) return ATOMIC;
  return schema.kind === 'object'
    ? layoutOf(schema)
    : { kind: 'map', values: layoutOfSchema(schema.values) };
}

/** `listType`, or what a strategic merge patch does with the list; a list that nothing is said of is atomic. */
function listLayout({ items, listType, listMapKeys, patch, mergeKey }: ArraySchema): Layout {
  if (listType === 'map') return keyedLayout(items, listMapKeys ?? []);
  if (listType === 'set') return SET;
  if (listType === 'atomic' || patch === undefined) return ATOMIC;
  return mergeKey === undefined ? SET : keyedLayout(items, [mergeKey]);
}

function keyedLayout(items: Schema, names: readonly string[]): KeyedLayout {
  const keys = names.toSorted(compareText).map((name): Key => {
    const fallback = items.kind === 'object' ? defaultOf(items.fields[name]) : undefined;
    return fallback === undefined ? { name } : { name, default: fallback };
  });
  return { kind: 'keyed', keys, items: layoutOfSchema(items) };
}

/** OpenAPI gives what always stands in the JSON the value that Go has for it (kube-openapi, generators/openapi.go). */
function defaultOf(field: Field | undefined): Key['default'] {
  if (field === undefined || field.default !== undefined) return field?.default;
  return field.always && !field.pointer ? ZEROS.get(field.schema.kind) : undefined;
}

const ZEROS: ReadonlyMap<Schema['kind'], string | number | boolean> = new Map<
  Schema['kind'],
  string | number | boolean
>([
  ['string', ''],
  ['int32', 0],
  ['int64', 0],
  ['boolean', false],
]);

/** The layout without some fields and all that is in them. */
export function withoutFields(
  layout: StructLayout,
  paths: readonly (readonly string[])[],
): StructLayout {
  return structOf(
    layout.fields.flatMap((field): readonly FieldLayout[] => {
      const inner = paths.filter(([first]) => first === field.name).map((path) => path.slice(1));
      if (inner.length === 0) return [field];
      if (inner.some((path) => path.length === 0) || field.layout.kind !== 'struct') return [];
      return [{ ...field, layout: withoutFields(field.layout, inner) }];
    }),
  );
}

/**
 * The element of an item of a list.
 *
 * @throws FieldsError for an item that cannot be told apart from others
 */
export function itemElement(layout: { readonly kind: 'set' } | KeyedLayout, item: unknown): string {
  if (layout.kind === 'set') {
    if (typeof item === 'object' || item === undefined) {
      throw new FieldsError(`associative list without keys has an element that's ${whatIs(item)}`);
    }
    return valueElement(item);
  }
  if (!isJsonObject(item)) {
    throw new FieldsError(
      `associative list with keys may not have ${item === null ? 'a null element' : 'non-map elements'}`,
    );
  }
  const pairs: [string, unknown][] = [];
  for (const key of layout.keys) {
    const value = Object.hasOwn(item, key.name) ? item[key.name] : key.default;
    if (value !== undefined) pairs.push([key.name, value]);
  }
  if (pairs.length === 0) {
    const names = layout.keys.map(({ name }) => JSON.stringify(name)).join(' ');
    throw new FieldsError(
      `associative list with keys has an element that omits all key fields [${names}] (and doesn't have default values for any key fields)`,
    );
  }
  return keyElement(pairs);
}

const whatIs = (item: unknown): string =>
  item === null ? 'an explicit null' : Array.isArray(item) ? 'a list' : 'a map type';

/** Of what an element stands for; undefined where the type does not say. */
export function innerLayout(layout: Layout | undefined, element: string): Layout | undefined {
  if (layout?.kind === 'struct') return layout.byElement.get(element)?.layout;
  if (layout?.kind === 'map') return layout.values;
  return layout?.kind === 'keyed' && element.startsWith('k:') ? layout.items : undefined;
}
