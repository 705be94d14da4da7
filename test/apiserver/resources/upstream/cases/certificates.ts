/** Requests for certificates, those of pods, and bundles of trust anchors: good, refused, decided and signed. */
import { type Case, get, named, patch, post, put, remove, table } from '../case.ts';
import { CSR } from '../examples.ts';
import {
  CA,
  ED25519_KEY,
  ED25519_PROOF,
  FORGED_STUB,
  LEAF,
  ODD_POD,
  POD,
  RSA_STUB,
  STUB,
} from '../material.ts';

const G = '/apis/certificates.k8s.io',
  R = `${G}/v1/certificatesigningrequests`,
  T = `${G}/v1beta1/clustertrustbundles`,
  P = `${G}/v1beta1/namespaces/default/podcertificaterequests`;
const bob = (one: Case): Case => ({ ...one, as: 'bob' });
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const csr = (name: string, more: object = {}): object =>
  named(name, {
    spec: { request: CSR, signerName: 'example.com/s', usages: ['client auth'], ...more },
  });
const badCsr = (more: object): Case => post(R, csr('bad', more));
const decide = (name: string, type: string, more: object = {}, part = 'approval'): Case =>
  patch(`${R}/${name}/${part}`, {
    status: { conditions: [{ type, status: 'True', reason: 'r', message: 'm', ...more }] },
  });
const signed = (name: string, certificate: string): Case =>
  patch(`${R}/${name}/status`, { status: { certificate: base64(certificate) } });

const requests: readonly Case[] = [
  post(R, csr('r1')),
  post(
    R,
    csr('r2', {
      expirationSeconds: 600,
      username: 'other',
      groups: ['g'],
      uid: 'u',
      extra: { a: ['b'] },
    }),
  ),
  post(R, {
    ...csr('r3'),
    status: { certificate: base64(CA), conditions: [{ type: 'Approved', status: 'True' }] },
  }),
  badCsr({ request: '' }),
  badCsr({ request: base64('x') }),
  badCsr({ request: base64(CA) }),
  badCsr({ signerName: '' }),
  badCsr({ signerName: 'nodomain' }),
  badCsr({ signerName: 'a/b' }),
  badCsr({ signerName: 'A_.com/B_' }),
  badCsr({ signerName: 'a.b/c/d' }),
  badCsr({ signerName: `${'a'.repeat(64)}.b/c` }),
  badCsr({ signerName: 'kubernetes.io/legacy-unknown' }),
  badCsr({ usages: [] }),
  badCsr({ usages: ['x', 'client auth', 'client auth', 'any'] }),
  badCsr({ expirationSeconds: 599 }),
  badCsr({ expirationSeconds: -1, usages: [], signerName: '' }),
  patch(`${R}/r1`, { spec: { signerName: 'example.com/other', usages: [] } }),
  patch(`${R}/r1`, { status: { conditions: [{ type: 'Approved', status: 'True' }] } }),
  decide('r1', 'Approved'),
  decide('r1', 'Approved'),
  decide('r1', 'Denied'),
  patch(`${R}/r1/approval`, { status: { conditions: [] } }),
  decide('r2', 'Approved', { status: 'False' }),
  decide('r2', 'Other', { status: 'x' }),
  decide('r2', '', {}),
  decide('r2', 'Denied', { status: '' }),
  decide('r2', 'Denied'),
  decide('r3', 'Approved', {}, 'status'),
  decide('r3', 'Failed', {}, 'status'),
  patch(`${R}/r3/status`, { status: { conditions: [] } }),
  patch(`${R}/r1/approval`, { status: { certificate: base64(CA) } }),
  signed('r1', 'x'),
  signed('r1', CA.replaceAll('CERTIFICATE', 'OTHER')),
  signed('r1', CA.replace('-----\n', '-----\na: b\n\n')),
  signed('r1', '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n'),
  signed('r1', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
  signed('r1', `text\n${CA}${LEAF}`),
  signed('r1', CA),
  get(`${R}/r1/approval`),
  get(`${R}/r1/status`),
  get(`${R}?fieldSelector=spec.signerName%3Dexample.com/s,metadata.name%3Dr1`),
  get(`${R}?fieldSelector=spec.username%3Dx`),
  put(`${R}/absent/approval`, csr('absent')),
  table(R),
  bob(post(R, csr('mine'))),
  post(
    '/apis/rbac.authorization.k8s.io/v1/clusterroles',
    named('some', {
      rules: [
        {
          verbs: ['*'],
          apiGroups: ['certificates.k8s.io'],
          resources: [
            'certificatesigningrequests',
            'certificatesigningrequests/approval',
            'certificatesigningrequests/status',
            'clustertrustbundles',
            'podcertificaterequests',
            'podcertificaterequests/status',
          ],
        },
        {
          verbs: ['approve', 'sign', 'attest'],
          apiGroups: ['certificates.k8s.io'],
          resources: ['signers'],
          resourceNames: ['allowed.com/*'],
        },
      ],
    }),
  ),
  post(
    '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings',
    named('bob', {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'some' },
      subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'bob' }],
    }),
  ),
  { ...bob(post(R, csr('mine', { signerName: 'allowed.com/s' }))), settles: true },
  bob(post(R, csr('other', { signerName: 'kubernetes.io/kube-apiserver-client' }))),
  bob(decide('mine', 'Approved')),
  bob(decide('other', 'Approved')),
  bob(decide('other', 'Failed', {}, 'status')),
  bob(signed('mine', CA)),
];

