/**
 * The catalogue: every credential of a cluster, once. Plan, apply, inspect, the README's table and
 * everything that will follow are computed from it; nothing else knows which certificates exist.
 *
 * To add a credential, add its id and its record here, then run `npm run docs`.
 *
 * Subjects, usages and files are kubeadm's (`cmd/kubeadm/app/phases/certs`, v1.36) unless a comment
 * says otherwise; the file names of layout `binary` are those that guides for installations from
 * binaries share.
 */
import type { ExtendedKeyUsage } from '../x509/index.ts';
import type { HostLayout } from './types.ts';

export const AUTHORITY_IDS = [
  'ca',
  'server-ca',
  'etcd-ca',
  'etcd-peer-ca',
  'front-proxy-ca',
] as const;
export type AuthorityId = (typeof AUTHORITY_IDS)[number];

export const CREDENTIAL_IDS = [
  ...AUTHORITY_IDS,
  'etcd-peer',
  'etcd-server',
  'etcd-healthcheck-client',
  'apiserver-etcd-client',
  'apiserver',
  'controller-manager',
  'scheduler',
  'kube-proxy',
  'kubelet-client',
  'admin',
  'super-admin',
  'kubelet-server',
  'apiserver-kubelet-client',
  'front-proxy-client',
  'sa',
] as const;
export type CredentialId = (typeof CREDENTIAL_IDS)[number];

/** The programs that hold, present or verify credentials. */
export type Component =
  | 'etcd'
  | 'etcdctl'
  | 'kube-apiserver'
  | 'kube-controller-manager'
  | 'kube-scheduler'
  | 'kube-proxy'
  | 'kubelet'
  | 'kubectl'
  | 'extension-apiserver';

/** Which hosts hold a credential; `administrator` is no host but whoever runs kubepki. */
export type Holder = 'administrator' | 'control-plane' | 'etcd' | 'kubelet' | 'authority';

export type Part = 'certificate' | 'key' | 'publicKey' | 'kubeconfig';

/** One part of a credential and the flag or setting of the component that takes it. */
export interface Flag {
  readonly component: Component;
  readonly flag: string;
  readonly part: Part;
}

/** Who verifies what is presented, and the flag or setting that names the CA (or key) it is verified with. */
export interface Verifier {
  readonly component: Component;
  readonly flag: string;
}

/** Where a credential lies below a host's root, without the endings, which the kind and the layout give. */
export type FileNames = Readonly<Record<HostLayout, string>>;

export interface CredentialDefinition {
  readonly id: CredentialId;
  /** Its number in the seed's figure, where it has one. */
  readonly figure: number | null;
  readonly purpose: string;
  readonly kind: 'ca' | 'server' | 'client' | 'peer' | 'key-pair';
  /** As two files, or both embedded in a kubeconfig. */
  readonly stored: 'pair' | 'kubeconfig';
  readonly issuer: AuthorityId | null;
  /** Who issues it where the authorities are split, if somebody else does. */
  readonly splitIssuer?: AuthorityId;
  /** `{host}` stands for the host's name. */
  readonly subject: {
    readonly commonName: string;
    readonly organizations: readonly string[];
    /** What of it upstream expects as it is, so that no cluster file may change it. */
    readonly fixed?: 'common-name' | 'node';
  };
  /** Which names it covers; the rules are in `names.ts`. */
  readonly names: 'none' | 'apiserver' | 'etcd-member' | 'node';
  readonly usages: readonly ExtendedKeyUsage[];
  readonly holder: Holder;
  /** For kubeconfigs: the endpoint that all share, or the kube-apiserver of the same host. */
  readonly server?: 'endpoint' | 'local';
  /** Absent of those that only split authorities have: layouts with names of their own know them not. */
  readonly files?: FileNames;
  readonly flags: readonly Flag[];
  readonly verifiers: readonly Verifier[];
}

/** Which optional part of a cluster a credential belongs to; it is left out where that part is. */
export type Feature = 'frontProxy' | 'kubeletFiles' | 'split';

