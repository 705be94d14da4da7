/** What a storage holds: every key's value, and what it was since the last compaction. All in memory. */
import { FutureRevisionError, forgotten } from './errors.ts';
import { History } from './history.ts';
import type { LogRecord } from './journal.ts';
import { KeyMap } from './key-map.ts';
import { compareKeys } from './keys.ts';
import type { Change, Listed, ListOptions, StoredValue } from './types.ts';

/** How a state begins, as a log tells it. */
export interface Beginning {
  readonly values: ReadonlyMap<string, StoredValue>;
  readonly changes: Change[];
  readonly revision: number;
  readonly compacted: number;
  /** Records that nothing needs any more and that are still there. */
  readonly needless: number[];
}

/** etcd's first revision: an empty storage has it too. */
export const FIRST_REVISION = 1;

export const EMPTY: Beginning = {
  values: new Map(),
  changes: [],
  revision: FIRST_REVISION,
  compacted: 0,
  needless: [],
};

/** What a key costs in memory beside its own text and value, roughly. */
const BYTES_A_KEY = 500;

export const sizeOf = (key: string, value: Uint8Array): number =>
  BYTES_A_KEY + key.length + value.byteLength;

export class State {
  readonly #values: KeyMap<StoredValue>;
  #bytes = 0;
  readonly history: History;
  /** Revisions whose records nothing needs any more. Whoever deletes them takes them out. */
  readonly needless: number[];
  #revision: number;
  #compacted: number;

  constructor(beginning: Beginning = EMPTY) {
    this.#values = new KeyMap(beginning.values);
    this.history = new History([...beginning.changes]);
    this.needless = [...beginning.needless];
    this.#revision = beginning.revision;
    this.#compacted = beginning.compacted;
    for (const { key, value } of beginning.values.values()) this.#bytes += sizeOf(key, value);
  }

  /** What all keys and values of now take up. */
  get bytes(): number {
    return this.#bytes;
  }

  get revision(): number {
    return this.#revision;
  }

  /** Lists and watches begin here at the earliest. */
  get compacted(): number {
    return this.#compacted;
  }

  get(key: string): StoredValue | undefined {
    return this.#values.get(key);
  }

  /** @throws CompactedError, FutureRevisionError */
  list(prefix: string, { limit = Number.POSITIVE_INFINITY, after, revision }: ListOptions): Listed {
    if (revision !== undefined) this.#checkReach(revision);
    const shown = revision ?? this.#revision;
    const earlier =
      shown === this.#revision
        ? new Map<string, StoredValue | undefined>()
        : this.history.before(shown, prefix);
    const { items, total } = this.#collect(prefix, after, limit, earlier);
    return { items, revision: shown, remaining: total - items.length };
  }

  #checkReach(revision: number): void {
    if (revision > this.#revision) throw new FutureRevisionError(revision, this.#revision);
    if (revision < this.#compacted) throw forgotten(revision, this.#compacted);
  }

  /** The values of now, but for the keys in `earlier`: of those, what is told there. */
  #collect(
    prefix: string,
    after: string | undefined,
    limit: number,
    earlier: ReadonlyMap<string, StoredValue | undefined>,
  ): { items: StoredValue[]; total: number } {
    let total = this.#values.count(prefix, after);
    const others: StoredValue[] = [];
    for (const [key, value] of earlier) {
      if (after !== undefined && compareKeys(key, after) <= 0) continue;
      if (this.#values.get(key) !== undefined) total--;
      if (value !== undefined) others.push(value);
    }
    total += others.length;
    others.sort((a, b) => compareKeys(a.key, b.key));

    const items: StoredValue[] = [];
    let next = 0;
    const add = (value: StoredValue | undefined): boolean => {
      if (value === undefined || items.length >= limit) return false;
      items.push(value);
      return true;
    };
    this.#values.walk(prefix, after, (value, key) => {
      for (let other = others[next]; other !== undefined; other = others[next]) {
        if (compareKeys(other.key, key) > 0) break;
        if (!add(other)) return false;
        next++;
      }
      return earlier.has(key) ? items.length < limit : add(value);
    });
    while (add(others[next])) next++;
    return { items, total };
  }

  /** The next record of the log has happened. */
  apply({ key, revision, value }: LogRecord): Change {
    const previous = this.#values.get(key);
    if (value === undefined) this.#values.delete(key);
    else this.#values.set(key, { key, value, revision });
    if (previous !== undefined) this.#bytes -= sizeOf(key, previous.value);
    if (value !== undefined) this.#bytes += sizeOf(key, value);
    const change: Change = {
      key,
      revision,
      ...(value === undefined ? {} : { value }),
      ...(previous === undefined ? {} : { previous }),
    };
    this.#revision = revision;
    this.history.add(change);
    return change;
  }

  /** @throws FutureRevisionError */
  checkCompact(revision: number): void {
    if (revision > this.#revision) throw new FutureRevisionError(revision, this.#revision);
  }

  compact(revision: number): void {
    this.#compacted = revision;
    for (const { revision: written, value, previous } of this.history.drop(revision)) {
      if (previous !== undefined) this.needless.push(previous.revision);
      if (value === undefined) this.needless.push(written);
    }
  }
}
