/** Words for services and what is behind them (k8s.io/api, core/v1 and discovery/v1). */
import type { Described, Words } from './open-api-words.ts';

const CORE = 'io.k8s.api.core.v1';
const DISCOVERY = 'io.k8s.api.discovery.v1';

const PORT: NonNullable<Described['fields']> = {
  name: 'The name of the port; may be empty where there is only one.',
  port: 'The number of the port.',
  protocol: 'UDP, TCP or SCTP.',
  appProtocol: 'What is spoken there.',
};

export const SERVICE_DESCRIPTIONS: Words = {
  [`${CORE}.Service`]: {
    is: 'One name and one address for pods that do the same.',
    fields: {
      spec: 'How the pods are found and reached.',
      status: 'What a load balancer has given.',
    },
  },
  [`${CORE}.ServiceSpec`]: {
    is: 'How pods are found and reached.',
    fields: {
      ports: 'The ports.',
      selector: 'Labels of the pods. Empty: somebody else says where it leads.',
      clusterIP: 'The address inside the cluster; None: there is none, and names lead to the pods.',
      clusterIPs: 'The addresses, of each family one; the first is `clusterIP`.',
      type: 'From where it can be reached.',
      externalIPs: 'Addresses of nodes at which it is reached, too. For who sets up the network.',
      sessionAffinity: 'Whether requests of one client go to one pod.',
      loadBalancerIP: 'No longer used: the address that a load balancer was asked for.',
      loadBalancerSourceRanges: 'Addresses from which a load balancer lets clients in.',
      externalName: 'With ExternalName: the name in DNS that it stands for.',
      externalTrafficPolicy: 'Whether what comes from outside goes to pods of other nodes, too.',
      healthCheckNodePort: 'The port at which nodes tell a load balancer whether they have pods.',
      publishNotReadyAddresses: 'Whether pods that are not ready are told of, too.',
      sessionAffinityConfig: 'Settings of `sessionAffinity`.',
      ipFamilies: 'The families of the addresses.',
      ipFamilyPolicy: 'How many families there are.',
      allocateLoadBalancerNodePorts: 'Whether a load balancer needs ports on the nodes.',
      loadBalancerClass: 'Who is to make the load balancer.',
      internalTrafficPolicy: 'Whether what comes from inside goes to pods of other nodes, too.',
      trafficDistribution: 'Which pods are preferred: those that are near.',
    },
  },
  [`${CORE}.ServicePort`]: {
    is: 'A port of a service.',
    fields: {
      ...PORT,
      targetPort: 'The port of the pods, by number or name; the same where nothing is said.',
      nodePort: 'The port of the nodes.',
    },
  },
  [`${CORE}.SessionAffinityConfig`]: {
    is: 'How requests of one client go to one pod.',
    fields: { clientIP: 'By the address of the client.' },
  },
  [`${CORE}.ClientIPConfig`]: {
    is: 'How long a client is known by its address.',
    fields: { timeoutSeconds: 'For how many seconds, at most a day.' },
  },
  [`${CORE}.ServiceStatus`]: {
    is: 'What has become of a service.',
    fields: { loadBalancer: 'What a load balancer has given.', conditions: 'What is known of it.' },
  },
  [`${CORE}.LoadBalancerStatus`]: {
    is: 'What a load balancer has given.',
    fields: { ingress: 'Where it is reached.' },
  },
  [`${CORE}.LoadBalancerIngress`]: {
    is: 'Where a load balancer is reached.',
    fields: {
      ip: 'Its address.',
      hostname: 'Its name in DNS.',
      ipMode: 'Whether it hands on the address that clients have called: VIP or Proxy.',
      ports: 'Its ports.',
    },
  },
  [`${CORE}.PortStatus`]: {
    is: 'A port of a load balancer.',
    fields: {
      port: 'The number of the port.',
      protocol: 'UDP, TCP or SCTP.',
      error: 'Why it cannot be had.',
    },
  },
  [`${CORE}.Endpoints`]: {
    is: 'The addresses behind a service. EndpointSlices have taken its place.',
    fields: { subsets: 'Addresses with their ports.' },
  },
  [`${CORE}.EndpointSubset`]: {
    is: 'Addresses that have the same ports.',
    fields: {
      addresses: 'Those that are ready.',
      notReadyAddresses: 'Those that are not ready.',
      ports: 'The ports.',
    },
  },
  [`${CORE}.EndpointAddress`]: {
    is: 'An address behind a service.',
    fields: {
      ip: 'The address.',
      hostname: 'Its name.',
      nodeName: 'The node that it is on.',
      targetRef: 'The object that has it.',
    },
  },
  [`${CORE}.EndpointPort`]: { is: 'A port behind a service.', fields: PORT },
  [`${DISCOVERY}.EndpointSlice`]: {
    is: 'Some of what is behind a service. The label kubernetes.io/service-name says which.',
    fields: {
      addressType: 'Of what sort the addresses are. It never changes.',
      endpoints: 'What is behind it, at most 1000.',
      ports: 'The ports of each; none: all.',
    },
  },
  [`${DISCOVERY}.Endpoint`]: {
    is: 'One of those behind a service.',
    fields: {
      addresses: 'Its addresses, all alike; clients take the first.',
      conditions: 'Whether it may be given work.',
      hostname: 'Its name.',
      targetRef: 'The object that it is.',
      deprecatedTopology: 'From v1beta1: where it is. `nodeName` and `zone` have taken its place.',
      nodeName: 'The node that it is on.',
      zone: 'The zone that it is in.',
      hints: 'For whom it had better be.',
    },
  },
  [`${DISCOVERY}.EndpointConditions`]: {
    is: 'Whether it may be given work.',
    fields: {
      ready: 'Whether it may. Unknown counts as yes.',
      serving: 'Whether it could, even while it ends.',
      terminating: 'Whether it is ending.',
    },
  },
  [`${DISCOVERY}.EndpointHints`]: {
    is: 'For whom something behind a service had better be.',
    fields: { forZones: 'Zones.', forNodes: 'Nodes.' },
  },
  [`${DISCOVERY}.ForZone`]: { is: 'A zone.', fields: { name: 'Its name.' } },
  [`${DISCOVERY}.ForNode`]: { is: 'A node.', fields: { name: 'Its name.' } },
  [`${DISCOVERY}.EndpointPort`]: { is: 'A port of an EndpointSlice.', fields: PORT },
};
