/** What a node may do by virtue of being one: the rules of ClusterRole system:node, which the Node authorizer narrows. */
import type { PolicyRule } from '../../../kubernetes/index.ts';
import { may } from './rule.ts';

export const NODE_RULES: readonly PolicyRule[] = [
  may('create', 'authentication.k8s.io', 'tokenreviews'),
  may('create', 'authorization.k8s.io', 'localsubjectaccessreviews subjectaccessreviews'),
  may('get list watch', '', 'services'),
  may('create get list watch', '', 'nodes'),
  may('patch update', '', 'nodes/status'),
  may('patch update', '', 'nodes'),
  may('create patch update', 'core events.k8s.io', 'events'),
  may('get list watch', '', 'pods'),
  may('create delete', '', 'pods'),
  may('patch update', '', 'pods/status'),
  may('create', '', 'pods/eviction'),
  may('get list watch', '', 'configmaps secrets'),
  may('get', '', 'persistentvolumeclaims persistentvolumes'),
  may('get', '', 'endpoints'),
  may('create get list watch', 'certificates.k8s.io', 'certificatesigningrequests'),
  may('create delete get patch update', 'coordination.k8s.io', 'leases'),
  may('get', 'storage.k8s.io', 'volumeattachments'),
  may('create', '', 'serviceaccounts/token'),
  may('get patch update', '', 'persistentvolumeclaims/status'),
  may('get list watch', 'storage.k8s.io', 'csidrivers'),
  may('create delete get patch update', 'storage.k8s.io', 'csinodes'),
  may('get list watch', 'node.k8s.io', 'runtimeclasses'),
  may('get', 'resource.k8s.io', 'resourceclaims'),
  may('deletecollection', 'resource.k8s.io', 'resourceslices'),
  may('get list watch', 'certificates.k8s.io', 'clustertrustbundles'),
  may('get', '', 'serviceaccounts'),
  may('create get list watch', 'certificates.k8s.io', 'podcertificaterequests'),
];
