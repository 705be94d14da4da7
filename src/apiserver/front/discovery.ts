/**
 * Discovery: which groups, versions and resources there are (apimachinery, meta/v1/types.go), computed
 * once from the table of definitions. The aggregated form is k8s.io/api, apidiscovery/v2/types.go.
 */
import { hash } from 'node:crypto';
import { apiVersionOf, type ResourceType } from '../../kubernetes/index.ts';
import type { ResourceDefinition } from '../resources/index.ts';
import type { Verb } from '../types.ts';

/** Documents by path, without a slash at the end. */
export type Documents = ReadonlyMap<string, object>;

/** Upstream's order (k8s.io/kubernetes, pkg/controlplane/apiserver/aggregator.go: group priorities). */
const GROUP_ORDER = [
  '',
  'apiregistration.k8s.io',
  'apps',
  'events.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'certificates.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'storage.k8s.io',
  'admissionregistration.k8s.io',
  'scheduling.k8s.io',
  'coordination.k8s.io',
  'node.k8s.io',
  'discovery.k8s.io',
  'resource.k8s.io',
  'flowcontrol.apiserver.k8s.io',
];

interface GroupVersion {
  readonly group: string;
  readonly version: string;
  readonly definitions: readonly ResourceDefinition[];
}

/** Groups in upstream's order, each with its versions. */
type Groups = ReadonlyMap<string, readonly GroupVersion[]>;

/**
 * What stands at `/api`, `/apis`, `/apis/<group>`, `/api/v1` and `/apis/<group>/<version>`.
 *
 * @param serverAddress `10.0.0.1:6443`, told to clients in `/api`
 */
export function discoveryDocuments(
  definitions: readonly ResourceDefinition[],
  serverAddress?: string,
): Documents {
  const groups = groupVersions(definitions);
  const named = [...groups].filter(([group]) => group !== '');
  return new Map<string, object>([
    ['/api', apiVersions(groups.get('') ?? [], serverAddress)],
    [
      '/apis',
      {
        kind: 'APIGroupList',
        apiVersion: 'v1',
        groups: named.map(([group, versions]) => apiGroup(group, versions)),
      },
    ],
    ...named.map(([group, versions]): [string, object] => [
      `/apis/${group}`,
      { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(group, versions) },
    ]),
    ...[...groups.values()]
      .flat()
      .map((one): [string, object] => [
        groupVersionPath(one.group, one.version),
        resourceList(one),
      ]),
  ]);
}

/**
 * What stands at `/api` and `/apis` for clients that accept the aggregated form: all that is below in
 * one document. kubectl asks for it and saves a request for each group.
 */
export function aggregatedDiscovery(definitions: readonly ResourceDefinition[]): Documents {
  const groups = [...groupVersions(definitions)];
  return new Map([
    ['/api', aggregate(groups.filter(([group]) => group === ''))],
    ['/apis', aggregate(groups.filter(([group]) => group !== ''))],
  ]);
}

export const groupVersionPath = (group: string, version: string): string =>
  group === '' ? `/api/${version}` : `/apis/${group}/${version}`;

/** Groups that upstream does not have come last; versions as in the table, resources by name. */
function groupVersions(definitions: readonly ResourceDefinition[]): Groups {
  const sorted = definitions.toSorted(
    (a, b) =>
      rank(a.type.group) - rank(b.type.group) ||
      compare(a.type.group, b.type.group) ||
      compare(a.type.resource, b.type.resource),
  );
  const groups = new Map<string, GroupVersion[]>();
  for (const { type } of sorted) {
    const versions = groups.get(type.group) ?? [];
    groups.set(type.group, versions);
    if (versions.some(({ version }) => version === type.version)) continue;
    versions.push({
      group: type.group,
      version: type.version,
      definitions: sorted.filter((one) => apiVersionOf(one.type) === apiVersionOf(type)),
    });
  }
  return groups;
}

