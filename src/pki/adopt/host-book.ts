/** The hosts of a cluster as certificates tell of them, bit by bit: the same name or the same address is the same host. */
import type { Host, Role } from '../../cluster/index.ts';
import { isUsableAddress } from './names.ts';

interface Entry {
  readonly name: string;
  readonly addresses: Set<string>;
  readonly roles: Set<Role>;
  /** Given by the operator: what certificates say adds nothing to its addresses. */
  readonly isGiven: boolean;
}

const ROLE_ORDER: readonly Role[] = ['control-plane', 'etcd', 'worker'];

export class HostBook {
  readonly #hosts = new Map<string, Entry>();
  readonly #owners = new Map<string, Entry>();

  give({ name, addresses, roles }: Host): void {
    const entry = { name, addresses: new Set(addresses), roles: new Set(roles), isGiven: true };
    this.#hosts.set(name, entry);
    for (const address of addresses) this.#owners.set(address, entry);
  }

  /** Whether the operator has told which hosts there are with this role. */
  isGiven(role: Role): boolean {
    return [...this.#hosts.values()].some(({ isGiven, roles }) => isGiven && roles.has(role));
  }

  add(name: string, addresses: readonly string[], role: Role | undefined): void {
    const usable = addresses.filter(isUsableAddress);
    const entry = this.#hosts.get(name) ?? this.#ownerOf(usable) ?? this.#new(name);
    if (role !== undefined) entry.roles.add(role);
    if (entry.isGiven) return;
    for (const address of usable) {
      if (this.#owners.has(address)) continue;
      this.#owners.set(address, entry);
      entry.addresses.add(address);
    }
  }

  /** The hosts that one of these names or addresses is of. */
  among(names: readonly string[], addresses: readonly string[]): string[] {
    return [...this.#hosts.values()]
      .filter(
        (host) =>
          names.includes(host.name) ||
          addresses.some((address) => this.#owners.get(address) === host),
      )
      .map(({ name }) => name);
  }

  isOwned(address: string): boolean {
    return this.#owners.has(address);
  }

  withRole(role: Role): string[] {
    return [...this.#hosts.values()].filter(({ roles }) => roles.has(role)).map(({ name }) => name);
  }

  /** Those without any role so far. */
  idle(): string[] {
    return [...this.#hosts.values()]
      .filter(({ roles }) => roles.size === 0)
      .map(({ name }) => name);
  }

  /** Control planes first, each host's private addresses before others, since nodes speak over these. */
  hosts(): Host[] {
    return [...this.#hosts.values()]
      .map(({ name, addresses, roles, isGiven }) => ({
        name,
        addresses: isGiven
          ? [...addresses]
          : [...addresses].sort((a, b) => privacy(b) - privacy(a)),
        roles: ROLE_ORDER.filter((role) => roles.has(role)),
      }))
      .sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name, 'en', { numeric: true }));
  }

  #ownerOf(addresses: readonly string[]): Entry | undefined {
    for (const address of addresses) {
      const owner = this.#owners.get(address);
      if (owner !== undefined) return owner;
    }
    return undefined;
  }

  #new(name: string): Entry {
    const entry = { name, addresses: new Set<string>(), roles: new Set<Role>(), isGiven: false };
    this.#hosts.set(name, entry);
    return entry;
  }
}

const rank = ({ roles }: Host): number => {
  const first = ROLE_ORDER.findIndex((role) => roles.includes(role));
  return first < 0 ? ROLE_ORDER.length : first;
};

const PRIVATE =
  /^(?:10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/;

const privacy = (address: string): number =>
  PRIVATE.test(address) ? 2 : address.includes(':') ? 0 : 1;
