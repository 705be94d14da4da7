/** From where nodes come: what the cluster file declares of them, and which balancers are believed. */
import { isIP } from 'node:net';
import type { ApiServerOptions } from '../../apiserver/index.ts';
import { type Cluster, isLoopback } from '../../cluster/index.ts';
import { KubepkiError, quoted } from '../../errors.ts';
import type { Proxies } from '../../http/index.ts';
import { blockCovers, type IpBlock, ipToBytes, parseIpBlock } from '../../x509/index.ts';
import { readClusterText } from '../cluster-file.ts';
import type { WatchedFiles } from '../watched-files.ts';

export interface AddressFlags {
  readonly bindNodeCredentials?: boolean;
  readonly clusterFile?: string;
  readonly proxyProtocolFrom?: readonly string[];
}

/** Absent where nodes may come from everywhere. */
export interface BindNodesConfig {
  /** Whose hosts are declared; absent: none. */
  readonly clusterFile?: string;
}

/** @throws KubepkiError USAGE naming the flag */
export function bindNodesOf({
  bindNodeCredentials = false,
  clusterFile,
}: AddressFlags): BindNodesConfig | undefined {
  if (bindNodeCredentials) return clusterFile === undefined ? {} : { clusterFile };
  if (clusterFile === undefined) return undefined;
  throw new KubepkiError('USAGE', '--cluster-file is of use with --bind-node-credentials only');
}

/** @throws KubepkiError USAGE for what is no CIDR */
export function proxiesOf({ proxyProtocolFrom = [] }: AddressFlags): readonly IpBlock[] {
  return proxyProtocolFrom.map((text) => {
    const block = parseIpBlock(text);
    if (block !== undefined) return block;
    throw new KubepkiError(
      'USAGE',
      `--proxy-protocol-from: ${quoted(text, 80)} is neither an IP address nor a CIDR`,
    );
  });
}

/** Undefined where no balancer is believed. @param log hears why connections were ended */
export function trustedProxies(
  blocks: readonly IpBlock[],
  log: (line: string) => void,
): Proxies | undefined {
  if (blocks.length === 0) return undefined;
  return {
    trusts(address) {
      const bytes = ipToBytes(address);
      return bytes !== undefined && blocks.some((block) => blockCovers(block, bytes));
    },
    refused: (address, reason) =>
      log(`PROXY protocol: a connection from ${address} was ended; its header: ${reason}`),
  };
}

/** What of `ApiServerOptions` it comes to. @param changed hears that the cluster file says something else */
export async function readBindNodes(
  config: BindNodesConfig | undefined,
  files: WatchedFiles,
  changed: () => void,
): Promise<Pick<ApiServerOptions, 'bindNodes'>> {
  if (config === undefined) return {};
  const { clusterFile } = config;
  if (clusterFile === undefined) return { bindNodes: { declared: () => NONE } };
  const declared = await files.add({
    name: 'cluster file',
    paths: [clusterFile],
    read: async ([bytes = Buffer.alloc(0)]) =>
      declaredAddresses(await readClusterText(bytes.toString('utf8'), clusterFile)),
    changed,
  });
  return { bindNodes: { declared } };
}

const NONE: ReadonlyMap<string, readonly string[]> = new Map();

/**
 * The addresses from which the hosts of a cluster come to its API servers. A host of the control plane may come to
 * the server on itself: over loopback, and from the address of the endpoint, which one of them has. To all others
 * loopback addresses say nothing.
 */
export function declaredAddresses({
  hosts,
  endpoint,
}: Pick<Cluster, 'hosts' | 'endpoint'>): ReadonlyMap<string, readonly string[]> {
  const own = ['127.0.0.1', '::1', ...(isIP(endpoint.host) === 0 ? [] : [endpoint.host])];
  return new Map(
    hosts.flatMap(({ name, addresses, roles }) => {
      const others = addresses.filter((address) => !isLoopback(address));
      if (others.length === 0) return [];
      const all = roles.includes('control-plane') ? [...others, ...own] : others;
      return [[name, [...new Set(all)]]];
    }),
  );
}
