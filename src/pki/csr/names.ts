/** Names that a request asks for, compared with those that a policy allows. Nothing here guesses: a name that has another meaning to somebody else is not allowed. */
import { isIP } from 'node:net';
import { CATALOGUE, CREDENTIAL_IDS } from '../../cluster/index.ts';
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
 * The names that every pod looks for kube-apiserver by, and the wildcards above them: whoever has one of
 * them in a certificate of the cluster CA can stand in its place.
 */
export const isApiServerName = (name: string): boolean =>
  /^(?:kubernetes|\*(?=\.default))(?:\.default(?:\.svc(?:\..+)?)?)?$/.test(name);

/** Names that are allowed by an entry of their own only: a wildcard stands for names that nobody has listed. */
export const isOnlyByName = (name: string): boolean =>
  name.startsWith('*') || isApiServerName(name);

/**
 * A common name as those read it who match a host with it where no DNS name stands among the others
 * (OpenSSL, curl, Node): without the dot at the end, and with wildcards within a label.
 */
const asHost = (commonName: string): string =>
  lower(commonName.normalize('NFKC').trim()).replace(/\.$/, '');

/** Whether a common name is one that clients of kube-apiserver would match its name with. */
export const isApiServersCommonName = (name: string): boolean => isApiServerName(asHost(name));

/** Whether a common name is no less than a DNS name that is allowed by name only. */
export const isHostOnlyByName = (name: string): boolean =>
  name.includes('*') || isOnlyByName(asHost(name));

/**
 * Whether an entry allows a DNS name, both in lower case: `api.example.com` that name, `.example.com`
 * every name below it, but those of `isOnlyByName`.
 */
export function allowsDns(entry: string, name: string): boolean {
  if (entry === name) return true;
  return entry.startsWith('.') && name.endsWith(entry) && !isOnlyByName(name);
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

/** The clients of the catalogue: RBAC, etcd and `--requestheader-allowed-names` know them by these names. */
const CLIENT_NAMES: ReadonlySet<string> = new Set(
  CREDENTIAL_IDS.map((id) => CATALOGUE[id])
    .filter(({ kind }) => kind === 'client')
    .map(({ subject }) => subject.commonName),
);

/** Users that have rights in every cluster, or in every one that was made by our documentation. */
export const isReservedUser = (name: string): boolean =>
  isReserved(name) || CLIENT_NAMES.has(lower(name.normalize('NFKC').trim()));

/** Characters that nobody sees, or that end a text for some reader: NUL above all. */
export const hasInvisible = (text: string): boolean => /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text);
