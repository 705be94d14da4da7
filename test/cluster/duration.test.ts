import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../src/cluster/index.ts';

describe('parseDuration', () => {
  it.each([
    ['8760h', 31_536_000],
    ['1y', 31_536_000],
    ['365d', 31_536_000],
    ['10y', 315_360_000],
    ['1h30m', 5400],
    ['90s', 90],
  ])('reads %s as %d seconds', (text, seconds) => {
    expect(parseDuration(text)).toBe(seconds);
  });

  it.each([
    '',
    '0h',
    '10',
    'y',
    '1w',
    '-1h',
    '1.5h',
    '1h 30m',
    ' 1h',
    '1h\n',
    '1H',
    '99999999999h',
  ])('refuses %j', (text) => {
    expect(() => parseDuration(text)).toThrow(expect.objectContaining({ code: 'INVALID_VALUE' }));
  });
});

describe('formatDuration', () => {
  it.each([
    [31_536_000, '1y'],
    [7_776_000, '90d'],
    [5400, '90m'],
    [61, '61s'],
  ])('writes %d seconds as %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });
});
