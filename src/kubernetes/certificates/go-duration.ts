/** Lengths of time as flags and configuration of Kubernetes components have them: Go's time.ParseDuration. */
import { KubepkiError, quoted } from '../../errors.ts';

const UNITS = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['μs', 1e-3],
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

const PART = /(\d+(?:\.\d*)?|\.\d+)([a-zµμ]+)/gy;
/** Go counts nanoseconds in 63 bits. */
const LONGEST = 2 ** 63 / 1e6;
const LONGEST_TEXT = 200;

/**
 * Parses `8760h`, `1h30m`, `1.5h`, `300ms`, `-1s`, `0`. Answers milliseconds.
 *
 * @throws KubepkiError INVALID_VALUE where Go would refuse it.
 */
export function parseGoDuration(text: string): number {
  const unsigned = text.replace(/^[-+]/, '');
  if (unsigned === '0') return 0;
  let ms = 0;
  let length = 0;
  if (text.length <= LONGEST_TEXT) {
    for (const [part, amount, unit = ''] of unsigned.matchAll(PART)) {
      length += part.length;
      ms += Number(amount) * (UNITS.get(unit) ?? Number.NaN);
    }
  }
  if (length === 0 || length !== unsigned.length || !(ms < LONGEST)) {
    throw new KubepkiError('INVALID_VALUE', `not a duration: ${quoted(text, 80)}`, {
      hint: 'write for example 8760h, 1h30m or 90s',
    });
  }
  return text.startsWith('-') ? -ms : ms;
}
