/**
 * Addresses and node ports of services (k8s.io/kubernetes, pkg/registry/core/service/storage/alloc.go). The
 * ranges are those of a kube-apiserver that is told none; one family of addresses.
 */
import { isIPv6 } from 'node:net';
import { SERVICES, type Service, StatusError } from '../../../kubernetes/index.ts';
import { ipFamily } from '../checks.ts';
import type { Others } from '../definition.ts';
import { type FieldError, invalid, invalidObject } from '../field-error.ts';
import { validateAddresses } from './addresses.ts';
import { hasNodePorts, isHeadless, isNamed, NONE, needsHealthCheck, withSpec } from './kinds.ts';

/** `--service-cluster-ip-range`. */
const NETWORK = '10.0.0';
const LAST = 254;
/** Of what is given without a wish: the first are left to those who wish. */
const FIRST_DYNAMIC = 17;
/** That of the service `kubernetes`. */
const RESERVED = 1;
/** `--service-node-port-range`. */
const PORTS = { first: 30_000, last: 32_767, firstDynamic: 30_086 } as const;

const IPV4 = 'IPv4';
const IPV6 = 'IPv6';
const SINGLE = 'SingleStack';
const DUAL = 'RequireDualStack';
const POLICY = 'spec.ipFamilyPolicy';

/** @throws StatusError Invalid, InternalError */
export async function allocate(
  service: Service,
  old: Service | undefined,
  source: Others<Service>,
): Promise<Service> {
  const familiar = isNamed(service) ? service : withFamilies(service, old);
  const others = (await source.list()).filter(
    ({ metadata }) => metadata.uid !== service.metadata.uid,
  );
  const random = (): number => source.random();
  // What has an address keeps it, or its change is refused.
  const addressed =
    old === undefined || isNamed(old) ? withAddress(familiar, others, random) : familiar;
  return withPorts(addressed, others, random);
}

function refuseIfAny(service: Service, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalidObject(SERVICES, service.metadata.name ?? '', errors);
}

function withFamilies(service: Service, old: Service | undefined): Service {
  const { clusterIP = '', selector = {} } = service.spec;
  const isFree = clusterIP === NONE && Object.keys(selector).length === 0;
  const policy =
    service.spec.ipFamilyPolicy ?? old?.spec.ipFamilyPolicy ?? (isFree ? DUAL : SINGLE);
  const decided = withSpec(service, { ipFamilyPolicy: policy });
  refuseIfAny(service, validateAddresses(decided, old));
  const { clusterIPs = [], ipFamilies = [] } = decided.spec;
  const errors: FieldError[] = [];
  if (policy === SINGLE) {
    const say = (what: string): void => {
      const detail = `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`;
      errors.push(invalid(POLICY, policy, detail));
    };
    if (clusterIPs.length === 2) say('cluster IPs');
    if (ipFamilies.length === 2) say('IP families');
  }
  const families = [...ipFamilies];
  clusterIPs.forEach((address, index) => {
    if (address === NONE || index < ipFamilies.length) return;
    const family = isIPv6(address) ? IPV6 : IPV4;
    if (family === IPV4) families.push(family);
    else {
      const detail = `${family} is not configured on this cluster`;
      errors.push(invalid(`spec.clusterIPs[${index}]`, clusterIPs, detail));
    }
  });
  refuseIfAny(service, errors);
  if (isFree) {
    const [first = IPV4] = families;
    const both = policy !== SINGLE && families.length < 2;
    const all = both ? [first, first === IPV4 ? IPV6 : IPV4] : families;
    return withSpec(decided, { ipFamilies: all.length === 0 ? [first] : all });
  }
  if (policy === DUAL) {
    const detail = 'this cluster is not configured for dual-stack services';
    errors.push(invalid(POLICY, policy, detail));
  }
  families.forEach((family, index) => {
    if (family === IPV4) return;
    const detail = 'not configured on this cluster';
    errors.push(invalid(`spec.ipFamilies[${index}]`, family, detail));
  });
  refuseIfAny(service, errors);
  return withSpec(decided, { ipFamilies: families.length === 0 ? [IPV4] : families });
}

