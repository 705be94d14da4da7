/** The ClusterRoles of those controllers of kube-controller-manager that certificates and accounts depend on. */
import { may, type RulesByRole } from './rule.ts';

export const CONTROLLER_ROLES: RulesByRole = {
  'system:controller:certificate-controller': [
    may('delete get list watch', 'certificates.k8s.io', 'certificatesigningrequests'),
    may(
      'update',
      'certificates.k8s.io',
      'certificatesigningrequests/approval certificatesigningrequests/status',
    ),
    may('approve', 'certificates.k8s.io', 'signers', 'kubernetes.io/kube-apiserver-client-kubelet'),
    may(
      'sign',
      'certificates.k8s.io',
      'signers',
      'kubernetes.io/kube-apiserver-client kubernetes.io/kube-apiserver-client-kubelet kubernetes.io/kubelet-serving kubernetes.io/legacy-unknown',
    ),
    may('create', 'authorization.k8s.io', 'subjectaccessreviews'),
    may('create patch update', 'core events.k8s.io', 'events'),
  ],
  'system:controller:clusterrole-aggregation-controller': [
    may('escalate get list patch update watch', 'rbac.authorization.k8s.io', 'clusterroles'),
  ],
  'system:controller:generic-garbage-collector': [
    may('delete get list patch update watch', '*', '*'),
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
  'system:controller:root-ca-cert-publisher': [
    may('create update', '', 'configmaps'),
    may('create patch update', 'core events.k8s.io', 'events'),
  ],
  'system:controller:service-account-controller': [
    may('create', '', 'serviceaccounts'),
    may('create patch update', 'core events.k8s.io', 'events'),
  ],
};
