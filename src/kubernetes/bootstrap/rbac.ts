/**
 * The bindings that let nodes join by TLS bootstrapping, as kubeadm makes them
 * (cmd/kubeadm/app/phases/bootstraptoken/node/tlsbootstrap.go, phases/kubeconfig/kubeconfig.go). Its
 * `kubeadm:get-nodes` is not among them: only kubeadm join needs it, and a token shall be good for
 * asking for a certificate and nothing else.
 */
import type { ClusterRoleBinding, Subject } from '../api/index.ts';

/** The group that bootstrap tokens have unless they are told another. */
export const BOOTSTRAP_GROUP = 'system:bootstrappers:kubeadm:default-node-token';

const RBAC = 'rbac.authorization.k8s.io';
const CSRS = 'system:certificates.k8s.io:certificatesigningrequests';

const group = (name: string): Subject => ({ kind: 'Group', apiGroup: RBAC, name });
const user = (name: string): Subject => ({ kind: 'User', apiGroup: RBAC, name });

const binding = (name: string, role: string, subject: Subject): ClusterRoleBinding => ({
  apiVersion: `${RBAC}/v1`,
  kind: 'ClusterRoleBinding',
  metadata: { name },
  subjects: [subject],
  roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
});

export const BOOTSTRAP_BINDINGS: readonly ClusterRoleBinding[] = [
  binding('kubeadm:kubelet-bootstrap', 'system:node-bootstrapper', group(BOOTSTRAP_GROUP)),
  binding('kubeadm:node-autoapprove-bootstrap', `${CSRS}:nodeclient`, group(BOOTSTRAP_GROUP)),
  binding(
    'kubeadm:node-autoapprove-certificate-rotation',
    `${CSRS}:selfnodeclient`,
    group('system:nodes'),
  ),
  binding(
    'kubeadm:apiserver-kubelet-client',
    'system:kubelet-api-admin',
    user('kube-apiserver-kubelet-client'),
  ),
  binding('kubeadm:cluster-admins', 'cluster-admin', group('kubeadm:cluster-admins')),
];
