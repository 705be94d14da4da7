/** Pods: made, refused, changed, reported on, ended. */
import { type Case, get, patch, post, remove, STRATEGIC, table } from '../case.ts';

const P = '/api/v1/namespaces/default/pods';
const pod = (name: string, spec: object, meta: object = {}, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...meta },
  spec,
  ...more,
});
const c = (more: object = {}) => ({ name: 'c', image: 'nginx', ...more });
const bad = (spec: object, meta: object = {}) =>
  post(P, pod('bad', { containers: [c()], ...spec }, meta));
const badC = (more: object) => post(P, pod('bad', { containers: [c(more)] }));
export const CASES: readonly Case[] = [
  post(P, pod('p1', { containers: [c()] })),
  get(`${P}/p1`),
  post(P, pod('p1', { containers: [c()] })),
  post(
    P,
    pod('p2', {
      nodeName: 'n1',
      hostNetwork: true,
      restartPolicy: 'Never',
      serviceAccountName: 'x',
      terminationGracePeriodSeconds: -4,
      tolerations: [{ operator: 'Exists' }],
      nodeSelector: { a: 'b' },
      initContainers: [
        { name: 'i', image: 'a/b:1', resources: { limits: { cpu: '1.5', memory: '1Gi' } } },
        {
          name: 'side',
          image: 'x@sha256:aaaa',
          restartPolicy: 'Always',
          startupProbe: { exec: { command: ['a'] } },
        },
      ],
      containers: [
        c({
          image: 'localhost:5000/x',
          ports: [{ containerPort: 80 }],
          env: [
            { name: 'a', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            { name: 'b', value: 'c' },
            { name: 's', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } },
          ],
          envFrom: [{ configMapRef: { name: 'x' } }],
          livenessProbe: { httpGet: { port: 80 } },
          readinessProbe: { grpc: { port: 1 } },
          lifecycle: {
            preStop: { httpGet: { port: 'http' } },
            postStart: { sleep: { seconds: 1 } },
          },
          resources: { limits: { cpu: '1', memory: '1Gi' } },
          volumeMounts: [
            { name: 'v', mountPath: '/a' },
            { name: 's', mountPath: '/b', subPath: 'x' },
          ],
          securityContext: { runAsUser: 0, privileged: false },
        }),
      ],
      volumes: [
        { name: 'v' },
        { name: 's', secret: { secretName: 'x' } },
        { name: 'h', hostPath: { path: '/x' } },
        { name: 'cm', configMap: { name: 'x' } },
        {
          name: 'pr',
          projected: {
            sources: [
              { serviceAccountToken: { path: 'a' } },
              {
                downwardAPI: { items: [{ path: 'b', fieldRef: { fieldPath: 'metadata.labels' } }] },
              },
              { clusterTrustBundle: { name: 'x', path: 'y' } },
            ],
          },
        },
        {
          name: 'da',
          downwardAPI: {
            items: [
              { path: 'b', resourceFieldRef: { containerName: 'c', resource: 'limits.cpu' } },
            ],
          },
        },
        {
          name: 'e',
          ephemeral: {
            volumeClaimTemplate: {
              spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
            },
          },
        },
        { name: 'im', image: { reference: 'x' } },
        { name: 'rbd', rbd: { monitors: ['a'], image: 'x' } },
        {
          name: 'is',
          iscsi: {
            targetPortal: '1.2.3.4',
            iqn: 'iqn.2001-04.com.example:storage.kube.sys1.xyz',
            lun: 0,
          },
        },
        { name: 'ad', azureDisk: { diskName: 'a', diskURI: 'https://blob/x/y' } },
      ],
    }),
  ),
  post(
    P,
    pod('p3', {
      containers: [
        c({ resources: { requests: { cpu: '100m' }, limits: { cpu: '1', memory: '100Mi' } } }),
      ],
      resources: { limits: { cpu: '2' } },
      schedulingGates: [{ name: 'x' }],
    }),
  ),
  post(
    P,
    pod('p4', {
      containers: [
        c({
          resources: { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi' } },
        }),
      ],
      serviceAccount: 'y',
    }),
  ),
  post(P, pod('', { containers: [c()] })),
  post(P, pod('Bad', { containers: [c()] })),
  post(P, pod('bad', { containers: [] })),
  post(P, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'bad' } }),
  post(P, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'bad' }, spec: {} }),
  post(
    P,
    pod('bad', {
      containers: [
        { name: '', image: '' },
        { name: 'A', image: ' x' },
        { name: 'a', image: 'x' },
        { name: 'a', image: 'x' },
      ],
    }),
  ),
  bad({
    restartPolicy: 'X',
    dnsPolicy: 'Y',
    nodeName: 'A_',
    hostname: 'a.b',
    subdomain: 'X',
    activeDeadlineSeconds: 0,
    priorityClassName: 'X_',
    preemptionPolicy: 'x',
    os: { name: 'z' },
    serviceAccountName: 'X_',
  }),
  bad({
    tolerations: [
      { key: 'a b', operator: 'Exists', value: 'x' },
      { operator: 'Equal' },
      { key: 'a', operator: 'Lt', value: '1' },
      { key: 'a', operator: 'Foo' },
      { key: 'a', effect: 'x', tolerationSeconds: 3 },
      { key: 'a', value: '--' },
    ],
  }),
  bad({
    volumes: [
      { name: 'A' },
      { name: '' },
      { name: 'a', secret: {} },
      { name: 'b', hostPath: { path: '../a', type: 'x' } },
      { name: 'b', emptyDir: {}, secret: { secretName: 'x' } },
      {
        name: 'c',
        configMap: {
          defaultMode: 1000,
          items: [
            { key: '', path: '' },
            { key: 'a', path: '/a', mode: -1 },
            { key: 'a', path: '..x' },
          ],
        },
      },
      { name: 'n', nfs: { server: '', path: 'x' } },
      { name: 'p', persistentVolumeClaim: { claimName: '' } },
      { name: 'cs', csi: { driver: 'A_', nodePublishSecretRef: {} } },
      { name: 'ep', ephemeral: {} },
    ],
  }),
  bad({
    volumes: [
      {
        name: 'p',
        projected: {
          defaultMode: 9999,
          sources: [
            {
              secret: { name: 'a', items: [{ key: 'a', path: 'x' }] },
              configMap: { name: 'a', items: [{ key: 'a', path: 'x' }] },
            },
            { serviceAccountToken: { path: '/a', expirationSeconds: 5 } },
            {
              downwardAPI: {
                items: [
                  { path: '' },
                  {
                    path: 'a',
                    fieldRef: { fieldPath: 'spec.nodeName' },
                    resourceFieldRef: { resource: 'limits.cpu' },
                  },
                  { path: 'b', resourceFieldRef: { resource: 'x' } },
                ],
              },
            },
          ],
        },
      },
    ],
  }),
  badC({
    ports: [
      { containerPort: 0 },
      { containerPort: 70000, hostPort: -1, protocol: 'X', name: 'A--' },
      { containerPort: 1, name: 'a' },
      { containerPort: 2, name: 'a', hostPort: 5 },
      { containerPort: 3, hostPort: 5 },
    ],
  }),
  badC({
    env: [
      { name: '' },
      { name: 'a=b' },
      { name: 'x', value: 'y', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'y', valueFrom: {} },
      { name: 'z', valueFrom: { fieldRef: { fieldPath: 'metadata.labels' } } },
      { name: 'q', valueFrom: { fieldRef: { fieldPath: 'foo' } } },
      { name: 'r', valueFrom: { fieldRef: { apiVersion: 'v2', fieldPath: 'foo' } } },
      { name: 's', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '2' } } },
      { name: 't', valueFrom: { resourceFieldRef: { resource: 'x' } } },
      {
        name: 'u',
        valueFrom: {
          secretKeyRef: { name: 'a', key: '' },
          configMapKeyRef: { name: 'A', key: 'a b' },
        },
      },
      { name: 'v', valueFrom: { fieldRef: { fieldPath: "metadata.labels['a b']" } } },
      { name: 'w', valueFrom: { fieldRef: { fieldPath: "spec['a b']" } } },
    ],
  }),
  badC({ envFrom: [{}, { prefix: 'a=', configMapRef: {}, secretRef: { name: 'A' } }] }),
  badC({
    volumeMounts: [
      { name: '', mountPath: '' },
      { name: 'x', mountPath: '/a', subPath: '../x', mountPropagation: 'Bidirectional' },
      { name: 'x', mountPath: '/a', mountPropagation: 'x', recursiveReadOnly: 'Enabled' },
    ],
    volumeDevices: [
      { name: 'x', devicePath: '/a' },
      { name: '', devicePath: '' },
    ],
  }),
  badC({
    resources: {
      limits: { cpu: '-1', foo: '1', 'example.com/x': '1.5', 'hugepages-2Mi': '1Mi', pods: '1' },
      requests: { cpu: '1', memory: '1', 'example.com/y': '1' },
    },
  }),
  badC({
    resources: {
      limits: { cpu: '1' },
      requests: { cpu: '2' },
      claims: [{ name: 'x' }, { name: '' }],
    },
  }),
  badC({
    livenessProbe: {},
    readinessProbe: { exec: {}, tcpSocket: { port: 0 }, terminationGracePeriodSeconds: 3 },
    startupProbe: {
      httpGet: { port: 'A--', scheme: 'x', httpHeaders: [{ name: 'a b', value: 'x' }] },
      successThreshold: 2,
      periodSeconds: -1,
    },
    lifecycle: { preStop: { sleep: { seconds: 100 } }, postStart: {} },
  }),
  badC({
    securityContext: {
      runAsUser: -1,
      runAsGroup: 2147483648,
      allowPrivilegeEscalation: false,
      privileged: true,
      capabilities: { add: ['CAP_SYS_ADMIN'] },
      procMount: 'Unmasked',
      seccompProfile: { type: 'Localhost' },
      appArmorProfile: { type: 'x' },
    },
  }),
  badC({
    terminationMessagePolicy: 'x',
    imagePullPolicy: 'y',
    restartPolicy: 'z',
    resizePolicy: [
      { resourceName: 'cpu', restartPolicy: 'x' },
      { resourceName: 'foo', restartPolicy: 'NotRequired' },
    ],
    restartPolicyRules: [{ action: 'x' }],
  }),
  bad({
    securityContext: {
      fsGroup: -1,
      supplementalGroups: [-1],
      fsGroupChangePolicy: 'x',
      sysctls: [
        { name: '', value: '' },
        { name: 'A', value: '' },
        { name: 'a.b', value: '' },
        { name: 'a.b', value: '' },
      ],
      supplementalGroupsPolicy: 'x',
      seLinuxChangePolicy: 'y',
      seccompProfile: { type: 'Unconfined', localhostProfile: 'x' },
      appArmorProfile: { type: 'Localhost', localhostProfile: ' x' },
    },
    hostPID: true,
    shareProcessNamespace: true,
    hostUsers: false,
    hostNetwork: true,
  }),
  bad({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            {
              matchExpressions: [
                { key: 'a b', operator: 'In' },
                { key: 'a', operator: 'Exists', values: ['x'] },
                { key: 'a', operator: 'Gt' },
                { key: 'a', operator: 'z', values: ['--'] },
              ],
              matchFields: [
                { key: 'x', operator: 'In', values: [] },
                { key: 'metadata.name', operator: 'Gt', values: ['A_'] },
              ],
            },
          ],
        },
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 0, preference: {} }],
      },
      podAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          {
            topologyKey: '',
            namespaces: ['A'],
            labelSelector: { matchExpressions: [{ key: 'a', operator: 'x' }] },
            matchLabelKeys: ['a b'],
          },
          { topologyKey: 'a b', matchLabelKeys: ['x'] },
        ],
      },
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 101, podAffinityTerm: { topologyKey: 'x' } },
        ],
      },
    },
  }),
  bad({
    topologySpreadConstraints: [
      {
        maxSkew: 0,
        topologyKey: '',
        whenUnsatisfiable: 'x',
        minDomains: 0,
        nodeAffinityPolicy: 'x',
      },
      { maxSkew: 1, topologyKey: 'a', whenUnsatisfiable: 'DoNotSchedule' },
      { maxSkew: 1, topologyKey: 'a', whenUnsatisfiable: 'DoNotSchedule', matchLabelKeys: ['a b'] },
    ],
  }),
  bad({ dnsPolicy: 'None' }),
  bad({ dnsPolicy: 'None', dnsConfig: {} }),
  bad({
    dnsConfig: {
      nameservers: ['x', '1.2.3.4', '01.2.3.4', '::ffff:1.2.3.4'],
      searches: ['A', '.'],
      options: [{}],
    },
    hostAliases: [{ ip: 'x', hostnames: ['A'] }],
    readinessGates: [{ conditionType: 'a b' }],
    schedulingGates: [{ name: 'a' }, { name: 'a' }],
    nodeName: 'n',
  }),
  bad({ ephemeralContainers: [{ name: 'e', image: 'x' }] }),
  bad(
    {},
    {
      annotations: {
        'kubernetes.io/config.mirror': 'x',
        'controller.kubernetes.io/pod-deletion-cost': '+1',
      },
    },
  ),
  bad({
    initContainers: [
      c(),
      {
        name: 'c',
        image: 'x',
        livenessProbe: { exec: { command: ['a'] } },
        lifecycle: {},
        resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }],
      },
    ],
  }),
  bad({
    resources: {
      limits: { cpu: '1' },
      requests: { cpu: '500m', foo: '1', 'ephemeral-storage': '1' },
    },
    containers: [c({ resources: { limits: { cpu: '2' }, requests: { cpu: '600m' } } })],
  }),
  bad({
    hostnameOverride: 'A',
    setHostnameAsFQDN: true,
    hostNetwork: true,
    containers: [c({ ports: [{ containerPort: 80, hostPort: 81 }] })],
  }),
  bad({ nodeSelector: { 'a b': '--' }, imagePullSecrets: [{ name: '' }] }),
  // updates
  patch(`${P}/p1`, { spec: { nodeName: 'x' } }),
  patch(`${P}/p1`, { spec: { restartPolicy: 'Never' } }),
  patch(`${P}/p1`, { spec: { containers: [{ name: 'c', image: 'nginx:2' }] } }, STRATEGIC),
  patch(`${P}/p1`, { spec: { containers: [{ name: 'd', image: 'nginx:2' }] } }, STRATEGIC),
  patch(`${P}/p1`, { spec: { activeDeadlineSeconds: 5, tolerations: [{ operator: 'Exists' }] } }),
  patch(`${P}/p1`, { spec: { activeDeadlineSeconds: 6, tolerations: null } }),
  patch(`${P}/p1`, { spec: { activeDeadlineSeconds: null, tolerations: null } }),
  patch(`${P}/p1`, { metadata: { annotations: { 'kubernetes.io/config.mirror': 'x' } } }),
  patch(`${P}/p1/status`, {
    status: {
      phase: 'Running',
      podIPs: [{ ip: '1.2.3.4' }],
      podIP: '1.2.3.4',
      conditions: [{ type: 'Ready', status: 'True', observedGeneration: 1 }],
      containerStatuses: [
        {
          name: 'c',
          ready: true,
          restartCount: 1,
          image: 'x',
          imageID: '',
          state: { running: {} },
        },
      ],
    },
  }),
  patch(`${P}/p1/status`, {
    status: {
      qosClass: 'Burstable',
      hostIPs: [{ ip: 'x' }],
      podIPs: [{ ip: '1.2.3.4' }, { ip: '1.2.3.5' }],
      nominatedNodeName: 'A_',
      conditions: [{ type: 'a b', status: 'x' }],
    },
  }),
  patch(`${P}/p2/status`, {
    status: {
      phase: 'Failed',
      nominatedNodeName: 'x',
      containerStatuses: [
        {
          name: 'c',
          ready: false,
          restartCount: 1,
          image: 'x',
          imageID: '',
          state: { terminated: { exitCode: 1 } },
        },
      ],
    },
  }),
  patch(`${P}/p2/status`, {
    status: {
      containerStatuses: [
        {
          name: 'c',
          ready: false,
          restartCount: 1,
          image: 'x',
          imageID: '',
          state: { terminated: { exitCode: 1, reason: 'Error' } },
        },
      ],
    },
  }),
  patch(`${P}/p2/status`, {
    status: {
      containerStatuses: [
        {
          name: 'c',
          ready: false,
          restartCount: 1,
          image: 'x',
          imageID: '',
          state: { running: {} },
        },
      ],
    },
  }),
  table(P),
  get('/api/v1/pods?fieldSelector=spec.nodeName%3Dn1'),
  get('/api/v1/pods?fieldSelector=spec.nodeName!%3D,status.phase%3DFailed'),
  get('/api/v1/pods?fieldSelector=spec.host%3Dn1'),
  get('/api/v1/pods?fieldSelector=spec.foo%3Dn1'),
  get('/api/v1/pods?fieldSelector=status.podIPs%3D1.2.3.4'),
  // deletes
  post(P, pod('d1', { nodeName: 'n1', containers: [c()] })),
  remove(`${P}/d1`),
  get(`${P}/d1`),
  remove(`${P}/d1`),
  remove(`${P}/d1`, { gracePeriodSeconds: 40 }),
  remove(`${P}/d1?gracePeriodSeconds=10`),
  remove(`${P}/d1`, { gracePeriodSeconds: 0 }),
  get(`${P}/d1`),
  post(P, pod('d2', { containers: [c()] })),
  remove(`${P}/d2`),
  get(`${P}/d2`),
  post(P, pod('d3', { nodeName: 'n1', containers: [c()] }, { finalizers: ['a.b/c'] })),
  remove(`${P}/d3?gracePeriodSeconds=0`),
  get(`${P}/d3`),
  remove(`${P}/d3`),
  patch(`${P}/d3`, { metadata: { finalizers: null } }),
  get(`${P}/d3`),
  post(P, pod('d4', { nodeName: 'n1', containers: [c()] })),
  remove(`${P}/d4`, { gracePeriodSeconds: -1 }),
  remove(`${P}/d4`, { gracePeriodSeconds: 0, preconditions: { uid: 'x' } }),
  remove(P),
  get(P),
];
