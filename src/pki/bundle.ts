/**
 * What one host needs, as one archive: only what the catalogue says is the host's, each file judged as
 * `plan` judges it, all of it or nothing. Reads, and writes nothing.
 */
import { join } from 'node:path';
import type { Cluster, Host, HostItem } from '../cluster/index.ts';
import { lookAtFile, walkDirectory } from '../collect/index.ts';
import { type Issue, KubepkiError, quotable } from '../errors.ts';
import {
  examineAuthorities,
  isTrustNote,
  keyProblem,
  type LeftOut,
  NOT_THERE,
  type Noted,
  type Problems,
} from './bundle-authorities.ts';
import { excessProblem } from './bundle-content.ts';
import { type BundleFile, type HostFiles, hostFiles } from './bundle-files.ts';
import { type TarFile, writeTar } from './bundle-tar.ts';
import { checkClusterName } from './cluster-name.ts';
import { HostContext } from './context.ts';
import { requireHost } from './csr/leaves.ts';
import { examinePlace } from './host.ts';
import { type DirectoryPlace, isFlat, resolvePlace } from './place.ts';
import type { Step } from './step.ts';

export interface BundleOptions {
  readonly cluster: Cluster;
  readonly place: DirectoryPlace;
  readonly host: string;
  /** Whether what is there and right is enough. */
  readonly partial: boolean;
  /** Seconds since 1970, of every file in the archive. */
  readonly mtime: number;
  readonly now: Date;
}

export interface Bundle {
  readonly archive: Uint8Array;
  /** Below the host's root, sorted. */
  readonly paths: readonly string[];
  readonly leftOut: readonly LeftOut[];
  /** Files in the archive that trust more than their own authority. */
  readonly noted: readonly Noted[];
  /** Files in the host's tree that are none of its credentials. */
  readonly strays: readonly string[];
}

/**
 * The archive of a host.
 *
 * @throws KubepkiError `USAGE` for a host that the cluster file does not have, or layout k3s; `CONFLICT`
 *   where something is missing or wrong (or, with `partial`, everything is), where the directory is of
 *   another cluster, or changes while it is read; `UNSUPPORTED` for a path that no archive can hold
 */
export function bundle(options: BundleOptions): Bundle {
  const { cluster, host: name, partial, mtime, now } = options;
  refuseK3s(cluster);
  requireHost(cluster, name);
  const host = cluster.hosts.find((one) => one.name === name);
  const place = resolvePlace(options.place, cluster);
  if (host === undefined || place.kind !== 'directory') throw new TypeError('expected a host');
  checkClusterName(place, cluster.name);
  const needed = hostFiles(cluster, place, host);
  const before = readAll(needed.files);
  const problems = findProblems(cluster, place, host, needed, before, now);
  const { files, missing } = choose(needed.files, before, problems);
  if (missing.length > 0 && !partial) throw incomplete(name, missing);
  if (files.length === 0) throw incomplete(name, missing);
  // What was judged has to be what is packed: nothing may have been replaced in between.
  for (const { path, source, bytes } of files) {
    const now = lookAtFile(source);
    if (now.state !== 'there' || !now.bytes.equals(bytes)) {
      throw new KubepkiError('CONFLICT', `${source}: changed while it was read`, {
        hint: `another run is at work there; repeat this for ${path} when it has ended`,
      });
    }
  }
  return {
    archive: writeTar(files, mtime),
    paths: files.map(({ path }) => path).sort(),
    leftOut: missing,
    noted: problems.noted.filter(({ path }) => files.some(({ source }) => source === path)),
    strays: isFlat(place) ? [] : findStrays(needed),
  };
}

function refuseK3s({ layout }: Cluster): void {
  if (layout !== 'k3s') return;
  throw new KubepkiError('USAGE', 'layout k3s has nothing to carry to a host', {
    hint: 'k3s makes these files on each machine itself',
  });
}

function readAll(files: readonly BundleFile[]): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (const { path, source } of files) {
    const file = lookAtFile(source);
    if (file.state === 'there') found.set(path, file.bytes);
  }
  return found;
}

