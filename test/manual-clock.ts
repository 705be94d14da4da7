/** A clock that tests turn by hand: nothing is due before `advance` says so. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../src/client/clock.ts';

interface Sleeper {
  readonly due: number;
  readonly wake: () => void;
}

export class ManualClock implements Clock {
  #now: number;
  /** In the order in which they fell asleep. */
  readonly #sleepers = new Set<Sleeper>();

  /** @param start RFC 3339 */
  constructor(start = '2030-01-01T00:00:00Z') {
    this.#now = Date.parse(start);
  }

  now(): Date {
    return new Date(this.#now);
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (ms <= 0) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sleeper = { due: this.#now + ms, wake: resolve };
    const abort = (): void => reject(signal?.reason);
    this.#sleepers.add(sleeper);
    signal?.addEventListener('abort', abort, { once: true });
    try {
      await promise;
    } finally {
      this.#sleepers.delete(sleeper);
      signal?.removeEventListener('abort', abort);
    }
  }

  /** How many wait. */
  get sleepers(): number {
    return this.#sleepers.size;
  }

  /** Milliseconds until the next one is due; undefined where none waits. */
  get next(): number | undefined {
    const dues = [...this.#sleepers].map(({ due }) => due);
    return dues.length === 0 ? undefined : Math.min(...dues) - this.#now;
  }

  /**
   * Lets time pass. Sleepers wake one after the other, each at its own time, and what they do is
   * waited for as far as it needs no input from outside; also what falls due because of it.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const due = [...this.#sleepers].filter((one) => one.due <= end);
      const [first] = due.sort((a, b) => a.due - b.due);
      if (first === undefined) break;
      this.#now = Math.max(this.#now, first.due);
      this.#sleepers.delete(first);
      first.wake();
      await settle();
    }
    this.#now = end;
    await settle();
  }
}

/** Lets everything that is ready to run, run. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await nextTurn();
}
