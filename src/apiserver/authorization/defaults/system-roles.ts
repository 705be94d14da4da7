/** The ClusterRoles for administrators, everybody, bootstrap and delegation. */
import { may, paths, type RulesByRole } from './rule.ts';

export const SYSTEM_ROLES: RulesByRole = {
  'cluster-admin': [may('*', '*', '*'), paths('*', '*')],
  'system:auth-delegator': [
    may('create', 'authentication.k8s.io', 'tokenreviews'),
    may('create', 'authorization.k8s.io', 'subjectaccessreviews'),
  ],
  'system:basic-user': [
    may('create', 'authorization.k8s.io', 'selfsubjectaccessreviews selfsubjectrulesreviews'),
    may('create', 'authentication.k8s.io', 'selfsubjectreviews'),
  ],
  'system:certificates.k8s.io:certificatesigningrequests:nodeclient': [
    may('create', 'certificates.k8s.io', 'certificatesigningrequests/nodeclient'),
  ],
  'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient': [
    may('create', 'certificates.k8s.io', 'certificatesigningrequests/selfnodeclient'),
  ],
  'system:certificates.k8s.io:kube-apiserver-client-approver': [
    may('approve', 'certificates.k8s.io', 'signers', 'kubernetes.io/kube-apiserver-client'),
  ],
  'system:certificates.k8s.io:kube-apiserver-client-kubelet-approver': [
    may('approve', 'certificates.k8s.io', 'signers', 'kubernetes.io/kube-apiserver-client-kubelet'),
  ],
  'system:certificates.k8s.io:kubelet-serving-approver': [
    may('approve', 'certificates.k8s.io', 'signers', 'kubernetes.io/kubelet-serving'),
  ],
  'system:certificates.k8s.io:legacy-unknown-approver': [
    may('approve', 'certificates.k8s.io', 'signers', 'kubernetes.io/legacy-unknown'),
  ],
  'system:cluster-trust-bundle-discovery': [
    may('get list watch', 'certificates.k8s.io', 'clustertrustbundles'),
  ],
  'system:discovery': [
    paths(
      'get',
      '/api /api/* /apis /apis/* /healthz /livez /openapi /openapi/* /readyz /version /version/',
    ),
  ],
  'system:kubelet-api-admin': [
    may('get list watch', '', 'nodes'),
    may('proxy', '', 'nodes'),
    may('*', '', 'nodes/log nodes/metrics nodes/proxy nodes/stats'),
    may('*', '', 'nodes/configz nodes/healthz nodes/pods'),
  ],
  'system:node-bootstrapper': [
    may('create get list watch', 'certificates.k8s.io', 'certificatesigningrequests'),
  ],
  'system:public-info-viewer': [paths('get', '/healthz /livez /readyz /version /version/')],
  'system:service-account-issuer-discovery': [
    paths(
      'get',
      '/.well-known/openid-configuration /.well-known/openid-configuration/ /openid/v1/jwks /openid/v1/jwks/',
    ),
  ],
};
