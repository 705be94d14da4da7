/**
 * The order in which go.yaml.in/yaml/v2 writes the keys of a mapping (`sorter.go`): letters by code
 * point, digits as numbers, everything else before letters.
 */

const isLetter = (char: string): boolean => /^\p{L}$/u.test(char);
const isDigit = (char: string | undefined): boolean => char !== undefined && /^\p{Nd}$/u.test(char);

/** Compares two keys; for `Array.prototype.sort`. */
export function compareKeys(a: string, b: string): number {
  const same = commonAscii(a, b);
  if (same === undefined) return compareChars(Array.from(a), Array.from(b));
  const x = a.charCodeAt(same);
  const y = b.charCodeAt(same);
  return isAsciiLetter(x) && isAsciiLetter(y) ? x - y : compareChars(Array.from(a), Array.from(b));
}

/** Where two keys first differ, if all is ASCII up to there: the common case, without splitting them. */
function commonAscii(a: string, b: string): number | undefined {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const unit = a.charCodeAt(i);
    if (unit > 0x7f) return undefined;
    if (unit !== b.charCodeAt(i)) return i;
  }
  return undefined;
}

const isAsciiLetter = (unit: number): boolean => (unit | 0x20) >= 0x61 && (unit | 0x20) <= 0x7a;

function compareChars(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const x = a[i] ?? '';
    const y = b[i] ?? '';
    if (x === y) continue;
    const letterX = isLetter(x);
    const letterY = isLetter(y);
    if (letterX !== letterY) return letterY ? -1 : 1;
    return (
      (letterX ? 0 : compareNumbers(a, b, i)) || (x.codePointAt(0) ?? 0) - (y.codePointAt(0) ?? 0)
    );
  }
  return a.length - b.length;
}

/** Compares the digits from `start` on as numbers; 0 where they do not decide. */
function compareNumbers(a: readonly string[], b: readonly string[], start: number): number {
  // A zero that differs inside a number must not look like a leading one.
  const lead = (a[start] === '0' || b[start] === '0') && followsNonZeroDigit(a, start) ? 1n : 0n;
  const [numberA, endA] = readNumber(a, start, lead);
  const [numberB, endB] = readNumber(b, start, lead);
  if (numberA !== numberB) return numberA < numberB ? -1 : 1;
  return endA - endB;
}

function followsNonZeroDigit(chars: readonly string[], start: number): boolean {
  for (let i = start - 1; i >= 0 && isDigit(chars[i]); i--) if (chars[i] !== '0') return true;
  return false;
}

function readNumber(chars: readonly string[], start: number, lead: bigint): [bigint, number] {
  let value = lead;
  let end = start;
  for (; end < chars.length && isDigit(chars[end]); end++) {
    // Go's int64 wraps around; so does the order of keys with twenty digits.
    const digit = (chars[end]?.codePointAt(0) ?? 0x30) - 0x30;
    value = BigInt.asIntN(64, value * 10n + BigInt(digit));
  }
  return [value, end];
}
