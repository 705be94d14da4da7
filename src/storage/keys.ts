/** The order of keys, and what may be one. */

/** The first code unit of a surrogate, and the first behind them all. */
const SURROGATES = 0xd800;
const BEHIND_SURROGATES = 0xe000;

/**
 * The order of the keys' UTF-8 bytes. It is that of their code units, but for characters beyond
 * U+FFFF: their surrogates are smaller than U+E000, their bytes greater than all that is below.
 *
 * @returns negative, 0 or positive
 */
export function compareKeys(a: string, b: string): number {
  if (a === b) return 0;
  const least = Math.min(a.length, b.length);
  let at = 0;
  while (at < least && a.charCodeAt(at) === b.charCodeAt(at)) at++;
  if (at === least) return a.length - b.length;
  return rank(a.charCodeAt(at)) - rank(b.charCodeAt(at));
}

function rank(unit: number): number {
  if (unit < SURROGATES) return unit;
  return unit < BEHIND_SURROGATES ? unit + 0x10000 : unit;
}

/** Whether the engine's own order of strings, which is several times as quick, is right for a key. */
export const isPlainKey = (key: string): boolean => !/[\ud800-\udfff]/.test(key);

/** Sorts in place. */
export function sortKeys(keys: string[]): string[] {
  return keys.every(isPlainKey) ? keys.sort() : keys.sort(compareKeys);
}

/** @throws RangeError for what has no bytes of its own: no characters, or half a surrogate pair */
export function checkKey(key: string): void {
  if (key === '') throw new RangeError('key: expected at least one character');
  if (!key.isWellFormed()) throw new RangeError('key: expected whole characters, got half of one');
}

/** @throws RangeError for what is no revision */
export function checkRevision(revision: number): void {
  if (!Number.isSafeInteger(revision) || revision < 0) {
    throw new RangeError(`revision: expected a whole number from 0, got ${revision}`);
  }
}
