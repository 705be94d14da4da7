/**
 * From the catalogue and a cluster to what has to lie where: the items of the authorities, of the
 * administrator and of each host, with paths relative to the root of their place.
 */
import type { ExtendedKeyUsage, KeyAlgorithm } from '../x509/index.ts';
import { serverUrl } from './address.ts';
import {
  AUTHORITY_IDS,
  type AuthorityId,
  CATALOGUE,
  CREDENTIAL_IDS,
  type CredentialDefinition,
  type CredentialId,
  featureOf,
} from './catalogue.ts';
import { wantedNames } from './names.ts';
import type { Cluster, Host, Layout } from './types.ts';

/** What a leaf certificate shall say. */
export interface LeafProfile {
  readonly issuer: AuthorityId;
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dns: readonly string[];
  readonly ip: readonly string[];
  readonly usages: readonly ExtendedKeyUsage[];
  readonly keyAlgorithm: KeyAlgorithm;
  /** Seconds. */
  readonly validity: number;
}

/** A CA's certificate and key, or the service accounts' key and public key. */
export interface AuthorityItem {
  readonly kind: 'authority' | 'key-pair';
  readonly credential: CredentialId;
  readonly commonName: string;
  readonly keyAlgorithm: KeyAlgorithm;
  /** Seconds; 0 for a key pair. */
  readonly validity: number;
  /** The certificate, or the public key. */
  readonly publicPath: string;
  readonly keyPath: string;
}

/** A certificate and its key in two files. */
export interface PairItem {
  readonly kind: 'pair';
  readonly credential: CredentialId;
  readonly profile: LeafProfile;
  readonly certificatePath: string;
  readonly keyPath: string;
}

/** A certificate and its key embedded in a kubeconfig. */
export interface KubeconfigItem {
  readonly kind: 'kubeconfig';
  readonly credential: CredentialId;
  readonly profile: LeafProfile;
  readonly path: string;
  readonly clusterName: string;
  readonly server: string;
  readonly user: string;
}

/** A file of an authority that a host needs as well. */
export interface CopyItem {
  readonly kind: 'copy';
  readonly credential: CredentialId;
  /** The authority of the catalogue that components take it for: with single authorities the cluster CA stands for etcd's as well. */
  readonly standsFor: CredentialId;
  readonly part: 'certificate' | 'key' | 'publicKey';
  readonly path: string;
}

export type HostItem = PairItem | KubeconfigItem | CopyItem;

const ENDINGS: Readonly<Record<Layout, { certificate: string; key: string }>> = {
  kubeadm: { certificate: '.crt', key: '.key' },
  binary: { certificate: '.pem', key: '-key.pem' },
};

/** The file of one part of a credential, below a host's root. */
export function filePath(layout: Layout, id: CredentialId, part: CopyItem['part']): string {
  const base = CATALOGUE[id].files[layout];
  if (CATALOGUE[id].kind === 'key-pair') return base + (part === 'key' ? '.key' : '.pub');
  return base + ENDINGS[layout][part === 'key' ? 'key' : 'certificate'];
}

