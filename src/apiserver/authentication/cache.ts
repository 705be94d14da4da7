/** A map that forgets: what is out of its time, and the oldest entries when it is full. */

interface Entry<V> {
  readonly value: V;
  readonly from: number;
  readonly until: number;
}

export class TimedCache<V> {
  readonly #entries = new Map<string, Entry<V>>();
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  /** What is kept for the key and holds at this time, in milliseconds. */
  get(key: string, at: number): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (at >= entry.from && at < entry.until) return entry.value;
    this.#entries.delete(key);
    return undefined;
  }

  /** Keeps a value that holds from one time, inclusive, to another, exclusive. */
  set(key: string, value: V, from: number, until: number): void {
    this.#entries.delete(key);
    if (this.#entries.size >= this.#size) {
      for (const oldest of this.#entries.keys()) {
        this.#entries.delete(oldest);
        break;
      }
    }
    this.#entries.set(key, { value, from, until });
  }

  clear(): void {
    this.#entries.clear();
  }
}
