/** One good object of each resource that is served, and of each review. */
import { createRequest, encodePem, generatePrivateKey, makeName } from '../../../src/x509/index.ts';
import { createAuthority } from '../../client/tls-server.ts';

export interface Sample {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name?: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** Ours alone: kube-apiserver has nothing to compare them with. */
export const OWN: readonly string[] = ['nodebindings.kubepki.dev', 'revocations.kubepki.dev'];

export const NAMESPACE = 'demo';

/** In the order in which they can be made. */
export function samples(): ReadonlyMap<string, Sample> {
  const here = { namespace: NAMESPACE };
  const rbac = 'rbac.authorization.k8s.io/v1';
  const admission = 'admissionregistration.k8s.io/v1';
  const storage = 'storage.k8s.io/v1';
  const flow = 'flowcontrol.apiserver.k8s.io/v1';
  const container = { name: 'main', image: 'example.com/app:1', ports: [{ containerPort: 80 }] };
  const devices = 'resource.k8s.io/v1';
  const sampled = { app: 'sampled' };
  const template = { metadata: { labels: sampled }, spec: { containers: [container] } };
  const claimed = {
    devices: { requests: [{ name: 'gpu', exactly: { deviceClassName: 'sample' } }] },
  };
  const webhook = {
    name: 'hook.example.com',
    clientConfig: { service: { namespace: NAMESPACE, name: 'sample', path: '/check' } },
    // Nothing in this conversation is one of those: the hook, which is not there, is never called.
    rules: [
      { apiGroups: ['example.com'], apiVersions: ['v1'], resources: ['things'], operations: ['*'] },
    ],
    sideEffects: 'None',
    failurePolicy: 'Ignore',
    admissionReviewVersions: ['v1'],
  };
  const role = { kind: 'Role', name: 'sample', apiGroup: 'rbac.authorization.k8s.io' };
  const subjects = [{ kind: 'User', name: 'jane', apiGroup: 'rbac.authorization.k8s.io' }];
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] }];
  return new Map<string, Sample>([
    ['namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }],
    [
      'configmaps',
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'sample', ...here, labels: { app: 'demo' } },
        data: { greeting: 'hello', 'long.txt': 'one\ntwo\n' },
      },
    ],
    [
      'secrets',
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'sample', ...here },
        type: 'Opaque',
        data: { password: 'c2VjcmV0' },
      },
    ],
    [
      'serviceaccounts',
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'sample', ...here } },
    ],
    [
      'nodes',
      {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name: 'sample', labels: { 'kubernetes.io/hostname': 'sample' } },
        spec: { podCIDR: '10.1.0.0/24' },
      },
    ],
    [
      'pods',
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'sample', ...here, labels: { app: 'demo' } },
        spec: { containers: [container] },
      },
    ],
    [
      'replicasets.apps',
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        metadata: { name: 'sample', ...here },
        spec: { replicas: 0, selector: { matchLabels: sampled }, template },
      },
    ],
    [
      'statefulsets.apps',
      {
        apiVersion: 'apps/v1',
        kind: 'StatefulSet',
        metadata: { name: 'sample', ...here },
        spec: {
          replicas: 0,
          serviceName: 'sample',
          selector: { matchLabels: sampled },
          template,
          volumeClaimTemplates: [
            {
              metadata: { name: 'data' },
              spec: {
                accessModes: ['ReadWriteOnce'],
                resources: { requests: { storage: '1Gi' } },
              },
            },
          ],
        },
      },
    ],
    [
      'replicationcontrollers',
      {
        apiVersion: 'v1',
        kind: 'ReplicationController',
        metadata: { name: 'sample', ...here },
        spec: { replicas: 0, selector: sampled, template },
      },
    ],
    [
      'deviceclasses.resource.k8s.io',
      {
        apiVersion: devices,
        kind: 'DeviceClass',
        metadata: { name: 'sample' },
        spec: { selectors: [{ cel: { expression: 'device.driver == "gpu.example.com"' } }] },
      },
    ],
    [
      'resourceclaims.resource.k8s.io',
      {
        apiVersion: devices,
        kind: 'ResourceClaim',
        metadata: { name: 'sample', ...here },
        spec: claimed,
      },
    ],
    [
      'resourceclaimtemplates.resource.k8s.io',
      {
        apiVersion: devices,
        kind: 'ResourceClaimTemplate',
        metadata: { name: 'sample', ...here },
        spec: { metadata: { labels: sampled }, spec: claimed },
      },
    ],
    [
      'resourceslices.resource.k8s.io',
      {
        apiVersion: devices,
        kind: 'ResourceSlice',
        metadata: { name: 'sample' },
        spec: {
          driver: 'gpu.example.com',
          pool: { name: 'sample', generation: 1, resourceSliceCount: 1 },
          nodeName: 'sample',
          devices: [
            {
              name: 'gpu-0',
              attributes: { model: { string: 'x' } },
              capacity: { memory: { value: '40Gi' } },
            },
          ],
        },
      },
    ],
    [
      'services',
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'sample', ...here },
        spec: { selector: { app: 'demo' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
      },
    ],
    [
      'endpoints',
      {
        apiVersion: 'v1',
        kind: 'Endpoints',
        metadata: { name: 'sample', ...here },
        subsets: [{ addresses: [{ ip: '10.1.0.7' }], ports: [{ name: 'http', port: 8080 }] }],
      },
    ],
    [
      'endpointslices.discovery.k8s.io',
      {
        apiVersion: 'discovery.k8s.io/v1',
        kind: 'EndpointSlice',
        metadata: {
          name: 'sample',
          ...here,
          labels: { 'kubernetes.io/service-name': 'sample' },
        },
        addressType: 'IPv4',
        endpoints: [{ addresses: ['10.1.0.7'], conditions: { ready: true } }],
        ports: [{ name: 'http', port: 8080 }],
      },
    ],
    [
      'events',
      {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: 'sample', ...here },
        involvedObject: {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          name: 'sample',
          namespace: NAMESPACE,
        },
        reason: 'Tested',
        message: 'it was looked at',
        type: 'Normal',
        count: 2,
        firstTimestamp: '2026-01-01T00:00:00Z',
        lastTimestamp: '2026-01-01T00:05:00Z',
        source: { component: 'test', host: 'sample' },
      },
    ],
    [
      'events.events.k8s.io',
      {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name: 'newer', ...here },
        eventTime: '2026-01-01T00:00:00.000000Z',
        reportingController: 'example.com/test',
        reportingInstance: 'test-1',
        action: 'Look',
        reason: 'Tested',
        regarding: { apiVersion: 'v1', kind: 'Pod', name: 'sample', namespace: NAMESPACE },
        note: 'it was looked at',
        type: 'Normal',
      },
    ],
    [
      'leases.coordination.k8s.io',
      {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata: { name: 'sample', ...here },
        spec: {
          holderIdentity: 'somebody',
          leaseDurationSeconds: 40,
          renewTime: '2026-01-01T00:00:00.000000Z',
        },
      },
    ],
    [
      'roles.rbac.authorization.k8s.io',
      { apiVersion: rbac, kind: 'Role', metadata: { name: 'sample', ...here }, rules },
    ],
    [
      'rolebindings.rbac.authorization.k8s.io',
      {
        apiVersion: rbac,
        kind: 'RoleBinding',
        metadata: { name: 'sample', ...here },
        roleRef: role,
        subjects: [...subjects, { kind: 'ServiceAccount', name: 'sample', namespace: NAMESPACE }],
      },
    ],
    [
      'clusterroles.rbac.authorization.k8s.io',
      { apiVersion: rbac, kind: 'ClusterRole', metadata: { name: 'sample' }, rules },
    ],
    [
      'clusterrolebindings.rbac.authorization.k8s.io',
      {
        apiVersion: rbac,
        kind: 'ClusterRoleBinding',
        metadata: { name: 'sample' },
        roleRef: { ...role, kind: 'ClusterRole' },
        subjects,
      },
    ],
    [
      'certificatesigningrequests.certificates.k8s.io',
      {
        apiVersion: 'certificates.k8s.io/v1',
        kind: 'CertificateSigningRequest',
        metadata: { name: 'sample' },
        spec: {
          request: request('jane'),
          signerName: 'kubernetes.io/kube-apiserver-client',
          usages: ['client auth'],
          expirationSeconds: 3600,
        },
      },
    ],
    [
      'clustertrustbundles.certificates.k8s.io',
      {
        apiVersion: 'certificates.k8s.io/v1beta1',
        kind: 'ClusterTrustBundle',
        metadata: { name: 'sample' },
        spec: { trustBundle: createAuthority('sample').ca },
      },
    ],
    [
      'podcertificaterequests.certificates.k8s.io',
      {
        apiVersion: 'certificates.k8s.io/v1beta1',
        kind: 'PodCertificateRequest',
        metadata: { name: 'sample', ...here },
        spec: {
          signerName: 'example.com/signer',
          podName: 'sample',
          podUID: 'pod-uid',
          serviceAccountName: 'sample',
          serviceAccountUID: 'service-account-uid',
          nodeName: 'sample',
          nodeUID: 'node-uid',
          maxExpirationSeconds: 3600,
          stubPKCS10Request: Buffer.from(certificateRequest()).toString('base64'),
        },
      },
    ],
    [
      'priorityclasses.scheduling.k8s.io',
      {
        apiVersion: 'scheduling.k8s.io/v1',
        kind: 'PriorityClass',
        metadata: { name: 'sample' },
        value: 1000,
        description: 'for what matters',
      },
    ],
    [
      'runtimeclasses.node.k8s.io',
      {
        apiVersion: 'node.k8s.io/v1',
        kind: 'RuntimeClass',
        metadata: { name: 'sample' },
        handler: 'sandbox',
        overhead: { podFixed: { memory: '64Mi', cpu: '100m' } },
      },
    ],
    [
      'csidrivers.storage.k8s.io',
      {
        apiVersion: storage,
        kind: 'CSIDriver',
        metadata: { name: 'csi.example.com' },
        spec: { attachRequired: false },
      },
    ],
    [
      'csinodes.storage.k8s.io',
      {
        apiVersion: storage,
        kind: 'CSINode',
        metadata: { name: 'sample' },
        spec: {
          drivers: [{ name: 'csi.example.com', nodeID: 'n1', topologyKeys: ['example.com/zone'] }],
        },
      },
    ],
    [
      'storageclasses.storage.k8s.io',
      {
        apiVersion: storage,
        kind: 'StorageClass',
        metadata: {
          name: 'sample',
          annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
        },
        provisioner: 'csi.example.com',
        parameters: { tier: 'gold' },
        mountOptions: ['ro'],
        allowVolumeExpansion: true,
        allowedTopologies: [
          { matchLabelExpressions: [{ key: 'example.com/zone', values: ['a', 'b'] }] },
        ],
      },
    ],
    [
      'csistoragecapacities.storage.k8s.io',
      {
        apiVersion: storage,
        kind: 'CSIStorageCapacity',
        metadata: { name: 'sample', ...here },
        storageClassName: 'sample',
        nodeTopology: { matchLabels: { 'example.com/zone': 'a' } },
        capacity: '100Gi',
      },
    ],
    [
      'persistentvolumes',
      {
        apiVersion: 'v1',
        kind: 'PersistentVolume',
        metadata: { name: 'sample' },
        spec: {
          capacity: { storage: '10Gi' },
          accessModes: ['ReadWriteOnce', 'ReadOnlyMany'],
          storageClassName: 'sample',
          claimRef: { namespace: NAMESPACE, name: 'sample' },
          csi: { driver: 'csi.example.com', volumeHandle: 'h-1', volumeAttributes: { a: 'b' } },
          nodeAffinity: {
            required: {
              nodeSelectorTerms: [
                {
                  matchExpressions: [{ key: 'example.com/zone', operator: 'In', values: ['a'] }],
                },
              ],
            },
          },
        },
      },
    ],
    [
      'persistentvolumeclaims',
      {
        apiVersion: 'v1',
        kind: 'PersistentVolumeClaim',
        metadata: { name: 'sample', ...here },
        spec: {
          accessModes: ['ReadWriteOnce'],
          resources: { requests: { storage: '5Gi' } },
          storageClassName: 'sample',
          volumeName: 'sample',
        },
      },
    ],
    [
      'volumeattachments.storage.k8s.io',
      {
        apiVersion: storage,
        kind: 'VolumeAttachment',
        metadata: { name: 'sample' },
        spec: {
          attacher: 'csi.example.com',
          nodeName: 'sample',
          source: { persistentVolumeName: 'sample' },
        },
      },
    ],
    [
      'poddisruptionbudgets.policy',
      {
        apiVersion: 'policy/v1',
        kind: 'PodDisruptionBudget',
        metadata: { name: 'sample', ...here },
        spec: { minAvailable: '50%', selector: { matchLabels: { app: 'nobody' } } },
      },
    ],
    [
      'flowschemas.flowcontrol.apiserver.k8s.io',
      {
        apiVersion: flow,
        kind: 'FlowSchema',
        metadata: { name: 'sample' },
        spec: {
          priorityLevelConfiguration: { name: 'sample' },
          matchingPrecedence: 500,
          distinguisherMethod: { type: 'ByUser' },
          rules: [
            {
              subjects: [{ kind: 'User', user: { name: 'jane' } }],
              resourceRules: [
                { verbs: ['get'], apiGroups: [''], resources: ['configmaps'], namespaces: ['*'] },
              ],
            },
          ],
        },
      },
    ],
    [
      'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io',
      {
        apiVersion: flow,
        kind: 'PriorityLevelConfiguration',
        metadata: { name: 'sample' },
        spec: {
          type: 'Limited',
          limited: { nominalConcurrencyShares: 5, limitResponse: { type: 'Reject' } },
        },
      },
    ],
    [
      'mutatingwebhookconfigurations.admissionregistration.k8s.io',
      {
        apiVersion: admission,
        kind: 'MutatingWebhookConfiguration',
        metadata: { name: 'sample' },
        webhooks: [webhook],
      },
    ],
    [
      'validatingwebhookconfigurations.admissionregistration.k8s.io',
      {
        apiVersion: admission,
        kind: 'ValidatingWebhookConfiguration',
        metadata: { name: 'sample' },
        webhooks: [webhook],
      },
    ],
    [
      'validatingadmissionpolicies.admissionregistration.k8s.io',
      {
        apiVersion: admission,
        kind: 'ValidatingAdmissionPolicy',
        metadata: { name: 'sample' },
        spec: {
          failurePolicy: 'Ignore',
          matchConstraints: { resourceRules: webhook.rules },
          validations: [{ expression: 'true', message: 'never said' }],
        },
      },
    ],
    [
      'validatingadmissionpolicybindings.admissionregistration.k8s.io',
      {
        apiVersion: admission,
        kind: 'ValidatingAdmissionPolicyBinding',
        metadata: { name: 'sample' },
        spec: { policyName: 'sample', validationActions: ['Audit'] },
      },
    ],
    [
      'apiservices.apiregistration.k8s.io',
      {
        apiVersion: 'apiregistration.k8s.io/v1',
        kind: 'APIService',
        metadata: { name: 'v1.sample.example.com' },
        spec: {
          group: 'sample.example.com',
          version: 'v1',
          groupPriorityMinimum: 100,
          versionPriority: 10,
        },
      },
    ],
  ]);
}

