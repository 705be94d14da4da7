/**
 * Several kubeconfig files as one (`KUBECONFIG=a:b`), and back: which file a change is written to.
 * The rules are those of client-go's `ClientConfigLoadingRules.Load` and `ModifyConfig`.
 */
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { newJsonObject } from './json.ts';
import { type Cluster, emptyKubeconfig, type Kubeconfig, type User } from './types.ts';

/** A file of the list; without `config` it does not exist. */
export interface KubeconfigFile {
  /** As the user gave it: this is what ends up as `origin`, and in messages. */
  readonly path: string;
  readonly config?: Kubeconfig;
}

/** Where kubeconfigs are read from and written to. */
export interface KubeconfigSources {
  /** In the order of precedence, without doubles. */
  readonly files: readonly KubeconfigFile[];
  /** One file was asked for by name (`--kubeconfig`). */
  readonly explicit: boolean;
  /** Absolute path that relative file names are meant against. */
  readonly workingDirectory: string;
}

/**
 * Merges files: of entries with the same name the first file's is taken as a whole; of the current
 * context the first that is set. Each entry remembers its file as `origin`. Paths inside stay as
 * they are; see {@link resolvePaths}.
 */
export function mergeKubeconfigs(files: readonly KubeconfigFile[]): Kubeconfig {
  const merged = emptyKubeconfig();
  for (const { path: origin, config } of files) {
    if (config === undefined) continue;
    addMissing(merged.clusters, config.clusters, (entry) => ({ ...entry, origin }));
    addMissing(merged.users, config.users, (entry) => ({ ...entry, origin }));
    addMissing(merged.contexts, config.contexts, (entry) => ({ ...entry, origin }));
    merged.currentContext ||= config.currentContext;
    mergeExtensible(merged, config);
    if (config.preferences === undefined) continue;
    merged.preferences ??= {};
    if (config.preferences.colors) merged.preferences.colors = true;
    mergeExtensible(merged.preferences, config.preferences);
  }
  return merged;
}

function addMissing<T>(
  into: Map<string, T>,
  from: ReadonlyMap<string, T>,
  copy: (entry: T) => T,
): void {
  for (const [name, entry] of from) if (!into.has(name)) into.set(name, copy(entry));
}

type Extensible = Pick<Kubeconfig, 'extensions' | 'unknown'>;

function mergeExtensible(into: Extensible, from: Extensible): void {
  if (from.extensions !== undefined)
    into.extensions = new Map([...from.extensions, ...(into.extensions ?? [])]);
  if (from.unknown !== undefined) {
    into.unknown = Object.assign(newJsonObject(), from.unknown, into.unknown);
  }
}

type Path = 'certificateAuthority' | 'clientCertificate' | 'clientKey' | 'tokenFile';

/** Rewrites every path of a cluster or user; a command without a slash is looked up in PATH and no path. */
function mapPaths<T extends Cluster | User>(entry: T, change: (path: string) => string): T {
  const paths: Partial<Record<Path, string>> & Pick<User, 'exec'> = {};
  const old: Partial<Record<Path, string>> & Pick<User, 'exec'> = entry;
  for (const key of [
    'certificateAuthority',
    'clientCertificate',
    'clientKey',
    'tokenFile',
  ] as const) {
    const path = old[key];
    if (path !== undefined && path !== '') paths[key] = change(path);
  }
  if (old.exec?.command.includes('/'))
    paths.exec = { ...old.exec, command: change(old.exec.command) };
  return { ...entry, ...paths };
}

/** The directory that paths of an entry are relative to. */
const baseOf = (origin: string, workingDirectory: string): string =>
  dirname(resolve(workingDirectory, origin));

