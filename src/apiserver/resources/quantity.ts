/** resource.Quantity: `2`, `500m`, `1.5Gi`, `1e3` (apimachinery, pkg/api/resource/quantity.go). */

const QUANTITY =
  /^([+-]?)(\d*)(?:\.(\d*))?(n|u|m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?\d{1,3})?$/;
const DECIMAL = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'];
const BINARY = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const MOST_DIGITS = 30;
const LARGEST = 2n ** 63n - 1n;
const NANO = 10n ** 9n;

/** A whole number of nanos, and whether it was written with a binary or a scientific suffix. */
interface Parsed {
  readonly nanos: bigint;
  readonly form: 'decimal' | 'binary' | 'exponent';
}

/** Most are; they are canonical as they stand. */
const SMALL = /^(?:0|[1-9]\d{0,2})$/;

/** The canonical text of a quantity, or undefined for what is none. */
export function canonicalQuantity(text: string): string | undefined {
  if (SMALL.test(text)) return text;
  const parsed = parse(text);
  return parsed === undefined ? undefined : format(parsed);
}

/** Nanos of a quantity in any form; undefined for what is none. */
export const quantityNanos = (text: string): bigint | undefined =>
  SMALL.test(text) ? BigInt(text) * NANO : parse(text)?.nanos;

function parse(text: string): Parsed | undefined {
  const [, sign, whole, fraction = '', suffix = ''] = QUANTITY.exec(text) ?? [];
  if (whole === undefined || whole.length + fraction.length === 0) return undefined;
  if (whole.length + fraction.length > MOST_DIGITS) return undefined;
  const digits = BigInt(`${whole}${fraction}`);
  const binary = BINARY.indexOf(suffix);
  const form = binary > 0 ? 'binary' : /^[eE][+-]?\d/.test(suffix) ? 'exponent' : 'decimal';
  const scale = scaleOf(suffix, form);
  if (Math.abs(scale) > 40) return undefined;
  // Rounded away from zero, and no larger than an int64, as upstream.
  const power = BigInt(10) ** BigInt(Math.abs(scale - fraction.length + 9));
  const scaled = form === 'binary' ? digits * 1024n ** BigInt(binary) : digits;
  const up = scale - fraction.length + 9 >= 0;
  const nanos = up ? scaled * power : (scaled + power - 1n) / power;
  const bounded = nanos > LARGEST * NANO ? LARGEST * NANO : nanos;
  return { nanos: sign === '-' ? -bounded : bounded, form };
}

function scaleOf(suffix: string, form: Parsed['form']): number {
  if (form === 'exponent') return Number(suffix.slice(1));
  return form === 'binary' ? 0 : (DECIMAL.indexOf(suffix) - 3) * 3;
}

/** The largest suffix that leaves a whole number. */
function format({ nanos, form }: Parsed): string {
  if (nanos === 0n) return '0';
  if (form === 'binary' && nanos % NANO === 0n && abs(nanos) >= 1024n * NANO) {
    let value = nanos / NANO;
    let unit = 0;
    while (unit < BINARY.length - 1 && value % 1024n === 0n) {
      value /= 1024n;
      unit += 1;
    }
    return `${value}${BINARY[unit]}`;
  }
  let value = nanos;
  let unit = 0;
  while (unit < DECIMAL.length - 1 && value % 1000n === 0n) {
    value /= 1000n;
    unit += 1;
  }
  if (form === 'exponent') {
    const exponent = (unit - 3) * 3;
    return exponent === 0 ? `${value}` : `${value}e${exponent}`;
  }
  return `${value}${DECIMAL[unit]}`;
}

const abs = (value: bigint): bigint => (value < 0n ? -value : value);
