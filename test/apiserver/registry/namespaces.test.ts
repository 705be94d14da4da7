import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { causesOf, contextOf, type Fixture, fixture, refusal } from './fixture.ts';

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
    // What is in it may still change, and whoever empties it may let it go.
    await api.registry.delete(
      api.definition('configmaps'),
      { namespace: 'n', name: 'held' },
      {},
      contextOf(),
    );
    expect(await remove('n')).toMatchObject({ gone: false });
    await api.update('namespaces', 'n', { spec: { finalizers: [] } }, 'finalize');
    expect(await api.names('namespaces')).not.toContain('n');
  });

  it('is marked by the first deletion, whatever holds it, and goes by itself with its last finalizer', async () => {
    await api.create('namespaces', { metadata: { name: 'n' } });
    const marked = await remove('n');
    expect(marked).toMatchObject({
      gone: false,
      served: { object: { status: { phase: 'Terminating' } } },
    });
    expect(await remove('n')).toEqual(marked);
    const wrong = api.registry.delete(
      api.definition('namespaces'),
      { name: 'n' },
      { preconditions: { resourceVersion: '1' } },
      contextOf(),
    );
    expect((await refusal(wrong)).message).toMatch(
      /^Operation cannot be fulfilled on namespaces "n": Precondition failed: ResourceVersion in precondition: 1, ResourceVersion in object meta: \d+$/,
    );
    await api.update('namespaces', 'n', { spec: { finalizers: ['a.b/c'] } }, 'finalize');
    expect(await api.names('namespaces')).toContain('n');
    await api.update('namespaces', 'n', { spec: {} }, 'finalize');
    expect(await api.names('namespaces')).not.toContain('n');
  });
});
