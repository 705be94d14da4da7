/** How a state begins: from the records of a log that has been written before. */
import type { Lifetime, LogRecord } from './journal.ts';
import { type Beginning, FIRST_REVISION } from './state.ts';
import type { Change, StoredValue } from './types.ts';

export interface Restored extends Beginning {
  readonly lifetimes: ReadonlyMap<string, Lifetime>;
}

/** Reads a log record by record. */
export class Restoration {
  readonly #compacted: number;
  readonly #values = new Map<string, StoredValue>();
  readonly #lifetimes = new Map<string, Lifetime>();
  readonly #changes: Change[] = [];
  readonly #needless: number[] = [];
  #revision: number;

  /** @param compacted the revision up to which the log was compacted; 0 for never */
  constructor(compacted: number) {
    this.#compacted = compacted;
    this.#revision = Math.max(compacted, FIRST_REVISION);
  }

  /**
   * Takes the next record.
   *
   * @returns what is wrong, if the log cannot have been written like this
   */
  add({ revision, key, value, previous, lifetime }: LogRecord): string | undefined {
    const before = this.#values.get(key);
    if (revision > this.#compacted) {
      if (revision !== this.#revision + 1) {
        return `revision ${this.#revision + 1} is missing`;
      }
      if (previous !== (before?.revision ?? 0)) {
        return `revision ${previous}, which revision ${revision} replaces, is missing`;
      }
      this.#revision = revision;
      this.#changes.push({
        key,
        revision,
        ...(value === undefined ? {} : { value }),
        ...(before === undefined ? {} : { previous: before }),
      });
    } else {
      // A compaction that was interrupted leaves records behind.
      if (before !== undefined) this.#needless.push(before.revision);
      if (value === undefined) this.#needless.push(revision);
    }
    if (value === undefined) this.#values.delete(key);
    else this.#values.set(key, { key, value, revision });
    if (lifetime === undefined) this.#lifetimes.delete(key);
    else this.#lifetimes.set(key, lifetime);
    return undefined;
  }

  finish(): Restored {
    return {
      values: this.#values,
      lifetimes: this.#lifetimes,
      changes: this.#changes,
      revision: this.#revision,
      compacted: this.#compacted,
      needless: this.#needless,
    };
  }
}
