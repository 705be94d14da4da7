/** Attempts at kube-apiserver: by clients whose certificate it verifies, and by clients that verify its own. */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Program } from '../../system/program.ts';
import { templateIn } from '../certificates.ts';
import type { Cluster } from '../cluster.ts';
import {
  type Runnable,
  type Start,
  startControllerManager,
  startProxy,
  startScheduler,
} from '../components.ts';
import { adminKubeconfig, hostFile } from '../credentials.ts';
import { startKubelet } from '../kubelet.ts';
import { addressOf, apiUrl, CP_1, STRANGER, WORKER_1 } from '../topology.ts';
import type { Prepare } from './attempt.ts';
import { observeHttp } from './http.ts';
import { OWN_NAMES, portOf, startVariants, verdict } from './stand-ins.ts';
import { makeVariations, type Original } from './variations.ts';

/** A client of kube-apiserver that asks for all Secrets. */
export const clientToApiserver: Prepare = async (cluster, mint) => {
  const { files, program } = cluster;
  const pairs = await makeVariations(
    mint,
    {
      name: 'client-to-apiserver',
      template: templateIn(adminKubeconfig(files, 'admin')),
      authority: 'ca',
      side: 'client',
      otherRole: await mint.copy(hostFile(files, WORKER_1, 'kube-proxy', 'kubeconfig')),
    },
    new Date(),
  );
  return {
    observe: async (kind) =>
      observeHttp(cluster, program(CP_1, 'kube-apiserver'), STRANGER, {
        url: `${apiUrl(CP_1)}/api/v1/secrets`,
        ca: hostFile(files, CP_1, 'ca', 'certificate'),
        client: pairs[kind],
      }),
  };
};

const original = ({ files }: Cluster, name: string): Omit<Original, 'side'> => ({
  name,
  template: templateIn(hostFile(files, CP_1, 'apiserver', 'certificate')),
  authority: 'ca',
  names: OWN_NAMES,
});

/** kubectl, with the server of its kubeconfig replaced. */
export const kubectlToApiserver: Prepare = async (cluster, mint) => {
  const base = 7000;
  const standIn = await startVariants(
    cluster,
    mint,
    original(cluster, 'kubectl-to-apiserver'),
    base,
  );
  return {
    observe: async (kind) => {
      const server = `--server=https://${addressOf(STRANGER)}:${portOf(base, kind)}`;
      const { stderr } = await cluster.tryKubectl({}, server, 'get', '--raw', '/version');
      return verdict({ standIn, base, kind, accepted: 'request' }, async () => stderr);
    },
    close: async () => {
      await standIn.program.stop();
    },
  };
};

interface Daemon {
  component: Runnable;
  /** The first of its ports. */
  base: number;
  kubeconfig: (cluster: Cluster) => string;
  /** Starts it on the stranger's host with another kubeconfig, itself first. */
  start: (cluster: Cluster, kubeconfig: string) => Promise<readonly [Program, ...Program[]]>;
}

/** A component that is started anew for each certificate. */
const daemonToApiserver =
  ({ component, base, kubeconfig, start }: Daemon): Prepare =>
  async (cluster, mint) => {
    const name = `${component}-to-apiserver`;
    const standIn = await startVariants(cluster, mint, original(cluster, name), base);
    const text = await readFile(kubeconfig(cluster), 'utf8');
    return {
      observe: async (kind) => {
        const changed = join(cluster.data, `${name}.conf`);
        const server = `server: https://${addressOf(STRANGER)}:${portOf(base, kind)}`;
        await writeFile(changed, text.replace(/server: .*/, server), { mode: 0o600 });
        const before = await logLength(cluster, component);
        const programs = await start(cluster, changed);
        const log = async () => (await programs[0].log()).slice(before);
        try {
          return await verdict({ standIn, base, kind, accepted: 'request' }, log);
        } finally {
          await Promise.all(programs.map(end));
        }
      },
      close: async () => {
        await standIn.program.stop();
      },
    };
  };

async function end(program: Program): Promise<void> {
  await program.kill('KILL');
  await program.exited;
}

/** All starts of a component on one host write into the same log. */
async function logLength({ network }: Cluster, component: string): Promise<number> {
  const file = join(network.logs, `${STRANGER.name}-${component}.log`);
  return readFile(file, 'utf8').then(
    (text) => text.length,
    () => 0,
  );
}

/** kube-controller-manager and kube-scheduler take the same file three times. */
const threefold = (kubeconfig: string): Start => ({
  host: CP_1,
  at: STRANGER,
  flags: {
    kubeconfig,
    'authentication-kubeconfig': kubeconfig,
    'authorization-kubeconfig': kubeconfig,
  },
});

export const controllerManagerToApiserver = daemonToApiserver({
  component: 'kube-controller-manager',
  base: 7200,
  kubeconfig: ({ files }) => hostFile(files, CP_1, 'controller-manager', 'kubeconfig'),
  start: async (cluster, file) => [await startControllerManager(cluster, threefold(file))],
});

export const schedulerToApiserver = daemonToApiserver({
  component: 'kube-scheduler',
  base: 7300,
  kubeconfig: ({ files }) => hostFile(files, CP_1, 'scheduler', 'kubeconfig'),
  start: async (cluster, file) => [await startScheduler(cluster, threefold(file))],
});

export const proxyToApiserver = daemonToApiserver({
  component: 'kube-proxy',
  base: 7400,
  kubeconfig: ({ files }) => hostFile(files, WORKER_1, 'kube-proxy', 'kubeconfig'),
  start: async (cluster, file) => {
    const start = { host: WORKER_1, at: STRANGER };
    return [await startProxy(cluster, start, { 'clientConnection.kubeconfig': file })];
  },
});

export const kubeletToApiserver = daemonToApiserver({
  component: 'kubelet',
  base: 7100,
  kubeconfig: ({ files }) => hostFile(files, WORKER_1, 'kubelet-client', 'kubeconfig'),
  start: async (cluster, kubeconfig) => {
    const start = { host: WORKER_1, at: STRANGER, flags: { kubeconfig } };
    const { kubelet, runtime } = await startKubelet(cluster, start);
    return [kubelet, runtime];
  },
});
