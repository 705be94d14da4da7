/** Adopts what others have made: a directory in, a cluster file that describes it out. */
export { adopt } from './adopt.ts';
export { type ClusterFile, type Comments, formatClusterFile } from './text.ts';
export type { AdoptOptions, GivenFacts, Match, Proposal } from './types.ts';
