import { describe, expect, it } from 'vitest';
import { Rounds } from '../../src/http/rounds.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('requests of many connections', () => {
  it('a few begin at once, in their order', () => {
    const rounds = new Rounds<string>();
    const begun: number[] = [];
    for (let at = 0; at < 16; at += 1) rounds.begin('a', () => begun.push(at));
    expect(begun).toEqual([...begun.keys()]);
    expect(begun).toHaveLength(16);
  });

  it('one with a single request does not wait for one with hundreds', async () => {
    const rounds = new Rounds<string>();
    const begun: string[] = [];
    for (let at = 0; at < 200; at += 1) rounds.begin('greedy', () => begun.push(`greedy ${at}`));
    rounds.begin('modest', () => begun.push('modest'));
    expect(begun.indexOf('modest')).toBe(16);
    for (let turns = 0; turns < 20; turns += 1) await turn();
    expect(begun.filter((one) => one !== 'modest')).toEqual(
      Array.from({ length: 200 }, (_, at) => `greedy ${at}`),
    );
  });

  it('what comes while others wait does not go before them', async () => {
    const rounds = new Rounds<string>();
    const begun: number[] = [];
    for (let at = 0; at < 40; at += 1) rounds.begin('a', () => begun.push(at));
    await turn();
    for (let at = 40; at < 60; at += 1) rounds.begin('a', () => begun.push(at));
    for (let turns = 0; turns < 10; turns += 1) await turn();
    expect(begun).toEqual(Array.from({ length: 60 }, (_, at) => at));
  });

  it('those of a connection that is gone never begin', async () => {
    const rounds = new Rounds<string>();
    let begun = 0;
    for (let at = 0; at < 100; at += 1) rounds.begin('a', () => (begun += 1));
    rounds.forget('a');
    for (let turns = 0; turns < 10; turns += 1) await turn();
    expect(begun).toBe(16);
  });
});
