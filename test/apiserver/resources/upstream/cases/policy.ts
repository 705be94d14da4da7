/** Budgets of pods that may be missing. */
import { type Case, get, patch, post, put, remove, table } from '../case.ts';

const PDB = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
const OLD = 'pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match';

const budget = (label: string, name: string, spec?: object): Case => ({
  ...post(PDB, { metadata: { name }, ...(spec === undefined ? {} : { spec }) }),
  label,
});
const report = (label: string, status: object): Case => ({
  ...patch(`${PDB}/numbers/status`, { status }),
  label,
});
const condition = {
  type: 'DisruptionAllowed',
  status: 'True',
  reason: 'SufficientPods',
  message: '',
  lastTransitionTime: '2020-01-01T00:00:00Z',
};

export const CASES: readonly Case[] = [
  budget('nothing', 'nothing'),
  budget('both numbers', 'bad', { minAvailable: 1, maxUnavailable: 1 }),
  budget('both numbers, and bad', 'bad', { minAvailable: -1, maxUnavailable: '101%' }),
  budget('no share', 'bad', { minAvailable: 'half' }),
  budget('half a share', 'bad', { maxUnavailable: '1.5%' }),
  budget('a huge share', 'bad', { maxUnavailable: `${'9'.repeat(30)}%` }),
  budget('a list', 'bad', { minAvailable: [] }),
  budget('no share, and nothing', 'bad', { minAvailable: '' }),
  budget('bad policy and selector', 'bad', {
    maxUnavailable: 0,
    unhealthyPodEvictionPolicy: 'Never',
    selector: { matchLabels: { 'a b': '--' }, matchExpressions: [{ key: '', operator: 'In' }] },
  }),
  budget('an odd name', 'Odd Name', { minAvailable: 0 }),
  budget('numbers', 'numbers', { minAvailable: 2, selector: {} }),
  budget('a share', 'share', { maxUnavailable: '100%', unhealthyPodEvictionPolicy: 'AlwaysAllow' }),
  budget('the old label for none', 'none', {
    selector: { matchExpressions: [{ key: OLD, operator: 'Exists' }] },
  }),
  budget('the old label for all', 'all', {
    selector: { matchExpressions: [{ key: OLD, operator: 'DoesNotExist' }] },
  }),
  budget('the old label and more', 'more', {
    selector: {
      matchLabels: { a: 'b' },
      matchExpressions: [
        { key: OLD, operator: 'Exists' },
        { key: 'c', operator: 'Exists' },
      ],
    },
  }),
  { ...table(PDB), label: 'all' },
  { ...patch(`${PDB}/numbers`, { spec: { minAvailable: '20%' } }), label: 'another number' },
  { ...patch(`${PDB}/numbers`, { spec: { maxUnavailable: 1 } }), label: 'one more number' },
  {
    ...patch(`${PDB}/numbers`, { spec: { minAvailable: null, maxUnavailable: 3 } }),
    label: 'the other number',
  },
  {
    ...patch(`${PDB}/numbers`, { spec: { selector: { matchLabels: { a: 'b' } } } }),
    label: 'another selector',
  },
  {
    ...put(`${PDB}/numbers`, { metadata: { name: 'numbers' }, spec: {} }),
    label: 'of any version',
  },
  report('bad numbers', {
    disruptionsAllowed: -1,
    currentHealthy: -1,
    desiredHealthy: -1,
    expectedPods: -1,
    observedGeneration: -1,
  }),
  report('bad conditions', {
    conditions: [
      { ...condition, reason: '', status: 'x' },
      { ...condition, lastTransitionTime: null },
    ],
  }),
  report('status', {
    observedGeneration: 4,
    disruptionsAllowed: 1,
    currentHealthy: 3,
    desiredHealthy: 2,
    expectedPods: 3,
    disruptedPods: { 'pod-1': '2020-01-01T00:00:00Z' },
    conditions: [condition],
  }),
  { ...table(`${PDB}/numbers`), label: 'with status' },
  { ...get(`${PDB}?fieldSelector=metadata.namespace%3Ddefault&limit=1`), label: 'by namespace' },
  { ...remove(`${PDB}/numbers`), label: 'gone' },
];
