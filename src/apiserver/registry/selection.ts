/** Which objects of a resource a request means: its selectors, checked and ready to be asked. */
import { KubepkiError } from '../../errors.ts';
import {
  EVERYTHING,
  exactField,
  fieldMatcher,
  type KubernetesObject,
  parseFieldSelector,
  parseLabelSelector,
} from '../../kubernetes/index.ts';
import type { ResourceDefinition } from '../resources/index.ts';
import { keyOf, prefixOf } from './keys.ts';
import { badRequest } from './refusals.ts';

export interface Selection {
  /** Every key of the objects meant starts with it. */
  readonly prefix: string;
  /** The selection is one object at most: `prefix` is its whole key. */
  readonly single: boolean;
  /** Absent where everything below the prefix is meant. */
  readonly matches?: (object: KubernetesObject) => boolean;
}

interface Selectors {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** @throws StatusError BadRequest for a selector that cannot be read, or a field that cannot be selected */
export function select(definition: ResourceDefinition, request: Selectors): Selection {
  const { labelSelector = '', fieldSelector = '' } = request;
  const labels = labelSelector === '' ? EVERYTHING : read(() => parseLabelSelector(labelSelector));
  const fields = fieldSelector === '' ? [] : read(() => parseFieldSelector(fieldSelector));
  for (const { field } of fields) checkField(definition, field);
  // A namespace that the fields name narrows the search as one in the path does.
  const namespace = request.namespace ?? exactField(fields, 'metadata.namespace');
  const name = exactField(fields, 'metadata.name');
  const single =
    name !== undefined &&
    name !== '' &&
    !name.includes('/') &&
    (!definition.type.namespaced || (namespace !== undefined && namespace !== ''));
  const fieldsMatch = fieldMatcher(fields);
  const everything = labels.requirements.length === 0 && fields.length === 0;
  return {
    prefix: single
      ? keyOf(definition, { ...(namespace === undefined ? {} : { namespace }), name })
      : prefixOf(definition, namespace === '' ? undefined : namespace),
    single,
    ...(everything
      ? {}
      : {
          matches: (object) =>
            labels.matches(object.metadata.labels) &&
            fieldsMatch((field) => fieldOf(definition, object, field)),
        }),
  };
}

function read<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof KubepkiError) throw badRequest(error.message);
    throw error;
  }
}

const OWN: readonly string[] = ['metadata.name', 'metadata.namespace'];

function checkField(
  { type, selectableFields, hidesNamespace }: ResourceDefinition,
  field: string,
): void {
  if (Object.hasOwn(selectableFields, field)) return;
  // Resources without fields of their own take both, cluster-scoped ones too (apimachinery, DefaultMetaV1FieldSelectorConversion).
  const takesNamespace = type.namespaced && hidesNamespace !== true;
  const isPlain = Object.keys(selectableFields).length === 0;
  if (isPlain ? OWN.includes(field) : field === OWN[0] || (field === OWN[1] && takesNamespace)) {
    return;
  }
  throw badRequest(
    isPlain
      ? `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`
      : `field label not supported: ${field}`,
  );
}

function fieldOf(
  { selectableFields }: ResourceDefinition,
  object: KubernetesObject,
  field: string,
): string {
  if (field === 'metadata.name') return object.metadata.name ?? '';
  if (field === 'metadata.namespace') return object.metadata.namespace ?? '';
  return selectableFields[field]?.(object) ?? '';
}
