/** What a service must be (k8s.io/kubernetes, validateService, ValidateServiceUpdate, ValidateLoadBalancerStatus). */
import { addAll } from '../../../add-all.ts';
import type { Service, ServicePort } from '../../../kubernetes/index.ts';
import {
  cidr,
  each,
  IMMUTABLE,
  ip,
  ipFamily,
  label,
  labels,
  oneOf,
  oneOfDemanded,
  port,
  portNumberOrName,
  qualifiedName,
  subdomain,
} from '../checks.ts';
import { duplicate, type FieldError, forbidden, invalid, required } from '../field-error.ts';
import { PROTOCOLS } from '../pods/index.ts';
import { validateAddresses } from './addresses.ts';
import { endpointIp } from './endpoint-ip.ts';
import { isBalanced, isHeadless, isNamed, isReachable, NONE, needsHealthCheck } from './kinds.ts';

const TYPES = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const AFFINITIES = ['ClientIP', 'None'];
const TRAFFIC = ['Cluster', 'Local'];
const DISTRIBUTIONS = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];
const IP_MODES = ['Proxy', 'VIP'];
const LONGEST_AFFINITY = 86_400;
const ONCE = 'may not change once set';
const ONLY_BALANCED = "may only be used when `type` is 'LoadBalancer'";

export function validateService(service: Service, old?: Service): FieldError[] {
  const { spec } = service;
  const { ports = [], type = '' } = spec;
  const errors: FieldError[] = [];
  if (ports.length === 0 && !isHeadless(service) && !isNamed(service)) {
    errors.push(required('spec.ports'));
  }
  if ((type === 'LoadBalancer' || type === 'NodePort') && isHeadless(service)) {
    const detail = `may not be set to 'None' for ${type} services`;
    errors.push(invalid('spec.clusterIPs[0]', NONE, detail));
  }
  if (isNamed(service)) addAll(errors, validateNamed(service));
  addAll(
    errors,
    validatePorts(service),
    labels('spec.selector', spec.selector),
    oneOfDemanded('spec.sessionAffinity', spec.sessionAffinity, AFFINITIES),
    validateAffinity(service),
    validateAddresses(service, old),
    each(spec.externalIPs, 'spec.externalIPs', (address, path) => {
      const wrong = ip(path, address, old?.spec.externalIPs);
      return wrong.length > 0 ? wrong : endpointIp(path, address);
    }),
    oneOfDemanded('spec.type', type, TYPES),
    validatePortUse(service),
    validateBalancing(service, old),
    validateTraffic(service),
  );
  return errors;
}

function validateNamed({ spec }: Service): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of ['clusterIPs', 'ipFamilies', 'ipFamilyPolicy'] as const) {
    const value = spec[field];
    if (value !== undefined && value.length > 0) {
      errors.push(forbidden(`spec.${field}`, 'may not be set for ExternalName services'));
    }
  }
  const name = (spec.externalName ?? '').replace(/\.$/, '');
  const field = 'spec.externalName';
  return [...errors, ...(name === '' ? [required(field)] : subdomain(field, name))];
}

function validatePorts({ spec }: Service): FieldError[] {
  const { ports = [] } = spec;
  const names = new Set<string>();
  return each(ports, 'spec.ports', ({ name = '', ...one }, path) => {
    const errors: FieldError[] = [];
    if (name !== '') {
      addAll(errors, label(`${path}.name`, name));
      if (names.has(name)) errors.push(duplicate(`${path}.name`, name));
      names.add(name);
    } else if (ports.length > 1) errors.push(required(`${path}.name`));
    return [
      ...errors,
      ...port(`${path}.port`, one.port),
      ...oneOfDemanded(`${path}.protocol`, one.protocol, PROTOCOLS),
      ...portNumberOrName(`${path}.targetPort`, one.targetPort ?? 0),
      ...(one.appProtocol === undefined
        ? []
        : qualifiedName(`${path}.appProtocol`, one.appProtocol)),
    ];
  });
}

function validatePortUse({ spec }: Service): FieldError[] {
  const errors: FieldError[] = [];
  const { ports = [] } = spec;
  const twice = (
    key: (one: ServicePort) => string | undefined,
    error: (one: ServicePort, path: string) => FieldError,
  ): void => {
    const seen = new Set<string>();
    addAll(
      errors,
      each(ports, 'spec.ports', (one, path) => {
        const text = key(one);
        if (text === undefined) return [];
        if (seen.has(text)) return [error(one, path)];
        seen.add(text);
        return [];
      }),
    );
  };
  if (spec.type === 'ClusterIP') {
    addAll(
      errors,
      each(ports, 'spec.ports', ({ nodePort }, path) =>
        nodePort === undefined
          ? []
          : [forbidden(`${path}.nodePort`, "may not be used when `type` is 'ClusterIP'")],
      ),
    );
  }
  twice(
    ({ nodePort, protocol }) => (nodePort === undefined ? undefined : `${protocol} ${nodePort}`),
    ({ nodePort }, path) => duplicate(`${path}.nodePort`, nodePort),
  );
  twice(
    ({ port: number, protocol }) => `${protocol} ${number}`,
    ({ port: number, protocol }, path) => duplicate(path, { port: number, protocol }),
  );
  return errors;
}

