/** Admission of others, as objects: stored and served, not enforced. */
export { ADMISSION_POLICY_BINDING_DEFINITION } from './bindings.ts';
export { ADMISSION_POLICY_DEFINITION } from './policies.ts';
export { MUTATING_WEBHOOK_DEFINITION, VALIDATING_WEBHOOK_DEFINITION } from './webhooks.ts';
