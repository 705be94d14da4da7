/** One good object of each resource that is stored. */
import { CA, STUB } from './material.ts';
import type { Example } from './template.ts';

const rule = { operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] };
const webhook = {
  name: 'a.b.c',
  clientConfig: { url: 'https://x/y' },
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
  rules: [rule],
};
const condition = (type: string, more: object = {}): object => ({
  type,
  status: 'True',
  reason: 'r',
  message: 'm',
  lastTransitionTime: '2020-01-01T00:00:00Z',
  ...more,
});

/** Of CN=system:node:n1, O=system:nodes. */
export const CSR = [
  'LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIck1JR1NBZ0VBTURBeEZUQVRCZ05WQkFvTURI',
  'TjVjM1JsYlRwdWIyUmxjekVYTUJVR0ExVUVBd3dPYzNsegpkR1Z0T201dlpHVTZiakV3V1RBVEJnY3Foa2pPUFFJ',
  'QkJnZ3Foa2pPUFFNQkJ3TkNBQVRONUdaVVRWYkYxWU96CklYN2xaQWd4REg4Z2p1bmlBMiszUXNpcTdmdUh0VjlU',
  'VWtPK3RqK2J5U3dmOXBNVXduNnNhbkt6dzkxb3ZxdXIKOVprQmNqcWVvQUF3Q2dZSUtvWkl6ajBFQXdJRFNBQXdS',
  'UUloQU1mMWxCbUVwMjY0dUpPTjJwVmdpai94V3Z5QwowUUY0VXdEdWhBNytaaDN2QWlCVkthUEFLbXdvMFBSVVJN',
  'NnJFekQzamVmSWlmZThodkVHdWdTK1NZM2xLdz09Ci0tLS0tRU5EIENFUlRJRklDQVRFIFJFUVVFU1QtLS0tLQo=',
].join('');

const TEMPLATE = {
  metadata: { labels: { a: 'b' } },
  spec: {
    containers: [{ name: 'c', image: 'nginx', resources: { limits: { memory: '0.5Gi' } } }],
  },
};
const CLAIM = {
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
};
const DEVICES_CLAIM = {
  devices: {
    requests: [{ name: 'r', exactly: { deviceClassName: 'c', tolerations: [{ key: 'k' }] } }],
    constraints: [{ requests: ['r'], matchAttribute: 'a.b/c' }],
  },
};
const ALLOCATED = { request: 'r', driver: 'a.b', pool: 'p', device: 'd' };

