import { describe, expect, it } from 'vitest';
import { Graph } from '../../../src/controllers/garbage-collector/graph.ts';
import type { ObjectMeta, OwnerReference } from '../../../src/kubernetes/index.ts';

const MAP = { apiVersion: 'v1', kind: 'ConfigMap' };

function tracked(): { graph: Graph; taken: () => string[] } {
  const asked: string[] = [];
  const graph = new Graph({
    attemptToDelete: (uid) => asked.push(`delete ${uid}`),
    attemptToDeleteLater: (uid) => asked.push(`later ${uid}`),
    attemptToOrphan: (uid) => asked.push(`orphan ${uid}`),
    absent: ({ uid, name }) => asked.push(`absent ${uid} ${name}`),
    invalidNamespace: (dependent, owner) => asked.push(`invalid ${dependent.uid} ${owner.uid}`),
  });
  return { graph, taken: () => asked.splice(0) };
}
const meta = (uid: string, more: ObjectMeta = {}): ObjectMeta => ({
  uid,
  name: `n-${uid}`,
  namespace: 'n',
  ...more,
});
const ref = (uid: string, more: Partial<OwnerReference> = {}): OwnerReference => ({
  ...MAP,
  name: `n-${uid}`,
  uid,
  ...more,
});
const owned = (uid: string, ...ownerReferences: OwnerReference[]): ObjectMeta =>
  meta(uid, { ownerReferences });

describe('the graph of owners', () => {
  it('forgets at once what is nobody’s and owns nobody', () => {
    const { graph, taken } = tracked();
    for (let uid = 0; uid < 1000; uid += 1) graph.observe(MAP, meta(String(uid)));
    expect(graph.size).toBe(0);
    graph.observe(MAP, owned('d', ref('o')));
    expect(graph.size).toBe(2);
    expect(taken()).toEqual(['delete o']);
    graph.observe(MAP, meta('o'));
    graph.observe(MAP, owned('d'));
    expect(graph.size).toBe(0);
    graph.observe(MAP, meta('w', { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['x'] }));
    expect(graph.size).toBe(0);
  });

  it('asks of what is only named whether it is there', () => {
    const { graph, taken } = tracked();
    graph.observe(MAP, owned('d', ref('o')));
    expect(graph.get('o')?.observed).toBe(false);
    taken();
    graph.notFound({ ...MAP, namespace: 'n', name: 'n-o', uid: 'o' });
    expect(taken()).toEqual(['absent o n-o', 'delete d']);
    expect(graph.size).toBe(1);
  });

  it('does not believe that what has been seen is gone because it is not elsewhere', () => {
    const { graph, taken } = tracked();
    graph.observe(MAP, owned('d', ref('o')));
    graph.observe(MAP, owned('e', ref('o', { name: 'wrong' })));
    graph.observe(MAP, meta('o'));
    taken();
    graph.notFound({ ...MAP, namespace: 'n', name: 'wrong', uid: 'o' });
    expect(graph.get('o')?.observed).toBe(true);
    expect(taken()).toEqual(['absent o wrong', 'delete e']);
  });

  it('tries each place that dependents name before it takes an owner for gone', () => {
    const { graph, taken } = tracked();
    const places = ['n-o', 'second', 'third'];
    for (const [index, name] of places.entries()) {
      graph.observe(MAP, owned(`d${index}`, ref('o', { name })));
    }
    taken();
    for (const [index, name] of places.entries()) {
      expect(graph.get('o')?.identity.name).toBe(name);
      graph.notFound({ ...MAP, namespace: 'n', name, uid: 'o' });
      expect(taken()).toEqual([`absent o ${name}`, `delete d${index}`, 'later o']);
    }
    // They go round until their dependents are gone.
    expect(graph.get('o')?.identity.name).toBe('n-o');
    for (const index of places.keys()) graph.deleted(meta(`d${index}`));
    expect(graph.size).toBe(0);
  });

  it('takes what a list does not have for doubtful, not for gone', () => {
    const { graph, taken } = tracked();
    graph.observe(MAP, meta('o'));
    graph.observe(MAP, owned('d', ref('o')));
    graph.observe(MAP, meta('o'));
    taken();
    graph.listed({ apiVersion: 'v1', kind: 'Secret' }, new Set());
    graph.listed(MAP, new Set(['o', 'd']));
    expect(taken()).toEqual([]);
    graph.listed(MAP, new Set(['d']));
    expect(taken()).toEqual(['delete o']);
    expect(graph.get('o')?.observed).toBe(false);
    // It was newer than the list.
    graph.observe(MAP, meta('o'));
    expect(graph.get('o')?.observed).toBe(true);
    expect(taken()).toEqual([]);
  });

  it('wakes who waits when nothing blocks it any more', () => {
    const { graph, taken } = tracked();
    const waiting = {
      deletionTimestamp: '2026-01-01T00:00:00Z',
      finalizers: ['foregroundDeletion'],
    };
    const blocking = ref('o', { blockOwnerDeletion: true });
    graph.observe(MAP, owned('d', blocking));
    graph.observe(MAP, owned('e', blocking));
    graph.observe(MAP, meta('o', waiting));
    expect(taken()).toEqual(['delete o', 'delete d', 'delete e', 'delete o']);
    expect(
      graph
        .get('o')
        ?.blockingDependents()
        .map(({ uid }) => uid),
    ).toEqual(['d', 'e']);
    graph.observe(MAP, meta('o', waiting));
    expect(taken()).toEqual([]);
    graph.observe(MAP, owned('d', ref('o')));
    expect(taken()).toEqual(['delete o']);
    graph.deleted(meta('e'));
    expect(taken()).toEqual(['delete o']);
    expect(graph.get('o')?.blockingDependents()).toEqual([]);
    graph.deleted(meta('o'));
    expect(taken()).toEqual(['absent o n-o', 'delete d']);
  });

  it('orphans once', () => {
    const { graph, taken } = tracked();
    const waiting = { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['orphan'] };
    graph.observe(MAP, meta('o', waiting));
    graph.observe(MAP, meta('o', { ...waiting, labels: { a: 'b' } }));
    expect(taken()).toEqual(['orphan o']);
    graph.observe(MAP, meta('o', { ...waiting, finalizers: ['x'] }));
    expect(graph.size).toBe(0);
  });

  it('tells of an owner in another namespace, whoever is seen first', () => {
    const { graph, taken } = tracked();
    graph.observe(MAP, owned('d', ref('o')));
    taken();
    graph.observe(MAP, meta('o', { namespace: 'other' }));
    expect(taken()).toEqual(['invalid d o', 'delete d']);
    graph.observe(MAP, owned('e', ref('o')));
    expect(taken()).toEqual(['invalid e o', 'delete e']);
  });

  it('has a thing own itself', () => {
    const { graph, taken } = tracked();
    graph.observe(MAP, owned('d', ref('d')));
    graph.deleted(meta('d'));
    taken();
    expect(graph.size).toBe(0);
  });
});
