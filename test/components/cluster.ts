/**
 * The seed's cluster, from upstream's own programs and nothing but the files of `kubepki apply`. Each
 * host is a network namespace of its own (`../system/network.ts`), so nothing outlives this process.
 */

import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '../../src/cluster/index.ts';
import { type PeerName, peers } from '../peers/peers.ts';
import { waitForHealth } from '../system/etcd-cluster.ts';
import { applyCluster } from '../system/kubepki.ts';
import { createNetwork, type Network } from '../system/network.ts';
import { type Program, type RunResult, waitFor } from '../system/program.ts';
import {
  auditLog,
  type Bench,
  startApiserver,
  startControllerManager,
  startEtcd,
  startProxy,
  startScheduler,
} from './components.ts';
import { adminKubeconfig, hostFile, hostPair } from './credentials.ts';
import { type KubectlOptions, kubectl } from './kubectl.ts';
import { startKubelet } from './kubelet.ts';
import { get } from './probes/ask.ts';
import {
  ADMIN,
  API_NAME,
  addressOf,
  apiUrl,
  CONTROL_PLANES,
  CP_1,
  CP_2,
  clusterYaml,
  HOSTS,
  MEMBERS,
  OUTSIDERS,
  SERVICE_ADDRESS,
  type Variant,
  WORKER_1,
  WORKERS,
} from './topology.ts';

export interface Cluster extends Bench {
  readonly variant: Variant;
  /** A component that was started. */
  readonly program: (host: Host, component: string) => Program;
  /** The files that both kube-apiservers write their audit logs to. */
  readonly auditLogs: readonly string[];
  /** Makes the binding that admin.conf has its rights from, and waits until it has them. */
  readonly bindAdmins: () => Promise<void>;
  /** Starts an etcd member again that was stopped, and waits until all are healthy. */
  readonly restartEtcd: (member: Host) => Promise<void>;
  /** With admin.conf on the administrator's host; throws when it ends with an error. */
  readonly kubectl: (...args: readonly string[]) => Promise<string>;
  /** As somebody else or somewhere else, or when an error is what one wants. */
  readonly tryKubectl: (
    options: Partial<KubectlOptions>,
    ...args: readonly string[]
  ) => Promise<RunResult>;
  /** Creates objects as the administrator. */
  readonly create: (objects: readonly object[]) => Promise<void>;
  /** Ends all and removes its files. */
  readonly stop: () => Promise<void>;
}

type Started = Cluster & { readonly programs: Map<string, Program> };

/** Generous: a loaded machine takes its time, and nobody waits longer than it takes. */
const DEADLINE = 180_000;

export interface ClusterOptions {
  variant: Variant;
  /** The folder for all files; a new one under the system's temporary one when not given. */
  data?: string;
  /** Told at every step. */
  say?: (what: string) => void;
}

/**
 * Starts everything and waits until it works: both Nodes Ready, kube-proxy leading to kube-apiserver.
 * Needs root, iproute2 and nftables, and Go where the programs have to be built first. When it fails
 * its files stay, and the error says where.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { variant, say = () => {} } = options;
  requireNft();
  say('the programs');
  await peers(PROGRAMS);
  const data = options.data ?? (await mkdtemp(join(tmpdir(), 'kubepki-cluster-')));
  say('kubepki apply');
  const pki = await applyCluster(data, clusterYaml(variant));
  const network = await createNetwork({
    hosts: [...HOSTS, ...OUTSIDERS].map(({ name, addresses }) => ({ name, addresses })),
    logs: join(data, 'logs'),
  });
  const cluster = clusterOn({ network, files: { layout: variant.layout, pki }, data }, variant);
  try {
    await prepareHosts(network);
    await startAll(cluster, say);
  } catch (error) {
    await network.stop();
    throw error;
  }
  return cluster;
}

const PROGRAMS: readonly PeerName[] = [
  'etcd',
  'etcdctl',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kube-proxy',
  'kubelet',
  'kubectl',
  'fakecri',
];

function requireNft(): void {
  if (spawnSync('nft', ['--version']).error !== undefined) {
    throw new Error("kube-proxy needs nft: install nftables (Debian: 'apt-get install nftables')");
  }
}

function clusterOn(bench: Bench, variant: Variant): Started {
  const { network, files, data } = bench;
  const programs = new Map<string, Program>();
  const asAdmin = { host: ADMIN.name, kubeconfig: adminKubeconfig(files, 'admin') };
  const tryKubectl: Cluster['tryKubectl'] = async (options, ...args) =>
    kubectl(network, { ...asAdmin, ...options }, ...args);
  const succeed: Cluster['tryKubectl'] = async (options, ...args) => {
    const result = await tryKubectl(options, ...args);
    if (result.code === 0) return result;
    throw new Error(`kubectl ${args.join(' ')} ended with ${result.code}: ${result.stderr}`);
  };
  const cluster: Started = {
    ...bench,
    variant,
    programs,
    program: (host, component) => {
      const found = programs.get(`${host.name}-${component}`);
      if (found === undefined) throw new Error(`${component} was not started on ${host.name}`);
      return found;
    },
    auditLogs: CONTROL_PLANES.map((host) => auditLog(bench, host)),
    bindAdmins: async () => bindAdmins(cluster),
    restartEtcd: async (member) => {
      const program = await startEtcd(bench, member);
      programs.set(program.name, program);
      await etcdHealthy(cluster);
    },
    tryKubectl,
    kubectl: async (...args) => (await succeed({}, ...args)).stdout,
    create: async (items) => {
      const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
      await succeed({ input }, 'create', '--filename=-');
    },
    stop: async () => {
      await network.stop();
      await rm(data, { recursive: true, force: true });
    },
  };
  return cluster;
}

/** What the hosts share, all in the mount namespace of the network. */
async function prepareHosts(network: Network): Promise<void> {
  const lines = CONTROL_PLANES.map((host) => `${addressOf(host)} ${API_NAME}`);
  const script = [
    `printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')} >> /etc/hosts`,
    // Places that the kubelet does not let one choose: its links to logs, its sockets for devices.
    'mount -t tmpfs tmpfs /var/log',
    'mkdir -p /var/lib/kubelet',
    'mount -t tmpfs tmpfs /var/lib/kubelet',
  ];
  const { code, stderr } = await network.run(ADMIN.name, 'sh', ['-ec', script.join('\n')]);
  if (code !== 0) throw new Error(`cannot prepare the hosts: ${stderr.trim()}`);
}

