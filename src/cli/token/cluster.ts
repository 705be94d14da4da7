/** The cluster that `kubepki token` works on: which kubeconfig, and a client by it. */
import { statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import {
  createClient,
  type KubernetesClient,
  systemClock,
  transportFromKubeconfig,
} from '../../client/index.ts';
import { KubepkiError } from '../../errors.ts';
import {
  type Cluster as ClusterEntry,
  type Kubeconfig,
  mergeKubeconfigs,
  minify,
} from '../../kubernetes/index.ts';
import { kubeconfigPaths, readKubeconfigs, readNamedFile } from '../kubeconfig-files.ts';
import { print } from '../output.ts';
import { VERSION } from '../version.ts';

export interface Cluster {
  readonly client: KubernetesClient;
  /** The file's current context, with what belongs to it. */
  readonly kubeconfig: Kubeconfig;
  /** The kubeconfig's name. */
  readonly path: string;
  readonly dryRun: boolean;
  readonly now: () => Date;
  readonly print: (text: string) => void;
  /** A line for whoever looks at standard error. */
  readonly warn: (text: string) => void;
}

/** Where kubeadm keeps it, and where `kubepki up` does. */
const MORE_PATHS = ['/etc/kubernetes/admin.conf', '.kubepki/admin.conf'];

/**
 * Which file is meant: the flag's, else the first that is there of `KUBECONFIG` (or ~/.kube/config),
 * kubeadm's and that of `kubepki up`.
 *
 * @throws KubepkiError NOT_FOUND naming all of them
 */
export function chooseKubeconfig(
  flag: string | undefined,
  env: NodeJS.ProcessEnv,
  exists: (path: string) => boolean = isThere,
): string {
  if (flag) return flag;
  const paths = [...kubeconfigPaths(undefined, env).paths, ...MORE_PATHS];
  const path = paths.find(exists);
  if (path !== undefined) return path;
  throw new KubepkiError('NOT_FOUND', `there is no kubeconfig: ${paths.join(', ')}`, {
    hint: 'name one with --kubeconfig, or start a cluster with kubepki up',
  });
}

const isThere = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;

/** @throws KubepkiError for a kubeconfig that is not there or not good; the server is not asked yet */
export async function connect(
  flag: string | undefined,
  env: NodeJS.ProcessEnv,
  dryRun: boolean,
): Promise<Cluster> {
  const path = chooseKubeconfig(flag, env);
  const files = readKubeconfigs({ paths: [path], explicit: true });
  if (files[0]?.config === undefined) throw new KubepkiError('NOT_FOUND', `${path}: no such file`);
  const kubeconfig = minify(mergeKubeconfigs(files));
  const transport = await transportFromKubeconfig({
    config: kubeconfig,
    userAgent: `kubepki/${VERSION}`,
    clock: systemClock,
  });
  return {
    client: createClient(transport),
    kubeconfig,
    path,
    dryRun,
    now: () => systemClock.now(),
    print,
    warn: (text) => void process.stderr.write(`kubepki: ${text}\n`),
  };
}

/** How to reach the cluster, for others than who reads this kubeconfig: its server and its CA. */
export interface Endpoint {
  readonly entry: ClusterEntry;
  /** PEM. */
  readonly certificateAuthority: Uint8Array;
}

/** @throws KubepkiError INVALID_VALUE where the kubeconfig names no CA, NOT_FOUND or FILE_SYSTEM for the CA's file */
export function endpointOf({ kubeconfig, path }: Cluster): Endpoint {
  const [entry] = kubeconfig.clusters.values();
  if (entry === undefined) {
    throw new KubepkiError('INVALID_VALUE', `${path}: the current context has no cluster`);
  }
  if (entry.certificateAuthorityData !== undefined) {
    return { entry, certificateAuthority: entry.certificateAuthorityData };
  }
  if (!entry.certificateAuthority) {
    throw new KubepkiError('INVALID_VALUE', `${path}: no CA certificate in it`, {
      hint: 'a node could not tell the cluster from another; add one with kubepki kubeconfig set-cluster',
    });
  }
  const file = resolve(dirname(entry.origin ?? path), entry.certificateAuthority);
  return { entry, certificateAuthority: readNamedFile(file, `file named in ${path}`) };
}
