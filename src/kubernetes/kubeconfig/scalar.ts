/**
 * What a plain (unquoted) YAML scalar means: YAML 1.1 as go.yaml.in/yaml/v2 understands it, which is
 * what kubectl reads and writes with. So `yes` is a boolean, `0123` is octal, `2001-01-01` is a
 * date, and the writer has to quote a string that would be read as one of these.
 */

export type Scalar =
  | { readonly kind: 'null'; readonly value: null }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'integer'; readonly value: number | bigint }
  | { readonly kind: 'float'; readonly value: number }
  /** Left as text by kubectl, but quoted when written. */
  | { readonly kind: 'timestamp'; readonly value: string }
  | { readonly kind: 'string'; readonly value: string };

const WORDS: ReadonlyMap<string, Scalar> = new Map([
  ...spelled({ kind: 'null', value: null }, ['', '~', 'null', 'Null', 'NULL']),
  ...spelled({ kind: 'boolean', value: true }, [
    'y',
    'Y',
    'yes',
    'Yes',
    'YES',
    'true',
    'True',
    'TRUE',
    'on',
    'On',
    'ON',
  ]),
  ...spelled({ kind: 'boolean', value: false }, [
    'n',
    'N',
    'no',
    'No',
    'NO',
    'false',
    'False',
    'FALSE',
    'off',
    'Off',
    'OFF',
  ]),
  ...spelled({ kind: 'float', value: Number.NaN }, ['.nan', '.NaN', '.NAN']),
  ...spelled({ kind: 'float', value: Number.POSITIVE_INFINITY }, [
    '.inf',
    '.Inf',
    '.INF',
    '+.inf',
    '+.Inf',
    '+.INF',
  ]),
  ...spelled({ kind: 'float', value: Number.NEGATIVE_INFINITY }, ['-.inf', '-.Inf', '-.INF']),
]);

function spelled(scalar: Scalar, words: string[]): [string, Scalar][] {
  return words.map((word) => [word, scalar]);
}

/** The longest spelling in {@link WORDS}. */
const LONGEST_WORD = 5;

/** Resolves the text of a plain scalar. */
export function resolveScalar(text: string): Scalar {
  if (text.length <= LONGEST_WORD) {
    const word = WORDS.get(text);
    if (word !== undefined) return word;
  }
  const first = text.charCodeAt(0);
  if (first === DOT) return resolveFloat(text) ?? { kind: 'string', value: text };
  if (first === PLUS || first === MINUS || (first >= ZERO && first <= NINE)) {
    if (isTimestamp(text)) return { kind: 'timestamp', value: text };
    const digits = text.replaceAll('_', '');
    return resolveInteger(digits) ?? resolveFloat(digits) ?? { kind: 'string', value: text };
  }
  return { kind: 'string', value: text };
}

const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

const INTEGER = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/;
/** A quirk of goyaml: behind `0b` it takes a sign as well. */
const SIGNED_BINARY = /^0b([-+])([01]+)$/;

function resolveInteger(text: string): Scalar | undefined {
  const [, sign = '', hex, binary, octal, decimal] = INTEGER.exec(text) ?? [];
  const prefixed =
    hex !== undefined
      ? `0x${hex}`
      : binary !== undefined
        ? `0b${binary}`
        : octal !== undefined
          ? `0o${octal}`
          : decimal;
  if (prefixed !== undefined) return integer(sign, BigInt(prefixed), sign === '' ? UINT64 : INT64);
  const [, innerSign, bits] = SIGNED_BINARY.exec(text) ?? [];
  return innerSign === undefined || bits === undefined
    ? undefined
    : integer(innerSign, BigInt(`0b${bits}`), INT64);
}

const INT64 = 2n ** 63n - 1n;
const UINT64 = 2n ** 64n - 1n;

function integer(sign: string, size: bigint, largest: bigint): Scalar | undefined {
  const value = sign === '-' ? -size : size;
  if (value > largest || value < -INT64 - 1n) return undefined;
  const number = Number(value);
  return { kind: 'integer', value: Number.isSafeInteger(number) ? number : value };
}

const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;

function resolveFloat(text: string): Scalar | undefined {
  if (!FLOAT.test(text)) return undefined;
  const value = Number(text);
  // What overflows a double is a string to goyaml.
  return Number.isFinite(value) ? { kind: 'float', value } : undefined;
}

/** The four layouts that goyaml tries, with the leniency of Go's time.Parse. */
const TIMESTAMP =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?(?:Z|[-+](\d\d):(\d\d)))|(?: +(\d{1,2}):(\d{1,2}):(\d{1,2})(?:[.,]\d+)?))?$/;

function isTimestamp(text: string): boolean {
  if (text.charCodeAt(4) !== MINUS) return false;
  const match = TIMESTAMP.exec(text);
  if (match === null) return false;
  const part = (index: number): number => Number(match[index] ?? 0);
  const [year, month, day] = [part(1), part(2), part(3)];
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return false;
  const [hour, minute, second] = [part(4) + part(9), part(5) + part(10), part(6) + part(11)];
  return hour < 24 && minute < 60 && second < 60 && part(7) <= 24 && part(8) <= 60;
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}

/** Base-60 numbers are strings to goyaml, but quoted for the sake of other readers of YAML 1.1. */
const BASE_60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;

/** Whether goyaml would write this text without quotes as far as its meaning goes (its characters are another matter). */
export function staysString(text: string): boolean {
  return resolveScalar(text).kind === 'string' && !BASE_60.test(text);
}
