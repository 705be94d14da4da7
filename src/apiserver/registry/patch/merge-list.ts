/** Lists in a strategic merge patch: replaced, merged by a key, or merged as a set of scalars. */
import { isJsonObject } from '../../../kubernetes/index.ts';
import type { ArraySchema } from '../../resources/index.ts';
import { DIRECTIVE, StrategicPatchError } from './directives.ts';

type Json = Readonly<Record<string, unknown>>;

/** Items that a patch may name for one list that is merged; no list of Kubernetes comes near. */
const MOST_ITEMS = 10_000;

interface ListMerge {
  readonly schema: ArraySchema;
  /** Absent where the object has no such list. */
  readonly original: readonly unknown[] | undefined;
  /** Absent where the patch has only directives for it. */
  readonly patch: readonly unknown[] | undefined;
  readonly order: readonly unknown[] | undefined;
  /** Scalars that go. */
  readonly deletions: readonly unknown[];
  readonly mergeItems: (item: Json, change: Json) => Json;
}

/**
 * Undefined where there is no list afterwards either.
 *
 * @throws StrategicPatchError also where the patch names more than 10,000 items of a list that is merged
 */
export function mergeList(merge: ListMerge): readonly unknown[] | undefined {
  const { schema, original, patch, order, deletions } = merge;
  if (original === undefined && patch === undefined) return undefined;
  if (schema.patch === undefined && deletions.length === 0) return patch ?? original;
  for (const list of [patch, order, deletions]) {
    if (list !== undefined && list.length > MOST_ITEMS) {
      throw new StrategicPatchError(`a list of the patch has more than ${MOST_ITEMS} items`);
    }
  }
  return schema.mergeKey === undefined ? mergeScalars(merge) : mergeObjects(merge, schema.mergeKey);
}

function mergeScalars({ original = [], patch = [], order, deletions }: ListMerge): unknown[] {
  const gone = new Set(deletions);
  const merged = [...new Set([...original.filter((item) => !gone.has(item)), ...patch])];
  return inOrder(merged, original, order ?? patch, (item) => item);
}

function mergeObjects(
  { original = [], patch = [], order, mergeItems }: ListMerge,
  mergeKey: string,
): Json[] {
  const before = demandObjects(original);
  const items = demandObjects(patch);
  const changes = items.filter((item) => !Object.hasOwn(item, DIRECTIVE));
  for (const change of changes) keyOf(change, mergeKey);
  if (order !== undefined) checkOrder(changes, demandObjects(order), mergeKey);
  const directives = items.filter((item) => Object.hasOwn(item, DIRECTIVE));
  const gone = deletedKeys(directives, mergeKey);
  const merged = gone === 'all' ? [] : before.filter((item) => !gone.has(item[mergeKey]));
  const places = new Map(merged.map((item, index) => [item[mergeKey], index]));
  for (const change of changes) {
    const place = places.get(change[mergeKey]);
    const current = place === undefined ? undefined : merged[place];
    if (place === undefined || current === undefined) {
      places.set(change[mergeKey], merged.length);
      merged.push(mergeItems({}, change));
    } else {
      merged[place] = mergeItems(current, change);
    }
  }
  return inOrder(merged, before, order ?? changes, (item) =>
    isJsonObject(item) ? item[mergeKey] : undefined,
  );
}

/** What `$patch: delete` names, or everything for `$patch: replace`. */
function deletedKeys(directives: readonly Json[], mergeKey: string): ReadonlySet<unknown> | 'all' {
  const gone = new Set<unknown>();
  let isReplaced = false;
  for (const item of directives) {
    if (item[DIRECTIVE] === 'delete') gone.add(keyOf(item, mergeKey));
    else if (item[DIRECTIVE] === 'replace') isReplaced = true;
    else {
      throw new StrategicPatchError(
        'unknown patch type in $patch of a list: expected replace or delete',
      );
    }
  }
  return isReplaced ? 'all' : gone;
}

/** What the patch holds has to come in the order that it asks for. */
function checkOrder(changes: readonly Json[], order: readonly Json[], mergeKey: string): void {
  if (order.length === 0 || changes.length === 0) return;
  let at = 0;
  for (const change of changes) {
    while (at < order.length && order[at]?.[mergeKey] !== change[mergeKey]) at += 1;
    if (at === order.length) {
      throw new StrategicPatchError(
        'The order in patch list does not match the $setElementOrder list',
      );
    }
    at += 1;
  }
}

/**
 * Items that the patch speaks of stand in its order; the others keep theirs, each as near as can be to
 * where it stood (strategicpatch, normalizeElementOrder).
 */
function inOrder<T>(
  merged: readonly T[],
  original: readonly unknown[],
  wanted: readonly unknown[],
  identify: (item: unknown) => unknown,
): T[] {
  const place = new Map(wanted.map((item, index) => [identify(item), index]));
  const before = new Map(original.map((item, index) => [identify(item), index]));
  const stoodAt = (item: unknown): number => before.get(identify(item)) ?? Number.POSITIVE_INFINITY;
  const placeOf = (item: T): number | undefined => place.get(identify(item));
  const spoken = merged
    .filter((item) => placeOf(item) !== undefined)
    .sort((a, b) => (placeOf(a) ?? 0) - (placeOf(b) ?? 0));
  const others = merged.filter((item) => placeOf(item) === undefined);
  const result: T[] = [];
  let next = 0;
  for (const item of spoken) {
    // What is new has stood nowhere: nothing goes before it for that.
    const stood = before.get(identify(item)) ?? -1;
    // One by one: to spread a long list into arguments would exceed what a call can take.
    for (let other = others[next]; next < others.length && stoodAt(other) < stood; ) {
      if (other !== undefined) result.push(other);
      next += 1;
      other = others[next];
    }
    result.push(item);
  }
  return [...result, ...others.slice(next)];
}

function keyOf(item: Json, mergeKey: string): unknown {
  if (Object.hasOwn(item, mergeKey)) return item[mergeKey];
  throw new StrategicPatchError(`map does not contain declared merge key: ${mergeKey}`);
}

function demandObjects(items: readonly unknown[]): Json[] {
  return items.map((item) => {
    if (isJsonObject(item)) return item;
    throw new StrategicPatchError('expected a list of objects in the patch');
  });
}
