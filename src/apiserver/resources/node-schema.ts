/** The fields of a Node (k8s.io/api, core/v1/types.go). */
import { apiObject } from './metadata-schema.ts';
import {
  BOOLEAN,
  INT32,
  INT64,
  list,
  map,
  mergedBy,
  object,
  optional,
  pointer,
  QUANTITY,
  required,
  STRING,
  struct,
  TIME,
} from './schema.ts';

const CORE = 'io.k8s.api.core.v1';
const atomic = (...[items]: Parameters<typeof list>) => list(items, { listType: 'atomic' });

const TAINT = object(`${CORE}.Taint`, {
  key: required(STRING),
  value: optional(STRING),
  effect: required(STRING),
  timeAdded: optional(TIME),
});

const CONFIG_SOURCE = object(`${CORE}.NodeConfigSource`, {
  configMap: optional(
    object(`${CORE}.ConfigMapNodeConfigSource`, {
      namespace: required(STRING),
      name: required(STRING),
      uid: optional(STRING),
      resourceVersion: optional(STRING),
      kubeletConfigKey: required(STRING),
    }),
  ),
});

const SPEC = object(`${CORE}.NodeSpec`, {
  podCIDR: optional(STRING),
  podCIDRs: optional(list(STRING, { patch: 'merge', listType: 'set' })),
  providerID: optional(STRING),
  unschedulable: optional(BOOLEAN),
  taints: optional(atomic(TAINT)),
  configSource: optional(CONFIG_SOURCE),
  externalID: optional(STRING),
});

const CONDITION = object(`${CORE}.NodeCondition`, {
  type: required(STRING),
  status: required(STRING),
  lastHeartbeatTime: struct(TIME),
  lastTransitionTime: struct(TIME),
  reason: optional(STRING),
  message: optional(STRING),
});

const SYSTEM_INFO = object(`${CORE}.NodeSystemInfo`, {
  machineID: required(STRING),
  systemUUID: required(STRING),
  bootID: required(STRING),
  kernelVersion: required(STRING),
  osImage: required(STRING),
  containerRuntimeVersion: required(STRING),
  kubeletVersion: required(STRING),
  kubeProxyVersion: required(STRING),
  operatingSystem: required(STRING),
  architecture: required(STRING),
  swap: optional(object(`${CORE}.NodeSwapStatus`, { capacity: pointer(INT64) })),
});

const DAEMON_ENDPOINTS = object(`${CORE}.NodeDaemonEndpoints`, {
  kubeletEndpoint: struct(object(`${CORE}.DaemonEndpoint`, { Port: required(INT32) })),
});

const CONFIG_STATUS = object(`${CORE}.NodeConfigStatus`, {
  assigned: optional(CONFIG_SOURCE),
  active: optional(CONFIG_SOURCE),
  lastKnownGood: optional(CONFIG_SOURCE),
  error: optional(STRING),
});

const RUNTIME_HANDLER = object(`${CORE}.NodeRuntimeHandler`, {
  name: required(STRING),
  features: optional(
    object(`${CORE}.NodeRuntimeHandlerFeatures`, {
      recursiveReadOnlyMounts: pointer(BOOLEAN),
      userNamespaces: pointer(BOOLEAN),
    }),
  ),
});

const STATUS = object(`${CORE}.NodeStatus`, {
  capacity: optional(map(QUANTITY)),
  allocatable: optional(map(QUANTITY)),
  phase: optional(STRING),
  conditions: optional(mergedBy('type', CONDITION)),
  addresses: optional(
    mergedBy(
      'type',
      object(`${CORE}.NodeAddress`, { type: required(STRING), address: required(STRING) }),
    ),
  ),
  daemonEndpoints: struct(DAEMON_ENDPOINTS),
  nodeInfo: struct(SYSTEM_INFO),
  images: optional(
    atomic(
      object(`${CORE}.ContainerImage`, {
        names: required(list(STRING, { listType: 'atomic' })),
        sizeBytes: optional(INT64),
      }),
    ),
  ),
  volumesInUse: optional(list(STRING, { listType: 'atomic' })),
  volumesAttached: optional(
    atomic(
      object(`${CORE}.AttachedVolume`, { name: required(STRING), devicePath: required(STRING) }),
    ),
  ),
  config: optional(CONFIG_STATUS),
  runtimeHandlers: optional(atomic(RUNTIME_HANDLER)),
  features: optional(
    object(`${CORE}.NodeFeatures`, { supplementalGroupsPolicy: pointer(BOOLEAN) }),
  ),
  declaredFeatures: optional(list(STRING, { listType: 'atomic' })),
});

export const NODE_SCHEMA = apiObject(`${CORE}.Node`, {
  spec: struct(SPEC),
  status: struct(STATUS),
});
