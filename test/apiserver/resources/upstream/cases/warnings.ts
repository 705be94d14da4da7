/** What is taken, and told of all the same. */
import { type Case, named, patch, post, put } from '../case.ts';
import { CA, LEAF } from '../material.ts';

const NS = '/api/v1/namespaces/default';
const base64 = (text: string): string => Buffer.from(text).toString('base64');
const container = { name: 'c', image: 'i' };
const pod = (name: string, spec: object = {}, metadata: object = {}): Case =>
  post(`${NS}/pods`, {
    metadata: { name, ...metadata },
    spec: { containers: [container], ...spec },
  });
const replaced = { key: 'beta.kubernetes.io/os', operator: 'In', values: ['a', '--'] };
const term = { topologyKey: 'a' };

const pods: readonly Case[] = [
  pod('with.dots'),
  pod('selected', {
    nodeSelector: { 'beta.kubernetes.io/arch': 'x' },
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ ...replaced, values: ['a'] }] }],
        },
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 1, preference: { matchExpressions: [replaced] } },
        ],
      },
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [term],
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, podAffinityTerm: term }],
      },
      podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] },
    },
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'failure-domain.beta.kubernetes.io/zone',
        whenUnsatisfiable: 'ScheduleAnyway',
      },
    ],
  }),
  pod(
    'annotated',
    {},
    {
      annotations: {
        'scheduler.alpha.kubernetes.io/critical-pod': '',
        'security.alpha.kubernetes.io/sysctls': '',
        'seccomp.security.alpha.kubernetes.io/pod': 'x',
        'container.seccomp.security.alpha.kubernetes.io/c': 'x',
      },
    },
  ),
  pod('mounts', {
    volumes: [
      { name: 'a', gitRepo: { repository: 'x' } },
      { name: 'b', rbd: { monitors: ['m'], image: 'i' } },
      { name: 'c', cephfs: { monitors: ['m'] } },
      { name: 'd', glusterfs: { endpoints: 'e', path: 'p' } },
      { name: 'e', storageos: { volumeName: 'v', volumeNamespace: 'n' } },
      {
        name: 'f',
        configMap: {
          name: 'm',
          items: [
            { key: 'k', path: 'a' },
            { key: 'l', path: 'a/b' },
          ],
        },
      },
      {
        name: 'g',
        secret: {
          secretName: 's',
          items: [
            { key: 'k', path: 'a' },
            { key: 'l', path: 'a' },
          ],
        },
      },
      {
        name: 'h',
        projected: {
          sources: [
            { configMap: { name: 'm', items: [{ key: 'k', path: 'a' }] } },
            { secret: { name: 's', items: [{ key: 'k', path: 'a/b' }] } },
            { serviceAccountToken: { path: 'a/b' } },
          ],
        },
      },
      {
        name: 'i',
        ephemeral: {
          volumeClaimTemplate: {
            spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '0.5' } } },
          },
        },
      },
    ],
  }),
  pod('twice', {
    hostAliases: [{ ip: '1.2.3.4' }, { ip: '1.2.3.4' }, { ip: '01.2.3.4' }],
    imagePullSecrets: [{ name: 'a' }, { name: 'a' }, {}],
    dnsConfig: { nameservers: ['2001:DB8::1'] },
    terminationGracePeriodSeconds: -1,
    containers: [
      {
        ...container,
        resources: { limits: { memory: '1500m', 'ephemeral-storage': '1500m' } },
        env: [
          { name: 'A', value: '1' },
          { name: 'A', value: '2' },
          { name: 'A', value: '$(A)3' },
          { name: 'A', value: '$(A)' },
        ],
        ports: [
          { name: 'p', containerPort: 80 },
          { name: 'q', containerPort: 80, hostPort: 80 },
          { containerPort: 81, hostIP: '1.2.3.4' },
        ],
      },
      {
        ...container,
        name: 'd',
        ports: [
          { name: 'p', containerPort: 80 },
          { containerPort: 80, hostPort: 81, hostIP: '1.2.3.4' },
        ],
      },
    ],
  }),
  patch(`${NS}/pods/with.dots/status`, {
    status: {
      podIPs: [{ ip: '01.2.3.4' }],
      podIP: '01.2.3.4',
      hostIPs: [{ ip: '::1' }],
      hostIP: '::1',
    },
  }),
];

