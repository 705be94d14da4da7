/** ClusterRoles that gather their rules are filled as soon as something changes. */
import { describe, expect, it } from 'vitest';
import { aggregateRoles } from '../../src/controllers/role-aggregation.ts';
import {
  CLUSTER_ROLES,
  type ClusterRole,
  type PolicyRule,
  StatusError,
} from '../../src/kubernetes/index.ts';
import { settle } from '../manual-clock.ts';
import { FakeApi } from './fake-client.ts';
import { type Bench, benchOf } from './support.ts';

const may = (verb: string, resource: string): PolicyRule => ({
  verbs: [verb],
  apiGroups: [''],
  resources: [resource],
});
const role = (
  name: string,
  rules: readonly PolicyRule[],
  labels: Record<string, string> = {},
): ClusterRole => ({ metadata: { name, labels }, rules });
const gathering = (name: string, label: string, more: Partial<ClusterRole> = {}): ClusterRole => ({
  metadata: { name },
  rules: [],
  aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [label]: 'true' } }] },
  ...more,
});
const rulesOf = (api: FakeApi, name: string) => api.peek(CLUSTER_ROLES, name)?.rules;

async function aggregating(api: FakeApi, look: (bench: Bench) => Promise<void>): Promise<void> {
  const bench = benchOf(api);
  const work = aggregateRoles(bench.context);
  await settle();
  await look(bench);
  bench.stop();
  await work;
}

const apiWith = async (...roles: readonly ClusterRole[]): Promise<FakeApi> => {
  const api = new FakeApi();
  for (const one of roles) await api.create(CLUSTER_ROLES, one);
  return api;
};

describe('a role that gathers', () => {
  it('has the rules of all that are labelled for it, in the order of their names, each once', async () => {
    const api = await apiWith(
      gathering('all', 'gather'),
      role('z', [may('get', 'pods')], { gather: 'true' }),
      role('a', [may('list', 'pods'), may('get', 'pods')], { gather: 'true' }),
      role('other', [may('get', 'secrets')], { gather: 'false' }),
    );
    await aggregating(api, async () => {
      expect(rulesOf(api, 'all')).toEqual([may('list', 'pods'), may('get', 'pods')]);
    });
  });

  it('follows what is added, changed, relabelled and deleted', async () => {
    const api = await apiWith(gathering('all', 'gather'));
    await aggregating(api, async () => {
      await api.create(CLUSTER_ROLES, role('a', [may('get', 'pods')], { gather: 'true' }));
      await settle();
      expect(rulesOf(api, 'all')).toEqual([may('get', 'pods')]);
      await api.update(CLUSTER_ROLES, role('a', [may('get', 'nodes')], { gather: 'true' }));
      await settle();
      expect(rulesOf(api, 'all')).toEqual([may('get', 'nodes')]);
      await api.update(CLUSTER_ROLES, role('a', [may('get', 'nodes')]));
      await settle();
      expect(rulesOf(api, 'all')).toEqual([]);
      await api.update(CLUSTER_ROLES, role('a', [may('get', 'nodes')], { gather: 'true' }));
      await settle();
      await api.delete(CLUSTER_ROLES, { name: 'a' });
      await settle();
      expect(rulesOf(api, 'all')).toEqual([]);
    });
  });

  it('loses what somebody has written into it', async () => {
    const api = await apiWith(gathering('all', 'gather', { rules: [may('*', '*')] }));
    await aggregating(api, async () => expect(rulesOf(api, 'all')).toEqual([]));
  });

  it('may gather from one that gathers, and never from itself', async () => {
    const api = await apiWith(
      gathering('outer', 'outer', { metadata: { name: 'outer', labels: { outer: 'true' } } }),
      gathering('inner', 'inner', { metadata: { name: 'inner', labels: { outer: 'true' } } }),
      role('a', [may('get', 'pods')], { inner: 'true' }),
    );
    await aggregating(api, async () => {
      expect(rulesOf(api, 'inner')).toEqual([may('get', 'pods')]);
      expect(rulesOf(api, 'outer')).toEqual([may('get', 'pods')]);
    });
  });

  it('comes to rest where two gather from each other', async () => {
    const labels = { both: 'true' };
    const api = await apiWith(
      gathering('one', 'both', { metadata: { name: 'one', labels } }),
      gathering('two', 'both', { metadata: { name: 'two', labels } }),
      role('a', [may('get', 'pods')], labels),
    );
    await aggregating(api, async () => {
      const before = api.calls.length;
      expect(rulesOf(api, 'one')).toEqual([may('get', 'pods')]);
      expect(rulesOf(api, 'two')).toEqual([may('get', 'pods')]);
      await settle();
      expect(api.calls.length).toBe(before);
    });
  });

  it('is left alone where it is right, and a role that gathers nothing always', async () => {
    const api = await apiWith(
      gathering('all', 'gather', { rules: [may('get', 'pods')] }),
      role('a', [may('get', 'pods')], { gather: 'true' }),
    );
    await aggregating(api, async () => {
      expect(api.calls.filter(({ verb }) => verb === 'update')).toEqual([]);
    });
  });
});

describe('what goes wrong', () => {
  it('is tried again, but not where there is no right to it', async () => {
    const api = await apiWith(
      gathering('all', 'gather'),
      role('a', [may('get', 'pods')], { gather: 'true' }),
    );
    const refusals: (() => StatusError)[] = [
      () => StatusError.of('InternalError', 'no'),
      () => StatusError.of('Forbidden', 'no'),
    ];
    api.before = ({ verb }) => {
      if (verb !== 'update') return;
      const refusal = refusals.shift();
      if (refusal !== undefined) throw refusal();
    };
    await aggregating(api, async ({ clock, lines }) => {
      expect(lines).toMatchObject([{ level: 'error', role: 'all' }]);
      await clock.advance(60_000);
      expect(lines).toMatchObject([{ level: 'error' }, { level: 'warn', role: 'all' }]);
      await clock.advance(600_000);
      expect(rulesOf(api, 'all')).toEqual([]);
      // The next change is another chance.
      await api.create(CLUSTER_ROLES, role('b', []));
      await settle();
      expect(rulesOf(api, 'all')).toEqual([may('get', 'pods')]);
    });
  });
});
