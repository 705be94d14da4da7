/**
 * The data directory of `kubepki up`: a cluster file, the PKI that `apply` makes of it, the server's
 * database, and a directory for each node, which mirrors what a kubelet has on its own machine.
 */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Cluster, filePath, readCluster } from '../../cluster/index.ts';
import { KubepkiError } from '../../errors.ts';
import { requireFreePort } from '../../http/index.ts';
import { makePrivateDirectory } from '../../make-directory.ts';
import { apply } from '../../pki/index.ts';

export const DEFAULT_PORT = 6443;
/** The host of the cluster file that the API server runs on. */
const SERVER = 'server';

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
  /** How many credentials were made, and how many there are. */
  readonly made: number;
  readonly total: number;
}

const CLUSTER_FILE = 'cluster.yaml';

const clusterFile = (port: number): string => `\
# Written by kubepki up: the PKI in pki/ is made of it (kubepki plan -f cluster.yaml -d pki).
apiVersion: kubepki.dev/v1alpha1
kind: Cluster
metadata: { name: kubepki }
spec:
  controlPlaneEndpoint: 127.0.0.1:${port}
  apiServer: { extraSANs: [localhost] }
  hosts:
    - { name: ${SERVER}, addresses: [127.0.0.1], roles: [control-plane, etcd] }
`;

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
  requireItsCa(directory);
  const fresh = !existsSync(join(directory, CLUSTER_FILE));
  // Before anything is made for a port that cannot be had.
  if (fresh) await requireFreePort({ address: '127.0.0.1', port: port ?? DEFAULT_PORT });
  const cluster = clusterOf(directory, port);
  const pki = join(directory, 'pki');
  const { steps, counts } = await apply({
    cluster,
    place: { kind: 'directory', directory: pki },
    now,
  });
  const refused = steps.filter(({ action }) => action === 'refuse');
  if (refused.length > 0) {
    throw new KubepkiError('CONFLICT', `${pki}: ${refused.length} files are not what is wanted`, {
      issues: refused.map((step) => ({ path: step.path, message: step.reason ?? '' })),
      hint: 'kubepki up --data-dir with another directory starts anew',
    });
  }
  const layout = layoutOf(directory, cluster);
  copyAdmin(join(pki, 'admin/admin.conf'), layout.admin);
  return { layout, made: counts.create, total: steps.length };
}

/** What is there was made with a CA: with another one none of it would fit. */
function requireItsCa(directory: string): void {
  const ca = join(directory, 'pki/authorities/ca.crt');
  const left = ['state.db', 'nodes'].filter((name) => existsSync(join(directory, name)));
  if (existsSync(ca) || left.length === 0) return;
  throw new KubepkiError('CONFLICT', `${ca} is gone, but ${left.join(' and ')} are of that CA`, {
    hint: `put pki/ back, or remove ${directory} to start anew`,
  });
}

function clusterOf(directory: string, port: number | undefined): Cluster {
  const path = join(directory, CLUSTER_FILE);
  if (!existsSync(path)) write(path, clusterFile(port ?? DEFAULT_PORT), 0o644);
  const cluster = readCluster(readFileSync(path, 'utf8'), path);
  if (port !== undefined && port !== cluster.endpoint.port) {
    throw new KubepkiError(
      'USAGE',
      `${directory} was made for port ${cluster.endpoint.port}, not ${port}`,
      { hint: 'leave --secure-port out, or give another --data-dir' },
    );
  }
  return cluster;
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

/** Where people look for it; what `pki/` holds is the one that is checked. */
function copyAdmin(from: string, to: string): void {
  const text = readFileSync(from, 'utf8');
  if (!existsSync(to) || readFileSync(to, 'utf8') !== text) write(to, text, 0o600);
}

export function makeOwnDirectory(path: string): void {
  try {
    makePrivateDirectory(path);
  } catch (cause) {
    if (cause instanceof KubepkiError) throw cause;
    throw fileSystem(path, cause);
  }
}

function write(path: string, text: string, mode: number): void {
  try {
    writeFileSync(path, text, { mode, flush: true });
    chmodSync(path, mode);
  } catch (cause) {
    throw fileSystem(path, cause);
  }
}

const fileSystem = (path: string, cause: unknown): KubepkiError =>
  new KubepkiError('FILE_SYSTEM', `${path}: cannot be written`, {
    hint: 'give a directory that you may write to: --data-dir DIR',
    cause,
  });
