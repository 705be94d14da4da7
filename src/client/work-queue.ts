/**
 * The queue between informers and controllers, with the properties of client-go's
 * (util/workqueue): a key waits in it once, is never worked on twice at once, comes back when it was
 * added meanwhile, and after failures ever later.
 */

import { pause } from './abort.ts';
import type { Clock } from './clock.ts';
import { createTokenBucket } from './token-bucket.ts';

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** Milliseconds before the first retry of a key; doubled with each failure. 200 unless given, as upstream's certificate controllers. */
  readonly firstRetryMs?: number;
  /** Milliseconds; 1,000,000 unless given. */
  readonly longestRetryMs?: number;
  /** Retries of all keys together, a second; 10 unless given. */
  readonly retriesPerSecond?: number;
  /** That many of them at once; 100 unless given. */
  readonly retryBurst?: number;
  /** Told of each failure: the key is tried again anyway. */
  readonly onError?: (error: unknown, key: string) => void;
}

export interface WorkQueue {
  /** Asks for work on a key, as soon as a worker is free. */
  add(key: string): void;
  /** As `add`, so many milliseconds from now; sooner if it was already to come sooner. */
  addAfter(key: string, ms: number): void;
  /** As `addAfter`, with the delay that the key's failures ask for; counts as one. */
  addRateLimited(key: string): void;
  /** The key has no failures any more. */
  forget(key: string): void;
  /** Failures of a key since it was forgotten. */
  retries(key: string): number;
  /** Keys that wait for a worker. */
  readonly length: number;
  /**
   * Works until the signal aborts, then waits for the work under way and resolves; keys that wait are
   * dropped. A key whose work is done is forgotten; one whose work throws comes back rate limited.
   *
   * @throws TypeError when called a second time
   */
  run(
    workers: number,
    reconcile: (key: string, signal: AbortSignal) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void>;
}

export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { clock, firstRetryMs = 200, longestRetryMs = 1_000_000, onError } = options;
  const overall = createTokenBucket(
    clock,
    options.retriesPerSecond ?? 10,
    options.retryBurst ?? 100,
  );
  const waiting = new Set<string>();
  const working = new Set<string>();
  /** Added while they were worked on. */
  const again = new Set<string>();
  const failures = new Map<string, number>();
  const delayed = new Map<string, { readonly due: number; readonly cancel: AbortController }>();
  let started = false;
  let ended = false;
  /** Starts work where there is some and a worker is free. */
  let work = (): void => {};

  const add = (key: string): void => {
    if (ended) return;
    if (working.has(key)) {
      again.add(key);
      return;
    }
    waiting.add(key);
    work();
  };

  const addWhenDue = async (key: string, ms: number, cancelled: AbortSignal): Promise<void> => {
    try {
      await pause(clock, ms, cancelled);
    } catch {
      return;
    }
    delayed.delete(key);
    add(key);
  };

  const addAfter = (key: string, ms: number): void => {
    if (ended) return;
    if (ms <= 0) {
      add(key);
      return;
    }
    const due = clock.now().getTime() + ms;
    const known = delayed.get(key);
    if (known !== undefined && known.due <= due) return;
    known?.cancel.abort();
    const cancel = new AbortController();
    delayed.set(key, { due, cancel });
    void addWhenDue(key, ms, cancel.signal);
  };

  const addRateLimited = (key: string): void => {
    const before = failures.get(key) ?? 0;
    failures.set(key, before + 1);
    addAfter(key, Math.max(Math.min(firstRetryMs * 2 ** before, longestRetryMs), overall()));
  };

  const end = (): void => {
    ended = true;
    for (const { cancel } of delayed.values()) cancel.abort();
    for (const keys of [waiting, again, delayed, failures]) keys.clear();
  };

  return {
    add,
    addAfter,
    addRateLimited,
    forget: (key) => void failures.delete(key),
    retries: (key) => failures.get(key) ?? 0,
    get length() {
      return waiting.size;
    },
    async run(workers, reconcile, signal) {
      if (workers < 1) throw new RangeError(`expected at least one worker, got ${workers}`);
      if (started) throw new TypeError('expected a queue that has not run, got one that has');
      started = true;
      const { promise: idle, resolve } = Promise.withResolvers<void>();
      const finish = (): void => {
        if (ended && working.size === 0) resolve();
      };
      const workOn = async (key: string): Promise<void> => {
        try {
          await reconcile(key, signal);
          failures.delete(key);
        } catch (error) {
          // What a job throws because it was told to stop is no failure.
          if (!signal.aborted) {
            tell(onError, error, key);
            addRateLimited(key);
          }
        }
        working.delete(key);
        if (again.delete(key)) waiting.add(key);
        work();
        finish();
      };
      work = () => {
        for (const key of waiting) {
          if (ended || working.size >= workers) return;
          waiting.delete(key);
          working.add(key);
          void workOn(key);
        }
      };
      const stop = (): void => {
        end();
        finish();
      };
      if (signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
      work();
      await idle;
    },
  };
}

function tell(onError: WorkQueueOptions['onError'], error: unknown, key: string): void {
  try {
    onError?.(error, key);
  } catch {
    // There is nobody left to tell.
  }
}
