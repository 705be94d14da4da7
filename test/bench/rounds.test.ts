/** The order in which what is compared takes its turns. */
import { describe, expect, it } from 'vitest';
import { interleave } from '../../bench/rounds.ts';

function recorder() {
  const order: string[] = [];
  let clock = 0;
  const contender = (name: string) => () => {
    order.push(name);
    return ++clock;
  };
  return { order, contender };
}

describe('interleave', () => {
  it('turns the order round each time (the first round does not count), so that none is always first', async () => {
    const { order, contender } = recorder();
    await interleave({ a: contender('a'), b: contender('b') }, 3);
    expect(order.join('')).toBe('abbaabba');
  });

  it('does not count the first round', async () => {
    const { contender } = recorder();
    const samples = await interleave({ a: contender('a'), b: contender('b') }, 2);
    expect({ a: samples('a'), b: samples('b') }).toEqual({ a: [4, 5], b: [3, 6] });
  });

  it('waits for each before it starts the next', async () => {
    let underWay = 0;
    let most = 0;
    const contender = async (): Promise<number> => {
      most = Math.max(most, ++underWay);
      await Promise.resolve();
      return underWay--;
    };
    await interleave({ a: contender, b: contender }, 2);
    expect(most).toBe(1);
  });

  it('says which round it is', async () => {
    const rounds: number[] = [];
    await interleave({ a: () => 0 }, 2, (round) => rounds.push(round));
    expect(rounds).toEqual([0, 1, 2]);
  });

  it('hands on what a contender throws', async () => {
    const failing = (): number => {
      throw new Error('it broke');
    };
    await expect(interleave({ a: failing }, 1)).rejects.toThrow('it broke');
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses %s rounds', async (rounds) => {
    await expect(interleave({ a: () => 0 }, rounds)).rejects.toThrow(RangeError);
  });
});