/** Makes every path absolute, each relative to the directory of the file its entry came from. */
export function resolvePaths(config: Kubeconfig, workingDirectory: string): Kubeconfig {
  const absolute = <T extends Cluster | User>(entry: T): T =>
    entry.origin === undefined
      ? entry
      : mapPaths(entry, (path) => resolve(baseOf(entry.origin ?? '', workingDirectory), path));
  return {
    ...config,
    clusters: mapValues(config.clusters, absolute),
    users: mapValues(config.users, absolute),
  };
}

function mapValues<T>(map: ReadonlyMap<string, T>, change: (value: T) => T): Map<string, T> {
  return new Map(Array.from(map, ([key, value]) => [key, change(value)]));
}

/** Makes the paths of an entry relative to its file's directory where they lie below it. */
function relativizePaths<T extends Cluster | User>(
  entry: T,
  file: string,
  workingDirectory: string,
): T {
  const base = baseOf(file, workingDirectory);
  return mapPaths(entry, (path) => {
    const absolute = isAbsolute(path) ? path : resolve(base, path);
    const short = relative(base, absolute) || '.';
    return short.startsWith('../') ? absolute : short;
  });
}

/** Where a new entry goes: the file asked for, else the first that exists, else the last of the list. */
export function defaultFile({ files }: Pick<KubeconfigSources, 'files'>): string {
  const file = files.find(({ config }) => config !== undefined) ?? files.at(-1);
  return file?.path ?? '';
}

/**
 * What to write so that the merged files become `after`: for each file that changes, its new
 * content. Changed entries go to the file they came from, new ones and the current context to
 * {@link defaultFile}.
 *
 * @param after made from `mergeKubeconfigs(sources.files)`
 */
export function changedFiles(
  sources: KubeconfigSources,
  after: Kubeconfig,
): Map<string, Kubeconfig> {
  const before = mergeKubeconfigs(sources.files);
  const changed = new Map<string, Kubeconfig>();
  const draft = (path: string): Kubeconfig => {
    const open =
      changed.get(path) ?? copy(sources.files.find((file) => file.path === path)?.config);
    changed.set(path, open);
    return open;
  };
  if (after.currentContext !== before.currentContext) {
    const path =
      after.currentContext === '' ? whereCurrentContextIs(sources) : defaultFile(sources);
    draft(path).currentContext = after.currentContext;
  }
  const relativize = <T extends Cluster | User>(entry: T, file: string): T =>
    relativizePaths(entry, file, sources.workingDirectory);
  const target = { sources, draft };
  writeChanges(target, before.clusters, after.clusters, (config) => config.clusters, relativize);
  writeChanges(
    target,
    before.contexts,
    after.contexts,
    (config) => config.contexts,
    (entry) => entry,
  );
  writeChanges(target, before.users, after.users, (config) => config.users, relativize);
  return changed;
}

interface Target {
  readonly sources: KubeconfigSources;
  readonly draft: (path: string) => Kubeconfig;
}

function writeChanges<T extends { origin?: string }>(
  { sources, draft }: Target,
  before: ReadonlyMap<string, T>,
  after: ReadonlyMap<string, T>,
  entriesOf: (config: Kubeconfig) => Map<string, T>,
  finish: (entry: T, file: string) => T,
): void {
  for (const [name, entry] of after) {
    if (isDeepStrictEqual(entry, before.get(name))) continue;
    const file = entry.origin ?? defaultFile(sources);
    entriesOf(draft(file)).set(name, finish(entry, file));
  }
  for (const [name, entry] of before) {
    if (!after.has(name)) entriesOf(draft(entry.origin ?? defaultFile(sources))).delete(name);
  }
}

function whereCurrentContextIs({ files }: KubeconfigSources): string {
  return (
    files.find(({ config }) => config !== undefined && config.currentContext !== '')?.path ?? ''
  );
}

function copy(config: Kubeconfig = emptyKubeconfig()): Kubeconfig {
  return {
    ...config,
    clusters: new Map(config.clusters),
    users: new Map(config.users),
    contexts: new Map(config.contexts),
  };
}
