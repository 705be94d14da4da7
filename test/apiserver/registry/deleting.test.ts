import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { DeleteOptions, WriteContext } from '../../../src/apiserver/registry/index.ts';
import { StatusError } from '../../../src/kubernetes/index.ts';
import { createMemoryStorage } from '../../../src/storage/index.ts';
import {
  causesOf,
  contextOf,
  type Fixture,
  fixture,
  NOW,
  refusal,
  turn,
  watching,
} from './fixture.ts';

let api: Fixture;
beforeEach(async () => {
  api = await fixture();
});
afterEach(() => api.close());

const remove = (
  resource: string,
  name: string,
  options: DeleteOptions = {},
  changes: Partial<WriteContext> = {},
) =>
  api.registry.delete(
    api.definition(resource),
    { ...(api.definition(resource).type.namespaced ? { namespace: 'default' } : {}), name },
    options,
    contextOf(changes),
  );

describe('a deletion', () => {
  it('answers that it is done, with the uid of what is gone', async () => {
    const { object } = await api.create('leases', { metadata: { name: 'a' } });
    expect(await remove('leases', 'a')).toEqual({
      gone: true,
      status: {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Success',
        details: {
          name: 'a',
          group: 'coordination.k8s.io',
          kind: 'leases',
          uid: object.metadata.uid,
        },
      },
    });
    expect((await refusal(remove('leases', 'a'))).reason).toBe('NotFound');
  });

  it('of a service account answers the object, as upstream', async () => {
    await api.create('serviceaccounts', { metadata: { name: 'a' } });
    expect(await remove('serviceaccounts', 'a')).toMatchObject({
      gone: true,
      served: { object: { metadata: { name: 'a' } } },
    });
  });

  it('waits for finalizers: the object is marked and goes with the last of them', async () => {
    await api.create('configmaps', { metadata: { name: 'a', finalizers: ['a.b/c', 'd.e/f'] } });
    const watch = watching(api, 'configmaps', {});
    const marked = await remove('configmaps', 'a');
    expect(marked).toMatchObject({
      gone: false,
      served: {
        object: {
          metadata: { deletionTimestamp: '2026-11-24T10:00:00Z', deletionGracePeriodSeconds: 0 },
        },
      },
    });
    await api.clock.advance(5_000);
    // Again: nothing changes.
    expect(await remove('configmaps', 'a')).toEqual(marked);
    expect(
      await causesOf(
        api.patch('configmaps', 'a', 'merge', { metadata: { finalizers: ['x.y/z'] } }),
      ),
    ).toEqual(['FieldValueForbidden metadata.finalizers']);
    await api.patch('configmaps', 'a', 'merge', { metadata: { finalizers: ['d.e/f'] } });
    expect(await api.names('configmaps')).toEqual(['a']);
    const last = await api.patch('configmaps', 'a', 'merge', { metadata: { finalizers: null } });
    expect(last.object.metadata.finalizers).toBeUndefined();
    expect(await api.names('configmaps')).toEqual([]);
    await watch.until(4);
    await watch.stop();
    expect(watch.seen).toEqual(['ADDED a', 'MODIFIED a', 'MODIFIED a', 'DELETED a']);
  });

  it('may demand that it is the object that is meant', async () => {
    const { object } = await api.create('configmaps', { metadata: { name: 'a' } });
    const uid = await refusal(remove('configmaps', 'a', { preconditions: { uid: 'x' } }));
    expect(uid.status).toMatchObject({ code: 409, reason: 'Conflict' });
    expect(uid.message).toContain('the UID in the precondition (x) does not match');
    const version = await refusal(
      remove('configmaps', 'a', { preconditions: { resourceVersion: '1' } }),
    );
    expect(version.message).toContain('the ResourceVersion in the precondition (1) does not match');
    const { uid: right = '', resourceVersion = '' } = object.metadata;
    const done = await remove('configmaps', 'a', {
      preconditions: { uid: right, resourceVersion },
    });
    expect(done.gone).toBe(true);
  });

  it('knows the policies', async () => {
    await api.create('configmaps', { metadata: { name: 'a' } });
    const wrong = remove('configmaps', 'a', { propagationPolicy: 'Foo' });
    expect(await causesOf(wrong)).toEqual(['FieldValueNotSupported propagationPolicy']);
    const both = remove('configmaps', 'a', { propagationPolicy: 'Orphan', orphanDependents: true });
    expect(await causesOf(both)).toEqual(['FieldValueInvalid propagationPolicy']);
  });

  it('leaves word for the garbage collector, and takes it back', async () => {
    await api.create('configmaps', { metadata: { name: 'a', finalizers: ['a.b/c'] } });
    const finalizersAfter = async (options: DeleteOptions): Promise<readonly string[]> => {
      const deleted = await remove('configmaps', 'a', options);
      return 'served' in deleted ? (deleted.served.object.metadata.finalizers ?? []) : ['gone'];
    };
    const foreground = await finalizersAfter({ propagationPolicy: 'Foreground' });
    expect(foreground).toEqual(['a.b/c', 'foregroundDeletion']);
    expect(await finalizersAfter({})).toEqual(['a.b/c', 'foregroundDeletion']);
    expect(await finalizersAfter({ orphanDependents: true })).toEqual(['a.b/c', 'orphan']);
    expect(await finalizersAfter({ propagationPolicy: 'Background' })).toEqual(['a.b/c']);
    await api.create('events', { metadata: { name: 'e' }, involvedObject: {} });
    // Nothing is owned by an event.
    expect((await remove('events', 'e', { propagationPolicy: 'Foreground' })).gone).toBe(true);
  });

  it('leaves nothing for a collector that there is not', async () => {
    const alone = await fixture(undefined, { garbageCollection: false });
    await alone.create('configmaps', { metadata: { name: 'a' } });
    const gone = await alone.registry.delete(
      alone.definition('configmaps'),
      { namespace: 'default', name: 'a' },
      { propagationPolicy: 'Foreground' },
      contextOf(),
    );
    expect(gone.gone).toBe(true);
    await alone.close();
  });

  it('that leaves a pod no time is seen by who watches before the pod is gone', async () => {
    const spec = { containers: [{ name: 'c', image: 'i' }], nodeName: 'n' };
    await api.create('pods', { metadata: { name: 'p' }, spec });
    const watch = watching(api, 'pods', {});
    await watch.until(1);
    const asked = await remove('pods', 'p', { gracePeriodSeconds: 20 });
    expect(asked).toMatchObject({
      gone: false,
      served: { object: { metadata: { deletionTimestamp: '2026-11-24T10:00:20Z' } } },
    });
    // Later is not asked for, and sooner than now there is nothing.
    expect(await remove('pods', 'p', { gracePeriodSeconds: 60 })).toEqual(asked);
    await api.clock.advance(15_000);
    expect(await remove('pods', 'p', { gracePeriodSeconds: 10 })).toMatchObject({
      gone: false,
      served: {
        object: {
          metadata: { deletionTimestamp: '2026-11-24T10:00:15Z', deletionGracePeriodSeconds: 1 },
        },
      },
    });
    expect((await remove('pods', 'p', { gracePeriodSeconds: 0 })).gone).toBe(true);
    await watch.until(5);
    await watch.stop();
    expect(watch.seen).toEqual(['ADDED p', 'MODIFIED p', 'MODIFIED p', 'MODIFIED p', 'DELETED p']);
    const last = watch.events.at(-1)?.object.metadata;
    expect(last).toMatchObject({ deletionGracePeriodSeconds: 0 });
  });

  it('is admitted with the old object only', async () => {
    await api.create('configmaps', { metadata: { name: 'a' } });
    const admit: WriteContext['admit'] = async ({ object, old }) => {
      throw StatusError.of('Forbidden', `${object === undefined} ${old?.metadata.name}`);
    };
    expect((await refusal(remove('configmaps', 'a', {}, { admit }))).message).toBe('true a');
    expect(await api.names('configmaps')).toEqual(['a']);
  });

  it('is only judged in a dry run', async () => {
    await api.create('configmaps', { metadata: { name: 'a' } });
    await api.create('configmaps', { metadata: { name: 'b', finalizers: ['a.b/c'] } });
    const { revision } = api.storage;
    expect((await remove('configmaps', 'a', {}, { dryRun: true })).gone).toBe(true);
    expect((await remove('configmaps', 'b', {}, { dryRun: true })).gone).toBe(false);
    expect(api.storage.revision).toBe(revision);
  });

  it('happens once, however many ask', async () => {
    await api.create('configmaps', { metadata: { name: 'a' } });
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, () => remove('configmaps', 'a')),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('of a collection takes what is selected, over all pages', async () => {
    await Promise.all(
      Array.from({ length: 1100 }, (_, index) =>
        api.create('configmaps', {
          metadata: { name: `n-${index}`, labels: { keep: index % 100 === 0 ? 'yes' : 'no' } },
        }),
      ),
    );
    const gone = await api.registry.deleteCollection(
      api.definition('configmaps'),
      { namespace: 'default', labelSelector: 'keep=no' },
      {},
      contextOf(),
    );
    expect(gone.items).toHaveLength(1089);
    expect(gone.continue).toBeUndefined();
    expect(await api.names('configmaps')).toHaveLength(11);
  });

  it('of an event happens by itself an hour after it was written last', async () => {
    let now = NOW.getTime();
    let wake = (): void => undefined;
    const storage = createMemoryStorage({
      now: () => new Date(now),
      timer: (callback) => {
        wake = callback;
        return () => undefined;
      },
    });
    const events = await fixture(storage);
    const later = async (seconds: number): Promise<string[]> => {
      now += seconds * 1000;
      wake();
      await turn();
      return events.names('events');
    };
    await events.create('events', {
      metadata: { name: 'e' },
      involvedObject: { kind: 'Node', name: 'n', namespace: 'default' },
    });
    expect(await later(3_599)).toEqual(['e']);
    await events.patch('events', 'e', 'merge', { count: 2 });
    expect(await later(3_599)).toEqual(['e']);
    await expect.poll(() => later(1)).toEqual([]);
    await events.close();
  });
});
