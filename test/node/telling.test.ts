import { expect, it } from 'vitest';
import { lineTeller } from '../../src/node/index.ts';
import { ManualClock } from './manual-clock.ts';

const failed = (message: string, kind: 'client' | 'serving' = 'client') =>
  ({ type: 'attempt-failed', kind, message, retryInMs: 33_600 }) as const;

it('says once an hour that an attempt has failed, and at once where it fails otherwise', async () => {
  const clock = new ManualClock('2026-03-01T10:00:00Z');
  const lineOf = lineTeller(clock);
  expect(lineOf(failed('a'))).toBe('no client certificate: a; trying again in 34 s');
  expect(lineOf(failed('a'))).toBeUndefined();
  expect(lineOf(failed('a', 'serving'))).toBe('no serving certificate: a; trying again in 34 s');
  expect(lineOf(failed('b'))).toContain('b');
  expect(lineOf(failed('a'))).toContain('a');
  let lines = 0;
  for (let minute = 0; minute < 600; minute++) {
    await clock.advance(60_000);
    if (lineOf(failed('a')) !== undefined) lines++;
  }
  expect(lines).toBe(10);
  // Whatever the clock says.
  clock.jump(-365 * 86_400_000);
  expect(lineOf(failed('a'))).toBeDefined();
});

it('begins anew when there is a certificate, and leaves out nothing else', () => {
  const lineOf = lineTeller(new ManualClock('2026-03-01T10:00:00Z'));
  lineOf(failed('a'));
  const stored = {
    type: 'renewed',
    kind: 'client',
    serial: '01',
    notAfter: new Date('2027-01-01'),
    file: '/pki/x.pem',
  } as const;
  expect(lineOf(stored)).toContain('renewed the client certificate 01');
  expect(lineOf(stored)).toContain('renewed the client certificate 01');
  expect(lineOf(failed('a'))).toBeDefined();
});
