/**
 * The Node authorizer: what nodes may do beside RBAC (kubernetes,
 * plugin/pkg/auth/authorizer/node/node_authorizer.go). A node has its own Node, its own Lease and CSINode,
 * and what the pods that are bound to it need; admission (NodeRestriction) sees to what is written.
 */
import { goQuote, NODE_USER_PREFIX, NODES_GROUP, type UserInfo } from '../../kubernetes/index.ts';
import type { Authorizer, Decision, ResourceRequest } from '../types.ts';
import { NODE_RULES } from './defaults/index.ts';
import type { NodeOwned, NodeRelations } from './node-graph.ts';
import { ruleAllows } from './rules.ts';

const NODE_LEASES = 'kube-node-lease';

const ALLOWED: Decision = { allowed: true, reason: '' };
const no = (reason = ''): Decision => ({ allowed: false, reason });

/** The node that a user is; empty where its name is missing, undefined where the user is no node. */
export function nodeOf({ name, groups }: UserInfo): string | undefined {
  if (!name.startsWith(NODE_USER_PREFIX) || !groups.includes(NODES_GROUP)) return undefined;
  return name.slice(NODE_USER_PREFIX.length);
}

export interface NodeAuthorizerOptions {
  /** What belongs to whom; absent: nothing to anybody. */
  readonly relations?: NodeRelations;
}

const NOTHING: NodeRelations = { isRelated: () => false };

export function createNodeAuthorizer(options: NodeAuthorizerOptions = {}): Authorizer {
  const { relations = NOTHING } = options;
  return {
    async authorize(request) {
      const node = nodeOf(request.user);
      if (node === undefined) return no();
      if (node === '') return no(`unknown node for user ${goQuote(request.user.name)}`);
      if (request.kind === 'resource') {
        const { group, resource } = request;
        const judge = JUDGES.get(group === '' ? resource : `${resource}.${group}`);
        if (judge !== undefined) return judge(node, request, relations);
      }
      return NODE_RULES.some((rule) => ruleAllows(rule, request)) ? ALLOWED : no();
    },
  };
}

type Judge = (node: string, request: ResourceRequest, relations: NodeRelations) => Decision;

/** Whether an object, which the request has to name, belongs to the node. */
const related =
  (kind: NodeOwned): Judge =>
  (node, { namespace, name }, relations) => {
    if (name === '') return no('No Object name found');
    return relations.isRelated(node, kind, namespace, name) ? ALLOWED : unrelated(node);
  };

const unrelated = (node: string): Decision =>
  no(`no relationship found between node '${node}' and this object`);

const READ_VERBS: ReadonlySet<string> = new Set(['get', 'list', 'watch']);

/** Read one by one; a list or watch is of one where its field selector names it. */
const readable = (kind: NodeOwned): Judge => {
  const judge = related(kind);
  return (node, request, relations) => {
    if (!READ_VERBS.has(request.verb)) return no('can only read resources of this type');
    if (request.subresource !== '') return no('cannot read subresource');
    if (request.namespace === '') return no('can only read namespaced object of this type');
    return judge(node, request, relations);
  };
};

const gettable = (kind: NodeOwned): Judge => {
  const judge = related(kind);
  return (node, request, relations) => {
    if (request.verb !== 'get') return no('can only get individual resources of this type');
    if (request.subresource !== '') return no('cannot get subresource');
    return judge(node, request, relations);
  };
};

const judgeClaimStatus = related('pvc');
const judgeClaimItself = gettable('pvc');

const judgeClaim: Judge = (node, request, relations) => {
  if (request.subresource !== 'status') return judgeClaimItself(node, request, relations);
  if (request.verb !== 'update' && request.verb !== 'patch') {
    return no('can only get/update/patch this type');
  }
  return judgeClaimStatus(node, request, relations);
};

const judgeAccountItself = readable('serviceaccount');

const judgeServiceAccount: Judge = (node, request, relations) => {
  const { verb, subresource, namespace, name } = request;
  if (verb === 'get' && subresource === '') return judgeAccountItself(node, request, relations);
  if (verb !== 'create' || name === '') {
    return no('can only create tokens for individual service accounts');
  }
  if (subresource !== 'token') return no('can only create token subresource of serviceaccount');
  return relations.isRelated(node, 'serviceaccount', namespace, name) ? ALLOWED : unrelated(node);
};

