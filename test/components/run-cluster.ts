/**
 * `npm run cluster`: starts the seed's cluster from upstream's programs and our files, and stays up
 * until Ctrl-C. `npm run cluster -- binary/RSA-2048` has it with another layout and other keys.
 */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { peer } from '../peers/peers.ts';
import { type Cluster, startCluster } from './cluster.ts';
import { adminKubeconfig } from './credentials.ts';
import { ADMIN, addressOf, HOSTS, OUTSIDERS } from './topology.ts';
import { DEFAULT, variants } from './variants.ts';

async function main(name: string): Promise<number> {
  const [variant] = variants(name);
  if (variant === undefined) throw new Error('no cluster');
  const start = performance.now();
  const say = (what: string): void =>
    console.error(`${((performance.now() - start) / 1000).toFixed(1).padStart(6)} s  ${what}`);
  const stopped = new Promise<string>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => resolve(signal));
    }
  });
  const data = await mkdtemp(join(tmpdir(), 'kubepki-cluster-'));
  try {
    const cluster = await Promise.race([startCluster({ variant, data, say }), stopped]);
    // Interrupted on the way: what was started ends with this process.
    if (typeof cluster === 'string') return 130;
    say('up');
    console.log(await instructions(cluster));
    await stopped;
    await cluster.stop();
    return 0;
  } finally {
    await rm(data, { recursive: true, force: true });
  }
}

async function instructions(cluster: Cluster): Promise<string> {
  const { network, files, data } = cluster;
  const kubeconfig = adminKubeconfig(files, 'admin');
  const kubectl = await peer('kubectl');
  const enter = (host: string): string =>
    `nsenter --target ${network.holderPid} --mount --pid nsenter --net=/run/netns/${host}`;
  const hosts = [...HOSTS, ...OUTSIDERS].map((host) => `${host.name} ${addressOf(host)}`);
  return `
kubeconfig   ${kubeconfig}
logs         ${network.logs}
files        ${data}
hosts        ${hosts.join(', ')}

The hosts are network namespaces; a shell on one of them (any name above for ${ADMIN.name}):

  KUBECONFIG=${kubeconfig} PATH="${kubectl.replace(/\/kubectl$/, '')}:$PATH" \\
    ${enter(ADMIN.name)} bash

or one command:

  ${enter(ADMIN.name)} ${kubectl} --kubeconfig=${kubeconfig} get nodes

Ctrl-C ends everything and removes the files.`;
}

try {
  // At once, whatever is still being started.
  process.exit(await main(process.argv[2] ?? DEFAULT[0] ?? ''));
} catch (error) {
  console.error(`error: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
