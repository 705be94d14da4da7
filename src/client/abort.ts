/** Waiting that can be given up: pauses, deadlines, and promises that do not listen themselves. */
import type { Clock } from './clock.ts';

/**
 * As `clock.sleep`, but what it throws is the signal's own reason: Node's timers throw an AbortError
 * around it.
 */
export async function pause(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  signal?.throwIfAborted();
  try {
    await clock.sleep(ms, signal);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
  signal?.throwIfAborted();
}

/** Settles as the work does, or throws the signal's reason as soon as it aborts: whatever the work does then. */
export async function raceSignal<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = (): void => reject(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/**
 * Does work that has to end within so many milliseconds. The signal that it gets aborts at the
 * deadline, with `late()` as the reason, which is then thrown even if the work goes on.
 */
export async function withDeadline<T>(
  { clock, ms, signal, late }: Deadline,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const ended = new AbortController();
  const timer = new AbortController();
  const both = AbortSignal.any(signal === undefined ? [timer.signal] : [timer.signal, signal]);
  void clock.sleep(ms, ended.signal).then(
    () => timer.abort(late()),
    () => {},
  );
  try {
    return await raceSignal(work(both), both);
  } finally {
    ended.abort();
  }
}

export interface Deadline {
  readonly clock: Clock;
  readonly ms: number;
  readonly signal?: AbortSignal;
  readonly late: () => Error;
}
