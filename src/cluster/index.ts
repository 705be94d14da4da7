/** A cluster file, and what it asks for: the catalogue of credentials resolved for this cluster. No I/O. */
export {
  AUTHORITY_IDS,
  type AuthorityId,
  CATALOGUE,
  CREDENTIAL_IDS,
  type CredentialDefinition,
  type CredentialId,
} from './catalogue.ts';
export { formatDuration, parseDuration } from './duration.ts';
export {
  type AuthorityItem,
  administratorItems,
  authorityItems,
  type CopyItem,
  filePath,
  type HostItem,
  hostItems,
  isPartOf,
  type KubeconfigItem,
  type LeafProfile,
  type PairItem,
} from './items.ts';
export { readCluster } from './read.ts';
export type { Cluster, CredentialOverride, Endpoint, Host, Layout, Role } from './types.ts';
export { ROLES } from './types.ts';
