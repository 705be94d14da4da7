/** Points in time as text, as Go's `time.RFC3339` reads and writes them. */

/** The hour may have one digit and a fraction begin with a comma: Go's time.Parse lets both pass. */
const TIME =
  /^(\d{4})-(\d\d)-(\d\d)T(\d{1,2}):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))$/;

/**
 * Reads a time as Go's `time.Parse(time.RFC3339, …)` does, to the millisecond (what is finer is cut
 * off). Undefined for what Go refuses: a day that the month does not have, a second 60, lower case.
 */
export function parseRfc3339(text: string): Date | undefined {
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1, 7)
    .map(Number);
  const [, , , , , , , fraction = '', sign, zoneHour = '0', zoneMinute = '0'] = match;
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  // Go 1.20 and later: a zone of up to 24 hours and 60 minutes.
  if (Number(zoneHour) > 24 || Number(zoneMinute) > 60) return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  date.setUTCHours(hour, minute, second, Number(fraction.slice(0, 3).padEnd(3, '0')));
  const offset = (Number(zoneHour) * 60 + Number(zoneMinute)) * 60_000;
  return new Date(date.getTime() + (sign === '-' ? offset : -offset));
}

/**
 * Writes a time in UTC and whole seconds, cut off: `2026-01-02T03:04:05Z`.
 *
 * @throws RangeError for an invalid Date, or a year that has not four digits
 */
export function formatRfc3339(date: Date): string {
  const text = date.toISOString();
  if (text.length !== 24) throw new RangeError(`expected a year of four digits, got ${text}`);
  return `${text.slice(0, 19)}Z`;
}
