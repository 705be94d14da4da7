/** The resources that kubepki speaks of by name, and where they are in the API. */
import type { AdmissionPolicy, AdmissionPolicyBinding, WebhookConfiguration } from './admission.ts';
import type { ApiService, FlowSchema, PriorityLevel } from './api-services.ts';
import type {
  DeviceClass,
  ResourceClaim,
  ResourceClaimTemplate,
  ResourceSlice,
} from './devices.ts';
import type { NodeBinding } from './node-bindings.ts';
import type { CsiDriver, CsiNode, PriorityClass, RuntimeClass } from './node-classes.ts';
import type {
  CertificateSigningRequest,
  ClusterRole,
  ClusterRoleBinding,
  ConfigMap,
  Event,
  KubernetesObject,
  Lease,
  Namespace,
  NewEvent,
  Node,
  Role,
  RoleBinding,
  Secret,
  ServiceAccount,
  SubjectAccessReview,
} from './objects.ts';
import type { ClusterTrustBundle, PodCertificateRequest } from './pod-certificates.ts';
import type { Pod } from './pods.ts';
import type { PodDisruptionBudget } from './policy.ts';
import type { Revocation } from './revocations.ts';
import type { EndpointSlice, Endpoints, Service } from './services.ts';
import type {
  CsiStorageCapacity,
  PersistentVolume,
  PersistentVolumeClaim,
  StorageClass,
  VolumeAttachment,
} from './storage.ts';
import type {
  Binding,
  ReplicaSet,
  ReplicationController,
  Scale,
  StatefulSet,
} from './workloads.ts';

/** A resource of the API in one version; `T` is what its objects look like. */
export interface ResourceType<T extends KubernetesObject = KubernetesObject> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural, lower case, as in paths. */
  readonly resource: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** Never there: it only carries the type. */
  readonly object?: T;
}

const define = <T extends KubernetesObject>(
  group: string,
  resource: string,
  kind: string,
  namespaced: boolean,
  version = 'v1',
): ResourceType<T> => ({ group, version, resource, kind, namespaced });

const CERTIFICATES = 'certificates.k8s.io';
const ADMISSION = 'admissionregistration.k8s.io';
const FLOW_CONTROL = 'flowcontrol.apiserver.k8s.io';
const STORAGE = 'storage.k8s.io';
const DEVICES = 'resource.k8s.io';
const RBAC = 'rbac.authorization.k8s.io';

