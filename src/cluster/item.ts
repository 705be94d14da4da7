/** The items of a PKI: what lies in one or two files, what it has to be, and where. Plain data. */
import type { ExtendedKeyUsage, KeyAlgorithm } from '../x509/index.ts';
import type { AuthorityId, CredentialId } from './catalogue.ts';

/** What a leaf certificate shall say. */
export interface LeafProfile {
  readonly issuer: AuthorityId;
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dns: readonly string[];
  readonly ip: readonly string[];
  /** Of these names those that a certificate which is there already may lack; absent where there are none. */
  readonly spare?: readonly string[];
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
  /** The certificate, or the public key: the key's own file where nothing else holds it. */
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
  /** The CA that it verifies the server with: another one than its own certificate's where the authorities are split. */
  readonly trust: AuthorityId;
  readonly user: string;
  /**
   * Of a kubeconfig that another program writes: files that it names by absolute paths lie, from the
   * last of these directories in the path on, below the root. Its server is that program's choice.
   */
  readonly dataDirectories?: readonly string[];
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
