/** Which nodes should have renewed by now. */
import { expect, it } from 'vitest';
import { NodeCertificates } from '../../../src/controllers/guardrails/node-certificates.ts';

const DAY = 86_400_000;
const START = Date.parse('2026-01-01T00:00:00Z');
const at = (ms: number): Date => new Date(START + ms);
const lasting = (from: number, ms: number) => ({ notBefore: at(from), notAfter: at(from + ms) });

it('is overdue after nine tenths of the life, and what it takes to approve and sign', () => {
  const known = new NodeCertificates();
  known.seen('a', 'client', lasting(0, 100 * DAY));
  const names = (ms: number): string[] => known.overdue(at(ms)).map(({ node }) => node);
  expect(names(90 * DAY)).toEqual([]);
  expect(names(90 * DAY + 15 * 60_000)).toEqual([]);
  expect(names(90 * DAY + 15 * 60_000 + 1)).toEqual(['a']);
});

it('gives a short life a short grace', () => {
  const known = new NodeCertificates();
  known.seen('a', 'client', lasting(0, 300_000));
  expect(known.overdue(at(270_000 + 15_000))).toEqual([]);
  expect(known.overdue(at(270_000 + 15_001))).toHaveLength(1);
});

it('looks at the newest certificate of each kind only', () => {
  const known = new NodeCertificates();
  known.seen('a', 'client', lasting(0, 10 * DAY));
  known.seen('a', 'client', lasting(8 * DAY, 10 * DAY));
  // An old connection still shows the old one.
  known.seen('a', 'client', lasting(0, 10 * DAY));
  known.seen('a', 'serving', lasting(0, 10 * DAY));
  expect(known.overdue(at(9.5 * DAY))).toEqual([
    { node: 'a', kind: 'serving', notAfter: at(10 * DAY) },
  ]);
  expect([known.known('client'), known.known('serving')]).toEqual([1, 1]);
});

it('tells first who is lost first, and forgets Nodes that are gone', () => {
  const known = new NodeCertificates();
  known.seen('late', 'client', lasting(0, 11 * DAY));
  known.seen('soon', 'client', lasting(0, 10 * DAY));
  known.seen('gone', 'client', lasting(0, 9 * DAY));
  known.seen('gone', 'serving', lasting(0, 9 * DAY));
  known.forget('gone');
  expect(known.overdue(at(12 * DAY)).map(({ node }) => node)).toEqual(['soon', 'late']);
  // Long after the end, nobody waits for them any more.
  expect(known.overdue(at(17 * DAY + 1)).map(({ node }) => node)).toEqual(['late']);
  expect(known.known('client')).toBe(1);
});

it('remembers so many, and lets go of who has renewed the longest ago', () => {
  const known = new NodeCertificates();
  for (let i = 0; i < 40_001; i++) known.seen(`n${i}`, 'client', lasting(0, DAY));
  expect(known.known('client')).toBe(40_000);
  known.seen('n40000', 'client', lasting(0, 2 * DAY));
  expect(known.known('client')).toBe(40_000);
});
