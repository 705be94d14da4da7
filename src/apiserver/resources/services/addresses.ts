/** The addresses of a service and their families (k8s.io/kubernetes, ValidateServiceClusterIPsRelatedFields). */
import { addAll } from '../../../add-all.ts';
import type { Service } from '../../../kubernetes/index.ts';
import { each, ip, ipFamily, isDualStack, oneOf } from '../checks.ts';
import { duplicate, type FieldError, invalid, required } from '../field-error.ts';
import { isHeadless, isNamed, NONE } from './kinds.ts';

const FAMILIES = ['IPv4', 'IPv6'];
const POLICIES = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];

/** They and the policy belong together. */
export function validateAddresses(service: Service, old: Service | undefined): FieldError[] {
  if (isNamed(service)) return [];
  const { clusterIP = '', clusterIPs = [], ipFamilies = [], ipFamilyPolicy } = service.spec;
  const field = 'spec.clusterIPs';
  const errors: FieldError[] = [];
  if (clusterIP !== '') {
    if (clusterIPs.length === 0) errors.push(required(field));
    else if (clusterIPs[0] !== clusterIP) {
      errors.push(invalid(field, clusterIPs, 'first value must match `clusterIP`'));
    }
  } else if (clusterIPs.length > 0) {
    errors.push(invalid(field, clusterIPs, 'must be empty when `clusterIP` is not specified'));
  }
  const seen = new Set<string>();
  addAll(
    errors,
    each(ipFamilies, 'spec.ipFamilies', (family, path) => {
      const wrong = oneOf(path, family, FAMILIES);
      if (seen.has(family)) wrong.push(duplicate(path, family));
      seen.add(family);
      return wrong;
    }),
    oneOf('spec.ipFamilyPolicy', ipFamilyPolicy, POLICIES),
  );
  const wrong = each(clusterIPs, field, (address, path, index) => {
    if (index > 0 || address !== NONE) return ip(path, address, old?.spec.clusterIPs);
    if (clusterIPs.length === 1) return [];
    return [invalid(field, clusterIPs, "'None' must be the first and only value")];
  });
  addAll(errors, wrong);
  if (clusterIPs.length > 2)
    errors.push(invalid(field, clusterIPs, 'may only hold up to 2 values'));
  if (wrong.length > 0) return errors;
  if (clusterIPs.length > 1 && !isDualStack(clusterIPs)) {
    errors.push(invalid(field, clusterIPs, 'may specify no more than one IP for each IP family'));
  }
  if (isHeadless(service)) return errors;
  clusterIPs.forEach((address, index) => {
    const family = ipFamilies[index];
    const is = ipFamily(address) === 6 ? 'IPv6' : 'IPv4';
    if (family === undefined || !FAMILIES.includes(family) || family === is) return;
    const detail = `expected an ${family} value as indicated by \`ipFamilies[${index}]\``;
    errors.push(invalid(`${field}[${index}]`, address, detail));
  });
  return errors;
}
