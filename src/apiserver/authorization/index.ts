/** Who may do what: the Node authorizer and RBAC, with its default objects, its guards and the access reviews. */
export {
  type AccessReview,
  reviewAccess,
  reviewLocalAccess,
  reviewOwnAccess,
  reviewOwnRules,
  reviewSelf,
} from './access-review.ts';
export { aggregatedRules } from './aggregation.ts';
export { authorizerChain, createPrivilegedGroupAuthorizer, SYSTEM_MASTERS } from './chain.ts';
export { defaultRbacObjects } from './defaults/index.ts';
export { createEscalationGuard } from './escalation.ts';
export { createNodeAuthorizer, nodeOf } from './node.ts';
export { createRbacAuthorizer, type RbacAuthorizer } from './rbac.ts';
export { type Reconciled, reconcileBinding, reconcileRole } from './reconcile.ts';
export { forbidden, forbiddenError } from './refusals.ts';
export { sameJson } from './same-json.ts';
