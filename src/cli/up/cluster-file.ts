/** The cluster file of `kubepki up`: written once, and never so that it would not fit the PKI beside it. */
import { join } from 'node:path';
import { type Cluster, readCluster } from '../../cluster/index.ts';
import { fileSystemError, lookAtFile } from '../../collect/index.ts';
import { KubepkiError, quoted, shellWord } from '../../errors.ts';
import { requireFreePort } from '../../http/index.ts';
import { type Kubeconfig, parseKubeconfig } from '../../kubernetes/index.ts';
import { DISK, writeAtomically } from '../../node/index.ts';

const DEFAULT_PORT = 6443;
/** The host of the cluster file that the API server runs on. */
export const SERVER = 'server';
const ADDRESS = '127.0.0.1';

const text = (port: number): string => `\
# Written by kubepki up: the PKI in pki/ is made of it (kubepki plan -f cluster.yaml -d pki).
apiVersion: kubepki.dev/v1alpha1
kind: Cluster
metadata: { name: kubepki }
spec:
  controlPlaneEndpoint: ${ADDRESS}:${port}
  apiServer: { extraSANs: [localhost] }
  hosts:
    - { name: ${SERVER}, addresses: [${ADDRESS}], roles: [control-plane, etcd] }
`;

/**
 * The cluster of the directory; where there is no cluster file, it is written: for the port that the PKI
 * was made for, where there is one.
 *
 * @param port the one that is asked for
 * @throws KubepkiError USAGE for a port that the directory was not made for; CONFLICT where cluster
 *   file and PKI do not fit, it is not one of `kubepki up`, or the port is taken
 */
export async function openClusterFile(
  directory: string,
  port: number | undefined,
): Promise<Cluster> {
  const path = join(directory, 'cluster.yaml');
  const admin = join(directory, 'pki/admin/admin.conf');
  const known = portOf(admin);
  const file = lookAtFile(path);
  if (file.state === 'unreadable') {
    throw new KubepkiError('FILE_SYSTEM', `${path}: ${file.reason}`, {
      hint: 'put the cluster file right: the PKI in pki/ is made of it',
    });
  }
  if (file.state === 'there') {
    const cluster = readCluster(file.bytes.toString('utf8'), path);
    requireOurs(cluster, path);
    if (known !== undefined && known !== cluster.endpoint.port) {
      throw new KubepkiError(
        'CONFLICT',
        `${path} says port ${cluster.endpoint.port}, but pki/ was made for port ${known}`,
        { hint: `put controlPlaneEndpoint: ${ADDRESS}:${known} back into the cluster file` },
      );
    }
    requireSamePort(directory, cluster.endpoint.port, port);
    return cluster;
  }
  if (
    known === undefined &&
    lookAtFile(join(directory, 'pki/authorities/ca.crt')).state !== 'missing'
  ) {
    throw new KubepkiError(
      'CONFLICT',
      `${path} is gone, and so is ${admin}: nothing says which port pki/ was made for`,
      { hint: 'put the cluster file back, or start anew with another --data-dir' },
    );
  }
  if (known !== undefined) requireSamePort(directory, known, port);
  const chosen = known ?? port ?? DEFAULT_PORT;
  // Before anything is made for a port that cannot be had.
  await requireFreePort({ address: ADDRESS, port: chosen });
  await writeAtomically(DISK, path, text(chosen));
  return readCluster(text(chosen), path);
}

function requireSamePort(directory: string, made: number, asked: number | undefined): void {
  if (asked === undefined || asked === made) return;
  throw new KubepkiError('USAGE', `${directory} was made for port ${made}, not ${asked}`, {
    hint: 'leave --secure-port out, or give another --data-dir',
  });
}

function requireOurs({ hosts, layout }: Cluster, path: string): void {
  const server = hosts.find(({ name }) => name === SERVER);
  const isOurs =
    server?.addresses.includes(ADDRESS) === true &&
    server.roles.includes('control-plane') &&
    (layout === 'kubeadm' || layout === 'binary');
  if (isOurs) return;
  throw new KubepkiError(
    'CONFLICT',
    `${path}: not a cluster file of kubepki up: it has no control plane ${quoted(SERVER)} on ${ADDRESS}`,
    {
      hint: 'give kubepki up another --data-dir; for a cluster of your own there are kubepki apply and kubepki server',
    },
  );
}

/** The port that a PKI was made for, by its administrator's kubeconfig; undefined where there is none. */
function portOf(admin: string): number | undefined {
  const file = lookAtFile(admin);
  if (file.state === 'missing') return undefined;
  if (file.state === 'unreadable') {
    throw new KubepkiError('FILE_SYSTEM', `${admin}: ${file.reason}`, {
      hint: 'run as the user that the files belong to',
    });
  }
  const server = serverOf(parse(file.bytes.toString('utf8'), admin));
  const url = server === undefined ? null : URL.parse(server);
  if (url !== null && url.protocol === 'https:') return Number(url.port || 443);
  throw new KubepkiError('CONFLICT', `${admin}: it names no https:// server`, {
    hint: `move it away and run this again: another is made (${shellWord(admin)})`,
  });
}

function parse(content: string, path: string): Kubeconfig {
  try {
    return parseKubeconfig(content, path);
  } catch (error) {
    throw fileSystemError(error, path);
  }
}

const serverOf = ({ contexts, clusters, currentContext }: Kubeconfig): string | undefined =>
  clusters.get(contexts.get(currentContext)?.cluster ?? '')?.server;
