/** A time of day that stands still until the test lets it pass, with the timers that wait for it. */
import type { Timer } from '../../src/storage/index.ts';

export class TestTime {
  #ms: number;
  readonly #waiting = new Set<{ readonly at: number; readonly callback: () => void }>();

  constructor(start = Date.UTC(2026, 0, 1)) {
    this.#ms = start;
  }

  readonly now = (): Date => new Date(this.#ms);

  readonly timer: Timer = (callback, ms) => {
    const waiting = { at: this.#ms + ms, callback };
    this.#waiting.add(waiting);
    return () => this.#waiting.delete(waiting);
  };

  /** How many timers are set. */
  get timers(): number {
    return this.#waiting.size;
  }

  /** Calls what has become due, and what those set that is due as well. */
  pass(seconds: number): void {
    this.#ms += seconds * 1000;
    for (const waiting of this.#waiting) {
      if (waiting.at > this.#ms) continue;
      this.#waiting.delete(waiting);
      waiting.callback();
    }
  }
}
