/**
 * The seed's cluster, from upstream's own programs and nothing but the files of `kubepki apply`. Each
 * host is a network namespace of its own (`../system/network.ts`), so nothing outlives this process.
 */

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Host } from '../../src/cluster/index.ts';
import { waitForHealth } from '../system/etcd-cluster.ts';
import { applyCluster } from '../system/kubepki.ts';
import { createNetwork, type Network } from '../system/network.ts';
import { type Program, type RunResult, waitFor } from '../system/program.ts';
import {
  type Bench,
  startApiserver,
  startControllerManager,
  startEtcd,
  startProxy,
  startScheduler,
} from './components.ts';
import { adminKubeconfig, type Files, hostFile, hostPair } from './credentials.ts';
import { startKubelet } from './kubelet.ts';
import { kubectl, type KubectlOptions } from './kubectl.ts';
import {
  ADMIN,
  addressOf,
  API_NAME,
  apiUrl,
  CONTROL_PLANES,
  CP_1,
  CP_2,
  clusterYaml,
  HOSTS,
  MEMBERS,
  OUTSIDERS,
  type Variant,
  WORKERS,
  WORKER_1,
} from './topology.ts';

export interface Cluster extends Bench {
  readonly variant: Variant;
  /** Every component, by `<host>-<name>`. */
  readonly programs: ReadonlyMap<string, Program>;
  /** As the administrator with admin.conf unless said otherwise; throws when it ends with an error. */
  kubectl(...args: readonly string[]): Promise<string>;
  tryKubectl(options: Partial<KubectlOptions>, ...args: readonly string[]): Promise<RunResult>;
  stop(): Promise<void>;
}

/** Generous: a loaded machine takes its time, and nobody waits longer than it takes. */
const DEADLINE = 180_000;

export interface ClusterOptions {
  variant: Variant;
  /** Told at every step. */
  say?: (what: string) => void;
}

/** Starts everything and waits until both Nodes are Ready. Needs root and iproute2, as the network does. */
export async function startCluster({ variant, say = () => {} }: ClusterOptions): Promise<Cluster> {
  const data = await mkdtemp(join(tmpdir(), 'kubepki-cluster-'));
  say('kubepki apply');
  const pki = await applyCluster(data, clusterYaml(variant));
  const files: Files = { layout: variant.layout, pki };
  const network = await createNetwork({
    hosts: [...HOSTS, ...OUTSIDERS].map(({ name, addresses }) => ({ name, addresses })),
    logs: join(data, 'logs'),
  });
  const cluster = clusterOn({ network, files, data }, variant);
  try {
    await prepareMachine(network);
    await startAll(cluster, say);
  } catch (error) {
    await network.stop();
    throw error;
  }
  return cluster;
}

type Started = Cluster & { readonly programs: Map<string, Program> };

function clusterOn(bench: Bench, variant: Variant): Started {
  const { network, files, data } = bench;
  const tryKubectl: Cluster['tryKubectl'] = async (options, ...args) =>
    kubectl(
      network,
      { host: ADMIN.name, kubeconfig: adminKubeconfig(files, 'admin'), ...options },
      ...args,
    );
  return {
    ...bench,
    variant,
    programs: new Map(),
    tryKubectl,
    async kubectl(...args) {
      const { code, stdout, stderr } = await tryKubectl({}, ...args);
      if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}: ${stderr}`);
      return stdout;
    },
    async stop() {
      await network.stop();
      await rm(data, { recursive: true, force: true });
    },
  };
}

/** What the hosts share, all in the mount namespace of the network. */
async function prepareMachine(network: Network): Promise<void> {
  const lines = CONTROL_PLANES.map((host) => `${addressOf(host)} ${API_NAME}`);
  const script = [
    `printf '%s\\n' ${lines.map((line) => `'${line}'`).join(' ')} >> /etc/hosts`,
    // The kubelet's links to logs have a fixed place; its lock files too.
    'mount -t tmpfs tmpfs /var/log',
    'mkdir /run/lock',
  ];
  const { code, stderr } = await network.run(ADMIN.name, 'sh', ['-ec', script.join('\n')]);
  if (code !== 0) throw new Error(`cannot prepare the hosts: ${stderr.trim()}`);
}

async function startAll(cluster: Started, say: (what: string) => void): Promise<void> {
  const add = (...programs: Program[]): void => {
    for (const program of programs) (cluster.programs).set(program.name, program);
  };
  say('etcd');
  add(...(await Promise.all(MEMBERS.map((member) => startEtcd(cluster, member)))));
  await etcdHealthy(cluster);

  say('kube-apiserver');
  add(...(await Promise.all(CONTROL_PLANES.map((host) => startApiserver(cluster, host)))));
  for (const host of CONTROL_PLANES) await apiserverReady(cluster, host);
  await bindRights(cluster);

  say('the other components');
  add(await startControllerManager(cluster, CP_1));
  add(await startScheduler(cluster, CP_2));
  const kubelets = await Promise.all(WORKERS.map((host) => startKubelet(cluster, host)));
  for (const { runtime, kubelet } of kubelets) add(runtime, kubelet);
  add(await startProxy(cluster, WORKER_1));
  for (const host of WORKERS) await nodeReady(cluster, host);
}

const program = ({ programs }: Cluster, host: Host, name: string): Program => {
  const found = programs.get(`${host.name}-${name}`);
  if (found === undefined) throw new Error(`${name} is not running on ${host.name}`);
  return found;
};

async function etcdHealthy(cluster: Cluster): Promise<void> {
  const asking = {
    host: CP_1.name,
    ca: hostFile(cluster.files, CP_1, 'etcd-ca', 'certificate'),
    client: hostPair(cluster.files, CP_1, 'etcd-healthcheck-client'),
    endpoint: 'https://127.0.0.1:2379',
  };
  const members = MEMBERS.map((host) => ({ name: host.name, address: addressOf(host) }));
  const programs = MEMBERS.map((host) => program(cluster, host, 'etcd'));
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
    { deadline: DEADLINE, programs: [program(cluster, host, 'kube-apiserver')] },
  );
}

/** The two bindings that kubeadm makes, as `docs/operations/first-cluster.md` says. */
async function bindRights(cluster: Cluster): Promise<void> {
  const kubeconfig = adminKubeconfig(cluster.files, 'super-admin');
  const bindings = [
    ['kubeadm:cluster-admins', '--clusterrole=cluster-admin', '--group=kubeadm:cluster-admins'],
    [
      'kubeadm:apiserver-kubelet-client',
      '--clusterrole=system:kubelet-api-admin',
      '--user=kube-apiserver-kubelet-client',
    ],
  ];
  for (const binding of bindings) {
    const args = ['create', 'clusterrolebinding', ...binding];
    const { code, stderr } = await cluster.tryKubectl({ kubeconfig }, ...args);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim()}`);
  }
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
    { deadline: DEADLINE, programs: [program(cluster, host, 'kubelet')] },
  );
}
