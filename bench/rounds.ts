/** Runs what is compared in turns: A B C, C B A, A B C, ..., so that none has the better time of day. */

import { setImmediate } from 'node:timers/promises';

/** Does the work once and answers what it measured. */
export type Contender<Sample> = () => Sample | Promise<Sample>;

/** The samples of one contender, in the order of the rounds. */
export type Samples<Name extends string, Sample> = (name: Name) => readonly Sample[];

/**
 * Runs every contender once in each round, after one round that does not count.
 *
 * @param onRound called before each round, from 0 (the one that does not count) to `rounds`
 */
export async function interleave<Name extends string, Sample>(
  contenders: Readonly<Record<Name, Contender<Sample>>>,
  rounds: number,
  onRound: (round: number) => void = () => undefined,
): Promise<Samples<Name, Sample>> {
  if (!(Number.isInteger(rounds) && rounds > 0)) {
    throw new RangeError(`expected one round or more, got ${rounds}`);
  }
  const entries = Object.entries<Contender<Sample>>(contenders);
  const samples = new Map<string, Sample[]>(entries.map(([name]) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    onRound(round);
    for (const [name, contender] of round % 2 === 0 ? entries : [...entries].reverse()) {
      const sample = await contender();
      // Contenders that sleep while a program runs would otherwise never let a Ctrl-C in.
      await setImmediate();
      if (round > 0) samples.get(name)?.push(sample);
    }
  }
  return (name) => samples.get(name) ?? [];
}
