/** Nothing is deleted on doubt: what the collector does where the API server fails it. */
import { expect, it } from 'vitest';
import type { KubernetesClient } from '../../../src/client/index.ts';
import { collectGarbage } from '../../../src/controllers/garbage-collector/index.ts';
import { type OwnerReference, StatusError } from '../../../src/kubernetes/index.ts';
import { eventually, type OwnApi, ownApi, refTo } from '../own-api.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const NEVER: OwnerReference = { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'never' };

const create = (api: OwnApi, name: string, ...ownerReferences: OwnerReference[]) =>
  api.must('POST', MAPS, { metadata: { name, ownerReferences } });

const failure = (): StatusError => StatusError.of('InternalError', 'the disk is on fire');

/** With calls counted, and some of them failing. */
function failing(
  client: KubernetesClient,
  fails: (verb: string, resource: string, name: string) => boolean,
): { readonly client: KubernetesClient; readonly failed: () => number } {
  let count = 0;
  const check = (verb: string, resource: string, name = ''): void => {
    if (!fails(verb, resource, name)) return;
    count += 1;
    throw failure();
  };
  return {
    failed: () => count,
    client: {
      ...client,
      get: async (type, location, options) => {
        check('get', type.resource, location.name);
        return client.get(type, location, options);
      },
      list: async (type, options) => {
        check('list', type.resource);
        return client.list(type, options);
      },
      delete: async (type, location, options) => {
        check('delete', type.resource, location.name);
        await client.delete(type, location, options);
      },
      patch: async (type, location, patch, options) => {
        check('patch', type.resource, location.name);
        return client.patch(type, location, patch, options);
      },
    },
  };
}

it('an owner that cannot be asked for is taken for one that is there', async () => {
  const api = await ownApi();
  let isDown = true;
  const { client, failed } = failing(
    api.client,
    (verb, _, name) => isDown && verb === 'get' && name === 'x',
  );
  api.run(collectGarbage, client);
  await create(api, 'a', NEVER);
  await eventually(failed, (count) => count > 3);
  expect(await api.names(MAPS)).toContain('a');
  isDown = false;
  await eventually(
    () => api.names(MAPS),
    (found) => !found.includes('a'),
  );
});

it('of a kind that nobody knows, too', async () => {
  const api = await ownApi();
  api.run(collectGarbage);
  await create(api, 'a', { ...NEVER, apiVersion: 'example.com/v1', kind: 'Foo' });
  await create(api, 'b', NEVER, { ...NEVER, apiVersion: 'example.com/v1', kind: 'Foo', uid: 'f' });
  await create(api, 'c', NEVER);
  await eventually(
    () => api.names(MAPS),
    (found) => !found.includes('c'),
  );
  await eventually(
    () => api.lines.filter(({ error }) => error === 'there is no kind Foo in example.com/v1'),
    (lines) => lines.length > 4,
  );
  expect(await api.names(MAPS)).toEqual(expect.arrayContaining(['a', 'b']));
  // It is no fault: people are not told again and again.
  expect(api.lines.filter(({ level }) => level === 'error')).toEqual([]);
});

it('what changes between the look and the deletion is looked at again', async () => {
  const api = await ownApi();
  const owner = await create(api, 'owner');
  let adopted = false;
  const { client } = failing(api.client, () => false);
  api.run(collectGarbage, {
    ...client,
    delete: async (type, location, options) => {
      if (!adopted) {
        adopted = true;
        const metadata = { ownerReferences: [NEVER, refTo(owner)] };
        await api.must('PATCH', `${MAPS}/a`, { metadata });
      }
      await client.delete(type, location, options);
    },
  });
  await create(api, 'a', NEVER);
  const kept = await eventually(
    () => api.must('GET', `${MAPS}/a`),
    ({ metadata }) => metadata.ownerReferences?.[0]?.uid === owner.metadata.uid,
  );
  expect(kept.metadata.ownerReferences).toEqual([refTo(owner)]);
  expect(kept.metadata.deletionTimestamp).toBeUndefined();
});

it('what changes all the time in other ways goes all the same', async () => {
  const api = await ownApi();
  const { client } = failing(api.client, () => false);
  let changes = 0;
  api.run(collectGarbage, {
    ...client,
    delete: async (type, location, options) => {
      changes += 1;
      await api.must('PATCH', `${MAPS}/a`, { data: { changes: String(changes) } });
      await client.delete(type, location, options);
    },
  });
  await create(api, 'a', NEVER);
  await eventually(
    () => api.names(MAPS),
    (found) => !found.includes('a'),
  );
  expect(changes).toBe(2);
});

it('an owner is not let go before all its dependents have lost it', async () => {
  const api = await ownApi();
  let isDown = true;
  const { client, failed } = failing(
    api.client,
    (verb, _, name) => isDown && verb === 'patch' && name === 'b',
  );
  api.run(collectGarbage, client);
  const owner = await create(api, 'a');
  for (const name of ['b', 'c']) await create(api, name, refTo(owner));
  await api.must('DELETE', `${MAPS}/a?propagationPolicy=Orphan`);
  await eventually(failed, (count) => count > 2);
  expect(await api.names(MAPS)).toEqual(expect.arrayContaining(['a', 'b', 'c']));
  isDown = false;
  await eventually(
    () => api.names(MAPS),
    (found) => !found.includes('a'),
  );
  const { metadata } = await api.must('GET', `${MAPS}/b`);
  expect(metadata.ownerReferences).toBeUndefined();
});

it('owners of a resource that cannot be followed are asked for again and again', async () => {
  const api = await ownApi();
  const { client } = failing(
    api.client,
    (verb, resource) => verb === 'list' && resource === 'secrets',
  );
  const owner = await api.must('POST', '/api/v1/namespaces/default/secrets', {
    metadata: { name: 'owner' },
  });
  await create(api, 'a', refTo(owner));
  api.run(async (context) => {
    // The first look at all objects takes 30 seconds where one cannot be listed.
    await collectGarbage({
      ...context,
      clock: {
        ...context.clock,
        now: () => context.clock.now(),
        sleep: (ms, signal) => context.clock.sleep(Math.min(ms, 200), signal),
      },
    });
  }, client);
  await eventually(
    () => api.lines.filter(({ message }) => message.startsWith('collecting failed')),
    (lines) => lines.length > 2,
  );
  await api.must('DELETE', '/api/v1/namespaces/default/secrets/owner');
  await eventually(
    () => api.names(MAPS),
    (found) => !found.includes('a'),
  );
  // Said once, though it is tried all the time.
  expect(api.lines.filter(({ resource }) => resource === 'secrets.')).toHaveLength(1);
});
