/**
 * NodeRestriction: a node writes what is its own only: its Node, its Lease, its CSINode, the pods that are
 * bound to it, tokens for these pods, certificate requests in its own name (kubernetes,
 * plugin/pkg/admission/noderestriction). Who is no node is not restricted here.
 */
import { KubepkiError } from '../../errors.ts';
import {
  goQuote,
  KUBELET_CLIENT_SIGNER,
  KUBELET_SERVING_SIGNER,
  NODE_USER_PREFIX,
  readSpecRequest,
} from '../../kubernetes/index.ts';
import { commonName } from '../../x509/index.ts';
import { nodeOf, sameJson } from '../authorization/index.ts';
import type { Admission, AdmissionRequest } from '../types.ts';
import { forbiddenLabels, modifiedLabels } from './node-labels.ts';
import { restrictPod } from './node-pods.ts';
import type { Found, NodeRestrictionSources, Restriction } from './node-sources.ts';
import { restrictPodCertificateRequest, restrictServiceAccount } from './node-tokens.ts';
import { fieldOf, isAbout, operationOf, refusal, textOf } from './request.ts';

const NODE_LEASES = 'kube-node-lease';

export function nodeRestriction(sources: NodeRestrictionSources): Admission {
  return async (request) => {
    const { user } = request.attributes;
    const node = nodeOf(user);
    if (node === undefined) return;
    if (node === '') {
      throw refusal(request, `could not determine node from user ${goQuote(user.name)}`);
    }
    const restricted = RESTRICTIONS.find(([resource]) => isAbout(request, resource));
    const problem = await restricted?.[1](node, request, sources);
    if (problem !== undefined) throw refusal(request, problem);
  };
}

/** The name in the request, and in the object where that has one: both have to be the node's. */
function isNamed(node: string, { attributes, object, old }: AdmissionRequest): boolean {
  const names = [attributes.name, object?.metadata.name, old?.metadata.name].filter(
    (name) => name !== undefined && name !== '',
  );
  return names.length > 0 && names.every((name) => name === node);
}

const restrictNode: Restriction = (node, request) => {
  const { attributes, object, old } = request;
  if (!isNamed(node, request)) {
    const asked = attributes.name === '' ? (object?.metadata.name ?? '') : attributes.name;
    return `node ${goQuote(node)} is not allowed to modify node ${goQuote(asked)}`;
  }
  if (object === undefined) return undefined;
  return old === undefined ? restrictNewNode(node, object) : restrictChangedNode(node, object, old);
};

function restrictNewNode(node: string, object: unknown): string | undefined {
  if (isGiven(fieldOf(object, 'spec.configSource'))) {
    return `node ${goQuote(node)} is not allowed to create pods with a non-nil configSource`;
  }
  const labels = forbiddenLabels(modifiedLabels(fieldOf(object, 'metadata.labels'), undefined));
  if (labels.length === 0) return undefined;
  return `node ${goQuote(node)} is not allowed to set the following labels: ${labels.join(', ')}`;
}

function restrictChangedNode(node: string, object: unknown, old: unknown): string | undefined {
  const changes = (path: string): boolean => !sameJson(fieldOf(object, path), fieldOf(old, path));
  if (isGiven(fieldOf(object, 'spec.configSource')) && changes('spec.configSource')) {
    return `node ${goQuote(node)} is not allowed to update configSource to a new non-nil configSource`;
  }
  if (changes('spec.taints')) return `node ${goQuote(node)} is not allowed to modify taints`;
  if (changes('metadata.ownerReferences')) {
    return `node ${goQuote(node)} is not allowed to modify ownerReferences`;
  }
  const labels = forbiddenLabels(
    modifiedLabels(fieldOf(object, 'metadata.labels'), fieldOf(old, 'metadata.labels')),
  );
  return labels.length === 0 ? undefined : `is not allowed to modify labels: ${labels.join(', ')}`;
}

const isGiven = (value: unknown): boolean => value !== undefined && value !== null;

const restrictLease: Restriction = (node, request) => {
  if (request.attributes.namespace !== NODE_LEASES) {
    return `can only access leases in the ${goQuote(NODE_LEASES)} system namespace`;
  }
  if (isNamed(node, request)) return undefined;
  return 'can only access node lease with the same name as the requesting node';
};

const restrictCsiNode: Restriction = (node, request) =>
  isNamed(node, request)
    ? undefined
    : 'can only access CSINode with the same name as the requesting node';

/** A node's own slices; which ones it changes, the authorizer has looked at. */
const restrictResourceSlice: Restriction = (node, request) => {
  const operation = operationOf(request);
  if (operation === 'update') return undefined;
  const slice = operation === 'create' ? request.object : request.old;
  if (textOf(slice, 'spec.nodeName') === node) return undefined;
  return `can only ${operation} ResourceSlice with the same NodeName as the requesting node`;
};

/** What a node tells of a volume: how large it is, and how its resizing goes. */
const CLAIM_STATUS = [
  'capacity',
  'conditions',
  'allocatedResourceStatuses',
  'allocatedResources',
] as const;

const restrictClaim: Restriction = (node, request) => {
  const { attributes, object, old } = request;
  if (attributes.subresource !== 'status') return 'may only update PVC status';
  if (operationOf(request) !== 'update') {
    return `unexpected operation ${goQuote(operationOf(request).toUpperCase())}`;
  }
  if (sameJson(withoutReport(object), withoutReport(old))) return undefined;
  return `node ${goQuote(node)} is not allowed to update fields other than status.quantity and status.conditions`;
};

function withoutReport(claim: Found): unknown {
  if (claim === undefined) return undefined;
  const metadata = new Map<string, unknown>(Object.entries(claim.metadata));
  for (const key of ['resourceVersion', 'managedFields']) metadata.delete(key);
  const status = new Map<string, unknown>(Object.entries(fieldOf(claim, 'status') ?? {}));
  for (const key of CLAIM_STATUS) status.delete(key);
  return {
    ...claim,
    metadata: Object.fromEntries(metadata),
    status: Object.fromEntries(status),
  };
}

const OWN_SIGNERS: ReadonlySet<string> = new Set([KUBELET_CLIENT_SIGNER, KUBELET_SERVING_SIGNER]);

/** Everything else about a request the signer checks. */
const restrictRequest: Restriction = (node, request) => {
  if (operationOf(request) !== 'create') return undefined;
  if (!OWN_SIGNERS.has(textOf(request.object, 'spec.signerName'))) return undefined;
  try {
    const { subject } = readSpecRequest(textOf(request.object, 'spec.request'));
    if (commonName(subject) === NODE_USER_PREFIX + node) return undefined;
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    return `unable to parse csr: ${error.message}`;
  }
  return `can only create a node CSR with CN=${NODE_USER_PREFIX}${node}`;
};

const RESTRICTIONS: readonly (readonly [string, Restriction])[] = [
  ['nodes', restrictNode],
  ['leases.coordination.k8s.io', restrictLease],
  ['csinodes.storage.k8s.io', restrictCsiNode],
  ['certificatesigningrequests.certificates.k8s.io', restrictRequest],
  ['pods', restrictPod],
  ['serviceaccounts', restrictServiceAccount],
  ['persistentvolumeclaims', restrictClaim],
  ['resourceslices.resource.k8s.io', restrictResourceSlice],
  ['podcertificaterequests.certificates.k8s.io', restrictPodCertificateRequest],
];
