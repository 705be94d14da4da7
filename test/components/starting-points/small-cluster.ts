/**
 * A control plane of upstream's own programs on files of whatever origin: etcd, kube-apiserver,
 * kube-controller-manager and kube-scheduler on one host, and a second one for a node's credentials.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { Host } from '../../../src/cluster/index.ts';
import { type PeerName, peers } from '../../peers/peers.ts';
import { createNetwork, type Network } from '../../system/network.ts';
import { type Program, waitFor } from '../../system/program.ts';
import {
  type Bench,
  startApiserver,
  startComponent,
  startControllerManager,
  startScheduler,
} from '../components.ts';
import type { Files } from '../credentials.ts';
import { kubectl } from '../kubectl.ts';
import { addressOf, CP_1, WORKER_1 } from '../topology.ts';

export interface Setup {
  /** Which file holds what, as the components' flags ask for it. */
  readonly find: NonNullable<Files['find']>;
  readonly serviceSubnet: string;
  /** An administrator's kubeconfig. */
  readonly admin: string;
  /** One that may do everything before anything is bound, where `admin` is not. */
  readonly superAdmin?: string;
  /** The kubeconfig of a node. */
  readonly node: { readonly name: string; readonly kubeconfig: string };
}

const PROGRAMS: readonly PeerName[] = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubectl',
];
/** Generous: a loaded machine takes its time, and nobody waits longer than it takes. */
const DEADLINE = 180_000;

/** Starts the control plane, looks at everything that its credentials are for, and ends it. */
export async function expectControlPlane(setup: Setup): Promise<void> {
  await peers(PROGRAMS);
  const data = await mkdtemp(join(tmpdir(), 'kubepki-starting-point-'));
  const hosts = [CP_1, WORKER_1].map(({ name, addresses }) => ({ name, addresses }));
  const network = await createNetwork({ hosts, logs: join(data, 'logs') });
  try {
    const files: Files = { layout: 'custom', pki: data, find: setup.find };
    const cluster = new ControlPlane({ network, files, data }, setup);
    await cluster.start();
    await cluster.expectAll();
  } finally {
    await network.stop();
  }
  // Only now: when it fails, its logs stay.
  await rm(data, { recursive: true, force: true });
}

class ControlPlane {
  readonly #bench: Bench;
  readonly #network: Network;
  readonly #setup: Setup;
  readonly #programs: Program[] = [];

  constructor(bench: Bench, setup: Setup) {
    this.#bench = bench;
    this.#network = bench.network;
    this.#setup = setup;
  }

  async start(): Promise<void> {
    const start = { host: CP_1 };
    this.#programs.push(await startEtcd(this.#bench, CP_1));
    const flags = {
      'etcd-servers': `https://${addressOf(CP_1)}:2379`,
      'service-cluster-ip-range': this.#setup.serviceSubnet,
      // Guides have the components of a control plane call their own host.
      'bind-address': '0.0.0.0',
    };
    this.#programs.push(await startApiserver(this.#bench, { host: CP_1, flags }));
    const { superAdmin = this.#setup.admin } = this.#setup;
    await this.#until('kube-apiserver is ready', superAdmin, ['get', '--raw=/readyz'], 'ok');
    if (superAdmin !== this.#setup.admin) await this.#bindAdmins(superAdmin);
    this.#programs.push(await startControllerManager(this.#bench, start));
    this.#programs.push(await startScheduler(this.#bench, start));
  }

  async expectAll(): Promise<void> {
    const { admin, node } = this.#setup;
    await this.#until('the administrator may do everything', admin, CAN_I, 'yes\n');
    for (const name of ['kube-controller-manager', 'kube-scheduler']) {
      const holder = '-o=jsonpath={.spec.holderIdentity}';
      const lease = ['get', 'lease', name, '--namespace=kube-system', holder];
      await this.#until(`${name} leads`, admin, lease, /^.+_[0-9a-f-]{36}$/);
    }
    expect(await this.#userOf(node.kubeconfig, WORKER_1)).toEqual({
      username: `system:node:${node.name}`,
      groups: ['system:nodes', 'system:authenticated'],
    });
    await this.#expectServiceAccounts();
  }

  /** Tokens are signed with the key of `sa`, for an account that kube-controller-manager has made. */
  async #expectServiceAccounts(): Promise<void> {
    const create = ['create', 'token', 'default'];
    const token = await this.#until('a token', this.#setup.admin, create, /^[\w-]+\.[\w-]+\./);
    const review = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenReview',
      spec: { token: token.trim() },
    };
    const as = { host: CP_1.name, kubeconfig: this.#setup.admin, input: JSON.stringify(review) };
    const args = ['create', '--filename=-', '-o=jsonpath={.status.user.username}'];
    const { stdout, stderr } = await kubectl(this.#network, as, ...args);
    expect(stdout, stderr).toBe('system:serviceaccount:default:default');
  }

  async #userOf(kubeconfig: string, { name: host }: Host) {
    const args = ['auth', 'whoami', '-o=json'];
    const { stdout, stderr } = await kubectl(this.#network, { host, kubeconfig }, ...args);
    expect(stderr).toBe('');
    const { status } = JSON.parse(stdout) as {
      status: { userInfo: { username: string; groups: string[] } };
    };
    const { username, groups } = status.userInfo;
    return { username, groups };
  }

  /** `docs/operations/first-cluster.md`: where nothing is bound yet only super-admin may do anything. */
  async #bindAdmins(kubeconfig: string): Promise<void> {
    const binding = ['kubeadm:cluster-admins', '--clusterrole=cluster-admin'];
    const args = ['create', 'clusterrolebinding', ...binding, '--group=kubeadm:cluster-admins'];
    const { stderr } = await kubectl(this.#network, { host: CP_1.name, kubeconfig }, ...args);
    expect(stderr).toBe('');
  }

  /** Waits until kubectl says something, and answers with it. */
  async #until(
    what: string,
    kubeconfig: string,
    args: readonly string[],
    answer: string | RegExp,
  ): Promise<string> {
    return waitFor(
      what,
      async () => {
        const as = { host: CP_1.name, kubeconfig };
        const { stdout, stderr } = await kubectl(this.#network, as, ...args);
        const fits = typeof answer === 'string' ? stdout === answer : answer.test(stdout);
        if (!fits) throw new Error(`${stdout}${stderr}`.trim());
        return stdout;
      },
      { deadline: DEADLINE, programs: this.#programs },
    );
  }
}

const CAN_I = ['auth', 'can-i', '*', '*', '--all-namespaces'];

async function startEtcd(bench: Bench, member: Host): Promise<Program> {
  const url = (port: number): string => `https://${addressOf(member)}:${port}`;
  return startComponent(
    bench,
    'etcd',
    { host: member },
    {
      name: member.name,
      'data-dir': join(bench.data, 'etcd'),
      'listen-client-urls': url(2379),
      'advertise-client-urls': url(2379),
      'listen-peer-urls': url(2380),
      'initial-advertise-peer-urls': url(2380),
      'initial-cluster': `${member.name}=${url(2380)}`,
      'client-cert-auth': 'true',
      'peer-client-cert-auth': 'true',
      // The data are worth nothing, and the disk is shared.
      'unsafe-no-fsync': 'true',
    },
  );
}
