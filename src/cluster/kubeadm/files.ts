/**
 * The files that kubeadm makes on a host, and so those that kubepki looks after there. Everything that
 * is a certificate or a key follows `certificatesDir`; kubeconfigs lie in /etc/kubernetes whatever it says.
 */
import { CATALOGUE, CREDENTIAL_IDS, type CredentialId } from '../catalogue.ts';
import type { CustomFile, CustomFiles } from '../types.ts';
import type { Standing } from './host.ts';

/** What kubeadm has no part in: kube-proxy is a pod with a service account, and a kubelet makes its own serving certificate. */
const NOT_MADE: readonly CredentialId[] = ['kube-proxy', 'kubelet-server'];

/** What only `kubeadm init` makes: on other control planes the kubelet bootstraps, and nobody is a super-admin. */
const INIT_ONLY: readonly CredentialId[] = ['super-admin', 'kubelet-client'];

export interface FileOptions {
  readonly standing: Exclude<Standing, 'worker'>;
  /** Relative to the root of the host's file system, without a slash at the end. */
  readonly directory: string;
  /** etcd is somebody else's, and so are all of its files: kubeadm makes none of them then. */
  readonly externalEtcd: boolean;
}

/** The files of a control plane by credential, relative to the root of the host's file system. */
export function filesOf({ standing, directory, externalEtcd }: FileOptions): CustomFiles {
  const files: { [K in CredentialId]?: CustomFile } = {};
  for (const id of CREDENTIAL_IDS) {
    if (standing !== 'init' && INIT_ONLY.includes(id)) continue;
    if (NOT_MADE.includes(id) || (externalEtcd && isOfEtcd(id))) continue;
    const file = fileOf(id, directory);
    if (file !== undefined) files[id] = file;
  }
  return files;
}

/**
 * The same on a worker: the CA, and no more.
 *
 * @param certificate relative to the root of its file system
 */
export const workerFiles = (certificate: string): CustomFiles => ({
  // Its key is nowhere near; this is only where it would lie.
  ca: { certificate, key: certificate.replace(/(\.crt)?$/, '.key') },
});

const isOfEtcd = (id: CredentialId): boolean =>
  id === 'etcd-ca' || CATALOGUE[id].issuer === 'etcd-ca';

/** Undefined of what layout `kubeadm` has not. */
function fileOf(id: CredentialId, directory: string): CustomFile | undefined {
  const { kind, stored, files } = CATALOGUE[id];
  if (files === undefined) return undefined;
  if (stored === 'kubeconfig') return { kubeconfig: files.kubeadm };
  const name = files.kubeadm.replace(/^etc\/kubernetes\/pki\//, '');
  const base = directory === '' ? name : `${directory}/${name}`;
  return kind === 'key-pair'
    ? { publicKey: `${base}.pub`, key: `${base}.key` }
    : { certificate: `${base}.crt`, key: `${base}.key` };
}
