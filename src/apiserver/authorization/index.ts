/** Who may do what: the Node authorizer and RBAC, with its default objects, its guards and the access reviews. */
export {
  type AccessReview,
  reviewAccess,
  reviewLocalAccess,
  reviewOwnAccess,
  reviewOwnRules,
  reviewSelf,
} from './access-review.ts';
export { authorizerChain, createPrivilegedGroupAuthorizer, SYSTEM_MASTERS } from './chain.ts';
export { defaultRbacObjects } from './defaults/index.ts';
export { changesOnlyOwners, createEscalationGuard } from './escalation.ts';
export { followNodeGraph } from './follow-node-graph.ts';
export {
  type Authorization,
  type AuthorizationMode,
  authorizationModes,
  authorizationOf,
} from './modes.ts';
export { createNodeAuthorizer, nodeOf } from './node.ts';
export { NodeGraph, type NodeOwned } from './node-graph.ts';
export {
  at,
  claimOf,
  isMirrorPod,
  listAt,
  MIRROR_POD,
  nodeNameOf,
  podReferences,
  textAt,
} from './pod-references.ts';
export { createRbacAuthorizer, type RbacAuthorizer } from './rbac.ts';
export { type Reconciled, reconcileBinding, reconcileRole } from './reconcile.ts';
export { forbidden, forbiddenError } from './refusals.ts';
export { sameJson } from './same-json.ts';
export { restrictNodeTokens } from './token-restriction.ts';