const judgeNode: Judge = (node, { subresource, verb, name }) => {
  if (subresource === '') {
    switch (verb) {
      case 'create':
      case 'update':
      case 'patch':
        // Which Node it is, admission looks at.
        return ALLOWED;
      case 'get':
      case 'list':
      case 'watch':
        if (name === node) return ALLOWED;
        return no(
          name === ''
            ? `node '${node}' cannot read all nodes, only its own Node object`
            : `node '${node}' cannot read '${name}', only its own Node object`,
        );
      default:
        return no();
    }
  }
  return subresource === 'status' && (verb === 'update' || verb === 'patch') ? ALLOWED : no();
};

/** Whether a list or watch is limited to what is on the node. */
const selects = ({ fieldSelector = [] }: ResourceRequest, field: string, node: string): boolean =>
  fieldSelector.some(
    (requirement) =>
      requirement.field === field && requirement.operator === '=' && requirement.value === node,
  );

const judgePodItself = gettable('pod');
const judgePodByName = related('pod');

/** Which pods are made, changed and removed, admission looks at. */
const judgePod: Judge = (node, request, relations) => {
  switch (`${request.subresource} ${request.verb}`) {
    case ' get':
      return judgePodItself(node, request, relations);
    case ' list':
    case ' watch':
      if (selects(request, 'spec.nodeName', node)) return ALLOWED;
      if (request.name !== '') return judgePodByName(node, request, relations);
      return no('can only list/watch pods with spec.nodeName field selector');
    case ' create':
    case ' delete':
    case 'status update':
    case 'status patch':
    case 'eviction create':
      return ALLOWED;
    default:
      return no();
  }
};

const judgeSliceByName = related('resourceslice');

const judgeResourceSlice: Judge = (node, request, relations) => {
  if (request.subresource !== '') return no('cannot authorize ResourceSlice subresources');
  switch (request.verb) {
    case 'create':
      return ALLOWED;
    case 'get':
    case 'update':
    case 'patch':
    case 'delete':
      return judgeSliceByName(node, request, relations);
    case 'watch':
    case 'list':
    case 'deletecollection':
      return selects(request, 'spec.nodeName', node)
        ? ALLOWED
        : no('can only list/watch/deletecollection resourceslices with nodeName field selector');
    default:
      return no(
        'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection',
      );
  }
};

const judgeCertificateByName = related('podcertificaterequest');

const judgePodCertificateRequest: Judge = (node, request, relations) => {
  if (request.subresource !== '') {
    return no('nodes may not access the status subresource of PodCertificateRequests');
  }
  switch (request.verb) {
    case 'create':
      return ALLOWED;
    case 'get':
      return judgeCertificateByName(node, request, relations);
    case 'list':
    case 'watch':
      return selects(request, 'spec.nodeName', node)
        ? ALLOWED
        : no('can only list/watch podcertificaterequests with nodeName field selector');
    default:
      return no(`nodes may not ${request.verb} podcertificaterequests`);
  }
};

const LEASE_VERBS: ReadonlySet<string> = new Set(['get', 'create', 'update', 'patch', 'delete']);

const judgeLease: Judge = (node, { verb, namespace, name }) => {
  if (!LEASE_VERBS.has(verb)) {
    return no('can only get, create, update, patch, or delete a node lease');
  }
  if (namespace !== NODE_LEASES) {
    return no(`can only access leases in the ${goQuote(NODE_LEASES)} system namespace`);
  }
  // A name is not known before the object is: admission looks at it.
  if (verb !== 'create' && name !== node) {
    return no('can only access node lease with the same name as the requesting node');
  }
  return ALLOWED;
};

const judgeCsiNode: Judge = (node, { verb, subresource, name }) => {
  if (!LEASE_VERBS.has(verb)) return no('can only get, create, update, patch, or delete a CSINode');
  if (subresource !== '') return no('cannot authorize CSINode subresources');
  if (verb !== 'create' && name !== node) {
    return no('can only access CSINode with the same name as the requesting node');
  }
  return ALLOWED;
};

const JUDGES: ReadonlyMap<string, Judge> = new Map<string, Judge>([
  ['nodes', judgeNode],
  ['pods', judgePod],
  ['secrets', readable('secret')],
  ['configmaps', readable('configmap')],
  ['serviceaccounts', judgeServiceAccount],
  ['persistentvolumeclaims', judgeClaim],
  ['persistentvolumes', gettable('pv')],
  ['resourceclaims.resource.k8s.io', gettable('resourceclaim')],
  ['volumeattachments.storage.k8s.io', gettable('volumeattachment')],
  ['leases.coordination.k8s.io', judgeLease],
  ['csinodes.storage.k8s.io', judgeCsiNode],
  ['resourceslices.resource.k8s.io', judgeResourceSlice],
  ['podcertificaterequests.certificates.k8s.io', judgePodCertificateRequest],
]);
