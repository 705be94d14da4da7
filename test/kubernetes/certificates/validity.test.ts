/** For how long a certificate is signed. */
import { describe, expect, it } from 'vitest';
import {
  certificateValidity,
  DEFAULT_SIGNING_DURATION,
  signingDuration,
} from '../../../src/kubernetes/index.ts';
import { errorOf } from '../../x509/support.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOW = new Date('2026-06-01T12:00:00.750Z');
const FAR = new Date('2036-01-01T00:00:00Z');

describe('the duration', () => {
  it.each([
    ['unset', undefined, HOUR, HOUR],
    ['null, as JSON may have it', null, HOUR, HOUR],
    ['longer than the signer’s', 3601, HOUR, HOUR],
    ['as long as the signer’s', 3600, HOUR, HOUR],
    ['shorter', 3599, HOUR, 3_599_000],
    ['ten minutes', 600, HOUR, 10 * MINUTE],
    ['below ten minutes', 599, HOUR, 10 * MINUTE],
    ['nothing', 0, HOUR, 10 * MINUTE],
    ['below nothing', -1, HOUR, 10 * MINUTE],
    ['the largest there is', 2 ** 31 - 1, DEFAULT_SIGNING_DURATION, DEFAULT_SIGNING_DURATION],
    ['above what a signer of short ones issues', 400, 5 * MINUTE, 5 * MINUTE],
    // As upstream: the floor is looked at after the ceiling.
    ['below what a signer of short ones issues', 200, 5 * MINUTE, 10 * MINUTE],
  ])('is, where it is asked for %s', (_what, asked, longest, expected) => {
    expect(signingDuration(asked, longest)).toBe(expected);
  });

  it('is a year where nothing is said', () => {
    expect(DEFAULT_SIGNING_DURATION).toBe(8760 * HOUR);
  });
});

describe('the validity', () => {
  const minutes = (duration: number, ca = FAR): number[] => {
    const { notBefore, notAfter } = certificateValidity(NOW, duration, ca);
    return [notBefore, notAfter].map((date) => (date.getTime() - NOW.getTime()) / MINUTE);
  };

  it.each([
    ['short: five minutes more than asked for', 10, [-5, 10]],
    ['just below eight hours', 479, [-5, 479]],
    ['eight hours: exactly that in all', 480, [-5, 475]],
    ['a year', 525_600, [-5, 525_595]],
  ])('%s', (_what, duration, expected) => {
    expect(minutes(duration * MINUTE)).toEqual(expected);
  });

  it('ends with the CA', () => {
    const ca = new Date(NOW.getTime() + 30 * MINUTE);
    expect(minutes(29 * MINUTE, ca)).toEqual([-5, 29]);
    expect(minutes(30 * MINUTE, ca)).toEqual([-5, 30]);
    expect(minutes(9 * HOUR, ca)).toEqual([-5, 30]);
    expect(minutes(HOUR, new Date(NOW.getTime() + 1))[1]).toBe(1 / MINUTE);
  });

  it.each([0, 1, 4 * MINUTE, 6 * MINUTE])('is refused %d ms after the CA has ended', (after) => {
    const ca = new Date(NOW.getTime() - after);
    expect(errorOf(() => certificateValidity(NOW, HOUR, ca)).code).toBe('INVALID_VALUE');
  });
});
