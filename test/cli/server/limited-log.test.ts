import { expect, it } from 'vitest';
import { limitedLog } from '../../../src/cli/server/limited-log.ts';

function arrange() {
  const lines: string[] = [];
  const clock = { now: 0 };
  const log = limitedLog({ write: (line) => lines.push(line), monotonic: () => clock.now });
  return { lines, clock, log };
}

it('a crowd of one kind of line becomes a few, and those left out are counted', () => {
  const { lines, clock, log } = arrange();
  for (let count = 0; count < 10_000; count += 1) log(`authentication: reason ${count}`);
  expect(lines).toHaveLength(10);
  clock.now += 6_000;
  log('authentication: once more');
  expect(lines.at(-1)).toBe('authentication: once more (9990 more like this were left out)');
  clock.now += 3_600_000;
  for (let count = 0; count < 100; count += 1) log('authentication: later');
  expect(lines).toHaveLength(21);
});

it('other kinds are not left out for it', () => {
  const { lines, log } = arrange();
  for (let count = 0; count < 100; count += 1) log('authentication: wrong');
  log('a request has failed: disk full');
  expect(lines.at(-1)).toBe('a request has failed: disk full');
});

it('kinds that are made up share one, so memory is bounded', () => {
  const { lines, log } = arrange();
  for (let count = 0; count < 10_000; count += 1) log(`made up ${count}: line`);
  expect(lines.length).toBeLessThan(100);
});
