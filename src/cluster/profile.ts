/** What each leaf certificate of a cluster shall say. */
import type { KeyAlgorithm } from '../x509/index.ts';
import type { CredentialDefinition, CredentialId } from './catalogue.ts';
import type { LeafProfile } from './item.ts';
import { K3S } from './k3s.ts';
import { spareNames, wantedNames } from './names.ts';
import { issuerOf, subjectOf } from './parts.ts';
import type { Cluster, Host } from './types.ts';

export const keyAlgorithmOf = (cluster: Cluster, id: CredentialId): KeyAlgorithm =>
  cluster.credentials[id]?.keyAlgorithm ??
  (cluster.layout === 'k3s' ? K3S[id]?.keyAlgorithm : undefined) ??
  cluster.keyAlgorithm;

export function leafProfile(
  cluster: Cluster,
  host: Host,
  definition: CredentialDefinition,
): LeafProfile {
  const { id } = definition;
  const issuer = issuerOf(cluster, id);
  if (issuer === null) throw new TypeError(`expected a leaf, got ${id}`);
  const { commonName, organizations } = subjectOf(cluster, id);
  const spare = spareNames(cluster, host, definition);
  return {
    issuer,
    commonName: commonName.replaceAll('{host}', host.name),
    organizations,
    ...wantedNames(cluster, host, definition),
    ...(spare.length === 0 ? {} : { spare }),
    usages: definition.usages,
    keyAlgorithm: keyAlgorithmOf(cluster, id),
    validity: cluster.credentials[id]?.validity ?? cluster.validity.leaf,
  };
}

/** The profile of a certificate that several hosts share: the first one's, with the names of all. */
export function commonProfile(
  cluster: Cluster,
  hosts: readonly Host[],
  definition: CredentialDefinition,
): LeafProfile {
  const [first, ...others] = hosts;
  if (first === undefined) throw new TypeError('expected a host, got none');
  const profile = leafProfile(cluster, first, definition);
  if (others.length === 0 || definition.names === 'none') return profile;
  const names = hosts.map((host) => wantedNames(cluster, host, definition));
  const spare = new Set(hosts.flatMap((host) => spareNames(cluster, host, definition)));
  return {
    ...profile,
    ...(spare.size === 0 ? {} : { spare: [...spare] }),
    dns: [...new Set(names.flatMap(({ dns }) => dns))].sort(),
    ip: [...new Set(names.flatMap(({ ip }) => ip))],
  };
}
