/** What DELETE does by its options. Nobody is there who would take the collector's finalizers away. */
import { type Case, get, named, patch, post, put, remove } from '../case.ts';

const C = '/api/v1/namespaces/default/configmaps',
  P = '/api/v1/namespaces/default/pods',
  N = '/api/v1/namespaces',
  E = '/api/v1/namespaces/default/events',
  D = '/apis/scheduling.k8s.io/v1/priorityclasses';
const held = (name: string, ...finalizers: string[]): Case =>
  post(C, { metadata: { name, finalizers } });
const pod = (name: string, metadata: object = {}, more: object = {}): Case =>
  post(P, {
    metadata: { name, ...metadata },
    spec: { containers: [{ name: 'c', image: 'i' }], nodeName: 'n', ...more },
  });
const options = (more: object): object => ({ kind: 'DeleteOptions', apiVersion: 'v1', ...more });
const event = (name: string, more: object = {}): Case =>
  post(E, { metadata: { name, ...more }, involvedObject: { namespace: 'default', name: 'x' } });

/** A configmap of its own for each way to delete it, and what is there afterwards. */
const ways: readonly (readonly [
  what: string,
  body?: object | undefined,
  ...finalizers: string[],
])[] = [
  ['', options({ propagationPolicy: 'Foreground' })],
  ['', options({ propagationPolicy: 'Orphan' })],
  ['', options({ propagationPolicy: 'Background' })],
  ['', options({ orphanDependents: true })],
  ['', options({ orphanDependents: false })],
  ['?propagationPolicy=Foreground'],
  ['?propagationPolicy=Orphan&gracePeriodSeconds=5'],
  ['?orphanDependents=true'],
  ['?orphanDependents=false'],
  ['?gracePeriodSeconds=-3'],
  ['?propagationPolicy=Foreground&dryRun=All'],
  ['?orphanDependents=nonsense'],
  ['?propagationPolicy=Foreground&orphanDependents=true'],
  ['', options({ propagationPolicy: 'Foreground', orphanDependents: false })],
  ['', options({ propagationPolicy: 'Sideways' })],
  ['', options({ propagationPolicy: '' })],
  ['', options({ orphanDependents: 'yes' })],
  ['', options({ ignoreStoreReadErrorWithClusterBreakingPotential: true })],
  ['', options({ ignoreStoreReadErrorWithClusterBreakingPotential: 'x' })],
  ['?ignoreStoreReadErrorWithClusterBreakingPotential=true'],
  ['', options({ unknown: 1 })],
  ['', options({ preconditions: { uid: 'other' } })],
  ['', options({ preconditions: { resourceVersion: '1' } })],
  ['', options({ preconditions: { uid: '{{uid}}', resourceVersion: '{{rv}}' } })],
  ['', options({ preconditions: { uid: '' } })],
  ['', options({ dryRun: ['All', 'x'] })],
  ['', undefined, 'foregroundDeletion'],
  ['', undefined, 'orphan'],
  ['', undefined, 'a.b/c', 'orphan'],
  ['', options({ propagationPolicy: 'Background' }), 'orphan'],
  ['', options({ propagationPolicy: 'Background' }), 'foregroundDeletion', 'a.b/c'],
  ['', options({ propagationPolicy: 'Foreground' }), 'a.b/c', 'orphan'],
  ['', options({ propagationPolicy: 'Orphan' }), 'foregroundDeletion', 'a.b/c'],
  ['', options({ orphanDependents: false }), 'foregroundDeletion', 'a.b/c'],
  ['', options({ orphanDependents: true }), 'a.b/c'],
  [
    '',
    options({ propagationPolicy: 'Foreground', preconditions: { resourceVersion: '{{rv}}' } }),
    'a.b/c',
  ],
  ['', options({ propagationPolicy: 'Foreground', gracePeriodSeconds: 30 }), 'a.b/c'],
];

