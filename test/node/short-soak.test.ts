/** The simulation of `npm run test:long`, small: weeks of a few nodes, with every kind of fault. */
import { rmSync } from 'node:fs';
import { expect, it, onTestFinished } from 'vitest';
import { seeded } from '../seeded.ts';
import { expectedRequests, soak, soakDirectory } from '../soak/simulation.ts';

it('nodes with certificates of a week live for weeks with every kind of fault', async () => {
  const directory = soakDirectory();
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const { seed } = seeded('short soak');
  const result = await soak({
    directory,
    seed,
    nodes: 3,
    days: 21,
    lifetimeDays: 7,
    lookEveryDays: 5,
    fileCheckHours: 4,
  });
  const { troubles, failures, faults, requests, logs } = result;
  expect(troubles, logs.join('\n')).toEqual([]);
  expect(failures).toEqual([]);
  expect(faults).toEqual([]);
  const { least, most } = expectedRequests(result.options, result);
  // Of three, one that is off for long is many.
  expect(requests).toBeGreaterThanOrEqual(0.75 * least);
  expect(requests).toBeLessThanOrEqual(most);
}, 120_000);
