/**
 * What every storage must do, whatever it keeps its values in. A storage may be shared with others
 * (etcd), so nothing here expects revisions without gaps, or concurrent writes in some order.
 */
import { getEventListeners } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  CompactedError,
  FutureRevisionError,
  type Storage,
  type StoredValue,
} from '../../src/storage/index.ts';
import { bytes, collect, done, shown, take, text, told, until } from './helpers.ts';
import { itAgreesWithTheModel } from './model.ts';

export interface Harness {
  /** Empty. */
  readonly storage: Storage;
  /** Lets time pass for the keys that delete themselves. */
  readonly pass: (seconds: number) => void | Promise<void>;
}

export function conformance(name: string, openHarness: () => Promise<Harness>): void {
  const openBoth = async (): Promise<Harness> => {
    const harness = await openHarness();
    onTestFinished(() => harness.storage.close());
    return harness;
  };
  const open = async (): Promise<Storage> => (await openBoth()).storage;

  describe(`${name}: a key`, () => {
    it('is created once', async () => {
      const storage = await open();
      expect(await storage.get('/a')).toBeUndefined();
      const before = storage.revision;
      const revision = await done(storage.create('/a', bytes('1')));
      expect(revision).toBeGreaterThan(before);
      expect(storage.revision).toBe(revision);
      const stored = { key: '/a', value: bytes('1'), revision };
      expect(plain(await storage.get('/a'))).toEqual(stored);

      const again = await storage.create('/a', bytes('2'));
      expect(again.done).toBe(false);
      expect(!again.done && plain(again.current)).toEqual(stored);
      expect(storage.revision).toBe(revision);
    });

    it('is updated from the revision that was read, or not at all', async () => {
      const storage = await open();
      const first = await done(storage.create('/a', bytes('1')));
      const second = await done(storage.update('/a', bytes('2'), first));
      expect(second).toBeGreaterThan(first);

      const stale = await storage.update('/a', bytes('3'), first);
      expect(!stale.done && shown(stale.current)).toBe('/a=2');
      expect(!stale.done && stale.current?.revision).toBe(second);
      expect(await storage.update('/none', bytes('3'), second)).toEqual({
        done: false,
        current: undefined,
      });
      expect(shown(await storage.get('/a'))).toBe('/a=2');
      expect(storage.revision).toBe(second);
    });

    it('is deleted at the revision that was read, or not at all', async () => {
      const storage = await open();
      const first = await done(storage.create('/a', bytes('1')));
      const second = await done(storage.update('/a', bytes('2'), first));
      const stale = await storage.delete('/a', first);
      expect(!stale.done && shown(stale.current)).toBe('/a=2');

      const third = await done(storage.delete('/a', second));
      expect(third).toBeGreaterThan(second);
      expect(await storage.get('/a')).toBeUndefined();
      expect(await storage.delete('/a', second)).toEqual({ done: false, current: undefined });
      expect(await storage.update('/a', bytes('3'), second)).toEqual({
        done: false,
        current: undefined,
      });
      expect(await done(storage.create('/a', bytes('4')))).toBeGreaterThan(third);
    });

    it('holds any bytes', async () => {
      const storage = await open();
      const all = Uint8Array.from({ length: 256 }, (_, index) => index);
      const values = [new Uint8Array(0), all, all.subarray(100, 103), new Uint8Array(1_000_000)];
      for (const [index, value] of values.entries()) await done(storage.create(`/${index}`, value));
      const listed = await storage.list('/');
      expect(
        listed.items.map(({ value }) => Buffer.from(value).equals(values.shift() ?? all)),
      ).toEqual([true, true, true, true]);
    });

    it('keeps a value that is changed afterwards only as far as it was part of something greater', async () => {
      const storage = await open();
      const whole = bytes('12345678');
      await done(storage.create('/a', whole.subarray(0, 4)));
      whole.fill(0);
      expect(shown(await storage.get('/a'))).toBe('/a=1234');
    });

    it.each<[string, (storage: Storage) => unknown, string]>([
      ['an empty key', (storage) => storage.create('', bytes('')), 'key: expected at least one'],
      ['half a character', (storage) => storage.create('/\ud800', bytes('')), 'half of one'],
      ['a text', (storage) => storage.create('/a', 'text' as never), 'expected a Uint8Array'],
      ['no time', (storage) => storage.create('/a', bytes(''), 0), 'ttlSeconds: expected'],
      ['endless time', (storage) => storage.create('/a', bytes(''), Infinity), 'got Infinity'],
      ['a revision below 0', (storage) => storage.update('/a', bytes(''), -1), 'got -1'],
      ['half a revision', (storage) => storage.delete('/a', 1.5), 'got 1.5'],
      ['a limit below 0', (storage) => storage.list('/', { limit: -1 }), 'limit: expected'],
      ['a list at NaN', (storage) => storage.list('/', { revision: Number.NaN }), 'got NaN'],
      ['compaction below 0', (storage) => storage.compact(-1), 'got -1'],
    ])('is not written with %s', async (_, call, message) => {
      const storage = await open();
      const { revision } = storage;
      await expect(call(storage)).rejects.toThrow(message);
      expect(storage.revision).toBe(revision);
    });

    it('has one winner when many want it', async () => {
      const storage = await open();
      const creates = await Promise.all(
        Array.from({ length: 100 }, (_, index) => storage.create('/a', bytes(`${index}`))),
      );
      expect(creates.filter((result) => result.done)).toHaveLength(1);
      const winner = await storage.get('/a');
      for (const result of creates) if (!result.done) expect(result.current).toEqual(winner);

      const from = winner?.revision ?? 0;
      const updates = await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          index % 2 === 0
            ? storage.update('/a', bytes(`${index}`), from)
            : storage.delete('/a', from),
        ),
      );
      expect(updates.filter((result) => result.done)).toHaveLength(1);
    });

    it('counts to the number of those who count it up', async () => {
      const storage = await open();
      await done(storage.create('/count', bytes('0')));
      await Promise.all(
        Array.from({ length: 20 }, async () => {
          for (;;) {
            const stored = await storage.get('/count');
            const next = bytes(`${Number(text(stored?.value)) + 1}`);
            if ((await storage.update('/count', next, stored?.revision ?? 0)).done) return;
          }
        }),
      );
      expect(shown(await storage.get('/count'))).toBe('/count=20');
    });
  });

  describe(`${name}: a list`, () => {
    /** Each where an order of UTF-16 code units, LIKE or a C string would go wrong. */
    const STRANGE = [
      '/',
      '/%',
      '/%/a',
      '/A',
      '/_',
      '/_/a',
      '/a',
      '/a\0b',
      '/a\nb',
      "/a'; DROP TABLE log; --",
      '/a/b',
      '/a/b/c',
      '/a0',
      '/b',
      '/é',
      '/ÿ',
      '/\u{d7ff}',
      '/\u{e000}',
      '/\u{ffff}',
      '/\u{10000}',
      '/\u{1f600}',
      '/\u{10ffff}',
      'without',
      '\u{10ffff}',
    ];

    async function openFilled(keys: readonly string[]): Promise<Storage> {
      const storage = await open();
      await Promise.all(keys.toReversed().map((key) => done(storage.create(key, bytes(key)))));
      return storage;
    }

    const keysOf = async (storage: Storage, ...args: Parameters<Storage['list']>) =>
      (await storage.list(...args)).items.map(({ key }) => key);

    it('is in the order of the bytes, whatever the characters', async () => {
      const storage = await openFilled(STRANGE);
      const sorted = STRANGE.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect(await keysOf(storage, '')).toEqual(sorted);
      for (const prefix of [
        '/',
        '/%',
        '/_',
        '/a',
        '/a/',
        '/a\0',
        '/é',
        '/\u{ffff}',
        '/c',
        'with',
      ]) {
        expect(await keysOf(storage, prefix)).toEqual(
          sorted.filter((key) => key.startsWith(prefix)),
        );
      }
    });

    it('shows its revision, and that of each value', async () => {
      const storage = await openFilled(['/a', '/b']);
      const listed = await storage.list('/');
      expect(listed.revision).toBe(storage.revision);
      expect(listed.remaining).toBe(0);
      for (const item of listed.items) expect(item).toEqual(await storage.get(item.key));
    });

    it('is empty where nothing has the prefix', async () => {
      const storage = await open();
      const { revision } = storage;
      expect(await storage.list('')).toEqual({ items: [], revision, remaining: 0 });
      expect(await storage.list('/a', { limit: 3 })).toEqual({ items: [], revision, remaining: 0 });
    });

    it('comes in pages of any size', async () => {
      const keys = Array.from({ length: 50 }, (_, index) => `/p/${String(index).padStart(2, '0')}`);
      const storage = await openFilled(['/o', ...keys, '/q']);
      for (const limit of [1, 7, 50, 1000]) {
        const seen: string[] = [];
        for (let after: string | undefined; ; after = seen.at(-1)) {
          const page = await storage.list(
            '/p/',
            after === undefined ? { limit } : { limit, after },
          );
          seen.push(...page.items.map(({ key }) => key));
          expect(page.items.length).toBeLessThanOrEqual(limit);
          expect(page.remaining).toBe(keys.length - seen.length);
          if (page.remaining === 0) break;
        }
        expect(seen).toEqual(keys);
      }
    });

    it('begins behind any key, one that is there or not', async () => {
      const storage = await openFilled(['/a', '/p/b', '/p/d', '/q']);
      const count = async (after: string) => {
        const { items, remaining } = await storage.list('/p/', { limit: 1, after });
        return items.length + remaining;
      };
      expect(await count('')).toBe(2);
      expect(await count('/a')).toBe(2);
      expect(await count('/p/')).toBe(2);
      expect(await count('/p/b')).toBe(1);
      expect(await count('/p/c')).toBe(1);
      expect(await count('/p/d')).toBe(0);
      expect(await count('/p/e')).toBe(0);
      expect(await count('/z')).toBe(0);
    });

    it('counts only, with a limit of 0', async () => {
      const storage = await openFilled(['/p/a', '/p/b', '/p/c']);
      const { items, remaining } = await storage.list('/p/', { limit: 0 });
      expect([items.length, remaining]).toEqual([0, 3]);
      expect((await storage.list('/p/', { limit: 0, after: '/p/a' })).remaining).toBe(2);
    });

    it('shows how it was at every revision', async () => {
      const storage = await open();
      const { revisions, states } = await writeHistory(storage);
      for (const [index, revision] of revisions.entries()) {
        const listed = await storage.list('/h/', { revision });
        expect(listed.items.map(shown)).toEqual(states[index]);
        expect(listed.revision).toBe(revision);
        const count = states[index]?.length ?? 0;
        // In pages, as a client with a continue token reads it.
        for (let at = 0; at < count; at++) {
          const after = listed.items[at - 1]?.key;
          const page = await storage.list('/h/', {
            revision,
            limit: 1,
            ...(after === undefined ? {} : { after }),
          });
          expect(page.items.map(shown)).toEqual([states[index]?.[at]]);
          expect(page.remaining).toBe(count - at - 1);
        }
        expect((await storage.list('/h/', { revision, limit: 0 })).remaining).toBe(count);
      }
    });

    it('refuses a revision that is not reached', async () => {
      const storage = await openFilled(['/a']);
      const call = storage.list('/', { revision: storage.revision + 1 });
      await expect(call).rejects.toThrow(FutureRevisionError);
    });

    it('refuses a revision that is compacted, and none since', async () => {
      const storage = await open();
      const { revisions, states } = await writeHistory(storage);
      const middle = Math.floor(revisions.length / 2);
      await storage.compact(revisions[middle] ?? 0);
      for (const [index, revision] of revisions.entries()) {
        const call = storage.list('/h/', { revision });
        if (index < middle) await expect(call).rejects.toThrow(CompactedError);
        else expect((await call).items.map(shown)).toEqual(states[index]);
      }
      expect((await storage.list('/h/')).items.map(shown)).toEqual(states.at(-1));
    });
  });

  describe(`${name}: a compaction`, () => {
    it('of what is not reached is refused', async () => {
      const storage = await open();
      await expect(storage.compact(storage.revision + 1)).rejects.toThrow(FutureRevisionError);
    });

    it('keeps everything that stands there, again and again', async () => {
      const storage = await open();
      const { states } = await writeHistory(storage);
      const now = await storage.list('/h/');
      for (let time = 0; time < 3; time++) {
        await storage.compact(storage.revision);
        expect(await storage.list('/h/')).toEqual(now);
      }
      expect(now.items.map(shown)).toEqual(states.at(-1));
    });
  });

  describe(`${name}: a watch`, () => {
    it('tells what was and what is', async () => {
      const storage = await open();
      const after = storage.revision;
      const first = await done(storage.create('/a', bytes('1')));
      const second = await done(storage.update('/a', bytes('2'), first));
      const third = await done(storage.delete('/a', second));
      const changes = await take(storage, 3, { prefix: '/', after });
      expect(changes.map(told)).toEqual(['/a: - -> 1', '/a: 1 -> 2', '/a: 2 -> -']);
      expect(changes.map(({ revision }) => revision)).toEqual([first, second, third]);
      expect(changes.map(({ previous }) => previous?.revision)).toEqual([undefined, first, second]);
      expect(changes.map((change) => Object.hasOwn(change, 'value'))).toEqual([true, true, false]);
    });

    it('tells of its prefix only', async () => {
      const storage = await open();
      const after = storage.revision;
      for (const key of ['/p', '/p/', '/p/a', '/p_b', '/pa', '/q', '/p/b/c']) {
        await done(storage.create(key, bytes('1')));
      }
      const keys = (await take(storage, 3, { prefix: '/p/', after })).map(({ key }) => key);
      expect(keys).toEqual(['/p/', '/p/a', '/p/b/c']);
      expect(await take(storage, 7, { prefix: '', after })).toHaveLength(7);
    });

    it('goes on from any revision without a gap, while others write', async () => {
      const storage = await open();
      const start = storage.revision;
      const [writers, each] = [8, 25];
      const watches: Promise<number[]>[] = [];
      const revisions: number[] = [];
      const watchFrom = async (after: number): Promise<number[]> => {
        const seen: number[] = [];
        for await (const batch of storage.watch({ prefix: '/w/', after })) {
          seen.push(...batch.map(({ revision }) => revision));
          if (batch.some(({ key }) => key === '/w/end')) break;
        }
        return [after, ...seen];
      };
      await Promise.all(
        Array.from({ length: writers }, async (_, writer) => {
          for (let index = 0; index < each; index++) {
            watches.push(watchFrom(storage.revision));
            const revision = await done(storage.create(`/w/${writer}/${index}`, bytes('')));
            revisions.push(revision);
            watches.push(watchFrom(index % 2 === 0 ? revision : start));
          }
        }),
      );
      revisions.push(await done(storage.create('/w/end', bytes(''))));
      revisions.sort((a, b) => a - b);
      expect(revisions).toHaveLength(writers * each + 1);
      for (const [after = 0, ...seen] of await Promise.all(watches)) {
        expect(seen).toEqual(revisions.filter((revision) => revision > after));
      }
    });

    it('waits for what is yet to come', async () => {
      const storage = await open();
      const first = await done(storage.create('/a', bytes('1')));
      // The next write makes the next revision at the earliest.
      const ahead = take(storage, 1, { prefix: '/', after: first + 1 });
      const second = await done(storage.update('/a', bytes('2'), first));
      const third = await done(storage.update('/a', bytes('3'), second));
      const [change] = await ahead;
      expect(change?.revision).toBe(second > first + 1 ? second : third);
    });

    it('ends when its signal aborts, and lets go of it', async () => {
      const storage = await open();
      const controller = new AbortController();
      const { signal } = controller;
      const watch = storage.watch({ prefix: '/', after: storage.revision, signal });
      const all = collect(watch);
      await until(() => getEventListeners(signal, 'abort').length > 0);
      controller.abort();
      expect(await all).toEqual([]);
      expect(getEventListeners(signal, 'abort')).toEqual([]);
      await done(storage.create('/a', bytes('1')));
      // Aborted before it begins.
      expect(await collect(watch)).toEqual([]);
    });

    it('tells nothing that waits once its signal has aborted', async () => {
      const storage = await open();
      const controller = new AbortController();
      const options = { prefix: '/', after: storage.revision, signal: controller.signal };
      const iterator = storage.watch(options)[Symbol.asyncIterator]();
      const first = iterator.next();
      const revision = await done(storage.create('/a', bytes('1')));
      expect((await first).done).toBe(false);
      await done(storage.update('/a', bytes('2'), revision));
      controller.abort();
      expect(await iterator.next()).toEqual({ done: true, value: undefined });
    });

    it('lets go of its signal when the reader leaves', async () => {
      const storage = await open();
      const { signal } = new AbortController();
      const after = storage.revision;
      await done(storage.create('/a', bytes('1')));
      await take(storage, 1, { prefix: '/', after, signal });
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    });

    it('ends when the storage closes, after all that was accepted', async () => {
      const storage = await open();
      const all = collect(storage.watch({ prefix: '/', after: storage.revision }));
      const writes = ['/a', '/b', '/c'].map((key) => done(storage.create(key, bytes('1'))));
      const closed = storage.close();
      await Promise.all(writes);
      await closed;
      expect((await all).map(({ key }) => key).toSorted()).toEqual(['/a', '/b', '/c']);
    });

    it('is refused from a revision that is compacted, and from none since', async () => {
      const storage = await open();
      const { revisions } = await writeHistory(storage);
      const last = revisions.length - 1;
      const [after = 0, middle = 0] = [revisions[0], revisions[Math.floor(last / 2)]];
      await storage.compact(middle);
      await expect(take(storage, 1, { prefix: '/', after })).rejects.toThrow(CompactedError);
      const since = revisions.filter((revision) => revision > middle);
      const changes = await take(storage, since.length, { prefix: '/h/', after: middle });
      expect(changes.map(({ revision }) => revision)).toEqual(since);
      // What the first of them replaced is told, although it was written before.
      expect(changes.every(({ key, previous }) => (previous?.key ?? key) === key)).toBe(true);
    });

    it('that is open outlives a compaction', async () => {
      const storage = await open();
      const first = await done(storage.create('/a', bytes('1')));
      const iterator = storage.watch({ prefix: '/', after: first })[Symbol.asyncIterator]();
      const next = iterator.next();
      const second = await done(storage.update('/a', bytes('2'), first));
      await storage.compact(second);
      await done(storage.update('/a', bytes('3'), second));
      expect((await next).value?.map(told)).toEqual(['/a: 1 -> 2']);
      expect((await iterator.next()).value?.map(told)).toEqual(['/a: 2 -> 3']);
      await iterator.return?.();
    });

    it('that is not read is ended, and holds up nobody', async () => {
      const storage = await open();
      const after = storage.revision;
      const slow = storage.watch({ prefix: '/', after })[Symbol.asyncIterator]();
      const first = slow.next();
      const count = 10_500;
      const quick = take(storage, count, { prefix: '/', after });
      await Promise.all(
        Array.from({ length: count }, (_, index) => done(storage.create(`/${index}`, bytes('')))),
      );
      expect(await quick).toHaveLength(count);
      expect((await first).done).toBe(false);
      await expect(slow.next()).rejects.toThrow(CompactedError);
      expect(await slow.next()).toEqual({ done: true, value: undefined });
    });
  });

  describe(`${name}: a key with a time to live`, () => {
    it('deletes itself, and watches hear of it', async () => {
      const { storage, pass } = await openBoth();
      const revision = await done(storage.create('/event', bytes('1'), 10));
      await done(storage.create('/other', bytes('1'), 1000));
      await pass(5);
      await settled(storage);
      expect(shown(await storage.get('/event'))).toBe('/event=1');
      await pass(6);
      const [change] = await take(storage, 1, { prefix: '/event', after: revision });
      expect(change && told(change)).toBe('/event: 1 -> -');
      expect(await storage.get('/event')).toBeUndefined();
      expect(shown(await storage.get('/other'))).toBe('/other=1');
    });

    it('lasts as long again when it is updated', async () => {
      const { storage, pass } = await openBoth();
      const first = await done(storage.create('/event', bytes('1'), 10));
      await pass(8);
      const second = await done(storage.update('/event', bytes('2'), first));
      await pass(8);
      await settled(storage);
      expect(shown(await storage.get('/event'))).toBe('/event=2');
      await pass(8);
      const [change] = await take(storage, 1, { prefix: '/event', after: second });
      expect(change && told(change)).toBe('/event: 2 -> -');
    });

    it('takes it along when it is deleted', async () => {
      const { storage, pass } = await openBoth();
      const first = await done(storage.create('/event', bytes('1'), 10));
      await done(storage.delete('/event', first));
      await done(storage.create('/event', bytes('2')));
      const after = await done(storage.create('/last', bytes('1'), 10));
      await pass(30);
      const [change] = await take(storage, 1, { prefix: '/last', after });
      expect(change && told(change)).toBe('/last: 1 -> -');
      expect(shown(await storage.get('/event'))).toBe('/event=2');
    });
  });

  describe(`${name}: when it is closed`, () => {
    it('refuses everything, and closes once', async () => {
      const storage = await open();
      await storage.close();
      await storage.close();
      const refused = { code: 'UNREACHABLE', message: 'the storage is closed' };
      await expect(storage.get('/a')).rejects.toMatchObject(refused);
      await expect(storage.list('/')).rejects.toMatchObject(refused);
      await expect(storage.create('/a', bytes(''))).rejects.toMatchObject(refused);
      await expect(storage.update('/a', bytes(''), 1)).rejects.toMatchObject(refused);
      await expect(storage.delete('/a', 1)).rejects.toMatchObject(refused);
      await expect(storage.compact(1)).rejects.toMatchObject(refused);
      expect(await collect(storage.watch({ prefix: '/', after: 1 }))).toEqual([]);
    });
  });

  describe(`${name}: under concurrent use`, () => {
    itAgreesWithTheModel(openHarness);
  });
}

