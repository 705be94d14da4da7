import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { causesOf, type Fixture, fixture } from '../registry/fixture.ts';

let api: Fixture;
beforeAll(async () => {
  api = await fixture();
});
afterAll(() => api.close());

const I = 'FieldValueInvalid';
const R = 'FieldValueRequired';
const D = 'FieldValueDuplicate';
const N = 'FieldValueNotSupported';
const F = 'FieldValueForbidden';
const L = 'FieldValueTooLong';

const named = (more: object): Record<string, unknown> => ({ metadata: { name: 'x' }, ...more });
const meta = (metadata: object): Record<string, unknown> => ({ metadata });

/** Each was sent to kube-apiserver 1.36.3, and refused for these reasons. */
const REFUSED: readonly (readonly [string, Record<string, unknown>, readonly string[]])[] = [
  ['secrets', {}, [`${R} metadata.name`]],
  ['secrets', meta({ name: 'Bad_Name' }), [`${I} metadata.name`]],
  ['secrets', meta({ generateName: 'Bad' }), [`${I} metadata.generateName`, `${I} metadata.name`]],
  [
    'secrets',
    meta({ name: 'a', labels: { '-x': 'y', a: '--' } }),
    [`${I} metadata.labels`, `${I} metadata.labels`],
  ],
  [
    'secrets',
    meta({
      name: 'a',
      annotations: { 'A/B/C': '' },
      finalizers: ['x', 'foo.bar/x', 'orphan', 'foregroundDeletion'],
    }),
    [`${I} metadata.annotations`, `${I} metadata.finalizers`, `${I} metadata.finalizers[0]`],
  ],
  [
    'secrets',
    meta({ name: 'a', ownerReferences: [{ apiVersion: '', kind: '', name: '', uid: '' }] }),
    ['apiVersion', 'kind', 'name', 'uid'].map((field) => `${I} metadata.ownerReferences.${field}`),
  ],
  [
    'secrets',
    meta({
      name: 'a',
      ownerReferences: [
        { apiVersion: 'v1', kind: 'Event', name: 'a', uid: 'b', controller: true },
        { apiVersion: 'v1', kind: 'K', name: 'a', uid: 'c', controller: true },
      ],
    }),
    [`${I} metadata.ownerReferences`, `${I} metadata.ownerReferences`],
  ],
  ['secrets', named({ data: { 'a/b': 'YQ==', '..': '' } }), [`${I} data[..]`, `${I} data[a/b]`]],
  ['secrets', named({ type: 'kubernetes.io/tls' }), [`${R} data[tls.crt]`, `${R} data[tls.key]`]],
  [
    'secrets',
    named({ type: 'kubernetes.io/basic-auth' }),
    [`${R} data[username]`, `${R} data[password]`],
  ],
  ['secrets', named({ type: 'kubernetes.io/ssh-auth' }), [`${R} data[ssh-privatekey]`]],
  ['secrets', named({ type: 'kubernetes.io/dockercfg' }), [`${R} data[.dockercfg]`]],
  [
    'secrets',
    named({ type: 'kubernetes.io/dockerconfigjson', stringData: { '.dockerconfigjson': 'x' } }),
    [`${I} data[.dockerconfigjson]`],
  ],
  [
    'secrets',
    named({ type: 'kubernetes.io/service-account-token' }),
    [`${R} metadata.annotations[kubernetes.io/service-account.name]`],
  ],
  ['secrets', named({ stringData: { a: 'x'.repeat(1024 * 1024 + 1) } }), [`${L} data`]],
  [
    'configmaps',
    named({ data: { 'a b': '', x: '1' }, binaryData: { x: 'YQ==' } }),
    [`${I} data[a b]`, `${I} data[x]`],
  ],
  ['configmaps', named({ data: { a: 'x'.repeat(1024 * 1024 + 1) } }), [`${L} []`]],
  ['serviceaccounts', meta({ name: 'SA' }), [`${I} metadata.name`]],
  ['nodes', meta({ name: 'N1' }), [`${I} metadata.name`]],
  [
    'nodes',
    named({
      spec: {
        taints: [
          { key: '', effect: '' },
          { key: 'a', effect: 'X', value: '--' },
          { key: 'b', effect: 'NoExecute' },
          { key: 'b', effect: 'NoExecute' },
        ],
      },
    }),
    [
      `${I} metadata.taints[0].key`,
      `${I} metadata.taints[0].key`,
      `${R} metadata.taints[0].effect`,
      `${I} metadata.taints[1].value`,
      `${N} metadata.taints[1].effect`,
      `${D} metadata.taints[3]`,
    ],
  ],
  [
    'nodes',
    named({ status: { capacity: { cpu: '-1' } } }),
    [`${I} status.capacity.cpu`, `${I} status.allocatable.cpu`],
  ],
  ['nodes', named({ spec: { podCIDRs: ['10.0.0.0/8', '11.0.0.0/8'] } }), [`${I} spec.podCIDRs`]],
  ['nodes', named({ spec: { podCIDRs: ['10.0.0.0/33'] } }), [`${I} spec.podCIDRs[0]`]],
  ['events', named({ involvedObject: { namespace: 'x' } }), [`${I} involvedObject.namespace`]],
  [
    'events',
    named({ involvedObject: { namespace: 'default' }, eventTime: '2026-01-01T00:00:00.000000Z' }),
    [
      `${R} reportingComponent`,
      `${I} reportingComponent`,
      `${I} reportingComponent`,
      `${R} reportingInstance`,
      `${R} action`,
      `${R} reason`,
    ],
  ],
  [
    'leases',
    named({ spec: { leaseDurationSeconds: 0, leaseTransitions: -1 } }),
    [`${I} spec.leaseDurationSeconds`, `${I} spec.leaseTransitions`],
  ],
  [
    'clusterroles',
    named({
      rules: [
        { verbs: [], apiGroups: [''], resources: ['x'] },
        { verbs: ['get'] },
        { verbs: ['get'], nonResourceURLs: ['/x'], resources: ['x'] },
      ],
    }),
    [
      `${R} rules[0].verbs`,
      `${R} rules[1].apiGroups`,
      `${R} rules[1].resources`,
      `${I} rules[2].nonResourceURLs`,
    ],
  ],
  ['roles', meta({ name: 'a/b' }), [`${I} metadata.name`]],
  [
    'roles',
    named({ rules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }] }),
    [`${I} rules[0].nonResourceURLs`],
  ],
  ['clusterroles', named({ aggregationRule: {} }), [`${R} aggregationRule.clusterRoleSelectors`]],
  [
    'clusterroles',
    named({
      aggregationRule: {
        clusterRoleSelectors: [
          {
            matchExpressions: [
              { key: 'a', operator: 'In' },
              { key: 'a', operator: 'Exists', values: ['x'] },
            ],
          },
        ],
      },
    }),
    [
      `${R} aggregationRule.clusterRoleSelectors[0].matchExpressions[0].values`,
      `${F} aggregationRule.clusterRoleSelectors[0].matchExpressions[1].values`,
      `${I} aggregationRule.clusterRoleSelectors[0]`,
    ],
  ],
  [
    'clusterrolebindings',
    named({
      roleRef: { kind: 'Role', name: '', apiGroup: 'x' },
      subjects: [
        { kind: 'User', name: '' },
        { kind: 'ServiceAccount', name: 'X', apiGroup: 'y' },
        { kind: 'Foo', name: 'x' },
        { kind: 'Group', name: 'g', apiGroup: 'z' },
      ],
    }),
    [
      `${N} roleRef.apiGroup`,
      `${N} roleRef.kind`,
      `${R} roleRef.name`,
      `${R} subjects[0].name`,
      `${I} subjects[1].name`,
      `${N} subjects[1].apiGroup`,
      `${R} subjects[1].namespace`,
      `${N} subjects[2].kind`,
      `${N} subjects[3].apiGroup`,
    ],
  ],
  ['namespaces', meta({ name: 'a.b' }), [`${I} metadata.name`]],
  ['namespaces', named({ spec: { finalizers: ['x'] } }), [`${I} spec.finalizers`]],
];

