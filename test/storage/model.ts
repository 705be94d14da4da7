/**
 * A storage against the simplest one that could be: a list of what was written. Bursts of concurrent
 * calls, generated from a seed; whatever order the storage gives them, the revisions that it answers
 * must tell one story that explains every answer and everything that is watched.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type Change,
  CompactedError,
  type Listed,
  type Storage,
  type WriteResult,
} from '../../src/storage/index.ts';
import { seeded } from '../seeded.ts';
import type { Harness } from './conformance.ts';
import { bytes, done, shown, text, told } from './helpers.ts';

const KEYS = ['/a', '/a/b', '/a/c', '/a_c', '/b', '/é'];
const PREFIXES = ['', '/', '/a', '/a/', '/b', '/none'];

const call = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom('create' as const, 'update' as const, 'delete' as const),
      key: fc.constantFrom(...KEYS),
      /** Uses an older revision than the last that the writer knows of. */
      stale: fc.boolean(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('list' as const),
      prefix: fc.constantFrom(...PREFIXES),
      /** How far back, as a part of all revisions; absent for now. */
      back: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
      limit: fc.option(fc.nat(4), { nil: undefined }),
      after: fc.option(fc.constantFrom(...KEYS), { nil: undefined }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('watch' as const),
      prefix: fc.constantFrom(...PREFIXES),
      back: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('compact' as const),
      back: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
);

type Call = typeof call extends fc.Arbitrary<infer T> ? T : never;

interface Written {
  readonly revision: number;
  readonly key: string;
  readonly value: string | undefined;
}

export function itAgreesWithTheModel(open: () => Promise<Harness>): void {
  it('tells one story', async () => {
    const { seed } = seeded('storage model');
    const bursts = fc.array(fc.array(call, { minLength: 1, maxLength: 12 }), {
      minLength: 1,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(bursts, async (all) => {
        const { storage } = await open();
        try {
          await new Run(storage).play(all);
        } finally {
          await storage.close();
        }
      }),
      { seed, numRuns: 100 },
    );
  });
}

class Run {
  readonly #storage: Storage;
  readonly #start: number;
  /** In the order of revisions, once a burst is over. */
  #log: Written[] = [];
  #compacted = 0;
  readonly #watches: { after: number; prefix: string; seen: Promise<Change[]> }[] = [];
  #count = 0;

  constructor(storage: Storage) {
    this.#storage = storage;
    this.#start = storage.revision;
  }

  async play(bursts: readonly (readonly Call[])[]): Promise<void> {
    for (const burst of bursts) {
      const before = this.#storage.revision;
      const checks = await Promise.all(burst.map((one) => this.#call(one)));
      this.#log.sort((a, b) => a.revision - b.revision);
      this.#checkStory();
      for (const check of checks) check(before);
    }
    const revision = await done(this.#storage.create('/a/end', bytes('end')));
    this.#log.push({ revision, key: '/a/end', value: 'end' });
    await this.#storage.close();
    for (const { after, prefix, seen } of this.#watches) {
      expect((await seen).map((change) => [change.revision, told(change)])).toEqual(
        this.#changes(prefix, after),
      );
    }
  }

  /** Makes a call. Answers what must hold of its answer once the whole burst is known. */
  #call(one: Call): Promise<(before: number) => void> {
    switch (one.kind) {
      case 'list':
        return this.#list(one);
      case 'watch':
        return this.#watch(one);
      case 'compact':
        return this.#compact(one);
      case 'create':
      case 'update':
      case 'delete':
        return this.#write(one);
    }
  }

  async #write({
    kind,
    key,
    stale,
  }: Extract<Call, { key: string }>): Promise<(before: number) => void> {
    const value = `${kind} ${this.#count++}`;
    const known = this.#log.filter((written) => written.key === key && written.value !== undefined);
    const revision = known.at(stale ? -2 : -1)?.revision ?? 0;
    let result: WriteResult;
    if (kind === 'create') result = await this.#storage.create(key, bytes(value));
    else if (kind === 'update') result = await this.#storage.update(key, bytes(value), revision);
    else result = await this.#storage.delete(key, revision);
    if (result.done) {
      this.#log.push({
        revision: result.revision,
        key,
        value: kind === 'delete' ? undefined : value,
      });
      return () => {
        const stood = this.#at(result.revision - 1).get(key);
        expect(stood?.revision).toBe(kind === 'create' ? undefined : revision);
      };
    }
    const { current } = result;
    return (before) => {
      // What refused it stood there at some instant of the burst.
      const possible = [before, ...this.#log.map((written) => written.revision)]
        .filter((at) => at >= before)
        .map((at) => this.#at(at).get(key));
      expect(possible.map((stood) => stood?.revision)).toContain(current?.revision);
      const same = possible.find((stood) => stood?.revision === current?.revision);
      expect(text(current?.value)).toBe(same?.value);
      if (kind === 'create') expect(current).toBeDefined();
      else expect(current?.revision).not.toBe(revision);
    };
  }

  async #list({
    prefix,
    back,
    limit,
    after,
  }: Extract<Call, { kind: 'list' }>): Promise<(before: number) => void> {
    const revision = back === undefined ? undefined : this.#revisionAt(back);
    const compacted = this.#compacted;
    let listed: Listed;
    try {
      listed = await this.#storage.list(prefix, {
        ...(revision === undefined ? {} : { revision }),
        ...(limit === undefined ? {} : { limit }),
        ...(after === undefined ? {} : { after }),
      });
    } catch (error) {
      expect(error).toBeInstanceOf(CompactedError);
      return () => expect(revision).toBeLessThan(this.#compacted);
    }
    return () => {
      if (revision !== undefined) {
        expect(listed.revision).toBe(revision);
        expect(revision).toBeGreaterThanOrEqual(compacted);
      }
      const all = [...this.#at(listed.revision)]
        .filter(
          ([key]) =>
            key.startsWith(prefix) && Buffer.from(key).compare(Buffer.from(after ?? '')) > 0,
        )
        .toSorted(([a], [b]) => Buffer.from(a).compare(Buffer.from(b)))
        .map(([key, stood]) => `${key}=${stood.value}`);
      expect(listed.items.map(shown)).toEqual(all.slice(0, limit));
      expect(listed.remaining).toBe(all.length - listed.items.length);
    };
  }

  async #watch({
    prefix,
    back,
  }: Extract<Call, { kind: 'watch' }>): Promise<(before: number) => void> {
    const after = this.#revisionAt(back);
    const compacted = this.#compacted;
    const iterator = this.#storage.watch({ prefix, after })[Symbol.asyncIterator]();
    const first = iterator.next();
    if (after < compacted) {
      await expect(first).rejects.toThrow(CompactedError);
      return () => undefined;
    }
    const seen = (async () => {
      const changes: Change[] = [];
      for (let next = await first; next.done !== true; next = await iterator.next()) {
        changes.push(...next.value);
      }
      return changes;
    })();
    this.#watches.push({ after, prefix, seen });
    return () => undefined;
  }

  async #compact({ back }: Extract<Call, { kind: 'compact' }>): Promise<(before: number) => void> {
    const revision = this.#revisionAt(back);
    this.#compacted = Math.max(this.#compacted, revision);
    await this.#storage.compact(revision);
    return () => undefined;
  }

  /** A revision that is reached, from the first to the last. */
  #revisionAt(back: number): number {
    const now = this.#storage.revision;
    return Math.round(this.#start + back * (now - this.#start));
  }

  /** What stood there at a revision. */
  #at(revision: number): Map<string, Written> {
    const standing = new Map<string, Written>();
    for (const written of this.#log) {
      if (written.revision > revision) break;
      if (written.value === undefined) standing.delete(written.key);
      else standing.set(written.key, written);
    }
    return standing;
  }

  #checkStory(): void {
    const revisions = this.#log.map(({ revision }) => revision);
    expect(new Set(revisions).size).toBe(revisions.length);
    expect(this.#storage.revision).toBe(revisions.at(-1) ?? this.#start);
  }

  #changes(prefix: string, after: number): [number, string][] {
    return this.#log
      .filter(({ key, revision }) => key.startsWith(prefix) && revision > after)
      .map(({ key, revision, value }) => {
        const before = this.#at(revision - 1).get(key)?.value ?? '-';
        return [revision, `${key}: ${before} -> ${value ?? '-'}`];
      });
  }
}
