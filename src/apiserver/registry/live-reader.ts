/** The reader: what the server's own parts must know at any time, from live objects. */
import type { KubernetesObject, ResourceType } from '../../kubernetes/index.ts';
import type { Storage } from '../../storage/index.ts';
import {
  CLUSTER_ROLE_BINDING_DEFINITION,
  CLUSTER_ROLE_DEFINITION,
  NAMESPACE_DEFINITION,
  type ResourceDefinition,
  ROLE_BINDING_DEFINITION,
  ROLE_DEFINITION,
  SECRET_DEFINITION,
} from '../resources/index.ts';
import type { Codec } from './codec.ts';
import { keyOf, prefixOf } from './keys.ts';
import { LiveObjects } from './live-objects.ts';
import type { RbacSource, Reader } from './reader.ts';
import type { ObjectKey } from './registry.ts';
import type { Listener } from './store.ts';

interface LiveReader {
  readonly reader: Reader;
  readonly listener: Listener;
  /** Resolves when everything is here. */
  start(signal: AbortSignal, failed: (error: unknown) => void): Promise<void>;
}

interface Options {
  readonly storage: Storage;
  readonly codec: Codec;
  readonly definitions: readonly ResourceDefinition[];
}

export function liveReader({ storage, codec, definitions }: Options): LiveReader {
  let version = 0;
  const live = <T extends KubernetesObject>(
    definition: ResourceDefinition<T>,
    changed: (object: T | undefined) => void = () => {
      version += 1;
    },
  ): LiveObjects<T> => new LiveObjects(definition, storage, codec, changed);
  const namespaces = live(NAMESPACE_DEFINITION, () => undefined);
  const roles = live(ROLE_DEFINITION);
  const clusterRoles = live(CLUSTER_ROLE_DEFINITION);
  const bindings = live(ROLE_BINDING_DEFINITION);
  const clusterBindings = live(CLUSTER_ROLE_BINDING_DEFINITION);
  const all = [namespaces, roles, clusterRoles, bindings, clusterBindings];
  const rbac: RbacSource = {
    get version() {
      return version;
    },
    clusterRole: (name) => clusterRoles.get(keyOf(CLUSTER_ROLE_DEFINITION, { name })),
    role: (namespace, name) => roles.get(keyOf(ROLE_DEFINITION, { namespace, name })),
    clusterRoleBindings: () => clusterBindings.values(),
    roleBindings: (namespace) => bindings.values(prefixOf(ROLE_BINDING_DEFINITION, namespace)),
  };
  const read = async <T extends KubernetesObject>(
    definition: ResourceDefinition<T>,
    key: ObjectKey,
  ): Promise<T | undefined> => {
    const stored = await storage.get(keyOf(definition, key));
    return stored === undefined ? undefined : codec.decode(definition, stored).object;
  };
  return {
    reader: {
      rbac,
      namespace: (name) => namespaces.get(keyOf(NAMESPACE_DEFINITION, { name })),
      secret: (namespace, name) => read(SECRET_DEFINITION, { namespace, name }),
      get: (type, key) => read(definitionOf(definitions, type), key),
    },
    listener: {
      stored: (key, served) => {
        for (const one of all) one.offer(key, served);
      },
      deleted: (definition, key, revision) => {
        for (const one of all) if (one.definition === definition) one.removed(key, revision);
      },
    },
    async start(signal, failed) {
      await Promise.all(all.map((one) => one.start(signal, failed)));
    },
  };
}

/** @throws TypeError for a resource that is not in the table */
export function definitionOf<T extends KubernetesObject>(
  definitions: readonly ResourceDefinition[],
  type: ResourceType<T>,
): ResourceDefinition<T> {
  for (const definition of definitions) if (isOfType(type, definition)) return definition;
  throw new TypeError(`expected a resource that is served, got ${type.resource}.${type.group}`);
}

/** A definition of this very resource has the type of its objects. */
const isOfType = <T extends KubernetesObject>(
  { group, version, resource }: ResourceType<T>,
  definition: ResourceDefinition,
): definition is ResourceDefinition<T> =>
  definition.type.group === group &&
  definition.type.version === version &&
  definition.type.resource === resource;
