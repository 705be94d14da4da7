/**
 * Ports of nodes that lead to services (k8s.io/kubernetes, pkg/registry/core/service/storage/alloc.go,
 * initNodePorts, updateNodePorts, updateHealthCheckNodePort).
 */
import { type Service, type ServicePort, StatusError } from '../../../kubernetes/index.ts';
import { invalid } from '../field-error.ts';
import { refuseIfAny } from './families.ts';
import { failure, free } from './free.ts';
import { hasNodePorts, needsHealthCheck, withSpec } from './kinds.ts';
import type { PortRange } from './ranges.ts';

export interface PortSource {
  readonly range: PortRange;
  /** Those of other services; what is given is added. */
  readonly taken: Set<number>;
  readonly random: () => number;
}

/** All that a service has. */
export const nodePortsOf = ({ spec }: Service): readonly number[] => [
  ...(spec.ports ?? []).flatMap(({ nodePort }) => (nodePort === undefined ? [] : [nodePort])),
  ...(spec.healthCheckNodePort === undefined ? [] : [spec.healthCheckNodePort]),
];

/** Whether there is a port to be given, or to be looked at. */
export const wantsNodePorts = (service: Service): boolean =>
  hasNodePorts(service) || needsHealthCheck(service);

/** @throws StatusError Invalid, InternalError */
export function withNodePorts(
  service: Service,
  old: Service | undefined,
  source: PortSource,
): Service {
  let result = service;
  if (hasNodePorts(service)) {
    const ports =
      old === undefined
        ? portsOfNew(service, source)
        : portsOfChanged(service, nodePortsOfPorts(old), source);
    result = withSpec(result, { ports });
  }
  return needsHealthCheck(service) && (old === undefined || !needsHealthCheck(old))
    ? withHealthCheck(result, source)
    : result;
}

const nodePortsOfPorts = ({ spec }: Service): ReadonlySet<number> =>
  new Set((spec.ports ?? []).flatMap(({ nodePort }) => (nodePort === undefined ? [] : [nodePort])));

const isGivenAny = ({ spec }: Service): boolean =>
  spec.type === 'NodePort' || spec.allocateLoadBalancerNodePorts !== false;

/** One port of the service for several protocols is one port of the node. */
function portsOfNew(service: Service, source: PortSource): readonly ServicePort[] {
  const { ports = [] } = service.spec;
  const wished = new Map<number, number>();
  for (const { port, nodePort } of ports) {
    if (nodePort !== undefined && !wished.has(port)) wished.set(port, nodePort);
  }
  const shared = new Map<number, number>();
  return ports.map((one, index) => {
    const { port, nodePort } = one;
    if (nodePort === undefined && !isGivenAny(service)) return one;
    const known = shared.get(port);
    if (known !== undefined) {
      if (nodePort === undefined) return { ...one, nodePort: known };
      if (nodePort !== known) take(service, index, nodePort, source);
      return one;
    }
    const wish = wished.get(port);
    if (wish !== undefined) take(service, index, wish, source);
    const given = wish ?? any(source, 'a nodePort');
    shared.set(port, given);
    return { ...one, nodePort: given };
  });
}

/** What it had, it keeps: even where the range is another one now. */
function portsOfChanged(
  service: Service,
  before: ReadonlySet<number>,
  source: PortSource,
): readonly ServicePort[] {
  const taken = new Set<number>();
  const seen = new Set<string>();
  return (service.spec.ports ?? []).map((one, index) => {
    const { nodePort, protocol } = one;
    if (nodePort === undefined && !isGivenAny(service)) return one;
    if (nodePort !== undefined && !before.has(nodePort) && !taken.has(nodePort)) {
      take(service, index, nodePort, source);
      taken.add(nodePort);
    }
    const given = nodePort ?? any(source, 'a nodePort');
    const key = `${protocol} ${given}`;
    if (seen.has(key)) throw StatusError.unexplained(`duplicate nodePort: {${key}}`);
    seen.add(key);
    return nodePort === undefined ? { ...one, nodePort: given } : one;
  });
}

function withHealthCheck(service: Service, source: PortSource): Service {
  const { healthCheckNodePort: wish } = service.spec;
  if (wish === undefined) {
    return withSpec(service, { healthCheckNodePort: any(source, 'a HealthCheck NodePort 0') });
  }
  const problem = problemOf(wish, source);
  if (problem === undefined) return service;
  throw failure(`failed to allocate requested HealthCheck NodePort ${wish}: ${problem}`);
}

function any({ range, taken, random }: PortSource, what: string): number {
  const { first, firstDynamic, last } = range;
  const found = free(
    // No service has port 0.
    { first: BigInt(first || 1), firstDynamic: BigInt(firstDynamic || 1), last: BigInt(last) },
    random,
    (one) => taken.has(Number(one)),
  );
  if (found === undefined) {
    throw failure(`failed to allocate ${what}: range is full`);
  }
  taken.add(Number(found));
  return Number(found);
}

function take(service: Service, index: number, nodePort: number, source: PortSource): void {
  const problem = problemOf(nodePort, source);
  source.taken.add(nodePort);
  if (problem === undefined) return;
  refuseIfAny(service, [invalid(`spec.ports[${index}].nodePort`, nodePort, problem)]);
}

function problemOf(
  port: number,
  { range: { first, last }, taken }: PortSource,
): string | undefined {
  if (port < first || port > last) {
    return `provided port is not in the valid range. The range of valid ports is ${first}-${last}`;
  }
  return taken.has(port) ? 'provided port is already allocated' : undefined;
}
