/** A real kubelet on a host of the network, over a container runtime that runs nothing. */

import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { peer } from '../peers/peers.ts';
import { type Program, waitFor } from '../system/program.ts';
import { type Bench, type Start, startComponent, writeConfig } from './components.ts';
import { addressOf } from './topology.ts';

export const KUBELET_PORT = 10250;

/** Settings that let a kubelet run on a machine that is not its own: no cgroups, no eviction. */
export const ON_A_MACHINE_NOT_ITS_OWN = {
  cgroupsPerQOS: false,
  enforceNodeAllocatable: [],
  failCgroupV1: false,
  failSwapOn: false,
  localStorageCapacityIsolation: false,
  evictionHard: { 'memory.available': '0%' },
  imageGCHighThresholdPercent: 100,
  makeIPTablesUtilChains: false,
  oomScoreAdj: 0,
};

/** Starts a kubelet, and a runtime of its own before it. */
export async function startKubelet(
  bench: Bench,
  start: Start,
): Promise<{ kubelet: Program; runtime: Program }> {
  const at = start.at ?? start.host;
  const folder = join(bench.data, `kubelet-${at.name}`);
  const cwd = await emptyFolder(folder);
  // A new name each time, as all starts on one host write into the same log.
  const socket = join(folder, `${randomUUID()}.sock`);
  const runtime = await startRuntime(bench, at.name, socket);
  const config = await writeConfig(bench, 'kubelet', start, {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    'authentication.anonymous.enabled': false,
    'authentication.webhook.enabled': true,
    'authorization.mode': 'Webhook',
    clusterDNS: ['10.96.0.10'],
    clusterDomain: 'cluster.local',
    containerRuntimeEndpoint: `unix://${socket}`,
    podLogsDir: join(folder, 'pod-logs'),
    volumePluginDir: join(folder, 'volume-plugins'),
    // With true it would ask for another certificate at once and put it in the place of ours.
    rotateCertificates: false,
    ...ON_A_MACHINE_NOT_ITS_OWN,
  });
  const kubelet = await startComponent(
    bench,
    'kubelet',
    { ...start, cwd },
    {
      config,
      'root-dir': folder,
      'cert-dir': join(folder, 'pki'),
      'hostname-override': start.host.name,
      'node-ip': addressOf(at),
    },
  );
  return { kubelet, runtime };
}

/**
 * Where a kubelet has to run: our runtime tells it no place of a container's log, and with the container it
 * removes whatever is called that and more (`*`), in the folder that it is in.
 */
export async function emptyFolder(folder: string): Promise<string> {
  const empty = join(folder, 'empty');
  await mkdir(empty, { recursive: true });
  return empty;
}

export async function startRuntime(
  { network }: Bench,
  host: string,
  socket: string,
): Promise<Program> {
  const runtime = await network.start(host, await peer('fakecri'), [socket]);
  await waitFor(
    'the runtime serves',
    async () => (await runtime.log()).includes(`serving on ${socket}`) || undefined,
    { programs: [runtime] },
  );
  return runtime;
}
