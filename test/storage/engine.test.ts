import { describe, expect, it, onTestFinished } from 'vitest';
import { KubepkiError } from '../../src/errors.ts';
import { Engine } from '../../src/storage/engine.ts';
import { CompactedError, StorageFullError } from '../../src/storage/index.ts';
import type { Journal, LogRecord } from '../../src/storage/journal.ts';
import { bytes, collect, done, shown, take, told, until } from './helpers.ts';
import { TestTime } from './time.ts';

/** A journal that remembers what it was told, and fails when it is asked to. */
class TestJournal implements Journal {
  readonly commits: LogRecord[][] = [];
  readonly forgotten: number[][] = [];
  compacted = 0;
  closed = false;
  failing = false;

  append(records: readonly LogRecord[]): void {
    this.#check();
    this.commits.push([...records]);
  }

  compact(revision: number): void {
    this.#check();
    this.compacted = revision;
  }

  forget(revisions: readonly number[]): void {
    this.#check();
    this.forgotten.push([...revisions]);
  }

  close(): void {
    this.closed = true;
  }

  #check(): void {
    if (this.failing) throw new KubepkiError('FILE_SYSTEM', 'the disk is full');
    if (this.closed) throw new Error('written after it was closed');
  }
}

function setUp(): { storage: Engine; journal: TestJournal; time: TestTime } {
  const [journal, time] = [new TestJournal(), new TestTime()];
  const storage = new Engine(time, journal);
  onTestFinished(() => storage.close());
  return { storage, journal, time };
}

describe('a storage that is full', () => {
  const value = new Uint8Array(1000);
  const setUpSmall = (): Engine => {
    const storage = new Engine({ now: () => new Date(), quotaBytes: 10_000 });
    onTestFinished(() => storage.close());
    return storage;
  };
  const fill = async (storage: Engine): Promise<readonly PromiseSettledResult<unknown>[]> =>
    Promise.allSettled(
      Array.from({ length: 20 }, async (_, index) => storage.create(`/${index}`, value)),
    );

  it('takes no more, also of what comes at once', async () => {
    const results = await fill(setUpSmall());
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(14);
    expect(refused[0]?.reason).toBeInstanceOf(StorageFullError);
  });

  it('takes what is no larger than what stands there', async () => {
    const storage = setUpSmall();
    await fill(storage);
    const { revision = 0 } = (await storage.get('/0')) ?? {};
    await expect(storage.update('/0', new Uint8Array(1001), revision)).resolves.toBeDefined();
    await expect(storage.update('/1', new Uint8Array(9000), 1)).rejects.toThrow('full');
    const same = await storage.update('/2', new Uint8Array(1000), revision + 2);
    expect(same.done).toBe(true);
  });

  it('takes more when something is deleted', async () => {
    const storage = setUpSmall();
    await fill(storage);
    const { revision = 0 } = (await storage.get('/0')) ?? {};
    await storage.delete('/0', revision);
    expect((await storage.create('/new', value)).done).toBe(true);
    await expect(storage.create('/more', value)).rejects.toThrow('full');
  });

  it('knows after a start how full it is', async () => {
    const values = new Map([['/a', { key: '/a', value: new Uint8Array(9_000), revision: 2 }]]);
    const begin = {
      values,
      changes: [],
      revision: 2,
      compacted: 0,
      needless: [],
      lifetimes: new Map(),
    };
    const storage = new Engine({ now: () => new Date(), quotaBytes: 10_000 }, undefined, begin);
    onTestFinished(() => storage.close());
    await expect(storage.create('/b', value)).rejects.toThrow('full');
  });
});

const REFUSED = { code: 'FILE_SYSTEM', message: 'the disk is full' };

