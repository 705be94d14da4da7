/**
 * From the catalogue and a cluster to what has to lie where: the items of the authorities, of the
 * administrator and of each host, with paths relative to the root of their place.
 */
import { serverUrl } from './address.ts';
import {
  AUTHORITY_IDS,
  CATALOGUE,
  CREDENTIAL_IDS,
  type CredentialDefinition,
  type CredentialId,
} from './catalogue.ts';
import {
  administratorListedItems,
  hasOneDirectory,
  listedFiles,
  ownListedItems,
  sharedListedItems,
} from './custom.ts';
import type { AuthorityItem, CopyItem, HostItem, KubeconfigItem, PairItem } from './item.ts';
import { isHeldBy, isPartOf, issuerOf, runsKubelet, serverAuthority, subjectOf } from './parts.ts';
import { filePath, hostFile } from './paths.ts';
import { keyAlgorithmOf, leafProfile } from './profile.ts';
import type { Cluster, Host, Layout } from './types.ts';

/** Where the same file lies among the authorities: without the directories that only a host has. */
function authorityPath(layout: Layout, id: CredentialId, part: CopyItem['part']): string {
  return filePath(layout, id, part).replace(/^etc\/(kubernetes\/pki|etcd\/ssl)\//, '');
}

/** The public part and the key of an authority. */
function authorityFiles(
  cluster: Cluster,
  id: CredentialId,
  onHost: boolean,
): Pick<AuthorityItem, 'publicPath' | 'keyPath'> {
  if (hasOneDirectory(cluster)) {
    const files = listedFiles(cluster, id);
    if (files === undefined || 'kubeconfig' in files) {
      throw new TypeError(`expected an authority, got ${id}`);
    }
    const publicPath = 'publicKey' in files ? files.publicKey : files.certificate;
    return { publicPath, keyPath: files.key };
  }
  const path = (part: CopyItem['part']): string =>
    onHost ? hostFile(cluster, id, part) : authorityPath(cluster.layout, id, part);
  const publicPart = CATALOGUE[id].kind === 'key-pair' ? 'publicKey' : 'certificate';
  return { publicPath: path(publicPart), keyPath: path('key') };
}

/**
 * The CAs and the service accounts' key pair, as they lie in `authorities/` or, with `onHost`, below a
 * host's root; in a layout with one directory as they lie there, in any case.
 */
export function authorityItems(cluster: Cluster, onHost = false): AuthorityItem[] {
  return [...AUTHORITY_IDS, 'sa' as const]
    .filter((id) => isPartOf(cluster, id))
    .map((id) => {
      const keyPair = CATALOGUE[id].kind === 'key-pair';
      return {
        kind: keyPair ? 'key-pair' : 'authority',
        credential: id,
        commonName: subjectOf(cluster, id).commonName,
        keyAlgorithm: keyAlgorithmOf(cluster, id),
        validity: keyPair ? 0 : (cluster.credentials[id]?.validity ?? cluster.validity.ca),
        ...authorityFiles(cluster, id, onHost),
      };
    });
}

function holds(cluster: Cluster, host: Host, definition: CredentialDefinition): boolean {
  if (definition.holder !== 'administrator') return isHeldBy(cluster, host, definition);
  // As kubeadm does: admin.conf on every control plane, super-admin.conf on the first only.
  return (
    cluster.caKeys === 'controlPlane' &&
    host.roles.includes('control-plane') &&
    (definition.id === 'admin' || host === firstControlPlane(cluster))
  );
}

const firstControlPlane = (cluster: Cluster): Host | undefined =>
  cluster.hosts.find((host) => host.roles.includes('control-plane'));

/** Everything that has to lie on one host, trust first. Each host gets only what it needs. */
export function hostItems(cluster: Cluster, host: Host): HostItem[] {
  if (hasOneDirectory(cluster)) return ownListedItems(cluster, host);
  const own = CREDENTIAL_IDS.filter(
    (id) => isPartOf(cluster, id) && holds(cluster, host, CATALOGUE[id]),
  ).map((id) => ownItem(cluster, host, CATALOGUE[id]));
  return [...trustItems(cluster, host), ...own];
}

/** What the administrator holds, named relative to their own directory; nothing where control planes hold it. */
export function administratorItems(cluster: Cluster): (PairItem | KubeconfigItem)[] {
  if (hasOneDirectory(cluster)) return administratorListedItems(cluster);
  const host = firstControlPlane(cluster);
  if (cluster.caKeys === 'controlPlane' || host === undefined) return [];
  return CREDENTIAL_IDS.filter((id) => CATALOGUE[id].holder === 'administrator')
    .map((id) => kubeconfigItem(cluster, host, CATALOGUE[id]))
    .map((item) => ({ ...item, path: item.path.replace(/^etc\/kubernetes\//, '') }));
}

/** What several hosts have in one place, each item once: only a layout with one directory has any. */
export const sharedItems = (cluster: Cluster): HostItem[] =>
  hasOneDirectory(cluster) ? sharedListedItems(cluster) : [];

function trustItems(cluster: Cluster, host: Host): CopyItem[] {
  const controlPlane = host.roles.includes('control-plane');
  const member = host.roles.includes('etcd');
  const everyKey = cluster.caKeys === 'controlPlane';
  const items: CopyItem[] = [];
  const copy = (
    standsFor: CredentialId,
    part: CopyItem['part'],
    credential: CredentialId = standsFor,
  ): void => {
    if (isPartOf(cluster, credential)) {
      const path = hostFile(cluster, standsFor, part);
      items.push({ kind: 'copy', credential, standsFor, part, path });
    }
  };
  if (controlPlane || runsKubelet(cluster, host)) copy('ca', 'certificate');
  // The one CA key that a control plane cannot do without: controller-manager signs with it.
  if (controlPlane) copy('ca', 'key');
  if (controlPlane || member) {
    copy('etcd-ca', 'certificate', issuerOf(cluster, 'etcd-server') ?? 'etcd-ca');
  }
  if (member && everyKey) copy('etcd-ca', 'key');
  if (controlPlane) {
    copy('front-proxy-ca', 'certificate');
    if (everyKey) copy('front-proxy-ca', 'key');
    copy('sa', 'key');
    copy('sa', 'publicKey');
  }
  return items;
}

function ownItem(cluster: Cluster, host: Host, definition: CredentialDefinition): HostItem {
  if (definition.stored === 'kubeconfig') return kubeconfigItem(cluster, host, definition);
  return {
    kind: 'pair',
    credential: definition.id,
    profile: leafProfile(cluster, host, definition),
    certificatePath: hostFile(cluster, definition.id, 'certificate'),
    keyPath: hostFile(cluster, definition.id, 'key'),
  };
}

function kubeconfigItem(
  cluster: Cluster,
  host: Host,
  definition: CredentialDefinition,
): KubeconfigItem {
  const profile = leafProfile(cluster, host, definition);
  const local = { host: host.addresses[0] ?? '', port: cluster.apiServer.port };
  return {
    kind: 'kubeconfig',
    credential: definition.id,
    profile,
    path: hostFile(cluster, definition.id, 'kubeconfig'),
    clusterName: cluster.name,
    server: serverUrl(definition.server === 'local' ? local : cluster.endpoint),
    trust: serverAuthority(cluster),
    user: profile.commonName,
  };
}
