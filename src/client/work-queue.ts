/**
 * The queue between informers and controllers, with the properties of client-go's
 * (util/workqueue): a key waits in it once, is never worked on twice at once, comes back when it was
 * added meanwhile, and after failures ever later. Unlike client-go's it can be fair: keys of one lane wait
 * in line, and the lanes take turns.
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
  /**
   * Whose a key is, asked when it begins to wait: each lane with keys is served in turn, so that nobody waits
   * for all the keys of another, and retries wait for those of their own lane. One for all unless given.
   */
  readonly laneOf?: (key: string) => string;
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
  const turnOf = retryTurns(options);
  const waiting = new Lanes(options.laneOf ?? (() => ''));
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
    addAfter(key, Math.max(Math.min(firstRetryMs * 2 ** before, longestRetryMs), turnOf(key)));
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
      const next = (): string | undefined =>
        ended || working.size >= workers ? undefined : waiting.take();
      work = () => {
        for (let key = next(); key !== undefined; key = next()) {
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

/** Lanes whose retries are counted at once; then all begin anew. */
const MOST_LANES = 1_000;

/** Answers in how many milliseconds a key may be tried again, so that retries are not too many at once. */
function retryTurns({
  clock,
  laneOf,
  retriesPerSecond = 10,
  retryBurst = 100,
}: WorkQueueOptions): (key: string) => number {
  const overall = createTokenBucket(clock, retriesPerSecond, retryBurst);
  if (laneOf === undefined) return overall;
  const lanes = new Map<string, () => number>();
  return (key) => {
    const lane = laneOf(key);
    if (lanes.size >= MOST_LANES && !lanes.has(lane)) lanes.clear();
    const own = lanes.get(lane) ?? createTokenBucket(clock, retriesPerSecond / 2, retryBurst / 2);
    lanes.set(lane, own);
    const ms = own();
    // Whose own line is long takes no place in that of all.
    return ms > 0 ? ms : overall();
  };
}

/** Keys that wait, each once: first come, first served within a lane, and the lanes by turns. */
class Lanes {
  readonly #laneOf: (key: string) => string;
  /** The lane whose turn is next stands first. */
  readonly #lanes = new Map<string, Set<string>>();
  readonly #laneByKey = new Map<string, string>();

  constructor(laneOf: (key: string) => string) {
    this.#laneOf = laneOf;
  }

  get size(): number {
    return this.#laneByKey.size;
  }

  add(key: string): void {
    if (this.#laneByKey.has(key)) return;
    const lane = this.#laneOf(key);
    this.#laneByKey.set(key, lane);
    const keys = this.#lanes.get(lane);
    if (keys === undefined) this.#lanes.set(lane, new Set([key]));
    else keys.add(key);
  }

  /** The next key, which waits no more. */
  take(): string | undefined {
    for (const [lane, keys] of this.#lanes) {
      this.#lanes.delete(lane);
      for (const key of keys) {
        keys.delete(key);
        this.#laneByKey.delete(key);
        if (keys.size > 0) this.#lanes.set(lane, keys);
        return key;
      }
    }
    return undefined;
  }

  clear(): void {
    this.#lanes.clear();
    this.#laneByKey.clear();
  }
}

function tell(onError: WorkQueueOptions['onError'], error: unknown, key: string): void {
  try {
    onError?.(error, key);
  } catch {
    // There is nobody left to tell.
  }
}
