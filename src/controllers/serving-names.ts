/**
 * Which names and addresses a node may have a serving certificate for at all. A node writes the addresses
 * of its own Node object, so these prove nothing by themselves: without limits a node that has joined with
 * a bootstrap token could become the API server to everybody who trusts the CA.
 */
import { KubepkiError, quoted } from '../errors.ts';
import { isNodeName } from '../kubernetes/index.ts';
import { blockCovers, type IpBlock, ipToBytes, parseIpBlock } from '../x509/index.ts';
import { canonicalAddress } from './node-addresses.ts';

export interface ServingOptions {
  /** `10.0.0.0/8`, `fd00::/8`: where the addresses of nodes lie; without any, only what the source of a request shows. */
  readonly allowedCidrs: readonly string[];
  /** A node may have `<its name>.<one of these>` beside its name; one whose name has dots, that only if it ends in one of these. */
  readonly allowedDnsSuffixes: readonly string[];
  /** Names and addresses of the control plane, which no node gets: the SANs of the API server, its Service. */
  readonly reserved: readonly string[];
  /** Resolves when all is known that is reserved; nothing is approved before. */
  readonly ready?: Promise<void>;
}

/** A SAN as the request has it. */
export interface AskedName {
  readonly type: 'dns' | 'ip';
  readonly value: string;
}

/** Why something is not for a node: a word for metrics and Events, and the rest of a sentence about it. */
export interface Unfit {
  readonly reason: string;
  readonly text: string;
}

/** Why a node may not have this in a certificate, whatever its Node says; undefined where it may. */
export type ServingNames = (asked: AskedName, node: string) => Unfit | undefined;

/** @throws KubepkiError INVALID_VALUE for what is no subnet and no DNS name */
export function createServingNames(options: ServingOptions): ServingNames {
  const cidrs = options.allowedCidrs.map(blockOf);
  const suffixes = options.allowedDnsSuffixes.map(suffixOf);
  return ({ type, value }, node) => {
    // Looked at each time: the server's own certificate may be another one by now.
    const reserved = new Set(options.reserved.map((one) => canonicalAddress(withoutDot(one))));
    if (isReserved(canonicalAddress(value), reserved)) return RESERVED;
    return type === 'dns' ? dnsProblem(value, node, suffixes) : ipProblem(value, cidrs);
  };
}

const RESERVED: Unfit = {
  reason: 'ReservedForControlPlane',
  text: 'is reserved for the control plane',
};

/** Reserved itself, or covered by a wildcard that is. */
function isReserved(name: string, reserved: ReadonlySet<string>): boolean {
  const dot = name.indexOf('.');
  return reserved.has(name) || (dot > 0 && reserved.has(`*${name.slice(dot)}`));
}

function dnsProblem(value: string, node: string, suffixes: readonly string[]): Unfit | undefined {
  // ASCII alone: other letters have no business here, and some of them become ASCII in lower case.
  const name = value.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
  const labels = name.split('.');
  if (!isNodeName(name) || looksLikeAddress(labels)) {
    return { reason: 'NotAName', text: 'is not a plain DNS name' };
  }
  if (isControlPlane(name, labels)) return RESERVED;
  if (suffixes.some((suffix) => name === `${node}.${suffix}`)) return undefined;
  if (name !== node) {
    return {
      reason: 'NotItsName',
      text: 'is neither the name of the node nor that with an allowed suffix',
    };
  }
  // Whoever joins chooses the node's name: with dots in it, it may be the name of any other machine.
  const isOwn = labels.length === 1 || suffixes.some((suffix) => name.endsWith(`.${suffix}`));
  return isOwn
    ? undefined
    : { reason: 'SuffixNotAllowed', text: 'is the name of the node, but under no allowed suffix' };
}

/** What many programs take for an IPv4 address: its last label is a number (WHATWG URL, "ends in a number"). */
const looksLikeAddress = (labels: readonly string[]): boolean =>
  /^(?:\d+|0x[\da-f]*)$/.test(labels.at(-1) ?? '');

/** The names of every API server, of the machine itself, and of Services. */
const isControlPlane = (name: string, labels: readonly string[]): boolean =>
  name.startsWith('localhost') ||
  labels.at(-1) === 'localhost' ||
  labels[0] === 'kubernetes' ||
  labels.includes('svc', 1);

/** Never a node's; and those that are one's own to every machine only where somebody allows just these. */
const NEVER = ['0.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3', '::/128', 'fe80::/10', 'ff00::/8'].map(
  blockOf,
);
const LOOPBACK = ['127.0.0.0/8', '::1/128'].map(blockOf);

/** Whether an address is every machine's own. */
export function isLoopback(address: Uint8Array): boolean {
  return LOOPBACK.some((block) => blockCovers(block, address));
}

function ipProblem(value: string, cidrs: readonly IpBlock[]): Unfit | undefined {
  const address = ipToBytes(value);
  if (address === undefined) return { reason: 'UnusableAddress', text: 'is no IP address' };
  if (NEVER.some((block) => blockCovers(block, address))) {
    return {
      reason: 'UnusableAddress',
      text: 'is unspecified, link-local, multicast or of no use',
    };
  }
  const loopback = LOOPBACK.find((block) => blockCovers(block, address));
  const allowing = cidrs.filter((block) => blockCovers(block, address));
  if (loopback !== undefined) {
    const explicit = allowing.some(
      ({ network, prefix }) => prefix >= loopback.prefix && blockCovers(loopback, network),
    );
    return explicit ? undefined : { reason: 'UnusableAddress', text: 'is a loopback address' };
  }
  if (cidrs.length > 0 && allowing.length === 0) {
    return { reason: 'OutsideAllowedCidrs', text: 'is in none of the allowed CIDRs' };
  }
  return undefined;
}

function blockOf(text: string): IpBlock {
  const block = text.includes('/') ? parseIpBlock(text) : undefined;
  if (block !== undefined) return block;
  throw new KubepkiError('INVALID_VALUE', `allowed CIDRs: ${quoted(text, 80)} is not a CIDR`, {
    hint: 'write them as 10.0.0.0/8 or fd00::/8',
  });
}

function suffixOf(text: string): string {
  const suffix = text.replace(/^\./, '').toLowerCase();
  if (isNodeName(suffix) && !looksLikeAddress(suffix.split('.'))) return suffix;
  throw new KubepkiError('INVALID_VALUE', `allowed DNS suffixes: ${quoted(text, 300)} is none`, {
    hint: 'write them as example.com',
  });
}

const withoutDot = (name: string): string => name.replace(/\.$/, '');
