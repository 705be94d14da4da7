/**
 * Where the server tells others to reach it: kube-apiserver's `--advertise-address` (apimachinery, util/net,
 * ResolveBindAddress; cmd/kube-apiserver, validatePublicIPServiceClusterIPRangeIPFamilies).
 */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import { canonicalIp, isLoopback } from '../../cluster/index.ts';
import { KubepkiError, quoted } from '../../errors.ts';

const FLAG = '--advertise-address';

const isUnspecified = (address: string): boolean => address === '0.0.0.0' || address === '::';
/** Of one link alone, or of many at once: no endpoint of a service may be that. */
const isUnusable = (address: string): boolean =>
  isLoopback(address) ||
  /^(?:169\.254\.|fe[89ab]|ff)/.test(address) ||
  (isIP(address) === 4 && Number.parseInt(address, 10) >= 224);

/**
 * Undefined where nobody but this machine could reach it.
 *
 * @param flag what was asked for; absent or unspecified: what it listens on, else this machine's own address
 * @param family of services: their endpoints are of the same
 * @throws KubepkiError USAGE
 */
export function advertiseAddress(
  flag: string | undefined,
  bindAddress: string,
  family: 4 | 6,
): string | undefined {
  const asked = flag === undefined ? undefined : askedFor(flag, family);
  if (asked !== undefined) return asked;
  const bound = canonicalIp(bindAddress) ?? bindAddress;
  if (isUnspecified(bound)) return ownAddress(family);
  return isUnusable(bound) || isIP(bound) !== family ? undefined : bound;
}

function askedFor(flag: string, family: 4 | 6): string | undefined {
  const address = canonicalIp(flag);
  if (address === undefined) {
    throw new KubepkiError('USAGE', `${FLAG}: ${quoted(flag, 80)} is no IP address`);
  }
  if (isUnspecified(address)) return undefined;
  if (isUnusable(address)) {
    throw new KubepkiError('USAGE', `${FLAG}: ${address} cannot be reached from other machines`);
  }
  if (isIP(address) === family) return address;
  throw new KubepkiError(
    'USAGE',
    `${FLAG}: ${address} is not of the family that --service-cluster-ip-range begins with`,
  );
}

/** That of the interface which leads out; where none does, any that others can reach. */
function ownAddress(family: 4 | 6): string | undefined {
  const interfaces = Object.entries(networkInterfaces());
  const out = new Set(defaultRoutes(family));
  const ordered = [
    ...interfaces.filter(([name]) => out.has(name)),
    ...interfaces.filter(([name]) => !out.has(name)),
  ];
  return ordered
    .flatMap(([, addresses = []]) => addresses)
    .find(({ address, family: own }) => own === `IPv${family}` && !isUnusable(address))?.address;
}

/** By the kernel's table; where there is no such file, nobody knows. */
function defaultRoutes(family: 4 | 6): string[] {
  const lines = linesOf(family === 4 ? '/proc/net/route' : '/proc/net/ipv6_route');
  const fields = lines.map((line) => line.trim().split(/\s+/));
  return family === 4
    ? fields.flatMap(([name = '', destination]) => (destination === '00000000' ? [name] : []))
    : fields.flatMap(([destination, prefix, ...rest]) =>
        destination === '0'.repeat(32) && prefix === '00' ? [rest.at(-1) ?? ''] : [],
      );
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return [];
  }
}
