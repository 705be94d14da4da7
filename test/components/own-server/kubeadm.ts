/**
 * A host that `kubeadm join` is run on: with an /etc/kubernetes and a /var/lib/kubelet of its own, a container
 * runtime that runs nothing, and a `systemctl` that starts a real kubelet as kubeadm's unit file does.
 */
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Host } from '../../../src/cluster/index.ts';
import { peer } from '../../peers/peers.ts';
import type { RunResult } from '../../system/program.ts';
import type { Bench } from '../components.ts';
import { ON_A_MACHINE_NOT_ITS_OWN, startRuntime } from '../kubelet.ts';
import { addressOf } from '../topology.ts';

export interface JoiningHost {
  /** kubeadm, with `--cri-socket` and what else a machine that is not its own needs. */
  join(...args: readonly string[]): Promise<RunResult>;
  /** Any kubeadm command. */
  kubeadm(...args: readonly string[]): Promise<RunResult>;
  /** What kubeadm has told `systemctl`, a line for each time. */
  services(): Promise<readonly string[]>;
  /** A file on the host, or undefined. */
  read(path: string): Promise<string | undefined>;
}

/** What kubeadm patches the kubelet's configuration with. */
const PATCH = { cgroupDriver: 'cgroupfs', ...ON_A_MACHINE_NOT_ITS_OWN };

export async function joiningHost(bench: Bench, host: Host): Promise<JoiningHost> {
  const folder = join(bench.data, `joining-${host.name}`);
  const [bin, patches, socket] = ['bin', 'patches', 'runtime.sock'].map((one) => join(folder, one));
  if (bin === undefined || patches === undefined || socket === undefined) throw new TypeError();
  for (const one of [bin, patches]) await mkdir(one, { recursive: true });
  await writeFile(join(patches, 'kubeletconfiguration+merge.json'), JSON.stringify(PATCH));
  const systemctl = join(bin, 'systemctl');
  await writeFile(systemctl, await systemctlScript(folder, host));
  await chmod(systemctl, 0o755);
  await startRuntime(bench, host.name, socket);
  await bench.network.run(host.name, 'sh', ['-ec', mounts(folder)]);
  const binary = await peer('kubeadm');
  const run = async (args: readonly string[]): Promise<RunResult> =>
    bench.network.run(host.name, binary, args, {
      timeout: 120_000,
      cwd: folder,
      env: { PATH: `${bin}:${process.env['PATH'] ?? ''}` },
    });
  const read: JoiningHost['read'] = async (path) => {
    const { code, stdout } = await bench.network.run(host.name, 'cat', [path]);
    return code === 0 ? stdout : undefined;
  };
  return {
    kubeadm: async (...args) => run(args),
    join: async (...args) =>
      run([
        'join',
        ...args,
        `--cri-socket=unix://${socket}`,
        '--ignore-preflight-errors=all',
        `--patches=${patches}`,
      ]),
    services: async () => ((await read(join(folder, 'services'))) ?? '').trim().split('\n'),
    read,
  };
}

/** Seen by nobody outside of the network: its mounts are its own. */
const mounts = (folder: string): string => `
  mkdir -p ${folder}/etc /var/lib/kubelet
  mount -t tmpfs tmpfs ${folder}/etc
  cp -a /etc/. ${folder}/etc/
  cp --remove-destination /run/hosts ${folder}/etc/hosts
  mount --bind ${folder}/etc /etc
  mount -t tmpfs tmpfs /var/lib/kubelet
  mount -t tmpfs tmpfs /var/log
`;

/** Its flags are those of kubeadm's 10-kubeadm.conf (cmd/krel/templates in kubernetes/release). */
async function systemctlScript(folder: string, host: Host): Promise<string> {
  return `#!/bin/sh
echo "$*" >> ${folder}/services
case "$*" in
  is-active*) exit 3 ;;
  "restart kubelet" | "start kubelet") ;;
  *) exit 0 ;;
esac
. /var/lib/kubelet/kubeadm-flags.env
mkdir -p ${folder}/empty && cd ${folder}/empty
setsid ${await peer('kubelet')} \\
  --bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf \\
  --config=/var/lib/kubelet/config.yaml $KUBELET_KUBEADM_ARGS --node-ip=${addressOf(host)} \\
  > ${folder}/kubelet.log 2>&1 < /dev/null &
`;
}
