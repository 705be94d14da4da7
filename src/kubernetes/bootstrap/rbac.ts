/**
 * The bindings that let nodes join by TLS bootstrapping, as kubeadm makes them
 * (cmd/kubeadm/app/phases/bootstraptoken, phases/kubeconfig/kubeconfig.go). What only `kubeadm join` needs
 * stands apart: a token shall be good for asking for a certificate and nothing else.
 */
import type { ClusterRole, ClusterRoleBinding, Role, RoleBinding, Subject } from '../api/index.ts';

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

const GET_NODES = 'kubeadm:get-nodes';

/** With these a bootstrap token may read every Node: `kubeadm join` looks whether there is one of its name. */
export const JOIN_ROLE: ClusterRole = {
  apiVersion: `${RBAC}/v1`,
  kind: 'ClusterRole',
  metadata: { name: GET_NODES },
  rules: [{ verbs: ['get'], apiGroups: [''], resources: ['nodes'] }],
};
export const JOIN_BINDING: ClusterRoleBinding = binding(
  GET_NODES,
  GET_NODES,
  group(BOOTSTRAP_GROUP),
);

/** Who may read one ConfigMap of kube-system: `kubeadm join` with a token, and nodes. */
const reader = (
  name: string,
  configMap: string,
  subjects: readonly Subject[],
): { readonly role: Role; readonly binding: RoleBinding } => ({
  role: {
    apiVersion: `${RBAC}/v1`,
    kind: 'Role',
    metadata: { name, namespace: 'kube-system' },
    rules: [
      { verbs: ['get'], apiGroups: [''], resources: ['configmaps'], resourceNames: [configMap] },
    ],
  },
  binding: {
    apiVersion: `${RBAC}/v1`,
    kind: 'RoleBinding',
    metadata: { name, namespace: 'kube-system' },
    subjects,
    roleRef: { apiGroup: RBAC, kind: 'Role', name },
  },
});

/** As `kubeadm init` makes them (phases/uploadconfig, phases/kubelet/config.go), in its order. */
export const JOIN_READERS = [
  reader('kubeadm:nodes-kubeadm-config', 'kubeadm-config', [
    group(BOOTSTRAP_GROUP),
    group('system:nodes'),
  ]),
  reader('kubeadm:kubelet-config', 'kubelet-config', [
    group('system:nodes'),
    group(BOOTSTRAP_GROUP),
  ]),
] as const;

const CLUSTER_INFO_READER = 'kubeadm:bootstrap-signer-clusterinfo';
const PUBLIC = 'kube-public';

/** Lets anybody read `cluster-info`, who has no certificate and no token that the server knows. */
export const CLUSTER_INFO_ROLE: Role = {
  apiVersion: `${RBAC}/v1`,
  kind: 'Role',
  metadata: { name: CLUSTER_INFO_READER, namespace: PUBLIC },
  rules: [
    {
      verbs: ['get'],
      apiGroups: [''],
      resources: ['configmaps'],
      resourceNames: ['cluster-info'],
    },
  ],
};
export const CLUSTER_INFO_BINDING: RoleBinding = {
  apiVersion: `${RBAC}/v1`,
  kind: 'RoleBinding',
  metadata: { name: CLUSTER_INFO_READER, namespace: PUBLIC },
  subjects: [user('system:anonymous')],
  roleRef: { apiGroup: RBAC, kind: 'Role', name: CLUSTER_INFO_READER },
};
