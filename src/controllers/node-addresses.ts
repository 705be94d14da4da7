/** Which names and addresses a Node has. */
import type { Node } from '../kubernetes/index.ts';
import { bytesToIp, ipToBytes } from '../x509/index.ts';

/** A DNS name in lower case, an address in its one canonical form: equal where they mean the same. */
export function canonicalAddress(address: string): string {
  const bytes = ipToBytes(address);
  return bytes === undefined ? address.toLowerCase() : bytesToIp(bytes);
}

/**
 * What stands in `status.addresses`, in canonical form, whatever type is written beside it: a kubelet
 * may be known to its cluster by an address, which is then its `Hostname`.
 */
export function addressesOf({ status }: Node): ReadonlySet<string> {
  // Read with care: another server may hold what the types do not allow.
  const list: unknown = status?.addresses;
  const found = new Set<string>();
  for (const entry of Array.isArray(list) ? list : []) {
    const address: unknown =
      typeof entry === 'object' && entry !== null && 'address' in entry ? entry.address : undefined;
    if (typeof address === 'string' && address !== '') found.add(canonicalAddress(address));
  }
  return found;
}

/** What no other Node may have a certificate for: its addresses, and its own name even before it has any. */
export const claimsOf = (node: Node): readonly string[] => [
  ...new Set(addressesOf(node)).add(canonicalAddress(node.metadata.name ?? '')),
];

/** The Nodes that there are. */
export interface NodeDirectory {
  get(name: string): Node | undefined;
  /** Every Node whose `claimsOf` has this name or address, which is in canonical form. */
  claimants(address: string): readonly Node[];
}