/** Where the same file lies among the authorities: without the directories that only a host has. */
function authorityPath(layout: Layout, id: CredentialId, part: CopyItem['part']): string {
  return filePath(layout, id, part).replace(/^etc\/(kubernetes\/pki|etcd\/ssl)\//, '');
}

/** What of a cluster file decides which credentials there are. */
type Parts = Pick<Cluster, 'authorities' | 'frontProxy' | 'kubeletCertificates'>;

/** Whether a cluster has this credential at all. */
export function isPartOf(cluster: Parts, id: CredentialId): boolean {
  if (id === 'etcd-ca' && cluster.authorities === 'single') return false;
  const feature = featureOf(id);
  if (feature === 'frontProxy') return cluster.frontProxy;
  if (feature === 'kubeletFiles') return cluster.kubeletCertificates === 'files';
  return true;
}

/** The CA that signs for an issuer of the catalogue: with single authorities the cluster CA signs for etcd too. */
export function authorityFor(cluster: Parts, issuer: AuthorityId): AuthorityId {
  return issuer === 'etcd-ca' && cluster.authorities === 'single' ? 'ca' : issuer;
}

const keyAlgorithmOf = (cluster: Cluster, id: CredentialId): KeyAlgorithm =>
  cluster.credentials[id]?.keyAlgorithm ?? cluster.keyAlgorithm;

/** The CAs and the service accounts' key pair, as they lie in `authorities/` or, with `onHost`, below a host's root. */
export function authorityItems(cluster: Cluster, onHost = false): AuthorityItem[] {
  const path = onHost ? filePath : authorityPath;
  return [...AUTHORITY_IDS, 'sa' as const]
    .filter((id) => isPartOf(cluster, id))
    .map((id) => {
      const keyPair = CATALOGUE[id].kind === 'key-pair';
      return {
        kind: keyPair ? 'key-pair' : 'authority',
        credential: id,
        commonName: CATALOGUE[id].subject.commonName,
        keyAlgorithm: keyAlgorithmOf(cluster, id),
        validity: keyPair ? 0 : (cluster.credentials[id]?.validity ?? cluster.validity.ca),
        publicPath: path(cluster.layout, id, keyPair ? 'publicKey' : 'certificate'),
        keyPath: path(cluster.layout, id, 'key'),
      };
    });
}

/** Whether this host runs a kubelet. In kubeadm's layout control planes are nodes too: their components are static pods. */
export function runsKubelet(cluster: Cluster, host: Host): boolean {
  return (
    host.roles.includes('worker') ||
    (cluster.layout === 'kubeadm' && host.roles.includes('control-plane'))
  );
}

function holds(cluster: Cluster, host: Host, definition: CredentialDefinition): boolean {
  switch (definition.holder) {
    case 'authority':
      return false;
    case 'administrator':
      // As kubeadm does: admin.conf on every control plane, super-admin.conf on the first only.
      return (
        cluster.caKeys === 'controlPlane' &&
        host.roles.includes('control-plane') &&
        (definition.id === 'admin' || host === firstControlPlane(cluster))
      );
    case 'kubelet':
      return runsKubelet(cluster, host);
    case 'control-plane':
    case 'etcd':
      return host.roles.includes(definition.holder);
  }
}

const firstControlPlane = (cluster: Cluster): Host | undefined =>
  cluster.hosts.find((host) => host.roles.includes('control-plane'));

/** Everything that has to lie on one host, trust first. Each host gets only what it needs. */
export function hostItems(cluster: Cluster, host: Host): HostItem[] {
  const own = CREDENTIAL_IDS.filter(
    (id) => isPartOf(cluster, id) && holds(cluster, host, CATALOGUE[id]),
  ).map((id) => ownItem(cluster, host, CATALOGUE[id]));
  return [...trustItems(cluster, host), ...own];
}

/** What the administrator holds, named relative to their own directory; nothing where control planes hold it. */
export function administratorItems(cluster: Cluster): KubeconfigItem[] {
  const host = firstControlPlane(cluster);
  if (cluster.caKeys === 'controlPlane' || host === undefined) return [];
  return CREDENTIAL_IDS.filter((id) => CATALOGUE[id].holder === 'administrator')
    .map((id) => kubeconfigItem(cluster, host, CATALOGUE[id]))
    .map((item) => ({ ...item, path: item.path.replace(/^etc\/kubernetes\//, '') }));
}

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
      const path = filePath(cluster.layout, standsFor, part);
      items.push({ kind: 'copy', credential, standsFor, part, path });
    }
  };
  if (controlPlane || runsKubelet(cluster, host)) copy('ca', 'certificate');
  // The one CA key that a control plane cannot do without: controller-manager signs with it.
  if (controlPlane) copy('ca', 'key');
  if (controlPlane || member) {
    copy('etcd-ca', 'certificate', authorityFor(cluster, 'etcd-ca'));
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
    certificatePath: filePath(cluster.layout, definition.id, 'certificate'),
    keyPath: filePath(cluster.layout, definition.id, 'key'),
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
    path: definition.files[cluster.layout],
    clusterName: cluster.name,
    server: serverUrl(definition.server === 'local' ? local : cluster.endpoint),
    user: profile.commonName,
  };
}

function leafProfile(cluster: Cluster, host: Host, definition: CredentialDefinition): LeafProfile {
  const { id, subject, issuer } = definition;
  if (issuer === null) throw new TypeError(`expected a leaf, got ${id}`);
  const override = cluster.credentials[id];
  return {
    issuer: authorityFor(cluster, issuer),
    commonName: subject.commonName.replace('{host}', host.name),
    organizations: override?.organizations ?? subject.organizations,
    ...wantedNames(cluster, host, definition),
    usages: definition.usages,
    keyAlgorithm: keyAlgorithmOf(cluster, id),
    validity: override?.validity ?? cluster.validity.leaf,
  };
}
