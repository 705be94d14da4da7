import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FairPlaces } from '../../../src/apiserver/front/fair-places.ts';

const takeAll = (places: FairPlaces, user: string): number => {
  let taken = 0;
  while (places.take(user)) taken += 1;
  return taken;
};

describe('places that users share', () => {
  it('one alone has four fifths of them', () => {
    expect(takeAll(new FairPlaces(200), 'a')).toBe(160);
  });

  it('who comes next has four fifths of what is left', () => {
    const places = new FairPlaces(200);
    takeAll(places, 'a');
    expect(takeAll(places, 'b')).toBe(32);
    expect(takeAll(places, 'c')).toBe(7);
  });

  it('when two give back and take in turn, they have the same', () => {
    const places = new FairPlaces(200);
    const held = { a: takeAll(places, 'a'), b: takeAll(places, 'b') };
    for (let round = 0; round < 1000; round += 1) {
      for (const user of ['a', 'b'] as const) {
        places.release(user);
        held[user] += takeAll(places, user) - 1;
      }
    }
    expect(Math.abs(held.a - held.b)).toBeLessThanOrEqual(4);
  });

  it('a few are enough for one', () => {
    expect(takeAll(new FairPlaces(1), 'a')).toBe(1);
    expect(takeAll(new FairPlaces(2), 'a')).toBe(2);
  });

  it('without a limit there are always more', () => {
    const places = new FairPlaces(Number.POSITIVE_INFINITY);
    for (let count = 0; count < 10_000; count += 1) expect(places.take('a')).toBe(true);
  });

  it('are never more than there are, never fewer than fit, and all come back', () => {
    const user = fc.constantFrom('a', 'b', '__proto__', 'd');
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.tuple(user, fc.boolean()), { maxLength: 300 }),
        (limit, steps) => {
          const places = new FairPlaces(limit);
          const held: string[] = [];
          for (const [name, takes] of steps) {
            const at = held.indexOf(name);
            if (takes) {
              const free = limit - held.length;
              const own = held.filter((one) => one === name).length;
              expect(places.take(name)).toBe(own < 4 * free);
              if (own < 4 * free) held.push(name);
            } else if (at >= 0) {
              places.release(name);
              held.splice(at, 1);
            }
            expect(held.length).toBeLessThanOrEqual(limit);
          }
          for (const name of held) places.release(name);
          expect(takeAll(places, 'new')).toBe(takeAll(new FairPlaces(limit), 'new'));
        },
      ),
    );
  });
});
