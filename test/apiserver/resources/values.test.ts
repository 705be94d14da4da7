import { describe, expect, it } from 'vitest';
import { canonicalQuantity } from '../../../src/apiserver/resources/quantity.ts';
import {
  ageOf,
  canonicalMicroTime,
  canonicalTime,
  formatTime,
  humanDuration,
} from '../../../src/apiserver/resources/times.ts';

describe('a quantity', () => {
  it.each([
    ['0', '0'],
    ['0Ki', '0'],
    ['1', '1'],
    ['+1', '1'],
    ['-1', '-1'],
    ['1.5', '1500m'],
    ['.5', '500m'],
    ['5.', '5'],
    ['1000m', '1'],
    ['100m', '100m'],
    ['1000', '1k'],
    ['1k', '1k'],
    ['1000k', '1M'],
    ['1024Ki', '1Mi'],
    ['8388608Ki', '8Gi'],
    ['1025', '1025'],
    ['1.5Gi', '1536Mi'],
    ['0.5Ki', '512'],
    ['1e3', '1e3'],
    ['1E3', '1e3'],
    ['12e6', '12e6'],
    ['1e2', '100'],
    ['1E', '1E'],
    ['1n', '1n'],
    ['0.5n', '1n'],
    ['1000000n', '1m'],
    ['-1.5Gi', '-1536Mi'],
    ['9223372036854775807', '9223372036854775807'],
    ['1Ei', '1Ei'],
  ])('%s is written %s', (text, canonical) => {
    expect(canonicalQuantity(text)).toBe(canonical);
    expect(canonicalQuantity(canonical)).toBe(canonical);
  });

  it.each(['', ' 1', '1 ', 'x', '1x', '1mi', '1KI', '.', '+', '1.2.3', '1e', '1ee3', '0x1', '--1'])(
    '%j is none',
    (text) => {
      expect(canonicalQuantity(text)).toBeUndefined();
    },
  );
});

describe('a time', () => {
  it('is written in whole seconds, UTC', () => {
    expect(formatTime(new Date('2026-11-24T10:00:00.999Z'))).toBe('2026-11-24T10:00:00Z');
    expect(canonicalTime('2026-11-24T10:00:00.999+02:00')).toBe('2026-11-24T08:00:00Z');
    expect(canonicalMicroTime('2026-11-24T10:00:00.123456-01:30')).toBe(
      '2026-11-24T11:30:00.123456Z',
    );
  });

  it.each([
    '2026-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T00:60:00Z',
    '2026-01-01T00:00:60Z',
    '2026-01-01 00:00:00Z',
    '2026-01-01T00:00:00',
    '2026-1-1T00:00:00Z',
    'now',
    '',
  ])('%j is none', (text) => {
    expect(canonicalTime(text)).toBeUndefined();
  });

  it('of metav1.MicroTime has six digits', () => {
    for (const text of [
      '2026-01-01T00:00:00Z',
      '2026-01-01T00:00:00.5Z',
      '2026-01-01T00:00:00.1234567Z',
    ]) {
      expect(canonicalMicroTime(text)).toBeUndefined();
    }
    expect(canonicalTime('2024-02-29T00:00:00Z')).toBe('2024-02-29T00:00:00Z');
  });
});

describe('an age', () => {
  const minute = 60;
  const hour = 60 * minute;
  const day = 24 * hour;
  it.each([
    [-2, '<invalid>'],
    [-1, '0s'],
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [125, '2m5s'],
    [10 * minute - 1, '9m59s'],
    [10 * minute, '10m'],
    [3 * hour - 1, '179m'],
    [3 * hour, '3h'],
    [3 * hour + minute, '3h1m'],
    [8 * hour, '8h'],
    [48 * hour - 1, '47h'],
    [2 * day, '2d'],
    [2 * day + 3 * hour, '2d3h'],
    [8 * day, '8d'],
    [2 * 365 * day - 1, '729d'],
    [2 * 365 * day, '2y'],
    [2 * 365 * day + day, '2y1d'],
    [8 * 365 * day + 5 * day, '8y'],
  ])('of %i seconds is %s', (seconds, text) => {
    expect(humanDuration(seconds)).toBe(text);
  });

  it('is unknown without a time', () => {
    expect(ageOf(undefined, new Date())).toBe('<unknown>');
    expect(ageOf(null, new Date())).toBe('<unknown>');
  });
});