const bundle = (name: string, trustBundle: string, more: object = {}): Case =>
  post(T, named(name, { spec: { trustBundle, ...more } }));
const bundles: readonly Case[] = [
  bundle('t1', CA),
  bundle('example.com:s:t2', `# text\n${CA}`, { signerName: 'example.com/s' }),
  bundle('a:b', CA),
  bundle('t3', CA, { signerName: 'example.com/s' }),
  bundle('example.com:s:', CA, { signerName: 'example.com/s' }),
  bundle('example.com:s:A_', CA, { signerName: 'example.com/s' }),
  bundle('nodomain:t', CA, { signerName: 'nodomain' }),
  bundle('bad', ''),
  bundle('bad', 'x'),
  bundle('bad', LEAF),
  bundle('bad', CA + CA),
  bundle('bad', CA.replaceAll('CERTIFICATE', 'OTHER')),
  bundle('bad', CA.replace('-----\n', '-----\na: b\n\n')),
  bundle('bad', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
  bundle('bad', CA + LEAF),
  bundle('bad', 'x'.repeat(1024 * 1024 + 1)),
  post(T, {
    metadata: { generateName: 'example.com:s:' },
    spec: { trustBundle: 'x', signerName: 'example.com/s' },
  }),
  patch(`${T}/t1`, { spec: { signerName: 'example.com/s' } }),
  patch(`${T}/example.com:s:t2`, { spec: { signerName: 'example.com/other' } }),
  patch(`${T}/t1`, { spec: { trustBundle: 'x' } }),
  patch(`${T}/t1`, { spec: { trustBundle: `\n${CA}` } }),
  put(`${T}/t1`, named('t1', { spec: { trustBundle: CA } })),
  get(`${T}?fieldSelector=spec.signerName%3Dexample.com/s`),
  get(`${T}?fieldSelector=spec.trustBundle%3Dx`),
  get(`${T}/t1/status`),
  table(T),
  bob(bundle('allowed.com:s:b', CA, { signerName: 'allowed.com/s' })),
  bob(bundle('other.com:s:b', CA, { signerName: 'other.com/s' })),
  bob(bundle('b', CA)),
  bob(patch(`${T}/example.com:s:t2`, { metadata: { labels: { a: 'b' } } })),
  bob(
    patch(`${T}/example.com:s:t2`, {
      metadata: { ownerReferences: [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'u' }] },
    }),
  ),
  bob(patch(`${T}/t1`, { metadata: { labels: { a: 'b' } } })),
  bob(remove(`${T}/example.com:s:t2`)),
];

export const podRequest = {
  signerName: 'example.com/s',
  podName: 'p',
  podUID: 'pod-uid',
  serviceAccountName: 'sa',
  serviceAccountUID: 'sa-uid',
  nodeName: 'n',
  nodeUID: 'node-uid',
  maxExpirationSeconds: 3600,
  stubPKCS10Request: STUB,
};
const pod = (name: string, more: object = {}): Case =>
  post(P, named(name, { spec: { ...podRequest, ...more } }));
const badPod = (more: object): Case => pod('bad', more);
const keyed = {
  stubPKCS10Request: undefined,
  pkixPublicKey: ED25519_KEY,
  proofOfPossession: ED25519_PROOF,
};
const time = '2020-01-01T00:00:00Z';
const told = (type: string, more: object = {}, condition: object = {}): object => ({
  status: {
    conditions: [
      { type, status: 'True', reason: 'R', message: 'm', lastTransitionTime: time, ...condition },
    ],
    ...more,
  },
});
const tell = (name: string, ...of: readonly [string, object?, object?]): Case =>
  patch(`${P}/${name}/status`, told(...of));
const issued = { certificateChain: POD, notBefore: time, notAfter: time, beginRefreshAt: time };

