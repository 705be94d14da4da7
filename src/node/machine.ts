/** What a node says of the machine it runs on: its identity, and its addresses. */
import { lookup } from 'node:dns/promises';
import { readFileSync } from 'node:fs';
import { isIP, isIPv4 } from 'node:net';
import { arch, networkInterfaces, platform, release } from 'node:os';
import { KubepkiError } from '../errors.ts';
import type { NodeAddress } from '../kubernetes/index.ts';
import type { MachineInfo } from './types.ts';

/** Node's names for processors by Go's. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** Reads what Linux tells of itself; what it does not tell is empty. */
export function readMachineInfo(): MachineInfo {
  return {
    machineID: firstOf('/etc/machine-id', '/var/lib/dbus/machine-id'),
    // Readable by root only; the kubelet takes the machine id where there is none.
    systemUUID: firstOf('/sys/class/dmi/id/product_uuid', '/etc/machine-id'),
    bootID: firstOf('/proc/sys/kernel/random/boot_id'),
    kernelVersion: release(),
    osImage: osImage(firstOf('/etc/os-release', '/usr/lib/os-release')),
    operatingSystem: platform(),
    architecture: ARCHITECTURES[arch()] ?? arch(),
  };
}

function firstOf(...files: readonly string[]): string {
  for (const file of files) {
    try {
      const text = readFileSync(file, 'utf8').trim();
      if (text !== '') return text;
    } catch {
      // Not there, or not for us: the next one.
    }
  }
  return '';
}

const osImage = (osRelease: string): string =>
  /^PRETTY_NAME="?(.*?)"?$/m.exec(osRelease)?.[1] ?? '';

/** One address of the machine's. */
export interface LocalAddress {
  readonly address: string;
  /** The loopback, or one of the link only (fe80::). */
  readonly inner: boolean;
}

/** Where addresses come from; a parameter for tests. */
export interface Resolver {
  readonly local: () => readonly LocalAddress[];
  /** The interface's address that leads out, if there is one. */
  readonly lookup: (name: string) => Promise<readonly string[]>;
}

export const RESOLVER: Resolver = {
  local: () =>
    Object.values(networkInterfaces()).flatMap((addresses = []) =>
      addresses.map(({ address, internal }) => ({
        address,
        inner: internal || /^fe[89ab]/i.test(address),
      })),
    ),
  async lookup(name) {
    try {
      return (await lookup(name, { all: true, verbatim: true })).map(({ address }) => address);
    } catch {
      // Nobody knows the name: then it has no addresses.
      return [];
    }
  },
};

/**
 * `status.addresses` as the kubelet fills it (pkg/kubelet/nodestatus/setters.go): the addresses given,
 * else the host name where that is one, else those that the name resolves to and the machine has,
 * else the first that leads out; IPv4 before IPv6.
 *
 * @throws KubepkiError NOT_FOUND where there is none
 */
export async function nodeAddresses(
  nodeName: string,
  nodeIps: readonly string[] | undefined,
  resolver: Resolver = RESOLVER,
): Promise<NodeAddress[]> {
  const found = nodeIps ?? [await findAddress(nodeName, resolver)];
  return [
    ...found.map((address): NodeAddress => ({ type: 'InternalIP', address })),
    { type: 'Hostname', address: nodeName },
  ];
}

async function findAddress(nodeName: string, { local, lookup }: Resolver): Promise<string> {
  if (isIP(nodeName) !== 0) return nodeName;
  const outer = local().filter(({ inner }) => !inner);
  const named = (await lookup(nodeName)).filter((name) =>
    outer.some(({ address }) => address === name),
  );
  const candidates = named.length > 0 ? named : outer.map(({ address }) => address);
  const best = candidates.find((address) => isIPv4(address)) ?? candidates[0];
  if (best !== undefined) return best;
  throw new KubepkiError('NOT_FOUND', `no address of this machine for node ${nodeName}`, {
    hint: 'give one with --node-ip',
  });
}
