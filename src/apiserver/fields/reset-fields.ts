/**
 * Fields that a write of a resource, or of one of its subresources, never sets: whoever sends them does not manage
 * them (`GetResetFields` of upstream's strategies in pkg/registry).
 */
import type { ResourceType } from '../../kubernetes/index.ts';

type Paths = readonly (readonly string[])[];

const STATUS: Paths = [['status']];
const SPEC: Paths = [['spec']];
const SPEC_AND_METADATA: Paths = [['spec'], ['metadata']];

/** By group and resource, then by subresource; the resource itself is the empty one. */
const RESET: Readonly<Record<string, Readonly<Record<string, Paths>>>> = {
  '/namespaces': { '': STATUS, status: SPEC, finalize: STATUS },
  '/nodes': { '': STATUS, status: SPEC },
  '/persistentvolumeclaims': { '': STATUS, status: SPEC },
  '/persistentvolumes': { '': STATUS, status: SPEC },
  '/pods': {
    '': STATUS,
    status: [['spec'], ['metadata', 'deletionTimestamp'], ['metadata', 'ownerReferences']],
  },
  '/replicationcontrollers': { '': STATUS, status: SPEC },
  '/services': { '': STATUS, status: SPEC },
  'admissionregistration.k8s.io/validatingadmissionpolicies': {
    '': STATUS,
    status: SPEC_AND_METADATA,
  },
  'apiregistration.k8s.io/apiservices': { '': STATUS, status: SPEC_AND_METADATA },
  'apps/replicasets': { '': STATUS, status: SPEC },
  'apps/statefulsets': { '': STATUS, status: SPEC },
  'certificates.k8s.io/certificatesigningrequests': {
    '': [['spec'], ['status']],
    status: [['spec'], ['status', 'conditions']],
    approval: [['spec'], ['status', 'certificate']],
  },
  'certificates.k8s.io/podcertificaterequests': { status: SPEC },
  'flowcontrol.apiserver.k8s.io/flowschemas': { '': STATUS, status: SPEC_AND_METADATA },
  'flowcontrol.apiserver.k8s.io/prioritylevelconfigurations': {
    '': STATUS,
    status: SPEC_AND_METADATA,
  },
  'policy/poddisruptionbudgets': { '': STATUS, status: SPEC },
  'resource.k8s.io/resourceclaims': { '': STATUS, status: SPEC_AND_METADATA },
  'storage.k8s.io/volumeattachments': { '': STATUS, status: SPEC_AND_METADATA },
};

export const resetFields = ({ group, resource }: ResourceType, subresource: string): Paths =>
  RESET[`${group}/${resource}`]?.[subresource] ?? [];
