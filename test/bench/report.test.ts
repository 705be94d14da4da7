/** When a bar is reached, and how an outcome is shown. */
import { describe, expect, it } from 'vitest';
import { type Measure, missed, type Outcome, reaches, valueOf } from '../../bench/benchmark.ts';
import type { Environment } from '../../bench/environment.ts';
import { formatOutcome, outcomeData } from '../../bench/report.ts';

const ratio: Measure = {
  label: 'ours / theirs',
  unit: 'x',
  samples: [0.6, 0.7, 0.8],
  bar: { name: 'of theirs', is: 'at least', limit: 0.7 },
};
const memory: Measure = {
  label: 'peak',
  unit: 'MB',
  statistic: 'greatest',
  samples: [100, 400, 200],
  bar: { name: 'small', is: 'below', limit: 400 },
};
const outcome: Outcome = {
  title: 'two things',
  measures: [{ label: 'ours', unit: 's', samples: [1.5] }, ratio, memory],
  notes: ['read it so'],
  peers: { theirs: 'v1' },
};
const machine: Environment = {
  date: '2026-01-01T00:00:00.000Z',
  cpu: 'a CPU',
  cores: 2,
  memoryBytes: 1e9,
  kernel: '6',
  fileSystem: 'ext2/ext3',
  node: 'v24',
  openssl: '3',
  load: 0,
};

describe('reaches', () => {
  it.each([
    ['at least', 0.7, 0.7, true],
    ['at least', 0.6999, 0.7, false],
    ['at most', 1.7, 1.7, true],
    ['at most', 1.7001, 1.7, false],
    ['below', 399.9, 400, true],
    ['below', 400, 400, false],
  ] as const)('%s: %s of %s is %s', (is, value, limit, expected) => {
    expect(reaches(value, { name: 'a bar', is, limit })).toBe(expected);
  });

  it('is missed by a value that is no number', () => {
    for (const is of ['at least', 'at most', 'below'] as const) {
      expect(reaches(Number.NaN, { name: 'a bar', is, limit: 1 })).toBe(false);
    }
  });
});

describe('valueOf', () => {
  it('takes the median, or the greatest where the worst round counts', () => {
    expect(valueOf(ratio)).toBe(0.7);
    expect(valueOf(memory)).toBe(400);
  });
});

describe('missed', () => {
  it('finds the measures whose bar is not reached', () => {
    expect(missed(outcome)).toEqual([memory]);
  });
});

describe('formatOutcome', () => {
  it('shows what has a bar first, whether it is reached, and the notes below', () => {
    expect(formatOutcome('both', outcome)).toBe(
      `both: two things

MEASURE         VALUE     RANGE            ROUNDS   BAR
ours / theirs   0.700 x   0.600 to 0.800   3        pass: of theirs, at least 0.7
peak            400 MB    100 to 400       3        FAIL: small, below 400
ours            1.50 s    1.50 to 1.50     1

* read it so`,
    );
  });

  it('judges the value as measured, not as it is rounded', () => {
    const almost: Measure = { ...ratio, samples: [0.69999] };
    const text = formatOutcome('one', { ...outcome, measures: [almost] });
    expect(text).toContain('0.700 x');
    expect(text).toContain('FAIL');
  });
});

describe('outcomeData', () => {
  it('holds the raw samples, the bars and what they came from', () => {
    const data = JSON.parse(JSON.stringify(outcomeData('both', outcome, machine, false)));
    expect(data).toMatchObject({
      benchmark: 'both',
      environment: machine,
      peers: { theirs: 'v1' },
      measures: [
        { label: 'ours', samples: [1.5], statistic: 'median' },
        { value: 0.7, bar: { pass: true, limit: 0.7 }, samples: [0.6, 0.7, 0.8] },
        { value: 400, bar: { pass: false, limit: 400 }, statistic: 'greatest' },
      ],
    });
    expect(data).not.toHaveProperty('quick');
  });

  it('says when the figures mean nothing', () => {
    expect(outcomeData('both', outcome, machine, true)).toHaveProperty('quick');
  });
});