describe('concurrent writes', () => {
  it('are one commit', async () => {
    const { storage, journal } = setUp();
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) =>
        done(storage.create(`/${index}`, bytes('1'))),
      ),
    );
    expect(journal.commits.map((records) => records.length)).toEqual([100]);
  });

  it('are judged in the order in which they came', async () => {
    const { storage, journal } = setUp();
    const results = await Promise.all([
      storage.create('/a', bytes('1')),
      storage.create('/a', bytes('2')),
      storage.update('/a', bytes('3'), storage.revision + 1),
      storage.delete('/a', storage.revision + 1),
      storage.delete('/a', storage.revision + 2),
      storage.create('/a', bytes('4')),
    ]);
    expect(
      results.map((result) => (result.done ? result.revision : shown(result.current))),
    ).toEqual([2, '/a=1', 3, '/a=3', 4, 5]);
    expect(journal.commits).toHaveLength(1);
    expect(journal.commits[0]?.map(({ previous }) => previous)).toEqual([0, 2, 3, 0]);
    const changes = await take(storage, 4, { prefix: '/', after: 1 });
    expect(changes.map(told)).toEqual(['/a: - -> 1', '/a: 1 -> 3', '/a: 3 -> -', '/a: - -> 4']);
  });

  it('are spread over several commits when they are many, or large', async () => {
    const { storage, journal } = setUp();
    const large = new Uint8Array(1024 * 1024);
    const writes = [
      ...Array.from({ length: 1000 }, (_, index) => storage.create(`/${index}`, bytes(''))),
      ...Array.from({ length: 10 }, (_, index) => storage.create(`/large/${index}`, large)),
    ];
    let turns = 0;
    let counting = true;
    const count = (): void => {
      turns++;
      if (counting) setImmediate(count);
    };
    setImmediate(count);
    await Promise.all(writes);
    counting = false;
    const sizes = journal.commits.map((records) => records.length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(256);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(1010);
    for (const records of journal.commits) {
      const size = records.reduce((sum, { value }) => sum + (value?.byteLength ?? 0), 0);
      expect(size).toBeLessThanOrEqual(5 * 1024 * 1024);
    }
    // Others have had their turn in between.
    expect(turns).toBeGreaterThanOrEqual(sizes.length - 1);
  });

  it('write nothing down when all are refused', async () => {
    const { storage, journal } = setUp();
    expect((await storage.delete('/none', 1)).done).toBe(false);
    expect(journal.commits).toEqual([]);
  });

  it('are not seen before they are durable', async () => {
    const { storage, journal } = setUp();
    const seen: unknown[] = [];
    const iterator = storage.watch({ prefix: '/', after: 1 })[Symbol.asyncIterator]();
    const next = iterator.next();
    journal.append = () => {
      seen.push(storage.revision);
    };
    const write = storage.create('/a', bytes('1'));
    expect(await storage.get('/a')).toBeUndefined();
    expect((await storage.list('/')).items).toEqual([]);
    await write;
    expect(seen).toEqual([1]);
    expect((await next).value).toHaveLength(1);
  });
});

describe('a commit that fails', () => {
  it('refuses all its writes, changes nothing, and the next one works', async () => {
    const { storage, journal } = setUp();
    const first = await done(storage.create('/a', bytes('1')));
    const watched = collect(storage.watch({ prefix: '/', after: first }));

    journal.failing = true;
    const results = await Promise.allSettled([
      storage.update('/a', bytes('2'), first),
      storage.create('/b', bytes('1'), 10),
      storage.delete('/none', 1),
    ]);
    for (const result of results) expect(result).toMatchObject({ reason: REFUSED });
    expect(storage.revision).toBe(first);
    expect((await storage.list('/')).items.map(shown)).toEqual(['/a=1']);

    journal.failing = false;
    expect(await done(storage.update('/a', bytes('3'), first))).toBe(first + 1);
    await storage.close();
    expect((await watched).map(told)).toEqual(['/a: 1 -> 3']);
  });

  it('leaves the compaction as it was, and the next one works', async () => {
    const { storage, journal } = setUp();
    const first = await done(storage.create('/a', bytes('1')));
    const second = await done(storage.update('/a', bytes('2'), first));
    journal.failing = true;
    await expect(storage.compact(second)).rejects.toMatchObject(REFUSED);
    expect((await storage.list('/', { revision: first })).items.map(shown)).toEqual(['/a=1']);
    journal.failing = false;
    await storage.compact(second);
    expect([journal.compacted, journal.forgotten]).toEqual([second, [[first]]]);
  });

  it('leaves records for the next compaction to delete', async () => {
    const { storage, journal } = setUp();
    const first = await done(storage.create('/a', bytes('1')));
    const second = await done(storage.update('/a', bytes('2'), first));
    const compaction = storage.compact(second);
    journal.failing = true;
    await expect(compaction).rejects.toMatchObject(REFUSED);
    await expect(storage.list('/', { revision: first })).rejects.toThrow(CompactedError);
    journal.failing = false;
    await storage.compact(second);
    expect(journal.forgotten).toEqual([[first]]);
  });
});

describe('a compaction', () => {
  it('deletes exactly what nothing needs, a little at a time', async () => {
    const { storage, journal } = setUp();
    let revision = await done(storage.create('/a', bytes('0')));
    const [start, count] = [revision, 2500];
    for (let index = 0; index < count; index++) {
      revision = await done(storage.update('/a', bytes(`${index}`), revision));
    }
    const gone = await done(storage.create('/gone', bytes('1')));
    const deletion = await done(storage.delete('/gone', gone));
    await done(storage.create('/b', bytes('1')));
    await Promise.all([storage.compact(storage.revision), storage.compact(start)]);
    expect(Math.max(...journal.forgotten.map((some) => some.length))).toBeLessThanOrEqual(200);
    const needless = Array.from({ length: count }, (_, index) => start + index);
    expect(journal.forgotten.flat().toSorted((a, b) => a - b)).toEqual([
      ...needless,
      gone,
      deletion,
    ]);
  });

  it('comes by itself when the history becomes too large', async () => {
    const { storage, journal } = setUp();
    // The same bytes each time: little memory, but counted as much.
    const value = new Uint8Array(1024 * 1024);
    const first = await done(storage.create('/a', value));
    let revision = first;
    while (revision < first + 150) revision = await done(storage.update('/a', value, revision));
    await until(() => journal.forgotten.length > 0);
    expect(journal.compacted).toBeGreaterThan(first + 50);
    expect(journal.compacted).toBeLessThan(revision - 50);
    await expect(storage.list('/', { revision: first })).rejects.toThrow(CompactedError);
    await storage.list('/', { revision: revision - 50 });
  });

  it('ends quietly when the storage closes', async () => {
    const { storage, journal } = setUp();
    const first = await done(storage.create('/a', bytes('1')));
    const second = await done(storage.update('/a', bytes('2'), first));
    const compaction = storage.compact(second);
    await storage.close();
    await compaction;
    expect(journal.forgotten).toEqual([]);
  });
});

