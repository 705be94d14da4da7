/** Time, as it is handed to whatever waits: tests hand in one that they turn themselves. */

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
    for (let left = ms; left > 0; left -= LONGEST_TIMER) {
      await timer(Math.min(left, LONGEST_TIMER), signal);
    }
  },
};

/** Not that of `timers/promises`: it throws an error of its own, whose stack trace costs more than the timer. */
const timer = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timeout);
      reject(signal?.reason);
    };
    const timeout = setTimeout(() => {
      signal?.removeEventListener('abort', end);
      resolve();
    }, ms);
    if (signal?.aborted === true) end();
    else signal?.addEventListener('abort', end, { once: true });
  });
