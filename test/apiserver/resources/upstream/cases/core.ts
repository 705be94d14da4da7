/** Namespaces, secrets, config maps, service accounts, nodes and leases: what each refuses, fills in and keeps. */
import { type Case, get, named, patch, post, put, remove, table } from '../case.ts';

const N = '/api/v1/namespaces',
  S = `${N}/default/secrets`,
  C = `${N}/default/configmaps`,
  A = `${N}/default/serviceaccounts`,
  NODES = '/api/v1/nodes',
  L = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const badSecret = (more: object): Case => post(S, named('bad', more));
const badConfig = (more: object): Case => post(C, named('bad', more));
const typed = (type: string, data: object, meta: object = {}): Case =>
  post(S, { metadata: { name: 'bad', ...meta }, type: `kubernetes.io/${type}`, data });
const badNode = (spec: object, more: object = {}): Case =>
  post(NODES, named('bad', { spec, ...more }));
const badLease = (spec: object): Case => post(L, named('bad', { spec }));

const namespaces: readonly Case[] = [
  post(N, { metadata: { name: 'n1', labels: { 'kubernetes.io/metadata.name': 'other' } } }),
  post(N, named('n2', { spec: { finalizers: ['a.b/c'] }, status: { phase: 'Terminating' } })),
  post(N, named('bad', { spec: { finalizers: ['bad one', 'nowhere', ''] } })),
  post(N, named('with.dots')),
  post(N, named('n'.repeat(64))),
  patch(`${N}/n1`, { metadata: { labels: null } }),
  patch(`${N}/n1`, { spec: { finalizers: [] } }),
  put(`${N}/n1/finalize`, named('n1', { spec: { finalizers: ['kubernetes', 'a.b/d'] } })),
  put(`${N}/n1/finalize`, named('n1', { spec: { finalizers: ['x y'] } })),
  put(`${N}/n1/finalize`, named('n1', { spec: { finalizers: ['kubernetes'] } })),
  put(`${N}/absent/finalize`, named('absent')),
  get(`${N}/n1/finalize`),
  patch(`${N}/n1/status`, { status: { phase: 'Terminating' } }),
  patch(`${N}/n1/status`, {
    status: { conditions: [{ type: 'A', status: 'True', lastTransitionTime: null }] },
  }),
  get(`${N}?fieldSelector=status.phase%3DActive,metadata.name%3Dn1`),
  get(`${N}?fieldSelector=metadata.namespace%3Dn1`),
  remove(`${N}/default`),
  remove(`${N}/kube-system`),
  remove(N),
  remove(`${N}/n1`, { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Orphan' }),
  remove(`${N}/n2`),
  get(`${N}/n2`),
  post(`${N}/n2/configmaps`, named('late')),
  put(`${N}/n2/finalize`, named('n2', { spec: { finalizers: [] } })),
  get(`${N}/n2`),
];

const secrets: readonly Case[] = [
  post(S, named('s1', { stringData: { a: 'over' }, data: { a: base64('under'), '.b': '' } })),
  post(S, named('s2', { immutable: true, data: { a: base64('1') } })),
  badSecret({ data: { 'a/b': '', '..': '', '.': '', '..c': '', ['k'.repeat(254)]: '' } }),
  badSecret({ data: { a: 'no base64!' } }),
  badSecret({ data: { a: 1 } }),
  badSecret({ data: { a: base64('x'.repeat(1024 * 1024)), b: base64('y') } }),
  typed('service-account-token', {}),
  typed(
    'service-account-token',
    {},
    { annotations: { 'kubernetes.io/service-account.name': 'nobody' } },
  ),
  typed('basic-auth', {}),
  typed('basic-auth', { username: '' }),
  typed('dockercfg', {}),
  typed('dockercfg', { '.dockercfg': base64('x') }),
  typed('dockerconfigjson', { '.dockerconfigjson': base64('[]') }),
  typed('dockerconfigjson', { '.dockerconfigjson': base64('{}') }),
  typed('ssh-auth', {}),
  typed('ssh-auth', { 'ssh-privatekey': '' }),
  typed('tls', {}),
  typed('tls', { 'tls.crt': '', 'tls.key': '' }),
  patch(`${S}/s1`, { type: 'other' }),
  patch(`${S}/s1`, { stringData: { a: 'again', c: 'new' } }),
  patch(`${S}/s1`, { data: { a: null, c: null, '.b': null } }),
  patch(`${S}/s2`, { immutable: false, data: { a: base64('2') } }),
  patch(`${S}/s2`, { metadata: { labels: { a: 'b' } } }),
  get(`${S}?fieldSelector=type%3DOpaque,metadata.name%3Ds1`),
  table(`${S}?fieldSelector=metadata.name%3Ds1`),
];

const configMaps: readonly Case[] = [
  post(C, named('c1', { data: { a: '', b: 'x\ny' }, binaryData: { c: base64('\0') } })),
  post(C, named('c2', { immutable: true, data: { a: '1' } })),
  badConfig({ data: { 'a b': '', '..': '' }, binaryData: { '.': '', 'a b': '' } }),
  badConfig({ data: { a: '' }, binaryData: { a: '' } }),
  badConfig({ data: { a: 1 } }),
  badConfig({ data: ['a'] }),
  badConfig({ binaryData: { a: '%' } }),
  badConfig({ data: { a: 'x'.repeat(1024 * 1024), b: 'y' } }),
  patch(`${C}/c1`, { data: null, binaryData: null }),
  patch(`${C}/c2`, { data: { a: '2' }, binaryData: { b: '' } }),
  patch(`${C}/c2`, { immutable: null }),
  patch(`${C}/c2`, { metadata: { annotations: { a: 'b' } } }),
  get(`${C}?fieldSelector=metadata.name%3Dc1,metadata.namespace%3Ddefault`),
  get(`${C}?fieldSelector=data.a%3Dx`),
  table(`${C}?fieldSelector=metadata.name%3Dc1`),
];

const accounts: readonly Case[] = [
  post(A, named('a1')),
  post(
    A,
    named('a2', { secrets: [{ name: 's', namespace: 'n', uid: 'u' }, {}], imagePullSecrets: [{}] }),
  ),
  post(A, named('a3', { automountServiceAccountToken: false })),
  patch(`${A}/a1`, { secrets: [{ name: 's', kind: 'Secret' }] }),
  patch(`${A}/a1`, { automountServiceAccountToken: true }),
  get(`${A}/a1/token`, { label: 'token of an account' }),
  table(`${A}?fieldSelector=metadata.name%3Da1`),
  remove(`${A}/a2`),
];

const node = (status: object): Case => patch(`${NODES}/n1/status`, { status });
const nodes: readonly Case[] = [
  post(NODES, {
    metadata: { name: 'n1', labels: { 'node-role.kubernetes.io/worker': '' } },
    spec: {
      podCIDR: '10.1.0.0/24',
      podCIDRs: ['10.1.0.0/24'],
      providerID: 'p',
      taints: [{ key: 'a', effect: 'NoExecute' }],
    },
    status: {
      capacity: { cpu: '1000m', memory: '1024Mi' },
      addresses: [{ type: 'InternalIP', address: '1.2.3.4' }],
    },
  }),
  post(NODES, named('n2', { spec: { podCIDRs: ['10.2.0.0/24', 'fd00::/64'] } })),
  badNode({ podCIDR: '10.1.0.0/24', podCIDRs: ['10.2.0.0/24'] }),
  badNode({ podCIDR: 'x' }),
  badNode({ podCIDRs: ['10.1.0.0/24', '10.2.0.0/24'] }),
  badNode({ podCIDRs: ['10.1.0.0/24', '10.2.0.0/24', 'fd00::/64'] }),
  badNode({
    taints: [
      { key: 'a b', value: '--', effect: 'x' },
      { key: '', effect: '' },
      { key: 'c', effect: 'NoSchedule' },
      { key: 'c', effect: 'NoSchedule' },
    ],
  }),
  badNode({ configSource: {} }),
  badNode({ taints: [{ key: 'a', effect: 'NoSchedule', timeAdded: 'x' }] }),
  badNode({}, { status: { capacity: { cpu: 'x' } } }),
  badNode({}, { status: { capacity: { cpu: '-1', 'a b': '1', hugepages: '1' } } }),
  patch(`${NODES}/n1`, { spec: { podCIDR: '10.9.0.0/24', podCIDRs: ['10.9.0.0/24'] } }),
  patch(`${NODES}/n1`, { spec: { providerID: 'q' } }),
  patch(`${NODES}/n2`, { spec: { providerID: 'q' } }),
  patch(`${NODES}/n1`, { spec: { externalID: 'x' } }),
  patch(`${NODES}/n1`, { spec: { unschedulable: true } }),
  patch(`${NODES}/n1`, { metadata: { annotations: { 'node.alpha.kubernetes.io/ttl': '0' } } }),
  patch(`${NODES}/n1`, {
    metadata: { annotations: { 'scheduler.alpha.kubernetes.io/preferAvoidPods': 'x' } },
  }),
  node({ conditions: [{ type: 'Ready', status: 'True' }], nodeInfo: { kubeletVersion: 'v1' } }),
  node({
    conditions: [
      { type: 'Ready', status: 'False' },
      { type: 'Other', status: 'x' },
    ],
  }),
  node({
    addresses: [
      { type: 'InternalIP', address: '1.2.3.4' },
      { type: 'InternalIP', address: '1.2.3.4' },
    ],
  }),
  node({ capacity: { cpu: '2.5', memory: '1Gi', 'a.b/c': '3' }, allocatable: { cpu: '1' } }),
  node({ images: [{ names: ['b', 'a'], sizeBytes: 5 }] }),
  node({ daemonEndpoints: { kubeletEndpoint: { Port: 10250 } } }),
  node({ phase: 'x', volumesInUse: ['b'] }),
  get(`${NODES}?fieldSelector=spec.unschedulable%3Dtrue`),
  get(`${NODES}?fieldSelector=spec.providerID%3Dx`),
  table(NODES),
  remove(`${NODES}/n1`),
];

const leases: readonly Case[] = [
  post(L, named('l1')),
  post(
    L,
    named('l2', {
      spec: {
        acquireTime: '2020-01-01T00:00:00Z',
        renewTime: '2020-01-01T00:00:00.5+01:00',
        leaseTransitions: 0,
      },
    }),
  ),
  badLease({ leaseDurationSeconds: 0 }),
  badLease({ leaseDurationSeconds: -1, leaseTransitions: -1 }),
  badLease({ leaseDurationSeconds: 2 ** 31 }),
  badLease({ leaseDurationSeconds: 1.5 }),
  badLease({ renewTime: '2020' }),
  badLease({ holderIdentity: '' }),
  badLease({ strategy: 'x' }),
  badLease({ strategy: 'OldestEmulationVersion' }),
  badLease({ preferredHolder: 'a' }),
  patch(`${L}/l1`, { spec: { holderIdentity: 'x', leaseDurationSeconds: 5 } }),
  patch(`${L}/l1`, { spec: { leaseDurationSeconds: -5 } }),
  put(`${L}/l3`, named('l3', { spec: {} })),
  get(`${L}?fieldSelector=spec.holderIdentity%3Dx`),
  table(L),
];

export const CASES: readonly Case[] = [
  ...namespaces,
  ...secrets,
  ...configMaps,
  ...accounts,
  ...nodes,
  ...leases,
];
