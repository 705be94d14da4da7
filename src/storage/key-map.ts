/**
 * A map that is ordered by the bytes of its keys.
 *
 * Beside a hash map for single keys stand blocks of up to `MOST` sorted entries, in order: to find a
 * place takes two binary searches, to insert moves a part of one block, and to count a range adds up
 * the sizes of its blocks.
 */
import { compareKeys, isPlainKey, sortKeys } from './keys.ts';

const MOST = 512;

interface Entry<V> {
  readonly key: string;
  value: V;
}

type Block<V> = Entry<V>[];

/** Where an entry stands or would stand. The block may be one behind the last. */
interface Place {
  readonly block: number;
  readonly at: number;
}

export class KeyMap<V> {
  readonly #entries = new Map<string, Entry<V>>();
  readonly #blocks: Block<V>[] = [];
  /** Whether the engine's own order is that of all keys. */
  #isPlain: boolean;

  /** With what is there from the start, in any order: far faster than to set each. */
  constructor(from: ReadonlyMap<string, V> = new Map()) {
    for (const [key, value] of from) this.#entries.set(key, { key, value });
    const sorted = sortKeys([...this.#entries.keys()]).flatMap(
      (key) => this.#entries.get(key) ?? [],
    );
    for (let at = 0; at < sorted.length; at += MOST / 2) {
      this.#blocks.push(sorted.slice(at, at + MOST / 2));
    }
    this.#isPlain = sorted.every(({ key }) => isPlainKey(key));
  }

  get size(): number {
    return this.#entries.size;
  }

  get(key: string): V | undefined {
    return this.#entries.get(key)?.value;
  }

  set(key: string, value: V): void {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      known.value = value;
      return;
    }
    const entry = { key, value };
    this.#isPlain &&= isPlainKey(key);
    this.#entries.set(key, entry);
    this.#insert(entry);
  }

  delete(key: string): void {
    if (!this.#entries.delete(key)) return;
    const { block, at } = this.#placeOf(key);
    const entries = this.#blocks[block];
    entries?.splice(at, 1);
    if (entries?.length === 0) this.#blocks.splice(block, 1);
  }

  /**
   * Shows the values whose key starts with `prefix` and comes behind `after`, in order, until
   * `visit` answers false.
   */
  walk(prefix: string, after: string | undefined, visit: (value: V, key: string) => boolean): void {
    const start = this.#start(prefix, after);
    let { at } = start;
    for (let block = start.block; block < this.#blocks.length; block++, at = 0) {
      const entries = this.#blocks[block] ?? [];
      for (; at < entries.length; at++) {
        const entry = entries[at];
        if (entry === undefined || !entry.key.startsWith(prefix)) return;
        if (!visit(entry.value, entry.key)) return;
      }
    }
  }

  /** How many keys start with `prefix` and come behind `after`. */
  count(prefix: string, after?: string): number {
    const start = this.#start(prefix, after);
    const end = this.#find(
      (key) =>
        key.startsWith(prefix) ||
        compareKeys(key, prefix) < 0 ||
        (after !== undefined && compareKeys(key, after) <= 0),
    );
    let count = end.at - start.at;
    for (let block = start.block; block < end.block; block++) {
      count += this.#blocks[block]?.length ?? 0;
    }
    return count;
  }

  #start(prefix: string, after: string | undefined): Place {
    return after === undefined || compareKeys(after, prefix) < 0
      ? this.#find((key) => compareKeys(key, prefix) < 0)
      : this.#find((key) => compareKeys(key, after) <= 0);
  }

  #insert(entry: Entry<V>): void {
    const { block, at } = this.#placeOf(entry.key);
    // Behind the last of all: into the last block.
    const index = Math.min(block, Math.max(this.#blocks.length - 1, 0));
    const entries = this.#blocks[index];
    if (entries === undefined) {
      this.#blocks.push([entry]);
      return;
    }
    entries.splice(block === index ? at : entries.length, 0, entry);
    if (entries.length > MOST) this.#blocks.splice(index + 1, 0, entries.splice(MOST / 2));
  }

  /** Of a key that is there, or is about to be. */
  #placeOf(key: string): Place {
    return this.#isPlain
      ? this.#find((other) => other < key)
      : this.#find((other) => compareKeys(other, key) < 0);
  }

  /** The first place whose key does not stand before what is looked for. */
  #find(before: (key: string) => boolean): Place {
    const block = firstIndex(this.#blocks.length, (index) => {
      const last = this.#blocks[index]?.at(-1);
      return last !== undefined && before(last.key);
    });
    const entries = this.#blocks[block] ?? [];
    const at = firstIndex(entries.length, (index) => {
      const entry = entries[index];
      return entry !== undefined && before(entry.key);
    });
    return { block, at };
  }
}

/** The first of 0…length for which `before`, true for the first ones and false for the rest, is false. */
function firstIndex(length: number, before: (index: number) => boolean): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (before(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}
