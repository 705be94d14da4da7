/** Who hears of which change: watches by their prefix. */
import { sizeOf } from './history.ts';
import type { Change } from './types.ts';

/** Gets the changes of a prefix. Batches are shared: nobody changes them. */
export interface Watcher {
  readonly prefix: string;
  /** @param bytes what the batch holds in memory, about */
  take(batch: readonly Change[], bytes: number): void;
  /** The storage closes: what was taken may still be read. */
  finish(): void;
}

/**
 * Watchers are found from a change's key, by looking up each of its beginnings that is as long as
 * some watched prefix. So a change costs what it means to those who watch it, and one look-up for
 * each length that occurs: a few dozen, however many watch.
 */
export class Watchers {
  readonly #groups = new Map<string, Set<Watcher>>();
  /** How many of the prefixes have each length. */
  readonly #lengths = new Map<number, number>();

  add(watcher: Watcher): void {
    const { prefix } = watcher;
    const group = this.#groups.get(prefix);
    if (group !== undefined) {
      group.add(watcher);
      return;
    }
    this.#groups.set(prefix, new Set([watcher]));
    this.#lengths.set(prefix.length, (this.#lengths.get(prefix.length) ?? 0) + 1);
  }

  remove(watcher: Watcher): void {
    const { prefix } = watcher;
    const group = this.#groups.get(prefix);
    if (group === undefined || !group.delete(watcher) || group.size > 0) return;
    this.#groups.delete(prefix);
    const others = (this.#lengths.get(prefix.length) ?? 0) - 1;
    if (others > 0) this.#lengths.set(prefix.length, others);
    else this.#lengths.delete(prefix.length);
  }

  tell(changes: readonly Change[]): void {
    if (this.#groups.size === 0) return;
    const batches = new Map<Set<Watcher>, Change[]>();
    for (const change of changes) {
      for (const length of this.#lengths.keys()) {
        if (length > change.key.length) continue;
        const group = this.#groups.get(change.key.slice(0, length));
        if (group === undefined) continue;
        const batch = batches.get(group);
        if (batch === undefined) batches.set(group, [change]);
        else batch.push(change);
      }
    }
    for (const [group, batch] of batches) {
      let bytes = 0;
      for (const change of batch) bytes += sizeOf(change);
      for (const watcher of group) watcher.take(batch, bytes);
    }
  }

  finish(): void {
    for (const group of this.#groups.values()) {
      for (const watcher of group) watcher.finish();
    }
  }
}
