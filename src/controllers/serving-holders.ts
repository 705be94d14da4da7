/** Who else has an address or a name: Services, and the endpoints of the API server. */
import type { EndpointSlice, Service } from '../kubernetes/index.ts';
import { canonicalAddress } from './node-addresses.ts';

/** Who has something, as a message names him: `the Service default/web`. */
export type HolderOf = (address: string) => Holder | undefined;

export interface Holder {
  readonly kind: 'Service' | 'ControlPlane';
  readonly text: string;
}

/**
 * The names and addresses of a Service, in canonical form: inside the cluster, those that its owner gives
 * it, and those of its load balancer. Read with care: another server may hold what the types do not allow.
 */
export function addressesOfService({ spec, status }: Service): readonly string[] {
  // Both may be missing where an object is not as it should be.
  const { clusterIP, clusterIPs, externalIPs, loadBalancerIP }: Partial<Service['spec']> =
    spec ?? {};
  const ingress: unknown = status?.loadBalancer?.ingress;
  const balanced = listOf(ingress).flatMap((one) =>
    typeof one === 'object' && one !== null
      ? ['ip' in one ? one.ip : '', 'hostname' in one ? one.hostname : '']
      : [],
  );
  return texts([
    clusterIP,
    loadBalancerIP,
    ...listOf(clusterIPs),
    ...listOf(externalIPs),
    ...balanced,
  ]);
}

/** The addresses of the endpoints of a slice. */
export const addressesOfSlice = ({ endpoints }: EndpointSlice): readonly string[] =>
  texts(
    listOf(endpoints).flatMap((one) =>
      typeof one === 'object' && one !== null && 'addresses' in one ? listOf(one.addresses) : [],
    ),
  );

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** Headless Services have the word `None` for an address. */
function texts(values: readonly unknown[]): readonly string[] {
  const found = new Set<string>();
  for (const value of values) {
    if (typeof value !== 'string' || value === '' || value === 'None') continue;
    found.add(canonicalAddress(value.replace(/\.$/, '')));
  }
  return [...found];
}

/** What is in one of two lists only: whoever waits for it has to be looked at again. */
export function differenceOf(one: readonly string[], other: readonly string[]): readonly string[] {
  const [ones, others] = [new Set(one), new Set(other)];
  return [...new Set([...one, ...other])].filter(
    (address) => !ones.has(address) || !others.has(address),
  );
}
