/** The default bindings: which role goes to whom. */
import type { Subject } from '../../../kubernetes/index.ts';
import { CONTROLLER_ROLES } from './controller-roles.ts';

export const RBAC = 'rbac.authorization.k8s.io';

const group = (name: string): Subject => ({ kind: 'Group', apiGroup: RBAC, name });
const user = (name: string): Subject => ({ kind: 'User', apiGroup: RBAC, name });
/** Controllers have their accounts in kube-system. */
const account = (name: string): Subject => ({
  kind: 'ServiceAccount',
  name,
  namespace: 'kube-system',
});

const CONTROLLER_PREFIX = 'system:controller:';

type SubjectsByName = Readonly<Record<string, readonly Subject[]>>;

/** Name of the binding and of its ClusterRole, and the subjects. */
export const CLUSTER_SUBJECTS: SubjectsByName = {
  'cluster-admin': [group('system:masters')],
  'system:basic-user': [group('system:authenticated')],
  'system:cluster-trust-bundle-discovery': [group('system:serviceaccounts')],
  'system:discovery': [group('system:authenticated')],
  'system:kube-controller-manager': [user('system:kube-controller-manager')],
  'system:kube-dns': [account('kube-dns')],
  'system:kube-scheduler': [user('system:kube-scheduler')],
  'system:monitoring': [group('system:monitoring')],
  // Nobody: nodes have their rights from the Node authorizer.
  'system:node': [],
  'system:node-proxier': [user('system:kube-proxy')],
  'system:public-info-viewer': [group('system:authenticated'), group('system:unauthenticated')],
  'system:service-account-issuer-discovery': [group('system:serviceaccounts')],
  'system:volume-scheduler': [user('system:kube-scheduler')],
  ...Object.fromEntries(
    Object.keys(CONTROLLER_ROLES).map((name) => [
      name,
      [account(name.slice(CONTROLLER_PREFIX.length))],
    ]),
  ),
};

export interface NamespacedSubjects {
  readonly name: string;
  readonly role: string;
  readonly subjects: readonly Subject[];
}

/** RoleBindings by namespace. */
export const NAMESPACED_SUBJECTS: Readonly<Record<string, readonly NamespacedSubjects[]>> = {
  'kube-public': [
    {
      name: 'system:controller:bootstrap-signer',
      role: 'system:controller:bootstrap-signer',
      subjects: [account('bootstrap-signer')],
    },
  ],
  'kube-system': [
    {
      name: 'system::extension-apiserver-authentication-reader',
      role: 'extension-apiserver-authentication-reader',
      subjects: [user('system:kube-controller-manager'), user('system:kube-scheduler')],
    },
    {
      name: 'system::leader-locking-kube-controller-manager',
      role: 'system::leader-locking-kube-controller-manager',
      subjects: [
        user('system:kube-controller-manager'),
        account('kube-controller-manager'),
        account('leader-election-controller'),
      ],
    },
    {
      name: 'system::leader-locking-kube-scheduler',
      role: 'system::leader-locking-kube-scheduler',
      subjects: [user('system:kube-scheduler'), account('kube-scheduler')],
    },
    {
      name: 'system:controller:bootstrap-signer',
      role: 'system:controller:bootstrap-signer',
      subjects: [account('bootstrap-signer')],
    },
    {
      name: 'system:controller:cloud-provider',
      role: 'system:controller:cloud-provider',
      subjects: [account('cloud-provider')],
    },
    {
      name: 'system:controller:token-cleaner',
      role: 'system:controller:token-cleaner',
      subjects: [account('token-cleaner')],
    },
  ],
};