/** Whatever the storage has set about to delete is deleted: a write comes behind it. */
async function settled(storage: Storage): Promise<void> {
  await done(storage.create(`/settled/${storage.revision}`, bytes('')));
}

/** Without the class of its bytes: a Buffer is as good as a Uint8Array. */
const plain = (stored: StoredValue | undefined): StoredValue | undefined =>
  stored && { ...stored, value: new Uint8Array(stored.value) };

/** Writes below `/h/`: all that can happen to a key. Answers each revision, and what was there then. */
async function writeHistory(
  storage: Storage,
): Promise<{ revisions: number[]; states: string[][] }> {
  const revisions: number[] = [];
  const states: string[][] = [];
  const standing = new Map<string, { revision: number; value: string }>();
  const steps = 'a1 c1 b1 b2 d1 c- e1 a2 c3 b- d- a- d2 f1 e2 b3'.split(' ');
  for (const step of steps) {
    const [key, value] = [`/h/${step.charAt(0)}`, step.charAt(1)];
    const from = standing.get(key)?.revision;
    let revision: number;
    if (value === '-') revision = await done(storage.delete(key, from ?? 0));
    else if (from === undefined) revision = await done(storage.create(key, bytes(value)));
    else revision = await done(storage.update(key, bytes(value), from));
    if (value === '-') standing.delete(key);
    else standing.set(key, { revision, value });
    await done(storage.create(`/other/${step}`, bytes('')));
    revisions.push(revision);
    const now = [...standing].map(([name, stored]) => `${name}=${stored.value}`);
    states.push(now.toSorted());
  }
  return { revisions, states };
}