export const NAMESPACES = define<Namespace>('', 'namespaces', 'Namespace', false);
export const NODES = define<Node>('', 'nodes', 'Node', false);
export const SECRETS = define<Secret>('', 'secrets', 'Secret', true);
export const CONFIG_MAPS = define<ConfigMap>('', 'configmaps', 'ConfigMap', true);
export const SERVICE_ACCOUNTS = define<ServiceAccount>(
  '',
  'serviceaccounts',
  'ServiceAccount',
  true,
);
export const EVENTS = define<Event>('', 'events', 'Event', true);
/** The same objects as `EVENTS`, in another form. */
export const NEW_EVENTS = define<NewEvent>('events.k8s.io', 'events', 'Event', true);
export const PODS = define<Pod>('', 'pods', 'Pod', true);
export const SERVICES = define<Service>('', 'services', 'Service', true);
export const ENDPOINTS = define<Endpoints>('', 'endpoints', 'Endpoints', true);
export const ENDPOINT_SLICES = define<EndpointSlice>(
  'discovery.k8s.io',
  'endpointslices',
  'EndpointSlice',
  true,
);
export const CSI_NODES = define<CsiNode>(STORAGE, 'csinodes', 'CSINode', false);
export const CSI_DRIVERS = define<CsiDriver>(STORAGE, 'csidrivers', 'CSIDriver', false);
export const CSI_STORAGE_CAPACITIES = define<CsiStorageCapacity>(
  STORAGE,
  'csistoragecapacities',
  'CSIStorageCapacity',
  true,
);
export const STORAGE_CLASSES = define<StorageClass>(
  STORAGE,
  'storageclasses',
  'StorageClass',
  false,
);
export const VOLUME_ATTACHMENTS = define<VolumeAttachment>(
  STORAGE,
  'volumeattachments',
  'VolumeAttachment',
  false,
);
export const PERSISTENT_VOLUMES = define<PersistentVolume>(
  '',
  'persistentvolumes',
  'PersistentVolume',
  false,
);
export const PERSISTENT_VOLUME_CLAIMS = define<PersistentVolumeClaim>(
  '',
  'persistentvolumeclaims',
  'PersistentVolumeClaim',
  true,
);
export const POD_DISRUPTION_BUDGETS = define<PodDisruptionBudget>(
  'policy',
  'poddisruptionbudgets',
  'PodDisruptionBudget',
  true,
);
export const RUNTIME_CLASSES = define<RuntimeClass>(
  'node.k8s.io',
  'runtimeclasses',
  'RuntimeClass',
  false,
);
export const PRIORITY_CLASSES = define<PriorityClass>(
  'scheduling.k8s.io',
  'priorityclasses',
  'PriorityClass',
  false,
);
export const API_SERVICES = define<ApiService>(
  'apiregistration.k8s.io',
  'apiservices',
  'APIService',
  false,
);
export const FLOW_SCHEMAS = define<FlowSchema>(FLOW_CONTROL, 'flowschemas', 'FlowSchema', false);
export const PRIORITY_LEVELS = define<PriorityLevel>(
  FLOW_CONTROL,
  'prioritylevelconfigurations',
  'PriorityLevelConfiguration',
  false,
);
export const MUTATING_WEBHOOKS = define<WebhookConfiguration>(
  ADMISSION,
  'mutatingwebhookconfigurations',
  'MutatingWebhookConfiguration',
  false,
);
export const VALIDATING_WEBHOOKS = define<WebhookConfiguration>(
  ADMISSION,
  'validatingwebhookconfigurations',
  'ValidatingWebhookConfiguration',
  false,
);
export const ADMISSION_POLICIES = define<AdmissionPolicy>(
  ADMISSION,
  'validatingadmissionpolicies',
  'ValidatingAdmissionPolicy',
  false,
);
export const ADMISSION_POLICY_BINDINGS = define<AdmissionPolicyBinding>(
  ADMISSION,
  'validatingadmissionpolicybindings',
  'ValidatingAdmissionPolicyBinding',
  false,
);
export const REPLICA_SETS = define<ReplicaSet>('apps', 'replicasets', 'ReplicaSet', true);
export const STATEFUL_SETS = define<StatefulSet>('apps', 'statefulsets', 'StatefulSet', true);
export const REPLICATION_CONTROLLERS = define<ReplicationController>(
  '',
  'replicationcontrollers',
  'ReplicationController',
  true,
);
/** The kind of a subresource: there are no objects of it. */
export const SCALES = define<Scale>('autoscaling', 'scales', 'Scale', true);
/** As `SCALES`. */
export const BINDINGS = define<Binding>('', 'bindings', 'Binding', true);
export const DEVICE_CLASSES = define<DeviceClass>(DEVICES, 'deviceclasses', 'DeviceClass', false);
export const RESOURCE_CLAIMS = define<ResourceClaim>(
  DEVICES,
  'resourceclaims',
  'ResourceClaim',
  true,
);
export const RESOURCE_CLAIM_TEMPLATES = define<ResourceClaimTemplate>(
  DEVICES,
  'resourceclaimtemplates',
  'ResourceClaimTemplate',
  true,
);
export const RESOURCE_SLICES = define<ResourceSlice>(
  DEVICES,
  'resourceslices',
  'ResourceSlice',
  false,
);
export const LEASES = define<Lease>('coordination.k8s.io', 'leases', 'Lease', true);
export const CERTIFICATE_SIGNING_REQUESTS = define<CertificateSigningRequest>(
  CERTIFICATES,
  'certificatesigningrequests',
  'CertificateSigningRequest',
  false,
);
export const CLUSTER_TRUST_BUNDLES = define<ClusterTrustBundle>(
  CERTIFICATES,
  'clustertrustbundles',
  'ClusterTrustBundle',
  false,
  'v1beta1',
);
export const POD_CERTIFICATE_REQUESTS = define<PodCertificateRequest>(
  CERTIFICATES,
  'podcertificaterequests',
  'PodCertificateRequest',
  true,
  'v1beta1',
);
export const ROLES = define<Role>(RBAC, 'roles', 'Role', true);
export const CLUSTER_ROLES = define<ClusterRole>(RBAC, 'clusterroles', 'ClusterRole', false);
export const ROLE_BINDINGS = define<RoleBinding>(RBAC, 'rolebindings', 'RoleBinding', true);
export const CLUSTER_ROLE_BINDINGS = define<ClusterRoleBinding>(
  RBAC,
  'clusterrolebindings',
  'ClusterRoleBinding',
  false,
);
export const SUBJECT_ACCESS_REVIEWS = define<SubjectAccessReview>(
  'authorization.k8s.io',
  'subjectaccessreviews',
  'SubjectAccessReview',
  false,
);

/** Served by kubepki's server only, as the next. */
export const NODE_BINDINGS = define<NodeBinding>(
  'kubepki.dev',
  'nodebindings',
  'NodeBinding',
  false,
);
export const REVOCATIONS = define<Revocation>('kubepki.dev', 'revocations', 'Revocation', false);

/** `v1`, `certificates.k8s.io/v1`. */
export const apiVersionOf = ({
  group,
  version,
}: Pick<ResourceType, 'group' | 'version'>): string =>
  group === '' ? version : `${group}/${version}`;

export interface Location {
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

/**
 * The path of a collection, an object or a subresource, each part percent-encoded.
 *
 * @throws TypeError for a namespaced object without its namespace: it would mean another resource.
 */
export function resourcePath(type: ResourceType, location: Location = {}): string {
  const { namespace, name, subresource } = location;
  if (type.namespaced && namespace === undefined && name !== undefined) {
    throw new TypeError(`expected the namespace of a ${type.kind}, got none`);
  }
  const root = type.group === '' ? '/api' : `/apis/${type.group}`;
  const parts = [
    ...(type.namespaced && namespace !== undefined ? ['namespaces', namespace] : []),
    type.resource,
    ...(name === undefined ? [] : [name]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  return `${root}/${type.version}/${parts.map(encodeURIComponent).join('/')}`;
}
