/** The end of namespaces. */
import { beforeEach, expect, it } from 'vitest';
import { collectGarbage } from '../../src/controllers/garbage-collector/index.ts';
import { emptyNamespaces } from '../../src/controllers/namespace/index.ts';
import { runNamespaceControllers } from '../../src/controllers/namespaces.ts';
import { createMemoryStorage } from '../../src/storage/index.ts';
import { eventually, type Found, type OwnApi, ownApi, refTo } from './own-api.ts';

const SPACES = '/api/v1/namespaces';
const N = `${SPACES}/n`;

let api: OwnApi;
beforeEach(async () => {
  api = await ownApi();
  await api.must('POST', SPACES, { metadata: { name: 'n' } });
});

const run = (): void =>
  api.run((context) => runNamespaceControllers(context, [emptyNamespaces(context, 0)]));
const gone = (name = 'n'): Promise<unknown> =>
  eventually(
    () => api.names(SPACES),
    (found) => !found.includes(name),
  );
const create = (path: string, name: string, more: object = {}): Promise<Found> =>
  api.must('POST', path, { metadata: { name }, ...more });
const held = (name: string, ...finalizers: string[]): Promise<Found> =>
  api.must('POST', `${N}/configmaps`, { metadata: { name, finalizers } });
/** `Type=Status Reason: message` of each condition. */
const conditions = ({ status }: Found): string[] =>
  (status?.conditions ?? []).map(
    ({ type, status: is, reason, message }) => `${type}=${is} ${reason}: ${message}`,
  );
const told = (wanted: string): Promise<Found> =>
  eventually(
    () => api.must('GET', N),
    (found) => conditions(found).some((one) => one.includes(wanted)),
  );

it('what is in it goes with it, and nothing else', async () => {
  run();
  await create(`${N}/configmaps`, 'x');
  await create(`${N}/secrets`, 'x');
  await create(`${N}/serviceaccounts`, 'x');
  await create(`${N}/services`, 'x', { spec: { ports: [{ port: 80 }] } });
  await create(`${N}/pods`, 'x', { spec: { containers: [{ name: 'c', image: 'i' }] } });
  await create(`${N}/events`, 'x', { involvedObject: { namespace: 'n' } });
  await create('/apis/coordination.k8s.io/v1/namespaces/n/leases', 'x');
  await create('/apis/rbac.authorization.k8s.io/v1/namespaces/n/roles', 'x');
  await create(`${SPACES}/default/configmaps`, 'x');
  const marked = await api.must('DELETE', N);
  expect(marked.status?.phase).toBe('Terminating');
  await gone();
  expect(await api.names(`${SPACES}/default/configmaps`)).toContain('x');
  for (const path of ['configmaps', 'secrets', 'pods', 'services', 'events']) {
    expect(await api.names(`${N}/${path}`)).toEqual([]);
  }
  // It can be made anew, and is empty.
  await create(SPACES, 'n');
  await create(`${N}/configmaps`, 'x');
  expect(await api.names(`${N}/configmaps`)).toEqual(['x']);
});

it('what holds it up is told, and when it lets go all is well', async () => {
  run();
  await held('a', 'a.b/c');
  await held('b', 'a.b/c', 'd.e/f');
  await create(`${N}/secrets`, 'x');
  await api.must('DELETE', N);
  const stuck = await told('SomeResourcesRemain');
  expect(conditions(stuck)).toEqual([
    'NamespaceDeletionDiscoveryFailure=False ResourcesDiscovered: All resources successfully discovered',
    'NamespaceDeletionGroupVersionParsingFailure=False ParsedGroupVersions: All legacy kube types successfully parsed',
    'NamespaceDeletionContentFailure=False ContentDeleted: All content successfully deleted, may be waiting on finalization',
    'NamespaceContentRemaining=True SomeResourcesRemain: Some resources are remaining: configmaps. has 2 resource instances',
    'NamespaceFinalizersRemaining=True SomeFinalizersRemain: Some content in the namespace has finalizers remaining: a.b/c in 2 resource instances, d.e/f in 1 resource instances',
  ]);
  expect(await api.names(`${N}/secrets`)).toEqual([]);
  const refused = await api.ask('POST', `${N}/secrets`, { body: { metadata: { name: 'y' } } });
  expect(refused.json).toMatchObject({
    code: 403,
    message:
      'secrets "y" is forbidden: unable to create new content in namespace n because it is being terminated',
    details: {
      causes: [
        {
          reason: 'NamespaceTerminating',
          message: 'namespace n is being terminated',
          field: 'metadata.namespace',
        },
      ],
    },
  });
  await api.must('PATCH', `${N}/configmaps/b`, { metadata: { finalizers: null } });
  const less = await told('configmaps. has 1 resource instances');
  expect(less.status?.phase).toBe('Terminating');
  await api.must('PATCH', `${N}/configmaps/a`, { metadata: { finalizers: null } });
  await gone();
});

