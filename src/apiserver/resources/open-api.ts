/** A schema in the words of OpenAPI 3, with the extensions that kubectl reads. */
import type { ArraySchema, ObjectSchema, ScalarSchema, Schema } from './schema.ts';

/** JSON of a schema object. */
export type OpenApiSchema = Readonly<Record<string, unknown>>;

const SCALARS: Readonly<Record<ScalarSchema['kind'] | 'any', OpenApiSchema>> = {
  string: { type: 'string' },
  boolean: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  bytes: { type: 'string', format: 'byte' },
  time: { type: 'string', format: 'date-time' },
  microtime: { type: 'string', format: 'date-time' },
  quantity: { oneOf: [{ type: 'string' }, { type: 'number' }] },
  'int-or-string': { format: 'int-or-string', oneOf: [{ type: 'integer' }, { type: 'string' }] },
  any: { type: 'object' },
};

const ATOMIC_MAP = { 'x-kubernetes-map-type': 'atomic' };

/**
 * Every object that a schema speaks of, by its name (`io.k8s.api.core.v1.Secret`), as
 * `components.schemas` of a document holds them.
 */
export function openApiSchemas(
  schemas: readonly ObjectSchema[],
  reference = '#/components/schemas/',
): Map<string, OpenApiSchema> {
  const found = new Map<string, OpenApiSchema>();
  const describe = (schema: Schema): OpenApiSchema => {
    if (schema.kind === 'object') {
      add(schema);
      return { $ref: `${reference}${schema.name}` };
    }
    if (schema.kind === 'map') {
      return {
        type: 'object',
        additionalProperties: describe(schema.values),
        ...(schema.atomic === undefined ? {} : ATOMIC_MAP),
      };
    }
    if (schema.kind === 'array') {
      return { type: 'array', items: describe(schema.items), ...extensions(schema) };
    }
    return SCALARS[schema.kind];
  };
  const add = (schema: ObjectSchema): void => {
    if (found.has(schema.name)) return;
    // Named before it is filled: a schema may speak of itself.
    found.set(schema.name, {});
    const required = schema.entries.filter(([, field]) => field.required).map(([name]) => name);
    found.set(schema.name, {
      type: 'object',
      ...(required.length === 0 ? {} : { required }),
      properties: Object.fromEntries(
        schema.entries.map(([name, field]) => [name, described(describe(field.schema))]),
      ),
      ...(schema.atomic === undefined ? {} : ATOMIC_MAP),
    });
  };
  for (const schema of schemas) add(schema);
  return found;
}

/** A reference stands alone in OpenAPI 3.0: upstream wraps it. */
const described = (schema: OpenApiSchema): OpenApiSchema =>
  Object.hasOwn(schema, '$ref') ? { allOf: [schema] } : schema;

function extensions({ patch, mergeKey, listType, listMapKeys }: ArraySchema): OpenApiSchema {
  return {
    ...(listType === undefined ? {} : { 'x-kubernetes-list-type': listType }),
    ...(listMapKeys === undefined ? {} : { 'x-kubernetes-list-map-keys': listMapKeys }),
    ...(patch === undefined ? {} : { 'x-kubernetes-patch-strategy': patch }),
    ...(mergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': mergeKey }),
  };
}
