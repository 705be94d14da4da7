/** The server's objects: stored, checked, watched. */
export { createRegistry } from './create-registry.ts';
export { followStored, type Memory, memoryListener } from './follow-stored.ts';
export { encodeList, encodeListProtobuf, listMeta } from './list.ts';
export { APPLY_PATCH, PATCH_MEDIA_TYPES } from './patch/index.ts';
export type * from './reader.ts';
export { withoutProtobuf } from './refusals.ts';
export type * from './registry.ts';
export { SYSTEM_NAMESPACES, SYSTEM_OBJECTS } from './seed.ts';
export { protobufOf } from './served.ts';
export { bothListeners, type Listener } from './store.ts';
