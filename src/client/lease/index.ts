/** Leader election by a Lease. */
export type { LeaseOptions } from './candidate.ts';
export { type LeaseOutcome, runWithLease } from './run.ts';
