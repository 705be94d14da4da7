/** Budgets of pods that may be missing: what stays of one, and what is counted. */
import { expect, it } from 'vitest';
import { apiServer } from '../front/server.ts';

const BUDGETS = '/apis/policy/v1/namespaces/default/poddisruptionbudgets';
const MERGE = { 'content-type': 'application/merge-patch+json' };
const OLD = 'pdb.kubernetes.io/deprecated-v1beta1-empty-selector-match';

const budget = (spec: object): object => ({ metadata: { name: 'b' }, spec });

it('has one number, a share of all at most', async () => {
  const { ask } = await apiServer();
  const refused = async (spec: object): Promise<string> => {
    const { status, json } = await ask('POST', BUDGETS, { body: budget(spec) });
    expect(status).toBe(422);
    return json.message;
  };
  expect(await refused({ minAvailable: 1, maxUnavailable: 1 })).toContain('cannot be both set');
  expect(await refused({ minAvailable: -1 })).toContain('must be greater than or equal to 0');
  expect(await refused({ maxUnavailable: '101%' })).toContain('must not be greater than 100%');
  expect(await refused({ maxUnavailable: '50' })).toContain('a valid percent string');
  expect(await refused({ unhealthyPodEvictionPolicy: 'Never' })).toContain(
    'supported values: "AlwaysAllow", "IfHealthyBudget"',
  );
  const good = await ask('POST', BUDGETS, { body: budget({ maxUnavailable: '100%' }) });
  expect(good.status).toBe(201);
});

it('counts the changes of what it asks for, and keeps its status from those who ask', async () => {
  const { ask } = await apiServer();
  const body = { ...budget({ minAvailable: 1 }), status: { disruptionsAllowed: 7 } };
  const { json } = await ask('POST', BUDGETS, { body });
  expect(json.metadata.generation).toBe(1);
  expect(json.status.disruptionsAllowed).toBe(0);
  const change = async (path: string, patch: object) =>
    (await ask('PATCH', `${BUDGETS}/b${path}`, { body: patch, headers: MERGE })).json;
  const reported = await change('/status', {
    status: { disruptionsAllowed: 2 },
    spec: { minAvailable: 5 },
  });
  expect(reported).toMatchObject({ metadata: { generation: 1 }, spec: { minAvailable: 1 } });
  const changed = await change('', {
    spec: { minAvailable: 2 },
    status: { disruptionsAllowed: 9 },
  });
  expect(changed).toMatchObject({ metadata: { generation: 2 }, status: { disruptionsAllowed: 2 } });
  const labelled = await change('', { metadata: { labels: { a: 'b' } } });
  expect(labelled.metadata.generation).toBe(2);
});

it('keeps the label of v1beta1 in no selector but the one that means none', async () => {
  const { ask } = await apiServer();
  const exists = { key: OLD, operator: 'Exists' };
  const other = { key: 'a', operator: 'Exists' };
  const selectorOf = async (selector: object): Promise<unknown> => {
    const { json } = await ask('POST', `${BUDGETS}?dryRun=All`, { body: budget({ selector }) });
    return json.spec.selector;
  };
  const none = { matchExpressions: [exists] };
  expect(await selectorOf(none)).toEqual(none);
  expect(await selectorOf({ matchExpressions: [{ ...exists, operator: 'DoesNotExist' }] })).toEqual(
    {},
  );
  expect(await selectorOf({ matchExpressions: [exists, other] })).toEqual({
    matchExpressions: [other],
  });
});
