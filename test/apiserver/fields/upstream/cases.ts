/** Applies, updates and patches of several managers, and what becomes of their fields. */
import { apply, applyText, type Case, get, patch, post, put, remove } from './case.ts';

const CORE = '/api/v1';
const MAPS = `${CORE}/namespaces/default/configmaps`;
const PODS = `${CORE}/namespaces/default/pods`;
const SERVICES = `${CORE}/namespaces/default/services`;
const NODES = `${CORE}/nodes`;
const ROLES = '/apis/rbac.authorization.k8s.io/v1/clusterroles';
const WEBHOOKS = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';
const POLICIES = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies';
const CSRS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const SLICES = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices';
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/default/leases';
const FLOWS = '/apis/flowcontrol.apiserver.k8s.io/v1/flowschemas';
const API_SERVICES = '/apis/apiregistration.k8s.io/v1/apiservices';
const LEVELS = '/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations';
const ACCOUNTS = `${CORE}/namespaces/default/serviceaccounts`;

const STRATEGIC = 'application/strategic-merge-patch+json';
const JSON_PATCH = 'application/json-patch+json';

const map = (name: string, more: object = {}, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  ...more,
});

const BASICS: readonly Case[] = [
  apply(
    'creates what is not there',
    `${MAPS}/a`,
    'fieldManager=one',
    map('a', { data: { x: '1', y: '2' } }, { labels: { app: 'a' } }),
  ),
  apply(
    'changes nothing',
    `${MAPS}/a`,
    'fieldManager=one',
    map('a', { data: { x: '1', y: '2' } }, { labels: { app: 'a' } }),
  ),
  apply(
    'shares what another has too',
    `${MAPS}/a`,
    'fieldManager=two',
    map('a', { data: { x: '1' } }),
  ),
  apply('has a conflict', `${MAPS}/a`, 'fieldManager=two', map('a', { data: { x: '3' } })),
  apply(
    'has conflicts',
    `${MAPS}/a`,
    'fieldManager=three',
    map('a', { data: { x: '3', y: '3' } }, { labels: { app: 'b' } }),
  ),
  apply(
    'takes fields by force',
    `${MAPS}/a`,
    'fieldManager=two&force=true',
    map('a', { data: { x: '3' } }),
  ),
  apply(
    'the first has lost one',
    `${MAPS}/a`,
    'fieldManager=one',
    map('a', { data: { y: '2' } }, { labels: { app: 'a' } }),
  ),
  apply(
    'gives up a field that is only its own',
    `${MAPS}/a`,
    'fieldManager=one',
    map('a', {}, { labels: { app: 'a' } }),
  ),
  apply('gives up the last ones', `${MAPS}/a`, 'fieldManager=one', map('a')),
  get('what is left', `${MAPS}/a`),
  put(
    'an update takes what it changes',
    `${MAPS}/a?fieldManager=four`,
    map('a', { data: { x: '4', z: '9' } }),
  ),
  patch(
    'a merge patch',
    `${MAPS}/a`,
    { data: { z: '10' }, metadata: { annotations: { n: 'v' } } },
    { agent: 'curl/8.0' },
  ),
  patch('a strategic merge patch', `${MAPS}/a`, { data: { w: '1' } }, { type: STRATEGIC }),
  patch('a JSON patch', `${MAPS}/a?fieldManager=five`, [{ op: 'remove', path: '/data/w' }], {
    type: JSON_PATCH,
  }),
  apply(
    'a conflict with an update',
    `${MAPS}/a`,
    'fieldManager=one',
    map('a', { data: { z: '11' } }),
  ),
  apply(
    'removes by its last item',
    `${MAPS}/a`,
    'fieldManager=one&force=true',
    map('a', { binaryData: { b: 'AA==' } }),
  ),
  apply('a field of somebody else stays', `${MAPS}/a`, 'fieldManager=one', map('a')),
  apply('a dry run', `${MAPS}/a`, 'fieldManager=one&dryRun=All', map('a', { data: { dry: '1' } })),
  get('is forgotten', `${MAPS}/a`),
];

