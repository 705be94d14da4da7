/** How nodes come in by kubepki's own commands. */

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from '../../../src/cluster/index.ts';
import type { OwnServer } from './bench.ts';

/**
 * Makes what a cluster needs so that nodes can come in, where it is not there, and writes a bootstrap kubeconfig
 * into the node's folder.
 *
 * @param token arguments of `kubepki token create`
 */
export async function bootstrapKubeconfig(
  own: OwnServer,
  host: Host,
  ...token: readonly string[]
): Promise<string> {
  await own.kubepki('token', 'setup');
  const folder = join(own.data, host.name);
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'bootstrap-kubelet.conf');
  await own.kubepki('token', 'create', ...token, `--kubeconfig-out=${file}`);
  return file;
}
