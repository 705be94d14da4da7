/** Types of kubepki's own resources, which no table of upstream's types has, in the form of those of the tables. */
import { type ApiType, type FieldType, type TypeField, typeOf } from '../../kubernetes/index.ts';
import type { ResourceDefinition } from './definition.ts';
import type { ArraySchema, Field, ObjectSchema, Schema } from './schema.ts';

const LIST_META = 'io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta';
/** Upstream's names begin so. */
const UPSTREAM = 'io.k8s.';

/** What finds a type, in the tables or among those of these definitions. */
export function typesOf(definitions: readonly ResourceDefinition[]): (name: string) => ApiType {
  const own = new Map<string, ApiType>();
  for (const { schema, listKind } of definitions) {
    if (schema.name.startsWith(UPSTREAM)) continue;
    add(own, schema);
    const name = schema.name.replace(/[^.]+$/, listKind);
    own.set(name, listType(name, schema));
  }
  return (name) => own.get(name) ?? typeOf(name);
}

function add(own: Map<string, ApiType>, schema: ObjectSchema): void {
  const { name, entries, atomic } = schema;
  if (name.startsWith(UPSTREAM) || own.has(name)) return;
  const type = { name, fields: entries.map(fieldOf), atomic: atomic ?? false };
  own.set(name, type);
  for (const [, { schema: inner }] of entries) addInner(own, inner);
}

function addInner(own: Map<string, ApiType>, schema: Schema): void {
  if (schema.kind === 'object') add(own, schema);
  if (schema.kind === 'array') addInner(own, schema.items);
  if (schema.kind === 'map') addInner(own, schema.values);
}

const PLAIN = { number: 0, pointer: true, required: false, always: false, omitZero: false };

function fieldOf([name, field]: readonly [string, Field]): TypeField {
  const { schema, required } = field;
  return {
    ...PLAIN,
    name,
    type: typeFor(schema),
    required,
    ...(schema.kind === 'array' ? listOptions(schema) : {}),
  };
}

const listOptions = ({ listType: type, listMapKeys }: ArraySchema): Partial<TypeField> => ({
  ...(type === undefined ? {} : { listType: type }),
  ...(listMapKeys === undefined ? {} : { listMapKeys }),
});

function typeFor(schema: Schema): FieldType {
  switch (schema.kind) {
    case 'object':
      return { kind: 'struct', name: schema.name };
    case 'array':
      return { kind: 'list', items: typeFor(schema.items) };
    case 'map':
      return { kind: 'map', values: typeFor(schema.values) };
    case 'boolean':
      return { kind: 'bool' };
    case 'any':
      return { kind: 'json' };
    case 'string':
    case 'int32':
    case 'int64':
    case 'bytes':
    case 'time':
    case 'microtime':
    case 'quantity':
    case 'int-or-string':
      return { kind: schema.kind };
  }
}

const listType = (name: string, items: ObjectSchema): ApiType => ({
  name,
  fields: [
    { ...PLAIN, name: 'kind', type: { kind: 'string' } },
    { ...PLAIN, name: 'apiVersion', type: { kind: 'string' } },
    { ...PLAIN, name: 'metadata', type: { kind: 'struct', name: LIST_META } },
    {
      ...PLAIN,
      name: 'items',
      type: { kind: 'list', items: { kind: 'struct', name: items.name } },
      required: true,
    },
  ],
  atomic: false,
});
