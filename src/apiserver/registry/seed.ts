/** What a server starts with: created where it is missing, left alone where it is there. */
import {
  API_SERVICES,
  FLOW_SCHEMAS,
  NAMESPACES,
  PRIORITY_CLASSES,
  PRIORITY_LEVELS,
  StatusError,
} from '../../kubernetes/index.ts';
import {
  DEFINITIONS,
  localApiServices,
  MANDATORY_FLOW_SCHEMAS,
  MANDATORY_PRIORITY_LEVELS,
  type ResourceDefinition,
  readObject,
  SYSTEM_PRIORITY_CLASSES,
} from '../resources/index.ts';
import { create } from './create.ts';
import { keyOf } from './keys.ts';
import { definitionOf } from './live-reader.ts';
import type { SeedObject, WriteContext } from './registry.ts';
import type { Store } from './store.ts';

/** The namespaces of every cluster. */
export const SYSTEM_NAMESPACES: readonly SeedObject[] = [
  'default',
  'kube-system',
  'kube-public',
  'kube-node-lease',
].map((name) => ({ type: NAMESPACES, object: { metadata: { name } } }));

/** Beside them: what kube-apiserver makes at its start. */
export const SYSTEM_OBJECTS: readonly SeedObject[] = [
  ...SYSTEM_PRIORITY_CLASSES.map((object) => ({ type: PRIORITY_CLASSES, object })),
  ...localApiServices(DEFINITIONS).map((object) => ({ type: API_SERVICES, object })),
  ...MANDATORY_PRIORITY_LEVELS.map((object) => ({ type: PRIORITY_LEVELS, object })),
  ...MANDATORY_FLOW_SCHEMAS.map((object) => ({ type: FLOW_SCHEMAS, object })),
];

const CONTEXT: WriteContext = {
  attributes: {
    kind: 'resource',
    user: { name: 'system:apiserver', groups: ['system:masters'] },
    verb: 'create',
    group: '',
    version: '',
    resource: '',
    subresource: '',
    namespace: '',
    name: '',
  },
};

/** Who makes them upstream, where it is not the server as a whole (apiserver, pkg/util/flowcontrol). */
const managerOf = ({ group }: SeedObject['type']): Pick<WriteContext, 'fieldManager'> =>
  group === FLOW_SCHEMAS.group
    ? { fieldManager: 'api-priority-and-fairness-config-producer-v1' }
    : {};

/** Namespaces first: what is in one of them needs it. The others at the same time. */
export async function seed(
  store: Store,
  definitions: readonly ResourceDefinition[],
  objects: readonly SeedObject[],
): Promise<void> {
  const isNamespace = ({ type }: SeedObject): boolean => type.resource === NAMESPACES.resource;
  for (const group of [objects.filter(isNamespace), objects.filter((one) => !isNamespace(one))]) {
    await Promise.all(group.map((one) => seedOne(store, definitionOf(definitions, one.type), one)));
  }
}

async function seedOne(
  store: Store,
  definition: ResourceDefinition,
  { object }: SeedObject,
): Promise<void> {
  const { namespace, name = '' } = object.metadata;
  const scope = definition.type.namespaced ? namespace : undefined;
  const key = keyOf(definition, { ...(scope === undefined ? {} : { namespace: scope }), name });
  if ((await store.read(definition, key)) !== undefined) return;
  try {
    const read = readObject(definition, object);
    const context = { ...CONTEXT, ...managerOf(definition.type) };
    await create(store, definition, scope, read, context, () => undefined);
  } catch (error) {
    // Another server of the same cluster was faster.
    if (error instanceof StatusError && error.reason === 'AlreadyExists') return;
    throw error;
  }
}
