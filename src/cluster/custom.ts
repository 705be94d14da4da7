/**
 * The items of the layouts that have one directory for everything: names that the cluster file lists
 * (`custom`) or that k3s gives. No copies are made here, but for those that k3s makes itself.
 */
import { serverUrl } from './address.ts';
import {
  CATALOGUE,
  CREDENTIAL_IDS,
  type CredentialDefinition,
  type CredentialId,
} from './catalogue.ts';
import type { CopyItem, HostItem, KubeconfigItem, PairItem } from './item.ts';
import { K3S, K3S_DIRECTORIES, K3S_NODE_TRUST } from './k3s.ts';
import { isHeldBy, isPartOf, runsKubelet, serverAuthority } from './parts.ts';
import { commonProfile } from './profile.ts';
import type { Cluster, CustomFile, Host } from './types.ts';

export const HOST = '{host}';

/** Whether a cluster's layout has one directory for everything. */
export const hasOneDirectory = ({ layout }: Pick<Cluster, 'layout'>): boolean =>
  layout === 'custom' || layout === 'k3s';

/** The files of a credential in such a layout; undefined where they are not listed. */
export function listedFiles(cluster: Cluster, id: CredentialId): CustomFile | undefined {
  return cluster.layout === 'k3s' ? K3S[id]?.files : cluster.files?.[id];
}

/** Whether each holder has files of its own: under its own name, or because a directory of k3s is one host's. */
const isPerHost = ({ layout }: Cluster, files: CustomFile): boolean =>
  layout === 'k3s' || Object.values(files).some((path) => path.includes(HOST));

/** What is found under a host's own name, or is nobody else's. */
export function ownListedItems(cluster: Cluster, host: Host): HostItem[] {
  const items: HostItem[] = [];
  if (cluster.layout === 'k3s' && runsKubelet(cluster, host)) items.push(...nodeTrust(cluster));
  for (const definition of listedLeaves(cluster)) {
    const files = listedFiles(cluster, definition.id);
    if (files === undefined || !isHeldBy(cluster, host, definition)) continue;
    if (isPerHost(cluster, files) || isOnlyHolder(cluster, definition)) {
      items.push(listedItem(cluster, [host], definition, files));
    }
  }
  return items;
}

/** What several hosts share because their files are the same: one item each, that covers the names of all of them. */
export function sharedListedItems(cluster: Cluster): HostItem[] {
  return listedLeaves(cluster).flatMap((definition) => {
    const files = listedFiles(cluster, definition.id);
    if (files === undefined || isPerHost(cluster, files)) return [];
    const holders = cluster.hosts.filter((host) => isHeldBy(cluster, host, definition));
    return holders.length < 2 ? [] : [listedItem(cluster, holders, definition, files)];
  });
}

/** What the administrators hold. */
export function administratorListedItems(cluster: Cluster): (PairItem | KubeconfigItem)[] {
  return CREDENTIAL_IDS.filter(
    (id) => CATALOGUE[id].holder === 'administrator' && isPartOf(cluster, id),
  ).flatMap((id) => {
    const files = listedFiles(cluster, id);
    return files === undefined
      ? []
      : [listedItem(cluster, cluster.hosts.slice(0, 1), CATALOGUE[id], files)];
  });
}

const listedLeaves = (cluster: Cluster): CredentialDefinition[] =>
  CREDENTIAL_IDS.filter((id) => isPartOf(cluster, id)).map((id) => CATALOGUE[id]);

/** Ends at the second holder: with ten thousand hosts this is asked as often. */
function isOnlyHolder(cluster: Cluster, definition: CredentialDefinition): boolean {
  let holders = 0;
  return !cluster.hosts.some((host) => isHeldBy(cluster, host, definition) && ++holders > 1);
}

function nodeTrust(cluster: Cluster): CopyItem[] {
  return K3S_NODE_TRUST.filter(([id]) => isPartOf(cluster, id)).map(([id, path]) => ({
    kind: 'copy',
    credential: id,
    standsFor: id,
    part: 'certificate',
    path,
  }));
}

/** @param holders those that share the item, one or more */
function listedItem(
  cluster: Cluster,
  holders: readonly Host[],
  definition: CredentialDefinition,
  files: CustomFile,
): PairItem | KubeconfigItem {
  const [first] = holders;
  if (first === undefined || 'publicKey' in files) {
    throw new TypeError(`expected a leaf and its holders, got ${definition.id}`);
  }
  const at = (path: string): string => path.replaceAll(HOST, first.name);
  const profile = commonProfile(cluster, holders, definition);
  const { id } = definition;
  if ('certificate' in files) {
    const { certificate, key } = files;
    return {
      kind: 'pair',
      credential: id,
      profile,
      certificatePath: at(certificate),
      keyPath: at(key),
    };
  }
  // The API server beside one host is not beside the others that share the file.
  const isLocal = definition.server === 'local' && holders.length === 1;
  const local = { host: first.addresses[0] ?? '', port: cluster.apiServer.port };
  return {
    kind: 'kubeconfig',
    credential: id,
    profile,
    path: at(files.kubeconfig),
    clusterName: cluster.name,
    server: serverUrl(isLocal ? local : cluster.endpoint),
    trust: serverAuthority(cluster),
    user: profile.commonName,
    ...(cluster.layout === 'k3s' ? { dataDirectories: K3S_DIRECTORIES } : {}),
  };
}
