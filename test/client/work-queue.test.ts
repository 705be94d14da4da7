/** The work queue: never one key twice at once, nothing lost, failures ever later. */
import { describe, expect, it } from 'vitest';
import { createWorkQueue, type WorkQueue } from '../../src/client/index.ts';
import { ManualClock, settle } from '../manual-clock.ts';
import { seeded } from '../seeded.ts';

/** Runs a queue whose work the test finishes by hand. */
function running(workers: number, options: Partial<Parameters<typeof createWorkQueue>[0]> = {}) {
  const clock = new ManualClock();
  const controller = new AbortController();
  const queue = createWorkQueue({ clock, ...options });
  const started: string[] = [];
  const open = new Map<string, (error?: Error) => void>();
  const done = queue.run(
    workers,
    async (key) => {
      expect(open.has(key)).toBe(false);
      started.push(key);
      await new Promise<void>((resolve, reject) => {
        open.set(key, (error) => (error === undefined ? resolve() : reject(error)));
      }).finally(() => open.delete(key));
    },
    controller.signal,
  );
  const finish = async (key: string, error?: Error): Promise<void> => {
    open.get(key)?.(error);
    await settle();
  };
  return { clock, queue, started, open, done, finish, stop: () => controller.abort() };
}

describe('the work queue', () => {
  it('does each key once, in the order of asking, with so many workers', async () => {
    const { queue, started, finish, open } = running(2);
    for (const key of ['a', 'b', 'c', 'a', 'c', 'd']) queue.add(key);
    expect(started).toEqual(['a', 'b']);
    expect(queue.length).toBe(2);
    await finish('b');
    expect(started).toEqual(['a', 'b', 'c']);
    await finish('a');
    // It was asked for again while it was worked on.
    expect([...open.keys()].sort()).toEqual(['c', 'd']);
    await finish('c');
    expect(started.at(-1)).toBe('a');
  });

  it('never works on a key twice at once, and does not forget that it was asked again', async () => {
    const { queue, started, finish } = running(5);
    queue.add('a');
    queue.add('a');
    queue.add('a');
    expect(started).toEqual(['a']);
    await finish('a');
    expect(started).toEqual(['a', 'a']);
    await finish('a');
    expect(started).toEqual(['a', 'a']);
  });

  it('lets lanes take turns, and keeps the order within each', async () => {
    const { queue, started, finish } = running(1, { laneOf: (key) => key[0] ?? '' });
    for (const key of ['a1', 'a2', 'a3', 'a4', 'b1', 'c1', 'b2']) queue.add(key);
    expect(queue.length).toBe(6);
    for (const key of ['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4']) {
      expect(started.at(-1)).toBe(key);
      await finish(key);
    }
    expect(queue.length).toBe(0);
    // A lane that was served is forgotten, and comes in line again.
    queue.add('c2');
    expect(started.at(-1)).toBe('c2');
  });

  it('keeps the failures of one lane from holding up the retries of another', async () => {
    const { clock, queue, started, finish } = running(2000, { laneOf: (key) => key[0] ?? '' });
    const many = Array.from({ length: 1000 }, (_, i) => `a${i}`);
    for (let round = 0; round < 3; round++) {
      for (const key of many) queue.add(key);
      for (const key of many) await finish(key, new Error('no'));
    }
    queue.add('b1');
    await finish('b1', new Error('no'));
    const before = started.length;
    // With one bucket for all it would wait for the 3,000 before it, which is five minutes.
    await clock.advance(1000);
    expect(started.slice(before)).toContain('b1');
  });

  it('tries again after failures: later each time, and soon again after a success', async () => {
    const told: unknown[] = [];
    const { clock, queue, started, finish } = running(1, {
      onError: (error, key) => told.push([key, (error as Error).message]),
    });
    queue.add('a');
    for (const wait of [200, 400, 800, 1600]) {
      const before = started.length;
      await finish('a', new Error('no'));
      expect(clock.next).toBe(wait);
      await clock.advance(wait - 1);
      expect(started).toHaveLength(before);
      await clock.advance(1);
      expect(started).toHaveLength(before + 1);
    }
    expect(queue.retries('a')).toBe(4);
    await finish('a');
    expect(queue.retries('a')).toBe(0);
    queue.add('a');
    await finish('a', new Error('no'));
    expect(clock.next).toBe(200);
    expect(told).toHaveLength(5);
    expect(told[0]).toEqual(['a', 'no']);
  });

  it('waits no longer than the longest', async () => {
    const { clock, queue } = running(1, { firstRetryMs: 5, longestRetryMs: 1_000_000 });
    for (let failure = 0; failure < 2000; failure++) queue.addRateLimited('b');
    queue.addRateLimited('a');
    expect(queue.retries('b')).toBe(2000);
    // 100 at once, 10 a second from then on: the 2001st after 190.1 s.
    await clock.advance(4);
    expect(queue.length).toBe(0);
  });

  it('holds back retries of all keys together: 100 at once, then 10 a second', async () => {
    const { clock, queue, started, finish } = running(1_000);
    for (let key = 0; key < 130; key++) queue.add(`k${key}`);
    for (let key = 0; key < 130; key++) await finish(`k${key}`, new Error('no'));
    started.length = 0;
    await clock.advance(200);
    expect(started).toHaveLength(102);
    await clock.advance(1_000);
    expect(started).toHaveLength(112);
    await clock.advance(1_800);
    expect(started).toHaveLength(130);
  });

  it('adds later, and the sooner of two times counts', async () => {
    const { clock, queue, started } = running(5);
    queue.addAfter('a', 1_000);
    queue.addAfter('a', 500);
    queue.addAfter('a', 2_000);
    queue.addAfter('b', 0);
    expect(started).toEqual(['b']);
    await clock.advance(500);
    expect(started).toEqual(['b', 'a']);
    await clock.advance(5_000);
    expect(started).toEqual(['b', 'a']);
  });

  it('ends cleanly: work under way is waited for, nothing new begins', async () => {
    const { clock, queue, started, finish, done, stop } = running(2);
    for (const key of ['a', 'b', 'c']) queue.add(key);
    queue.addAfter('d', 10);
    queue.add('a');
    let over = false;
    void done.then(() => (over = true));
    stop();
    queue.add('e');
    queue.addAfter('f', 1);
    await finish('a');
    expect(over).toBe(false);
    await finish('b', new Error('told to stop'));
    await done;
    await clock.advance(10_000);
    expect(started).toEqual(['a', 'b']);
    expect(clock.sleepers).toBe(0);
  });

  it('survives whoever hears of errors', async () => {
    const { clock, queue, started, finish } = running(1, {
      onError: () => {
        throw new Error('of the listener');
      },
    });
    queue.add('a');
    await finish('a', new Error('no'));
    await clock.advance(200);
    expect(started).toEqual(['a', 'a']);
  });

  it('runs once, with workers', async () => {
    const queue = createWorkQueue({ clock: new ManualClock() });
    const work = async () => {};
    await expect(queue.run(0, work, AbortSignal.abort())).rejects.toThrow(RangeError);
    await queue.run(1, work, AbortSignal.abort());
    await expect(queue.run(1, work, AbortSignal.abort())).rejects.toThrow(TypeError);
  });

  it('loses no key and doubles none, whatever happens when', async () => {
    const random = seeded('work queue');
    const clock = new ManualClock();
    const controller = new AbortController();
    const queue: WorkQueue = createWorkQueue({ clock });
    const working = new Set<string>();
    /** Asked for and not yet begun since. */
    const owed = new Set<string>();
    const done = queue.run(
      3,
      async (key) => {
        expect(working.has(key)).toBe(false);
        working.add(key);
        owed.delete(key);
        await clock.sleep(1 + Math.floor(random.next() * 50));
        working.delete(key);
        if (random.next() < 0.3) {
          owed.add(key);
          throw new Error('no');
        }
      },
      controller.signal,
    );
    for (let step = 0; step < 400; step++) {
      const key = `k${Math.floor(random.next() * 8)}`;
      owed.add(key);
      if (random.next() < 0.5) queue.add(key);
      else queue.addAfter(key, random.next() * 200);
      if (random.next() < 0.5) await clock.advance(random.next() * 40);
    }
    await clock.advance(3_000_000);
    expect([...owed]).toEqual([]);
    controller.abort();
    await done;
  });
});
