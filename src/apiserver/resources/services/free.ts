/** Chooses what nobody has: from the part of a range that is given without a wish, then from the other. */
import { StatusError } from '../../../kubernetes/index.ts';

/**
 * The first that is not taken, from a random one on; undefined where all are.
 *
 * @param random in [0, 1), of at least 32 bits
 */
function freeIn(
  first: bigint,
  last: bigint,
  random: () => number,
  isTaken: (one: bigint) => boolean,
): bigint | undefined {
  const count = last - first + 1n;
  if (count <= 0n) return undefined;
  const start = draw(random, count);
  for (let step = 0n; step < count; step += 1n) {
    const one = first + ((start + step) % count);
    if (!isTaken(one)) return one;
  }
  return undefined;
}

const PART = 2 ** 32;

/** A random one of so many, of which there may be more than a number can count. */
function draw(random: () => number, count: bigint): bigint {
  const part = (): bigint => BigInt(Math.floor(random() * PART));
  return count > BigInt(PART)
    ? ((part() << 64n) | (part() << 32n) | part()) % count
    : (part() * count) / BigInt(PART);
}

export interface Dividable {
  readonly first: bigint;
  readonly firstDynamic: bigint;
  readonly last: bigint;
}

/** Undefined where the range is full. */
export const free = (
  { first, firstDynamic, last }: Dividable,
  random: () => number,
  isTaken: (one: bigint) => boolean,
): bigint | undefined =>
  freeIn(firstDynamic, last, random, isTaken) ?? freeIn(first, firstDynamic - 1n, random, isTaken);

/** Why there is none, as upstream answers it (apimachinery, api/errors, NewInternalError). */
export const failure = (message: string): StatusError =>
  StatusError.of('InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] });
