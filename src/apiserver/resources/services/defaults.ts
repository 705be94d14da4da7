/** What is filled in of a service, and what an update keeps (k8s.io/kubernetes, SetDefaults_Service, patchAllocatedValues). */
import type { Service, ServicePort } from '../../../kubernetes/index.ts';
import { sameJson } from '../metadata.ts';
import {
  hasNodePorts,
  isBalanced,
  isNamed,
  isReachable,
  needsHealthCheck,
  withSpec,
} from './kinds.ts';

const AFFINITY_SECONDS = 10_800;

export function defaultService(service: Service): Service {
  const { spec } = service;
  const { sessionAffinity = 'None', type = 'ClusterIP' } = spec;
  const ports = spec.ports?.map(defaultPort);
  const typed = withSpec(service, {
    type,
    sessionAffinity,
    sessionAffinityConfig: affinityOf(sessionAffinity, spec.sessionAffinityConfig),
    ports: sameJson(ports, spec.ports) ? spec.ports : ports,
    allocateLoadBalancerNodePorts:
      spec.allocateLoadBalancerNodePorts ?? (type === 'LoadBalancer' ? true : undefined),
    internalTrafficPolicy:
      type === 'ExternalName' ? undefined : (spec.internalTrafficPolicy ?? 'Cluster'),
  });
  const whole =
    isReachable(typed) && typed.spec.externalTrafficPolicy === undefined
      ? withSpec(typed, { externalTrafficPolicy: 'Cluster' })
      : typed;
  const { ingress } = service.status.loadBalancer;
  const lacksMode = ingress?.some(({ ip, ipMode }) => ip !== undefined && ipMode === undefined);
  if (type === 'LoadBalancer' && lacksMode === true) return withModes(whole);
  return sameJson(whole.spec, spec) ? service : whole;
}

function withModes(service: Service): Service {
  const ingress = (service.status.loadBalancer.ingress ?? []).map((one) =>
    one.ip === undefined || one.ipMode !== undefined ? one : { ...one, ipMode: 'VIP' },
  );
  return {
    ...service,
    status: { ...service.status, loadBalancer: { ...service.status.loadBalancer, ingress } },
  };
}

/** Go's zero of a target that is not said. */
const isUnset = (target: number | string | undefined): boolean =>
  target === undefined || target === 0 || target === '';

const defaultPort = (port: ServicePort): ServicePort => ({
  ...port,
  protocol: port.protocol ?? 'TCP',
  ...(isUnset(port.targetPort) ? { targetPort: port.port } : {}),
});

type Affinity = Service['spec']['sessionAffinityConfig'];

function affinityOf(affinity: string, given: Affinity): Affinity {
  if (affinity === 'None') return undefined;
  if (affinity !== 'ClientIP' || given?.clientIP?.timeoutSeconds !== undefined) return given;
  return { clientIP: { timeoutSeconds: AFFINITY_SECONDS } };
}

/** One address is also the first of the list. */
export function withAddressList(service: Service): Service {
  const { clusterIP = '', clusterIPs = [] } = service.spec;
  return clusterIP !== '' && clusterIPs.length === 0
    ? withSpec(service, { clusterIPs: [clusterIP] })
    : service;
}

const sameAddresses = ({ spec }: Service, { spec: old }: Service): boolean =>
  spec.clusterIP === old.clusterIP && sameJson(spec.clusterIPs, old.clusterIPs);

/** What a client changes in one of two linked fields counts for both, and what it leaves out is as it was. */
export function withOldValues(service: Service, old: Service): Service {
  let result = service;
  const { clusterIP: before = '', clusterIPs: listBefore } = old.spec;
  const { clusterIP = '', clusterIPs = [] } = service.spec;
  if ((listBefore ?? []).length > 0 && clusterIPs.length === 0 && clusterIP === before) {
    result = withSpec(result, { clusterIPs: listBefore });
  }
  if (clusterIP !== before && sameJson(clusterIPs, listBefore)) {
    const isCleared = before !== '' && clusterIP === '';
    result = withSpec(result, { clusterIPs: isCleared ? undefined : [clusterIP] });
  }
  if (!isNamed(old) && !isNamed(result)) {
    if ((result.spec.clusterIP ?? '') === '')
      result = withSpec(result, { clusterIP: old.spec.clusterIP });
    if ((result.spec.clusterIPs ?? []).length === 0) {
      result = withSpec(result, { clusterIPs: listBefore });
    }
  }
  result = withOldPorts(result, old);
  if (needsHealthCheck(old) && needsHealthCheck(result)) {
    result = withSpec(result, {
      healthCheckNodePort: result.spec.healthCheckNodePort ?? old.spec.healthCheckNodePort,
    });
  }
  return result;
}

function withOldPorts(service: Service, old: Service): Service {
  if (!hasNodePorts(old) || !hasNodePorts(service)) return service;
  const before = new Map((old.spec.ports ?? []).map(({ name = '', nodePort }) => [name, nodePort]));
  const used = new Set(
    (service.spec.ports ?? []).flatMap(({ nodePort }) =>
      nodePort === undefined ? [] : [nodePort],
    ),
  );
  const ports = service.spec.ports?.map((port) => {
    const nodePort = port.nodePort ?? before.get(port.name ?? '');
    return nodePort === undefined || (port.nodePort === undefined && used.has(nodePort))
      ? port
      : { ...port, nodePort };
  });
  return withSpec(service, { ports });
}

/** What only the old type had, and nobody has touched, goes (dropTypeDependentFields). */
export function withoutOldType(service: Service, old: Service): Service {
  let result = service;
  const { spec } = service;
  if (!isNamed(old) && isNamed(service)) {
    if (sameAddresses(service, old)) {
      result = withSpec(result, { clusterIP: undefined, clusterIPs: undefined });
    }
    if (sameJson(spec.ipFamilies, old.spec.ipFamilies)) {
      result = withSpec(result, { ipFamilies: undefined });
    }
    if (spec.ipFamilyPolicy === old.spec.ipFamilyPolicy) {
      result = withSpec(result, { ipFamilyPolicy: undefined });
    }
  }
  if (hasNodePorts(old) && !hasNodePorts(service) && hasNoNewPorts(service, old)) {
    result = withSpec(result, {
      ports: result.spec.ports?.map((port) => {
        const { nodePort: _, ...rest } = port;
        return rest;
      }),
    });
  }
  const drop = (
    field:
      | 'healthCheckNodePort'
      | 'allocateLoadBalancerNodePorts'
      | 'loadBalancerClass'
      | 'externalTrafficPolicy',
    applies: (one: Service) => boolean,
  ): void => {
    if (applies(old) && !applies(service) && spec[field] === old.spec[field]) {
      result = withSpec(result, { [field]: undefined });
    }
  };
  drop('healthCheckNodePort', needsHealthCheck);
  drop('allocateLoadBalancerNodePorts', isBalanced);
  drop('loadBalancerClass', isBalanced);
  drop('externalTrafficPolicy', isReachable);
  return isBalanced(service)
    ? result
    : { ...result, status: { ...result.status, loadBalancer: {} } };
}

function hasNoNewPorts({ spec }: Service, { spec: old }: Service): boolean {
  const before = new Set((old.ports ?? []).map(({ nodePort }) => nodePort));
  return (spec.ports ?? []).every(({ nodePort }) => nodePort === undefined || before.has(nodePort));
}
