/** A token bucket: so many at once, so many a second. */
import type { Clock } from './clock.ts';

/**
 * Takes a token, and answers after how many milliseconds it may be used. Each caller gets one, the
 * later ones for a later time (golang.org/x/time/rate, `Reserve`).
 */
export function createTokenBucket(clock: Clock, perSecond: number, burst: number): () => number {
  let tokens = burst;
  let last = clock.now().getTime();
  return () => {
    const now = clock.now().getTime();
    tokens = Math.min(burst, tokens + (Math.max(0, now - last) / 1000) * perSecond);
    last = now;
    tokens -= 1;
    return tokens >= 0 ? 0 : (-tokens / perSecond) * 1000;
  };
}
