/**
 * What k3s and RKE2 call the credentials of the catalogue, below their data directory
 * (`/var/lib/rancher/k3s`, `/var/lib/rancher/rke2`), and whom their certificates name.
 *
 * Sources: `pkg/daemons/control/deps/deps.go` (servers), `pkg/agent/config/config.go` (agents) and
 * `pkg/server/handlers/handlers.go` (what agents are sent) of k3s-io/k3s; RKE2 is built from them. Both
 * make these files themselves at every start, so nothing here is ever written.
 */
import type { KeyAlgorithm } from '../x509/index.ts';
import type { AuthorityId, CredentialId } from './catalogue.ts';
import type { CustomFile } from './types.ts';

interface K3sCredential {
  readonly files: CustomFile;
  /** Where it is not the catalogue's. */
  readonly commonName?: string;
  readonly organizations?: readonly string[];
  /** Where it is not ECDSA-P256, which k3s uses throughout. */
  readonly keyAlgorithm?: KeyAlgorithm;
}

const pair = (base: string): CustomFile => ({ certificate: `${base}.crt`, key: `${base}.key` });
const tls = (name: string): CustomFile => pair(`server/tls/${name}`);
const MASTERS = ['system:masters'];

export const K3S: Readonly<Partial<Record<CredentialId, K3sCredential>>> = {
  // The CAs are named with the second of their making (k3s-client-ca@1700000000): nobody checks that.
  ca: { files: tls('client-ca') },
  'server-ca': { files: tls('server-ca') },
  'etcd-ca': { files: tls('etcd/server-ca') },
  'etcd-peer-ca': { files: tls('etcd/peer-ca') },
  'front-proxy-ca': { files: tls('request-header-ca') },
  'etcd-peer': { files: tls('etcd/peer-server-client'), commonName: 'etcd-peer' },
  'etcd-server': { files: tls('etcd/server-client'), commonName: 'etcd-server' },
  'apiserver-etcd-client': { files: tls('etcd/client'), commonName: 'etcd-client' },
  apiserver: { files: tls('serving-kube-apiserver') },
  'controller-manager': { files: { kubeconfig: 'server/cred/controller.kubeconfig' } },
  scheduler: { files: { kubeconfig: 'server/cred/scheduler.kubeconfig' } },
  'kube-proxy': { files: { kubeconfig: 'agent/kubeproxy.kubeconfig' } },
  'kubelet-client': { files: { kubeconfig: 'agent/kubelet.kubeconfig' } },
  admin: {
    files: { kubeconfig: 'server/cred/admin.kubeconfig' },
    commonName: 'system:admin',
    organizations: MASTERS,
  },
  'kubelet-server': {
    files: pair('agent/serving-kubelet'),
    commonName: '{host}',
    organizations: [],
  },
  'apiserver-kubelet-client': {
    files: tls('client-kube-apiserver'),
    commonName: 'system:apiserver',
    organizations: MASTERS,
  },
  'front-proxy-client': { files: tls('client-auth-proxy'), commonName: 'system:auth-proxy' },
  // No public key of its own: kube-apiserver takes the key's file for that too.
  sa: {
    files: { publicKey: 'server/tls/service.key', key: 'server/tls/service.key' },
    keyAlgorithm: 'RSA-2048',
  },
};

/** Copies of CA certificates that every node holds. */
export const K3S_NODE_TRUST: readonly (readonly [AuthorityId, path: string])[] = [
  ['ca', 'agent/client-ca.crt'],
  ['server-ca', 'agent/server-ca.crt'],
];

/** Its kubeconfigs name files by their absolute paths; from one of these directories on they lie below the data directory. */
export const K3S_DIRECTORIES = ['server', 'agent'] as const;
