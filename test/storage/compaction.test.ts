import { describe, expect, it, onTestFinished } from 'vitest';
import { KubepkiError } from '../../src/errors.ts';
import { CompactedError, createMemoryStorage, startCompaction } from '../../src/storage/index.ts';
import { bytes, done, until } from './helpers.ts';
import { TestTime } from './time.ts';

/** Each interval ends when the test says so. */
function setUp() {
  const storage = createMemoryStorage(new TestTime());
  const controller = new AbortController();
  const { signal } = controller;
  const asked: number[] = [];
  let end: () => void = () => undefined;
  const clock = {
    sleep: (ms: number, aborted?: AbortSignal): Promise<void> => {
      asked.push(ms);
      return new Promise((resolve, reject) => {
        end = resolve;
        aborted?.addEventListener('abort', () => reject(new Error('aborted')));
      });
    },
  };
  onTestFinished(() => {
    controller.abort();
    return storage.close();
  });
  const interval = async (): Promise<void> => {
    const before = asked.length;
    end();
    await until(() => asked.length > before);
  };
  return { storage, controller, signal, clock, asked, interval };
}

describe('regular compaction', () => {
  it('forgets what is older than an interval, and nothing younger', async () => {
    const { storage, controller, signal, clock, asked, interval } = setUp();
    const running = startCompaction(storage, { clock, signal });
    expect(asked).toEqual([300_000]);
    const first = await done(storage.create('/a', bytes('1')));
    const second = await done(storage.update('/a', bytes('2'), first));
    await interval();
    const third = await done(storage.update('/a', bytes('3'), second));
    expect((await storage.list('/', { revision: first })).items).toHaveLength(1);
    await interval();
    await expect(storage.list('/', { revision: first })).rejects.toThrow(CompactedError);
    await storage.list('/', { revision: second });
    await interval();
    await expect(storage.list('/', { revision: second })).rejects.toThrow(CompactedError);
    await storage.list('/', { revision: third });
    controller.abort();
    await running;
  });

  it('says what failed, and goes on', async () => {
    const { storage, controller, signal, clock, asked, interval } = setUp();
    const reported: KubepkiError[] = [];
    const failing = {
      ...storage,
      revision: 5,
      compact: () => Promise.reject(new KubepkiError('FILE_SYSTEM', 'the disk is full')),
    };
    const running = startCompaction(failing, {
      clock,
      signal,
      intervalMs: 1000,
      report: (error) => reported.push(error),
    });
    await interval();
    await interval();
    await interval();
    expect(reported.map(({ message }) => message)).toEqual([
      'the disk is full',
      'the disk is full',
    ]);
    expect(asked).toEqual([1000, 1000, 1000, 1000]);
    controller.abort();
    await running;
  });
});