describe('a new object', () => {
  it.each(REFUSED)('of %s is refused: %j', async (resource, object, causes) => {
    expect(await causesOf(api.create(resource, object))).toEqual(causes);
  });
});

describe('an update', () => {
  it('changes neither the type of a secret nor one that is immutable', async () => {
    await api.create('secrets', named({ stringData: { k: 'v' } }));
    expect(await causesOf(api.update('secrets', 'x', { type: 'other' }))).toEqual([`${I} type`]);
    await api.update('secrets', 'x', { immutable: true, stringData: { k: 'v' } });
    expect(await causesOf(api.update('secrets', 'x', { stringData: { k: 'w' } }))).toEqual([
      `${F} immutable`,
      `${F} data`,
    ]);
    await api.update('secrets', 'x', {
      metadata: { labels: { a: 'b' } },
      immutable: true,
      stringData: { k: 'v' },
    });
  });

  it('does not change an immutable ConfigMap', async () => {
    await api.create('configmaps', named({ immutable: true, data: { k: 'v' } }));
    expect(
      await causesOf(api.update('configmaps', 'x', { data: {}, binaryData: { q: 'YQ==' } })),
    ).toEqual([`${F} immutable`, `${F} data`, `${F} binaryData`]);
  });

  it('does not move a binding to another role', async () => {
    const roleRef = { kind: 'ClusterRole', name: 'view' };
    await api.create('rolebindings', named({ roleRef }));
    const moved = api.update('rolebindings', 'x', { roleRef: { ...roleRef, name: 'edit' } });
    expect(await causesOf(moved)).toEqual([`${I} roleRef`]);
    await api.update('rolebindings', 'x', { roleRef, subjects: [{ kind: 'User', name: 'u' }] });
  });

  it('does not change what a node got once', async () => {
    await api.create('nodes', named({ spec: { podCIDR: '10.0.0.0/24', providerID: 'a' } }));
    const changed = api.update('nodes', 'x', {
      spec: { podCIDR: '10.1.0.0/24', providerID: 'b', externalID: 'q' },
    });
    expect(await causesOf(changed)).toEqual([
      `${F} spec.podCIDRs`,
      `${F} spec.providerID`,
      `${F} spec.externalID`,
    ]);
    const twice = { type: 'InternalIP', address: '1.1.1.1' };
    expect(
      await causesOf(
        api.patch('nodes', 'x', 'merge', { status: { addresses: [twice, twice] } }, 'status'),
      ),
    ).toEqual([`${D} status.addresses[1]`]);
  });

  it('of a node and of its status keep out of each other', async () => {
    await api.create('nodes', { metadata: { name: 'y' }, status: { phase: 'Running' } });
    const main = await api.patch('nodes', 'y', 'merge', {
      spec: { unschedulable: true },
      status: { phase: 'Other' },
    });
    expect(main.object).toMatchObject({
      spec: { unschedulable: true },
      status: { phase: 'Running' },
    });
    const status = await api.patch(
      'nodes',
      'y',
      'merge',
      { spec: { unschedulable: false }, status: { phase: 'Other' } },
      'status',
    );
    expect(status.object).toMatchObject({
      spec: { unschedulable: true },
      status: { phase: 'Other' },
    });
  });
});

