/** The server's objects: stored, checked, watched. */
export { createRegistry } from './create-registry.ts';
export { encodeList, encodeListProtobuf, listMeta } from './list.ts';
export { PATCH_MEDIA_TYPES } from './patch/index.ts';
export type * from './reader.ts';
export type * from './registry.ts';
export { SYSTEM_NAMESPACES, SYSTEM_OBJECTS } from './seed.ts';
export { protobufOf } from './served.ts';
