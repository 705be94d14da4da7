/** Which fields of an object another one adds, changes and removes (structured-merge-diff, typed/compare.go). */
import { isJsonObject } from '../../kubernetes/index.ts';
import { compareElements, compareText, fieldElement, MEMBER } from './element.ts';
import { isEqual } from './equal.ts';
import { EMPTY, type FieldSet, FieldSetBuilder, type NewFieldSet } from './field-set.ts';
import { itemElement, type KeyedLayout, type Layout, type StructLayout } from './layout.ts';

export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

export type Json = Readonly<Record<string, unknown>>;

/** @throws FieldsError for items of lists that cannot be told apart */
export function compare(layout: StructLayout, before: Json, after: Json): Comparison {
  const walk = new Walk();
  walk.struct(layout, before, after);
  return { added: walk.added.set, modified: walk.modified.set, removed: walk.removed.set };
}

const NOTHING: Json = {};
const NO_ITEMS: readonly unknown[] = [];

/** Null counts as empty. */
export const asObject = (value: unknown): Json => (isJsonObject(value) ? value : NOTHING);
export const asList = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : NO_ITEMS;

export function isNothing(object: Json): boolean {
  for (const key in object) if (object[key] !== undefined) return false;
  return true;
}

class Walk {
  readonly added = new FieldSetBuilder();
  readonly modified = new FieldSetBuilder();
  readonly removed = new FieldSetBuilder();
  readonly #path: string[] = [];

  struct({ fields }: StructLayout, before: Json, after: Json): void {
    for (const { name, element, layout } of fields) {
      const [old, wanted] = [before[name], after[name]];
      if (old !== wanted) this.#at(element, layout, old, wanted);
    }
  }

  #at(element: string, layout: Layout, before: unknown, after: unknown): void {
    this.#path.push(element);
    this.#value(layout, before, after);
    this.#path.pop();
    const { length } = this.#path;
    this.added.backTo(length);
    this.modified.backTo(length);
    this.removed.backTo(length);
  }

  #value(layout: Layout, before: unknown, after: unknown): void {
    if (before === undefined) {
      if (after !== undefined) this.added.add(this.#path, covered(layout, after));
    } else if (after === undefined) this.removed.add(this.#path, covered(layout, before));
    else this.#both(layout, before, after);
  }

  #both(layout: Layout, before: unknown, after: unknown): void {
    switch (layout.kind) {
      case 'leaf':
        this.#whole(before, after);
        return;
      case 'struct':
      case 'map': {
        const [old, wanted] = [asObject(before), asObject(after)];
        // Empty and null are two values.
        if (isNothing(old) && isNothing(wanted)) this.#whole(before, after);
        else if (layout.kind === 'struct') this.struct(layout, old, wanted);
        else this.#map(layout.values, old, wanted);
        return;
      }
      case 'set':
      case 'keyed': {
        const [old, wanted] = [asList(before), asList(after)];
        if (old.length === 0 && wanted.length === 0) this.#whole(before, after);
        else if (!isEqual(old, wanted)) this.#list(layout, old, wanted);
      }
    }
  }

  #whole(before: unknown, after: unknown): void {
    if (!isEqual(before, after)) this.modified.add(this.#path, EMPTY);
  }

  #map(values: Layout, before: Json, after: Json): void {
    const changed = Object.keys(before).filter((key) => before[key] !== valueOf(after, key));
    for (const key in after) if (!Object.hasOwn(before, key)) changed.push(key);
    if (changed.length > 1) changed.sort(compareText);
    for (const key of changed) {
      this.#at(fieldElement(key), values, valueOf(before, key), valueOf(after, key));
    }
  }

  #list(
    layout: { readonly kind: 'set' } | KeyedLayout,
    before: readonly unknown[],
    after: readonly unknown[],
  ): void {
    const [old, wanted] = [itemsOf(layout, before), itemsOf(layout, after)];
    const items = layout.kind === 'keyed' ? layout.items : LEAF;
    const changed: string[] = [];
    for (const [element, values] of old) {
      if (!isEqual(values, wanted.get(element))) changed.push(element);
    }
    for (const element of wanted.keys()) if (!old.has(element)) changed.push(element);
    if (changed.length > 1) changed.sort(compareElements);
    for (const element of changed) {
      this.#items(element, items, old.get(element) ?? NO_ITEMS, wanted.get(element) ?? NO_ITEMS);
    }
  }

  /** Items that stand there more than once belong together, as one value. */
  #items(
    element: string,
    layout: Layout,
    before: readonly unknown[],
    after: readonly unknown[],
  ): void {
    if (before.length <= 1 && after.length <= 1) {
      this.#at(element, layout, before[0], after[0]);
      return;
    }
    const path = [...this.#path, element];
    if (before.length > 1 && after.length > 1) {
      if (!isEqual(before, after)) this.modified.add(path, EMPTY);
    } else if (before.length > 1) {
      if (after.length > 0) this.#at(element, layout, undefined, after[0]);
      this.removed.add(path, EMPTY);
    } else {
      if (before.length > 0) this.#at(element, layout, before[0], undefined);
      this.added.add(path, EMPTY);
    }
    this.added.backTo(this.#path.length);
    this.modified.backTo(this.#path.length);
    this.removed.backTo(this.#path.length);
  }
}

const LEAF: Layout = { kind: 'leaf' };

const valueOf = (object: Json, key: string): unknown =>
  Object.hasOwn(object, key) ? object[key] : undefined;

/** By their elements; those of one element in their order. */
export function itemsOf(
  layout: { readonly kind: 'set' } | KeyedLayout,
  list: readonly unknown[],
): Map<string, unknown[]> {
  const items = new Map<string, unknown[]>();
  for (const item of list) {
    const element = itemElement(layout, item);
    const others = items.get(element);
    if (others === undefined) items.set(element, [item]);
    else others.push(item);
  }
  return items;
}

/** The node of a value that is there now and was not before: all that it has, and itself. */
export function covered(layout: Layout, value: unknown): FieldSet {
  switch (layout.kind) {
    case 'leaf':
      return EMPTY;
    case 'struct':
      return coveredStruct(layout, asObject(value));
    case 'map': {
      const node: NewFieldSet = { [MEMBER]: EMPTY };
      const object = asObject(value);
      for (const key of Object.keys(object).sort(compareText)) {
        node[fieldElement(key)] = covered(layout.values, object[key]);
      }
      return orLeaf(node);
    }
    case 'set':
    case 'keyed':
      return coveredList(layout, asList(value));
  }
}

function coveredStruct({ fields }: StructLayout, value: Json): FieldSet {
  const node: NewFieldSet = { [MEMBER]: EMPTY };
  for (const { name, element, layout } of fields) {
    if (value[name] !== undefined) node[element] = covered(layout, value[name]);
  }
  return orLeaf(node);
}

function coveredList(
  layout: { readonly kind: 'set' } | KeyedLayout,
  value: readonly unknown[],
): FieldSet {
  const node: NewFieldSet = { [MEMBER]: EMPTY };
  const items = layout.kind === 'keyed' ? layout.items : LEAF;
  const byElement = itemsOf(layout, value);
  for (const element of [...byElement.keys()].sort(compareElements)) {
    const values = byElement.get(element) ?? NO_ITEMS;
    node[element] = values.length > 1 ? EMPTY : covered(items, values[0]);
  }
  return orLeaf(node);
}

const orLeaf = (node: NewFieldSet): FieldSet => {
  for (const element in node) if (element !== MEMBER) return node;
  return EMPTY;
};
