/** What a file can hold, as `identify` says it. Secret bytes are in none of these shapes. */
import type { Certificate, CertificationRequest, RevocationList } from '../x509/index.ts';

/** What a PKCS#12 archive says of what is in it. */
export interface Tagged {
  /** The alias (`friendlyName`), where it has one. */
  readonly friendlyName?: string;
  /** In hex: a certificate and the key that it belongs to have the same one. */
  readonly localKeyId?: string;
}

export interface CertificateEntry extends Tagged {
  readonly kind: 'certificate';
  readonly certificate: Certificate;
  /** Why Kubernetes components pass over this block, where they do. */
  readonly passedOver?: string;
}

/** How a private key is written (RFC 8017, appendix A.1.2; RFC 5915; RFC 5958). */
export type KeyForm = 'PKCS#1' | 'SEC 1' | 'PKCS#8';

/** A private key that could be read. Of the key itself there is only what its public half says. */
export interface PrivateKeyEntry {
  readonly kind: 'privateKey';
  readonly form: KeyForm;
  /** True where the passphrase was needed. */
  readonly encrypted: boolean;
  /** As `PublicKey.type`. */
  readonly type: string;
  /** DER of the matching SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
}

/** An encrypted private key that stays closed: no passphrase was given, or the wrong one. */
export interface LockedKeyEntry {
  readonly kind: 'lockedKey';
  readonly code: 'PASSPHRASE_NEEDED' | 'WRONG_PASSPHRASE';
  readonly reason: string;
}

export interface PublicKeyEntry {
  readonly kind: 'publicKey';
  readonly type: string;
  /** DER of the SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
}

export interface RequestEntry {
  readonly kind: 'request';
  readonly request: CertificationRequest;
  /** Whether it is signed with the key that it is for, as it must be. */
  readonly signatureVerifies: boolean;
  /** Why Kubernetes components pass over this block, where they do. */
  readonly passedOver?: string;
}

export interface RevocationListEntry {
  readonly kind: 'crl';
  readonly list: RevocationList;
}

/** Claims and header of a token, as JSON has them. */
export type Claims = Readonly<Record<string, unknown>>;

/** A JSON Web Token (RFC 7519) in compact form. Its signature is not looked at. */
export interface TokenEntry {
  readonly kind: 'token';
  readonly header: Claims;
  readonly claims: Claims;
  /** False where the third part is empty: anybody can have written it. */
  readonly isSigned: boolean;
}

/** A bootstrap token: its id is public, its secret is in none of these shapes. */
export interface BootstrapTokenEntry {
  readonly kind: 'bootstrapToken';
  readonly id: string;
}

/** A block or bag of a kind that is named and not decoded. */
export interface OtherEntry {
  readonly kind: 'other';
  readonly label: string;
}

/** Something that should be one of the above and cannot be read. */
export interface MalformedEntry {
  readonly kind: 'malformed';
  /** What it says it is: a PEM label, or `DER`. */
  readonly label: string;
  readonly reason: string;
}

export type Entry = Tagged &
  (
    | CertificateEntry
    | PrivateKeyEntry
    | LockedKeyEntry
    | PublicKeyEntry
    | RequestEntry
    | RevocationListEntry
    | TokenEntry
    | BootstrapTokenEntry
    | OtherEntry
    | MalformedEntry
  );

/** A cluster of a kubeconfig. */
export interface KubeconfigCluster {
  readonly name: string;
  /** Without a user name and password, should it hold any. */
  readonly server: string;
  readonly tlsServerName: string | undefined;
  readonly insecureSkipTlsVerify: boolean;
  /** What `certificate-authority-data` holds. */
  readonly certificateAuthority: readonly Entry[];
  readonly certificateAuthorityFile: string | undefined;
}

/** A user of a kubeconfig: which credentials it has. */
export interface KubeconfigUser {
  readonly name: string;
  /** What `client-certificate-data` holds. */
  readonly clientCertificate: readonly Entry[];
  readonly clientCertificateFile: string | undefined;
  /** What `client-key-data` holds. */
  readonly clientKey: readonly Entry[];
  readonly clientKeyFile: string | undefined;
  /** Whether the key is that of the first certificate; undefined where one of the two is not embedded or not readable. */
  readonly keyMatches: boolean | undefined;
  readonly hasToken: boolean;
  /** What the token says, where it is one of those that say something. */
  readonly token: TokenEntry | BootstrapTokenEntry | undefined;
  readonly tokenFile: string | undefined;
  /** A user name and password (basic authentication, which no supported Kubernetes takes). */
  readonly hasPassword: boolean;
  /** The program of an exec plug-in; its arguments may be secret and are not told. */
  readonly execCommand: string | undefined;
  readonly authProvider: string | undefined;
}

export interface KubeconfigContext {
  readonly name: string;
  readonly cluster: string;
  readonly user: string;
  readonly namespace: string | undefined;
}

export interface KubeconfigMaterial {
  readonly format: 'kubeconfig';
  readonly clusters: readonly KubeconfigCluster[];
  readonly users: readonly KubeconfigUser[];
  readonly contexts: readonly KubeconfigContext[];
  /** Empty where none is set. */
  readonly currentContext: string;
}

/** A PKCS#12 archive (RFC 7292). */
export interface Pkcs12Material {
  readonly format: 'pkcs12';
  /** What could be opened, in the order of the archive. */
  readonly entries: readonly Entry[];
  /** What its integrity rests on, as `HMAC-SHA256, 2048 iterations`; undefined of an archive without a MAC. */
  readonly mac: string | undefined;
  /** How its contents are encrypted, each way once. */
  readonly encryption: readonly string[];
  /** Why it, or all of it that is encrypted, stays closed. */
  readonly locked?: Pick<LockedKeyEntry, 'code' | 'reason'>;
}

/** What a file holds. */
export type Material =
  | { readonly format: 'pem' | 'der'; readonly entries: readonly Entry[] }
  /** One token (a JSON Web Token or a bootstrap token) and nothing else. */
  | { readonly format: 'token'; readonly entries: readonly Entry[] }
  | Pkcs12Material
  | KubeconfigMaterial
  /** `isDamaged`: it begins like one of the above. */
  | { readonly format: 'unknown'; readonly reason: string; readonly isDamaged: boolean };
