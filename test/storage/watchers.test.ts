import { describe, expect, it } from 'vitest';
import type { Change } from '../../src/storage/index.ts';
import { createMemoryStorage } from '../../src/storage/index.ts';
import { type Watcher, Watchers } from '../../src/storage/watchers.ts';
import { bytes, done } from './helpers.ts';
import { TestTime } from './time.ts';

class TestWatcher implements Watcher {
  readonly prefix: string;
  readonly taken: (readonly Change[])[] = [];

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  take(batch: readonly Change[]): void {
    this.taken.push(batch);
  }

  finish(): void {}
}

describe('watchers', () => {
  it('get what their prefix says, until they leave', () => {
    const watchers = new Watchers();
    const all = ['', '/', '/a', '/a/', '/a/b', '/b', '/a'].map((prefix) => new TestWatcher(prefix));
    for (const watcher of all) watchers.add(watcher);
    watchers.tell([change('/a/b', 1), change('/a', 2), change('/b/c', 3)]);
    const seen = all.map(({ taken }) => taken.flat().map(({ revision }) => revision));
    expect(seen).toEqual([[1, 2, 3], [1, 2, 3], [1, 2], [1], [1], [3], [1, 2]]);
    // Of one prefix all get the same array.
    expect(all[2]?.taken[0]).toBe(all[6]?.taken[0]);

    for (const watcher of all) watchers.remove(watcher);
    for (const watcher of all) watchers.remove(watcher);
    watchers.tell([change('/a/b', 4)]);
    expect(all.flatMap(({ taken }) => taken.flat()).some(({ revision }) => revision === 4)).toBe(
      false,
    );
  });

  it('cost nothing where their prefix is another', () => {
    const watchers = new Watchers();
    const others = Array.from(
      { length: 5000 },
      (_, index) => new CountingWatcher(`/registry/secrets/kube-system/some-${index}/`),
    );
    for (const watcher of others) watchers.add(watcher);
    CountingWatcher.asked = 0;
    watchers.tell([change('/registry/secrets/kube-system/some-4711/a', 1), change('/other', 2)]);
    expect(others.map(({ taken }) => taken).filter((taken) => taken > 0)).toEqual([1]);
    // The others' prefixes are not even looked at.
    expect(CountingWatcher.asked).toBe(0);
  });

  it('wait by the thousand, and each hears of its own', async () => {
    const storage = createMemoryStorage(new TestTime());
    const count = 5000;
    const first = Array.from({ length: count }, async (_, index) => {
      const watch = storage.watch({ prefix: `/w/${index}/`, after: storage.revision });
      for await (const batch of watch) return batch.map(({ key }) => key);
      return undefined;
    });
    for (let index = count - 1; index >= 0; index -= 1000) {
      await done(storage.create(`/w/${index}/a`, bytes('')));
      expect(await first[index]).toEqual([`/w/${index}/a`]);
    }
    await storage.close();
    expect((await Promise.all(first)).filter((keys) => keys !== undefined)).toHaveLength(5);
  });

  it('that come late catch up in one batch, in the order of the changes', async () => {
    const storage = createMemoryStorage(new TestTime());
    const late = storage.watch({ prefix: '/w/', after: storage.revision })[Symbol.asyncIterator]();
    const first = late.next();
    for (const name of ['a', 'b', 'c', 'd']) await done(storage.create(`/w/${name}`, bytes('')));
    const keysOf = ({ value }: IteratorResult<readonly Change[], unknown>): unknown =>
      Array.isArray(value) ? value.map(({ key }) => key) : value;
    expect(keysOf(await first)).toEqual(['/w/a']);
    expect(keysOf(await late.next())).toEqual(['/w/b', '/w/c', '/w/d']);
    await storage.close();
  });
});

/** Counts how often anybody asks for its prefix. */
class CountingWatcher implements Watcher {
  static asked = 0;
  readonly #prefix: string;
  taken = 0;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  get prefix(): string {
    CountingWatcher.asked++;
    return this.#prefix;
  }

  take(): void {
    this.taken++;
  }

  finish(): void {}
}

const change = (key: string, revision: number): Change => ({ key, revision, value: bytes('') });
