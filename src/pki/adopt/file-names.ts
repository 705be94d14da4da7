/** What files of credentials are called where somebody has named them for what they are. */
import { posix } from 'node:path';
import type { CredentialId } from '../../cluster/index.ts';
import { hasWord, stemOf } from './names.ts';

const SERVICE_ACCOUNTS = [
  'sa',
  'service-account',
  'service-accounts',
  'serviceaccount',
  'serviceaccounts',
  'service',
];

export const isNamedForServiceAccounts = (path: string): boolean =>
  hasWord(posix.basename(path), ...SERVICE_ACCOUNTS);

const NAMED: readonly CredentialId[] = [
  'ca',
  'front-proxy-ca',
  'etcd-ca',
  'etcd-peer',
  'etcd-server',
  'etcd-healthcheck-client',
  'apiserver-etcd-client',
  'apiserver-kubelet-client',
  'apiserver',
  'controller-manager',
  'scheduler',
  'kube-proxy',
  'front-proxy-client',
  'super-admin',
  'admin',
];

/** The credential that a file is named for: `kube-scheduler.key`, `etcd/peer.key`. */
export function credentialOf(path: string): CredentialId | undefined {
  if (isNamedForServiceAccounts(path)) return 'sa';
  const stem = stemOf(path).toLowerCase();
  const inEtcd = posix.basename(posix.dirname(path)) === 'etcd' && !stem.startsWith('etcd');
  const name = inEtcd && ETCD_SHORT.has(stem) ? `etcd-${stem}` : stem;
  return NAMED.find((id) => name === id || name === `kube-${id}` || name === `system:kube-${id}`);
}

const ETCD_SHORT = new Set(['ca', 'server', 'peer', 'healthcheck-client']);

/** What etcd's own machines hold. */
export const isOfEtcd = (id: CredentialId): boolean => id.startsWith('etcd-');
