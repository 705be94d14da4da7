/**
 * Time for a simulation: it stands still while anybody works, and then jumps to whoever waits next. Each
 * machine has a view of it, whose clock may be wrong and which may be put to sleep.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../src/client/index.ts';

/** Turns of the event loop in which nothing is under way: then nothing happens any more by itself. */
const QUIET_TURNS = 4;

const LONG_MS = 600_000;

interface Sleeper {
  due: number;
  /** Breaks ties, so that a run can be repeated. */
  readonly order: number;
  wake: (() => void) | undefined;
}

export class SimulatedTime {
  #now: number;
  #order = 0;
  /** A binary heap, the next one first. */
  readonly #heap: Sleeper[] = [];
  /** Answers whether something is under way that needs no time: requests, files. */
  readonly #busy: () => boolean;

  constructor(start: Date, busy: () => boolean) {
    this.#now = start.getTime();
    this.#busy = busy;
  }

  get now(): number {
    return this.#now;
  }

  /** Calls back at that time; the answer takes that back. */
  at(due: number, wake: () => void): Sleeper {
    const sleeper: Sleeper = { due, order: this.#order++, wake };
    this.#push(sleeper);
    return sleeper;
  }

  /** As a storage takes it, which asks every ten seconds what has expired: two years have too many of those. */
  readonly timer = (callback: () => void, ms: number): (() => void) => {
    const sleeper = this.at(this.#now + Math.max(LONG_MS, ms), callback);
    return () => {
      sleeper.wake = undefined;
    };
  };

  /** Lets time pass until then. */
  async runUntil(end: number): Promise<void> {
    await this.#settle();
    for (;;) {
      const next = this.#heap[0];
      if (next === undefined || next.due > end) break;
      this.#pop();
      if (next.wake === undefined) continue;
      this.#now = Math.max(this.#now, next.due);
      next.wake();
      await this.#settle();
    }
    this.#now = Math.max(this.#now, end);
  }

  async #settle(): Promise<void> {
    for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
      await nextTurn();
      if (this.#busy()) quiet = -1;
    }
  }

  #push(sleeper: Sleeper): void {
    const heap = this.#heap;
    let at = heap.push(sleeper) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (!this.#swapIfEarlier(at, above)) return;
      at = above;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    heap[0] = last;
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      const smaller = this.#isEarlier(left + 1, left) ? left + 1 : left;
      if (!this.#swapIfEarlier(smaller, at)) return;
      at = smaller;
    }
  }

  #isEarlier(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined) return false;
    return (
      other === undefined ||
      one.due < other.due ||
      (one.due === other.due && one.order < other.order)
    );
  }

  #swapIfEarlier(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a], this.#heap[b]];
    if (one === undefined || other === undefined || !this.#isEarlier(a, b)) return false;
    this.#heap[a] = other;
    this.#heap[b] = one;
    return true;
  }
}

interface Wait {
  readonly fire: () => void;
  sleeper: Sleeper;
  /** What it has still to wait, while the machine sleeps. */
  left: number;
}

/** The clock of one machine: what it shows may be wrong, and its timers count only the time in which it is awake. */
export class MachineClock implements Clock {
  readonly #time: SimulatedTime;
  readonly #waits = new Set<Wait>();
  /** By how much it is ahead, in milliseconds. */
  offset = 0;
  #isAsleep = false;

  constructor(time: SimulatedTime) {
    this.#time = time;
  }

  now(): Date {
    return new Date(this.#time.now + this.offset);
  }

  get isAsleep(): boolean {
    return this.#isAsleep;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (ms <= 0) return;
    await new Promise<void>((resolve, reject) => {
      const end = (): void => {
        wait.sleeper.wake = undefined;
        this.#waits.delete(wait);
        reject(signal?.reason as Error);
      };
      const fire = (): void => {
        this.#waits.delete(wait);
        signal?.removeEventListener('abort', end);
        resolve();
      };
      const wait: Wait = { fire, left: ms, sleeper: this.#time.at(this.#time.now + ms, fire) };
      if (this.#isAsleep) wait.sleeper.wake = undefined;
      this.#waits.add(wait);
      signal?.addEventListener('abort', end, { once: true });
    });
  }

  suspend(): void {
    this.#isAsleep = true;
    for (const wait of this.#waits) {
      wait.left = Math.max(0, wait.sleeper.due - this.#time.now);
      wait.sleeper.wake = undefined;
    }
  }

  resume(): void {
    this.#isAsleep = false;
    for (const wait of this.#waits) {
      wait.sleeper = this.#time.at(this.#time.now + wait.left, wait.fire);
    }
  }
}
