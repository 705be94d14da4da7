/** kubectl on a host of the network. */

import { peer } from '../peers/peers.ts';
import type { Network } from '../system/network.ts';
import type { RunResult } from '../system/program.ts';

export interface KubectlOptions {
  /** The host's name. */
  host: string;
  kubeconfig?: string;
  input?: string;
}

export async function kubectl(
  network: Network,
  { host, kubeconfig, input }: KubectlOptions,
  ...args: readonly string[]
): Promise<RunResult> {
  return network.run(
    host,
    await peer('kubectl'),
    [
      ...(kubeconfig === undefined ? [] : [`--kubeconfig=${kubeconfig}`]),
      '--cache-dir=/run/kubectl-cache',
      ...args,
    ],
    { timeout: 60_000, ...(input === undefined ? {} : { input }) },
  );
}
