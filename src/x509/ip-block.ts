/** Ranges of IP addresses in CIDR notation. */
import { ipToBytes } from './ip.ts';

export interface IpBlock {
  /** 4 or 16 bytes; those behind the prefix count as nothing. */
  readonly network: Uint8Array;
  /** Bits. */
  readonly prefix: number;
}

const CIDR = /^([^/]+)\/(0|[1-9]\d{0,2})$/;

/** `10.0.0.0/8`, `fd00::/8`, or a single address; undefined where the text is none of them. */
export function parseIpBlock(text: string): IpBlock | undefined {
  const [, address = text, bits] = CIDR.exec(text) ?? [];
  const network = ipToBytes(address);
  if (network === undefined) return undefined;
  // IPv4 written as IPv6: whose bits the prefix counts, nobody can tell.
  if (bits !== undefined && network.length === 4 && address.includes(':')) return undefined;
  const prefix = bits === undefined ? network.length * 8 : Number(bits);
  return prefix > network.length * 8 ? undefined : { network, prefix };
}

/** @param address of 4 or 16 bytes; one of the other family is in no block */
export function blockCovers({ network, prefix }: IpBlock, address: Uint8Array): boolean {
  if (network.length !== address.length) return false;
  return network.every((byte, i) => {
    const mask = 0xff00 >> Math.min(8, Math.max(0, prefix - i * 8));
    return ((byte ^ (address[i] ?? 0)) & mask & 0xff) === 0;
  });
}
