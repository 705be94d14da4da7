/** The schemas of a document: the objects of definitions, their lists, and what goes with them, with words. */
import type { ResourceType } from '../../kubernetes/index.ts';
import { type OpenApiSchema, openApiSchemas, type ResourceDefinition } from '../resources/index.ts';
import { describeField, describeSchema } from './open-api-describe.ts';
import {
  API_RESOURCE_LIST,
  DELETE_OPTIONS,
  LIST_META,
  metaSchemas,
  STATUS,
  WATCH_EVENT,
} from './open-api-meta.ts';

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
 * Everything that operations on these resources speak of, sorted by name.
 *
 * @param reference what stands before a name in a `$ref`: `#/components/schemas/`
 */
export function documentSchemas(
  definitions: readonly ResourceDefinition[],
  reference: string,
): Readonly<Record<string, OpenApiSchema>> {
  const schemas = new Map<string, OpenApiSchema>();
  const objects = openApiSchemas(
    definitions.map(({ schema }) => schema),
    reference,
  );
  for (const [name, schema] of objects) schemas.set(name, described(name, schema));
  for (const definition of definitions) {
    const { schema, type, verbs, listKind } = definition;
    schemas.set(schema.name, { ...schemas.get(schema.name), [GVK]: [gvkOf(type)] });
    if (!verbs.includes('list')) continue;
    schemas.set(listSchemaName(definition), listSchema(definition, listKind, reference));
  }
  const stored = definitions.some(({ verbs }) => verbs.includes('list'));
  for (const [name, schema] of metaSchemas(reference, stored)) {
    schemas.set(name, { ...schema, ...metaKinds(name, definitions) });
  }
  return Object.fromEntries([...schemas].toSorted(([a], [b]) => (a < b ? -1 : 1)));
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

function listSchema(
  { schema, type }: ResourceDefinition,
  listKind: string,
  reference: string,
): OpenApiSchema {
  return {
    description: `A list of objects of the kind ${type.kind}.`,
    type: 'object',
    required: ['items'],
    properties: {
      kind: { description: `${listKind}.`, type: 'string' },
      apiVersion: {
        description: 'The group and version in which the items are written.',
        type: 'string',
      },
      metadata: {
        description: 'What the list has beside its items.',
        allOf: [{ $ref: `${reference}${LIST_META}` }],
      },
      items: {
        description: 'The objects.',
        type: 'array',
        items: { allOf: [{ $ref: `${reference}${schema.name}` }] },
      },
    },
    [GVK]: [{ ...gvkOf(type), kind: listKind }],
  };
}

/** Options and events exist in each group, the others in the core group. */
function metaKinds(name: string, definitions: readonly ResourceDefinition[]): OpenApiSchema {
  const kind = name.slice(name.lastIndexOf('.') + 1);
  if (name === STATUS || name === API_RESOURCE_LIST) {
    return { [GVK]: [{ group: '', version: 'v1', kind }] };
  }
  if (name !== DELETE_OPTIONS && name !== WATCH_EVENT) return {};
  const versions = new Map(
    [{ group: '', version: 'v1' }, ...definitions.map(({ type }) => type)].map(
      ({ group, version }) => [`${group}/${version}`, { group, version, kind }],
    ),
  );
  return { [GVK]: [...versions.values()] };
}