const same = (path: string): FileNames => ({ kubeadm: path, binary: path });
const pki = (name: string): FileNames => same(`etc/kubernetes/pki/${name}`);
const etcd = (kubeadm: string, binary = kubeadm): FileNames => ({
  kubeadm: `etc/kubernetes/pki/etcd/${kubeadm}`,
  binary: `etc/etcd/ssl/${binary}`,
});
const kubeconfig = (kubeadm: string, binary = kubeadm): FileNames => ({
  kubeadm: `etc/kubernetes/${kubeadm}.conf`,
  binary: `etc/kubernetes/${binary}.kubeconfig`,
});

const flag = (component: Component, name: string, part: Part): Flag => ({
  component,
  flag: name,
  part,
});
const verifier = (component: Component, name: string): Verifier => ({ component, flag: name });

/** How kube-apiserver verifies every client certificate of the cluster CA. */
const CLIENT_CA = verifier('kube-apiserver', '--client-ca-file');

const NOBODY = { commonName: '', organizations: [] };

export const CATALOGUE: Readonly<Record<CredentialId, CredentialDefinition>> = {
  ca: {
    id: 'ca',
    figure: null,
    purpose: 'signs what the API server, its clients and kubelets present',
    kind: 'ca',
    stored: 'pair',
    issuer: null,
    subject: { commonName: 'kubernetes', organizations: [] },
    names: 'none',
    usages: [],
    holder: 'authority',
    files: pki('ca'),
    flags: [
      flag('kube-apiserver', '--client-ca-file', 'certificate'),
      flag('kube-apiserver', '--kubelet-certificate-authority', 'certificate'),
      flag('kube-controller-manager', '--client-ca-file', 'certificate'),
      flag('kube-controller-manager', '--root-ca-file', 'certificate'),
      flag('kube-controller-manager', '--cluster-signing-cert-file', 'certificate'),
      flag('kube-controller-manager', '--cluster-signing-key-file', 'key'),
      flag('kubelet', 'authentication.x509.clientCAFile', 'certificate'),
    ],
    verifiers: [],
  },
  'server-ca': {
    id: 'server-ca',
    figure: null,
    purpose: 'signs what the API server and kubelets present as servers, apart from their clients',
    kind: 'ca',
    stored: 'pair',
    issuer: null,
    subject: { commonName: 'kubernetes-server-ca', organizations: [] },
    names: 'none',
    usages: [],
    holder: 'authority',
    flags: [
      flag('kube-apiserver', '--kubelet-certificate-authority', 'certificate'),
      flag('kube-controller-manager', '--root-ca-file', 'certificate'),
    ],
    verifiers: [],
  },
  'etcd-ca': {
    id: 'etcd-ca',
    figure: null,
    purpose: 'signs what etcd members and their clients present',
    kind: 'ca',
    stored: 'pair',
    issuer: null,
    subject: { commonName: 'etcd-ca', organizations: [] },
    names: 'none',
    usages: [],
    holder: 'authority',
    files: etcd('ca', 'etcd-ca'),
    flags: [
      flag('etcd', '--trusted-ca-file', 'certificate'),
      flag('etcd', '--peer-trusted-ca-file', 'certificate'),
      flag('kube-apiserver', '--etcd-cafile', 'certificate'),
      flag('etcdctl', '--cacert', 'certificate'),
    ],
    verifiers: [],
  },
  'etcd-peer-ca': {
    id: 'etcd-peer-ca',
    figure: null,
    purpose: 'signs what etcd members present to each other, apart from their clients',
    kind: 'ca',
    stored: 'pair',
    issuer: null,
    subject: { commonName: 'etcd-peer-ca', organizations: [] },
    names: 'none',
    usages: [],
    holder: 'authority',
    flags: [flag('etcd', '--peer-trusted-ca-file', 'certificate')],
    verifiers: [],
  },
  'front-proxy-ca': {
    id: 'front-proxy-ca',
    figure: null,
    // Never the cluster CA: whoever holds a certificate of the request-header CA may speak for anybody.
    purpose: 'signs what kube-apiserver presents to extension API servers',
    kind: 'ca',
    stored: 'pair',
    issuer: null,
    subject: { commonName: 'front-proxy-ca', organizations: [] },
    names: 'none',
    usages: [],
    holder: 'authority',
    files: pki('front-proxy-ca'),
    flags: [
      flag('kube-apiserver', '--requestheader-client-ca-file', 'certificate'),
      flag('kube-controller-manager', '--requestheader-client-ca-file', 'certificate'),
    ],
    verifiers: [],
  },
  'etcd-peer': {
    id: 'etcd-peer',
    figure: 1,
    purpose: 'etcd members to each other, as server and as client',
    kind: 'peer',
    stored: 'pair',
    issuer: 'etcd-ca',
    splitIssuer: 'etcd-peer-ca',
    subject: { commonName: '{host}', organizations: [] },
    names: 'etcd-member',
    usages: ['serverAuth', 'clientAuth'],
    holder: 'etcd',
    files: etcd('peer'),
    flags: [
      flag('etcd', '--peer-cert-file', 'certificate'),
      flag('etcd', '--peer-key-file', 'key'),
    ],
    verifiers: [verifier('etcd', '--peer-trusted-ca-file')],
  },
  'etcd-server': {
    id: 'etcd-server',
    figure: 2,
    purpose: 'etcd to its clients',
    kind: 'server',
    stored: 'pair',
    issuer: 'etcd-ca',
    subject: { commonName: '{host}', organizations: [] },
    names: 'etcd-member',
    // clientAuth too: etcd's gRPC gateway dials its own client port and presents this certificate.
    usages: ['serverAuth', 'clientAuth'],
    holder: 'etcd',
    files: etcd('server'),
    flags: [flag('etcd', '--cert-file', 'certificate'), flag('etcd', '--key-file', 'key')],
    verifiers: [
      verifier('kube-apiserver', '--etcd-cafile'),
      verifier('etcdctl', '--cacert'),
      verifier('etcd', '--trusted-ca-file'),
    ],
  },
  'etcd-healthcheck-client': {
    id: 'etcd-healthcheck-client',
    figure: null,
    purpose: 'probes and etcdctl to etcd',
    kind: 'client',
    stored: 'pair',
    issuer: 'etcd-ca',
    subject: { commonName: 'kube-etcd-healthcheck-client', organizations: [] },
    names: 'none',
    usages: ['clientAuth'],
    holder: 'etcd',
    files: etcd('healthcheck-client'),
    flags: [flag('etcdctl', '--cert', 'certificate'), flag('etcdctl', '--key', 'key')],
    verifiers: [verifier('etcd', '--trusted-ca-file')],
  },
  'apiserver-etcd-client': {
    id: 'apiserver-etcd-client',
    figure: 3,
    purpose: 'kube-apiserver to etcd',
    kind: 'client',
    stored: 'pair',
    issuer: 'etcd-ca',
    subject: { commonName: 'kube-apiserver-etcd-client', organizations: [] },
    names: 'none',
    usages: ['clientAuth'],
    holder: 'control-plane',
    files: pki('apiserver-etcd-client'),
    flags: [
      flag('kube-apiserver', '--etcd-certfile', 'certificate'),
      flag('kube-apiserver', '--etcd-keyfile', 'key'),
    ],
    verifiers: [verifier('etcd', '--trusted-ca-file')],
  },
  apiserver: {
    id: 'apiserver',
    figure: 4,
    purpose: 'kube-apiserver to everybody',
    kind: 'server',
    stored: 'pair',
    issuer: 'ca',
    splitIssuer: 'server-ca',
    subject: { commonName: 'kube-apiserver', organizations: [] },
    names: 'apiserver',
    usages: ['serverAuth'],
    holder: 'control-plane',
    files: pki('apiserver'),
    flags: [
      flag('kube-apiserver', '--tls-cert-file', 'certificate'),
      flag('kube-apiserver', '--tls-private-key-file', 'key'),
    ],
    verifiers: [
      verifier('kubectl', 'certificate-authority-data'),
      verifier('kube-controller-manager', 'certificate-authority-data'),
      verifier('kube-scheduler', 'certificate-authority-data'),
      verifier('kube-proxy', 'certificate-authority-data'),
      verifier('kubelet', 'certificate-authority-data'),
    ],
  },
  'controller-manager': {
    id: 'controller-manager',
    figure: 5,
    purpose: 'kube-controller-manager to kube-apiserver',
    kind: 'client',
    stored: 'kubeconfig',
    issuer: 'ca',
    subject: {
      commonName: 'system:kube-controller-manager',
      organizations: [],
      fixed: 'common-name',
    },
    names: 'none',
    usages: ['clientAuth'],
    holder: 'control-plane',
    server: 'local',
    files: kubeconfig('controller-manager', 'kube-controller-manager'),
    flags: [
      flag('kube-controller-manager', '--kubeconfig', 'kubeconfig'),
      flag('kube-controller-manager', '--authentication-kubeconfig', 'kubeconfig'),
      flag('kube-controller-manager', '--authorization-kubeconfig', 'kubeconfig'),
    ],
    verifiers: [CLIENT_CA],
  },
  scheduler: {
    id: 'scheduler',
    figure: 6,
    purpose: 'kube-scheduler to kube-apiserver',
    kind: 'client',
    stored: 'kubeconfig',
    issuer: 'ca',
    subject: { commonName: 'system:kube-scheduler', organizations: [], fixed: 'common-name' },
    names: 'none',
    usages: ['clientAuth'],
    holder: 'control-plane',
    server: 'local',
    files: kubeconfig('scheduler', 'kube-scheduler'),
    flags: [
      flag('kube-scheduler', '--kubeconfig', 'kubeconfig'),
      flag('kube-scheduler', '--authentication-kubeconfig', 'kubeconfig'),
      flag('kube-scheduler', '--authorization-kubeconfig', 'kubeconfig'),
    ],
    verifiers: [CLIENT_CA],
  },
  'kube-proxy': {
    id: 'kube-proxy',
    figure: 7,
    purpose: 'kube-proxy to kube-apiserver',
    kind: 'client',
    stored: 'kubeconfig',
    issuer: 'ca',
    subject: { commonName: 'system:kube-proxy', organizations: [], fixed: 'common-name' },
    names: 'none',
    usages: ['clientAuth'],
    holder: 'kubelet',
    server: 'endpoint',
    files: kubeconfig('kube-proxy'),
    flags: [flag('kube-proxy', 'clientConnection.kubeconfig', 'kubeconfig')],
    verifiers: [CLIENT_CA],
  },
  'kubelet-client': {
    id: 'kubelet-client',
    figure: 8,
    purpose: 'kubelet to kube-apiserver',
    kind: 'client',
    stored: 'kubeconfig',
    issuer: 'ca',
    subject: { commonName: 'system:node:{host}', organizations: ['system:nodes'], fixed: 'node' },
    names: 'none',
    usages: ['clientAuth'],
    holder: 'kubelet',
    server: 'endpoint',
    files: kubeconfig('kubelet'),
    flags: [flag('kubelet', '--kubeconfig', 'kubeconfig')],
    verifiers: [CLIENT_CA],
  },
  admin: {
    id: 'admin',
    figure: 9,
    purpose: 'an administrator with kubectl to kube-apiserver; rights by RBAC',
    kind: 'client',
    stored: 'kubeconfig',
    issuer: 'ca',
    // Not system:masters, which no RBAC rule can take away again: the group needs its
    // ClusterRoleBinding to cluster-admin, made once with super-admin.
    subject: { commonName: 'kubernetes-admin', organizations: ['kubeadm:cluster-admins'] },
    names: 'none',
    usages: ['clientAuth'],
    holder: 'administrator',
    server: 'endpoint',
    files: kubeconfig('admin'),
    flags: [flag('kubectl', '--kubeconfig', 'kubeconfig')],
    verifiers: [CLIENT_CA],
  },
  'super-admin': {
    id: 'super-admin',
    figure: 9,
    purpose: 'the way in when RBAC is broken; keep it locked away',
    kind: 'client',
    stored: 'kubeconfig',
    issuer: 'ca',
    subject: { commonName: 'kubernetes-super-admin', organizations: ['system:masters'] },
    names: 'none',
    usages: ['clientAuth'],
    holder: 'administrator',
    server: 'endpoint',
    files: kubeconfig('super-admin'),
    flags: [flag('kubectl', '--kubeconfig', 'kubeconfig')],
    verifiers: [CLIENT_CA],
  },
  'kubelet-server': {
    id: 'kubelet-server',
    figure: 10,
    purpose: 'kubelet to kube-apiserver, which calls it for logs and exec',
    kind: 'server',
    stored: 'pair',
    issuer: 'ca',
    splitIssuer: 'server-ca',
    // The subject of a node: with it the kubelet's identity can be verified too (KEP-4872).
    subject: { commonName: 'system:node:{host}', organizations: ['system:nodes'] },
    names: 'node',
    usages: ['serverAuth'],
    holder: 'kubelet',
    files: same('var/lib/kubelet/pki/kubelet'),
    flags: [
      flag('kubelet', 'tlsCertFile', 'certificate'),
      flag('kubelet', 'tlsPrivateKeyFile', 'key'),
    ],
    verifiers: [verifier('kube-apiserver', '--kubelet-certificate-authority')],
  },
  'apiserver-kubelet-client': {
    id: 'apiserver-kubelet-client',
    figure: 11,
    purpose: 'kube-apiserver to kubelets',
    kind: 'client',
    stored: 'pair',
    issuer: 'ca',
    // No organization since v1.36.1: the user needs a ClusterRoleBinding to system:kubelet-api-admin,
    // without which logs, exec and port-forward end in 403.
    subject: { commonName: 'kube-apiserver-kubelet-client', organizations: [] },
    names: 'none',
    usages: ['clientAuth'],
    holder: 'control-plane',
    files: pki('apiserver-kubelet-client'),
    flags: [
      flag('kube-apiserver', '--kubelet-client-certificate', 'certificate'),
      flag('kube-apiserver', '--kubelet-client-key', 'key'),
    ],
    verifiers: [verifier('kubelet', 'authentication.x509.clientCAFile')],
  },
  'front-proxy-client': {
    id: 'front-proxy-client',
    figure: null,
    purpose: 'kube-apiserver to extension API servers, on behalf of users',
    kind: 'client',
    stored: 'pair',
    issuer: 'front-proxy-ca',
    subject: { commonName: 'front-proxy-client', organizations: [] },
    names: 'none',
    usages: ['clientAuth'],
    holder: 'control-plane',
    files: pki('front-proxy-client'),
    flags: [
      flag('kube-apiserver', '--proxy-client-cert-file', 'certificate'),
      flag('kube-apiserver', '--proxy-client-key-file', 'key'),
    ],
    verifiers: [verifier('extension-apiserver', '--requestheader-client-ca-file')],
  },
  sa: {
    id: 'sa',
    figure: 12,
    purpose: 'signs and verifies the tokens of service accounts; a key pair, no certificate',
    kind: 'key-pair',
    stored: 'pair',
    issuer: null,
    subject: NOBODY,
    names: 'none',
    usages: [],
    holder: 'authority',
    files: pki('sa'),
    flags: [
      flag('kube-apiserver', '--service-account-key-file', 'publicKey'),
      flag('kube-apiserver', '--service-account-signing-key-file', 'key'),
      flag('kube-controller-manager', '--service-account-private-key-file', 'key'),
    ],
    verifiers: [verifier('kube-apiserver', '--service-account-key-file')],
  },
};

const FEATURES: Readonly<Partial<Record<CredentialId, Feature>>> = {
  'server-ca': 'split',
  'etcd-peer-ca': 'split',
  'front-proxy-ca': 'frontProxy',
  'front-proxy-client': 'frontProxy',
  'kubelet-client': 'kubeletFiles',
  'kubelet-server': 'kubeletFiles',
};

/** The optional part that a credential belongs to, if any. */
export const featureOf = (id: CredentialId): Feature | undefined => FEATURES[id];
