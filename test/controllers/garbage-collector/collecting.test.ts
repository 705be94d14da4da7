/** What becomes of dependents when their owners go, by how these are deleted. */
import { beforeEach, describe, expect, it } from 'vitest';
import { collectGarbage } from '../../../src/controllers/garbage-collector/index.ts';
import type { ObjectMeta, OwnerReference } from '../../../src/kubernetes/index.ts';
import { eventually, type Found, nameOf, type OwnApi, ownApi, refTo } from '../own-api.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const ROLES = '/apis/rbac.authorization.k8s.io/v1/clusterroles';

let api: OwnApi;
beforeEach(async () => {
  api = await ownApi();
  await api.must('POST', '/api/v1/namespaces', { metadata: { name: 'other' } });
  for (const one of await api.all(MAPS)) await api.must('DELETE', `${MAPS}/${nameOf(one)}`);
  api.run(collectGarbage);
});

const create = async (name: string, metadata: ObjectMeta = {}, url = MAPS): Promise<Found> => {
  const made = await api.must('POST', url, { metadata: { name, ...metadata } });
  return made;
};
const owned = (name: string, ...ownerReferences: OwnerReference[]): Promise<Found> =>
  create(name, { ownerReferences });
const get = (name: string): Promise<Found> => api.must('GET', `${MAPS}/${name}`);
const gone = (...names: string[]): Promise<unknown> =>
  eventually(
    () => api.names(MAPS),
    (found) => names.every((name) => !found.includes(name)),
  );
/** When the collector has done all that it was given before: what comes later is behind it. */
async function quiet(): Promise<void> {
  const sentinel = await create('sentinel');
  await owned('sentinel-s', refTo(sentinel));
  await api.must('DELETE', `${MAPS}/sentinel`);
  await gone('sentinel', 'sentinel-s');
}
const release = (name: string): Promise<Found> =>
  api.must('PATCH', `${MAPS}/${name}`, { metadata: { finalizers: null } });

describe('in the background', () => {
  it('dependents follow their owner, and theirs follow them', async () => {
    const owner = await create('a');
    const child = await owned('b', refTo(owner));
    await owned('c', refTo(child, { controller: true }));
    await create('d');
    await api.must('DELETE', `${MAPS}/a`);
    await gone('a', 'b', 'c');
    expect(await api.names(MAPS)).toEqual(['d']);
  });

  it('what has another owner stays, and loses the reference', async () => {
    const [a, b] = [await create('a'), await create('b')];
    await owned('c', refTo(a), refTo(b));
    await api.must('DELETE', `${MAPS}/a`);
    const left = await eventually(
      () => get('c'),
      ({ metadata }) => metadata.ownerReferences?.length === 1,
    );
    expect(left.metadata.ownerReferences).toEqual([refTo(b)]);
    await api.must('DELETE', `${MAPS}/b`);
    await gone('c');
  });

  it('goes what names an owner that never was', async () => {
    await owned('a', { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'never' });
    await gone('a');
  });

  it('goes what names one of the same name that is another by now', async () => {
    const first = await create('a');
    await api.must('DELETE', `${MAPS}/a`);
    await create('a');
    await owned('b', refTo(first));
    await gone('b');
    expect(await api.names(MAPS)).toEqual(['a']);
  });

  it('an owner may be of the whole cluster', async () => {
    const role = await create('owner', {}, ROLES);
    await owned('a', refTo(role));
    const other = await create('dependent', { ownerReferences: [refTo(role)] }, ROLES);
    await quiet();
    expect(await api.names(MAPS)).toEqual(['a']);
    await api.must('DELETE', `${ROLES}/owner`);
    await gone('a');
    await eventually(
      () => api.names(ROLES),
      (found) => !found.includes(nameOf(other)),
    );
  });

  it('dependents keep what policy their own finalizers ask for', async () => {
    const owner = await create('a');
    const b = await create('b', { ownerReferences: [refTo(owner)], finalizers: ['orphan'] });
    await owned('c', refTo(b));
    await api.must('DELETE', `${MAPS}/a`);
    await gone('a', 'b');
    await quiet();
    expect((await get('c')).metadata.ownerReferences).toBeUndefined();
  });
});

