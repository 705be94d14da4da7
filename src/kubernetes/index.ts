/** The vocabulary of Kubernetes that kubepki speaks. No I/O. */
export * from './api/index.ts';
export * from './bootstrap/index.ts';
export * from './certificates/index.ts';
export * from './go-quote.ts';
export * from './json.ts';
export * from './kubeconfig/index.ts';
export * from './nodes/index.ts';
export * from './protobuf/index.ts';
export * from './rbac/index.ts';
export * from './rule-text.ts';
export * from './selectors/index.ts';
export * from './types/index.ts';
