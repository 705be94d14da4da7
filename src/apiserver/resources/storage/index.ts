/** Storage: volumes, claims for them, and what is known of where they come from. */
export { VOLUME_ATTACHMENT_DEFINITION } from './attachments.ts';
export { CSI_STORAGE_CAPACITY_DEFINITION } from './capacities.ts';
export { validateClaimSpec } from './claim-spec.ts';
export { requestedStorage } from './claim-update.ts';
export { PERSISTENT_VOLUME_CLAIM_DEFINITION } from './claims.ts';
export { STORAGE_CLASS_DEFINITION } from './classes.ts';
export { classOf } from './common.ts';
export { PERSISTENT_VOLUME_DEFINITION } from './volumes.ts';
