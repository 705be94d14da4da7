/** Puts a definition together from what is particular to a resource. */
import {
  apiVersionOf,
  type KubernetesObject,
  kindType,
  type ResourceType,
} from '../../kubernetes/index.ts';
import type { Verb } from '../types.ts';
import type { ResourceDefinition, Strategy } from './definition.ts';
import type { ObjectSchema } from './schema.ts';
import { schemaOfType } from './type-schema.ts';

const ALL_VERBS: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

type Particular<T extends KubernetesObject> = Pick<ResourceDefinition<T>, 'columns' | 'row'> &
  Partial<Omit<ResourceDefinition<T>, 'type' | 'strategy'>> & {
    readonly strategy: Partial<Strategy<T>> & Pick<Strategy<T>, 'validateName'>;
  };

/**
 * What most resources are is the default: every verb, updates with and without a resource version, the
 * fields that the API's own type of this kind has.
 */
export function define<T extends KubernetesObject>(
  type: ResourceType<T>,
  particular: Particular<T>,
): ResourceDefinition<T> {
  return {
    listKind: `${type.kind}List`,
    singular: type.kind.toLowerCase(),
    shortNames: [],
    categories: [],
    verbs: ALL_VERBS,
    path: type.resource,
    subresources: {},
    selectableFields: {},
    schema: particular.schema ?? schemaOfKind(type),
    ...particular,
    type,
    strategy: {
      allowCreateOnUpdate: false,
      allowUnconditionalUpdate: true,
      ...particular.strategy,
    },
  };
}

/** @throws RangeError for a kind that the tables of types do not have */
function schemaOfKind(type: ResourceType): ObjectSchema {
  const name = kindType(apiVersionOf(type), type.kind);
  if (name === undefined) {
    throw new RangeError(
      `expected a kind of the Kubernetes API, got ${apiVersionOf(type)} ${type.kind}`,
    );
  }
  return schemaOfType(name);
}
