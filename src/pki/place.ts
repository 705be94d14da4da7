/** Where a PKI lies: in a directory on an administrator's machine, or on a machine of the cluster itself. */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Cluster, hasOneDirectory } from '../cluster/index.ts';
import { fileSystemError } from '../collect/index.ts';
import { KubepkiError } from '../errors.ts';

/** `DIR` with `authorities/`, `admin/` and `hosts/<name>/`, or with a layout that is one directory. */
export interface DirectoryPlace {
  readonly kind: 'directory';
  readonly directory: string;
  /** All paths are relative to `directory` itself, which its owner has arranged; the cluster file's layout says so. */
  readonly isFlat?: boolean;
}

/** One host's own file system; the authorities lie in `directory` where one is given, else on the host. */
export interface MachinePlace {
  readonly kind: 'machine';
  readonly host: string;
  readonly root: string;
  readonly directory?: string;
}

export type Place = DirectoryPlace | MachinePlace;

/** The directory that the authorities' paths are relative to. */
export function authoritiesRoot(place: Place): string {
  if (place.kind === 'machine' && place.directory === undefined) return place.root;
  const directory = place.directory ?? '';
  return isFlat(place) ? directory : join(directory, 'authorities');
}

/** The root of one host's file system. */
export function hostRoot(place: Place, host: string): string {
  if (place.kind === 'machine') return place.root;
  return isFlat(place) ? place.directory : join(place.directory, 'hosts', host);
}

export const administratorRoot = (place: DirectoryPlace): string =>
  isFlat(place) ? place.directory : join(place.directory, 'admin');

/**
 * Whether every path has to lie where it says. Trees that stand for hosts may have been fetched from
 * them, and could hold links that lead out; elsewhere links are the owner's own arrangement.
 */
export const isConfined = (place: Place): boolean => place.kind === 'directory' && !isFlat(place);

/** Whether everything lies in one directory. */
export const isFlat = (place: Place): boolean =>
  place.kind === 'directory' && place.isFlat === true;

/** The authorities lie where the host's own files are, under the host's names for them. */
export const authoritiesOnHost = (place: Place): boolean =>
  place.kind === 'machine' && place.directory === undefined;

/** The files that two runs contend for: one where each of them writes, always taken in the same order. */
export function lockPaths(place: Place): string[] {
  const paths = place.directory === undefined ? [] : [join(place.directory, '.kubepki.lock')];
  if (place.kind === 'machine') paths.push(join(place.root, 'etc/kubernetes/.kubepki.lock'));
  return paths.sort();
}

/**
 * Makes sure that what should be a directory is one, or can become one.
 *
 * @throws KubepkiError `FILE_SYSTEM`
 */
export function requireDirectories(place: Place): void {
  const wanted = place.kind === 'machine' ? [place.root, place.directory] : [place.directory];
  for (const path of wanted) {
    if (path === undefined) continue;
    const there = nearestExisting(path);
    let isDirectory: boolean;
    try {
      isDirectory = statSync(there).isDirectory();
    } catch (error) {
      throw fileSystemError(error, there);
    }
    if (!isDirectory) throw new KubepkiError('FILE_SYSTEM', `${there}: not a directory`);
  }
}

function nearestExisting(path: string): string {
  const parent = dirname(path);
  return existsSync(path) || parent === path ? path : nearestExisting(parent);
}

/**
 * The same place by the real names of its directories, as far as they exist.
 *
 * @throws KubepkiError `USAGE` for a machine with a layout that is one directory
 */
export function resolvePlace(place: Place, { layout }: Pick<Cluster, 'layout'>): Place {
  if (place.kind === 'directory') {
    const directory = realPath(place.directory);
    return { kind: 'directory', directory, isFlat: hasOneDirectory({ layout }) };
  }
  if (hasOneDirectory({ layout })) {
    throw new KubepkiError('USAGE', `--host and --root do not go with layout ${layout}`, {
      hint: 'it is one directory for everything: name it with -d',
    });
  }
  const directory = place.directory === undefined ? {} : { directory: realPath(place.directory) };
  return { ...place, root: realPath(place.root), ...directory };
}

/** A path by its real name, as far as it exists. */
export function realPath(path: string): string {
  if (existsSync(path)) return realpathSync.native(path);
  const parent = dirname(path);
  return parent === path ? path : join(realPath(parent), basename(path));
}
