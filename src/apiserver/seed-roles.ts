/** Brings the default roles and bindings into the registry, as kube-apiserver does at every start. */
import {
  CLUSTER_ROLE_BINDINGS,
  CLUSTER_ROLES,
  type ClusterRole,
  type KubernetesObject,
  type ResourceType,
  ROLE_BINDINGS,
  ROLES,
  type Role,
  type RoleBinding,
  type UserInfo,
} from '../kubernetes/index.ts';
import {
  defaultRbacObjects,
  type Reconciled,
  reconcileBinding,
  reconcileRole,
} from './authorization/index.ts';
import type { ObjectKey, Registry, SeedObject, WriteContext } from './registry/index.ts';
import type { ResourceDefinition } from './resources/index.ts';

/** Who the server is to itself. */
export const SERVER_USER: UserInfo = { name: 'system:apiserver', groups: ['system:masters'] };

/** What is to be done with one object of a resource. */
interface Step {
  readonly type: ResourceType;
  readonly key: ObjectKey;
  readonly change: Reconciled<KubernetesObject>;
}

/** Creates what is missing in one go; what is there keeps what people have added. */
export async function seedRoles(registry: Registry): Promise<void> {
  const steps = await stepsFor(registry);
  const missing = steps.flatMap(({ type, change }): SeedObject[] =>
    change.operation === 'create' ? [{ type, object: change.object }] : [],
  );
  await registry.seed(missing);
  for (const step of steps) await mend(registry, step);
}

async function stepsFor({ reader }: Registry): Promise<readonly Step[]> {
  const { clusterRoles, roles, clusterRoleBindings, roleBindings } = defaultRbacObjects();
  const role = async (
    type: ResourceType<ClusterRole> | ResourceType<Role>,
    object: ClusterRole,
  ) => {
    const key = keyOf(object);
    return { type, key, change: reconcileRole(await reader.get<ClusterRole>(type, key), object) };
  };
  const binding = async (type: ResourceType<RoleBinding>, object: RoleBinding) => {
    const key = keyOf(object);
    return { type, key, change: reconcileBinding(await reader.get(type, key), object) };
  };
  return await Promise.all([
    ...clusterRoles.map((object) => role(CLUSTER_ROLES, object)),
    ...roles.map((object) => role(ROLES, object)),
    ...clusterRoleBindings.map((object) => binding(CLUSTER_ROLE_BINDINGS, object)),
    ...roleBindings.map((object) => binding(ROLE_BINDINGS, object)),
  ]);
}

const keyOf = ({ metadata: { name = '', namespace } }: KubernetesObject): ObjectKey =>
  namespace === undefined ? { name } : { namespace, name };

async function mend(registry: Registry, { type, key, change }: Step): Promise<void> {
  if (change.operation === 'none' || change.operation === 'create') return;
  const definition = definitionOf(registry, type);
  if (change.operation === 'update') {
    await registry.update(definition, key, undefined, change.object, context(type, key, 'update'));
    return;
  }
  await registry.delete(definition, key, {}, context(type, key, 'delete'));
  await registry.seed([{ type, object: change.object }]);
}

function definitionOf(
  registry: Registry,
  { group, version, resource }: ResourceType,
): ResourceDefinition {
  const found = registry.definition(group, version, resource);
  if (found === undefined) throw new TypeError(`expected a served resource, got ${resource}`);
  return found;
}

const context = (type: ResourceType, key: ObjectKey, verb: string): WriteContext => ({
  attributes: {
    kind: 'resource',
    user: SERVER_USER,
    verb,
    group: type.group,
    version: type.version,
    resource: type.resource,
    subresource: '',
    namespace: key.namespace ?? '',
    name: key.name,
  },
});
