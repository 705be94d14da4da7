/** Words for certificates, roles and leases (k8s.io/api, certificates/v1, rbac/v1, coordination/v1). */
import type { Words } from './open-api-words.ts';

const CERTIFICATES = 'io.k8s.api.certificates.v1';
const RBAC = 'io.k8s.api.rbac.v1';
const COORDINATION = 'io.k8s.api.coordination.v1';

export const ACCESS_DESCRIPTIONS: Words = {
  [`${CERTIFICATES}.CertificateSigningRequest`]: {
    is: 'Asks a signer for an X.509 certificate. Somebody approves or denies it, and the signer puts the certificate into the status.',
    fields: {
      spec: 'What is asked for and who asks. It never changes.',
      status: 'What was decided, and the certificate.',
    },
  },
  [`${CERTIFICATES}.CertificateSigningRequestSpec`]: {
    is: 'What is asked for: `request`, `signerName`, `usages` and `expirationSeconds` come from the requester, the rest from the server.',
    fields: {
      request:
        'The PKCS #10 request as a PEM block "CERTIFICATE REQUEST", the whole of it in base64.',
      signerName:
        'Who shall sign, as DOMAIN/NAME. Known to every cluster: kubernetes.io/kube-apiserver-client (clients of the API; never approved by itself), kubernetes.io/kube-apiserver-client-kubelet (nodes as clients of the API; may be approved by itself) and kubernetes.io/kubelet-serving (what kubelets serve with). Requests can be selected by this field.',
      expirationSeconds:
        'How many seconds the certificate should be valid, at least 600. The signer may give less.',
      usages:
        'What the key will be used for. A TLS client asks for "digital signature" and "client auth", a TLS server for "digital signature" and "server auth", either with "key encipherment" where the key is RSA.',
      username: 'The user who created the request. Set by the server.',
      uid: 'The UID of that user. Set by the server.',
      groups: 'The groups of that user. Set by the server.',
      extra: 'What else is known of that user. Set by the server.',
    },
  },
  [`${CERTIFICATES}.CertificateSigningRequestStatus`]: {
    is: 'What was decided about a request, and the certificate.',
    fields: {
      conditions:
        'Approved, Denied and Failed, each only once and for good. A request is Approved or Denied, never both.',
      certificate:
        'The certificate that was issued, and after it perhaps those that lead to its authority: PEM, the whole of it in base64. Once set it never changes.',
    },
  },
  [`${CERTIFICATES}.CertificateSigningRequestCondition`]: {
    is: 'A decision about a request, or the failure of its signer.',
    fields: {
      type: 'Approved, Denied or Failed.',
      status: 'True. It cannot be anything else for these three.',
      reason: 'Why, in one word.',
      message: 'Why, for people.',
      lastUpdateTime: 'When the condition was last written.',
      lastTransitionTime: 'When the status last changed.',
    },
  },
  [`${COORDINATION}.Lease`]: {
    is: 'Says who holds something, and until when: the leadership of a controller, or the life of a node.',
    fields: { spec: 'Who holds it.' },
  },
  [`${COORDINATION}.LeaseSpec`]: {
    is: 'Who holds a lease.',
    fields: {
      holderIdentity: 'The holder.',
      leaseDurationSeconds: 'How many seconds after `renewTime` others may take it.',
      acquireTime: 'Since when the holder has it.',
      renewTime: 'When the holder has last confirmed it.',
      leaseTransitions: 'How often it has changed hands.',
      strategy: 'How candidates for the lease are chosen.',
      preferredHolder: 'To whom the holder should give it.',
    },
  },
  [`${RBAC}.Role`]: {
    is: 'What may be done in one namespace, for a RoleBinding to give to somebody.',
    fields: { rules: 'What may be done.' },
  },
  [`${RBAC}.ClusterRole`]: {
    is: 'What may be done, for a ClusterRoleBinding to give in the whole cluster or a RoleBinding in one namespace.',
    fields: {
      rules: 'What may be done.',
      aggregationRule:
        'Which other roles this one is made of. The rules are then written by a controller.',
    },
  },
  [`${RBAC}.AggregationRule`]: {
    is: 'Which roles a role is made of.',
    fields: { clusterRoleSelectors: 'Selects ClusterRoles; the rules of all of them count.' },
  },
  [`${RBAC}.PolicyRule`]: {
    is: 'Something that may be done: verbs on resources, or on paths that are no resources.',
    fields: {
      verbs: 'get, list, watch, create, update, patch, delete and others; "*" for all.',
      apiGroups: 'The groups of the resources; "" for the core group, "*" for all.',
      resources: 'Resources, or RESOURCE/SUBRESOURCE; "*" for all.',
      resourceNames: 'Names of the objects; empty for all of them.',
      nonResourceURLs:
        'Paths that are no resources; "*" at the end stands for anything. Only in a ClusterRole.',
    },
  },
  [`${RBAC}.RoleBinding`]: {
    is: 'Gives a role in one namespace to users, groups and service accounts.',
    fields: {
      subjects: 'To whom.',
      roleRef: 'The Role of the same namespace, or the ClusterRole. It never changes.',
    },
  },
  [`${RBAC}.ClusterRoleBinding`]: {
    is: 'Gives a ClusterRole in the whole cluster to users, groups and service accounts.',
    fields: { subjects: 'To whom.', roleRef: 'The ClusterRole. It never changes.' },
  },
  [`${RBAC}.Subject`]: {
    is: 'A user, a group or a service account.',
    fields: {
      kind: 'User, Group or ServiceAccount.',
      apiGroup: 'rbac.authorization.k8s.io for users and groups, empty for service accounts.',
      name: 'The name of it.',
      namespace: 'The namespace of a service account.',
    },
  },
  [`${RBAC}.RoleRef`]: {
    is: 'The role that a binding gives.',
    fields: {
      apiGroup: 'rbac.authorization.k8s.io.',
      kind: 'Role or ClusterRole.',
      name: 'The name of the role.',
    },
  },
};
