/** Puts a definition together from what is particular to a resource. */
import type { KubernetesObject, ResourceType } from '../../kubernetes/index.ts';
import type { Verb } from '../types.ts';
import type { ResourceDefinition, Strategy } from './definition.ts';

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

type Particular<T extends KubernetesObject> = Pick<
  ResourceDefinition<T>,
  'columns' | 'row' | 'schema'
> &
  Partial<Omit<ResourceDefinition<T>, 'type' | 'strategy'>> & {
    readonly strategy: Partial<Strategy<T>> & Pick<Strategy<T>, 'validateName'>;
  };

/** What most resources are is the default: every verb, updates with and without a resource version. */
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
    ...particular,
    type,
    strategy: {
      allowCreateOnUpdate: false,
      allowUnconditionalUpdate: true,
      ...particular.strategy,
    },
  };
}
