/** Times of objects: metav1.Time in whole seconds, metav1.MicroTime with six digits; both UTC, RFC 3339. */

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** `2026-11-24T10:00:00Z`. */
export const formatTime = (date: Date): string => `${date.toISOString().slice(0, 19)}Z`;

/** What is in its stored form already, as nearly all times are. The ends of the months are not among them. */
const CANONICAL =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/;

/** The stored form of a time, or undefined for what is none. */
export function canonicalTime(text: string): string | undefined {
  if (CANONICAL.test(text)) return text;
  const date = parse(text);
  return date === undefined ? undefined : formatTime(date);
}

/** Six digits of a second are demanded, as upstream does. */
export function canonicalMicroTime(text: string): string | undefined {
  const fraction = RFC3339.exec(text)?.[7];
  const date = parse(text);
  if (date === undefined || fraction?.length !== 7) return undefined;
  return `${date.toISOString().slice(0, 19)}${fraction}Z`;
}

function parse(text: string): Date | undefined {
  const match = RFC3339.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match.map(Number);
  const date = new Date(text);
  if (Number.isNaN(date.getTime())) return undefined;
  // JavaScript rolls 30 February over to March; Go refuses it.
  const days = new Date(Date.UTC(year ?? 0, month ?? 0, 0)).getUTCDate();
  const inRange =
    (day ?? 0) <= days && (hour ?? 24) < 24 && (minute ?? 60) < 60 && (second ?? 60) < 60;
  return inRange ? date : undefined;
}

/**
 * How long ago, as tables show it: two or three digits that matter (apimachinery, util/duration).
 *
 * @param seconds may be negative by a second: clocks differ
 */
export function humanDuration(seconds: number): string {
  const whole = Math.trunc(seconds);
  if (whole < -1) return '<invalid>';
  if (whole < 0) return '0s';
  if (whole < 120) return `${whole}s`;
  const minutes = Math.trunc(whole / 60);
  if (minutes < 10) return two(minutes, 'm', whole % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(whole / 3600);
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (hours < 192) return two(days, 'd', hours % 24, 'h');
  if (days < 730) return `${days}d`;
  const years = Math.trunc(days / 365);
  return days < 8 * 365 ? two(years, 'y', days % 365, 'd') : `${years}y`;
}

const two = (great: number, unit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${great}${unit}` : `${great}${unit}${small}${smallUnit}`;

/** The age that a table shows of a time; `<unknown>` where there is none. */
export function ageOf(time: string | null | undefined, now: Date): string {
  if (time === undefined || time === null) return '<unknown>';
  return humanDuration((now.getTime() - Date.parse(time)) / 1000);
}
