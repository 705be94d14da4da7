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

  it('knows the policies, and that no garbage collector runs', async () => {
    await api.create('configmaps', { metadata: { name: 'a' } });
    const wrong = remove('configmaps', 'a', { propagationPolicy: 'Foo' });
    expect(await causesOf(wrong)).toEqual(['FieldValueNotSupported propagationPolicy']);
    const both = remove('configmaps', 'a', { propagationPolicy: 'Orphan', orphanDependents: true });
    expect(await causesOf(both)).toEqual(['FieldValueInvalid propagationPolicy']);
    // Nobody would take the finalizer away again.
    expect((await remove('configmaps', 'a', { propagationPolicy: 'Foreground' })).gone).toBe(true);
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
    expect(await later(1)).toEqual([]);
    await events.close();
  });
});
