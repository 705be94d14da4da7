/** The server's objects: stored, checked, watched. */
export { createRegistry } from './create-registry.ts';
export { encodeList } from './list.ts';
export { PATCH_MEDIA_TYPES } from './patch/index.ts';
export type * from './reader.ts';
export type * from './registry.ts';
export { SYSTEM_NAMESPACES } from './seed.ts';