const REFUSED: readonly Case[] = [
  apply('without a manager', `${MAPS}/a`, '', map('a')),
  apply('with a manager that cannot be printed', `${MAPS}/a`, 'fieldManager=a%07b', map('a')),
  apply(
    'with a manager that is too long',
    `${MAPS}/a`,
    `fieldManager=${'m'.repeat(129)}`,
    map('a'),
  ),
  patch('force of another patch', `${MAPS}/a?force=true`, {}),
  patch('force that is false', `${MAPS}/a?force=false`, {}),
  apply('with managedFields', `${MAPS}/a`, 'fieldManager=one', map('a', {}, { managedFields: [] })),
  apply('another name', `${MAPS}/a`, 'fieldManager=one', map('b')),
  apply('no name', `${MAPS}/a`, 'fieldManager=one', { apiVersion: 'v1', kind: 'ConfigMap' }),
  apply(
    'another namespace',
    `${MAPS}/a`,
    'fieldManager=one',
    map('a', {}, { namespace: 'kube-system' }),
  ),
  apply('another kind', `${MAPS}/a`, 'fieldManager=one', { ...map('a'), kind: 'Secret' }),
  apply('another version', `${MAPS}/a`, 'fieldManager=one', { ...map('a'), apiVersion: 'v2' }),
  apply('no kind', `${MAPS}/a`, 'fieldManager=one', { metadata: { name: 'a' } }),
  apply('an unknown field', `${MAPS}/a`, 'fieldManager=one', map('a', { colour: 'red' })),
  apply('a number for a text', `${MAPS}/a`, 'fieldManager=one', map('a', { data: { x: 1 } })),
  apply('a text for a boolean', `${MAPS}/a`, 'fieldManager=one', map('a', { immutable: 'yes' })),
  apply(
    'another uid',
    `${MAPS}/a`,
    'fieldManager=one',
    map('a', {}, { uid: 'b3bd8a56-6ddc-4b33-9e5d-2ea4ffbbbd2b' }),
  ),
  apply(
    'another resource version',
    `${MAPS}/a`,
    'fieldManager=one',
    map('a', {}, { resourceVersion: '1' }),
  ),
  apply(
    'a uid and nothing there',
    `${MAPS}/none`,
    'fieldManager=one',
    map('none', {}, { uid: 'b3bd8a56-6ddc-4b33-9e5d-2ea4ffbbbd2b' }),
  ),
  apply(
    'a resource version and nothing there',
    `${MAPS}/none2`,
    'fieldManager=one',
    map('none2', {}, { resourceVersion: '1' }),
  ),
  apply(
    'an invalid object',
    `${MAPS}/a`,
    'fieldManager=one',
    map('a', {}, { labels: { 'not good': 'x' } }),
  ),
  applyText('no YAML', `${MAPS}/a`, 'fieldManager=one', '{'),
  applyText('a list', `${MAPS}/a`, 'fieldManager=one', '[]'),
  applyText(
    'YAML',
    `${MAPS}/yaml`,
    'fieldManager=one',
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yaml\ndata:\n  a: b\n',
  ),
  applyText(
    'a key twice',
    `${MAPS}/yaml`,
    'fieldManager=one',
    '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"yaml"},"data":{"a":"b","a":"c"}}',
  ),
  applyText(
    'a key twice, strictly',
    `${MAPS}/yaml`,
    'fieldManager=one&fieldValidation=Strict',
    '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"yaml"},"data":{"a":"b","a":"c"}}',
  ),
  {
    name: 'CBOR',
    method: 'PATCH',
    path: `${MAPS}/a?fieldManager=one`,
    text: 'x',
    type: 'application/apply-patch+cbor',
  },
  apply(
    'a namespace that is not there',
    `${CORE}/namespaces/nowhere/configmaps/a`,
    'fieldManager=one',
    map('a'),
  ),
];

const pod = (name: string, spec: object): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec,
});

