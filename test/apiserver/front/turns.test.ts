import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Turns } from '../../../src/apiserver/front/turns.ts';

/** Lets `count` in, and answers the numbers of those who have passed so far. */
function crowd(turns: Turns, count: number): number[] {
  const passed: number[] = [];
  for (let number = 0; number < count; number++) {
    const wait = turns.pass();
    if (wait === undefined) passed.push(number);
    else void wait.then(() => passed.push(number));
  }
  return passed;
}

describe('turns of the event loop', () => {
  it('let as many on at once as there may be, and the others in the turns after, in their order', async () => {
    const passed = crowd(new Turns(3), 8);
    expect(passed).toEqual([0, 1, 2]);
    await turn();
    expect(passed).toEqual([0, 1, 2, 3, 4, 5]);
    await turn();
    expect(passed).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it('count anew in each turn', async () => {
    const turns = new Turns(2);
    expect(crowd(turns, 2)).toEqual([0, 1]);
    await turn();
    expect(crowd(turns, 2)).toEqual([0, 1]);
  });

  it('let nobody overtake who waits', async () => {
    const turns = new Turns(1);
    const first = crowd(turns, 3);
    await turn();
    const late = crowd(turns, 1);
    expect(late).toEqual([]);
    await turn();
    expect(first).toEqual([0, 1, 2]);
    expect(late).toEqual([]);
    await turn();
    expect(late).toEqual([0]);
  });

  it('leave other work its place between', async () => {
    const order: string[] = [];
    const turns = new Turns(1);
    for (let number = 0; number < 4; number++) {
      void (turns.pass() ?? Promise.resolve()).then(() => order.push(`watcher ${number}`));
    }
    await turn();
    order.push('request');
    await turn();
    await turn();
    expect(order).toEqual(['watcher 0', 'watcher 1', 'request', 'watcher 2', 'watcher 3']);
  });
});
