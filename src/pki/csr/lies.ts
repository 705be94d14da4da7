/**
 * Where a request lies, and whose it can therefore be: what lies in the tree of a host may have come
 * from that host, which must not get the certificate of anybody else by it.
 */
import { realpathSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { type Cluster, hasOneDirectory } from '../../cluster/index.ts';
import { quoted } from '../../errors.ts';
import { pairPaths } from '../pending.ts';
import { type ClusterLeaf, clusterLeaves } from './leaves.ts';

export type Lies =
  /** In no tree that says anything. */
  | { readonly kind: 'anywhere' }
  /** In the tree of this host; `leaf` where it is the place of one of that host's requests. */
  | { readonly kind: 'host'; readonly host: string; readonly leaf?: ClusterLeaf | undefined }
  /** In the administrator's own tree. */
  | { readonly kind: 'admin'; readonly leaf?: ClusterLeaf | undefined }
  /** Nobody could say whose it is. */
  | { readonly kind: 'unclear'; readonly reason: string };

/** The file's name as it was given, and by its real directories: each of them can lie in a tree. */
function bothPaths(path: string): string[] {
  const given = resolve(path);
  try {
    return [given, realpathSync.native(given)];
  } catch {
    return [given];
  }
}

const WHERE_THEY_BEGIN = '(-d DIR says where the trees begin: DIR/hosts/NAME)';

interface InTree {
  readonly host: string;
  /** The rest of the path, relative to the host's root. */
  readonly rest: string;
}

/** Every `hosts/NAME/` in a path. */
function treesOf(path: string): InTree[] {
  const names = path.split(sep);
  return names.flatMap((name, i): InTree[] => {
    const host = names[i + 1];
    const rest = names.slice(i + 2);
    return name === 'hosts' && host !== undefined && rest.length > 0
      ? [{ host, rest: rest.join('/') }]
      : [];
  });
}

/** The path relative to a directory that it lies in. */
function inside(directory: string, path: string): string | undefined {
  const rest = relative(directory, path);
  return rest === '' || rest === '..' || rest.startsWith(`..${sep}`) ? undefined : rest;
}

/** The directory of `apply`, whose `admin/` is the administrator's. */
export interface OwnDirectory {
  readonly path: string;
  /** Whether somebody has said so: then what it lies in itself is of no meaning. The current directory may be in a host's tree. */
  readonly isGiven: boolean;
}

/**
 * Finds out where a request lies. A host controls what is below its own name, so that of several
 * `hosts/NAME/` in one path, or of another one behind links, none is believed.
 *
 * @param path as it was given
 * @param where the cluster file's name, for messages
 */
export function whereItLies(
  cluster: Cluster,
  path: string,
  directory: OwnDirectory,
  where: string,
): Lies {
  const paths = bothPaths(path);
  const directories = bothPaths(directory.path);
  const fromThere = (one: string): string =>
    (directory.isGiven
      ? directories.map((own) => inside(own, one)).find((rest) => rest !== undefined)
      : undefined) ?? one;
  const trees = paths.flatMap((one) => treesOf(fromThere(one)));
  const hosts = [...new Set(trees.map(({ host }) => host))];
  const [host, other] = hosts;
  if (host !== undefined && other !== undefined) {
    const named = hosts.map((name) => quoted(name, 80)).join(' and ');
    return {
      kind: 'unclear',
      reason: `lies in the trees of ${named}: whose is it? ${WHERE_THEY_BEGIN}`,
    };
  }
  if (host !== undefined) {
    if (!cluster.hosts.some(({ name }) => name === host)) {
      const reason = `lies in the tree of the host ${quoted(host, 80)}, which ${where} does not have ${WHERE_THEY_BEGIN}`;
      return { kind: 'unclear', reason };
    }
    const leaves = clusterLeaves(cluster, { host });
    return { kind: 'host', host, leaf: leafAt(leaves, trees.at(0)?.rest) };
  }
  return ownTree(cluster, paths, directories);
}

/** In the administrator's own tree; with everything in one directory, at the very place of a request. */
function ownTree(cluster: Cluster, paths: readonly string[], directories: readonly string[]): Lies {
  const real = paths.at(-1) ?? '';
  const directory = directories.at(-1) ?? '';
  if (hasOneDirectory(cluster)) {
    const leaf = leafAt(clusterLeaves(cluster), inside(directory, real));
    return leaf === undefined ? { kind: 'anywhere' } : { kind: 'admin', leaf };
  }
  const rest = inside(join(directory, 'admin'), real);
  if (rest === undefined) return { kind: 'anywhere' };
  return { kind: 'admin', leaf: leafAt(ofAdministrator(clusterLeaves(cluster)), rest) };
}

export const ofAdministrator = (leaves: readonly ClusterLeaf[]): ClusterLeaf[] =>
  leaves.filter(({ place }) => place === 'admin');

const withoutEnding = (path: string): string => path.replace(/\.(?:csr|req)$/, '');

function leafAt(leaves: readonly ClusterLeaf[], rest: string | undefined): ClusterLeaf | undefined {
  if (rest === undefined) return undefined;
  const base = withoutEnding(rest.split(sep).join('/'));
  return leaves.find(({ item }) => {
    const { request } =
      item.kind === 'kubeconfig'
        ? { request: `${item.path}.csr` }
        : pairPaths(item.certificatePath, item.keyPath, () => false);
    return withoutEnding(request) === base;
  });
}
