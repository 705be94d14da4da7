/** An object without some of its fields and items (structured-merge-diff, typed/remove.go). */
import { isJsonObject, setOwn } from '../../kubernetes/index.ts';
import { isNothing, type Json } from './compare.ts';
import { fieldElement } from './element.ts';
import { type FieldSet, hasElement, isEmpty, within } from './field-set.ts';
import { itemElement, type KeyedLayout, type Layout, type StructLayout } from './layout.ts';

/** What has nothing left is null. */
export const removeFields = (layout: StructLayout, object: Json, fields: FieldSet): Json =>
  isEmpty(fields) ? object : (withoutEntries(layout, object, fields) ?? {});

function without(layout: Layout, value: unknown, fields: FieldSet): unknown {
  switch (layout.kind) {
    case 'leaf':
      return typeof value === 'object' ? null : value;
    case 'struct':
    case 'map':
      return isJsonObject(value) ? withoutEntries(layout, value, fields) : null;
    case 'set':
    case 'keyed':
      return Array.isArray(value) ? withoutItems(layout, value, fields) : null;
  }
}

function withoutEntries(
  layout: Extract<Layout, { kind: 'struct' | 'map' }>,
  object: Json,
  fields: FieldSet,
): Json | null {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(object)) {
    const element = fieldElement(key);
    if (hasElement(fields, element)) continue;
    const inner = within(fields, element);
    const values = layout.kind === 'map' ? layout.values : layout.byElement.get(element)?.layout;
    const kept = isEmpty(inner) || values === undefined ? value : without(values, value, inner);
    setOwn(result, key, kept);
  }
  return isNothing(result) ? null : result;
}

function withoutItems(
  layout: { readonly kind: 'set' } | KeyedLayout,
  list: readonly unknown[],
  fields: FieldSet,
): readonly unknown[] | null {
  const result: unknown[] = [];
  for (const item of list) {
    const element = itemElement(layout, item);
    if (hasElement(fields, element)) continue;
    const inner = within(fields, element);
    result.push(
      isEmpty(inner) || layout.kind === 'set' ? item : without(layout.items, item, inner),
    );
  }
  return result.length === 0 ? null : result;
}
