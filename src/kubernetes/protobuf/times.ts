/** Times between RFC 3339 in UTC, the form that objects have them in, and seconds since 1970. */

const ZERO = 48;
/** `2026-11-24T10:00:00`. */
const SECONDS_END = 19;
/** Days from the first of March of the year 0 to 1970. */
const EPOCH = 719_468;

/**
 * Seconds and nanoseconds of a text like `2026-11-24T10:00:00.123456Z`, which has been found good before.
 * Undefined for the year 1, Go's "not set".
 */
export function secondsOf(
  text: string,
): { readonly seconds: number; readonly nanos: number } | undefined {
  const days = daysOf(digits(text, 0, 4), digits(text, 5, 7), digits(text, 8, 10));
  const seconds =
    days * 86_400 +
    digits(text, 11, 13) * 3600 +
    digits(text, 14, 16) * 60 +
    digits(text, 17, SECONDS_END);
  if (Number.isNaN(seconds)) throw new TypeError(`expected a time of RFC 3339, got ${text}`);
  const nanos = text.length > SECONDS_END + 2 ? digits(text.slice(20, -1).padEnd(9, '0'), 0, 9) : 0;
  return seconds === -62_135_596_800 && nanos === 0 ? undefined : { seconds, nanos };
}

function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const digit = text.charCodeAt(at) - ZERO;
    value = digit >= 0 && digit <= 9 ? value * 10 + digit : Number.NaN;
  }
  return value;
}

/** Days since 1970 in the Gregorian calendar; years are counted from March, so that the leap day is the last. */
function daysOf(year: number, month: number, day: number): number {
  const shifted = month > 2 ? year : year - 1;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const leapDays = Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  return era * 146_097 + yearOfEra * 365 + leapDays + dayOfYear - EPOCH;
}

/**
 * The text of a time; with `micros`, six digits of a second.
 *
 * @throws RangeError for a time that no Date can hold
 */
export function timeText(seconds: number, micros?: number): string {
  const whole = new Date(seconds * 1000).toISOString().slice(0, -5);
  return micros === undefined ? `${whole}Z` : `${whole}.${String(micros).padStart(6, '0')}Z`;
}
