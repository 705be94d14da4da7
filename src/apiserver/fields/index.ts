/**
 * Who manages which fields of an object: `metadata.managedFields` and server-side apply, as kube-apiserver does them.
 * Pure.
 */
export { applied } from './apply.ts';
export { isSameButTimes } from './managed-fields.ts';
export { managerOfUserAgent } from './manager-name.ts';
export { managedAfterUpdate } from './update.ts';
export { managerErrors, validateManagedFields } from './validate-managed-fields.ts';
