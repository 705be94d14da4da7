/** What certificate material is there: one reader for plan, inspect and whatever else looks at files. */
export type { IdentifyOptions } from './block.ts';
export * from './endpoint/index.ts';
export { type FileState, fileSystemError, lookAtFile, MAX_FILE_BYTES, reasonOf } from './file.ts';
export { pairMatches } from './kubeconfig.ts';
export { entriesOf, holdsSomething, identify } from './material.ts';
export type * from './types.ts';
export { WALK_LIMITS, type WalkEntry, walkDirectory } from './walk.ts';
