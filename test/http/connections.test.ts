/** Which connections stand, and which of them are ended for having nothing to do. */
import { describe, expect, it } from 'vitest';
import { Connections } from '../../src/http/connections.ts';

function connections(most: number) {
  const ended: string[] = [];
  const all = new Connections<string>(most);
  return {
    all,
    ended,
    add: (name: string, now: number) => all.add(name, () => ended.push(name), now),
  };
}

describe('connections without a request', () => {
  it('are ended when they have been idle for as long as they may', () => {
    const { all, ended, add } = connections(10);
    add('early', 0);
    add('late', 50);
    all.endIdleSince(49);
    expect(ended).toEqual(['early']);
    all.endIdleSince(49);
    expect(ended).toEqual(['early']);
  });

  it('are idle since their last request, not since they stand', () => {
    const { all, ended, add } = connections(10);
    add('asks', 0);
    add('silent', 10);
    all.busy('asks');
    all.endIdleSince(5);
    expect(ended).toEqual([]);
    all.idle('asks', 20);
    all.endIdleSince(15);
    expect(ended).toEqual(['silent']);
    all.endIdleSince(20);
    expect(ended).toEqual(['silent', 'asks']);
  });

  it('are forgotten when they have ended by themselves', () => {
    const { all, ended, add } = connections(10);
    add('gone', 0);
    all.delete('gone');
    all.idle('gone', 5);
    all.endIdleSince(100);
    expect(ended).toEqual([]);
  });
});