/** What lies there and what is packed of it: of a CA's own file the CA alone. */
type Packed = TarFile & Pick<BundleFile, 'source'> & { readonly bytes: Buffer };

/** Takes what is there and right. Of what is missing a reason is known in any case, but of keys that no host needs to have. */
function choose(
  files: readonly BundleFile[],
  bytes: ReadonlyMap<string, Buffer>,
  problems: Problems,
): { readonly files: readonly Packed[]; readonly missing: readonly LeftOut[] } {
  const chosen: Packed[] = [];
  for (const file of files) {
    const found = bytes.get(file.path);
    if (found === undefined || problems.spoilt.has(file.source)) continue;
    const { path, mode, source } = file;
    const content = problems.written.get(source) ?? found;
    chosen.push({ path, mode, source, bytes: found, content });
  }
  return { files: chosen, missing: problems.list };
}

function findProblems(
  cluster: Cluster,
  place: DirectoryPlace,
  host: Host,
  { root, items, files }: HostFiles,
  bytes: ReadonlyMap<string, Buffer>,
  now: Date,
): Problems {
  const problems: Problems = { list: [], spoilt: new Set(), noted: [], written: new Map() };
  const authorities = examineAuthorities(cluster, place, items, problems, now);
  const context = new HostContext(authorities, now, true);
  for (const { step } of examinePlace(context, host.name, root, items)) {
    const { path, notes } = step;
    problems.noted.push(...notes.filter(isTrustNote).map((note) => ({ path, note })));
    const reason = problemOf(step);
    if (reason === undefined) continue;
    problems.list.push({ path: step.path, reason });
    for (const path of pathsOf(step, root, items)) problems.spoilt.add(path);
  }
  const kubeconfigs = new Set(
    items.flatMap((item) => (item.kind === 'kubeconfig' ? [item.path] : [])),
  );
  for (const file of files) {
    const found = bytes.get(file.path);
    const reason =
      keyProblem(file, authorities) ??
      (found === undefined ? undefined : excessProblem(found, kubeconfigs.has(file.path)));
    if (reason === undefined || problems.spoilt.has(file.source)) continue;
    problems.list.push({ path: file.source, reason });
    problems.spoilt.add(file.source);
  }
  return problems;
}

function problemOf({ action, reason = NOT_THERE }: Step): string | undefined {
  switch (action) {
    case 'keep':
      return undefined;
    case 'refuse':
      return reason;
    case 'take':
      return 'its certificate has come; apply puts it in its place';
    case 'wait':
      return 'its certificate has not come yet';
    case 'create':
    case 'request':
      return reason === NOT_THERE ? reason : 'its key is there, its certificate is not';
  }
}

/** Every file of the item that a step is about. */
function pathsOf({ path, credential }: Step, root: string, items: readonly HostItem[]): string[] {
  const pair = items.find(
    (item) =>
      item.kind === 'pair' &&
      item.credential === credential &&
      join(root, item.certificatePath) === path,
  );
  return pair?.kind === 'pair' ? [path, join(root, pair.keyPath)] : [path];
}

const MOST_ISSUES = 20;

function incomplete(host: string, missing: readonly LeftOut[]): KubepkiError {
  const issues: Issue[] = missing
    .slice(0, MOST_ISSUES)
    .map(({ path, reason }) => ({ path: quotable(path), message: reason }));
  if (missing.length > MOST_ISSUES) {
    issues.push({ path: '…', message: `and ${missing.length - MOST_ISSUES} more` });
  }
  return new KubepkiError('CONFLICT', `${host}: not everything that it needs is there`, {
    issues,
    hint: 'apply makes what is missing; with --partial what is there and right is taken',
  });
}

function findStrays({ root, files }: HostFiles): string[] {
  const known = new Set(files.map(({ path }) => path));
  return walkDirectory(root)
    .map(({ path }) => path)
    .filter((path) => path !== '.' && !known.has(path));
}
