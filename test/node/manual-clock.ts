/** A clock that a test turns by hand, and waiting for what happens in between. */
import { setImmediate } from 'node:timers/promises';
import type { Clock } from '../../src/client/index.ts';

interface Sleeper {
  until: number;
  readonly wake: () => void;
}

export class ManualClock implements Clock {
  #now: number;
  readonly #sleepers = new Set<Sleeper>();

  constructor(start: string) {
    this.#now = Date.parse(start);
  }

  now(): Date {
    return new Date(this.#now);
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (ms <= 0) return;
    await new Promise<void>((resolve, reject) => {
      const sleeper: Sleeper = {
        until: this.#now + ms,
        wake: () => {
          signal?.removeEventListener('abort', stop);
          resolve();
        },
      };
      const stop = (): void => {
        this.#sleepers.delete(sleeper);
        reject(signal?.reason as Error);
      };
      signal?.addEventListener('abort', stop, { once: true });
      this.#sleepers.add(sleeper);
    });
  }

  /** How long those that sleep have to wait yet, in milliseconds, shortest first. */
  get waits(): number[] {
    return [...this.#sleepers].map(({ until }) => until - this.#now).sort((a, b) => a - b);
  }

  /** The clock is set, or the machine has slept: timers know nothing of it. */
  jump(ms: number): void {
    this.#now += ms;
    for (const sleeper of this.#sleepers) sleeper.until += ms;
  }

  /** Lets the time pass, waking who waits in the order of their times. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      const [next] = [...this.#sleepers].sort((a, b) => a.until - b.until);
      if (next === undefined || next.until > end) break;
      this.#now = Math.max(this.#now, next.until);
      this.#sleepers.delete(next);
      next.wake();
      await settle();
    }
    this.#now = end;
    await settle();
  }

  /** Waits until somebody sleeps for about so long (a tenth more at most), and lets that time pass. */
  async pass(ms: number): Promise<number> {
    const found = await until(`somebody sleeps ${ms} ms`, () =>
      this.waits.find((wait) => wait >= ms && wait <= ms * 1.1),
    );
    await this.advance(found);
    return found;
  }
}

/** Lets everything happen that needs no time. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 10; i++) await setImmediate();
}

/** Real time that a condition may take to come true, on a loaded machine. */
const PATIENCE_MS = 10_000;

export async function until<T>(what: string, probe: () => T | undefined | false): Promise<T> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = probe();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > end) throw new Error(`not within ${PATIENCE_MS} ms: ${what}`);
    await setImmediate();
  }
}