const LISTS: readonly Case[] = [
  apply(
    'a pod, with lists within lists',
    `${PODS}/p`,
    'fieldManager=one',
    pod('p', {
      automountServiceAccountToken: false,
      containers: [
        {
          name: 'c',
          image: 'i:1',
          ports: [{ containerPort: 443 }, { containerPort: 80, protocol: 'UDP' }],
          env: [
            { name: 'A', value: '1' },
            { name: 'B', value: '2' },
          ],
          resources: { limits: { cpu: '1000m', memory: '1Gi' } },
        },
        { name: 'b', image: 'i:2', command: ['a', 'b'] },
      ],
      tolerations: [{ key: 'k', operator: 'Exists' }],
    }),
  ),
  apply(
    'again, as it was',
    `${PODS}/p`,
    'fieldManager=one',
    pod('p', {
      automountServiceAccountToken: false,
      containers: [
        {
          name: 'c',
          image: 'i:1',
          ports: [{ containerPort: 443 }, { containerPort: 80, protocol: 'UDP' }],
          env: [
            { name: 'A', value: '1' },
            { name: 'B', value: '2' },
          ],
          resources: { limits: { cpu: '1000m', memory: '1Gi' } },
        },
        { name: 'b', image: 'i:2', command: ['a', 'b'] },
      ],
      tolerations: [{ key: 'k', operator: 'Exists' }],
    }),
  ),
  apply(
    'an image of another',
    `${PODS}/p`,
    'fieldManager=two',
    pod('p', { containers: [{ name: 'c', image: 'i:3' }] }),
  ),
  apply(
    'an image by force',
    `${PODS}/p`,
    'fieldManager=two&force=true',
    pod('p', { containers: [{ name: 'c', image: 'i:3' }] }),
  ),
  patch(
    'status by another',
    `${PODS}/p/status`,
    { status: { conditions: [{ type: 'Ready', status: 'True' }], phase: 'Running' } },
    { agent: 'kubelet/v1', type: STRATEGIC },
  ),
  apply('status applied', `${PODS}/p/status`, 'fieldManager=three', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', labels: { s: 't' } },
    spec: { nodeName: 'n' },
    status: { conditions: [{ type: 'Mine', status: 'True' }] },
  }),
  apply(
    'duplicate items',
    `${PODS}/p`,
    'fieldManager=one',
    pod('p', {
      containers: [
        { name: 'c', image: 'i:1' },
        { name: 'c', image: 'i:1' },
      ],
    }),
  ),
  apply(
    'items without a key',
    `${PODS}/p`,
    'fieldManager=one',
    pod('p', { containers: [{ image: 'i:1' }] }),
  ),
  post(
    'a pod that is created',
    PODS,
    pod('q', {
      containers: [{ name: 'c', image: 'i', volumeMounts: [{ name: 'v', mountPath: '/v' }] }],
      volumes: [{ name: 'v', emptyDir: {} }],
      securityContext: { runAsUser: 1 },
      imagePullSecrets: [{ name: 's' }],
      hostAliases: [{ ip: '1.2.3.4', hostnames: ['h'] }],
      topologySpreadConstraints: [
        { maxSkew: 1, topologyKey: 'z', whenUnsatisfiable: 'DoNotSchedule' },
      ],
    }),
    { agent: 'Mozilla/5.0 (X11)' },
  ),
  remove('deleting it changes no manager', `${PODS}/q`),
  apply('a service', `${SERVICES}/s`, 'fieldManager=one', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's' },
    spec: {
      selector: { a: 'b' },
      ports: [
        { name: 'http', port: 80 },
        { name: 'https', port: 443, targetPort: 'tls' },
      ],
    },
  }),
  apply('a port of another', `${SERVICES}/s`, 'fieldManager=two', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's' },
    spec: { ports: [{ name: 'dns', port: 53, protocol: 'UDP' }] },
  }),
  apply('a port goes', `${SERVICES}/s`, 'fieldManager=one', {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's' },
    spec: { selector: { a: 'c' }, ports: [{ name: 'https', port: 443, targetPort: 'tls' }] },
  }),
  patch(
    'a port by a patch',
    `${SERVICES}/s?fieldManager=three`,
    { spec: { ports: [{ port: 443, targetPort: 8443 }] } },
    { type: STRATEGIC },
  ),
  put('status of a service', `${SERVICES}/s/status?fieldManager=four`, {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 's' },
    spec: { ports: [{ port: 1 }] },
    status: {
      loadBalancer: {},
      conditions: [
        {
          type: 'X',
          status: 'True',
          reason: 'R',
          message: 'm',
          lastTransitionTime: '2026-01-01T00:00:00Z',
        },
      ],
    },
  }),
  apply('a slice of endpoints', `${SLICES}/e`, 'fieldManager=one', {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'e' },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'] }],
    ports: [{ port: 80 }],
  }),
  apply('its endpoints are one field', `${SLICES}/e`, 'fieldManager=two', {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'e' },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.2'] }],
  }),
  apply('service accounts have references', `${ACCOUNTS}/sa`, 'fieldManager=one', {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'sa' },
    imagePullSecrets: [{ name: 'x' }],
    secrets: [{ name: 'y' }],
  }),
];

