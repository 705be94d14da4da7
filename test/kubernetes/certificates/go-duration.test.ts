/** Durations by Go's rules. */
import { describe, expect, it } from 'vitest';
import { parseGoDuration } from '../../../src/kubernetes/index.ts';
import { errorOf } from '../../x509/support.ts';

describe('a duration', () => {
  it.each([
    ['8760h', 31_536_000_000],
    ['8760h0m0s', 31_536_000_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['.5s', 500],
    ['1.s', 1000],
    ['300ms', 300],
    ['1500us', 1.5],
    ['1500µs', 1.5],
    ['2000000ns', 2],
    ['1m1h', 3_660_000],
    ['0', 0],
    ['0s', 0],
    ['+1s', 1000],
    ['-1m', -60_000],
    ['2562047h', 2_562_047 * 3_600_000],
  ])('%s', (text, ms) => {
    expect(parseGoDuration(text)).toBeCloseTo(ms, 6);
  });

  it.each([
    '',
    '-',
    '+',
    '1',
    '3600',
    '1d',
    '1y',
    'h',
    '.h',
    '1h ',
    ' 1h',
    '1 h',
    '1h30',
    '--1h',
    '1H',
    '1e3s',
    '1,5h',
    '٣h',
    '2562048h',
    `${'9'.repeat(400)}h`,
    '1h'.repeat(200),
    '1h\n',
  ])('is refused: %j', (text) => {
    expect(errorOf(() => parseGoDuration(text)).code).toBe('INVALID_VALUE');
  });
});
