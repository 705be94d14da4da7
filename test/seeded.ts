/** Randomness that can be repeated: `KUBEPKI_SEED=n` gives the same run again. */

export interface Seeded {
  readonly seed: number;
  /** In [0, 1). */
  next(): number;
}

/** Prints the seed, so that a failing run can be repeated. */
export function seeded(what: string): Seeded {
  const seed = Number(process.env['KUBEPKI_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`${what}: KUBEPKI_SEED=${seed}`);
  return seededWith(seed);
}

/** As `seeded`, from a seed at hand. */
export function seededWith(seed: number): Seeded {
  let state = seed >>> 0;
  return {
    seed,
    // mulberry32
    next() {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    },
  };
}
