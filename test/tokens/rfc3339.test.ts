/** Times as Go's time.Parse(time.RFC3339) has them; the cases were checked with Go 1.26. */
import { describe, expect, it } from 'vitest';
import { formatRfc3339, parseRfc3339 } from '../../src/tokens/index.ts';

describe('parseRfc3339', () => {
  it.each([
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02T03:04:05+00:00', '2026-01-02T03:04:05.000Z'],
    ['2026-01-02T03:04:05-07:30', '2026-01-02T10:34:05.000Z'],
    ['2026-01-02T03:04:05+24:00', '2026-01-01T03:04:05.000Z'],
    ['2026-01-02T03:04:05.678901Z', '2026-01-02T03:04:05.678Z'],
    ['2026-01-02T03:04:05,6Z', '2026-01-02T03:04:05.600Z'],
    ['2026-01-02T3:04:05Z', '2026-01-02T03:04:05.000Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
  ])('reads %s', (text, expected) => {
    expect(parseRfc3339(text)?.toISOString()).toBe(expected);
  });

  it.each([
    '',
    'never',
    '2026-01-02',
    '2026-01-02T03:04:05',
    '2026-01-02T03:04:05z',
    '2026-01-02t03:04:05Z',
    '2026-01-02 03:04:05Z',
    '2026-01-02T03:04:05Z ',
    '2026-01-02T03:04:05Z\n',
    '2026-01-02T03:04:60Z',
    '2026-01-02T03:60:05Z',
    '2026-01-02T24:00:00Z',
    '2025-02-29T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2026-00-10T00:00:00Z',
    '2026-13-10T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-01-02T03:04:05+25:00',
    '2026-01-02T03:04:05+00:61',
    '2026-01-02T03:04:05+0000',
    '12026-01-02T03:04:05Z',
    '2026-01-02T03:04:05.Z',
    '1767323045',
  ])('refuses %j', (text) => {
    expect(parseRfc3339(text)).toBeUndefined();
  });

  it('takes no time for a long one', () => {
    expect(parseRfc3339(`2026-01-02T03:04:05.${'9'.repeat(1_000_000)}Z`)?.getTime()).toBe(
      Date.UTC(2026, 0, 2, 3, 4, 5, 999),
    );
  });
});

describe('formatRfc3339', () => {
  it('cuts off what is less than a second', () => {
    expect(formatRfc3339(new Date('2026-01-02T03:04:05.999Z'))).toBe('2026-01-02T03:04:05Z');
  });

  it.each([new Date(Number.NaN), new Date(8.64e15)])('refuses %s', (date) => {
    expect(() => formatRfc3339(date)).toThrow(RangeError);
  });
});
