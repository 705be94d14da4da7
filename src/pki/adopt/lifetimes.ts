/** How long a certificate was asked to live, from how long it does: tools backdate, and some leave out the last second. */
import type { Certificate } from '../../x509/index.ts';

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/** What tools add to the time that they are asked for: nothing, the five minutes of kubeadm, cfssl and kubepki, a second less. */
const ADDITIONS = [0, 5 * MINUTE, -1];

/** From 10 minutes to 100 years, as a cluster file takes it. */
const LIMITS = { shortest: 10 * MINUTE, longest: 100 * YEAR };

/** Seconds, in as round a number as the dates allow. */
export function askedLifetime({ notBefore, notAfter }: Certificate): number {
  const lived = Math.round((notAfter.getTime() - notBefore.getTime()) / 1000);
  return Math.min(LIMITS.longest, Math.max(LIMITS.shortest, rounded(lived)));
}

function rounded(lived: number): number {
  for (const unit of [YEAR, DAY, HOUR, MINUTE]) {
    for (const addition of ADDITIONS) {
      const asked = lived - addition;
      if (asked >= unit && asked % unit === 0) return asked;
    }
  }
  // kubeadm's kubeconfigs begin with the CA, which is older by as long as making it took.
  const days = Math.round(lived / DAY);
  if (days >= 1 && Math.abs(lived - days * DAY) <= HOUR) return days * DAY;
  const hours = Math.round(lived / HOUR);
  if (hours >= 1 && Math.abs(lived - hours * HOUR) <= 10 * MINUTE) return hours * HOUR;
  return Math.floor(lived / MINUTE) * MINUTE;
}

/** The value that occurs most; of several the first met. */
export function mostFrequent<T>(values: readonly T[]): T | undefined {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let best: T | undefined;
  for (const [value, count] of counts) {
    if (best === undefined || count > (counts.get(best) ?? 0)) best = value;
  }
  return best;
}
