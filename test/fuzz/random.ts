/** Draws from a seeded source. */
import type { Seeded } from '../seeded.ts';

export class Random {
  readonly #source: Seeded;

  constructor(source: Seeded) {
    this.#source = source;
  }

  /** An integer from 0 up to and not including `bound`. */
  below(bound: number): number {
    return Math.floor(this.#source.next() * bound);
  }

  /** An integer from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }

  /** True once in `n` draws. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  pick<T>(list: readonly T[]): T {
    const item = list[this.below(list.length)];
    if (item === undefined) throw new RangeError('expected a list with something in it');
    return item;
  }

  /** Each item with a chance of one half, in the order of the list. */
  some<T>(list: readonly T[]): T[] {
    return list.filter(() => this.oneIn(2));
  }

  /** `make` called from 0 to `most` times. */
  upTo<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.between(0, most) }, make);
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }
}