function validateAffinity({ spec }: Service): FieldError[] {
  if (spec.sessionAffinity !== 'ClientIP') return [];
  const seconds = spec.sessionAffinityConfig?.clientIP?.timeoutSeconds ?? 0;
  if (seconds > 0 && seconds <= LONGEST_AFFINITY) return [];
  const detail = `must be greater than 0 and less than ${LONGEST_AFFINITY}`;
  return [invalid('spec.sessionAffinityConfig.clientIP.timeoutSeconds', seconds, detail)];
}

function validateBalancing(service: Service, old: Service | undefined): FieldError[] {
  const { loadBalancerSourceRanges: ranges = [], loadBalancerClass } = service.spec;
  const errors: FieldError[] = [];
  const field = 'spec.LoadBalancerSourceRanges';
  if (ranges.length > 0 && !isBalanced(service)) errors.push(forbidden(field, ONLY_BALANCED));
  const before = (old?.spec.loadBalancerSourceRanges ?? []).map((one) => one.trim());
  addAll(
    errors,
    each(ranges, field, (padded, path) => {
      const range = padded.trim();
      return cidr(path, range, before);
    }),
  );
  if (service.spec.allocateLoadBalancerNodePorts !== undefined && !isBalanced(service)) {
    errors.push(forbidden('spec.allocateLoadBalancerNodePorts', ONLY_BALANCED));
  }
  if (loadBalancerClass === undefined) return errors;
  const at = 'spec.loadBalancerClass';
  return [
    ...errors,
    ...(isBalanced(service)
      ? qualifiedName(at, loadBalancerClass)
      : [forbidden(at, ONLY_BALANCED)]),
  ];
}

function validateTraffic(service: Service): FieldError[] {
  const { spec } = service;
  const errors: FieldError[] = [];
  const external = 'spec.externalTrafficPolicy';
  if (isReachable(service)) {
    addAll(errors, oneOfDemanded(external, spec.externalTrafficPolicy, TRAFFIC));
  } else if (spec.externalTrafficPolicy !== undefined) {
    const detail = 'may only be set for externally-accessible services';
    errors.push(invalid(external, spec.externalTrafficPolicy, detail));
  }
  const check = 'spec.healthCheckNodePort';
  const { healthCheckNodePort } = spec;
  if (needsHealthCheck(service)) {
    addAll(
      errors,
      healthCheckNodePort === undefined ? [required(check)] : port(check, healthCheckNodePort),
    );
  } else if (healthCheckNodePort !== undefined) {
    const detail =
      "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.push(invalid(check, healthCheckNodePort, detail));
  }
  return [
    ...errors,
    ...oneOf('spec.internalTrafficPolicy', spec.internalTrafficPolicy, TRAFFIC),
    ...oneOf('spec.trafficDistribution', spec.trafficDistribution, DISTRIBUTIONS),
  ];
}

export function validateServiceUpdate(service: Service, old: Service): FieldError[] {
  const errors: FieldError[] = [];
  if (!isNamed(service) && !isNamed(old) && !(isHeadless(service) && isHeadless(old))) {
    const { clusterIPs: before = [], ipFamilies: familiesBefore = [] } = old.spec;
    const { clusterIPs = [], ipFamilies = [] } = service.spec;
    if (before.length === clusterIPs.length) {
      before.forEach((address, index) => {
        if (address === clusterIPs[index]) return;
        errors.push(invalid(`spec.clusterIPs[${index}]`, clusterIPs, ONCE));
      });
    } else if (clusterIPs[0] !== before[0]) {
      errors.push(invalid('spec.clusterIPs[0]', clusterIPs, ONCE));
    }
    if (isHeadless(service) === isHeadless(old) && familiesBefore[0] !== ipFamilies[0]) {
      errors.push(invalid('spec.ipFamilies[0]', ipFamilies, ONCE));
    }
  }
  if (isBalanced(service) && isBalanced(old)) {
    const { loadBalancerClass } = service.spec;
    if (loadBalancerClass !== old.spec.loadBalancerClass) {
      errors.push(invalid('spec.loadBalancerClass', loadBalancerClass ?? null, ONCE));
    }
  }
  if (
    needsHealthCheck(service) &&
    needsHealthCheck(old) &&
    service.spec.healthCheckNodePort !== old.spec.healthCheckNodePort
  ) {
    errors.push(forbidden('spec.healthCheckNodePort', IMMUTABLE));
  }
  return [...errors, ...validateService(service, old)];
}

export function validateServiceStatus(service: Service, old: Service): FieldError[] {
  const field = 'status.loadBalancer.ingress';
  const { ingress = [] } = service.status.loadBalancer;
  if (!isBalanced(service) && ingress.length > 0) {
    return [forbidden(field, "may only be used when `spec.type` is 'LoadBalancer'")];
  }
  const before = (old.status.loadBalancer.ingress ?? []).flatMap(({ ip: one = '' }) => one);
  return each(ingress, field, ({ ip: address = '', ipMode, hostname = '' }, path) => {
    const errors = address === '' ? [] : ip(`${path}.ip`, address, before);
    const at = `${path}.ipMode`;
    if (ipMode === undefined) {
      if (address !== '') errors.push(required(at, 'must be specified when `ip` is set'));
    } else if (address === '') {
      errors.push(forbidden(at, 'may not be specified when `ip` is not set'));
    } else addAll(errors, oneOf(at, ipMode, IP_MODES));
    if (hostname !== '') addAll(errors, subdomain(`${path}.hostname`, hostname));
    if (ipFamily(hostname) !== 0) {
      const detail = 'must be a DNS name, not an IP address';
      errors.push(invalid(`${path}.hostname`, hostname, detail));
    }
    return errors;
  });
}