async function startAll(cluster: Started, say: (what: string) => void): Promise<void> {
  const add = (...programs: Program[]): void => {
    for (const program of programs) cluster.programs.set(program.name, program);
  };
  say('etcd');
  add(...(await Promise.all(MEMBERS.map(async (member) => startEtcd(cluster, member)))));
  await etcdHealthy(cluster);

  say('kube-apiserver');
  add(
    ...(await Promise.all(CONTROL_PLANES.map(async (host) => startApiserver(cluster, { host })))),
  );
  for (const host of CONTROL_PLANES) await apiserverReady(cluster, host);
  await bindAdmins(cluster);
  await bindApiservers(cluster);

  say('the other components');
  add(await startControllerManager(cluster, { host: CP_1 }));
  add(await startScheduler(cluster, { host: CP_2 }));
  const kubelets = await Promise.all(WORKERS.map(async (host) => startKubelet(cluster, { host })));
  for (const { runtime, kubelet } of kubelets) add(runtime, kubelet);
  add(await startProxy(cluster, { host: WORKER_1 }));
  for (const host of WORKERS) await nodeReady(cluster, host);
  await proxyReady(cluster, WORKER_1);
}

/** Waits until each member serves and says so itself. */
async function etcdHealthy(cluster: Cluster): Promise<void> {
  const asking = {
    host: CP_1.name,
    ca: hostFile(cluster.files, CP_1, 'etcd-ca', 'certificate'),
    client: hostPair(cluster.files, CP_1, 'etcd-healthcheck-client'),
    endpoint: 'https://127.0.0.1:2379',
  };
  const members = MEMBERS.map((host) => ({ name: host.name, address: addressOf(host) }));
  const programs = MEMBERS.map((host) => cluster.program(host, 'etcd'));
  await waitForHealth(cluster.network, asking, members, programs);
}

async function apiserverReady(cluster: Cluster, host: Host): Promise<void> {
  const kubeconfig = adminKubeconfig(cluster.files, 'super-admin');
  await waitFor(
    `kube-apiserver on ${host.name} becomes ready`,
    async () => {
      const args = [`--server=${apiUrl(host)}`, 'get', '--raw', '/readyz'];
      const { stdout, stderr } = await cluster.tryKubectl({ kubeconfig }, ...args);
      if (stdout !== 'ok') throw new Error(stderr.trim());
      return true;
    },
    { deadline: DEADLINE, programs: [cluster.program(host, 'kube-apiserver')] },
  );
}

/** The two bindings that kubeadm makes, as `docs/operations/first-cluster.md` says. */
async function bindAdmins(cluster: Cluster): Promise<void> {
  await bind(cluster, 'kubeadm:cluster-admins', 'cluster-admin', '--group=kubeadm:cluster-admins');
  for (const host of CONTROL_PLANES) {
    await waitFor(
      `admin.conf has its rights at ${host.name}`,
      async () => {
        const all = ['auth', 'can-i', '*', '*', '--all-namespaces'];
        const { stdout } = await cluster.tryKubectl({}, `--server=${apiUrl(host)}`, ...all);
        return stdout === 'yes\n' ? true : undefined;
      },
      { deadline: DEADLINE },
    );
  }
}

const bindApiservers = async (cluster: Cluster): Promise<void> =>
  bind(
    cluster,
    'kubeadm:apiserver-kubelet-client',
    'system:kubelet-api-admin',
    '--user=kube-apiserver-kubelet-client',
  );

async function bind(cluster: Cluster, name: string, role: string, subject: string): Promise<void> {
  const kubeconfig = adminKubeconfig(cluster.files, 'super-admin');
  const args = ['create', 'clusterrolebinding', name, `--clusterrole=${role}`, subject];
  const { code, stderr } = await cluster.tryKubectl({ kubeconfig }, ...args);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim()}`);
}

async function nodeReady(cluster: Cluster, host: Host): Promise<void> {
  await waitFor(
    `node ${host.name} becomes Ready`,
    async () => {
      const path = '{.status.conditions[?(@.type=="Ready")]}';
      const text = await cluster.kubectl('get', 'node', host.name, `-o=jsonpath=${path}`);
      if (!text.includes('"status":"True"')) throw new Error(text);
      return true;
    },
    { deadline: DEADLINE, programs: [cluster.program(host, 'kubelet')] },
  );
}

/** kube-proxy leads from the address of the Service to a kube-apiserver. */
async function proxyReady({ network, files, program }: Cluster, host: Host): Promise<void> {
  await waitFor(
    `kube-proxy on ${host.name} leads to kube-apiserver`,
    async () => {
      const ca = hostFile(files, host, 'ca', 'certificate');
      const { status } = await get(network, host, { url: `https://${SERVICE_ADDRESS}/livez`, ca });
      return status === 200 ? true : undefined;
    },
    { deadline: DEADLINE, programs: [program(host, 'kube-proxy')] },
  );
}
