/** Which credentials a cluster has, which of its CAs signs each, and whom each names. */
import {
  type AuthorityId,
  CATALOGUE,
  type CredentialDefinition,
  type CredentialId,
  featureOf,
} from './catalogue.ts';
import { K3S } from './k3s.ts';
import type { AuthorityScheme, Cluster, Host, Layout } from './types.ts';

/** What of a cluster file decides which credentials there are. */
export interface Parts {
  readonly layout: Layout;
  readonly authorities: AuthorityScheme;
  readonly frontProxy: boolean;
  readonly kubeletCertificates: Cluster['kubeletCertificates'];
  readonly files?: Readonly<Partial<Record<CredentialId, unknown>>> | undefined;
}

/** Whether a cluster has this credential at all; with layout `custom` only what is listed is. */
export function isPartOf(cluster: Parts, id: CredentialId): boolean {
  if (id === 'etcd-ca' && cluster.authorities === 'single') return false;
  const feature = featureOf(id);
  if (feature === 'split' && cluster.authorities !== 'split') return false;
  if (feature === 'frontProxy' && !cluster.frontProxy) return false;
  // What is listed is all there is, whatever the layout: kubeadm's configuration lists what kubeadm makes.
  if (cluster.files !== undefined) return cluster.files[id] !== undefined;
  switch (cluster.layout) {
    case 'custom':
      return false;
    case 'k3s':
      return K3S[id] !== undefined;
    case 'kubeadm':
    case 'binary':
      return feature !== 'kubeletFiles' || cluster.kubeletCertificates === 'files';
  }
}

/** The CA that signs a credential; null for CAs and key pairs. */
export function issuerOf({ authorities }: Pick<Parts, 'authorities'>, id: CredentialId) {
  const { issuer, splitIssuer } = CATALOGUE[id];
  if (authorities === 'split') return splitIssuer ?? issuer;
  return authorities === 'single' && issuer === 'etcd-ca' ? 'ca' : issuer;
}

/** The CA that clients of kube-apiserver verify it with. */
export const serverAuthority = (cluster: Pick<Parts, 'authorities'>): AuthorityId =>
  cluster.authorities === 'split' ? 'server-ca' : 'ca';

/** The common name, with `{host}` where a host's name belongs, and the organizations of a credential's subject. */
export function subjectOf(
  { layout, credentials }: Pick<Cluster, 'layout' | 'credentials'>,
  id: CredentialId,
): { readonly commonName: string; readonly organizations: readonly string[] } {
  const { commonName, organizations } = CATALOGUE[id].subject;
  const k3s = layout === 'k3s' ? K3S[id] : undefined;
  const override = credentials[id];
  // The group of nodes is of no use to a name that is no node's.
  const renamed = id === 'kubelet-server' && override?.commonName !== undefined;
  return {
    commonName: override?.commonName ?? k3s?.commonName ?? commonName,
    organizations: override?.organizations ?? k3s?.organizations ?? (renamed ? [] : organizations),
  };
}

/** Whether this host runs a kubelet. In kubeadm's layout control planes are nodes too: their components are static pods. */
export function runsKubelet({ layout }: Pick<Cluster, 'layout'>, { roles }: Host): boolean {
  return roles.includes('worker') || (layout === 'kubeadm' && roles.includes('control-plane'));
}

/** Whether a credential is one of those that this host holds; what administrators hold is none of them. */
export function isHeldBy(
  cluster: Pick<Cluster, 'layout'>,
  host: Host,
  { holder }: CredentialDefinition,
): boolean {
  switch (holder) {
    case 'authority':
    case 'administrator':
      return false;
    case 'kubelet':
      return runsKubelet(cluster, host);
    case 'control-plane':
    case 'etcd':
      return host.roles.includes(holder);
  }
}