describe('defaults', () => {
  it('are those of upstream', async () => {
    const node = await api.create('nodes', {
      metadata: { name: 'd' },
      spec: { podCIDR: '10.0.0.0/24' },
      status: {
        capacity: {
          cpu: 1.5,
          memory: '1.5Gi',
          'ephemeral-storage': '1e3',
          pods: 110,
          x: '0.1',
          y: '1000k',
          z: '1025',
        },
      },
    });
    const capacity = {
      cpu: '1500m',
      'ephemeral-storage': '1e3',
      memory: '1536Mi',
      pods: '110',
      x: '100m',
      y: '1M',
      z: '1025',
    };
    expect(node.object).toMatchObject({
      spec: { podCIDR: '10.0.0.0/24', podCIDRs: ['10.0.0.0/24'] },
      status: { capacity, allocatable: capacity },
    });
    const binding = await api.create('clusterrolebindings', {
      metadata: { name: 'd' },
      roleRef: { kind: 'ClusterRole', name: 'view' },
      subjects: [
        { kind: 'Group', name: 'g' },
        { kind: 'ServiceAccount', name: 's', namespace: 'n' },
      ],
    });
    expect(binding.object).toMatchObject({
      roleRef: { apiGroup: 'rbac.authorization.k8s.io' },
      subjects: [
        { apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'g' },
        { kind: 'ServiceAccount', name: 's', namespace: 'n' },
      ],
    });
    const account = await api.create('serviceaccounts', {
      metadata: { name: 'd' },
      secrets: [{ name: 'x', namespace: 'y', kind: 'z' }],
      automountServiceAccountToken: false,
    });
    expect(account.object).toMatchObject({
      secrets: [{ name: 'x' }],
      automountServiceAccountToken: false,
    });
    const lease = await api.create('leases', {
      metadata: { name: 'd' },
      spec: { holderIdentity: '', strategy: 'OldestEmulationVersion' },
    });
    expect(lease.object).toMatchObject({ spec: { holderIdentity: '' } });
    expect(lease.object).not.toHaveProperty('spec.strategy');
  });
});
