/** Addresses that a credential is bound to, read once and compared as bytes. */
import { blockCovers, bytesToIp, type IpBlock, ipToBytes, parseIpBlock } from '../../x509/index.ts';

export interface Addresses {
  /** As they were given. */
  readonly texts: readonly string[];
  readonly blocks: readonly IpBlock[];
}

/** What is neither an address nor a CIDR matches nothing. */
export const addressesOf = (texts: readonly string[]): Addresses => ({
  texts,
  blocks: texts.flatMap((text) => parseIpBlock(text) ?? []),
});

export const coversAddress = ({ blocks }: Addresses, address: Uint8Array): boolean =>
  blocks.some((block) => blockCovers(block, address));

/** The bytes of an address on a connection: of one that is mapped into IPv6 the four of IPv4; its zone is not part of it. */
export const addressBytes = (address: string | undefined): Uint8Array | undefined =>
  address === undefined ? undefined : ipToBytes(address.split('%', 1).join(''));

/** An address or a CIDR in canonical form; undefined where the text is neither. */
export function canonicalBlock(text: string): string | undefined {
  const block = parseIpBlock(text);
  if (block === undefined) return undefined;
  const { network, prefix } = block;
  return prefix === network.length * 8 ? bytesToIp(network) : `${bytesToIp(network)}/${prefix}`;
}
