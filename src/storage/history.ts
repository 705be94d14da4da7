/** The changes since the last compaction, in the order of their revisions. */
import type { Change, StoredValue } from './types.ts';

/** What a change takes in memory beside key and value, about. */
const OVERHEAD = 200;

/** Every revision is one change, so that a revision's place is known without a search. */
export class History {
  #changes: Change[];
  #bytes = 0;

  constructor(changes: Change[] = []) {
    this.#changes = changes;
    for (const change of changes) this.#bytes += sizeOf(change);
  }

  get count(): number {
    return this.#changes.length;
  }

  /** What the changes hold in memory, about. */
  get bytes(): number {
    return this.#bytes;
  }

  add(change: Change): void {
    this.#changes.push(change);
    this.#bytes += sizeOf(change);
  }

  /** The changes behind this revision of keys with this prefix. */
  since(revision: number, prefix: string): Change[] {
    return this.#changes
      .slice(this.#indexBehind(revision))
      .filter(({ key }) => key.startsWith(prefix));
  }

  /** What stood at this revision under the keys that were written since: undefined for nothing. */
  before(revision: number, prefix: string): Map<string, StoredValue | undefined> {
    const earlier = new Map<string, StoredValue | undefined>();
    for (const { key, previous } of this.since(revision, prefix)) {
      if (!earlier.has(key)) earlier.set(key, previous);
    }
    return earlier;
  }

  /** Drops the changes up to this revision and answers them. */
  drop(revision: number): Change[] {
    const dropped = this.#changes.slice(0, this.#indexBehind(revision));
    this.#changes = this.#changes.slice(dropped.length);
    for (const change of dropped) this.#bytes -= sizeOf(change);
    return dropped;
  }

  /** The revision of the change in the middle. */
  get middle(): number {
    return this.#changes[this.#changes.length >>> 1]?.revision ?? 0;
  }

  #indexBehind(revision: number): number {
    const first = this.#changes[0]?.revision ?? 0;
    return Math.min(Math.max(revision + 1 - first, 0), this.#changes.length);
  }
}

/** Without what stood there before: the change that had written it counts that. */
export const sizeOf = ({ key, value }: Change): number =>
  OVERHEAD + key.length + (value?.byteLength ?? 0);
