/** Dates and what is left of them. */
import { KubepkiError } from '../../errors.ts';
import type { Certificate } from '../../x509/index.ts';

const DAY = 24 * 3600 * 1000;

/** RFC 3339 in UTC, to the second: what a certificate holds. */
export const formatTime = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`;

/** Whole days until the end, negative since the end; 0 on the last day and on the first one after it. */
export function daysLeft({ notAfter }: Pick<Certificate, 'notAfter'>, now: Date): number {
  // The same count as in words; of its two zeros one is written like the other.
  return Math.trunc((notAfter.getTime() - now.getTime()) / DAY) + 0;
}

export type ValidityState = 'valid' | 'expired' | 'not yet valid';

/** A time with two ends, either of which may be open. */
export interface Period {
  readonly notBefore: Date | undefined;
  readonly notAfter: Date | undefined;
}

/** Both ends belong to it, as to the validity of certificates (RFC 5280, section 4.1.2.5). */
export function periodState({ notBefore, notAfter }: Period, now: Date): ValidityState {
  if (notAfter !== undefined && now.getTime() > notAfter.getTime()) return 'expired';
  const isEarly = notBefore !== undefined && now.getTime() < notBefore.getTime();
  return isEarly ? 'not yet valid' : 'valid';
}

export const validityState = (certificate: Certificate, now: Date): ValidityState =>
  periodState(certificate, now);

/** What stands behind the end of a period: `12 days left`, `expired 3 days ago`. */
export function describePeriod(period: Period, now: Date): string {
  const { notBefore = now, notAfter = now } = period;
  switch (periodState(period, now)) {
    case 'expired':
      return `expired ${days(now.getTime() - notAfter.getTime())} ago`;
    case 'not yet valid':
      return `not yet valid, starts in ${days(notBefore.getTime() - now.getTime())}`;
    case 'valid':
    default:
      return `${days(notAfter.getTime() - now.getTime())} left`;
  }
}

function days(milliseconds: number): string {
  const count = Math.floor(milliseconds / DAY);
  if (count === 0) return 'less than a day';
  return count === 1 ? '1 day' : `${count} days`;
}

const DATE = /^\d{4}-\d{2}-\d{2}(?:[Tt ]\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:[Zz]|[+-]\d{2}:\d{2}))?$/;

/**
 * The value of `--at`: RFC 3339, or a date alone for its midnight in UTC.
 *
 * @throws KubepkiError USAGE
 */
export function parseAt(text: string): Date {
  const date = new Date(text.toUpperCase().replace(' ', 'T'));
  // Date rolls the 30th of February over into March.
  const day = Number(text.slice(8, 10));
  const exists =
    day <= new Date(Date.UTC(Number(text.slice(0, 4)), Number(text.slice(5, 7)), 0)).getUTCDate();
  if (DATE.test(text) && exists && !Number.isNaN(date.getTime())) return date;
  throw new KubepkiError('USAGE', `--at ${text}: not a date`, {
    hint: 'as in 2027-01-31 or 2027-01-31T12:00:00Z',
  });
}