const rank = (group: string): number => {
  const place = GROUP_ORDER.indexOf(group);
  return place === -1 ? GROUP_ORDER.length : place;
};

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const apiVersions = (core: readonly GroupVersion[], serverAddress: string | undefined): object => ({
  kind: 'APIVersions',
  versions: core.map(({ version }) => version),
  serverAddressByClientCIDRs:
    serverAddress === undefined ? [] : [{ clientCIDR: '0.0.0.0/0', serverAddress }],
});

function apiGroup(name: string, versions: readonly GroupVersion[]): object {
  const all = versions.map((one) => ({ groupVersion: apiVersionOf(one), version: one.version }));
  return { name, versions: all, preferredVersion: all[0] };
}

const resourceList = (one: GroupVersion): object => ({
  kind: 'APIResourceList',
  // The core group's list is older than the field, and still leaves it out.
  ...(one.group === '' ? {} : { apiVersion: 'v1' }),
  groupVersion: apiVersionOf(one),
  resources: one.definitions.flatMap(resources),
});

function resources(definition: ResourceDefinition): object[] {
  const { type, singular, verbs, path } = definition;
  return [
    {
      name: type.resource,
      singularName: singular,
      namespaced: type.namespaced,
      kind: type.kind,
      verbs: verbs.toSorted(),
      ...names(definition),
      ...(path === undefined ? {} : { storageVersionHash: storageVersionHash(definition) }),
    },
    ...subresources(definition).map(([name, allowed, kind]) => ({
      name: `${type.resource}/${name}`,
      singularName: '',
      namespaced: type.namespaced,
      ...(apiVersionOf(kind) === apiVersionOf(type)
        ? {}
        : { group: kind.group, version: kind.version }),
      kind: kind.kind,
      verbs: allowed,
    })),
  ];
}

/** Each with its verbs, and the kind in which it is read and written. */
const subresources = ({
  subresources: all,
  type,
}: ResourceDefinition): [string, readonly Verb[], ResourceType][] =>
  Object.entries(all)
    .toSorted(([a], [b]) => compare(a, b))
    .map(([name, { verbs, form }]) => [name, verbs.toSorted(), form?.definition.type ?? type]);

const names = ({ shortNames, categories }: ResourceDefinition): object => ({
  ...(shortNames.length === 0 ? {} : { shortNames }),
  ...(categories.length === 0 ? {} : { categories }),
});

/**
 * Which version objects are stored in, as upstream says it: clients may only compare it (apiserver,
 * pkg/endpoints/discovery/storageversionhash.go).
 */
function storageVersionHash({ type, storedAs }: ResourceDefinition): string {
  const { group, version, kind } = storedAs?.definition.type ?? type;
  const digest = hash('sha256', `${group}/${version}/${kind}`, 'buffer');
  return digest.subarray(0, 8).toString('base64');
}

const aggregate = (groups: readonly (readonly [string, readonly GroupVersion[]])[]): object => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: 'apidiscovery.k8s.io/v2',
  metadata: {},
  items: groups.map(([name, versions]) => ({
    metadata: name === '' ? {} : { name },
    versions: versions.map(({ version, definitions }) => ({
      version,
      resources: definitions.map(discovered),
      freshness: 'Current',
    })),
  })),
});

function discovered(definition: ResourceDefinition): object {
  const { type, singular, verbs } = definition;
  // Group and version are told where they are not those of the list.
  const responseKind = { group: '', version: '', kind: type.kind };
  const parts = subresources(definition);
  return {
    resource: type.resource,
    responseKind,
    scope: type.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs: verbs.toSorted(),
    ...names(definition),
    ...(parts.length === 0
      ? {}
      : {
          subresources: parts.map(([subresource, allowed, kind]) => ({
            subresource,
            responseKind:
              apiVersionOf(kind) === apiVersionOf(type)
                ? { ...responseKind, kind: kind.kind }
                : { group: kind.group, version: kind.version, kind: kind.kind },
            verbs: allowed,
          })),
        }),
  };
}
