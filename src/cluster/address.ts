/** Host names, addresses, subnets and endpoints as a cluster file writes them. */
import { isIP } from 'node:net';
import { bytesToIp, ipToBytes } from '../x509/index.ts';
import type { Endpoint } from './types.ts';

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const SUBDOMAIN = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);
const WILDCARD = new RegExp(`^\\*(?:\\.${LABEL})+$`);

/** An RFC 1123 subdomain, the form that Kubernetes wants for names of nodes: lower case, at most 253 characters. */
export function isDnsName(text: string): boolean {
  return text.length <= 253 && SUBDOMAIN.test(text) && isIP(text) === 0;
}

/** A name that a certificate may hold: a DNS name, or one with a wildcard as its whole first label. */
export function isCertificateDnsName(text: string): boolean {
  return isDnsName(text) || (text.length <= 253 && WILDCARD.test(text));
}

/** The canonical text of an address, or undefined: no zone, no leading zeros, RFC 5952 for IPv6. */
export function canonicalIp(text: string): string | undefined {
  if (isIP(text) === 0 || text.includes('%')) return undefined;
  const bytes = ipToBytes(text);
  return bytes === undefined ? undefined : bytesToIp(bytes);
}

/** @param canonical an address in canonical text form */
export const isLoopback = (canonical: string): boolean =>
  canonical === '::1' || (isIP(canonical) === 4 && canonical.startsWith('127.'));

/** Addresses that no other machine can reach a host at, so that no host is declared with them. */
export function isUnusableHostAddress(canonical: string): string | undefined {
  if (canonical === '0.0.0.0' || canonical === '::') return 'the unspecified address';
  if (isLoopback(canonical)) return 'a loopback address';
  const first = Number.parseInt(canonical, 10);
  if (isIP(canonical) === 4 && first >= 224) return 'a multicast or reserved address';
  if (isIP(canonical) === 6 && /^ff/i.test(canonical)) return 'a multicast address';
  return undefined;
}

/** `host:port`, `[v6]:port`, or a bare host with `defaultPort`; undefined where it is none of them. */
export function parseEndpoint(text: string, defaultPort: number): Endpoint | undefined {
  const bare = canonicalIp(text);
  if (bare !== undefined) return { host: bare, port: defaultPort };
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text);
  if (match === null) return undefined;
  const [, bracketed, plain, portText] = match;
  const port = portText === undefined ? defaultPort : Number(portText);
  if (port < 1 || port > 65535) return undefined;
  if (bracketed !== undefined) {
    const host = canonicalIp(bracketed);
    return host !== undefined && isIP(host) === 6 ? { host, port } : undefined;
  }
  const host = canonicalIp(plain ?? '') ?? plain ?? '';
  return isIP(host) === 4 || isDnsName(host) ? { host, port } : undefined;
}

/** The URL of a kube-apiserver, as kubeconfigs hold it. */
export function serverUrl(endpoint: Endpoint): string {
  const host = isIP(endpoint.host) === 6 ? `[${endpoint.host}]` : endpoint.host;
  return `https://${host}:${endpoint.port}`;
}

export interface Subnet {
  /** Canonical text, host bits cleared. */
  readonly text: string;
  readonly family: 4 | 6;
  /** The first usable address: what the Service `kubernetes` gets. */
  readonly firstAddress: string;
}

/** Parses a CIDR that leaves room for at least one Service address; a reason where it is refused. */
export function parseSubnet(text: string): Subnet | { readonly refused: string } {
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const address = canonicalIp(match?.[1] ?? '');
  if (match === null || address === undefined)
    return { refused: 'not a subnet such as 10.96.0.0/12' };
  const bytes = ipToBytes(address);
  if (bytes === undefined) return { refused: 'not a subnet such as 10.96.0.0/12' };
  const bits = bytes.length * 8;
  const prefix = Number(match[2]);
  if (prefix > bits) return { refused: `a prefix of ${prefix} bits in an address of ${bits}` };
  if (prefix > bits - 3) return { refused: 'too small: kube-apiserver needs at least 8 addresses' };
  const network = bytes.map(
    (byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, prefix - i * 8))),
  );
  const first = Uint8Array.from(network);
  first[first.length - 1] = (first[first.length - 1] ?? 0) + 1;
  return {
    text: `${bytesToIp(network)}/${prefix}`,
    family: bytes.length === 4 ? 4 : 6,
    firstAddress: bytesToIp(first),
  };
}
