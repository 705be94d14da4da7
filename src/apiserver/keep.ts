/** What the server does again and again, since somebody may have undone it. */
import type { Clock } from '../client/index.ts';

export interface KeepOptions {
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  readonly failed: (error: unknown) => void;
}

/** First after one interval; until the signal aborts. */
export async function keep(
  work: () => Promise<void>,
  { clock, intervalMs, signal, failed }: KeepOptions,
): Promise<void> {
  while (!signal.aborted) {
    await clock.sleep(intervalMs, signal);
    if (!signal.aborted) await work().catch(failed);
  }
}
