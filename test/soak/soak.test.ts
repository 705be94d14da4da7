/** Two years of 500 nodes: every node always has valid certificates, and no request fails because one was renewed. */
import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { seeded } from '../seeded.ts';
import { writeReport } from './report.ts';
import {
  expectedRequests,
  type SoakOptions,
  type SoakResult,
  soak,
  soakDirectory,
} from './simulation.ts';

type Variant = Omit<SoakOptions, 'directory' | 'seed' | 'tell'>;

const VARIANTS: readonly Variant[] = [
  { nodes: 500, days: 730, lifetimeDays: 365, lookEveryDays: 30, fileCheckHours: 24 },
  { nodes: 500, days: 730, lifetimeDays: 90, lookEveryDays: 30, fileCheckHours: 12 },
  // As many generations of certificates as 90 days have in four years.
  { nodes: 100, days: 120, lifetimeDays: 7, lookEveryDays: 5, fileCheckHours: 4 },
];

const { seed } = seeded('soak');
const results: SoakResult[] = [];

const mean = (values: readonly number[]): number =>
  values.reduce((all, one) => all + one, 0) / values.length;

describe('a fleet', () => {
  it.each(VARIANTS)(
    'of $nodes nodes lives $days days on certificates of $lifetimeDays days',
    async (variant) => {
      const directory = soakDirectory();
      let result: SoakResult;
      try {
        result = await soak({ ...variant, directory, seed, tell: console.log });
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
      const { troubles, failures, faults, requests, memory, events, logs } = result;
      expect(troubles, logs.slice(-20).join('\n')).toEqual([]);
      expect(failures).toEqual([]);
      expect(faults).toEqual([]);
      const { least, most } = expectedRequests(result.options, result);
      expect(requests).toBeGreaterThanOrEqual(least);
      expect(requests).toBeLessThanOrEqual(most);
      // So that a run without faults cannot pass.
      for (const [kind, times] of Object.entries(events)) {
        if (kind !== 'revivals' && kind !== 'offTooLong') expect(times, kind).toBeGreaterThan(2);
      }
      expect(result.serverChanges).toBeGreaterThanOrEqual(variant.nodes * 0.9);
      const quarter = Math.floor(memory.length / 4);
      const [second, last] = [memory.slice(quarter, 2 * quarter), memory.slice(-quarter)];
      expect(mean(last)).toBeLessThan(1.15 * mean(second) + 5);
      results.push(result);
    },
  );

  afterAll(() => {
    if (results.length === VARIANTS.length) writeReport(results, new Date());
  });
});
