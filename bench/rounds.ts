/** Runs what is compared in turns: A B C, C B A, A B C, ..., so that no one has the better time of day. */

/** Does the work once and answers what it measured. */
export type Contender<Sample> = () => Sample | Promise<Sample>;

/**
 * Runs every contender once in each round, after one round that does not count.
 *
 * @param onRound called before each round, from 0 (the one that does not count) to `rounds`
 * @returns the samples of each, in the order of the rounds
 */
export async function interleave<Name extends string, Sample>(
  contenders: Readonly<Record<Name, Contender<Sample>>>,
  rounds: number,
  onRound: (round: number) => void = () => undefined,
): Promise<Record<Name, Sample[]>> {
  if (!(Number.isInteger(rounds) && rounds > 0)) {
    throw new RangeError(`expected one round or more, got ${rounds}`);
  }
  const names = Object.keys(contenders) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<
    Name,
    Sample[]
  >;
  for (let round = 0; round <= rounds; round++) {
    onRound(round);
    for (const name of round % 2 === 0 ? names : [...names].reverse()) {
      const sample = await contenders[name]();
      if (round > 0) samples[name].push(sample);
    }
  }
  return samples;
}
