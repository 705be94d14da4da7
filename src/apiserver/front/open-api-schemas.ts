/** The schemas of a document: everything that its operations speak of, with words. */
import type { ResourceType } from '../../kubernetes/index.ts';
import { type OpenApiSchema, openApiSchemas, type ResourceDefinition } from '../resources/index.ts';
import { describeField, describeSchema } from './open-api-describe.ts';
import { KINDS_OF_ALL, KINDS_OF_CORE, OTHER_SCHEMAS } from './open-api-meta.ts';
import type { Path } from './open-api-operation.ts';

/** Which kind of the API a schema or an operation is about; Go compares the three texts. */
export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

export const GVK = 'x-kubernetes-group-version-kind';

export const gvkOf = ({ group, version, kind }: ResourceType): GroupVersionKind => ({
  group,
  version,
  kind,
});

/** The name of the schema of a resource's lists. */
export const listSchemaName = ({ schema, listKind }: ResourceDefinition): string =>
  schema.name.replace(/[^.]+$/, listKind);

/**
 * Everything that these operations speak of, sorted by name.
 *
 * @param definitions of what the document is about: options are kinds of each of its groups
 * @param reference what stands before a name in a `$ref`: `#/components/schemas/`
 */
export function documentSchemas(
  paths: readonly Path[],
  definitions: readonly ResourceDefinition[],
  reference: string,
): Readonly<Record<string, OpenApiSchema>> {
  const spoken = new Set(
    paths.flatMap(({ operations }) =>
      operations.flatMap(({ body, answers }) => [
        ...(body === undefined ? [] : [body]),
        ...Object.values(answers).map(([, schema]) => schema),
      ]),
    ),
  );
  const others = [...OTHER_SCHEMAS].filter(([name]) => spoken.delete(name));
  const kinds = kindsOf(definitions);
  return Object.fromEntries(
    [...openApiSchemas(spoken, definitions, reference), ...others]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, schema]) => {
        const of = kinds(name);
        return [name, { ...described(name, schema), ...(of === undefined ? {} : { [GVK]: of }) }];
      }),
  );
}

/** Which kinds of the API a schema is of; undefined for a part of an object. */
function kindsOf(
  definitions: readonly ResourceDefinition[],
): (name: string) => readonly GroupVersionKind[] | undefined {
  const known = new Map<string, readonly GroupVersionKind[]>();
  const versions = new Map<string, Omit<GroupVersionKind, 'kind'>>([
    ['/v1', { group: '', version: 'v1' }],
  ]);
  for (const definition of definitions) {
    const { schema, type, listKind, verbs } = definition;
    const { group, version } = type;
    versions.set(`${group}/${version}`, { group, version });
    known.set(schema.name, [gvkOf(type)]);
    for (const { form } of Object.values(definition.subresources)) {
      if (form !== undefined) known.set(form.definition.schema.name, [gvkOf(form.definition.type)]);
    }
    if (!verbs.includes('list')) continue;
    known.set(listSchemaName(definition), [{ ...gvkOf(type), kind: listKind }]);
  }
  return (name) => {
    const kind = name.slice(name.lastIndexOf('.') + 1);
    if (KINDS_OF_CORE.has(name)) return [{ group: '', version: 'v1', kind }];
    if (KINDS_OF_ALL.has(name)) return [...versions.values()].map((one) => ({ ...one, kind }));
    return known.get(name);
  };
}

function described(name: string, schema: OpenApiSchema): OpenApiSchema {
  const description = describeSchema(name);
  const { properties } = schema;
  return {
    ...(description === undefined ? {} : { description }),
    ...schema,
    ...(isRecord(properties) ? { properties: describedProperties(name, properties) } : {}),
  };
}

const describedProperties = (name: string, properties: OpenApiSchema): OpenApiSchema =>
  Object.fromEntries(
    Object.entries(properties).map(([field, type]) => {
      const description = describeField(name, field);
      return [
        field,
        description === undefined || !isRecord(type) ? type : { description, ...type },
      ];
    }),
  );

const isRecord = (value: unknown): value is OpenApiSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
