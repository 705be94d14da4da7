/** Delays that grow while something fails and start anew after a time of peace. */
import type { Clock } from './clock.ts';

export interface BackoffOptions {
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly firstMs: number;
  readonly longestMs: number;
  /** Each delay is lengthened by up to this part of itself. */
  readonly jitter: number;
  /** Without a delay for this long, the next is the first again. */
  readonly resetMs: number;
}

/** Milliseconds of the next delay: doubled each time, up to the longest; the jitter comes on top. */
export function createBackoff(options: BackoffOptions): () => number {
  const { clock, random, firstMs, longestMs, jitter, resetMs } = options;
  let delay = firstMs;
  let last = Number.NEGATIVE_INFINITY;
  return () => {
    const now = clock.now().getTime();
    if (now - last > resetMs) delay = firstMs;
    last = now;
    const current = delay;
    delay = Math.min(delay * 2, longestMs);
    return current * (1 + random() * jitter);
  };
}
