/** What is checked about a write before it is stored, beyond whether it is allowed and valid. */

export {
  certificateApproval,
  certificateSigning,
  certificateSubjectRestriction,
} from './certificates.ts';
export { admissionChain } from './chain.ts';
export { claimResize } from './claim-resize.ts';
export { namespaceLifecycle } from './namespace-lifecycle.ts';
export { bindIssued } from './node-bindings.ts';
export { nodeRestriction } from './node-restriction.ts';
export type { Looked, NodeRestrictionSources } from './node-sources.ts';
export { podCertificateSigning, trustBundleAttest } from './pod-certificates.ts';
export { REQUEST_GRACE_MS, requestLimit } from './request-limit.ts';
export { followRequests, RequestsByUser } from './requests-by-user.ts';
export { ownRevocation, revokedRequester } from './revocation.ts';
export { tokenClaims } from './token-claims.ts';
