/** Names that a request asks for, compared with those that a policy allows. Nothing here guesses: a name that has another meaning to somebody else is not allowed. */
import { isIP } from 'node:net';
import { ipToBytes } from '../../x509/index.ts';

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const DNS_NAME = new RegExp(`^(?:\\*\\.)?${LABEL}(?:\\.${LABEL})*$`);
const MOST_DNS_CHARACTERS = 253;

/** ASCII only, as names are compared (RFC 4343): toLowerCase would also fold the Kelvin sign into k. */
export const lower = (text: string): string =>
  text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/**
 * True of a name that Kubernetes components match a host with: lower case, at most 253 characters, no
 * address in the clothes of a name, a wildcard as the whole first label only.
 */
export const isDnsName = (name: string): boolean =>
  name.length <= MOST_DNS_CHARACTERS && DNS_NAME.test(name) && isIP(name) === 0;

/**
 * Whether an entry allows a DNS name, both in lower case: `api.example.com` that name, `.example.com`
 * every name below it. A wildcard stands for names that nobody has listed, so that it is allowed by an
 * entry of its own only.
 */
export function allowsDns(entry: string, name: string): boolean {
  if (entry === name) return true;
  return entry.startsWith('.') && name.endsWith(entry) && !name.startsWith('*');
}

/** True of an entry that `allowsDns` understands. */
export const isDnsEntry = (entry: string): boolean =>
  isDnsName(entry.startsWith('.') ? entry.slice(1) : entry) && !entry.startsWith('.*');

/** Addresses with a common beginning, of one family. */
export interface IpRange {
  readonly text: string;
  readonly network: Uint8Array;
  /** Bits. */
  readonly prefix: number;
}

/** An address, or a subnet without host bits; undefined where the text is neither. */
export function parseIpRange(text: string): IpRange | undefined {
  const [, address = '', prefixText] = /^([^/]+)(?:\/(0|[1-9]\d{0,2}))?$/.exec(text) ?? [];
  const network = ipToBytes(address);
  if (network === undefined) return undefined;
  const bits = network.length * 8;
  // An IPv4-mapped address is an IPv4 address: its prefix would count other bits.
  if (prefixText !== undefined && address.includes(':') && network.length === 4) return undefined;
  const prefix = prefixText === undefined ? bits : Number(prefixText);
  if (prefix > bits || network.some((byte, i) => (byte & ~mask(prefix, i)) !== 0)) return undefined;
  return { text, network, prefix };
}

/** The bits of the i-th byte that a prefix covers. */
const mask = (prefix: number, i: number): number =>
  (0xff00 >> Math.min(8, Math.max(0, prefix - i * 8))) & 0xff;

/** Whether an address lies in a range. An IPv4 address lies in no range of IPv6, `::/0` neither. */
export function inRange({ network, prefix }: IpRange, address: string): boolean {
  const bytes = ipToBytes(address);
  return (
    bytes?.length === network.length &&
    bytes.every((byte, i) => (byte & mask(prefix, i)) === network[i])
  );
}

/**
 * Identities that have rights in every cluster: Kubernetes' own (`system:masters`, `system:node:…`)
 * and the group of administrators that kubeadm makes. Also what only looks like one, to a person who
 * reads a log.
 */
export const isReserved = (name: string): boolean =>
  /^\s*(?:system|kubeadm)\s*:/i.test(name.normalize('NFKC'));

/** Characters that nobody sees, or that end a text for some reader: NUL above all. */
export const hasInvisible = (text: string): boolean => /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text);
