/** The default Roles, by namespace. */
import { may, type RulesByRole } from './rule.ts';

const LEADER_LOCKING = [
  may('create get list update watch', 'coordination.k8s.io', 'leases'),
  may('create get list update watch', 'coordination.k8s.io', 'leasecandidates'),
];

export const NAMESPACED_ROLES: Readonly<Record<string, RulesByRole>> = {
  'kube-public': {
    'system:controller:bootstrap-signer': [
      may('get list watch', '', 'configmaps'),
      may('update', '', 'configmaps', 'cluster-info'),
      may('create patch update', 'core events.k8s.io', 'events'),
    ],
  },
  'kube-system': {
    'extension-apiserver-authentication-reader': [
      may('get list watch', '', 'configmaps', 'extension-apiserver-authentication'),
    ],
    'system::leader-locking-kube-controller-manager': LEADER_LOCKING,
    'system::leader-locking-kube-scheduler': LEADER_LOCKING,
    'system:controller:bootstrap-signer': [may('get list watch', '', 'secrets')],
    'system:controller:cloud-provider': [may('create get list watch', '', 'configmaps')],
    'system:controller:token-cleaner': [
      may('delete get list watch', '', 'secrets'),
      may('create patch update', 'core events.k8s.io', 'events'),
    ],
  },
};
