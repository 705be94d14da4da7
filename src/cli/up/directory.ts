/**
 * The data directory of `kubepki up`: a cluster file, the PKI that `apply` makes of it, the server's
 * database, and a directory for each node, which mirrors what a kubelet has on its own machine.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Cluster, filePath } from '../../cluster/index.ts';
import { reasonOf } from '../../collect/index.ts';
import { KubepkiError, shellWord, systemCode } from '../../errors.ts';
import { makePrivateDirectory, requireOwnDirectory } from '../../make-directory.ts';
import { type AdminOutcome, publishAdmin } from './admin.ts';
import { openClusterFile, SERVER } from './cluster-file.ts';
import { makePki, type PkiState } from './pki.ts';

export interface NodeFiles {
  readonly directory: string;
  readonly bootstrapKubeconfig: string;
  readonly kubeconfig: string;
  readonly certDir: string;
}

/** What lies where. */
export interface Layout {
  readonly directory: string;
  readonly cluster: Cluster;
  readonly admin: string;
  readonly database: string;
  readonly clientCa: string;
  readonly clientCaKey: string;
  readonly serverCertificate: string;
  readonly serverKey: string;
  node(name: string): NodeFiles;
}

export interface Prepared {
  readonly layout: Layout;
  readonly pki: PkiState;
  readonly admin: AdminOutcome;
  /** How many nodes have a directory: the highest number that one has. */
  readonly nodes: number;
  /** The database is not there, although nodes are. */
  readonly forgotten: boolean;
}

/**
 * Makes what is missing in the directory, and says what lies where.
 *
 * @param port what the server shall listen on; absent: what it did before, else 6443
 * @throws KubepkiError USAGE for a port that the directory was not made for, CONFLICT where something
 *   there is not what the cluster file wants, FILE_SYSTEM, LOCKED
 */
export async function prepareDirectory(
  path: string,
  port: number | undefined,
  now: Date,
): Promise<Prepared> {
  const directory = resolve(path);
  makeOwnDirectory(directory);
  for (const name of ['pki', 'pki/authorities', 'nodes']) requireOwn(join(directory, name));
  requireItsCa(directory);
  const cluster = await openClusterFile(directory, port);
  const pki = await makePki(directory, cluster, now);
  const layout = layoutOf(directory, cluster);
  const admin = await publishAdmin(join(directory, 'pki/admin/admin.conf'), layout.admin);
  const nodes = nodesIn(directory);
  return { layout, pki, admin, nodes, forgotten: nodes > 0 && !existsSync(layout.database) };
}

/** What is there was made with a CA: with another one none of it would fit. */
function requireItsCa(directory: string): void {
  const ca = join(directory, 'pki/authorities/ca.crt');
  const left = ['state.db', 'nodes'].filter((name) => existsSync(join(directory, name)));
  if (existsSync(ca) || left.length === 0) return;
  throw new KubepkiError('CONFLICT', `${ca} is gone, but ${left.join(' and ')} are of that CA`, {
    hint: `put pki/ back, or remove ${shellWord(directory)} to start anew`,
  });
}

function layoutOf(directory: string, cluster: Cluster): Layout {
  const onServer = (id: 'ca' | 'apiserver', part: 'certificate' | 'key'): string =>
    join(directory, 'pki/hosts', SERVER, filePath(cluster.layout, id, part));
  return {
    directory,
    cluster,
    admin: join(directory, 'admin.conf'),
    database: join(directory, 'state.db'),
    clientCa: onServer('ca', 'certificate'),
    clientCaKey: onServer('ca', 'key'),
    serverCertificate: onServer('apiserver', 'certificate'),
    serverKey: onServer('apiserver', 'key'),
    node(name) {
      const own = join(directory, 'nodes', name);
      return {
        directory: own,
        bootstrapKubeconfig: join(own, 'bootstrap-kubelet.conf'),
        kubeconfig: join(own, 'kubelet.conf'),
        certDir: join(own, 'pki'),
      };
    },
  };
}

/** The highest number of a node that has a directory; 0: there are none. */
function nodesIn(directory: string): number {
  const nodes = join(directory, 'nodes');
  const names = existsSync(nodes) ? readdirSync(nodes) : [];
  return Math.max(0, ...names.map((name) => Number(/^node-([1-9]\d{0,4})$/.exec(name)?.[1] ?? 0)));
}

/** @throws KubepkiError FILE_SYSTEM where it cannot be made, or is not its owner's alone */
export function makeOwnDirectory(path: string): void {
  onDisk(path, () => makePrivateDirectory(path));
}

/** As `makeOwnDirectory`, of one that may as well not be there. */
export function requireOwn(path: string): void {
  if (existsSync(path)) onDisk(path, () => requireOwnDirectory(path));
}

function onDisk(path: string, work: () => void): void {
  try {
    work();
  } catch (cause) {
    if (cause instanceof KubepkiError) throw cause;
    // What procfs answers: the parent is there, and nothing can be made in it.
    const reason = systemCode(cause) === 'ENOENT' ? 'nothing can be made there' : reasonOf(cause);
    throw new KubepkiError('FILE_SYSTEM', `${path}: cannot be made: ${reason}`, {
      hint: 'give a directory that you may write to: --data-dir DIR',
      cause,
    });
  }
}
