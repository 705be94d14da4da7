/** Lengths of time as operators write them: `10y`, `365d`, `8760h`, `1h30m`. */
import { KubepkiError, quoted } from '../errors.ts';

const UNITS: Record<string, number> = {
  s: 1,
  m: 60,
  h: 3600,
  d: 24 * 3600,
  // kubeadm's year: 365 days, whatever the calendar says.
  y: 365 * 24 * 3600,
};

/**
 * Parses Go's notation (`8760h`, `1h30m`, whole numbers only) extended by `d` (24 h) and `y`
 * (365 d). Answers seconds.
 *
 * @throws KubepkiError `INVALID_VALUE` where it is anything else, or no longer than zero.
 */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d{1,9})([smhdy])/g)];
  const whole = parts.map((part) => part[0]).join('');
  let seconds = 0;
  for (const [, amount, unit] of parts) seconds += Number(amount) * (UNITS[unit ?? ''] ?? 0);
  if (whole !== text || seconds <= 0) {
    throw new KubepkiError('INVALID_VALUE', `not a length of time: ${quoted(text)}`, {
      hint: 'write for example 10y, 365d, 8760h or 1h30m',
    });
  }
  return seconds;
}

/** Seconds in the longest exact unit: 31536000 is `1y`, 5400 is `90m`. */
export function formatDuration(seconds: number): string {
  for (const [unit, size] of Object.entries(UNITS).reverse()) {
    if (seconds >= size && seconds % size === 0) return `${seconds / size}${unit}`;
  }
  throw new RangeError(`expected whole seconds above 0, got ${seconds}`);
}
