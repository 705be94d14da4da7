import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createMemoryStorage } from '../../../src/storage/index.ts';
import { causesOf, contextOf, type Fixture, fixture, NOW, refusal, watching } from './fixture.ts';

let api: Fixture;
beforeEach(async () => {
  api = await fixture();
});
afterEach(async () => {
  expect(api.failures).toEqual([]);
  await api.close();
});

const remove = (name: string) =>
  api.registry.delete(api.definition('namespaces'), { name }, {}, contextOf());

const create = (namespace: string, resource: string, object: object) =>
  api.registry.create(
    api.definition(resource),
    namespace,
    api.decode(resource, object),
    contextOf(),
  );

/** When the namespace is gone. */
async function goneOf(name: string): Promise<void> {
  const watch = watching(api, 'namespaces', { fieldSelector: `metadata.name=${name}` });
  await watch.until(1);
  while (watch.events.at(-1)?.type !== 'DELETED') await watch.until(watch.events.length + 1);
  await watch.stop();
}

describe('a namespace', () => {
  it('begins active, with the finalizer of its controller and its name as a label', async () => {
    const { object } = await api.create('namespaces', {
      metadata: { name: 'n', labels: { a: 'b' } },
    });
    expect(object).toMatchObject({
      metadata: { labels: { a: 'b', 'kubernetes.io/metadata.name': 'n' } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
  });

  it('keeps its finalizers and its phase from updates, but for those meant for them', async () => {
    await api.create('namespaces', { metadata: { name: 'n' } });
    const { object } = await api.update('namespaces', 'n', {
      spec: { finalizers: [] },
      status: { phase: 'Terminating' },
    });
    expect(object).toMatchObject({
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
    expect(
      await causesOf(api.update('namespaces', 'n', { status: { phase: 'Terminating' } }, 'status')),
    ).toEqual(['FieldValueInvalid status.Phase']);
    expect(
      await causesOf(
        api.update('namespaces', 'n', { spec: { finalizers: ['kubernetes', 'bad'] } }, 'finalize'),
      ),
    ).toEqual(['FieldValueInvalid spec.finalizers[1]']);
    const finalized = await api.update('namespaces', 'n', { spec: { finalizers: [] } }, 'finalize');
    expect(finalized.object).toMatchObject({ spec: {}, status: { phase: 'Active' } });
  });

  it.each(['default', 'kube-system', 'kube-public'])('%s never goes', async (name) => {
    const error = await refusal(remove(name));
    expect(error.status).toMatchObject({
      reason: 'Forbidden',
      message: `namespaces "${name}" is forbidden: this namespace may not be deleted`,
    });
  });

  it('takes with it what is in it, and nothing else', async () => {
    await api.create('namespaces', { metadata: { name: 'n' } });
    for (const resource of ['configmaps', 'secrets', 'serviceaccounts', 'leases', 'roles']) {
      await create('n', resource, { metadata: { name: 'x' } });
    }
    await create('default', 'configmaps', { metadata: { name: 'x' } });
    const marked = await remove('n');
    expect(marked).toMatchObject({
      gone: false,
      served: { object: { status: { phase: 'Terminating' } } },
    });
    await goneOf('n');
    const { items } = await api.storage.list('/registry/');
    expect(items.filter(({ key }) => key.includes('/n/') || key.endsWith('/n'))).toEqual([]);
    expect(await api.names('configmaps')).toEqual(['x']);
  });

  it('that is going takes nothing new', async () => {
    await api.create('namespaces', { metadata: { name: 'n' } });
    await create('n', 'configmaps', { metadata: { name: 'held', finalizers: ['a.b/c'] } });
    await remove('n');
    const error = await refusal(create('n', 'secrets', { metadata: { name: 'x' } }));
    expect(error.status).toMatchObject({
      reason: 'Forbidden',
      message:
        'secrets "x" is forbidden: unable to create new content in namespace n because it is being terminated',
      details: { causes: [{ reason: 'NamespaceTerminating', field: 'metadata.namespace' }] },
    });
    expect(await remove('n')).toMatchObject({ gone: false });
    // The last thing that it waits for lets go.
    await api.registry.patch(
      api.definition('configmaps'),
      { namespace: 'n', name: 'held' },
      undefined,
      {
        mediaType: 'application/merge-patch+json',
        body: Buffer.from('{"metadata":{"finalizers":null}}'),
      },
      contextOf(),
    );
    await goneOf('n');
  });

  it('leaves no orphan behind, however its deletion falls among creations', async () => {
    for (let round = 0; round < 10; round += 1) {
      const name = `n${round}`;
      await api.create('namespaces', { metadata: { name } });
      const made = Array.from({ length: 30 }, async (_, index) => {
        for (let step = 0; step < index; step += 1) await Promise.resolve();
        await create(name, 'configmaps', { metadata: { name: `x${index}` } });
      });
      const gone = (async () => {
        for (let step = 0; step < round * 3; step += 1) await Promise.resolve();
        await remove(name);
      })();
      await Promise.allSettled([...made, gone]);
      await gone;
      if ((await api.names('namespaces')).includes(name)) await goneOf(name);
      const { items } = await api.storage.list(`/registry/configmaps/${name}/`);
      expect(items).toEqual([]);
    }
  });

  it('that was going when the server stopped goes when it starts again', async () => {
    const storage = createMemoryStorage({ now: () => NOW });
    const first = await fixture(storage);
    await first.create('namespaces', { metadata: { name: 'n' } });
    await first.registry.create(
      first.definition('configmaps'),
      'n',
      first.decode('configmaps', { metadata: { name: 'held', finalizers: ['a.b/c'] } }),
      contextOf(),
    );
    await first.registry.delete(first.definition('namespaces'), { name: 'n' }, {}, contextOf());
    await first.registry.close();
    // Meanwhile somebody else lets go.
    const key = '/registry/configmaps/n/held';
    const stored = await storage.get(key);
    await storage.delete(key, stored?.revision ?? 0);
    const second = await fixture(storage);
    await second.registry.close();
    await api.close();
    api = second;
    expect(await second.storage.get('/registry/namespaces/n')).toBeUndefined();
  });
});
