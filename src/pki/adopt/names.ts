/** Small readings of names: of files, hosts and addresses. */
import { isIP } from 'node:net';
import { posix } from 'node:path';

const LABEL = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
const DNS_NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*$`);

/** What a cluster file takes for the name of a host. */
export const isHostName = (text: string): boolean =>
  text.length <= 253 && DNS_NAME.test(text) && isIP(text) === 0;

/** An address at which other machines reach a host. */
export function isUsableAddress(address: string): boolean {
  if (isIP(address) === 4) {
    const first = Number.parseInt(address, 10);
    return first !== 127 && first < 224 && address !== '0.0.0.0' && !address.startsWith('169.254.');
  }
  return address !== '::' && address !== '::1' && !/^(?:ff|fe[89ab])/i.test(address);
}

/** The name of a file without its endings and without what says that it is a key: `ca-key.pem` is `ca`. */
export function stemOf(path: string): string {
  const base = posix
    .basename(path)
    .replace(/\.(?:crt|cert|cer|pem|key|pub|csr|req|conf|kubeconfig)$/i, '');
  return base.replace(/[-_.](?:key|cert|crt|pub)$/i, '');
}

/** Names that say nothing; the directory around them does. */
const EMPTY_NAMES = new Set(['tls', 'cert', 'certificate', 'crt', 'key', 'kubeconfig', 'config']);

/** What a file is called: its stem, or the directory's name where the stem says nothing. */
export function nameOf(path: string): string {
  const stem = stemOf(path);
  if (!EMPTY_NAMES.has(stem.toLowerCase())) return stem;
  return posix.basename(posix.dirname(path)) || stem;
}

/** Whether a path has a word: `etcd/server.crt` has `etcd` and `server`. */
export function hasWord(path: string, ...words: readonly string[]): boolean {
  const text = path.toLowerCase();
  return words.some((word) =>
    new RegExp(`(?:^|[^a-z0-9])${word}(?:[^a-z0-9]|\\d*(?:[^a-z0-9]|$))`).test(text),
  );
}

/** Copies that tools keep for themselves: easy-rsa's and openssl's by serial number, and what was replaced or revoked. */
export const isArchive = (path: string): boolean =>
  /(?:^|\/)(?:certs_by_serial|newcerts|revoked|renewed|expired|backup|old)(?:\/|$)|\.(?:bak|old|orig)$/i.test(
    path,
  );

/** The places of tools' own: a copy there is what was issued once, and nobody's to use. */
export const isToolsArchive = (path: string): boolean =>
  /(?:^|\/)(?:certs_by_serial|newcerts|revoked|renewed|expired)\//.test(path);

/** What a tool has put away because it is not to be used any more. */
export const isPutAway = (path: string): boolean =>
  /(?:^|\/)(?:revoked|renewed|expired)\//.test(path);

/** DNS names that every kube-apiserver has, whatever its cluster's domain is. */
export const isServiceName = (name: string): boolean =>
  /^kubernetes(?:$|\.default(?:$|\.))|^kubernetes\.svc(?:\.|$)/.test(name);

/** The domain of the longest `kubernetes.default.svc.DOMAIN`. */
export function dnsDomainOf(names: readonly string[]): string | undefined {
  const domains = names.flatMap((name) => /^kubernetes\.default\.svc\.(.+)$/.exec(name)?.[1] ?? []);
  return domains.sort((a, b) => b.length - a.length)[0];
}

/** Subnets that guides and installers use, by their first address. */
const KNOWN_SUBNETS = new Map([
  ['10.96.0.1', '10.96.0.0/12'],
  ['10.43.0.1', '10.43.0.0/16'],
  ['10.32.0.1', '10.32.0.0/24'],
  ['10.0.0.1', '10.0.0.0/24'],
  ['10.3.0.1', '10.3.0.0/24'],
  ['10.254.0.1', '10.254.0.0/16'],
  ['10.100.0.1', '10.100.0.0/16'],
  ['10.233.0.1', '10.233.0.0/18'],
  ['10.152.183.1', '10.152.183.0/24'],
]);

/** A subnet whose first address this is; undefined of an address that is no first one. */
export function subnetOf(address: string): string | undefined {
  const known = KNOWN_SUBNETS.get(address);
  if (known !== undefined) return known;
  if (isIP(address) === 4) {
    const bytes = address.split('.').map(Number);
    if (bytes[3] !== 1) return undefined;
    return bytes[2] === 0
      ? `${bytes[0]}.${bytes[1]}.0.0/16`
      : `${bytes.slice(0, 3).join('.')}.0/24`;
  }
  return address.endsWith('::1') && isUsableAddress(address)
    ? address.replace(/::1$/, '::/112')
    : undefined;
}

/** How likely an address is that of the Service `kubernetes`, and not of a machine or its gateway. */
export function serviceLikelihood(address: string): number {
  if (KNOWN_SUBNETS.has(address)) return 3;
  if (subnetOf(address) === undefined) return 0;
  if (isIP(address) === 6) return /^f[cd]/i.test(address) ? 2 : 0;
  if (address.endsWith('.0.1')) return 2;
  return /^(?:10|172|192\.168|100)\./.test(address) ? 1 : 0;
}
