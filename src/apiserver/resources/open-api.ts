/** The API's types as schemas of OpenAPI 3, as upstream writes them (kube-openapi, pkg/generators/openapi.go). */
import {
  type ApiType,
  enumValues,
  type FieldType,
  type TypeField,
  typeOf,
} from '../../kubernetes/index.ts';
import type { ResourceDefinition } from './definition.ts';
import { typesOf } from './open-api-own.ts';

/** JSON of a schema object. */
export type OpenApiSchema = Readonly<Record<string, unknown>>;

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** Types with a form of their own in JSON, by the name of their schema. */
const FORMS: Readonly<Record<string, OpenApiSchema>> = {
  [`${META}.Time`]: { type: 'string', format: 'date-time' },
  [`${META}.MicroTime`]: { type: 'string', format: 'date-time' },
  [`${META}.FieldsV1`]: { type: 'object' },
  'io.k8s.apimachinery.pkg.runtime.RawExtension': { type: 'object' },
  'io.k8s.apimachinery.pkg.api.resource.Quantity': {
    oneOf: [{ type: 'string' }, { type: 'number' }],
  },
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': {
    format: 'int-or-string',
    oneOf: [{ type: 'integer' }, { type: 'string' }],
  },
};

/** Which of them a field is of; JSON of any kind is either a set of fields or an object. */
const FORM_OF = {
  time: `${META}.Time`,
  microtime: `${META}.MicroTime`,
  json: 'io.k8s.apimachinery.pkg.runtime.RawExtension',
  quantity: 'io.k8s.apimachinery.pkg.api.resource.Quantity',
  'int-or-string': 'io.k8s.apimachinery.pkg.util.intstr.IntOrString',
} as const;

const SCALARS = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer', format: 'int32' },
  int64: { type: 'integer', format: 'int64' },
  bytes: { type: 'string', format: 'byte' },
} as const;

/** What Go has where nothing is set. */
const ZEROES: Partial<Readonly<Record<FieldType['kind'], unknown>>> = {
  string: '',
  bool: false,
  int32: 0,
  int64: 0,
  struct: {},
};

const ATOMIC_MAP = { 'x-kubernetes-map-type': 'atomic' };

/**
 * Every type that these speak of, itself too, by its name (`io.k8s.api.core.v1.Secret`), as
 * `components.schemas` of a document holds them.
 *
 * @param definitions whose types may be no types of upstream
 * @param reference what stands before a name in a `$ref`
 * @throws RangeError for what is no type of the tables nor of these definitions
 */
export function openApiSchemas(
  names: Iterable<string>,
  definitions: readonly ResourceDefinition[],
  reference = '#/components/schemas/',
): Map<string, OpenApiSchema> {
  const found = new Map<string, OpenApiSchema>();
  const typeCalled = typesOf(definitions);
  const writer = new Writer(reference, (name) => {
    if (found.has(name)) return;
    // Named before it is filled: a type may speak of itself.
    found.set(name, {});
    found.set(name, FORMS[name] ?? writer.type(typeCalled(name)));
  });
  for (const name of names) writer.met(name);
  return found;
}

class Writer {
  readonly #reference: string;
  /** Told each name that is spoken of. */
  readonly met: (name: string) => void;

  constructor(reference: string, met: (name: string) => void) {
    this.#reference = reference;
    this.met = met;
  }

