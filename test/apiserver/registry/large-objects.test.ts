/**
 * Objects with very many of something: whoever may write one must not keep the server from everybody else. Bounds
 * of time are far above what it takes and far below what it would take each with each.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { applied, managedAfterUpdate } from '../../../src/apiserver/fields/index.ts';
import type { KubernetesObject, StatusError } from '../../../src/kubernetes/index.ts';
import { contextOf, type Fixture, fixture, refusal } from './fixture.ts';

let api: Fixture;
beforeEach(async () => {
  api = await fixture();
});
afterEach(() => api.close());

const many = <T>(count: number, make: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index));

/** Of its own thread's CPU time, whatever else the machine does. */
async function within<R>(milliseconds: number, work: () => Promise<R>): Promise<R> {
  const before = process.threadCpuUsage();
  const result = await work();
  const { user, system } = process.threadCpuUsage(before);
  expect((user + system) / 1000).toBeLessThan(milliseconds);
  return result;
}

const owner = (index: number, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Node',
  name: `n-${index}`,
  uid: `u-${index}`,
  ...more,
});

describe('an object with very many owners', () => {
  it('is stored soon, though all of them have one uid', async () => {
    const ownerReferences = many(20_000, (index) => owner(index, { uid: 'same' }));
    const { object } = await within(4_000, () =>
      api.create('configmaps', { metadata: { name: 'a', ownerReferences } }),
    );
    expect(object.metadata.ownerReferences).toEqual(ownerReferences);
  });

  it('loses those that stand there twice, and no others', async () => {
    const controller = owner(1, { controller: true });
    const { object } = await api.create('configmaps', {
      metadata: {
        name: 'a',
        ownerReferences: [owner(1), controller, owner(2), owner(1), owner(1, { kind: 'Pod' })],
      },
    });
    expect(object.metadata.ownerReferences).toEqual([
      owner(1),
      controller,
      owner(2),
      owner(1, { kind: 'Pod' }),
    ]);
  });

  it('is refused soon where each of them wants to be its controller', async () => {
    const ownerReferences = many(5_000, (index) => owner(index, { controller: true }));
    const error = await within(4_000, () =>
      refusal(api.create('configmaps', { metadata: { name: 'a', ownerReferences } })),
    );
    expect(told(error)).toBe(500);
    expect(error.message).toMatch(/, and 4499 more\]$/);
  });
});

const told = (error: StatusError): number | undefined => error.status.details?.causes?.length;

describe('an object with very many finalizers', () => {
  it('can be changed soon while it waits for them', async () => {
    const finalizers = many(60_000, (index) => `a/b${index}`);
    await api.create('configmaps', { metadata: { name: 'a', finalizers } });
    const maps = api.definition('configmaps');
    const key = { namespace: 'default', name: 'a' };
    await api.registry.delete(maps, key, {}, contextOf());
    const patch = {
      mediaType: 'application/merge-patch+json',
      body: Buffer.from('{"metadata":{"labels":{"a":"b"}}}'),
    };
    const { served } = await within(4_000, () =>
      api.registry.patch(maps, key, undefined, patch, contextOf()),
    );
    expect(served.object.metadata.finalizers).toHaveLength(60_000);
  });
});

describe('an object with very many mistakes', () => {
  it('is refused with the first of them', async () => {
    const subsets = many(150_000, () => ({}));
    const error = await within(4_000, () =>
      refusal(api.create('endpoints', { metadata: { name: 'a' }, subsets })),
    );
    expect(error.status).toMatchObject({ reason: 'Invalid', code: 422 });
    expect(told(error)).toBe(500);
  });

  it('of a pod whose claims are not there, too', async () => {
    const claims = many(30_000, (index) => ({ name: `c-${index}` }));
    const spec = {
      containers: [{ name: 'c', image: 'i', resources: { claims } }],
      resourceClaims: many(1_000, (index) => ({ name: `r-${index}`, resourceClaimName: 'x' })),
    };
    const error = await within(4_000, () =>
      refusal(api.create('pods', { metadata: { name: 'a' }, spec })),
    );
    expect(told(error)).toBe(500);
    expect(error.message.length).toBeLessThan(1_000_000);
  });
});

describe('an object that many manage', () => {
  const apply = (manager: string, data: Readonly<Record<string, string>>) =>
    api.registry.patch(
      api.definition('configmaps'),
      { namespace: 'default', name: 'a' },
      undefined,
      {
        mediaType: 'application/apply-patch+yaml',
        body: Buffer.from(
          JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data }),
        ),
      },
      contextOf({ fieldManager: manager }),
    );

  it('does not grow without end', async () => {
    const data = Object.fromEntries(many(20_000, (index) => [`key-${index}`, 'v']));
    const grow = async (): Promise<void> => {
      for (const index of many(20, (at) => at)) await apply(`m-${index}`, data);
    };
    const error = await refusal(grow());
    expect(error.status).toMatchObject({
      code: 500,
      message: 'etcdserver: request is too large',
    });
    const { bytes } = await api.registry.get(api.definition('configmaps'), {
      namespace: 'default',
      name: 'a',
    });
    expect(bytes.length).toBeLessThan(3.1 * 1024 * 1024);
  });

  it('tells the first of the fields that others have', async () => {
    const data = Object.fromEntries(many(1_000, (index) => [`key-${index}`, 'v']));
    await apply('one', data);
    const other = Object.fromEntries(Object.keys(data).map((key) => [key, 'w']));
    const error = await refusal(apply('other', other));
    expect(error.message).toMatch(/^Apply failed with 1000 conflicts: .*\nand 500 more$/s);
    expect(told(error)).toBe(500);
  });

  it('forgets the oldest of very many soon, and nothing that they have set', async () => {
    const entry = (index: number, operation: string) => ({
      manager: `m-${index}`,
      operation,
      apiVersion: 'v1',
      fieldsType: 'FieldsV1',
      time: '2026-01-01T00:00:00Z',
      fieldsV1: { 'f:data': { [`f:k${index}`]: {} } },
    });
    const definition = api.definition('configmaps');
    const data = Object.fromEntries(many(15_000, (index) => [`k${index}`, 'v']));
    const given = (operation: string): KubernetesObject =>
      api.decode('configmaps', {
        metadata: { name: 'a', managedFields: many(15_000, (index) => entry(index, operation)) },
        data,
      });
    const bare = (): KubernetesObject => {
      const { metadata } = given('Update');
      return api.decode('configmaps', { metadata });
    };
    const request = { manager: 'new', now: new Date('2026-01-02T00:00:00Z') };
    const managed = await within(4_000, async () =>
      managedAfterUpdate(definition, given('Update'), bare(), request),
    );
    expect(managed).toBeUndefined();
    const capped = await within(4_000, async () =>
      managedAfterUpdate(definition, undefined, bare(), request),
    );
    expect(capped).toHaveLength(10);
    const fields = capped?.map(({ fieldsV1 }) => Object.keys(Object(fieldsV1)['f:data']));
    expect(fields?.flat()).toHaveLength(15_000);
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: {} };
    await within(4_000, async () =>
      applied(definition, given('Apply'), object, { ...request, manager: 'm-7', force: false }),
    );
  });
});
