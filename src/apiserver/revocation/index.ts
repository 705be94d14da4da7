/** Credentials and users that are taken out of use, which Kubernetes cannot: what is revoked, and how it is refused. */
export { followRevocations, revocationListener } from './follow.ts';
export { revocationReadings } from './readings.ts';
export { RevokedError, revokedReason } from './refusal.ts';
export { withoutRevoked } from './reviews.ts';
export { type Hit, Revocations } from './revocations.ts';
export { isHit } from './shown.ts';
