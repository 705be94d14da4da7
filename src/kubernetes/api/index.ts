/** The Kubernetes API as far as kubepki speaks it: objects, resources, refusals. */
export type * from './admission.ts';
export type * from './api-services.ts';
export type * from './devices.ts';
export type * from './exchange.ts';
export type * from './node-bindings.ts';
export type * from './node-classes.ts';
export type * from './objects.ts';
export type * from './pod-certificates.ts';
export type * from './pods.ts';
export type * from './policy.ts';
export * from './resources.ts';
export * from './revocations.ts';
export type * from './services.ts';
export * from './status.ts';
export type * from './storage.ts';
export type * from './workloads.ts';
