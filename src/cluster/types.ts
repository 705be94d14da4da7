/** A cluster file after reading: checked, with every default filled in. Plain data, so that it can be handed to a worker thread. */
import type { KeyAlgorithm } from '../x509/index.ts';
import type { CredentialId } from './catalogue.ts';

/** Layouts that name the files of every host by its own file system. */
export const HOST_LAYOUTS = ['kubeadm', 'binary'] as const;
export type HostLayout = (typeof HOST_LAYOUTS)[number];

/** `custom` and `k3s` have one directory for everything: under names that the cluster file lists, or under those that k3s gives. */
export const LAYOUTS = [...HOST_LAYOUTS, 'custom', 'k3s'] as const;
export type Layout = (typeof LAYOUTS)[number];

/** Which CAs there are: see `authorities` in `docs/reference/cluster-file.md`. */
export const AUTHORITY_SCHEMES = ['separate', 'single', 'split'] as const;
export type AuthorityScheme = (typeof AUTHORITY_SCHEMES)[number];

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
  /** `{host}` stands for the host's name. */
  readonly commonName?: string;
}

/** The files of one credential in layout `custom`, relative to the directory; `{host}` stands for the host's name. */
export type CustomFile =
  | { readonly certificate: string; readonly key: string }
  | { readonly kubeconfig: string }
  /** The service accounts' keys; `publicKey` may be a certificate, or the key's own file. */
  | { readonly publicKey: string; readonly key: string };

export type CustomFiles = Readonly<Partial<Record<CredentialId, CustomFile>>>;

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
  /** With layout `custom`, and of kubeadm's configuration, where it lists what kubeadm makes on this host. */
  readonly files?: CustomFiles;
  readonly authorities: AuthorityScheme;
  readonly frontProxy: boolean;
  readonly kubeletCertificates: 'bootstrap' | 'files';
  readonly caKeys: 'offline' | 'controlPlane';
  readonly apiServer: { readonly port: number; readonly extraSANs: readonly string[] };
  readonly hosts: readonly Host[];
  readonly credentials: Readonly<Partial<Record<CredentialId, CredentialOverride>>>;
}

/** What the machine knows that kubeadm's configuration is read on. */
export interface Machine {
  /** The name of its node. */
  readonly name: string;
  /** The text of kube-apiserver's manifest, where kubeadm has written one. */
  readonly manifest?: string;
}