const eachWay = ways.flatMap(([query, body, ...finalizers], index): Case[] => {
  const name = `way-${index}`;
  return [held(name, ...finalizers), remove(`${C}/${name}${query}`, body), get(`${C}/${name}`)];
});

export const CASES: readonly Case[] = [
  ...eachWay,
  // What has begun can change its mind, as long as nothing graceful is under way.
  held('mind', 'a.b/c'),
  remove(`${C}/mind`, options({ propagationPolicy: 'Foreground' })),
  remove(`${C}/mind`, options({ propagationPolicy: 'Orphan' })),
  remove(`${C}/mind`),
  remove(`${C}/mind`, options({ propagationPolicy: 'Background' })),
  patch(`${C}/mind`, { metadata: { finalizers: ['a.b/c', 'orphan'] } }),
  patch(`${C}/mind`, { metadata: { finalizers: null } }),
  get(`${C}/mind`),
  held('mind', 'foregroundDeletion', 'orphan'),
  held('mind', 'nonsense'),
  post(C, named('mind')),
  remove(`${C}/mind`, options({ propagationPolicy: 'Orphan' })),
  put(`${C}/mind`, { metadata: { name: 'mind', finalizers: ['orphan'] }, data: { a: 'b' } }),
  put(`${C}/mind`, { metadata: { name: 'mind' } }),
  get(`${C}/mind`),
  // References to owners.
  post(C, {
    metadata: {
      name: 'owned',
      ownerReferences: [
        { apiVersion: 'v1', kind: 'ConfigMap', name: 'a', uid: 'u', blockOwnerDeletion: true },
        { apiVersion: 'v1', kind: 'ConfigMap', name: 'a', uid: 'v', controller: true },
      ],
    },
  }),
  patch(
    `${C}/owned`,
    { metadata: { ownerReferences: [{ $patch: 'delete', uid: 'u' }], uid: '{{uid}}' } },
    'application/strategic-merge-patch+json',
  ),
  patch(
    `${C}/owned`,
    { metadata: { ownerReferences: [{ $patch: 'delete', uid: 'x' }], uid: 'other' } },
    'application/strategic-merge-patch+json',
  ),
  post(C, {
    metadata: {
      name: 'ill-owned',
      ownerReferences: [
        { apiVersion: 'v1', kind: 'Event', name: 'a', uid: 'u' },
        { apiVersion: '', kind: '', name: '', uid: '' },
        { apiVersion: 'v1', kind: 'A', name: 'a', uid: 'a', controller: true },
        { apiVersion: 'v1', kind: 'A', name: 'b', uid: 'b', controller: true },
      ],
    },
  }),
  // Collections, each with all options.
  post(C, { metadata: { name: 'c1', labels: { c: '1' } } }),
  post(C, { metadata: { name: 'c2', labels: { c: '1' }, finalizers: ['a.b/c'] } }),
  post(C, { metadata: { name: 'c3', labels: { c: '1' } } }),
  remove(`${C}?labelSelector=c%3D1&dryRun=All`),
  remove(`${C}?labelSelector=c%3D1&limit=1`),
  remove(`${C}?labelSelector=c%3D1`, options({ propagationPolicy: 'Sideways' })),
  remove(`${C}?labelSelector=c%3D1`, options({ preconditions: { uid: 'other' } })),
  remove(`${C}?labelSelector=c%3D1`, options({ propagationPolicy: 'Foreground' })),
  get(`${C}?labelSelector=c%3D1`),
  remove(`${C}?labelSelector=c%3D1`, options({ propagationPolicy: 'Background' })),
  get(`${C}?labelSelector=c%3D1`),
  remove(`${C}?fieldSelector=metadata.name%3Dc2&propagationPolicy=Orphan`),
  remove(`${C}?sendInitialEvents=true`),
  remove(`${C}?resourceVersionMatch=Exact`),
  // Pods have a time to end.
  pod('p1'),
  remove(`${P}/p1`, options({ propagationPolicy: 'Foreground' })),
  remove(`${P}/p1`, options({ propagationPolicy: 'Orphan' })),
  remove(`${P}/p1`, options({ gracePeriodSeconds: 60 })),
  remove(`${P}/p1`, options({ gracePeriodSeconds: 10, propagationPolicy: 'Orphan' })),
  remove(`${P}/p1`, options({ gracePeriodSeconds: 0, propagationPolicy: 'Background' })),
  get(`${P}/p1`),
  pod('p2', { finalizers: ['a.b/c'] }),
  remove(`${P}/p2?gracePeriodSeconds=-1`),
  remove(`${P}/p2?gracePeriodSeconds=0`),
  remove(`${P}/p2`, options({ propagationPolicy: 'Foreground' })),
  remove(`${P}/p2`, options({ propagationPolicy: 'Background' })),
  patch(`${P}/p2`, { metadata: { finalizers: null } }),
  get(`${P}/p2`),
  pod('p3'),
  remove(`${P}/p3?gracePeriodSeconds=0`),
  get(`${P}/p3`),
  pod('p4', {}, { nodeName: '' }),
  remove(`${P}/p4`, options({ propagationPolicy: 'Foreground' })),
  get(`${P}/p4`),
  // Nothing is an event's dependent.
  event('e1'),
  remove(`${E}/e1`, options({ propagationPolicy: 'Foreground' })),
  event('e2', { finalizers: ['orphan', 'a.b/c'] }),
  remove(`${E}/e2`, options({ propagationPolicy: 'Orphan' })),
  patch(`${E}/e2`, { metadata: { finalizers: null } }),
  // Namespaces only begin to go.
  post(N, named('n1')),
  remove(`${N}/n1`, options({ preconditions: { uid: 'other' } })),
  remove(`${N}/n1?dryRun=All`),
  remove(`${N}/n1`, options({ orphanDependents: false })),
  remove(`${N}/n1`, options({ propagationPolicy: 'Background' })),
  remove(`${N}/n1`, options({ preconditions: { uid: 'other' } })),
  post(`${N}/n1/configmaps`, named('x')),
  put(`${N}/n1/finalize`, { metadata: { name: 'n1' }, spec: { finalizers: [] } }),
  remove(`${N}/n1`, options({ propagationPolicy: 'Background' })),
  get(`${N}/n1`),
  post(N, named('n2')),
  remove(`${N}/n2`, options({ orphanDependents: true })),
  put(`${N}/n2/finalize`, { metadata: { name: 'n2' }, spec: { finalizers: ['a.b/c'] } }),
  patch(`${N}/n2`, { metadata: { finalizers: null } }),
  put(`${N}/n2/finalize`, { metadata: { name: 'n2' }, spec: {} }),
  get(`${N}/n2`),
  post(N, named('n3')),
  put(`${N}/n3/finalize`, { metadata: { name: 'n3' } }),
  remove(`${N}/n3`),
  get(`${N}/n3`),
  remove(`${N}/n3`),
  get(`${N}/n3`),
  post(N, { metadata: { name: 'n4', finalizers: ['a.b/c'] }, spec: { finalizers: ['d.e/f'] } }),
  remove(`${N}/n4`),
  put(`${N}/n4/finalize`, { metadata: { name: 'n4', finalizers: ['a.b/c'] }, spec: {} }),
  patch(`${N}/n4`, { metadata: { finalizers: [] } }),
  get(`${N}/n4`),
  remove(`${N}/default`, options({ propagationPolicy: 'Foreground' })),
  remove(`${N}/none`),
  remove(N),
  post(D, named('d1', { value: 7 })),
  remove(`${D}/d1`, options({ propagationPolicy: 'Foreground' })),
  patch(`${D}/d1`, { metadata: { finalizers: null } }),
  remove(`${D}/system-node-critical`),
];
