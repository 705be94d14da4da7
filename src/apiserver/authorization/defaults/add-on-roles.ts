/** The ClusterRoles of add-ons, as kube-apiserver has them for clusters that run these. */
import { may, type RulesByRole } from './rule.ts';

export const ADD_ON_ROLES: RulesByRole = {
  'system:heapster': [
    may('get list watch', '', 'events namespaces nodes pods'),
    may('get list watch', 'extensions', 'deployments'),
  ],
  'system:kube-aggregator': [may('get list watch', '', 'endpoints services')],
  'system:kube-dns': [may('list watch', '', 'endpoints services')],
  'system:node-problem-detector': [
    may('get', '', 'nodes'),
    may('patch', '', 'nodes/status'),
    may('create patch update', 'core events.k8s.io', 'events'),
  ],
  'system:persistent-volume-provisioner': [
    may('create delete get list watch', '', 'persistentvolumes'),
    may('get list update watch', '', 'persistentvolumeclaims'),
    may('get list watch', 'storage.k8s.io', 'storageclasses'),
    may('watch', '', 'events'),
    may('create patch update', 'core events.k8s.io', 'events'),
  ],
};
