/** Words for nodes (k8s.io/api, core/v1). */
import type { Words } from './open-api-words.ts';

const CORE = 'io.k8s.api.core.v1';

export const NODE_DESCRIPTIONS: Words = {
  [`${CORE}.Node`]: {
    is: 'A machine of the cluster, as its kubelet has registered it.',
    fields: { spec: 'What the node should be.', status: 'What the kubelet reports of the node.' },
  },
  [`${CORE}.NodeSpec`]: {
    is: 'What a node should be.',
    fields: {
      podCIDR: 'The addresses for pods on this node.',
      podCIDRs: 'The same, one of each address family; the first is `podCIDR`.',
      providerID: 'How a cloud provider calls the machine.',
      unschedulable: 'Whether new pods stay away (kubectl cordon).',
      taints: 'What keeps pods away that do not tolerate it.',
      configSource: 'No longer used.',
      externalID: 'No longer used.',
    },
  },
  [`${CORE}.Taint`]: {
    is: 'Keeps pods away from a node that do not tolerate it.',
    fields: {
      key: 'The key of the taint.',
      value: 'The value that belongs to the key.',
      effect:
        'NoSchedule: no new pods. PreferNoSchedule: none where it can be helped. NoExecute: those that are there must leave, too.',
      timeAdded: 'When the taint was added.',
    },
  },
  [`${CORE}.NodeConfigSource`]: {
    is: 'Where a kubelet took its configuration from. No longer used.',
    fields: { configMap: 'A ConfigMap that held it.' },
  },
  [`${CORE}.ConfigMapNodeConfigSource`]: {
    is: 'A ConfigMap with the configuration of a kubelet. No longer used.',
    fields: {
      namespace: 'The namespace of the ConfigMap.',
      name: 'The name of the ConfigMap.',
      uid: 'The UID of the ConfigMap.',
      resourceVersion: 'The version of the ConfigMap.',
      kubeletConfigKey: 'The key under which the configuration stands.',
    },
  },
  [`${CORE}.NodeStatus`]: {
    is: 'What a kubelet reports of its node.',
    fields: {
      capacity: 'What the machine has of each resource.',
      allocatable: 'What of it is there for pods.',
      phase: 'No longer used.',
      conditions: 'How the node fares: Ready, MemoryPressure and so on.',
      addresses: 'Names and addresses under which the node is reached.',
      daemonEndpoints: 'The ports of what runs on the node.',
      nodeInfo: 'What machine and system it is.',
      images: 'Images that are on the node.',
      volumesInUse: 'Volumes that are mounted on the node.',
      volumesAttached: 'Volumes that are attached to the node.',
      config: 'Where the kubelet took its configuration from. No longer used.',
      runtimeHandlers: 'The handlers that the container runtime has.',
      features: 'What the container runtime can do.',
      declaredFeatures: 'Features of Kubernetes that the node says it has.',
    },
  },
  [`${CORE}.NodeCondition`]: {
    is: 'One thing about how a node fares.',
    fields: {
      type: 'What the condition is about, such as Ready.',
      status: 'True, False or Unknown.',
      lastHeartbeatTime: 'When the kubelet last reported it.',
      lastTransitionTime: 'When the status last changed.',
      reason: 'Why it changed last, in one word.',
      message: 'Why it changed last, for people.',
    },
  },
  [`${CORE}.NodeAddress`]: {
    is: 'A name or address of a node.',
    fields: {
      type: 'Hostname, InternalIP, ExternalIP, InternalDNS or ExternalDNS.',
      address: 'The name or the address.',
    },
  },
  [`${CORE}.NodeDaemonEndpoints`]: {
    is: 'The ports of what runs on a node.',
    fields: { kubeletEndpoint: 'Where the kubelet listens.' },
  },
  [`${CORE}.DaemonEndpoint`]: {
    is: 'A port of a daemon.',
    fields: { Port: 'The number of the port.' },
  },
  [`${CORE}.NodeSystemInfo`]: {
    is: 'What machine and system a node is.',
    fields: {
      machineID: 'The content of /etc/machine-id.',
      systemUUID: 'The UUID that the firmware tells.',
      bootID: 'Another one for each start of the machine.',
      kernelVersion: 'The version of the kernel (uname -r).',
      osImage: 'The system, from /etc/os-release.',
      containerRuntimeVersion: 'The container runtime and its version.',
      kubeletVersion: 'The version of the kubelet.',
      kubeProxyVersion: 'No longer used.',
      operatingSystem: 'linux or windows.',
      architecture: 'The architecture, such as amd64.',
      swap: 'What swap the machine has.',
    },
  },
  [`${CORE}.NodeSwapStatus`]: {
    is: 'What swap a machine has.',
    fields: { capacity: 'How many bytes.' },
  },
  [`${CORE}.ContainerImage`]: {
    is: 'An image of a container.',
    fields: { names: 'The names under which it is known.', sizeBytes: 'How many bytes it has.' },
  },
  [`${CORE}.AttachedVolume`]: {
    is: 'A volume that is attached to a node.',
    fields: { name: 'The name of the volume.', devicePath: 'Where the device is.' },
  },
  [`${CORE}.NodeConfigStatus`]: {
    is: 'How far a configuration from the API has come. No longer used.',
    fields: {
      assigned: 'The configuration that the kubelet should use.',
      active: 'The configuration that it uses.',
      lastKnownGood: 'The configuration that it falls back to.',
      error: 'What is wrong with the assigned one.',
    },
  },
  [`${CORE}.NodeRuntimeHandler`]: {
    is: 'A handler of the container runtime.',
    fields: { name: 'Its name; empty for the default.', features: 'What it can do.' },
  },
  [`${CORE}.NodeRuntimeHandlerFeatures`]: {
    is: 'What a handler of the container runtime can do.',
    fields: {
      recursiveReadOnlyMounts: 'Mounts that are read-only with all below them.',
      userNamespaces: 'Containers in user namespaces.',
    },
  },
  [`${CORE}.NodeFeatures`]: {
    is: 'What the container runtime of a node can do.',
    fields: { supplementalGroupsPolicy: 'Whether it follows SupplementalGroupsPolicy.' },
  },
};