const node = (more: object, metadata: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: 'n', ...metadata },
  ...more,
});

const NODE_CASES: readonly Case[] = [
  post(
    'a node with its status',
    NODES,
    node({
      spec: { taints: [{ key: 't', effect: 'NoSchedule' }] },
      status: {
        conditions: [{ type: 'Ready', status: 'False' }],
        addresses: [{ type: 'Hostname', address: 'n' }],
        capacity: { cpu: '1' },
      },
    }),
    { agent: 'kubelet/v1.36.3 (linux/amd64)' },
  ),
  patch(
    'its status',
    `${NODES}/n/status`,
    {
      status: {
        conditions: [{ type: 'Ready', status: 'True' }],
        addresses: [{ type: 'InternalIP', address: '10.0.0.9' }],
        nodeInfo: { kubeletVersion: 'v1' },
      },
    },
    { agent: 'kubelet/v1', type: STRATEGIC },
  ),
  patch(
    'a heartbeat',
    `${NODES}/n/status`,
    { status: { conditions: [{ type: 'Ready', lastHeartbeatTime: '2026-01-01T00:00:00Z' }] } },
    { agent: 'kubelet/v1', type: STRATEGIC },
  ),
  patch(
    'another condition',
    `${NODES}/n/status`,
    { status: { conditions: [{ type: 'Problem', status: 'False' }] } },
    { agent: 'problem-detector', type: STRATEGIC },
  ),
  apply(
    'taints of another',
    `${NODES}/n`,
    'fieldManager=two',
    node({ spec: { taints: [{ key: 'u', effect: 'NoExecute' }] } }),
  ),
  apply(
    'taints by force',
    `${NODES}/n`,
    'fieldManager=two&force=true',
    node({ spec: { taints: [{ key: 'u', effect: 'NoExecute' }] } }, { labels: { l: 'm' } }),
  ),
  apply(
    'status by the node itself',
    `${NODES}/n`,
    'fieldManager=two',
    node({ spec: { taints: [{ key: 'u', effect: 'NoExecute' }] }, status: { phase: 'Running' } }),
  ),
  apply(
    'conditions applied',
    `${NODES}/n/status`,
    'fieldManager=two',
    node({
      status: {
        conditions: [{ type: 'Mine', status: 'True' }],
        addresses: [{ type: 'ExternalIP', address: '1.1.1.1' }],
      },
    }),
  ),
  apply(
    'a condition of another',
    `${NODES}/n/status`,
    'fieldManager=three',
    node({ status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } }),
  ),
  put(
    'labels by status',
    `${NODES}/n/status?fieldManager=six`,
    node(
      { status: { conditions: [{ type: 'Ready', status: 'True' }] } },
      { labels: { by: 'status' } },
    ),
  ),
  get('the node', `${NODES}/n`),
];

const owner = (uid: string, name: string): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name,
  uid,
});

