/** The ClusterRoles of kube-controller-manager's controllers, each with an account of its own. */
import { CONTROLLER_ROLES_A_H } from './controller-roles-a-h.ts';
import { may, type RulesByRole } from './rule.ts';

export const CONTROLLER_ROLES: RulesByRole = {
  ...CONTROLLER_ROLES_A_H,
  'system:controller:job-controller': [
    may('get list patch update watch', 'batch', 'jobs'),
    may('update', 'batch', 'jobs/status'),
    may('update', 'batch', 'jobs/finalizers'),
    may('create delete list patch watch', '', 'pods'),
    may('create patch update', 'core events.k8s.io', 'events'),
  ],
  'system:controller:legacy-service-account-token-cleaner': [
    may('get', '', 'configmaps', 'kube-apiserver-legacy-service-account-token-tracking'),
    may('delete patch', '', 'secrets'),
  ],
  'system:controller:namespace-controller': [
    may('delete get list watch', '', 'namespaces'),
    may('update', '', 'namespaces/finalize namespaces/status'),
    may('delete deletecollection get list watch', '*', '*'),
  ],
  'system:controller:node-controller': [
    may('delete get list patch update watch', '', 'nodes'),
    may('patch update', '', 'nodes/status'),
    may('patch update', '', 'pods/status'),
    may('delete get list watch', '', 'pods'),
    may('create patch update', 'core events.k8s.io', 'events'),
  ],
  'system:controller:persistent-volume-binder': [
    may('create delete get list update watch', '', 'persistentvolumes'),
    may('update', '', 'persistentvolumes/status'),
    may('get list update watch', '', 'persistentvolumeclaims'),
    may('update', '', 'persistentvolumeclaims/status'),
    may('create delete get list watch', '', 'pods'),
    may('get list watch', 'storage.k8s.io', 'storageclasses'),
    may('list watch', '', 'nodes'),
    may('create patch update', 'core events.k8s.io', 'events'),
    may('watch', '', 'events'),
  ],
  'system:controller:kube-apiserver-serving-clustertrustbundle-publisher': [
    may('attest', 'certificates.k8s.io', 'signers', 'kubernetes.io/kube-apiserver-serving'),
    may('create delete list update watch', 'certificates.k8s.io', 'clustertrustbundles'),
    may('create patch update', 'core events.k8s.io', 'events'),
  ],
  'system:controller:pod-garbage-collector': [
    may('delete list watch', '', 'pods'),
    may('get list watch', '', 'nodes'),
    may('patch', '', 'pods/status'),
  ],
  'system:controller:podcertificaterequestcleaner': [
    may('delete get list watch', 'certificates.k8s.io', 'podcertificaterequests'),
  ],
  'system:controller:pv-protection-controller': [
    may('get list update watch', '', 'persistentvolumes'),
    may('create patch update', 'core events.k8s.io', 'events'),
  ],
  'system:controller:pvc-protection-controller': [
    may('get list update watch', '', 'persistentvolumeclaims'),
    may('update', '', 'persistentvolumeclaims/status'),
    may('get list watch', '', 'pods'),
    may('create patch update', 'core events.k8s.io', 'events'),
  ],
  'system:controller:replicaset-controller': [
    may('get list update watch', 'apps extensions', 'replicasets'),
    may('update', 'apps extensions', 'replicasets/status'),
    may('update', 'apps extensions', 'replicasets/finalizers'),
    may('create delete list patch watch', '', 'pods'),
    may('create patch update', 'core events.k8s.io', 'events'),
  ],
  'system:controller:replication-controller': [
    may('get list update watch', '', 'replicationcontrollers'),
    may('update', '', 'replicationcontrollers/status'),
    may('update', '', 'replicationcontrollers/finalizers'),
    may('create delete list patch watch', '', 'pods'),
    may('create patch update', 'core events.k8s.io', 'events'),
  ],
  'system:controller:resource-claim-controller': [
    may('get list watch', '', 'pods'),
    may('update', '', 'pods/finalizers'),
    may('create delete get list watch', 'resource.k8s.io', 'resourceclaims'),
    may('patch update', 'resource.k8s.io', 'resourceclaims resourceclaims/status'),
    may('patch update', '', 'pods/status'),
    may('create patch update', 'core events.k8s.io', 'events'),
    may('patch update', 'resource.k8s.io', 'resourceclaims/binding'),
  ],
  'system:controller:resourcequota-controller': [
    may('list watch', '*', '*'),
    may('update', '', 'resourcequotas/status'),
    may('create patch update', 'core events.k8s.io', 'events'),
  ],
  'system:controller:root-ca-cert-publisher': [
    may('create update', '', 'configmaps'),
    may('create patch update', 'core events.k8s.io', 'events'),
  ],
  'system:controller:route-controller': [
    may('list watch', '', 'nodes'),
    may('patch', '', 'nodes/status'),
    may('create patch update', 'core events.k8s.io', 'events'),
  ],
  'system:controller:selinux-warning-controller': [
    may('create patch update', 'core events.k8s.io', 'events'),
    may('get list watch', '', 'persistentvolumes'),
    may('get list watch', '', 'persistentvolumeclaims'),
    may('get list watch', '', 'pods'),
    may('get list watch', 'storage.k8s.io', 'csidrivers'),
  ],
  'system:controller:service-account-controller': [
    may('create', '', 'serviceaccounts'),
    may('create patch update', 'core events.k8s.io', 'events'),
  ],
  'system:controller:service-cidrs-controller': [
    may('get list patch update watch', 'networking.k8s.io', 'servicecidrs'),
    may('patch update', 'networking.k8s.io', 'servicecidrs/finalizers'),
    may('patch update', 'networking.k8s.io', 'servicecidrs/status'),
    may('get list watch', 'networking.k8s.io', 'ipaddresses'),
    may('create patch update', 'core events.k8s.io', 'events'),
  ],
  'system:controller:service-controller': [
    may('get list watch', '', 'services'),
    may('patch update', '', 'services/status'),
    may('list watch', '', 'nodes'),
    may('create patch update', 'core events.k8s.io', 'events'),
  ],
  'system:controller:statefulset-controller': [
    may('list watch', '', 'pods'),
    may('get list watch', 'apps', 'statefulsets'),
    may('update', 'apps', 'statefulsets/status'),
    may('update', 'apps', 'statefulsets/finalizers'),
    may('create delete get patch update', '', 'pods'),
    may('create delete get list patch update watch', 'apps', 'controllerrevisions'),
    may('create get list watch', '', 'persistentvolumeclaims'),
    may('delete update', '', 'persistentvolumeclaims'),
    may('update', '', 'pods/finalizers'),
    may('create patch update', 'core events.k8s.io', 'events'),
  ],
  'system:controller:ttl-after-finished-controller': [
    may('delete get list watch', 'batch', 'jobs'),
    may('create patch update', 'core events.k8s.io', 'events'),
  ],
  'system:controller:ttl-controller': [
    may('list patch update watch', '', 'nodes'),
    may('create patch update', 'core events.k8s.io', 'events'),
  ],
  'system:controller:validatingadmissionpolicy-status-controller': [
    may('get list watch', 'admissionregistration.k8s.io', 'validatingadmissionpolicies'),
    may('get patch update', 'admissionregistration.k8s.io', 'validatingadmissionpolicies/status'),
    may('create patch update', 'core events.k8s.io', 'events'),
  ],
  'system:controller:volumeattributesclass-protection-controller': [
    may('get list watch', '', 'persistentvolumeclaims'),
    may('get list watch', '', 'persistentvolumes'),
    may('get list update watch', 'storage.k8s.io', 'volumeattributesclasses'),
    may('create patch update', 'core events.k8s.io', 'events'),
  ],
};
