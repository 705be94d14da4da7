/** Words for pods as a whole and for where they run (k8s.io/api, core/v1). */
import type { Words } from './open-api-words.ts';

const CORE = 'io.k8s.api.core.v1';

const TERM =
  'A wish of its own, with a weight: the node with the largest sum is taken where there is a choice.';
const LABELS_OF_PODS =
  'Keys of labels of the pod itself, whose values are looked for in the others.';

export const POD_DESCRIPTIONS: Words = {
  [`${CORE}.Pod`]: {
    is: 'Containers that run together on one node, with one address and with volumes that they share.',
    fields: { spec: 'What is to run, and how.', status: 'How it runs, as the kubelet reports it.' },
  },
  [`${CORE}.PodSpec`]: {
    is: 'What runs in a pod, and how.',
    fields: {
      volumes: 'Volumes that the containers may mount.',
      initContainers:
        'Containers that run one after the other, each to its end, before the others start. One that is to be restarted always goes on beside them.',
      containers: 'The containers. There is at least one, and none comes or goes afterwards.',
      ephemeralContainers: 'Containers that were added to a pod that runs, to look into it.',
      restartPolicy: 'When containers that have ended start again: Always, OnFailure or Never.',
      terminationGracePeriodSeconds:
        'How long the processes may take to end by themselves; 0: they are killed at once. 30 where nothing is said.',
      activeDeadlineSeconds:
        'How long the pod may be active on its node before it is marked as failed and ended.',
      dnsPolicy: 'Where names are looked up.',
      nodeSelector: 'Labels that a node must have to run the pod.',
      serviceAccountName: 'The ServiceAccount as which the pod speaks to the API.',
      serviceAccount: 'An older name of `serviceAccountName`.',
      automountServiceAccountToken: 'Whether a token of the ServiceAccount is mounted.',
      nodeName: 'The node that the pod is assigned to; empty until a scheduler has chosen one.',
      hostNetwork: 'Whether the pod uses the network of the node.',
      hostPID: 'Whether the pod sees the processes of the node.',
      hostIPC: "Whether the pod shares the node's means of communication between processes.",
      shareProcessNamespace: 'Whether the containers see the processes of each other.',
      securityContext: 'Security settings of all containers; a container can have its own.',
      imagePullSecrets: 'Secrets, of the same namespace, with which images are pulled.',
      hostname: 'The name that the pod calls itself; its own name where nothing is said.',
      subdomain: 'Puts the pod into a domain of DNS: HOSTNAME.SUBDOMAIN.NAMESPACE.svc.DOMAIN.',
      affinity: 'Which nodes, and which company, the pod looks for or avoids.',
      schedulerName: 'The scheduler that places the pod.',
      tolerations: 'Taints of nodes that do not keep the pod away.',
      hostAliases: 'Lines for the hosts file of the containers.',
      priorityClassName: 'The PriorityClass that says how important the pod is.',
      priority: 'How important the pod is: the larger, the more. Comes from the PriorityClass.',
      dnsConfig: 'Settings for DNS beside those of `dnsPolicy`.',
      readinessGates: 'Conditions that others have to report before the pod counts as ready.',
      runtimeClassName: 'The RuntimeClass with which the containers run.',
      enableServiceLinks: 'Whether the containers hear of services through their environment.',
      preemptionPolicy: 'Whether less important pods have to leave for this one.',
      overhead: 'What running the pod takes beside its containers. Comes from the RuntimeClass.',
      topologySpreadConstraints: 'How pods of one kind are spread over the cluster.',
      setHostnameAsFQDN: 'Whether the host name of the pod is its full name in DNS.',
      os: 'The operating system that the pod is made for.',
      hostUsers: 'Whether users inside are those of the node; false: a user namespace of its own.',
      schedulingGates: 'What keeps the pod from being placed. It can only become less.',
      resourceClaims: 'Claims to devices that must be met before the pod starts.',
      resources: 'What all containers together need and may have at most.',
      hostnameOverride: 'A host name for the pod whatever else is said, without a domain in DNS.',
      schedulingGroup: 'The group with which the pod is placed.',
    },
  },
  [`${CORE}.PodStatus`]: {
    is: 'How a pod is doing; may be behind what is true.',
    fields: {
      observedGeneration: 'The generation of the pod that this status is about.',
      phase: 'Where the pod is in its life: Pending, Running, Succeeded, Failed or Unknown.',
      conditions: 'What is known of the pod, one by one.',
      message: 'Why the pod is as it is, for people.',
      reason: 'The same in one word.',
      nominatedNodeName: 'The node on which room is being made for the pod.',
      hostIP: 'The address of the node.',
      hostIPs: 'The addresses of the node, of each family one; the first is `hostIP`.',
      podIP: 'The address of the pod.',
      podIPs: 'The addresses of the pod, of each family one; the first is `podIP`.',
      startTime: 'When the kubelet took the pod, before any image was pulled.',
      initContainerStatuses: 'How the init containers are doing.',
      containerStatuses: 'How the containers are doing.',
      qosClass: 'What the pod was promised, as its requests and limits have it.',
      ephemeralContainerStatuses: 'How the ephemeral containers are doing.',
      resize: 'No longer used: conditions tell how far a change of resources is.',
      resourceClaimStatuses: 'What has become of the claims to devices.',
      extendedResourceClaimStatus: 'The claim that was made for extended resources of the pod.',
      allocatedResources: 'What the node has set aside for the pod as a whole.',
      resources: 'What is in force for the pod as a whole.',
      nodeAllocatableResourceClaimStatuses: 'Claims that take from what the node has to give.',
    },
  },
  [`${CORE}.PodCondition`]: {
    is: 'One thing that is known of a pod.',
    fields: {
      type: 'Which thing.',
      observedGeneration: 'The generation of the pod that it was seen of.',
      status: 'Whether it is so: True, False or Unknown.',
      lastProbeTime: 'When it was last looked at.',
      lastTransitionTime: 'When the status last changed.',
      reason: 'Why it changed, in one word.',
      message: 'Why it changed, for people.',
    },
  },
  [`${CORE}.PodIP`]: { is: 'An address of a pod.', fields: { ip: 'The address.' } },
  [`${CORE}.HostIP`]: { is: 'An address of a node.', fields: { ip: 'The address.' } },
  [`${CORE}.PodOS`]: {
    is: 'An operating system.',
    fields: { name: 'linux or windows.' },
  },
  [`${CORE}.PodReadinessGate`]: {
    is: 'A condition that is part of being ready.',
    fields: { conditionType: 'The type of the condition.' },
  },
  [`${CORE}.PodSchedulingGate`]: {
    is: 'Something that keeps a pod from being placed.',
    fields: { name: 'What it is called, once in a pod.' },
  },
  [`${CORE}.PodSchedulingGroup`]: {
    is: 'With whom a pod is placed. One of the fields is set.',
    fields: { podGroupName: 'The PodGroup that the pod belongs to.' },
  },
  [`${CORE}.PodResourceClaim`]: {
    is: 'A claim to devices, or what one is made of for the pod alone.',
    fields: {
      name: 'How containers of the pod refer to it.',
      resourceClaimName: 'A ResourceClaim of the same namespace.',
      resourceClaimTemplateName:
        'A ResourceClaimTemplate of which the pod gets a claim of its own.',
    },
  },
  [`${CORE}.PodResourceClaimStatus`]: {
    is: 'Which claim a pod has got.',
    fields: {
      name: 'How the pod refers to it.',
      resourceClaimName: 'The ResourceClaim that was made; empty where none was needed.',
    },
  },
  [`${CORE}.PodExtendedResourceClaimStatus`]: {
    is: 'The claim for extended resources of a pod.',
    fields: {
      requestMappings: 'Which request of the claim is for which container.',
      resourceClaimName: 'The ResourceClaim that was made.',
    },
  },
  [`${CORE}.ContainerExtendedResourceRequest`]: {
    is: 'Which request of a claim is for which extended resource of a container.',
    fields: {
      containerName: 'The container.',
      resourceName: 'The extended resource of the container.',
      requestName: 'The request of the claim.',
    },
  },
  [`${CORE}.NodeAllocatableResourceClaimStatus`]: {
    is: 'A claim that takes from what a node has to give.',
    fields: {
      resourceClaimName: 'The ResourceClaim.',
      containers: 'Containers that use it.',
      resources: 'How much of what it takes.',
    },
  },
  [`${CORE}.HostAlias`]: {
    is: 'Names for an address in the hosts file.',
    fields: { ip: 'The address.', hostnames: 'The names.' },
  },
  [`${CORE}.PodDNSConfig`]: {
    is: 'Settings for DNS.',
    fields: {
      nameservers: 'Addresses of servers, beside those of the policy.',
      searches: 'Domains to look in, beside those of the policy.',
      options: 'Options of the resolver, in place of those of the policy.',
    },
  },
  [`${CORE}.PodDNSConfigOption`]: {
    is: 'An option of the resolver.',
    fields: { name: 'The name of the option.', value: 'Its value, where it has one.' },
  },
  [`${CORE}.Affinity`]: {
    is: 'Which nodes, and which company, a pod looks for or avoids.',
    fields: {
      nodeAffinity: 'Nodes that are looked for.',
      podAffinity: 'Pods that are looked for as neighbours.',
      podAntiAffinity: 'Pods that are avoided as neighbours.',
    },
  },
  [`${CORE}.NodeAffinity`]: {
    is: 'Nodes that a pod looks for.',
    fields: {
      requiredDuringSchedulingIgnoredDuringExecution:
        'What a node must be. A change afterwards moves nobody.',
      preferredDuringSchedulingIgnoredDuringExecution: 'What a node had better be, each a weight.',
    },
  },
  [`${CORE}.PodAffinity`]: {
    is: 'Pods that a pod wants to be near.',
    fields: {
      requiredDuringSchedulingIgnoredDuringExecution:
        'Neighbours that there must be. A change afterwards moves nobody.',
      preferredDuringSchedulingIgnoredDuringExecution: TERM,
    },
  },
  [`${CORE}.PodAntiAffinity`]: {
    is: 'Pods that a pod wants to be away from.',
    fields: {
      requiredDuringSchedulingIgnoredDuringExecution:
        'Neighbours that there must not be. A change afterwards moves nobody.',
      preferredDuringSchedulingIgnoredDuringExecution: TERM,
    },
  },
  [`${CORE}.PodAffinityTerm`]: {
    is: 'Some pods, and what near them means.',
    fields: {
      labelSelector: 'Labels of the pods.',
      namespaces: 'Namespaces of the pods; that of the pod itself where none are said.',
      topologyKey: 'The label of nodes that must be equal for two pods to be neighbours.',
      namespaceSelector: 'Labels of namespaces of the pods.',
      matchLabelKeys: LABELS_OF_PODS,
      mismatchLabelKeys: 'The same, for values that the others must not have.',
    },
  },
  [`${CORE}.WeightedPodAffinityTerm`]: {
    is: 'Some pods, and how much they count.',
    fields: { weight: 'How much, from 1 to 100.', podAffinityTerm: 'Which pods.' },
  },
  [`${CORE}.PreferredSchedulingTerm`]: {
    is: 'Some nodes, and how much they are preferred.',
    fields: { weight: 'How much, from 1 to 100.', preference: 'Which nodes.' },
  },
  [`${CORE}.NodeSelector`]: {
    is: 'Selects nodes: one of the terms must fit.',
    fields: { nodeSelectorTerms: 'The terms.' },
  },
  [`${CORE}.NodeSelectorTerm`]: {
    is: 'Requirements on a node, which must all hold. An empty one fits no node.',
    fields: {
      matchExpressions: 'Requirements on labels of the node.',
      matchFields: 'Requirements on fields of the node.',
    },
  },
  [`${CORE}.NodeSelectorRequirement`]: {
    is: 'What a label or a field of a node must be.',
    fields: {
      key: 'The key of the label, or the field.',
      operator: 'How it is compared.',
      values: 'With what: one number for Gt and Lt, nothing for Exists and DoesNotExist.',
    },
  },
  [`${CORE}.Toleration`]: {
    is: 'Taints of nodes that do not keep a pod away.',
    fields: {
      key: 'The key of the taints; empty: all, with the operator Exists.',
      operator: 'How the value is compared. Equal where nothing is said.',
      value: 'The value of the taints.',
      effect: 'The effect of the taints; empty: all.',
      tolerationSeconds: 'Of NoExecute: how long the pod may stay; for ever where nothing is said.',
    },
  },
  [`${CORE}.TopologySpreadConstraint`]: {
    is: 'How pods of one kind are spread.',
    fields: {
      maxSkew: 'By how many pods two domains may differ.',
      topologyKey: 'The label of nodes whose values are the domains.',
      whenUnsatisfiable: 'What happens where it cannot be kept.',
      labelSelector: 'Labels of the pods that are counted.',
      minDomains: 'How many domains there have to be; with fewer, the smallest counts as empty.',
      nodeAffinityPolicy: 'Whether nodes that the pod does not want are counted.',
      nodeTaintsPolicy: 'Whether nodes whose taints the pod does not tolerate are left out.',
      matchLabelKeys: LABELS_OF_PODS,
    },
  },
};
