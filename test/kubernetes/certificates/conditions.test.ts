/** Conditions, as they should be and as a foreign server may have them. */
import { describe, expect, it } from 'vitest';
import {
  conditionsOf,
  isApproved,
  isDecided,
  isDenied,
  isFailed,
  isIssued,
  withCondition,
} from '../../../src/kubernetes/index.ts';
import { csrObject } from './requests.ts';

const csr = (conditions: unknown, more: object = {}): Parameters<typeof isApproved>[0] =>
  ({ status: { conditions, ...more } }) as Parameters<typeof isApproved>[0];
const condition = (type: string, status = 'True'): object => ({ type, status });

describe('conditions', () => {
  it.each([
    ['none', [], [false, false, false, false]],
    ['approved', [condition('Approved')], [true, false, false, true]],
    ['approved whatever its status', [condition('Approved', 'False')], [true, false, false, true]],
    ['denied', [condition('Denied')], [false, true, false, true]],
    ['both', [condition('Approved'), condition('Denied')], [false, true, false, true]],
    ['failed', [condition('Failed')], [false, false, true, false]],
    ['failed without a status', [{ type: 'Failed' }], [false, false, true, false]],
    ['failed with an empty status', [condition('Failed', '')], [false, false, true, false]],
    ['not failed', [condition('Failed', 'False')], [false, false, false, false]],
    ['another', [condition('Example')], [false, false, false, false]],
    ['lower case', [condition('approved')], [false, false, false, false]],
  ])('say: %s', (_what, list, expected) => {
    const one = csr(list);
    expect([isApproved(one), isDenied(one), isFailed(one), isDecided(one)]).toEqual(expected);
  });

  it.each([
    [undefined],
    [null],
    ['Approved'],
    [{ type: 'Approved' }],
    [[null, 3, 'Approved', [], {}, { type: 7 }, { type: null }]],
  ])('of odd shapes say nothing: %j', (list) => {
    const one = csr(list);
    expect([isApproved(one), isDenied(one), isFailed(one), isDecided(one)]).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect(conditionsOf(one)).toEqual([]);
    expect(isApproved({})).toBe(false);
  });

  it('are found beside odd ones', () => {
    expect(isApproved(csr([null, condition('Approved'), 7]))).toBe(true);
  });

  it.each([
    ['AAAA', true],
    ['', false],
    [undefined, false],
    [null, false],
    [{}, false],
  ])('and a certificate is there or not: %j', (certificate, expected) => {
    expect(isIssued(csr([], { certificate }))).toBe(expected);
  });
});

describe('withCondition', () => {
  it('adds one and leaves the object as it was', () => {
    const before = csrObject('a');
    const approved = withCondition(before, { type: 'Approved', status: 'True', reason: 'R' });
    expect(before.status).toEqual({});
    expect(approved).toEqual({
      ...before,
      status: { conditions: [{ type: 'Approved', status: 'True', reason: 'R' }] },
    });
    const both = withCondition(approved, { type: 'Failed', status: 'True' });
    expect(conditionsOf(both).map(({ type }) => type)).toEqual(['Approved', 'Failed']);
  });

  it('replaces one of the same type, and keeps the rest of the status', () => {
    const before = {
      ...csrObject('a'),
      status: {
        conditions: [
          { type: 'Failed', status: 'False' },
          { type: 'Other', status: 'True' },
        ],
        certificate: 'AAAA',
      },
    };
    expect(withCondition(before, { type: 'Failed', status: 'True' }).status).toEqual({
      conditions: [
        { type: 'Other', status: 'True' },
        { type: 'Failed', status: 'True' },
      ],
      certificate: 'AAAA',
    });
  });
});
