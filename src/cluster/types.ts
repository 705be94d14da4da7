/** A cluster file after reading: checked, with every default filled in. Plain data, so that it can be handed to a worker thread. */
import type { KeyAlgorithm } from '../x509/index.ts';
import type { CredentialId } from './catalogue.ts';

export const LAYOUTS = ['kubeadm', 'binary'] as const;
export type Layout = (typeof LAYOUTS)[number];

export const ROLES = ['control-plane', 'etcd', 'worker'] as const;
export type Role = (typeof ROLES)[number];

export interface Host {
  readonly name: string;
  /** Canonical text form; the first is the one that it advertises. */
  readonly addresses: readonly string[];
  readonly roles: readonly Role[];
}

/** What `spec.credentials.<id>` may change about one credential. */
export interface CredentialOverride {
  /** Seconds. */
  readonly validity?: number;
  readonly keyAlgorithm?: KeyAlgorithm;
  readonly extraSANs?: readonly string[];
  readonly organizations?: readonly string[];
}

export interface Endpoint {
  /** A DNS name, or an address without brackets. */
  readonly host: string;
  readonly port: number;
}

export interface Cluster {
  readonly name: string;
  readonly kubernetesVersion: string;
  /** Where clients outside of a control-plane host find kube-apiserver. */
  readonly endpoint: Endpoint;
  readonly dnsDomain: string;
  readonly serviceSubnets: readonly string[];
  readonly keyAlgorithm: KeyAlgorithm;
  /** Seconds. */
  readonly validity: { readonly ca: number; readonly leaf: number };
  readonly layout: Layout;
  readonly authorities: 'separate' | 'single';
  readonly frontProxy: boolean;
  readonly kubeletCertificates: 'bootstrap' | 'files';
  readonly caKeys: 'offline' | 'controlPlane';
  readonly apiServer: { readonly port: number; readonly extraSANs: readonly string[] };
  readonly hosts: readonly Host[];
  readonly credentials: Readonly<Partial<Record<CredentialId, CredentialOverride>>>;
}
