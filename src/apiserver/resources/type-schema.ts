/** Schemas of the API's own types, made from the tables of their fields. */
import { type FieldType, type TypeField, typeOf } from '../../kubernetes/index.ts';
import {
  ANY,
  type ArraySchema,
  type Field,
  list,
  map,
  type ObjectSchema,
  object,
  type ScalarSchema,
  type Schema,
  STRING,
} from './schema.ts';

const known = new Map<string, ObjectSchema>();

/**
 * @param name as OpenAPI has it: `io.k8s.api.core.v1.Secret`
 * @throws RangeError for what is no type of the tables
 */
export function schemaOfType(name: string): ObjectSchema {
  const found = known.get(name);
  if (found !== undefined) return found;
  const { atomic } = typeOf(name);
  const plain = object(name, Object.fromEntries(fieldsOf(name)));
  const schema: ObjectSchema = atomic ? { ...plain, atomic } : plain;
  known.set(name, schema);
  return schema;
}

/** With those of inlined structs in their place. */
const fieldsOf = (name: string): readonly (readonly [string, Field])[] =>
  typeOf(name).fields.flatMap((field) => {
    if (field.name !== undefined) return [[field.name, fieldOf(field, name)] as const];
    return field.type.kind === 'struct' ? fieldsOf(field.type.name) : [];
  });

/** An empty list of managers is not the same as none: it asks for all to be forgotten. */
const keepsEmpty = (type: string, field: string | undefined): boolean =>
  field === 'managedFields' && type === 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';

function fieldOf(field: TypeField, owner: string): Field {
  const { type, pointer, required, always, omitZero } = field;
  return {
    schema: fieldSchema(field),
    required,
    // Go's omitempty knows nothing of structs: they are written all the same.
    always: always || (isGoStruct(type) && !pointer && !omitZero),
    pointer: pointer || keepsEmpty(owner, field.name),
    ...(field.default === undefined ? {} : { default: scalarDefault(field.default) }),
  };
}

function scalarDefault(json: string): string | number | boolean {
  const value: unknown = JSON.parse(json);
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  throw new TypeError(`expected a default that is a scalar, got ${json}`);
}

function isGoStruct({ kind }: FieldType): boolean {
  return ['struct', 'time', 'microtime', 'quantity', 'int-or-string', 'json'].includes(kind);
}

function fieldSchema(field: TypeField): Schema {
  const { type, listType, granular } = field;
  const schema = typeSchema(type);
  if (schema.kind === 'array') return { ...schema, ...listOptions(field) };
  if (granular === true && schema.kind === 'object') {
    const { atomic: _, ...rest } = schema;
    return rest;
  }
  if (listType === 'atomic' && (schema.kind === 'map' || schema.kind === 'object')) {
    return { ...schema, atomic: true };
  }
  return schema;
}

function listOptions(field: TypeField): Omit<ArraySchema, 'kind' | 'items'> {
  const { listType, listMapKeys, patchStrategy, patchMergeKey } = field;
  const patch = (['merge', 'merge,retainKeys'] as const).find((one) => one === patchStrategy);
  return {
    ...(patch === undefined ? {} : { patch }),
    ...(patchMergeKey === undefined ? {} : { mergeKey: patchMergeKey }),
    ...(listType === undefined ? {} : { listType }),
    ...(listMapKeys === undefined ? {} : { listMapKeys }),
  };
}

function typeSchema(type: FieldType): Schema {
  switch (type.kind) {
    case 'struct':
      return schemaOfType(type.name);
    case 'list':
      return list(typeSchema(type.items));
    case 'map':
      return map(typeSchema(type.values));
    case 'strings':
      return { ...list(STRING), isMessage: true };
    case 'json':
      return ANY;
    case 'bool':
      return scalar('boolean');
    case 'string':
    case 'int32':
    case 'int64':
    case 'bytes':
    case 'time':
    case 'microtime':
    case 'quantity':
    case 'int-or-string':
      return scalar(type.kind);
  }
}

const scalar = (kind: ScalarSchema['kind']): ScalarSchema => ({ kind });
