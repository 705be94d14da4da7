/**
 * Which families of addresses a service has, by what it says and what the cluster has (k8s.io/kubernetes,
 * pkg/registry/core/service/storage/alloc.go, initIPFamilyFields).
 */
import { SERVICES, type Service } from '../../../kubernetes/index.ts';
import { ipFamily } from '../checks.ts';
import { type FieldError, invalid, invalidObject } from '../field-error.ts';
import { sameJson } from '../metadata.ts';
import { validateAddresses } from './addresses.ts';
import { isNamed, NONE, withSpec } from './kinds.ts';
import type { ServiceRanges } from './ranges.ts';

const IPV4 = 'IPv4';
const IPV6 = 'IPv6';
const SINGLE = 'SingleStack';
const PREFERRED = 'PreferDualStack';
const REQUIRED = 'RequireDualStack';
const POLICY = 'spec.ipFamilyPolicy';

const otherOf = (family: string): string => (family === IPV4 ? IPV6 : IPV4);
const hasSameAddresses = ({ spec }: Service, { spec: old }: Service): boolean =>
  sameJson(spec.clusterIPs ?? [], old.clusterIPs ?? []);
const hasSameFamilies = ({ spec }: Service, { spec: old }: Service): boolean =>
  sameJson(spec.ipFamilies ?? [], old.ipFamilies ?? []);
const hasNoAddress = ({ spec }: Service): boolean =>
  spec.clusterIP === NONE && Object.keys(spec.selector ?? {}).length === 0;

/** An update that leaves both to the cluster changes nothing where the cluster has become another one. */
export function leavesFamilies(service: Service, old: Service | undefined): boolean {
  const isPreferred = (policy: string | undefined): boolean => (policy ?? PREFERRED) === PREFERRED;
  return (
    old !== undefined &&
    service.spec.ipFamilyPolicy !== undefined &&
    service.spec.type === old.spec.type &&
    !isNamed(service) &&
    isPreferred(service.spec.ipFamilyPolicy) &&
    isPreferred(old.spec.ipFamilyPolicy) &&
    hasSameAddresses(service, old) &&
    hasSameFamilies(service, old)
  );
}

/** @throws StatusError Invalid */
export function refuseIfAny(service: Service, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw invalidObject(SERVICES, service.metadata.name ?? '', errors);
}

/**
 * The service with its policy and families.
 *
 * @throws StatusError Invalid
 */
export function withFamilies(
  service: Service,
  old: Service | undefined,
  ranges: ServiceRanges,
): Service {
  const policy =
    service.spec.ipFamilyPolicy ??
    old?.spec.ipFamilyPolicy ??
    (hasNoAddress(service) ? REQUIRED : SINGLE);
  const decided = withSpec(service, { ipFamilyPolicy: policy });
  refuseIfAny(service, validateAddresses(decided, old));
  const shrunk = old === undefined ? decided : withoutSecond(decided, old, policy);
  const inferred = withFamiliesOfAddresses(shrunk, policy, ranges);
  const configured = ranges.addresses.map(({ family }) => family);
  return hasNoAddress(inferred)
    ? withFreeFamilies(inferred, policy, configured)
    : withConfigured(inferred, policy, configured);
}

/** Back to one family: the second goes with a word, and not without it. */
function withoutSecond(service: Service, old: Service, policy: string): Service {
  const { clusterIPs = [], ipFamilies = [] } = service.spec;
  if (policy === SINGLE) {
    return withSpec(service, {
      ...(hasSameAddresses(service, old) && clusterIPs.length > 1
        ? { clusterIPs: clusterIPs.slice(0, 1) }
        : {}),
      ...(hasSameFamilies(service, old) && ipFamilies.length > 1
        ? { ipFamilies: ipFamilies.slice(0, 1) }
        : {}),
    });
  }
  const errors: FieldError[] = [];
  const isFewer = (now: readonly string[], before: readonly string[] = []): boolean =>
    now.length > 0 && now.length < before.length;
  const say = (what: string): void => {
    errors.push(invalid(POLICY, policy, `must be 'SingleStack' to release the secondary ${what}`));
  };
  if (isFewer(clusterIPs, old.spec.clusterIPs)) say('cluster IP');
  if (isFewer(ipFamilies, old.spec.ipFamilies)) say('IP family');
  refuseIfAny(service, errors);
  return service;
}

function withFamiliesOfAddresses(service: Service, policy: string, ranges: ServiceRanges): Service {
  const { clusterIPs = [], ipFamilies = [] } = service.spec;
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
    if (clusterIPs[0] === NONE || index < ipFamilies.length) return;
    const family = ipFamily(address) === 6 ? IPV6 : IPV4;
    if (ranges.addresses.some((range) => range.family === family)) families.push(family);
    else {
      const detail = `${family} is not configured on this cluster`;
      errors.push(invalid(`spec.clusterIPs[${index}]`, clusterIPs, detail));
    }
  });
  refuseIfAny(service, errors);
  return families.length === ipFamilies.length
    ? service
    : withSpec(service, { ipFamilies: families });
}

/** Of a service without addresses and pods: whatever it wishes, the cluster need not have it. */
function withFreeFamilies(
  service: Service,
  policy: string,
  [standard = IPV4]: readonly string[],
): Service {
  const { ipFamilies = [] } = service.spec;
  const [first = standard] = ipFamilies;
  const both = policy !== SINGLE && ipFamilies.length < 2;
  const all = both ? [first, otherOf(first)] : ipFamilies;
  return withSpec(service, { ipFamilies: all.length === 0 ? [first] : all });
}

function withConfigured(service: Service, policy: string, configured: readonly string[]): Service {
  const { ipFamilies = [] } = service.spec;
  const errors: FieldError[] = [];
  if (policy === REQUIRED && configured.length < 2) {
    const detail = 'this cluster is not configured for dual-stack services';
    errors.push(invalid(POLICY, policy, detail));
  }
  ipFamilies.forEach((family, index) => {
    if (configured.includes(family)) return;
    errors.push(invalid(`spec.ipFamilies[${index}]`, family, 'not configured on this cluster'));
  });
  refuseIfAny(service, errors);
  const families = ipFamilies.length === 0 ? configured.slice(0, 1) : ipFamilies;
  const [first, second] = families;
  const isShort = policy !== SINGLE && second === undefined && configured.length === 2;
  return withSpec(service, {
    ipFamilies: isShort && first !== undefined ? [first, otherOf(first)] : families,
  });
}
