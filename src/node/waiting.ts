/** Waiting, always by the clock that was handed in: back-off, time limits, pauses that can be cut short. */
import type { Clock } from '../client/index.ts';

/** What signals of ours abort with: the exception that they would make for themselves costs a stack trace. */
export const ENDED = new Error('it has ended');

/** Tells a limit that has passed from whatever else ends work. */
export class TimeLimit extends Error {
  constructor() {
    super('the time limit has passed');
    this.name = 'TimeLimit';
  }
}

/**
 * Does work that ends early when the signal aborts (with its reason) or the time is over.
 *
 * @throws TimeLimit
 */
export async function withTimeLimit<T>(
  clock: Clock,
  { ms, signal }: { ms: number; signal: AbortSignal },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const done = new AbortController();
  void clock.sleep(ms, AbortSignal.any([signal, done.signal])).then(
    () => limit.abort(new TimeLimit()),
    () => undefined,
  );
  const either = AbortSignal.any([signal, limit.signal]);
  try {
    return await work(either);
  } catch (error) {
    // Whatever work makes of an abort, its reason is what counts.
    throw either.aborted ? either.reason : error;
  } finally {
    done.abort(ENDED);
  }
}

/**
 * Sleeps until a signal ends it.
 *
 * @returns whether it slept to the end
 */
export async function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<boolean> {
  try {
    await clock.sleep(ms, signal);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

/** So much and up to `fraction` more (apimachinery, util/wait `Jitter`). */
export const jitter = (ms: number, fraction: number, random: () => number): number =>
  ms * (1 + random() * fraction);

/**
 * How long to wait after each failed attempt at a certificate: 2 s, doubled four times, then 32 s without
 * end (client-go, util/certificate/certificate_manager.go), each with up to a tenth more. Upstream adds
 * nothing to the 32 s, so that a fleet whose server was away comes back in step.
 */
export function* certificateBackoff(random: () => number): Generator<number, never> {
  const pauses = doubling(2_000, 32_000);
  for (;;) yield jitter(pauses.next().value, 0.1, random);
}

/**
 * The same where each attempt makes another request, which the server keeps for an hour and more: up to a
 * quarter of an hour, and up to a fifth more.
 */
export function* requestBackoff(random: () => number): Generator<number, never> {
  const pauses = doubling(2_000, 15 * 60_000);
  for (;;) yield jitter(pauses.next().value, 0.2, random);
}

/** Doubles from `first` up to `most`. */
export function* doubling(first: number, most: number): Generator<number, never> {
  for (let ms = first; ; ms = Math.min(2 * ms, most)) yield ms;
}

/** Resolves when the signal aborts. */
export const aborted = async (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
