/** Time, as it is handed to whatever waits: tests hand in one that they turn themselves. */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Clock {
  now(): Date;
  /**
   * Resolves after so many milliseconds.
   *
   * @throws the signal's reason if it aborts first
   */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A timer of Node's holds 31 bits of milliseconds. */
const LONGEST_TIMER = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => new Date(),
  async sleep(ms, signal) {
    try {
      for (let left = ms; left > 0; left -= LONGEST_TIMER) {
        await sleep(Math.min(left, LONGEST_TIMER), undefined, signal && { signal });
      }
    } catch {
      // Node throws an error of its own, the reason inside.
      throw signal?.reason;
    }
  },
};
