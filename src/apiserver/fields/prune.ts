/**
 * What somebody applied before and does not any more goes, unless somebody else has it too (structured-merge-diff,
 * merge/update.go, prune).
 */
import type { Json } from './compare.ts';
import { MEMBER } from './element.ts';
import {
  difference,
  EMPTY,
  type FieldSet,
  intersection,
  isEmpty,
  type NewFieldSet,
  union,
} from './field-set.ts';
import { fieldSetOf } from './field-set-of.ts';
import { innerLayout, type Layout, type StructLayout } from './layout.ts';
import { removeFields } from './remove.ts';

/**
 * @param merged the object with what is applied now
 * @param last the fields of the same manager before
 * @param managed those of all managers now, this one with its new ones
 */
export function prune(layout: StructLayout, merged: Json, last: FieldSet, managed: FieldSet): Json {
  const named = (set: FieldSet): FieldSet => withNamedFields(layout, set);
  const fieldsOf = (object: Json): FieldSet => named(fieldSetOf(layout, object));
  const all = fieldsOf(merged);
  const without = removeFields(layout, merged, named(last));
  const kept = union(fieldsOf(without), named(managed));
  // What others have too comes back, and with it what is around it.
  const pruned = removeFields(layout, merged, difference(all, kept));
  const gone = intersection(difference(all, fieldsOf(pruned)), named(last));
  return removeFields(layout, merged, gone);
}

/** With the fields of structs that hold fields of the set, as members. */
function withNamedFields(layout: Layout | undefined, set: FieldSet): FieldSet {
  const result: NewFieldSet = {};
  for (const [element, node] of Object.entries(set)) {
    if (element === MEMBER || isEmpty(node)) {
      result[element] = node;
      continue;
    }
    const inner = withNamedFields(innerLayout(layout, element), node);
    const isNamed = layout?.kind === 'struct' && layout.byElement.has(element);
    result[element] =
      isNamed && inner[MEMBER] === undefined ? { [MEMBER]: EMPTY, ...inner } : inner;
  }
  return result;
}