it('pods go first: nothing else is touched while one is left', async () => {
  run();
  await create(`${N}/configmaps`, 'x');
  await api.must('POST', `${N}/pods`, {
    metadata: { name: 'p', finalizers: ['a.b/c'] },
    spec: { containers: [{ name: 'c', image: 'i' }] },
  });
  await api.must('DELETE', N);
  await eventually(
    () => api.must('GET', `${N}/pods/p`),
    ({ metadata }) => metadata.deletionTimestamp !== undefined,
  );
  await told('ContentDeleted');
  expect(await api.names(`${N}/configmaps`)).toEqual(['x']);
  await api.must('PATCH', `${N}/pods/p`, { metadata: { finalizers: null } });
  await gone();
});

it('finalizers of its own keep it when it is empty', async () => {
  run();
  await api.must('PUT', `${N}/finalize`, {
    metadata: { name: 'n' },
    spec: { finalizers: ['a.b/c', 'kubernetes'] },
  });
  await api.must('PATCH', N, { metadata: { finalizers: ['d.e/f'] } });
  await create(`${N}/configmaps`, 'x');
  await api.must('DELETE', N);
  const empty = await eventually(
    () => api.must('GET', N),
    ({ spec }) => spec?.finalizers?.includes('kubernetes') === false,
  );
  expect(empty.spec?.finalizers).toEqual(['a.b/c']);
  expect(await api.names(`${N}/configmaps`)).toEqual([]);
  await api.must('PUT', `${N}/finalize`, {
    metadata: { name: 'n', finalizers: ['d.e/f'] },
    spec: {},
  });
  expect(await api.names(SPACES)).toContain('n');
  await api.must('PATCH', N, { metadata: { finalizers: null } });
  await gone();
});

it('nothing in it is orphaned, whatever was asked before', async () => {
  run();
  api.run(collectGarbage);
  const owner = await held('owner', 'a.b/c');
  await api.must('POST', `${N}/configmaps`, {
    metadata: { name: 'd', ownerReferences: [refTo(owner, { blockOwnerDeletion: true })] },
  });
  await api.must('DELETE', `${N}/configmaps/owner?propagationPolicy=Foreground`);
  await api.must('DELETE', `${N}?propagationPolicy=Foreground`);
  await eventually(
    () => api.names(`${N}/configmaps`),
    (found) => !found.includes('d'),
  );
  await api.must('PATCH', `${N}/configmaps/owner`, { metadata: { finalizers: null } });
  await gone();
});

it('leaves no orphan behind, however its deletion falls among creations', async () => {
  run();
  for (let round = 0; round < 10; round += 1) {
    const name = `n${round}`;
    await create(SPACES, name);
    const made = Array.from({ length: 30 }, async (_, index) => {
      for (let step = 0; step < index; step += 1) await Promise.resolve();
      await create(`${SPACES}/${name}/configmaps`, `x${index}`);
    });
    const deleted = (async () => {
      for (let step = 0; step < round * 3; step += 1) await Promise.resolve();
      await api.must('DELETE', `${SPACES}/${name}`);
    })();
    await Promise.allSettled([...made, deleted]);
    await deleted;
    await gone(name);
    const left = await api.all('/api/v1/configmaps');
    expect(left.filter(({ metadata }) => metadata.namespace === name)).toEqual([]);
  }
});

it('one that was going when the server stopped goes when it starts again', async () => {
  const storage = createMemoryStorage({ now: () => new Date() });
  const before = await ownApi({ storage });
  await before.must('POST', SPACES, { metadata: { name: 'n' } });
  await before.must('POST', `${N}/configmaps`, { metadata: { name: 'x' } });
  await before.must('DELETE', N);
  api = await ownApi({ storage });
  expect(await api.names(SPACES)).toContain('n');
  run();
  await gone();
  expect(await api.names(`${N}/configmaps`)).toEqual([]);
});

it('what cannot be deleted is told, and tried again', async () => {
  let isDown = true;
  api.run((context) => runNamespaceControllers(context, [emptyNamespaces(context, 0)]), {
    ...api.client,
    deleteCollection: async (type, namespace, options) => {
      if (isDown && type.resource === 'secrets') throw new Error('the disk is on fire');
      await api.client.deleteCollection(type, namespace, options);
    },
  });
  await create(`${N}/secrets`, 'x');
  await api.must('DELETE', N);
  await told(
    'NamespaceDeletionContentFailure=True ContentDeletionFailed: Failed to delete all resource types, 1 remaining: the disk is on fire',
  );
  isDown = false;
  await gone();
});

it('of which resources nobody knows it waits for', async () => {
  let isDown = true;
  api.run((context) => runNamespaceControllers(context, [emptyNamespaces(context, 0)]), {
    ...api.client,
    raw: async (request) => {
      if (request.url === '/apis' && isDown) {
        const body = JSON.stringify({
          kind: 'APIGroupDiscoveryList',
          metadata: {},
          items: [{ metadata: { name: 'a.b' }, versions: [{ version: 'v1', freshness: 'Stale' }] }],
        });
        return { status: 200, body: Buffer.from(body) };
      }
      return api.client.raw(request);
    },
  });
  await create(`${N}/secrets`, 'x');
  await api.must('DELETE', N);
  await told('NamespaceDeletionDiscoveryFailure=True DiscoveryFailed: Discovery failed for some');
  expect(await api.names(`${N}/secrets`)).toEqual([]);
  expect(await api.names(SPACES)).toContain('n');
  isDown = false;
  await gone();
});
