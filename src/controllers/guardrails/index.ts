/** Guardrails: forecasts, limits for one requester, and nodes that should have renewed. */
export { createGuardrails } from './guardrails.ts';
export { NodeCertificates } from './node-certificates.ts';
