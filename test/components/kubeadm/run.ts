/**
 * Runs kubeadm and kubepki on a root directory as if it were a machine's own file system. kubeadm
 * changes its root to it (`--rootfs`), so it can neither see nor touch what this machine has in
 * /etc/kubernetes.
 */
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readCluster } from '../../../src/cluster/index.ts';
import { apply } from '../../../src/pki/index.ts';
import { peer } from '../../peers/peers.ts';
import { command, kubepki } from '../../spawn.ts';
import type { Scenario } from './scenario.ts';

/** A root, and when what lies in it was made. */
export interface Made {
  readonly root: string;
  /** Milliseconds, around the run. */
  readonly from: number;
  readonly to: number;
}

/** What a command printed; throws, with what it complained about, when it fails. */
export async function kubeadm(root: string, args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await command(
    await peer('kubeadm'),
    [...args, '--config', `/${CONFIGURATION}`, '--rootfs', root],
    // What the user has set must not decide a test.
    { env: { PATH: '/usr/bin:/bin', HOME: '/root' } },
  );
  if (code !== 0) throw new Error(`kubeadm ${args.join(' ')} ended with ${code}: ${stderr.trim()}`);
  return stdout;
}

/** Beside `etc`, so that it is none of the files that are compared. */
const CONFIGURATION = 'kubeadm.yaml';

/** Makes a root for kubeadm to work in. */
export async function prepareRoot(root: string, scenario: Scenario): Promise<void> {
  await mkdir(join(root, 'etc'), { recursive: true });
  await writeFile(join(root, CONFIGURATION), scenario.configuration);
}

const timed = async (root: string, work: () => Promise<unknown>): Promise<Made> => {
  const from = Date.now();
  await work();
  return { root, from, to: Date.now() };
};

/** What `kubeadm init` makes before it starts anything. */
export const initByKubeadm = async (root: string): Promise<Made> =>
  timed(root, async () => {
    await kubeadm(root, ['init', 'phase', 'certs', 'all']);
    await kubeadm(root, ['init', 'phase', 'kubeconfig', 'all']);
  });

export interface KubepkiRun {
  readonly code: number | null;
  /** As `-o json` says them. */
  readonly steps: readonly {
    readonly action: 'create' | 'keep' | 'refuse';
    readonly credential: string;
    readonly path: string;
    readonly reason?: string;
    readonly notes: readonly string[];
  }[];
}

/** `kubepki plan` or `apply` on a machine of its own. */
export async function onMachine(
  mode: 'plan' | 'apply',
  root: string,
  scenario: Scenario,
): Promise<KubepkiRun> {
  const file = join(root, 'cluster.yaml');
  await writeFile(file, scenario.clusterFile);
  const flags = ['--host', scenario.host, '--root', root, '-o', 'json'];
  const { code, stdout, stderr } = await kubepki([mode, '-f', file, ...flags]);
  if (stdout === '') throw new Error(`kubepki ${mode} ended with ${code}: ${stderr.trim()}`);
  const { steps } = JSON.parse(stdout) as Pick<KubepkiRun, 'steps'>;
  return { code, steps };
}

export const applyByKubepki = async (root: string, scenario: Scenario): Promise<Made> =>
  timed(root, async () => {
    const { code, steps } = await onMachine('apply', root, scenario);
    if (code !== 0) throw new Error(`kubepki apply ended with ${code}: ${JSON.stringify(steps)}`);
  });

/** The root of the scenario's host in a directory that kubepki made for the whole cluster. */
export async function applyToDirectory(directory: string, scenario: Scenario): Promise<string> {
  const file = join(directory, 'cluster.yaml');
  const pki = join(directory, 'pki');
  await writeFile(file, scenario.clusterFile);
  const { code, stdout, stderr } = await kubepki(['apply', '-f', file, '-d', pki]);
  if (code !== 0) throw new Error(`kubepki apply ended with ${code}: ${stdout}${stderr}`);
  return join(pki, 'hosts', scenario.host);
}

/** Puts authorities that were made at another date into roots, for both programs to go on from. */
export async function plantAuthorities(
  directory: string,
  scenario: Scenario,
  now: Date,
  roots: readonly string[],
): Promise<void> {
  const cluster = readCluster(scenario.clusterFile, scenario.name);
  await apply({ cluster, place: { kind: 'directory', directory }, now, threads: 0 });
  for (const root of roots) {
    await cp(join(directory, 'authorities'), join(root, 'etc/kubernetes/pki'), { recursive: true });
  }
}