const METADATA: readonly Case[] = [
  apply(
    'finalizers and owners',
    `${MAPS}/m`,
    'fieldManager=one',
    map('m', {}, { finalizers: ['a.b/one'], ownerReferences: [owner('u1', 'o1')] }),
  ),
  apply(
    'a finalizer of another',
    `${MAPS}/m`,
    'fieldManager=two',
    map('m', {}, { finalizers: ['a.b/two'], ownerReferences: [owner('u2', 'o2')] }),
  ),
  apply(
    'an owner of another',
    `${MAPS}/m`,
    'fieldManager=two',
    map('m', {}, { ownerReferences: [owner('u1', 'changed')] }),
  ),
  apply(
    'finalizers go',
    `${MAPS}/m`,
    'fieldManager=one',
    map('m', {}, { ownerReferences: [owner('u1', 'o1')] }),
  ),
  remove('marked', `${MAPS}/m`),
  patch('while it is marked', `${MAPS}/m?fieldManager=three`, {
    metadata: { labels: { late: 'yes' } },
  }),
  patch('the last finalizer', `${MAPS}/m?fieldManager=three`, { metadata: { finalizers: null } }),
  post('a generated name', MAPS, {
    metadata: { generateName: 'g-', annotations: { a: '<b>&' } },
    data: { 'a<b': '1' },
  }),
  patch('null takes away', `${MAPS}/yaml?fieldManager=x`, { data: null }),
];

const ATOMIC: readonly Case[] = [
  apply('rules of a role', `${ROLES}/r`, 'fieldManager=one', {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'r' },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
  }),
  apply('rules are one field', `${ROLES}/r`, 'fieldManager=two', {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'r' },
    rules: [{ apiGroups: [''], resources: ['nodes'], verbs: ['get'] }],
  }),
  apply('rules by force', `${ROLES}/r`, 'fieldManager=two&force=true', {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: 'r' },
    rules: [{ apiGroups: [''], resources: ['nodes'], verbs: ['get'] }],
  }),
  apply('webhooks by their names', `${WEBHOOKS}/w`, 'fieldManager=one', {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'w' },
    webhooks: [
      {
        name: 'a.b.c',
        clientConfig: { url: 'https://a.b.c' },
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      },
    ],
  }),
  apply('a webhook of another', `${WEBHOOKS}/w`, 'fieldManager=two', {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'w' },
    webhooks: [
      {
        name: 'd.e.f',
        clientConfig: { url: 'https://d.e.f' },
        sideEffects: 'None',
        admissionReviewVersions: ['v1'],
      },
    ],
  }),
  apply('its own webhook goes', `${WEBHOOKS}/w`, 'fieldManager=two', {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'w', labels: { x: 'y' } },
  }),
  apply('a policy', `${POLICIES}/v`, 'fieldManager=one', {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'v' },
    spec: {
      matchConstraints: {
        resourceRules: [
          { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] },
        ],
      },
      validations: [{ expression: 'true' }],
    },
  }),
  apply('a lease', `${LEASES}/l`, 'fieldManager=one', {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'l' },
    spec: {
      holderIdentity: 'a',
      leaseDurationSeconds: 15,
      renewTime: '2026-01-01T00:00:00.000000Z',
    },
  }),
  put(
    'a lease renewed',
    `${LEASES}/l`,
    {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'l' },
      spec: {
        holderIdentity: 'a',
        leaseDurationSeconds: 15,
        renewTime: '2026-01-01T00:00:01.000000Z',
      },
    },
    { agent: 'leader' },
  ),
  apply('a time in another form', `${LEASES}/l`, 'fieldManager=one', {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name: 'l' },
    spec: { holderIdentity: 'a', renewTime: '2026-01-01T01:00:01+01:00' },
  }),
  apply('a flow schema', `${FLOWS}/f`, 'fieldManager=one', {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'FlowSchema',
    metadata: { name: 'f' },
    spec: { priorityLevelConfiguration: { name: 'exempt' }, matchingPrecedence: 9000 },
  }),
  apply('a priority level', `${LEVELS}/f`, 'fieldManager=one', {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'PriorityLevelConfiguration',
    metadata: { name: 'f' },
    spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } },
  }),
  put('the status of a priority level', `${LEVELS}/f/status?fieldManager=two`, {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1',
    kind: 'PriorityLevelConfiguration',
    metadata: { name: 'f', labels: { not: 'taken' } },
    spec: { type: 'Exempt' },
    status: {
      conditions: [
        {
          type: 'Mine',
          status: 'True',
          lastTransitionTime: '2026-01-01T00:00:00Z',
          reason: 'r',
          message: 'm',
        },
      ],
    },
  }),
  put('the status of a policy', `${POLICIES}/v/status?fieldManager=two`, {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'v', labels: { not: 'taken' } },
    spec: {},
    status: { observedGeneration: 1 },
  }),
  apply('an API service', `${API_SERVICES}/v1.example.com`, 'fieldManager=one', {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: 'v1.example.com' },
    spec: { group: 'example.com', version: 'v1', groupPriorityMinimum: 100, versionPriority: 10 },
  }),
];

