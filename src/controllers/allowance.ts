/** How much may be told about each of many: bounded for each, and for how many it is remembered. */
import type { Clock } from '../client/index.ts';

/** Whether there may be one more about this one; counts as one where there may. */
export type Allowance = (who: string) => boolean;

/** Above that many all begin anew. */
const MOST_REMEMBERED = 10_000;

export function createAllowance(
  clock: Clock,
  { burst, everyMs }: { readonly burst: number; readonly everyMs: number },
): Allowance {
  /** When each will have its whole burst again, in milliseconds (a "virtual scheduling" bucket: one number each). */
  const full = new Map<string, number>();
  return (who) => {
    const now = clock.now().getTime();
    const at = Math.max(full.get(who) ?? 0, now);
    if (at - now > (burst - 1) * everyMs) return false;
    if (full.size >= MOST_REMEMBERED && !full.has(who)) full.clear();
    full.set(who, at + everyMs);
    return true;
  };
}
