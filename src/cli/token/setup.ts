/**
 * `kubepki token setup`: what a cluster holds so that nodes can join it with bootstrap tokens, as `kubeadm init`
 * makes it (kubernetes, cmd/kubeadm/app/phases/bootstraptoken).
 */
import { isDeepStrictEqual } from 'node:util';
import { KubepkiError } from '../../errors.ts';
import {
  BOOTSTRAP_BINDINGS,
  CLUSTER_INFO_BINDING,
  CLUSTER_INFO_ROLE,
  CLUSTER_ROLE_BINDINGS,
  CLUSTER_ROLES,
  CONFIG_MAPS,
  type ConfigMap,
  emptyKubeconfig,
  formatKubeconfig,
  JOIN_BINDING,
  JOIN_READERS,
  JOIN_ROLE,
  type KubernetesObject,
  type ResourceType,
  ROLE_BINDINGS,
  ROLES,
  type RoleBinding,
  refusedFor,
} from '../../kubernetes/index.ts';
import { CLUSTER_INFO, CLUSTER_INFO_KUBECONFIG } from '../../tokens/index.ts';
import { type Cluster, type Endpoint, endpointOf } from './cluster.ts';
import { joinConfigMaps } from './join-config.ts';

export interface SetupFlags {
  /** And what `kubeadm join` asks for beyond certificates. */
  readonly kubeadmJoin?: boolean;
  /** Objects that differ are replaced. */
  readonly force?: boolean;
}

/** One object as it has to be. */
interface Wanted<T extends KubernetesObject = KubernetesObject> {
  readonly type: ResourceType<T>;
  readonly object: T;
  /** The fields that are ours, of the object that is there. */
  readonly same: (found: T) => boolean;
  /** What is there, with these fields. */
  readonly merge: (found: T) => T;
}

/** @throws KubepkiError FORBIDDEN and the like as the server refuses; CONFLICT where a binding is to another role */
export async function setUp(cluster: Cluster, flags: SetupFlags): Promise<void> {
  let differing = 0;
  for (const settle of await settlers(cluster, flags)) {
    if ((await settle(cluster, flags.force ?? false)) === 'differs') differing += 1;
  }
  if (differing === 0) return;
  cluster.warn(
    `${differing} of them differ from what nodes need, and were left as they are; --force replaces them`,
  );
}

type Settled = 'done' | 'differs';
type Settler = (cluster: Cluster, force: boolean) => Promise<Settled>;

async function settlers(
  cluster: Cluster,
  { kubeadmJoin = false }: SetupFlags,
): Promise<readonly Settler[]> {
  const endpoint = endpointOf(cluster);
  const rules = [settler(rulesOf(ROLES, CLUSTER_INFO_ROLE))];
  if (kubeadmJoin) rules.push(settler(rulesOf(CLUSTER_ROLES, JOIN_ROLE)));
  const bindings = kubeadmJoin ? [...BOOTSTRAP_BINDINGS, JOIN_BINDING] : BOOTSTRAP_BINDINGS;
  return [
    ...rules,
    ...bindings.map((binding) => settler(bindingOf(CLUSTER_ROLE_BINDINGS, binding))),
    settler(bindingOf(ROLE_BINDINGS, CLUSTER_INFO_BINDING)),
    settler(clusterInfo(endpoint)),
    ...(kubeadmJoin ? await joinSettlers(cluster, endpoint) : []),
  ];
}

/** The ConfigMaps are the administrator's as soon as they are there: what is in them is not looked at. */
async function joinSettlers({ client }: Cluster, endpoint: Endpoint): Promise<readonly Settler[]> {
  const readers = JOIN_READERS.flatMap(({ role, binding }) => [
    settler(rulesOf(ROLES, role)),
    settler(bindingOf(ROLE_BINDINGS, binding)),
  ]);
  const configMaps = (await joinConfigMaps(client, endpoint)).map((object) =>
    settler({ type: CONFIG_MAPS, object, same: () => true, merge: (found) => found }),
  );
  return [...readers, ...configMaps];
}

const settler =
  <T extends KubernetesObject>(wanted: Wanted<T>): Settler =>
  (cluster, force) =>
    settle(cluster, wanted, force);

async function settle<T extends KubernetesObject>(
  cluster: Cluster,
  { type, object, same, merge }: Wanted<T>,
  force: boolean,
): Promise<Settled> {
  const { client, dryRun } = cluster;
  const { name = '', namespace } = object.metadata;
  const group = type.group === '' ? '' : `.${type.group}`;
  const what = `${type.kind.toLowerCase()}${group}/${name}`;
  const say = (done: string): void => cluster.print(`${what} ${done}${dryRun ? ' (dry run)' : ''}`);
  const found = await find(cluster, type, {
    name,
    ...(namespace === undefined ? {} : { namespace }),
  });
  if (found === undefined) {
    if (!dryRun) await client.create(type, object);
    say('created');
    return 'done';
  }
  if (same(found)) {
    say('unchanged');
    return 'done';
  }
  if (!force) {
    say('differs');
    return 'differs';
  }
  const replaced = merge(found);
  if (!dryRun) await client.update(type, replaced);
  say('replaced');
  return 'done';
}

async function find<T extends KubernetesObject>(
  { client }: Cluster,
  type: ResourceType<T>,
  location: { readonly name: string; readonly namespace?: string },
): Promise<T | undefined> {
  try {
    return await client.get(type, location);
  } catch (error) {
    if (refusedFor(error, 'NotFound')) return undefined;
    throw error;
  }
}

const rulesOf = <T extends KubernetesObject & { readonly rules?: unknown }>(
  type: ResourceType<T>,
  object: T,
): Wanted<T> => ({
  type,
  object,
  same: ({ rules }) => isDeepStrictEqual(rules, object.rules),
  merge: (found) => ({ ...found, rules: object.rules }),
});

const bindingOf = (type: ResourceType<RoleBinding>, object: RoleBinding): Wanted<RoleBinding> => ({
  type,
  object,
  same: ({ roleRef, subjects }) =>
    isDeepStrictEqual(roleRef, object.roleRef) && isDeepStrictEqual(subjects, object.subjects),
  merge(found) {
    const { name = '' } = object.metadata;
    if (!isDeepStrictEqual(found.roleRef, object.roleRef)) {
      throw new KubepkiError(
        'CONFLICT',
        `${type.kind} ${name} is to ${found.roleRef.kind} ${found.roleRef.name} and not to ${object.roleRef.name}; a binding keeps its role`,
        { hint: `delete it, and run this again` },
      );
    }
    return { ...found, subjects: object.subjects ?? [] };
  },
});

/** The kubeconfig in it has one cluster, without a name, and no user (phases/bootstraptoken/clusterinfo). */
function clusterInfo({ entry, certificateAuthority }: Endpoint): Wanted<ConfigMap> {
  const config = emptyKubeconfig();
  config.clusters.set('', { server: entry.server, certificateAuthorityData: certificateAuthority });
  const text = formatKubeconfig(config);
  return {
    type: CONFIG_MAPS,
    object: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { ...CLUSTER_INFO },
      data: { [CLUSTER_INFO_KUBECONFIG]: text },
    },
    same: ({ data }) => data?.[CLUSTER_INFO_KUBECONFIG] === text,
    merge: (found) => ({ ...found, data: { ...found.data, [CLUSTER_INFO_KUBECONFIG]: text } }),
  };
}