  type(type: ApiType): OpenApiSchema {
    const fields = fieldsOf(type);
    const required = fields.filter((field) => field.required).map(({ name }) => name);
    return {
      type: 'object',
      ...(required.length === 0 ? {} : { required }),
      ...(fields.length === 0
        ? {}
        : { properties: Object.fromEntries(fields.map((one) => [one.name, this.#field(one)])) }),
      ...(type.atomic ? ATOMIC_MAP : {}),
      ...(type.union === undefined ? {} : { 'x-kubernetes-unions': [union(type.union)] }),
    };
  }

  #field(field: TypeField): OpenApiSchema {
    const { type, pointer, always } = field;
    const isPlainZero = !pointer && (type.kind === 'struct' || always);
    const fallback: unknown =
      field.default === undefined
        ? isPlainZero
          ? ZEROES[type.kind]
          : undefined
        : JSON.parse(field.default);
    const schema = this.#value(field.name === 'fieldsV1' ? FIELDS : type, field.enum);
    return {
      ...(fallback === undefined ? {} : { default: fallback }),
      ...wrapped(schema),
      ...extensions(field),
    };
  }

  #value(type: FieldType | typeof FIELDS, values: string | undefined): OpenApiSchema {
    switch (type.kind) {
      case 'list':
        return { type: 'array', items: this.#element(type.items, values) };
      case 'strings':
        return { type: 'array', items: this.#element({ kind: 'string' }, values) };
      case 'map':
        return { type: 'object', additionalProperties: this.#element(type.values, values) };
      case 'struct':
      case 'form':
        return this.#refer(type.name);
      case 'time':
      case 'microtime':
      case 'json':
      case 'quantity':
      case 'int-or-string':
        return this.#refer(FORM_OF[type.kind]);
      case 'string':
      case 'bool':
      case 'int32':
      case 'int64':
      case 'bytes':
        return {
          ...SCALARS[type.kind],
          ...(values === undefined ? {} : { enum: enumValues(values) }),
        };
    }
  }

  /** Of a list or a map: there is no pointer, and nothing is left out. */
  #element(type: FieldType, values: string | undefined): OpenApiSchema {
    const schema = this.#value(type, values);
    const zero = ZEROES[type.kind];
    return zero === undefined ? schema : { default: zero, ...wrapped(schema) };
  }

  #refer(name: string): OpenApiSchema {
    this.met(name);
    return { $ref: `${this.#reference}${name}` };
  }
}

/** ManagedFieldsEntry is the one that has a set of fields. */
const FIELDS = { kind: 'form', name: `${META}.FieldsV1` } as const;

/** With those of inlined structs in their place. */
const fieldsOf = ({ fields }: ApiType): readonly (TypeField & { readonly name: string })[] =>
  fields.flatMap((field) => {
    if (field.name !== undefined) return [{ ...field, name: field.name }];
    return field.type.kind === 'struct' ? fieldsOf(typeOf(field.type.name)) : [];
  });

/** A reference stands alone in OpenAPI 3.0: where something is beside it, it is wrapped. */
const wrapped = (schema: OpenApiSchema): OpenApiSchema =>
  Object.hasOwn(schema, '$ref') ? { allOf: [schema] } : schema;

const union = ({ discriminator, members }: NonNullable<ApiType['union']>): OpenApiSchema => ({
  ...(discriminator === undefined ? {} : { discriminator }),
  'fields-to-discriminateBy': members,
});

function extensions(field: TypeField): OpenApiSchema {
  const { type, listType, listMapKeys, granular, patchStrategy, patchMergeKey } = field;
  if (type.kind === 'map' || type.kind === 'struct') {
    return {
      ...(listType === 'atomic' ? ATOMIC_MAP : {}),
      ...(granular === true ? { 'x-kubernetes-map-type': 'granular' } : {}),
      ...(patchStrategy === undefined ? {} : { 'x-kubernetes-patch-strategy': patchStrategy }),
    };
  }
  return {
    ...(listType === undefined ? {} : { 'x-kubernetes-list-type': listType }),
    ...(listMapKeys === undefined ? {} : { 'x-kubernetes-list-map-keys': listMapKeys }),
    ...(patchStrategy === undefined ? {} : { 'x-kubernetes-patch-strategy': patchStrategy }),
    ...(patchMergeKey === undefined ? {} : { 'x-kubernetes-patch-merge-key': patchMergeKey }),
  };
}
