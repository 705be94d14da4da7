/** Addresses that something else can be reached at (k8s.io/kubernetes, ValidateEndpointIP). */
import { BlockList } from 'node:net';
import { ipFamily } from '../checks.ts';
import { type FieldError, invalid } from '../field-error.ts';

const list = (...subnets: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[]): BlockList => {
  const found = new BlockList();
  for (const [network, bits, family] of subnets) found.addSubnet(network, bits, family);
  return found;
};

const RULES = [
  [
    list(['127.0.0.0', 8, 'ipv4'], ['::1', 128, 'ipv6']),
    'may not be in the loopback range (127.0.0.0/8, ::1/128)',
  ],
  [
    list(['169.254.0.0', 16, 'ipv4'], ['fe80::', 10, 'ipv6']),
    'may not be in the link-local range (169.254.0.0/16, fe80::/10)',
  ],
  [
    list(['224.0.0.0', 24, 'ipv4'], ['ff02::', 16, 'ipv6']),
    'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)',
  ],
] as const;
const UNSPECIFIED = list(['0.0.0.0', 32, 'ipv4'], ['::', 128, 'ipv6']);

export function endpointIp(field: string, address: string): FieldError[] {
  const family = ipFamily(address);
  if (family === 0) return [invalid(field, address, 'must be a valid IP address')];
  const kind = family === 4 ? 'ipv4' : 'ipv6';
  const errors = UNSPECIFIED.check(address, kind)
    ? [invalid(field, address, `may not be unspecified (${address})`)]
    : [];
  for (const [range, detail] of RULES) {
    if (range.check(address, kind)) errors.push(invalid(field, address, detail));
  }
  return errors;
}
