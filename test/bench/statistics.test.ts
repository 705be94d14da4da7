/** What is computed from samples. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatNumber, median, quantile, ratios } from '../../bench/statistics.ts';

/** Without -0, which `toBe` tells from 0. */
const sample = fc.double({ min: -1e9, max: 1e9, noNaN: true }).map((value) => value + 0);
const samples = fc.array(sample, { minLength: 1, maxLength: 50 });

describe('quantile', () => {
  it('interpolates between neighbours', () => {
    expect(quantile([10, 20], 0.25)).toBe(12.5);
    expect(quantile([1, 2, 3, 4, 5], 0.5)).toBe(3);
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
  });

  it('gives the least and the greatest at the ends', () => {
    fc.assert(
      fc.property(samples, (values) => {
        expect(quantile(values, 0)).toBe(Math.min(...values));
        expect(quantile(values, 1)).toBe(Math.max(...values));
      }),
    );
  });

  it('neither depends on the order of the samples nor changes it', () => {
    fc.assert(
      fc.property(samples, fc.double({ min: 0, max: 1, noNaN: true }), (values, q) => {
        const before = [...values];
        const value = quantile(values, q);
        expect(values).toEqual(before);
        expect(quantile([...values].reverse(), q)).toBe(value);
      }),
    );
  });

  it.each([
    ['no samples', [], 0.5],
    ['a sample that is no number', [1, Number.NaN], 0.5],
    ['a sample without end', [1, Number.POSITIVE_INFINITY], 0.5],
    ['a quantile above 1', [1, 2], 1.1],
    ['a quantile that is no number', [1, 2], Number.NaN],
  ])('refuses %s', (_, values, q) => {
    expect(() => quantile(values, q)).toThrow(RangeError);
  });
});

describe('median', () => {
  it('is not moved by one sample far out', () => {
    expect(median([1, 1.1, 0.9, 1, 500])).toBe(1);
  });

  it('has as many samples below it as above', () => {
    fc.assert(
      fc.property(samples, (values) => {
        const middle = median(values);
        const below = values.filter((value) => value < middle).length;
        const above = values.filter((value) => value > middle).length;
        expect(Math.max(below, above)).toBeLessThanOrEqual(values.length / 2);
      }),
    );
  });
});

describe('ratios', () => {
  it('pairs the samples of one round', () => {
    expect(ratios([2, 9], [1, 3])).toEqual([2, 3]);
  });

  it('does not see a machine that was slower in some rounds', () => {
    const slowness = [1, 4, 1, 2, 7];
    expect(
      median(
        ratios(
          slowness.map((by) => 3 * by),
          slowness.map((by) => 2 * by),
        ),
      ),
    ).toBe(1.5);
  });

  it.each([
    ['lists of different lengths', [1, 2], [1]],
    ['a denominator of 0', [1], [0]],
    ['a denominator that is no number', [1], [Number.NaN]],
  ])('refuses %s', (_, numerators, denominators) => {
    expect(() => ratios(numerators, denominators)).toThrow(RangeError);
  });
});

describe('formatNumber', () => {
  it.each([
    [0, '0'],
    [0.98764, '0.988'],
    [1.2, '1.20'],
    [9.996, '10.0'],
    [12.345, '12.3'],
    [123.6, '124'],
    [51_234, '51,200'],
    [-1.5, '-1.50'],
  ])('shows %s as %s', (value, text) => {
    expect(formatNumber(value)).toBe(text);
  });

  it('refuses what is no number', () => {
    expect(() => formatNumber(Number.NaN)).toThrow(RangeError);
  });
});