const request = (pem: string, more: object = {}, metadata: object = {}): object => ({
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  metadata: { name: 'c', ...metadata },
  spec: { request: pem, signerName: 'example.com/signer', usages: ['client auth'] },
  ...more,
});

/** ECDSA P-256, `CN=me`. */
const PEM =
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlISE1HOENBUUF3RFRFTE1Ba0dBMVVFQXd3Q2JXVXdXVEFUQmdjcWhrak9QUUlCQmdncWhrak9QUU1CQndOQwpBQVFwb3NnNCtxOFcvZm9KOVR5OVEwRTRjakppVHN0RGEydk95L3RYc0xudmZNSFdCUkJwaWMyekwrb04rMlBCCmcvNGJ4K3JuR3pOdVpNR3M5NzdUelNrTG9BQXdDZ1lJS29aSXpqMEVBd0lEU0FBd1JRSWdHLzZVTzMvZWpNcSsKaDlhSmkxanFJVEo0emNvOVBuVHNBbzNOWGFyeUtqRUNJUUN1a1dmMzFVT1VpMGNuTzUvLzNtM2xkNmpBais3SQpnLytpWVUxSWlBeUdlUT09Ci0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=';

const CSR_CASES: readonly Case[] = [
  apply(
    'a certificate request',
    `${CSRS}/c`,
    'fieldManager=one',
    request(PEM, {}, { labels: { a: 'b' } }),
  ),
  patch('approved', `${CSRS}/c/approval?fieldManager=approver`, {
    status: { conditions: [{ type: 'Approved', status: 'True', reason: 'r', message: 'm' }] },
  }),
  apply('a condition by its approval', `${CSRS}/c/approval`, 'fieldManager=two', {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'c' },
    status: { conditions: [{ type: 'Approved', status: 'True', reason: 'other' }] },
  }),
  put(
    'by its status',
    `${CSRS}/c/status?fieldManager=signer`,
    request(PEM, {
      status: {
        conditions: [
          { type: 'Approved', status: 'True', reason: 'r', message: 'm' },
          { type: 'Failed', status: 'True' },
        ],
      },
    }),
  ),
  apply('labels only', `${CSRS}/c`, 'fieldManager=one', {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'c', labels: { a: 'c' } },
  }),
];

const entry = (manager: string, fieldsV1: unknown, more: object = {}): object => ({
  manager,
  operation: 'Update',
  apiVersion: 'v1',
  time: '2026-01-01T00:00:00Z',
  fieldsType: 'FieldsV1',
  fieldsV1,
  ...more,
});

const GIVEN: readonly Case[] = [
  post(
    'created with managers of its own',
    MAPS,
    map('h', { data: { x: '1' } }, { managedFields: [entry('me', { 'f:data': { 'f:x': {} } })] }),
  ),
  patch('nobody, by an empty entry', `${MAPS}/h`, { metadata: { managedFields: [{}] } }),
  patch('nobody is remembered', `${MAPS}/h?fieldManager=later`, { data: { y: '2' } }),
  apply('before the first apply', `${MAPS}/h`, 'fieldManager=one', map('h', { data: { z: '3' } })),
  patch('nobody, by an empty list', `${MAPS}/h`, { metadata: { managedFields: [] } }),
  patch('given ones', `${MAPS}/h?fieldManager=giver`, {
    metadata: {
      managedFields: [
        entry('b', { 'f:data': { 'f:z': {}, 'f:y': {}, '.': {} } }),
        entry(
          'a',
          { 'f:data': { 'v:1': {}, 'x:unknown': {}, 'k:{"b":1,"a":"<"}': { '.': {}, 'f:q': {} } } },
          { operation: 'Apply' },
        ),
      ],
    },
  }),
  patch('of a version that nobody knows', `${MAPS}/h`, {
    data: { y: '3' },
    metadata: {
      managedFields: [
        entry('old', { 'f:data': { 'f:z': {} } }, { apiVersion: 'v9' }),
        entry('new', { 'f:data': { 'f:z': {} } }),
      ],
    },
  }),
  patch('unreadable: an operation', `${MAPS}/h?fieldManager=later`, {
    data: { y: '4' },
    metadata: { managedFields: [entry('c', { 'f:data': {} }, { operation: 'Guess' })] },
  }),
  patch('unreadable: a set', `${MAPS}/h?fieldManager=later`, {
    data: { y: '5' },
    metadata: { managedFields: [entry('c', { data: {} })] },
  }),
  patch('unreadable: no type', `${MAPS}/h?fieldManager=later`, {
    data: { y: '6' },
    metadata: { managedFields: [entry('c', {}, { fieldsType: '' })] },
  }),
  patch('a manager that is too long', `${MAPS}/h`, {
    metadata: { managedFields: [entry('m'.repeat(129), { 'f:data': { 'f:z': {} } })] },
  }),
  put('an update without them', `${MAPS}/h?fieldManager=later`, map('h', { data: { y: '7' } })),
  patch('what is atomic is one field', `${ROLES}/r`, {
    metadata: {
      managedFields: [
        entry('old', { 'f:rules': { 'i:0': {} } }, { apiVersion: 'rbac.authorization.k8s.io/v1' }),
      ],
    },
  }),
];