function withAddress(service: Service, others: readonly Service[], random: () => number): Service {
  if (isNamed(service) || isHeadless(service)) return service;
  const taken = new Set(others.flatMap(({ spec }) => spec.clusterIPs ?? []));
  const [wanted = ''] = service.spec.clusterIPs ?? [];
  if (wanted !== '') {
    const problem = addressProblem(wanted, taken);
    if (problem !== undefined) {
      const detail = `failed to allocate IP ${wanted}: ${problem}`;
      refuseIfAny(service, [invalid('spec.clusterIPs', service.spec.clusterIPs, detail)]);
    }
    return service;
  }
  const host = free(FIRST_DYNAMIC, LAST, random, (one) => taken.has(`${NETWORK}.${one}`));
  const found =
    host ?? free(RESERVED + 1, FIRST_DYNAMIC - 1, random, (one) => taken.has(`${NETWORK}.${one}`));
  if (found === undefined) {
    throw StatusError.of(
      'InternalError',
      `failed to allocate a serviceIP for Service "${service.metadata.name}": range is full`,
    );
  }
  const address = `${NETWORK}.${found}`;
  return withSpec(service, { clusterIP: address, clusterIPs: [address] });
}

function addressProblem(address: string, taken: ReadonlySet<string>): string | undefined {
  const host = Number(address.slice(NETWORK.length + 1));
  const isInside =
    ipFamily(address) === 4 && address.startsWith(`${NETWORK}.`) && host > 0 && host <= LAST;
  if (!isInside) {
    return 'the provided network does not match the current range';
  }
  return taken.has(address) ? 'provided IP is already allocated' : undefined;
}

/** Any of a range that is not taken; undefined where all are. */
function free(
  first: number,
  last: number,
  random: () => number,
  isTaken: (one: number) => boolean,
): number | undefined {
  const count = last - first + 1;
  const start = Math.floor(random() * count);
  for (let step = 0; step < count; step += 1) {
    const one = first + ((start + step) % count);
    if (!isTaken(one)) return one;
  }
  return undefined;
}

function withPorts(service: Service, others: readonly Service[], random: () => number): Service {
  const taken = new Set(others.flatMap(nodePortsOf));
  const isTaken = (one: number): boolean => taken.has(one);
  const any = (): number => {
    const found =
      free(PORTS.firstDynamic, PORTS.last, random, isTaken) ??
      free(PORTS.first, PORTS.firstDynamic - 1, random, isTaken);
    if (found === undefined) {
      const detail = 'failed to allocate a nodePort: range is full';
      throw StatusError.of('InternalError', detail);
    }
    taken.add(found);
    return found;
  };
  const { ports = [], healthCheckNodePort } = service.spec;
  let result = service;
  if (hasNodePorts(service) && service.spec.allocateLoadBalancerNodePorts !== false) {
    // One port of the service for several protocols is one port of the node.
    const shared = new Map<number, number>();
    const given = ports.map((port, index) => {
      if (port.nodePort !== undefined) {
        if (shared.get(port.port) !== port.nodePort)
          refusePort(service, index, port.nodePort, isTaken);
        shared.set(port.port, port.nodePort);
        return port;
      }
      const nodePort = shared.get(port.port) ?? any();
      shared.set(port.port, nodePort);
      return { ...port, nodePort };
    });
    result = withSpec(result, { ports: given });
  }
  return needsHealthCheck(service) && healthCheckNodePort === undefined
    ? withSpec(result, { healthCheckNodePort: any() })
    : result;
}

const nodePortsOf = ({ spec }: Service): readonly number[] => [
  ...(spec.ports ?? []).flatMap(({ nodePort }) => (nodePort === undefined ? [] : [nodePort])),
  ...(spec.healthCheckNodePort === undefined ? [] : [spec.healthCheckNodePort]),
];

function refusePort(
  service: Service,
  index: number,
  nodePort: number,
  isTaken: (one: number) => boolean,
): void {
  const field = `spec.ports[${index}].nodePort`;
  if (nodePort < PORTS.first || nodePort > PORTS.last) {
    const detail = `provided port is not in the valid range. The range of valid ports is ${PORTS.first}-${PORTS.last}`;
    refuseIfAny(service, [invalid(field, nodePort, detail)]);
  }
  if (isTaken(nodePort)) {
    refuseIfAny(service, [invalid(field, nodePort, 'provided port is already allocated')]);
  }
}