const S = `${NS}/services`;
const ports = [{ port: 80 }];
const service = (name: string, spec: object, metadata: object = {}): Case =>
  post(S, { metadata: { name, ...metadata }, spec: { ports, ...spec } });
const services: readonly Case[] = [
  service('hints', {}, { annotations: { 'service.kubernetes.io/topology-aware-hints': 'auto' } }),
  service('headless', { clusterIP: 'None', sessionAffinity: 'ClientIP', externalIPs: ['1.2.3.4'] }),
  service('external', { externalIPs: ['01.2.3.4'], externalName: 'a.b' }),
  service('named', { type: 'ExternalName', externalName: 'a.b', externalIPs: ['1.2.3.4'] }),
  service('balanced', {
    type: 'LoadBalancer',
    loadBalancerIP: '2001:DB8::1',
    loadBalancerSourceRanges: ['10.1.2.3/8', '010.0.0.0/8', '2001:DB8::/64'],
    trafficDistribution: 'PreferClose',
  }),
  patch(`${S}/balanced`, { spec: { trafficDistribution: 'PreferSameZone' } }),
  patch(`${S}/balanced/status`, { status: { loadBalancer: { ingress: [{ ip: '2001:DB8::1' }] } } }),
];

const tls = (name: string, certificate: string, key: string): Case =>
  post(`${NS}/secrets`, {
    metadata: { name },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': base64(certificate), 'tls.key': base64(key) },
  });
const KEY = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n';
const enforced = { annotations: { 'kubernetes.io/enforce-mountable-secrets': 'true' } };
const others: readonly Case[] = [
  tls('t1', '', ''),
  tls('t2', CA, ''),
  tls('t3', CA, LEAF),
  tls('t4', KEY, KEY),
  tls('t5', CA.replaceAll('CERTIFICATE', 'OTHER'), KEY),
  tls('t6', CA, CA.replaceAll('CERTIFICATE', 'OTHER') + CA),
  patch(`${NS}/secrets/t1`, { metadata: { labels: { a: 'b' } } }),
  post(`${NS}/serviceaccounts`, { metadata: { name: 'a1', ...enforced } }),
  patch(`${NS}/serviceaccounts/a1`, { metadata: { labels: { a: 'b' } } }),
  post('/api/v1/nodes', named('n1', { spec: { podCIDRs: ['10.1.2.3/24'], externalID: 'x' } })),
  patch('/api/v1/nodes/n1', { metadata: { labels: { a: 'b' } } }),
  post(
    `${NS}/endpoints`,
    named('e1', { subsets: [{ addresses: [{ ip: '2001:DB8::1' }], ports }] }),
  ),
  put(`${NS}/endpoints/e1`, {
    metadata: {
      name: 'e1',
      labels: { 'endpoints.kubernetes.io/managed-by': 'endpoint-controller' },
    },
    subsets: [{ addresses: [{ ip: '2001:DB8::1' }], ports }],
  }),
  post(
    '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices',
    named('s1', {
      addressType: 'IPv6',
      endpoints: [{ addresses: ['2001:DB8::1'] }],
    }),
  ),
  post(
    '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices',
    named('s2', {
      addressType: 'FQDN',
      endpoints: [{ addresses: ['a.b'] }],
    }),
  ),
  post(
    '/apis/node.k8s.io/v1/runtimeclasses',
    named('r1', {
      handler: 'h',
      scheduling: { nodeSelector: { 'beta.kubernetes.io/os': 'x' } },
    }),
  ),
  post(
    '/apis/storage.k8s.io/v1/csidrivers',
    named('d1', { spec: { tokenRequests: [{ audience: '' }] } }),
  ),
  patch('/apis/storage.k8s.io/v1/csidrivers/d1', { metadata: { labels: { a: 'b' } } }),
  post(
    '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations',
    named('a.static.k8s.io'),
  ),
  post(
    '/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations',
    named('a.static.k8s.io'),
  ),
  post(`${NS}/configmaps`, {
    metadata: {
      name: 'owned',
      ownerReferences: [1, 2].map(() => ({ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u' })),
      finalizers: ['a.b/c'],
    },
  }),
];

export const CASES: readonly Case[] = [...pods, ...services, ...others];
