import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyMap } from '../../src/storage/key-map.ts';
import { compareKeys } from '../../src/storage/keys.ts';
import { seeded } from '../seeded.ts';

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
const key = fc.string({ unit: 'binary', maxLength: 6 });

describe('the order of keys', () => {
  it('is that of their bytes', () => {
    const { seed } = seeded('key order');
    fc.assert(
      fc.property(key, key, key, (start, a, b) => {
        const [left, right] = [start + a, start + b];
        expect(Math.sign(compareKeys(left, right))).toBe(byBytes(left, right));
      }),
      { seed, numRuns: 2000 },
    );
  });
});

describe('the ordered map', () => {
  it('does what a sorted array does', () => {
    const { seed } = seeded('key map');
    const keys = fc.array(fc.oneof(key, fc.constantFrom('a', 'a/', 'a/b', 'b')), { maxLength: 60 });
    fc.assert(
      fc.property(keys, keys, keys, fc.array(key), (start, set, remove, probes) => {
        const model = new Map(start.map((one) => [one, `from ${one}`]));
        const map = new KeyMap(model);
        for (const one of set) {
          model.set(one, `set ${one}`);
          map.set(one, `set ${one}`);
        }
        for (const one of remove) {
          model.delete(one);
          map.delete(one);
        }
        expectSame(map, model, [...probes, ...set.slice(0, 3), 'a', 'a/', '']);
      }),
      { seed, numRuns: 200 },
    );
  });

  it('stays right over many blocks', () => {
    const random = seeded('blocks');
    const model = new Map<string, string>();
    const map = new KeyMap<string>();
    for (let step = 0; step < 30_000; step++) {
      const name = `/${Math.floor(random.next() * 50)}/${Math.floor(random.next() * 400)}`;
      // Grows to many blocks, then shrinks to few.
      if (random.next() < (step < 20_000 ? 0.1 : 0.9)) {
        model.delete(name);
        map.delete(name);
      } else {
        model.set(name, `${step}`);
        map.set(name, `${step}`);
      }
      if (step % 5000 === 4999) expectSame(map, model, ['/2', '/20/', '/7/1', '/z', '']);
    }
    for (const name of model.keys()) map.delete(name);
    expectSame(map, new Map(), ['', '/']);
  });
});

function expectSame(
  map: KeyMap<string>,
  model: ReadonlyMap<string, string>,
  probes: readonly string[],
): void {
  expect(map.size).toBe(model.size);
  const sorted = [...model.keys()].toSorted(byBytes);
  for (const prefix of probes) {
    for (const after of [undefined, ...probes]) {
      const expected = sorted.filter(
        (one) => one.startsWith(prefix) && (after === undefined || byBytes(one, after) > 0),
      );
      const seen: string[] = [];
      map.walk(prefix, after, (value, one) => {
        expect(value).toBe(model.get(one));
        seen.push(one);
        return true;
      });
      expect(seen).toEqual(expected);
      expect(map.count(prefix, after)).toBe(expected.length);
      let first: string | undefined;
      map.walk(prefix, after, (_, one) => {
        first = one;
        return false;
      });
      expect(first).toBe(expected[0]);
    }
    expect(map.get(prefix)).toBe(model.get(prefix));
  }
}
