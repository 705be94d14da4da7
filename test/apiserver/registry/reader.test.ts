import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRegistry, SYSTEM_NAMESPACES } from '../../../src/apiserver/registry/index.ts';
import { CLUSTER_ROLES, SECRETS, SUBJECT_ACCESS_REVIEWS } from '../../../src/kubernetes/index.ts';
import { createMemoryStorage } from '../../../src/storage/index.ts';
import { contextOf, type Fixture, fixture, NOW, turn } from './fixture.ts';

let api: Fixture;
beforeEach(async () => {
  api = await fixture();
});
afterEach(async () => {
  expect(api.failures).toEqual([]);
  await api.close();
});

const role = (name: string) => ({
  metadata: { name },
  rules: [{ verbs: ['get'], apiGroups: [''], resources: ['nodes'] }],
});
const binding = (name: string) => ({
  metadata: { name },
  roleRef: { kind: 'ClusterRole', name: 'r' },
});

describe('the reader', () => {
  it('knows roles and bindings as soon as their writer does', async () => {
    const { rbac } = api.registry.reader;
    const before = rbac.version;
    await api.create('clusterroles', role('r'));
    expect(rbac.clusterRole('r')?.rules?.[0]?.resources).toEqual(['nodes']);
    expect(rbac.version).not.toBe(before);
    await api.create('roles', role('r'));
    await api.create('clusterrolebindings', binding('b'));
    await api.create('rolebindings', binding('b'));
    expect(rbac.role('default', 'r')?.metadata.name).toBe('r');
    expect(rbac.role('kube-system', 'r')).toBeUndefined();
    expect([...rbac.clusterRoleBindings()].map(({ metadata }) => metadata.name)).toEqual(['b']);
    expect([...rbac.roleBindings('default')]).toHaveLength(1);
    expect([...rbac.roleBindings('kube-system')]).toEqual([]);
    await api.patch('clusterroles', 'r', 'merge', { rules: null });
    expect(rbac.clusterRole('r')?.rules).toBeNull();
    const changed = rbac.version;
    await api.registry.delete(api.definition('clusterroles'), { name: 'r' }, {}, contextOf());
    expect(rbac.clusterRole('r')).toBeUndefined();
    expect(rbac.version).not.toBe(changed);
  });

  it('has another version for changes of RBAC objects only', async () => {
    const { rbac } = api.registry.reader;
    const { version } = rbac;
    await api.create('secrets', { metadata: { name: 's' } });
    await api.create('namespaces', { metadata: { name: 'n' } });
    await turn();
    expect(rbac.version).toBe(version);
  });

  it('hears of what others write, and of nothing twice', async () => {
    const { rbac } = api.registry.reader;
    await api.create('clusterroles', role('mine'));
    const stored = await api.storage.get('/registry/clusterroles/mine');
    const text = Buffer.from(stored?.value ?? [])
      .toString()
      .replaceAll('mine', 'theirs');
    const written = await api.storage.create('/registry/clusterroles/theirs', Buffer.from(text));
    await turn();
    expect(rbac.clusterRole('theirs')?.metadata.name).toBe('theirs');
    const { version } = rbac;
    await turn();
    expect(rbac.version).toBe(version);
    if (!written.done) throw new Error('not stored');
    await api.storage.delete('/registry/clusterroles/theirs', written.revision);
    await turn();
    expect(rbac.clusterRole('theirs')).toBeUndefined();
  });

  it('is right after many writes at once', async () => {
    const { rbac } = api.registry.reader;
    await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        await api.create('clusterroles', role(`r${index}`));
        if (index % 2 === 0) {
          const key = { name: `r${index}` };
          await api.registry.delete(api.definition('clusterroles'), key, {}, contextOf());
        }
      }),
    );
    await turn();
    for (let index = 0; index < 100; index += 1) {
      expect(rbac.clusterRole(`r${index}`) !== undefined).toBe(index % 2 === 1);
    }
  });

  it('knows what was there before it began', async () => {
    const storage = createMemoryStorage({ now: () => NOW });
    const first = await fixture(storage);
    await first.create('clusterroles', role('r'));
    await first.registry.close();
    const second = await createRegistry({ storage, failed: () => undefined });
    expect(second.reader.rbac.clusterRole('r')?.metadata.name).toBe('r');
    expect(second.reader.namespace('kube-system')?.status?.phase).toBe('Active');
    await second.close();
    await storage.close();
  });

  it('reads secrets and any other object as they are now', async () => {
    await api.create('secrets', { metadata: { name: 's' }, stringData: { k: 'v' } });
    const { reader } = api.registry;
    expect((await reader.secret('default', 's'))?.data).toEqual({ k: 'dg==' });
    expect(await reader.secret('default', 'nope')).toBeUndefined();
    expect(await reader.get(SECRETS, { namespace: 'default', name: 's' })).toBe(
      await reader.secret('default', 's'),
    );
    expect(await reader.get(CLUSTER_ROLES, { name: 'nope' })).toBeUndefined();
    await expect(reader.get(SUBJECT_ACCESS_REVIEWS, { name: 'x' })).rejects.toThrow(TypeError);
  });
});

describe('seeding', () => {
  it('creates what is missing and leaves alone what is there', async () => {
    await api.create('clusterroles', { metadata: { name: 'a', labels: { mine: 'yes' } } });
    const { revision } = api.storage;
    const objects = [
      { type: CLUSTER_ROLES, object: role('a') },
      { type: CLUSTER_ROLES, object: role('b') },
    ];
    await api.registry.seed([...SYSTEM_NAMESPACES, ...objects]);
    expect(api.storage.revision).toBe(revision + 1);
    await api.registry.seed([...SYSTEM_NAMESPACES, ...objects]);
    expect(api.storage.revision).toBe(revision + 1);
    expect(api.registry.reader.rbac.clusterRole('a')?.metadata.labels).toEqual({ mine: 'yes' });
    expect(api.registry.reader.rbac.clusterRole('b')?.rules).toHaveLength(1);
  });

  it('makes the four namespaces of every cluster', async () => {
    expect(await api.names('namespaces')).toEqual([
      'default',
      'kube-node-lease',
      'kube-public',
      'kube-system',
    ]);
  });
});
