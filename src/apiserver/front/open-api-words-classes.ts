/** Words for classes, drivers and API services (k8s.io/api, scheduling, node and storage; kube-aggregator). */
import type { Words } from './open-api-words.ts';

const SCHEDULING = 'io.k8s.api.scheduling.v1';
const NODE = 'io.k8s.api.node.v1';
const STORAGE = 'io.k8s.api.storage.v1';
const REGISTRATION = 'io.k8s.kube-aggregator.pkg.apis.apiregistration.v1';

export const CLASS_DESCRIPTIONS: Words = {
  [`${SCHEDULING}.PriorityClass`]: {
    is: 'How important pods are.',
    fields: {
      value: 'How important: the larger, the more. It never changes.',
      globalDefault: 'Whether it is for pods that name no class. One at most is.',
      description: 'What it is for, for people.',
      preemptionPolicy: 'Whether less important pods have to leave for those of this class.',
    },
  },
  [`${NODE}.RuntimeClass`]: {
    is: 'A way to run containers.',
    fields: {
      handler: 'What the runtime of the nodes calls it. It never changes.',
      overhead: 'What running a pod takes beside its containers.',
      scheduling: 'Which nodes have it; all where nothing is said.',
    },
  },
  [`${NODE}.Overhead`]: {
    is: 'What running a pod takes beside its containers.',
    fields: { podFixed: 'How much of what, for each pod.' },
  },
  [`${NODE}.Scheduling`]: {
    is: 'Nodes that have a way to run containers.',
    fields: {
      nodeSelector: 'Their labels.',
      tolerations: 'Taints of theirs that do not keep the pods away.',
    },
  },
  [`${STORAGE}.CSIDriver`]: {
    is: 'A driver for volumes; its name is that of the driver.',
    fields: { spec: 'What the driver can do and needs.' },
  },
  [`${STORAGE}.CSIDriverSpec`]: {
    is: 'What a driver for volumes can do and needs.',
    fields: {
      attachRequired: 'Whether a volume has to be attached to a node before it is mounted.',
      podInfoOnMount: 'Whether the driver hears of the pod for which it mounts.',
      volumeLifecycleModes: 'Persistent: of claims. Ephemeral: of a pod.',
      storageCapacity: 'Whether the scheduler looks at how much room there is.',
      fsGroupPolicy: 'Whether the owner of files may be changed.',
      tokenRequests: "Tokens of the pod's ServiceAccount that the driver is given.",
      requiresRepublish: 'Whether the driver is called again and again while it is mounted.',
      seLinuxMount: 'Whether volumes can be mounted with a label of SELinux.',
      nodeAllocatableUpdatePeriodSeconds:
        'How often the node asks the driver how many volumes it can have.',
      serviceAccountTokenInSecrets: 'Whether the tokens come in the field for secrets.',
      preventPodSchedulingIfMissing: 'Whether pods stay away from nodes without the driver.',
    },
  },
  [`${STORAGE}.TokenRequest`]: {
    is: "A token of the pod's ServiceAccount.",
    fields: {
      audience: 'Whom it is for; the API server where nothing is said.',
      expirationSeconds: 'How long it is good for.',
    },
  },
  [`${STORAGE}.CSINode`]: {
    is: 'The drivers for volumes that a node has; its name is that of the node.',
    fields: { spec: 'The drivers.' },
  },
  [`${STORAGE}.CSINodeSpec`]: {
    is: 'The drivers for volumes that a node has.',
    fields: { drivers: 'The drivers.' },
  },
  [`${STORAGE}.CSINodeDriver`]: {
    is: 'A driver on a node.',
    fields: {
      name: 'The name of the driver.',
      nodeID: 'What the driver calls the node.',
      topologyKeys: 'Labels by which the driver knows where the node is.',
      allocatable: 'How many volumes the node can have.',
    },
  },
  [`${STORAGE}.VolumeNodeResources`]: {
    is: 'How many volumes a node can have.',
    fields: { count: 'How many at most; no limit where nothing is said.' },
  },
  [`${REGISTRATION}.APIService`]: {
    is: 'Who serves a group of the API in a version; its name is VERSION.GROUP.',
    fields: { spec: 'Who, and with what precedence.', status: 'Whether it can be reached.' },
  },
  [`${REGISTRATION}.APIServiceSpec`]: {
    is: 'Who serves a group of the API in a version.',
    fields: {
      service: 'The service that serves it; this server itself where nothing is said.',
      group: 'The group.',
      version: 'The version.',
      insecureSkipTLSVerify: 'Whether anybody may be the service. Not for more than a test.',
      caBundle: 'The authorities that its certificate must be of, in PEM.',
      groupPriorityMinimum: 'How far before others the group comes: the larger, the sooner.',
      versionPriority: 'How far before others of the group the version comes.',
    },
  },
  [`${REGISTRATION}.ServiceReference`]: {
    is: 'A service.',
    fields: {
      namespace: 'The namespace of the service.',
      name: 'The name of the service.',
      port: 'The port of the service; 443 where nothing is said.',
    },
  },
  [`${REGISTRATION}.APIServiceStatus`]: {
    is: 'Whether an APIService can be reached.',
    fields: { conditions: 'What is known of it.' },
  },
  [`${REGISTRATION}.APIServiceCondition`]: {
    is: 'One thing that is known of an APIService.',
    fields: {
      type: 'Which thing: Available.',
      status: 'Whether it is so: True, False or Unknown.',
      lastTransitionTime: 'When the status last changed.',
      reason: 'Why it changed, in one word.',
      message: 'Why it changed, for people.',
    },
  },
};
