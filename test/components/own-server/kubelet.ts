/** A kubelet that bootstraps, with the settings that it has by itself, and what lets it run on a machine not its own. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from '../../../src/cluster/index.ts';
import { peer } from '../../peers/peers.ts';
import type { Program } from '../../system/program.ts';
import type { Bench } from '../components.ts';
import { hostFile } from '../credentials.ts';
import { emptyFolder, ON_A_MACHINE_NOT_ITS_OWN, startRuntime } from '../kubelet.ts';
import { addressOf, CP_1 } from '../topology.ts';

export interface BootstrappedKubelet {
  readonly kubelet: Program;
  /** Starts it once more, as it was started; the one before has to have ended. */
  again(): Promise<Program>;
  /** Where its files lie. */
  readonly folder: string;
}

/** @param bootstrap kubeconfig with a bootstrap token */
export async function startBootstrappingKubelet(
  bench: Bench,
  host: Host,
  bootstrap: string,
): Promise<BootstrappedKubelet> {
  const folder = join(bench.data, host.name);
  const cwd = await emptyFolder(folder);
  const socket = join(folder, 'runtime.sock');
  await startRuntime(bench, host.name, socket);
  // Places that the kubelet does not let one choose: its links to logs, its sockets for devices.
  const mounts =
    'mount -t tmpfs tmpfs /var/log; mkdir -p /var/lib/kubelet; mount -t tmpfs tmpfs /var/lib/kubelet';
  await bench.network.run(host.name, 'sh', ['-ec', mounts]);
  const config = join(folder, 'config.json');
  await writeFile(config, JSON.stringify(configuration(bench, folder, socket), undefined, 2));
  const again = async (): Promise<Program> =>
    bench.network.start(
      host.name,
      await peer('kubelet'),
      [
        `--config=${config}`,
        `--bootstrap-kubeconfig=${bootstrap}`,
        `--kubeconfig=${join(folder, 'kubelet.conf')}`,
        `--cert-dir=${join(folder, 'pki')}`,
        `--root-dir=${folder}`,
        `--hostname-override=${host.name}`,
        `--node-ip=${addressOf(host)}`,
      ],
      { name: 'kubelet', cwd },
    );
  return { kubelet: await again(), again, folder };
}

const configuration = (bench: Bench, folder: string, socket: string): object => ({
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  // As kubeadm sets it.
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: true },
    x509: { clientCAFile: hostFile(bench.files, CP_1, 'ca', 'certificate') },
  },
  authorization: { mode: 'Webhook' },
  clusterDNS: ['10.96.0.10'],
  clusterDomain: 'cluster.local',
  rotateCertificates: true,
  serverTLSBootstrap: true,
  containerRuntimeEndpoint: `unix://${socket}`,
  podLogsDir: join(folder, 'pod-logs'),
  volumePluginDir: join(folder, 'volume-plugins'),
  ...ON_A_MACHINE_NOT_ITS_OWN,
});
