/** `kubepki node` on a host of the network. */

import { join } from 'node:path';
import type { Host } from '../../src/cluster/index.ts';
import { KUBEPKI } from '../spawn.ts';
import type { Program } from '../system/program.ts';
import type { Bench } from './components.ts';
import { hostFile } from './credentials.ts';
import { addressOf, CP_1 } from './topology.ts';

/**
 * Starts it, with its files in a folder of its host's name.
 *
 * @param bootstrap kubeconfig
 * @param flags on top of, or in place of, what it is always started with
 */
export async function startNode(
  { network, files, data }: Bench,
  host: Host,
  bootstrap: string,
  ...flags: readonly string[]
): Promise<Program> {
  const folder = join(data, host.name);
  const usual = [
    `--bootstrap-kubeconfig=${bootstrap}`,
    `--kubeconfig=${join(folder, 'kubelet.conf')}`,
    `--cert-dir=${join(folder, 'pki')}`,
    `--hostname-override=${host.name}`,
    `--node-ip=${addressOf(host)}`,
    `--client-ca-file=${hostFile(files, CP_1, 'ca', 'certificate')}`,
  ];
  return network.start(host.name, KUBEPKI, ['node', ...usual, ...flags], { name: 'node' });
}