const many: readonly Case[] = Array.from({ length: 13 }, (_, at) =>
  patch(
    `the ${at + 1}th who updates`,
    `${MAPS}/many?fieldManager=updater-${String(at).padStart(2, '0')}`,
    { data: { [`k${at}`]: 'v' } },
  ),
);
const MANY: readonly Case[] = [
  apply(
    'one who applies',
    `${MAPS}/many`,
    'fieldManager=applier',
    map('many', { data: { a: '1' } }),
  ),
  ...many,
];

const LAST = 'kubectl.kubernetes.io/last-applied-configuration';
const lastApplied = (data: object): object => ({
  annotations: { [LAST]: `${JSON.stringify(map('k', { data }))}\n` },
});

const KUBECTL: readonly Case[] = [
  post(
    'as kubectl apply creates it',
    `${MAPS}?fieldManager=kubectl-client-side-apply`,
    map('k', { data: { a: '1', b: '2' } }, lastApplied({ a: '1', b: '2' })),
  ),
  apply(
    'kubectl has no conflict with its past',
    `${MAPS}/k`,
    'fieldManager=kubectl',
    map('k', { data: { a: '3', b: '2' } }, {}),
  ),
  patch('another changes it', `${MAPS}/k?fieldManager=other`, { data: { b: '9' } }),
  apply(
    'and kubectl has one with others',
    `${MAPS}/k`,
    'fieldManager=kubectl',
    map('k', { data: { a: '3', b: '2' } }),
  ),
  post(
    'a last one',
    `${MAPS}?fieldManager=kubectl-client-side-apply`,
    map('k2', { data: { a: '1' } }, lastApplied({ a: '1' })),
  ),
  apply(
    'who is not kubectl has it',
    `${MAPS}/k2`,
    'fieldManager=other',
    map('k2', { data: { a: '2' } }),
  ),
];

const SEEDED: readonly Case[] = [
  get('a namespace of the start', `${CORE}/namespaces/default`),
  get('a role of the start', `${ROLES}/system:node`),
  get(
    'a binding of the start',
    '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/system:basic-user',
  ),
  get(
    'a priority class of the start',
    '/apis/scheduling.k8s.io/v1/priorityclasses/system-node-critical',
  ),
  get('a level of the start', `${LEVELS}/exempt`),
  get('a local API service', '/apis/apiregistration.k8s.io/v1/apiservices/v1.'),
  get(
    'what others need to authenticate',
    `${CORE}/namespaces/kube-system/configmaps/extension-apiserver-authentication`,
  ),
];

export const CASES: readonly Case[] = [
  ...BASICS,
  ...REFUSED,
  ...LISTS,
  ...NODE_CASES,
  ...METADATA,
  ...ATOMIC,
  ...CSR_CASES,
  ...GIVEN,
  ...MANY,
  ...KUBECTL,
  ...SEEDED,
];
