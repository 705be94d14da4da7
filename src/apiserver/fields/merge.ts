/** What an applied object makes of the object that is there (structured-merge-diff, typed/merge.go). */
import { setOwn } from '../../kubernetes/index.ts';
import { asList, asObject, isNothing, type Json } from './compare.ts';
import { itemElement, type KeyedLayout, type Layout, type StructLayout } from './layout.ts';

/**
 * Values of `applied` win; nothing is removed.
 *
 * @throws FieldsError for items of lists that cannot be told apart
 */
export function merge({ fields }: StructLayout, live: Json, applied: Json): Json {
  const result: Record<string, unknown> = { ...live };
  for (const { name, layout } of fields) {
    const value = applied[name];
    if (value !== undefined) result[name] = merged(layout, live[name], value);
  }
  return result;
}

/** @param live undefined where there is nothing */
function merged(layout: Layout, live: unknown, applied: unknown): unknown {
  if (live === undefined || layout.kind === 'leaf') return applied;
  if (layout.kind === 'struct' || layout.kind === 'map') {
    const [old, wanted] = [asObject(live), asObject(applied)];
    if (isNothing(old) && isNothing(wanted)) return applied;
    return layout.kind === 'struct'
      ? merge(layout, old, wanted)
      : mergedMap(layout.values, old, wanted);
  }
  const [old, wanted] = [asList(live), asList(applied)];
  return old.length === 0 && wanted.length === 0 ? applied : mergedList(layout, old, wanted);
}

function mergedMap(values: Layout, live: Json, applied: Json): Json {
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(live)) setOwn(result, key, value);
  for (const [key, value] of Object.entries(applied)) {
    const old = Object.hasOwn(live, key) ? live[key] : undefined;
    setOwn(result, key, merged(values, old, value));
  }
  return result;
}

type ListLayout = { readonly kind: 'set' } | KeyedLayout;

/**
 * Items that both have come in the order of `applied`; those that only `live` has keep their place among them
 * where they can.
 */
function mergedList(
  layout: ListLayout,
  live: readonly unknown[],
  applied: readonly unknown[],
): readonly unknown[] {
  return new ListMerge(layout, live, applied).run();
}

class ListMerge {
  readonly #layout: ListLayout;
  readonly #live: readonly unknown[];
  readonly #liveElements: readonly string[];
  readonly #appliedElements: readonly string[];
  /** Null for what stands there more than once. */
  readonly #ofLive = new Map<string, unknown>();
  readonly #ofApplied: ReadonlyMap<string, unknown>;
  readonly #result: unknown[] = [];
  readonly #done = new Set<string>();
  /** Of `applied`, those that are in `live` too and have not come yet. */
  readonly #shared: string[];

  constructor(layout: ListLayout, live: readonly unknown[], applied: readonly unknown[]) {
    this.#layout = layout;
    this.#live = live;
    this.#liveElements = live.map((item) => itemElement(layout, item));
    this.#appliedElements = applied.map((item) => itemElement(layout, item));
    for (const [at, element] of this.#liveElements.entries()) {
      this.#ofLive.set(element, this.#ofLive.has(element) ? null : live[at]);
    }
    this.#ofApplied = new Map(this.#appliedElements.map((element, at) => [element, applied[at]]));
    this.#shared = this.#appliedElements.filter((element) => this.#ofLive.has(element)).reverse();
  }

  run(): readonly unknown[] {
    let [left, right] = [0, 0];
    while (left < this.#live.length || right < this.#appliedElements.length) {
      const [mine, theirs] = [this.#liveElements[left], this.#appliedElements[right]];
      if (mine !== undefined && mine === theirs) {
        this.#take(mine);
        this.#shared.pop();
        left += 1;
        right += 1;
      } else if (mine !== undefined && theirs !== undefined && this.#waits(mine)) left += 1;
      else if (mine !== undefined && !this.#ofApplied.has(mine)) {
        this.#result.push(this.#live[left]);
        left += 1;
      } else {
        // It has come already, in the place that the applied object gives it.
        if (mine !== undefined && this.#done.has(mine)) left += 1;
        if (theirs !== undefined) {
          this.#take(theirs);
          right += 1;
          if (this.#shared.at(-1) === theirs) this.#shared.pop();
        }
      }
    }
    return this.#result;
  }

  /** Whether it has its place elsewhere, behind what comes next of those that both have. */
  #waits(element: string): boolean {
    const next = this.#shared.at(-1);
    return this.#ofApplied.has(element) && next !== undefined && next !== element;
  }

  #take(element: string): void {
    this.#done.add(element);
    const items: Layout = this.#layout.kind === 'keyed' ? this.#layout.items : { kind: 'leaf' };
    this.#result.push(merged(items, this.#ofLive.get(element), this.#ofApplied.get(element)));
  }
}