describe('in the foreground', () => {
  it('the owner waits for what blocks it', async () => {
    const owner = await create('a');
    await create('b', {
      ownerReferences: [refTo(owner, { blockOwnerDeletion: true })],
      finalizers: ['a.b/c'],
    });
    await create('c', { ownerReferences: [refTo(owner)], finalizers: ['a.b/c'] });
    const marked = await api.must('DELETE', `${MAPS}/a?propagationPolicy=Foreground`);
    expect(marked.metadata.finalizers).toEqual(['foregroundDeletion']);
    for (const name of ['b', 'c']) {
      await eventually(
        () => get(name),
        ({ metadata }) => metadata.deletionTimestamp !== undefined,
      );
    }
    await quiet();
    expect(await api.names(MAPS)).toEqual(['a', 'b', 'c']);
    await release('b');
    await gone('a', 'b');
    // What does not block is not waited for.
    expect(await api.names(MAPS)).toEqual(['c']);
    await release('c');
    await gone('c');
  });

  it('dependents with dependents wait for theirs in turn', async () => {
    const owner = await create('a');
    const b = await owned('b', refTo(owner, { blockOwnerDeletion: true }));
    await create('c', {
      ownerReferences: [refTo(b, { blockOwnerDeletion: true })],
      finalizers: ['a.b/c'],
    });
    await api.must('DELETE', `${MAPS}/a?propagationPolicy=Foreground`);
    const between = await eventually(
      () => get('b'),
      ({ metadata }) => metadata.deletionTimestamp !== undefined,
    );
    expect(between.metadata.finalizers).toEqual(['foregroundDeletion']);
    await release('c');
    await gone('a', 'b', 'c');
  });

  it('a circle is broken', async () => {
    const a = await create('a');
    const b = await owned('b', refTo(a, { blockOwnerDeletion: true }));
    await api.must('PATCH', `${MAPS}/a`, {
      metadata: { ownerReferences: [refTo(b, { blockOwnerDeletion: true })] },
    });
    await api.must('DELETE', `${MAPS}/a?propagationPolicy=Foreground`);
    await gone('a', 'b');
  });

  it('what has another owner does not hold it up', async () => {
    const [a, b] = [await create('a'), await create('b')];
    await owned('c', refTo(a, { blockOwnerDeletion: true }), refTo(b));
    await api.must('DELETE', `${MAPS}/a?propagationPolicy=Foreground`);
    await gone('a');
    expect((await get('c')).metadata.ownerReferences).toEqual([refTo(b)]);
  });

  it('it may be called off, or a dependent may stop blocking', async () => {
    const owner = await create('a');
    await create('b', {
      ownerReferences: [refTo(owner, { blockOwnerDeletion: true })],
      finalizers: ['a.b/c'],
    });
    await api.must('DELETE', `${MAPS}/a?propagationPolicy=Foreground`);
    await api.must('PATCH', `${MAPS}/b`, { metadata: { ownerReferences: [refTo(owner)] } });
    await gone('a');
    expect(await api.names(MAPS)).toEqual(['b']);
    await release('b');
  });
});

describe('orphaned', () => {
  it('dependents lose the owner, before it goes', async () => {
    const owner = await create('a', { finalizers: ['a.b/c'] });
    const other = await create('other');
    for (let index = 0; index < 45; index += 1) {
      await owned(`d-${index}`, refTo(owner, { blockOwnerDeletion: true }), refTo(other));
    }
    await api.must('DELETE', `${MAPS}/a?propagationPolicy=Orphan`);
    await eventually(
      () => get('a'),
      ({ metadata }) => metadata.finalizers?.join() === 'a.b/c',
    );
    for (const { metadata } of await api.all(MAPS)) {
      if (metadata.name?.startsWith('d-') !== true) continue;
      expect(metadata.ownerReferences).toEqual([refTo(other)]);
    }
    await release('a');
    await gone('a');
    await quiet();
    expect(await api.names(MAPS)).toHaveLength(46);
  });
});

describe('an owner of another namespace', () => {
  it('is none: what names it goes, and people are told why', async () => {
    const owner = await create('a', {}, '/api/v1/namespaces/other/configmaps');
    // The owner is known as one, so that the mistake is seen.
    await create('own', { ownerReferences: [refTo(owner)] }, '/api/v1/namespaces/other/configmaps');
    await quiet();
    await owned('b', refTo(owner));
    await gone('b');
    const [event] = await eventually(
      () => api.all('/api/v1/namespaces/default/events'),
      (found) => found.length > 0,
    );
    const { uid = '' } = owner.metadata;
    expect(event).toMatchObject({
      type: 'Warning',
      reason: 'OwnerRefInvalidNamespace',
      message: `ownerRef [v1/ConfigMap, namespace: default, name: a, uid: ${uid}] does not exist in namespace "default"`,
      source: { component: 'garbage-collector-controller' },
    });
    expect(await api.names('/api/v1/namespaces/other/configmaps')).toEqual(['a', 'own']);
  });

  it('named by what is in none is left alone: nobody can say what is meant', async () => {
    const owner = await create('a');
    await create('bad', { ownerReferences: [refTo(owner)] }, ROLES);
    await create(
      'worse',
      { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'never' }] },
      ROLES,
    );
    await quiet();
    const roles = await api.names(ROLES);
    expect(roles).toContain('bad');
    expect(roles).toContain('worse');
  });
});

it('events are nobody’s', async () => {
  const url = '/api/v1/namespaces/default/events';
  await api.must('POST', url, {
    metadata: {
      name: 'e',
      ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'never' }],
    },
    involvedObject: { namespace: 'default' },
  });
  await quiet();
  expect(await api.names(url)).toEqual(['e']);
});