/** DER. */
const certificateRequest = (commonName?: string): Uint8Array =>
  createRequest(
    { subject: makeName(commonName === undefined ? {} : { commonName }) },
    generatePrivateKey('ECDSA-P256'),
  );

const request = (commonName: string): string =>
  Buffer.from(encodePem('CERTIFICATE REQUEST', certificateRequest(commonName))).toString('base64');

/** What is asked and not stored. */
export function reviews(): ReadonlyMap<string, Sample> {
  const authorization = 'authorization.k8s.io/v1';
  const authentication = 'authentication.k8s.io/v1';
  const resourceAttributes = { namespace: NAMESPACE, verb: 'get', resource: 'configmaps' };
  const metadata = {};
  return new Map<string, Sample>([
    [
      'subjectaccessreviews.authorization.k8s.io',
      {
        apiVersion: authorization,
        kind: 'SubjectAccessReview',
        metadata,
        spec: { user: 'jane', resourceAttributes },
      },
    ],
    [
      'localsubjectaccessreviews.authorization.k8s.io',
      {
        apiVersion: authorization,
        kind: 'LocalSubjectAccessReview',
        metadata: { namespace: NAMESPACE },
        spec: { user: 'jane', resourceAttributes },
      },
    ],
    [
      'selfsubjectaccessreviews.authorization.k8s.io',
      {
        apiVersion: authorization,
        kind: 'SelfSubjectAccessReview',
        metadata,
        spec: { resourceAttributes },
      },
    ],
    [
      'selfsubjectrulesreviews.authorization.k8s.io',
      {
        apiVersion: authorization,
        kind: 'SelfSubjectRulesReview',
        metadata,
        spec: { namespace: NAMESPACE },
      },
    ],
    [
      'selfsubjectreviews.authentication.k8s.io',
      { apiVersion: authentication, kind: 'SelfSubjectReview', metadata },
    ],
    [
      'tokenreviews.authentication.k8s.io',
      { apiVersion: authentication, kind: 'TokenReview', metadata, spec: { token: 'nonsense' } },
    ],
  ]);
}
