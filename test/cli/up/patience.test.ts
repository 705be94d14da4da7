import { describe, expect, it } from 'vitest';
import { Patience } from '../../../src/cli/up/patience.ts';
import { ManualClock, settle } from '../../node/manual-clock.ts';

describe('the patience of kubepki up --exit', () => {
  it('ends when nothing has happened for so long, with what was heard last', async () => {
    const clock = new ManualClock('2026-03-01T10:00:00Z');
    const patience = new Patience(clock);
    const stop = new AbortController();
    let outcome: unknown = 'waits';
    patience.exhausted(60_000, stop.signal).catch((error: unknown) => (outcome = error));
    await clock.advance(50_000);
    patience.progress();
    await clock.advance(50_000);
    patience.trouble('node-1: Unauthorized');
    expect(outcome).toBe('waits');
    await clock.advance(10_000);
    await settle();
    expect(outcome).toMatchObject({
      code: 'UNREACHABLE',
      message: 'no node has come further for 60 s: node-1: Unauthorized',
    });
  });

  it('does not end any more once it is told that all is well', async () => {
    const clock = new ManualClock('2026-03-01T10:00:00Z');
    const stop = new AbortController();
    let settled = false;
    void new Patience(clock)
      .exhausted(60_000, stop.signal)
      .finally(() => (settled = true))
      .catch(() => undefined);
    stop.abort();
    await clock.advance(600_000);
    expect(settled).toBe(false);
    expect(clock.waits).toEqual([]);
  });
});
