/** Which files a host needs, by the catalogue: paths, modes, and where each lies. */
import { join } from 'node:path';
import {
  type AuthorityItem,
  authorityItems,
  CATALOGUE,
  type Cluster,
  type CopyItem,
  type CredentialId,
  type Host,
  type HostItem,
  hostItems,
  issuerOf,
  type Role,
  sharedItems,
} from '../cluster/index.ts';
import { authoritiesRoot, type DirectoryPlace, hostRoot, isFlat } from './place.ts';

export interface BundleFile {
  readonly credential: CredentialId;
  /** On the host, below its root; in a layout of one directory, below that. */
  readonly path: string;
  /** Where it lies here. */
  readonly source: string;
  readonly mode: 0o600 | 0o644;
}

/** What lies in the host's own tree, or is shared with it. */
export interface HostFiles {
  readonly root: string;
  readonly items: readonly HostItem[];
  readonly files: readonly BundleFile[];
}

/** The files of one host, each once. */
export function hostFiles(cluster: Cluster, place: DirectoryPlace, host: Host): HostFiles {
  const root = hostRoot(place, host.name);
  const items = [...hostItems(cluster, host), ...sharedWith(cluster, host)];
  const files = items.flatMap((item) => filesOf(item, root));
  // There are no copies in a directory of somebody else's arrangement: the authorities' own files serve.
  const trust = isFlat(place) ? authorityFiles(cluster, place, host) : [];
  const all = new Map([...trust, ...files].map((file) => [file.path, file]));
  return { root, items, files: [...all.values()] };
}

function filesOf(item: HostItem, root: string): BundleFile[] {
  const at = (path: string, mode: BundleFile['mode']): BundleFile => ({
    credential: item.credential,
    path,
    source: join(root, path),
    mode,
  });
  switch (item.kind) {
    case 'pair':
      return [at(item.certificatePath, 0o644), at(item.keyPath, 0o600)];
    case 'kubeconfig':
      return [at(item.path, 0o600)];
    case 'copy':
      return [at(item.path, item.part === 'key' ? 0o600 : 0o644)];
  }
}

/** What this host shares with others because their files are the same. */
const sharedWith = (cluster: Cluster, { roles }: Host): HostItem[] =>
  sharedItems(cluster).filter(({ credential }) => {
    const { holder } = CATALOGUE[credential];
    // Only layouts with one directory share anything, and in those kubelets run on workers.
    return roles.some((role) => role === (holder === 'kubelet' ? 'worker' : holder));
  });

type Component = (typeof CATALOGUE)[CredentialId]['flags'][number]['component'];

/** Which hosts a component runs on, where the layout is one directory. */
const RUNS_ON: Readonly<Record<Component, Role | undefined>> = {
  etcd: 'etcd',
  etcdctl: 'etcd',
  'kube-apiserver': 'control-plane',
  'kube-controller-manager': 'control-plane',
  'kube-scheduler': 'control-plane',
  kubelet: 'worker',
  'kube-proxy': 'worker',
  kubectl: undefined,
  'extension-apiserver': undefined,
};

/** The parts of authorities that components on a host take, from the authorities' own files. */
function authorityFiles(cluster: Cluster, place: DirectoryPlace, host: Host): BundleFile[] {
  const root = authoritiesRoot(place);
  const items = authorityItems(cluster);
  const files: BundleFile[] = [];
  const add = (item: AuthorityItem, path: string, mode: BundleFile['mode']): void => {
    files.push({ credential: item.credential, path, source: join(root, path), mode });
  };
  for (const item of items) {
    const standsFor = standIns(cluster, item.credential);
    const takes = (part: CopyItem['part']): boolean =>
      standsFor.some((id) =>
        CATALOGUE[id].flags.some((flag) => {
          const role = RUNS_ON[flag.component];
          return flag.part === part && role !== undefined && host.roles.includes(role);
        }),
      );
    const isOneFile = item.publicPath === item.keyPath;
    const publicPart = item.kind === 'key-pair' ? 'publicKey' : 'certificate';
    if (takes(publicPart) && !isOneFile) add(item, item.publicPath, 0o644);
    if (takes('key') || (isOneFile && takes(publicPart))) add(item, item.keyPath, 0o600);
  }
  return files;
}

/** With single authorities the cluster CA is etcd's as well. */
function standIns(cluster: Cluster, id: CredentialId): CredentialId[] {
  return id === 'ca' && issuerOf(cluster, 'etcd-server') === 'ca' ? ['ca', 'etcd-ca'] : [id];
}
