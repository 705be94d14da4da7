/** Informers: a list of objects that is kept as the server has it. */
export { type Informer, type InformerOptions, startInformer } from './informer.ts';
export { reflect } from './reflector.ts';
export type { InformerChange } from './store.ts';