const podRequests: readonly Case[] = [
  pod('p1'),
  pod('p2', {
    maxExpirationSeconds: undefined,
    unverifiedUserAnnotations: { 'a.b/c': 'd', 'b.b/c': '' },
  }),
  pod('p3', keyed),
  pod('p4'),
  post(P, named('p5', { spec: podRequest, ...told('Issued') })),
  badPod({
    signerName: '',
    podName: '',
    podUID: '',
    serviceAccountName: '',
    serviceAccountUID: '',
    nodeName: '',
    nodeUID: '',
  }),
  badPod({
    signerName: 'x',
    podName: 'A_',
    podUID: 'x'.repeat(129),
    serviceAccountName: 'A_',
    serviceAccountUID: 'x'.repeat(129),
    nodeName: 'A_',
    nodeUID: 'x'.repeat(129),
  }),
  badPod({ maxExpirationSeconds: 3599 }),
  badPod({ maxExpirationSeconds: 7_862_401 }),
  badPod({ signerName: 'kubernetes.io/x', maxExpirationSeconds: 86_401 }),
  badPod({ signerName: 'a.kubernetes.io/x', maxExpirationSeconds: 86_401 }),
  badPod({ unverifiedUserAnnotations: { '': '', a: '', 'a.b/c d': '', '/x': '' } }),
  badPod({ stubPKCS10Request: undefined }),
  badPod({ stubPKCS10Request: base64('x') }),
  badPod({ stubPKCS10Request: FORGED_STUB }),
  badPod({ stubPKCS10Request: RSA_STUB }),
  badPod({ stubPKCS10Request: base64('x'.repeat(10_241)) }),
  badPod({ ...keyed, stubPKCS10Request: STUB }),
  badPod({ ...keyed, proofOfPossession: undefined }),
  badPod({ ...keyed, pkixPublicKey: base64('x') }),
  badPod({ ...keyed, proofOfPossession: base64('x') }),
  badPod({ ...keyed, podUID: 'another' }),
  badPod({ ...keyed, pkixPublicKey: base64('x'.repeat(10_241)) }),
  badPod({ ...keyed, proofOfPossession: base64('x'.repeat(10_241)) }),
  badPod({ stubPKCS10Request: '%' }),
  patch(`${P}/p1`, { spec: { podName: 'other' } }),
  patch(`${P}/p1`, { metadata: { labels: { a: 'b' } }, ...told('Denied') }),
  put(`${P}/p1`, named('p1', { spec: podRequest })),
  patch(`${P}/p1/status`, {
    metadata: { labels: { c: 'd' }, annotations: { a: 'b' }, finalizers: ['a.b/c'] },
  }),
  patch(`${P}/p1/status`, { status: { certificateChain: 'x' } }),
  tell('p1', 'Other'),
  tell('p1', 'Issued', {}, { status: 'False' }),
  tell(
    'p1',
    'Issued',
    {},
    { status: 'x', reason: '', lastTransitionTime: null, observedGeneration: -1 },
  ),
  tell('p1', 'Issued', {}, { reason: 'a b', message: 'm'.repeat(32_769) }),
  patch(`${P}/p1/status`, {
    status: {
      conditions: ['Issued', 'Denied'].map((type) => ({
        type,
        status: 'True',
        reason: 'R',
        message: '',
        lastTransitionTime: time,
      })),
    },
  }),
  tell('p1', 'Denied', { certificateChain: POD }),
  tell('p1', 'Issued'),
  tell('p1', 'Issued', { certificateChain: 'x' }),
  tell('p1', 'Issued', { certificateChain: CA.replaceAll('CERTIFICATE', 'OTHER') }),
  tell('p1', 'Issued', {
    certificateChain: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  }),
  tell('p1', 'Issued', { certificateChain: 'x'.repeat(102_401) }),
  tell('p1', 'Issued', { certificateChain: CA }),
  tell('p1', 'Issued', { certificateChain: ODD_POD }),
  tell('p1', 'Issued', { certificateChain: POD }),
  tell('p1', 'Issued', issued),
  tell('p4', 'Failed'),
  tell('p4', 'Denied'),
  tell('p4', 'Failed', {}, { message: 'other' }),
  get(`${P}/p4/status`),
  get(
    `${P}?fieldSelector=spec.nodeName%3Dn,spec.podName%3Dp,spec.signerName%3Dexample.com/s&limit=1`,
  ),
  get(`${P}?fieldSelector=spec.podUID%3Dx`),
  get(`${P}?fieldSelector=metadata.namespace%3Dother`),
  table(P),
  bob(pod('mine', { signerName: 'allowed.com/s' })),
  bob(pod('other')),
  bob(tell('mine', 'Denied')),
  bob(tell('other', 'Denied')),
  bob(patch(`${P}/other/status`, { metadata: { labels: { a: 'b' } } })),
  bob(remove(`${P}/mine`)),
];

const discovery: readonly Case[] = [
  get(G),
  get(`${G}/v1`),
  get(`${G}/v1beta1`),
  get('/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.certificates.k8s.io'),
];

export const CASES: readonly Case[] = [...requests, ...bundles, ...podRequests, ...discovery];
