/** A real kubelet on a host of the network, over a container runtime that runs nothing. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from '../../src/cluster/index.ts';
import { type Program, waitFor } from '../system/program.ts';
import { type Bench, type Flags, startComponent, writeConfig } from './components.ts';
import { programPath } from './programs.ts';
import { addressOf } from './topology.ts';

export const KUBELET_PORT = 10250;

/** Starts a runtime and a kubelet that is its own. */
export async function startKubelet(
  bench: Bench,
  host: Host,
  flags: Flags = {},
): Promise<{ runtime: Program; kubelet: Program }> {
  const folder = join(bench.data, `kubelet-${host.name}`);
  await mkdir(folder, { recursive: true });
  const socket = `unix://${join(folder, 'cri.sock')}`;
  const runtime = await bench.network.start(host.name, await programPath('fakecri'), [socket]);
  await waitFor('the runtime serves', async () => (await runtime.log()).includes('ready') || undefined, {
    programs: [runtime],
  });
  const config = await writeConfig(bench, host, 'kubelet', {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    'authentication.anonymous.enabled': false,
    'authentication.webhook.enabled': true,
    'authorization.mode': 'Webhook',
    clusterDNS: ['10.96.0.10'],
    clusterDomain: 'cluster.local',
    containerRuntimeEndpoint: socket,
    podLogsDir: join(folder, 'pod-logs'),
    volumePluginDir: join(folder, 'volume-plugins'),
    // With true it would put a certificate of its own asking in the place of ours at once.
    rotateCertificates: false,
    // What follows lets it run on a host that is not its own: no cgroups, no eviction.
    cgroupsPerQOS: false,
    enforceNodeAllocatable: [],
    failCgroupV1: false,
    failSwapOn: false,
    localStorageCapacityIsolation: false,
    evictionHard: { 'memory.available': '0%' },
    imageGCHighThresholdPercent: 100,
    makeIPTablesUtilChains: false,
    oomScoreAdj: 0,
  });
  const kubelet = await startComponent(bench, 'kubelet', host, {
    config,
    'root-dir': folder,
    'cert-dir': join(folder, 'pki'),
    'hostname-override': host.name,
    'node-ip': addressOf(host),
    ...flags,
  });
  return { runtime, kubelet };
}
