/**
 * Leader election by a Lease, as client-go does it (tools/leaderelection), so that candidates of both
 * kinds can stand for the same one.
 *
 * Nobody compares clocks: a candidate remembers when, by its own clock, it saw the record change last,
 * and takes the lease over when it has not changed for as long as the record says. A holder that
 * cannot renew stops before that, because it gives up after a shorter time. It takes only that clocks
 * run equally fast, not that they agree.
 */
import { Candidate, JITTER, type LeaseOptions, type Times } from './candidate.ts';

/** `ended`: the work was done or the signal aborted. `lost`: another may lead now; the work has been stopped. */
export type LeaseOutcome = 'ended' | 'lost';

/**
 * Waits for the lease, then does the work and renews the lease meanwhile. The signal that `lead` gets
 * aborts when the lease is lost or the caller's signal aborts; the lease is kept until `lead` has ended,
 * then released.
 *
 * @throws RangeError for durations with which two could lead; what `lead` throws by itself
 */
export async function runWithLease(
  options: LeaseOptions,
  lead: (signal: AbortSignal) => Promise<void>,
): Promise<LeaseOutcome> {
  const { signal, onError } = options;
  const candidate = new Candidate(options, timesOf(options));
  try {
    await candidate.acquire(signal);
  } catch (error) {
    if (signal.aborted) return 'ended';
    throw error;
  }
  const leading = new AbortController();
  const stop = (): void => leading.abort(signal.reason);
  if (signal.aborted) stop();
  else signal.addEventListener('abort', stop, { once: true });
  const renewing = new AbortController();
  let failure: { readonly error: unknown } | undefined;
  const work = Promise.resolve(leading.signal)
    .then(lead)
    .catch((error: unknown) => {
      failure = { error };
    });
  const renewal = candidate.keepRenewing(renewing.signal);
  const lost = await Promise.race([work.then(() => undefined), renewal]);
  leading.abort(lost);
  renewing.abort();
  await work;
  signal.removeEventListener('abort', stop);
  if (lost !== undefined) {
    if (failure !== undefined && failure.error !== lost) onError?.(failure.error);
    return 'lost';
  }
  await renewal;
  await candidate.release();
  if (failure !== undefined && !signal.aborted) throw failure.error;
  return 'ended';
}

function timesOf(options: LeaseOptions): Times {
  const {
    leaseDurationMs = 15_000,
    renewDeadlineMs = 10_000,
    retryPeriodMs = 2_000,
    identity,
  } = options;
  if (identity === '') throw new RangeError('expected an identity, got none');
  if (leaseDurationMs < 1000 || leaseDurationMs % 1000 !== 0) {
    throw new RangeError(`expected a lease of whole seconds, got ${leaseDurationMs} ms`);
  }
  if (renewDeadlineMs >= leaseDurationMs) {
    throw new RangeError(
      `expected a renew deadline below the lease's ${leaseDurationMs} ms, got ${renewDeadlineMs}`,
    );
  }
  if (retryPeriodMs <= 0 || retryPeriodMs * JITTER >= renewDeadlineMs) {
    throw new RangeError(
      `expected a retry period well below the renew deadline of ${renewDeadlineMs} ms, got ${retryPeriodMs}`,
    );
  }
  return { leaseDurationMs, renewDeadlineMs, retryPeriodMs };
}