describe('a watch that is not read', () => {
  it('is ended by bytes as well', async () => {
    const { storage } = setUp();
    const slow = storage.watch({ prefix: '/', after: 1 })[Symbol.asyncIterator]();
    const first = slow.next();
    let revision = await done(storage.create('/a', new Uint8Array(1024 * 1024)));
    await first;
    for (let index = 0; index < 33; index++) {
      revision = await done(storage.update('/a', new Uint8Array(1024 * 1024), revision));
    }
    await expect(slow.next()).rejects.toThrow(CompactedError);
  });

  it('keeps nothing of what it has read', async () => {
    const { storage } = setUp();
    const iterator = storage.watch({ prefix: '/', after: 1 })[Symbol.asyncIterator]();
    const value = new Uint8Array(1024 * 1024);
    let next = iterator.next();
    let revision = await done(storage.create('/a', value));
    for (let index = 0; index < 100; index++) {
      expect((await next).value).toHaveLength(1);
      if (index % 2 === 0) next = iterator.next();
      revision = await done(storage.update('/a', value, revision));
      if (index % 2 === 1) next = iterator.next();
    }
    expect((await next).done).toBe(false);
  });
});

describe('keys that delete themselves', () => {
  it('are deleted in the order of their ends, each once', async () => {
    const { storage, time } = setUp();
    const seconds = [50, 10, 40, 20, 30, 60, 15, 35];
    await Promise.all(seconds.map((ttl) => done(storage.create(`/${ttl}`, bytes(''), ttl))));
    const watched = collect(storage.watch({ prefix: '/', after: storage.revision }));
    for (let now = 0; now < 60; now += 5) {
      time.pass(5);
      const left = seconds.filter((ttl) => ttl > now + 5).length;
      await until(async () => (await storage.list('/')).items.length === left);
    }
    expect(time.timers).toBe(0);
    await storage.close();
    expect((await watched).map(({ key }) => key)).toEqual(
      seconds.toSorted((a, b) => a - b).map((ttl) => `/${ttl}`),
    );
  });

  it('go in bounded portions', async () => {
    const { storage, journal, time } = setUp();
    await Promise.all(
      Array.from({ length: 2000 }, (_, index) => done(storage.create(`/${index}`, bytes(''), 10))),
    );
    const before = journal.commits.length;
    time.pass(10);
    await until(async () => {
      time.pass(0);
      return (await storage.list('/')).items.length === 0;
    });
    const sizes = journal.commits.slice(before).map((records) => records.length);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(2000);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(256);
  });

  it('are tried again when the deletion cannot be written', async () => {
    const { storage, journal, time } = setUp();
    await done(storage.create('/a', bytes('1'), 10));
    journal.failing = true;
    time.pass(11);
    // Refused behind the deletion.
    await expect(storage.create('/b', bytes(''))).rejects.toMatchObject(REFUSED);
    expect(shown(await storage.get('/a'))).toBe('/a=1');
    journal.failing = false;
    await until(async () => {
      time.pass(1);
      return (await storage.get('/a')) === undefined;
    });
  });

  it('stay when an update comes just before the deletion', async () => {
    const { storage, time } = setUp();
    const first = await done(storage.create('/a', bytes('1'), 10));
    const update = storage.update('/a', bytes('2'), first);
    time.pass(10);
    await done(update);
    time.pass(9);
    await done(storage.create('/b', bytes('')));
    expect(shown(await storage.get('/a'))).toBe('/a=2');
    await until(async () => {
      time.pass(1);
      return (await storage.get('/a')) === undefined;
    });
  });

  it('hold no timer when nothing is due, and none after closing', async () => {
    const { storage, time } = setUp();
    expect(time.timers).toBe(0);
    await done(storage.create('/a', bytes('1'), 10));
    await done(storage.create('/b', bytes('1'), 1000));
    expect(time.timers).toBe(1);
    await storage.close();
    expect(time.timers).toBe(0);
  });

  it('notice within seconds that the clock was set', async () => {
    const { storage, time } = setUp();
    const waits: number[] = [];
    const watched = new Engine({
      now: time.now,
      timer: (callback, ms) => {
        waits.push(ms);
        return time.timer(callback, ms);
      },
    });
    onTestFinished(() => watched.close());
    await done(watched.create('/a', bytes('1'), 3600));
    expect(waits).toEqual([10_000]);
    expect(storage.revision).toBe(1);
  });
});
