/** Credentials of nodes that are good at their node's addresses only, which Kubernetes does not have. */
export { bindingListener, followBindings } from './follow.ts';
export { type DeclaredAddresses, NodeBindings } from './node-bindings.ts';
export { bindingReadings } from './readings.ts';
export { ElsewhereError } from './refusal.ts';
export { createRequesters, type RequesterOf, sourceIn } from './requester.ts';