/** By `resource.group`, `resource` in the core group. */
export const EXAMPLES: Readonly<Record<string, Example>> = {
  configmaps: {
    rest: { data: { a: '1' }, binaryData: { b: 'Yg==' } },
    change: { data: { c: '2' } },
  },
  endpoints: {
    rest: { subsets: [{ addresses: [{ ip: '1.2.3.4' }], ports: [{ port: 80 }] }] },
    change: { subsets: null },
  },
  events: {
    rest: {
      involvedObject: { kind: 'Pod', namespace: 'talk', name: 'p', uid: 'u' },
      reason: 'r',
      message: 'm',
      type: 'Normal',
      source: { component: 'c' },
    },
    change: { count: 2 },
  },
  'events.events.k8s.io': {
    rest: {
      eventTime: '2020-01-01T00:00:00.000000Z',
      reportingController: 'a.b/c',
      reportingInstance: 'i',
      action: 'a',
      reason: 'r',
      regarding: { kind: 'Pod', namespace: 'talk', name: 'p', uid: 'u' },
      note: 'n',
      type: 'Normal',
    },
    change: { series: { count: 2, lastObservedTime: '2020-01-01T00:00:00.000000Z' } },
  },
  namespaces: { rest: {}, status: { phase: 'Terminating' } },
  nodes: {
    rest: { spec: { taints: [{ key: 'a', effect: 'NoSchedule' }] } },
    change: { spec: { unschedulable: true } },
    status: { capacity: { cpu: '0.5' }, conditions: [condition('Ready')] },
  },
  persistentvolumeclaims: {
    rest: {
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    },
    change: { spec: { volumeName: 'v' } },
    status: { phase: 'Bound', capacity: { storage: '1Gi' }, conditions: [condition('Resizing')] },
  },
  persistentvolumes: {
    rest: {
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce', 'ReadOnlyMany'],
        nfs: { server: 's', path: '/p' },
      },
    },
    change: { spec: { persistentVolumeReclaimPolicy: 'Delete' } },
    status: { phase: 'Available', message: 'm' },
  },
  pods: {
    rest: { spec: { containers: [{ name: 'c', image: 'nginx' }] } },
    change: { spec: { containers: [{ name: 'c', image: 'nginx:2' }] } },
    status: { phase: 'Running', conditions: [condition('Ready')] },
  },
  replicationcontrollers: {
    rest: { spec: { selector: { a: 'b' }, template: TEMPLATE } },
    change: { spec: { replicas: 2, minReadySeconds: 5 } },
    status: { replicas: 2, readyReplicas: 1, conditions: [condition('ReplicaFailure')] },
  },
  secrets: {
    rest: { data: { a: 'YQ==' }, stringData: { b: 'b' } },
    change: { data: { c: 'Yw==' } },
  },
  serviceaccounts: {
    rest: { secrets: [{ name: 's', kind: 'Secret' }], imagePullSecrets: [{ name: 'p' }] },
    change: { automountServiceAccountToken: false },
  },
  services: {
    rest: { spec: { ports: [{ port: 80 }], selector: { a: 'b' } } },
    change: { spec: { selector: { a: 'c' } } },
    status: { loadBalancer: {} },
  },
  'mutatingwebhookconfigurations.admissionregistration.k8s.io': {
    rest: { webhooks: [webhook] },
    change: { webhooks: [] },
  },
  'validatingwebhookconfigurations.admissionregistration.k8s.io': {
    rest: { webhooks: [webhook] },
    change: { webhooks: [] },
  },
  'validatingadmissionpolicies.admissionregistration.k8s.io': {
    rest: {
      spec: {
        matchConstraints: { resourceRules: [rule] },
        validations: [{ expression: 'true' }],
      },
    },
    change: { spec: { failurePolicy: 'Ignore' } },
    status: { observedGeneration: 1, conditions: [condition('A')] },
  },
  'validatingadmissionpolicybindings.admissionregistration.k8s.io': {
    rest: { spec: { policyName: 'p', validationActions: ['Deny'] } },
    change: { spec: { validationActions: ['Audit'] } },
  },
  'apiservices.apiregistration.k8s.io': {
    rest: (plain) => ({
      spec: {
        group: `${plain}.example.com`,
        version: 'v1',
        groupPriorityMinimum: 5,
        versionPriority: 5,
      },
    }),
    name: (plain) => `v1.${plain}.example.com`,
    change: { spec: { versionPriority: 6 } },
    status: { conditions: [condition('Available')] },
  },
  'certificatesigningrequests.certificates.k8s.io': {
    rest: { spec: { request: CSR, signerName: 'example.com/signer', usages: ['client auth'] } },
    status: { conditions: [condition('Failed')] },
  },
  'clustertrustbundles.certificates.k8s.io': {
    rest: { spec: { trustBundle: CA } },
    change: { spec: { trustBundle: `${CA}\n` } },
  },
  'podcertificaterequests.certificates.k8s.io': {
    rest: {
      spec: {
        signerName: 'example.com/s',
        podName: 'p',
        podUID: 'pod-uid',
        serviceAccountName: 'sa',
        serviceAccountUID: 'sa-uid',
        nodeName: 'n',
        nodeUID: 'node-uid',
        stubPKCS10Request: STUB,
      },
    },
    status: { conditions: [condition('Denied')] },
  },
  'replicasets.apps': {
    rest: { spec: { selector: { matchLabels: { a: 'b' } }, template: TEMPLATE } },
    change: { spec: { replicas: 2, minReadySeconds: 5 } },
    status: { replicas: 2, readyReplicas: 1, conditions: [condition('ReplicaFailure')] },
  },
  'statefulsets.apps': {
    rest: {
      spec: {
        serviceName: 's',
        selector: { matchLabels: { a: 'b' } },
        template: TEMPLATE,
        volumeClaimTemplates: [CLAIM],
      },
    },
    change: { spec: { replicas: 2, updateStrategy: { rollingUpdate: { partition: 1 } } } },
    status: { replicas: 2, readyReplicas: 1, collisionCount: 1 },
  },
  'deviceclasses.resource.k8s.io': {
    rest: {
      spec: {
        selectors: [{ cel: { expression: 'true' } }],
        config: [{ opaque: { driver: 'a.b', parameters: { x: 1 } } }],
      },
    },
    change: { spec: { extendedResourceName: 'a.b/c' } },
  },
  'resourceclaims.resource.k8s.io': {
    rest: { spec: DEVICES_CLAIM },
    status: {
      allocation: { devices: { results: [ALLOCATED] } },
      reservedFor: [{ resource: 'pods', name: 'p', uid: 'u' }],
      devices: [{ driver: 'a.b', pool: 'p', device: 'd', data: { x: 1 } }],
    },
  },
  'resourceclaimtemplates.resource.k8s.io': {
    rest: { spec: { metadata: { labels: { a: 'b' } }, spec: DEVICES_CLAIM } },
  },
  'resourceslices.resource.k8s.io': {
    rest: {
      spec: {
        driver: 'a.b',
        pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
        nodeName: 'n',
        devices: [
          {
            name: 'd',
            attributes: { x: { int: 1 }, y: { string: 's' } },
            capacity: { c: { value: '0.5' } },
          },
        ],
      },
    },
    change: { spec: { pool: { generation: 2 } } },
  },
  'leases.coordination.k8s.io': {
    rest: {
      spec: {
        holderIdentity: 'h',
        leaseDurationSeconds: 10,
        renewTime: '2020-01-01T00:00:00.000000Z',
      },
    },
    change: { spec: { holderIdentity: 'i', leaseTransitions: 1 } },
  },
  'endpointslices.discovery.k8s.io': {
    rest: { addressType: 'IPv4', endpoints: [{ addresses: ['1.2.3.4'] }], ports: [{ port: 80 }] },
    change: { endpoints: [] },
  },
  'flowschemas.flowcontrol.apiserver.k8s.io': {
    rest: {
      spec: {
        priorityLevelConfiguration: { name: 'talk' },
        rules: [
          {
            subjects: [{ kind: 'User', user: { name: 'x' } }],
            resourceRules: [
              { verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'] },
            ],
          },
        ],
      },
    },
    change: { spec: { matchingPrecedence: 9000 } },
    status: { conditions: [condition('Dangling')] },
  },
  'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io': {
    rest: { spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } } },
    change: { spec: { limited: { lendablePercent: 5 } } },
    status: { conditions: [condition('A')] },
  },
  'runtimeclasses.node.k8s.io': {
    rest: { handler: 'runc' },
    change: { scheduling: { nodeSelector: { a: 'b' } } },
  },
  'poddisruptionbudgets.policy': {
    rest: { spec: { minAvailable: '50%', selector: { matchLabels: { a: 'b' } } } },
    change: { spec: { unhealthyPodEvictionPolicy: 'AlwaysAllow' } },
    status: { disruptionsAllowed: 1, conditions: [condition('A')] },
  },
  'clusterrolebindings.rbac.authorization.k8s.io': {
    rest: {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'User', name: 'u', apiGroup: 'rbac.authorization.k8s.io' }],
    },
    change: { subjects: [{ kind: 'Group', name: 'g' }] },
  },
  'clusterroles.rbac.authorization.k8s.io': {
    rest: { rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }] },
    change: { rules: [] },
  },
  'rolebindings.rbac.authorization.k8s.io': {
    rest: {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' },
      subjects: [{ kind: 'ServiceAccount', name: 's', namespace: 'talk' }],
    },
    change: { subjects: [{ kind: 'Group', name: 'g' }] },
  },
  'roles.rbac.authorization.k8s.io': {
    rest: { rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }] },
    change: { rules: [] },
  },
  'priorityclasses.scheduling.k8s.io': {
    rest: { value: 5 },
    change: { description: 'd' },
  },
  'csidrivers.storage.k8s.io': {
    rest: { spec: { attachRequired: false } },
    change: { spec: { podInfoOnMount: true } },
  },
  'csinodes.storage.k8s.io': {
    rest: { spec: { drivers: [{ name: 'a.b', nodeID: 'x' }] } },
    change: { spec: { drivers: [] } },
  },
  'csistoragecapacities.storage.k8s.io': {
    rest: { storageClassName: 'c', capacity: '1Gi', nodeTopology: { matchLabels: { a: 'b' } } },
    change: { maximumVolumeSize: '512Mi' },
  },
  'storageclasses.storage.k8s.io': {
    rest: { provisioner: 'example.com/p', parameters: { a: 'b' } },
    change: { allowVolumeExpansion: true },
  },
  'volumeattachments.storage.k8s.io': {
    rest: { spec: { attacher: 'a.b', nodeName: 'n', source: { persistentVolumeName: 'v' } } },
    status: { attached: true, attachmentMetadata: { a: 'b' } },
  },
};
