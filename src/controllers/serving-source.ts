/**
 * Where a request came from, as far as the server has seen it. kubepki's server writes it into the request
 * where it binds the credentials of nodes to their addresses; kube-apiserver never does, and then the allowed
 * CIDRs decide alone.
 */
import {
  BOUND_ADDRESSES_EXTRA,
  type CertificateSigningRequest,
  SOURCE_ADDRESS_EXTRA,
} from '../kubernetes/index.ts';
import { bytesToIp, ipToBytes } from '../x509/index.ts';
import { isLoopback, type Unfit } from './serving-names.ts';

/** What the server vouches for. */
export interface ServingSource {
  /** The addresses in canonical form: that which the request came from, and those declared for the node. */
  readonly addresses: ReadonlySet<string>;
}

export function sourceOf({ spec }: CertificateSigningRequest): ServingSource {
  const seen = addressesIn(spec.extra?.[SOURCE_ADDRESS_EXTRA]);
  // From the server's own machine everybody looks alike.
  const telling = seen.length === 1 ? seen.filter((address) => !isLoopback(address)) : [];
  const declared = addressesIn(spec.extra?.[BOUND_ADDRESSES_EXTRA]);
  return { addresses: new Set([...telling, ...declared].map(bytesToIp)) };
}

/** Read with care: another server may have other things there. */
function addressesIn(values: unknown): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (const value of Array.isArray(values) ? values : []) {
    const bytes: Uint8Array | undefined = typeof value === 'string' ? ipToBytes(value) : undefined;
    if (bytes !== undefined) found.push(bytes);
  }
  return found;
}

/**
 * Why the source does not let a node have this address; undefined where it does.
 *
 * @param address in canonical form
 * @param limited whether the address is in allowed CIDRs as well: they decide on what no source can show
 */
export function sourceProblem(
  address: string,
  { addresses }: ServingSource,
  limited: boolean,
): Unfit | undefined {
  if (addresses.has(address)) return undefined;
  // A declared address of the machine itself says nothing of others.
  const known = [...addresses].filter((one) => !isLoopback(ipToBytes(one) ?? new Uint8Array()));
  // A request comes from one address: of the other family it shows nothing.
  const shown = known.some((one) => isIpv6(one) === isIpv6(address));
  if (!shown && limited) return undefined;
  if (known.length === 0) {
    return {
      reason: 'SourceUnknown',
      text: 'cannot be compared: the server has not seen where the request came from, and there are no allowed CIDRs',
    };
  }
  return {
    reason: 'NotItsSource',
    text: `is not where the request came from (${known.slice(0, 4).join(', ')}), and not declared for the node`,
  };
}

const isIpv6 = (address: string): boolean => address.includes(':');
