/** A cluster's PKI on disk: plan says what apply would do, apply makes what is missing. */
export {
  type AdoptOptions,
  adopt,
  type ClusterFile,
  type Comments,
  formatClusterFile,
  type GivenFacts,
  type Match,
  type Proposal,
} from './adopt/index.ts';
export { type Bundle, type BundleOptions, bundle } from './bundle.ts';
export type { LeftOut } from './bundle-authorities.ts';
export { MOST_SECONDS } from './bundle-tar.ts';
export * from './csr/index.ts';
export type { DirectoryPlace, MachinePlace, Place } from './place.ts';
export { apply, plan, type RunOptions } from './run.ts';
export {
  commandSigner,
  parseSignerCommand,
  type SignedFor,
  type SignerCommand,
} from './signer-command.ts';
export type { Action, Mode, Report, RequestFile, Step } from './step.ts';
