/** The Kubernetes API as far as kubepki speaks it: objects, resources, refusals. */
export type * from './exchange.ts';
export type * from './objects.ts';
export * from './resources.ts';
export * from './status.ts';
