/** A real etcd on the hosts of a network, from the files that `kubepki apply` makes. */

import { join } from 'node:path';
import { peer } from '../peers/peers.ts';
import type { Network } from './network.ts';
import { type Program, type RunResult, waitFor } from './program.ts';

export type Layout = 'kubeadm' | 'binary';

export interface Pair {
  certificate: string;
  key: string;
}

export interface EtcdFiles {
  ca: string;
  server: Pair;
  peer: Pair;
  healthcheckClient: Pair;
}

export interface Member {
  /** The name of the host, too. */
  name: string;
  address: string;
}

/** Where a host's files lie below the directory of `kubepki apply -d`, for one layout. */
export function hostPair(directory: string, layout: Layout, host: string, path: string): Pair {
  const base = join(directory, 'hosts', host, path);
  return layout === 'kubeadm'
    ? { certificate: `${base}.crt`, key: `${base}.key` }
    : { certificate: `${base}.pem`, key: `${base}-key.pem` };
}

export function etcdFiles(directory: string, layout: Layout, host: string): EtcdFiles {
  const folder = layout === 'kubeadm' ? 'etc/kubernetes/pki/etcd' : 'etc/etcd/ssl';
  const ca = layout === 'kubeadm' ? 'ca' : 'etcd-ca';
  const pair = (name: string): Pair => hostPair(directory, layout, host, `${folder}/${name}`);
  return {
    ca: pair(ca).certificate,
    server: pair('server'),
    peer: pair('peer'),
    healthcheckClient: pair('healthcheck-client'),
  };
}

export interface StartMember {
  network: Network;
  members: readonly Member[];
  member: Member;
  files: EtcdFiles;
  /** Holds one data folder a member. */
  data: string;
}

/** Starts one member with mutual TLS on both ports, and does not wait for it. */
export async function startMember(options: StartMember): Promise<Program> {
  const { network, members, member, files } = options;
  const { name, address } = member;
  const urls = (port: number) => `https://${address}:${port}`;
  const cluster = members.map((other) => `${other.name}=https://${other.address}:2380`).join(',');
  const flags = {
    name,
    'data-dir': join(options.data, name),
    'listen-client-urls': `${urls(2379)},https://127.0.0.1:2379`,
    'advertise-client-urls': urls(2379),
    'listen-peer-urls': urls(2380),
    'initial-advertise-peer-urls': urls(2380),
    'initial-cluster': cluster,
    'cert-file': files.server.certificate,
    'key-file': files.server.key,
    'client-cert-auth': 'true',
    'trusted-ca-file': files.ca,
    'peer-cert-file': files.peer.certificate,
    'peer-key-file': files.peer.key,
    'peer-client-cert-auth': 'true',
    'peer-trusted-ca-file': files.ca,
  };
  const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
  return network.start(name, await peer('etcd'), args, { name: 'etcd' });
}

export interface EtcdctlOptions {
  /** The host that etcdctl runs on. */
  host: string;
  /** Without a client certificate when not given. */
  client?: Pair | undefined;
  ca: string;
  endpoint: string;
  args: readonly string[];
}

export async function etcdctl(network: Network, options: EtcdctlOptions): Promise<RunResult> {
  const { client } = options;
  return network.run(options.host, await peer('etcdctl'), [
    `--endpoints=${options.endpoint}`,
    `--cacert=${options.ca}`,
    ...(client === undefined ? [] : [`--cert=${client.certificate}`, `--key=${client.key}`]),
    '--dial-timeout=3s',
    '--command-timeout=3s',
    ...options.args,
  ]);
}

export interface MemberHealth {
  endpoint: string;
  health: boolean;
}

/** Waits until each of the members serves and says so itself. */
export async function waitForHealth(
  network: Network,
  asking: Omit<EtcdctlOptions, 'args'>,
  members: readonly Member[],
  programs: readonly Program[],
): Promise<MemberHealth[]> {
  return waitFor(
    'etcd becomes healthy',
    async () => {
      const args = ['endpoint', 'health', '--cluster', '--write-out=json'];
      const { code, stdout, stderr } = await etcdctl(network, { ...asking, args });
      if (code !== 0) throw new Error(`etcdctl: ${stdout}${stderr}`);
      const health: MemberHealth[] = JSON.parse(stdout);
      return health.length === members.length && health.every((one) => one.health)
        ? health
        : undefined;
    },
    { deadline: 60_000, programs },
  );
}

/** One line of etcd's log. */
export interface LogEntry {
  level: string;
  msg: string;
  error?: string;
  'remote-addr'?: string;
  'peer-id'?: string;
}

/** The entries that a member has logged since `from` (a length of its log), oldest first. */
export async function entriesOf(program: Program, from = 0): Promise<LogEntry[]> {
  const text = (await program.log()).slice(from);
  const complete = text.slice(0, text.lastIndexOf('\n') + 1);
  return complete
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): LogEntry => JSON.parse(line));
}
