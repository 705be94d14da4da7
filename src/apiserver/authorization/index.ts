/** Who may do what: the Node authorizer and RBAC, with its default objects, its guards and the access reviews. */
export {
  type AccessReview,
  type RulesReview,
  reviewAccess,
  reviewLocalAccess,
  reviewOwnAccess,
  reviewOwnRules,
  reviewSelf,
  type SelfReview,
} from './access-review.ts';
export { aggregatedRules } from './aggregation.ts';
export { authorizerChain, createPrivilegedGroupAuthorizer, SYSTEM_MASTERS } from './chain.ts';
export { type DefaultRbacObjects, defaultRbacObjects } from './defaults/index.ts';
export { createEscalationGuard } from './escalation.ts';
export { createNodeAuthorizer, nodeOf } from './node.ts';
export { goQuoted } from './quote.ts';
export { createRbacAuthorizer, type RbacAuthorizer, type ResolvedRules } from './rbac.ts';
export { type Reconciled, reconcileBinding, reconcileRole } from './reconcile.ts';
export { forbidden, forbiddenError, type Refused } from './refusals.ts';
export { sameJson } from './same-json.ts';
