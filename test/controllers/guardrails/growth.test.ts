/** Whether requests grow towards a limit. */
import { expect, it } from 'vitest';
import { Growth } from '../../../src/controllers/guardrails/growth.ts';

function grown(...values: readonly number[]): Growth {
  const growth = new Growth();
  for (const value of values) growth.measure(value);
  return growth;
}

/** From `first` on, so many more a minute, for so many minutes. */
const steady = (first: number, more: number, minutes: number): number[] =>
  Array.from({ length: minutes + 1 }, (_, minute) => first + more * minute);

const MINUTE = 60_000;

it('says when the limit is reached at the rate of the last hour', () => {
  const { perHour, reachedIn } = grown(...steady(0, 50, 60)).forecast(5_000);
  expect(perHour).toBe(3_000);
  expect(reachedIn).toBe(40 * MINUTE);
});

it('says nothing in the first ten minutes', () => {
  expect(grown(...steady(0, 100, 9)).forecast(5_000)).toEqual({ perHour: 0, reachedIn: Infinity });
  expect(grown(...steady(0, 100, 10)).forecast(5_000)).toEqual({
    perHour: 6_000,
    reachedIn: 40 * MINUTE,
  });
});

it.each<[string, readonly number[]]>([
  ['stands', steady(3_000, 0, 60)],
  ['falls', steady(5_000, -50, 60)],
  ['has grown, and has stopped', [...steady(0, 100, 40), ...steady(4_000, 0, 10)]],
  ['was a fleet that has started', [...steady(0, 0, 40), 2_000, ...steady(2_000, 0, 12)]],
  ['was a fleet that has started with this process', [0, ...steady(2_000, 0, 9)]],
  ['goes up and down', Array.from({ length: 61 }, (_, i) => (i % 2) * 1_000)],
])('what %s reaches no limit', (_what, values) => {
  expect(grown(...values).forecast(50_000).reachedIn).toBe(Infinity);
});

it('takes the lowest of the last minutes and the last hour', () => {
  // 10 a minute for long, 100 a minute since ten minutes.
  const growth = grown(...steady(0, 10, 49), ...steady(590, 100, 10));
  expect(growth.forecast(50_000).perHour).toBeLessThan(6_000 / 2);
});

it('forgets what is more than an hour ago', () => {
  const growth = grown(...steady(0, 100, 600), ...steady(60_000, 10, 60));
  expect(growth.forecast(100_000).perHour).toBe(600);
});

it('says that a limit is reached, whether it grows or not', () => {
  expect(grown(5_000).forecast(5_000)).toEqual({ perHour: 0, reachedIn: 0 });
  expect(grown(...steady(0, 100, 60)).forecast(5_000).reachedIn).toBe(0);
  expect(new Growth().forecast(5_000)).toEqual({ perHour: 0, reachedIn: Infinity });
});
