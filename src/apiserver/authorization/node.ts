/**
 * The Node authorizer, as far as it needs no graph of pods: what a kubelet may do with its own Node, its
 * own Lease, its certificate requests and access reviews
 * (kubernetes, plugin/pkg/auth/authorizer/node/node_authorizer.go). What depends on pods (secrets,
 * config maps, service accounts, volumes) is allowed to nobody here.
 */
import {
  goQuote,
  NODE_USER_PREFIX,
  NODES_GROUP,
  type PolicyRule,
  type UserInfo,
} from '../../kubernetes/index.ts';
import type { Authorizer, Decision, ResourceRequest } from '../types.ts';
import { NODE_RULES } from './defaults/index.ts';
import { ruleAllows } from './rules.ts';

const NODE_LEASES = 'kube-node-lease';

const ALLOWED: Decision = { allowed: true, reason: '' };
const no = (reason = ''): Decision => ({ allowed: false, reason });

/** The node that a user is; empty where its name is missing, undefined where the user is no node. */
export function nodeOf({ name, groups }: UserInfo): string | undefined {
  if (!name.startsWith(NODE_USER_PREFIX) || !groups.includes(NODES_GROUP)) return undefined;
  return name.slice(NODE_USER_PREFIX.length);
}

export function createNodeAuthorizer(rules: readonly PolicyRule[] = NODE_RULES): Authorizer {
  return {
    async authorize(request) {
      const node = nodeOf(request.user);
      if (node === undefined) return no();
      if (node === '') return no(`unknown node for user ${goQuote(request.user.name)}`);
      const subdivided = request.kind === 'resource' ? subdivide(node, request) : undefined;
      if (subdivided !== undefined) return subdivided;
      return rules.some((rule) => ruleAllows(rule, request)) ? ALLOWED : no();
    },
  };
}

type Judge = (node: string, request: ResourceRequest) => Decision;

/** The decision about a resource of which a node may have its own only; undefined for all others. */
function subdivide(node: string, request: ResourceRequest): Decision | undefined {
  const { group, resource } = request;
  return JUDGES.get(group === '' ? resource : `${resource}.${group}`)?.(node, request);
}

/** No pod is known to be on the node, so nothing is its own. */
const unrelated: Judge = (node) =>
  no(`no relationship found between node '${node}' and this object`);

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

const JUDGES: ReadonlyMap<string, Judge> = new Map([
  ['nodes', judgeNode],
  ['leases.coordination.k8s.io', judgeLease],
  ['csinodes.storage.k8s.io', judgeCsiNode],
  ...[
    'secrets',
    'configmaps',
    'persistentvolumeclaims',
    'persistentvolumes',
    'serviceaccounts',
    'pods',
    'resourceclaims.resource.k8s.io',
    'resourceslices.resource.k8s.io',
    'volumeattachments.storage.k8s.io',
  ].map((resource): [string, Judge] => [resource, unrelated]),
  // Switched off, as upstream's default has it.
  ['podcertificaterequests.certificates.k8s.io', () => no()],
]);
