/** The fields that an applied object names (structured-merge-diff, typed/tofieldset.go). */
import { asList, asObject, isNothing, itemsOf, type Json } from './compare.ts';
import { compareElements, compareText, fieldElement, MEMBER } from './element.ts';
import { EMPTY, type FieldSet, isEmpty, type NewFieldSet } from './field-set.ts';
import type { KeyedLayout, Layout, StructLayout } from './layout.ts';

/**
 * Its leaves, its items, and what is empty. A field that only holds others is not in it.
 *
 * @throws FieldsError for items of lists that cannot be told apart
 */
export function fieldSetOf({ fields }: StructLayout, object: Json): FieldSet {
  const set: NewFieldSet = {};
  for (const { name, element, layout } of fields) {
    const value = object[name];
    if (value === undefined) continue;
    const node = nodeOf(layout, value);
    if (node !== undefined) set[element] = node;
  }
  return set;
}

/** Undefined where neither it nor anything in it belongs to the set. */
function nodeOf(layout: Layout, value: unknown): FieldSet | undefined {
  if (layout.kind === 'leaf' || value === null) return EMPTY;
  if (layout.kind === 'struct' || layout.kind === 'map') {
    if (isNothing(asObject(value))) return EMPTY;
  }
  const children = childrenOf(layout, value);
  return isEmpty(children) ? undefined : children;
}

function childrenOf(layout: Exclude<Layout, { kind: 'leaf' }>, value: unknown): FieldSet {
  switch (layout.kind) {
    case 'struct':
      return fieldSetOf(layout, asObject(value));
    case 'map':
      return entriesOf(layout.values, asObject(value));
    case 'set':
    case 'keyed':
      return listOf(layout, asList(value));
  }
}

function entriesOf(values: Layout, object: Json): FieldSet {
  const set: NewFieldSet = {};
  for (const key of Object.keys(object).sort(compareText)) {
    set[fieldElement(key)] = memberOf(values, object[key]);
  }
  return set;
}

function listOf(
  layout: { readonly kind: 'set' } | KeyedLayout,
  list: readonly unknown[],
): FieldSet {
  const set: NewFieldSet = {};
  const items = itemsOf(layout, list);
  for (const element of [...items.keys()].sort(compareElements)) {
    const [item, ...others] = items.get(element) ?? [];
    const isOne = others.length === 0 && layout.kind === 'keyed';
    set[element] = isOne ? memberOf(layout.items, item) : EMPTY;
  }
  return set;
}

/** A node that is in the set whatever it has. */
function memberOf(layout: Layout, value: unknown): FieldSet {
  const node = nodeOf(layout, value);
  return node === undefined || isEmpty(node) ? EMPTY : { [MEMBER]: EMPTY, ...node };
}
