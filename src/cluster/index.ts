/** A cluster file, and what it asks for: the catalogue of credentials resolved for this cluster. No I/O. */
export { canonicalIp, isLoopback, parseSubnet } from './address.ts';
export {
  AUTHORITY_IDS,
  type AuthorityId,
  CATALOGUE,
  CREDENTIAL_IDS,
  type CredentialDefinition,
  type CredentialId,
} from './catalogue.ts';
export { hasOneDirectory } from './custom.ts';
export { formatDuration, parseDuration } from './duration.ts';
export type {
  AuthorityItem,
  CopyItem,
  HostItem,
  KubeconfigItem,
  LeafProfile,
  PairItem,
} from './item.ts';
export { administratorItems, authorityItems, hostItems, sharedItems } from './items.ts';
export { K3S } from './k3s.ts';
export { isPartOf, issuerOf } from './parts.ts';
export { filePath } from './paths.ts';
export { readCluster } from './read.ts';
export type {
  Cluster,
  CredentialOverride,
  CustomFile,
  CustomFiles,
  Endpoint,
  Host,
  HostLayout,
  Layout,
  Machine,
  Role,
} from './types.ts';
export { ROLES } from './types.ts';
