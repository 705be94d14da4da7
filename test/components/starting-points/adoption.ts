/** `kubepki init --from`, `plan` and `apply` on what another tool has made, and what they leave behind. */
import { createHash } from 'node:crypto';
import {
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join, relative } from 'node:path';
import { afterAll, expect } from 'vitest';
import { type Cluster, filePath, readCluster } from '../../../src/cluster/index.ts';
import { type PeerName, peer } from '../../peers/peers.ts';
import { command, kubepki, type Outcome } from '../../spawn.ts';
import type { Files } from '../credentials.ts';

/** A directory for one file of tests, removed after the last of them. */
export function sharedDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'kubepki-starting-point-'));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** Runs one of the scripts here that make a PKI with another tool. */
export async function makeWith(
  script: string,
  directory: string,
  programs: readonly PeerName[],
  ...args: readonly string[]
): Promise<void> {
  const folders = await Promise.all(programs.map(async (name) => dirname(await peer(name))));
  const path = [...folders, '/usr/sbin', '/usr/bin', '/sbin', '/bin'].join(delimiter);
  const file = join(import.meta.dirname, script);
  // What the user has set must not decide a test.
  const env = { PATH: path, HOME: homedir() };
  const { code, stdout, stderr } = await command('bash', [file, directory, ...args], { env });
  if (code !== 0) throw new Error(`${script} ended with ${code}:\n${stdout}${stderr}`);
}

/** Everything of a tree that a program could change: kinds, modes, times of changes, targets and contents. */
export function fingerprint(root: string): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (path: string): void => {
    const stats = lstatSync(path, { bigint: true });
    const content = stats.isSymbolicLink()
      ? readlinkSync(path)
      : stats.isFile()
        ? createHash('sha256').update(readFileSync(path)).digest('hex')
        : '';
    const state = [stats.mode, stats.uid, stats.gid, stats.mtimeNs, stats.ctimeNs, content];
    found.set(relative(root, path), state.join(' '));
    if (stats.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
  };
  visit(root);
  return found;
}

/** The contents of all files, by their paths. */
export function contents(root: string): Map<string, string> {
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  return new Map(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [relative(root, path), readFileSync(path, 'hex')]),
  );
}

/** What was there is byte by byte what it was. */
export function expectKept(before: Map<string, string>, after: Map<string, string>): void {
  for (const [path, content] of before) expect(after.get(path), path).toBe(content);
}

/** Something adopted: its cluster file, and how plan and apply are called on it. */
export interface Adopted {
  readonly file: string;
  readonly text: string;
  readonly cluster: Cluster;
  /** What was said of it. */
  readonly story: string;
  readonly plan: () => Promise<Said>;
  readonly apply: () => Promise<Said>;
}

/** What plan or apply said: its exit status, what it would not just keep, and its last line. */
export interface Said {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly summary: string;
}

export interface AdoptOptions {
  /** Where the cluster file goes. */
  readonly file: string;
  readonly flags?: readonly string[];
  /** What places it for plan and apply; `-d` the directory itself where not given. */
  readonly at?: readonly string[];
  /** What the paths of plan and apply are shown relative to; the directory itself where not given. */
  readonly root?: string;
}

/** `kubepki init --from`, which must not fail. */
export async function adopt(directory: string, options: AdoptOptions): Promise<Adopted> {
  const { file, flags = [], at = ['-d', directory], root = directory } = options;
  const { code, stdout, stderr } = await kubepki(['init', '--from', directory, ...flags]);
  expect(code, stderr).toBe(0);
  writeFileSync(file, stdout);
  const run = async (mode: 'plan' | 'apply'): Promise<Said> =>
    said(await kubepki([mode, '-f', file, ...at]), root);
  return {
    file,
    text: stdout,
    cluster: readCluster(stdout, file),
    story: stderr,
    plan: async () => run('plan'),
    apply: async () => run('apply'),
  };
}

/** The rows of the table with single spaces, paths relative to the root. */
function said({ code, stdout, stderr }: Outcome, root: string): Said {
  expect(stderr).toBe('');
  const lines = stdout.trimEnd().split('\n');
  const rows = lines
    .slice(0, -1)
    .filter((line) => line !== '' && !line.startsWith('ACTION '))
    .map((line) => line.replaceAll(`${root}/`, '').replaceAll(/ {2,}/g, ' | '));
  return { code, lines: rows, summary: lines.at(-1) ?? '' };
}

/** The files that a cluster file of layout `custom` lists; with one CA for all that is etcd's as well. */
export function findListed(
  directory: string,
  { files = {}, authorities }: Cluster,
): NonNullable<Files['find']> {
  return (id, part, host) => {
    const listed = files[id === 'etcd-ca' && authorities === 'single' ? 'ca' : id];
    const path = new Map(Object.entries(listed ?? {})).get(part);
    return path === undefined ? undefined : join(directory, path.replaceAll('{host}', host.name));
  };
}

/** The files of a machine that kubeadm has set up. */
export const findOnMachine =
  (root: string): NonNullable<Files['find']> =>
  (id, part) =>
    join(root, filePath('kubeadm', id, part));

/** Makes a kubeconfig of a pair, as the pages of the documentation do. */
export async function kubeconfigOf(
  file: string,
  server: string,
  { ca, certificate, key }: { ca: string; certificate: string; key: string },
): Promise<string> {
  const at = ['--kubeconfig', file];
  for (const args of [
    ['set-cluster', 'lab', `--server=${server}`, `--certificate-authority=${ca}`, '--embed-certs'],
    [
      'set-credentials',
      'me',
      `--client-certificate=${certificate}`,
      `--client-key=${key}`,
      '--embed-certs',
    ],
    ['set-context', 'default', '--cluster=lab', '--user=me'],
    ['use-context', 'default'],
  ]) {
    const { code, stderr } = await kubepki(['kubeconfig', ...args, ...at]);
    expect(code, stderr).toBe(0);
  }
  return file;
}
