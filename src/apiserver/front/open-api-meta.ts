/** Schemas of what requests and answers carry beside the objects (apimachinery, meta/v1/types.go). */
import type { OpenApiSchema } from '../resources/index.ts';

const META = 'io.k8s.apimachinery.pkg.apis.meta.v1';

/** Names of schemas that operations speak of. */
export const STATUS = `${META}.Status`;
export const LIST_META = `${META}.ListMeta`;
export const DELETE_OPTIONS = `${META}.DeleteOptions`;
export const PATCH = `${META}.Patch`;
export const WATCH_EVENT = `${META}.WatchEvent`;
export const API_RESOURCE_LIST = `${META}.APIResourceList`;
const PRECONDITIONS = `${META}.Preconditions`;
const STATUS_DETAILS = `${META}.StatusDetails`;
const STATUS_CAUSE = `${META}.StatusCause`;
const API_RESOURCE = `${META}.APIResource`;
const RAW_EXTENSION = 'io.k8s.apimachinery.pkg.runtime.RawExtension';

const STRING = { type: 'string' };
const BOOLEAN = { type: 'boolean' };
const int = (bits: 32 | 64) => ({ type: 'integer', format: `int${bits}` });
const atomic = (items: OpenApiSchema) => ({
  type: 'array',
  items,
  'x-kubernetes-list-type': 'atomic',
});

type Properties = Readonly<Record<string, readonly [OpenApiSchema, string]>>;

const TYPE_META: Properties = {
  kind: [STRING, 'What sort of object it is, in CamelCase.'],
  apiVersion: [STRING, 'The group and version in which the object is written.'],
};

function schema(
  description: string,
  properties: Properties,
  required: readonly string[] = [],
): OpenApiSchema {
  return {
    description,
    type: 'object',
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, [type, words]]) => [
        name,
        { description: words, ...type },
      ]),
    ),
  };
}

/**
 * The schemas by name.
 *
 * @param reference what stands before a name in a `$ref`
 * @param stored whether anything can be listed, deleted and so on
 */
export function metaSchemas(
  reference: string,
  stored: boolean,
): ReadonlyMap<string, OpenApiSchema> {
  const ref = (name: string): OpenApiSchema => ({ allOf: [{ $ref: `${reference}${name}` }] });
  if (!stored) return new Map(discovery(ref));
  return new Map([
    [LIST_META, listMeta()],
    ...deletion(ref),
    ...status(ref),
    ...watching(ref),
    ...discovery(ref),
    [PATCH, { description: 'A patch, as the media type of the body says.', type: 'object' }],
  ]);
}

type Reference = (name: string) => OpenApiSchema;
type Named = readonly (readonly [string, OpenApiSchema])[];

const listMeta = (): OpenApiSchema =>
  schema('What a list has beside its items.', {
    selfLink: [STRING, 'No longer set by the server.'],
    resourceVersion: [STRING, 'The version of the list, from which a watch may go on.'],
    continue: [STRING, 'What to ask for the next part with; empty for the last.'],
    remainingItemCount: [int(64), 'How many items are still to come, where it is known.'],
  });

const deletion = (ref: Reference): Named => [
  [
    DELETE_OPTIONS,
    schema('How something is to be deleted.', {
      ...TYPE_META,
      gracePeriodSeconds: [int(64), 'How many seconds it is given to end by itself; 0 for none.'],
      preconditions: [ref(PRECONDITIONS), 'What must be true, or else nothing is deleted (409).'],
      orphanDependents: [BOOLEAN, 'Replaced by `propagationPolicy`.'],
      propagationPolicy: [
        STRING,
        'What becomes of those that depend on it: Orphan, Background or Foreground.',
      ],
      dryRun: [atomic(STRING), 'All: nothing is stored.'],
    }),
  ],
  [
    PRECONDITIONS,
    schema('What must be true of an object.', {
      uid: [STRING, 'Its UID.'],
      resourceVersion: [STRING, 'Its resource version.'],
    }),
  ],
];

const status = (ref: Reference): Named => [
  [
    STATUS,
    schema('The answer that is no object: a failure, or a success without one.', {
      ...TYPE_META,
      metadata: [ref(LIST_META), 'Of no meaning here.'],
      status: [STRING, 'Success or Failure.'],
      message: [STRING, 'What happened, for people.'],
      reason: [STRING, 'Why it failed, in one word for programs, such as NotFound.'],
      details: [ref(STATUS_DETAILS), 'What belongs to the reason.'],
      code: [int(32), 'The HTTP status.'],
    }),
  ],
  [
    STATUS_DETAILS,
    schema('What belongs to the reason of a failure.', {
      name: [STRING, 'The name of the object in question.'],
      group: [STRING, 'The group of the resource.'],
      kind: [STRING, 'The kind or the resource.'],
      uid: [STRING, 'The UID of the object.'],
      causes: [atomic(ref(STATUS_CAUSE)), 'What is wrong, one by one.'],
      retryAfterSeconds: [int(32), 'After how many seconds to try again.'],
    }),
  ],
  [
    STATUS_CAUSE,
    schema('One thing that is wrong.', {
      reason: [STRING, 'What, in one word for programs.'],
      message: [STRING, 'What, for people.'],
      field: [STRING, 'The path of the field in question.'],
    }),
  ],
];

const watching = (ref: Reference): Named => [
  [
    WATCH_EVENT,
    schema(
      'One line of a watch.',
      {
        type: [STRING, 'ADDED, MODIFIED, DELETED, BOOKMARK or ERROR.'],
        object: [
          ref(RAW_EXTENSION),
          'The object as it is now or, when deleted, was last; of a bookmark one with nothing but a resource version; of an error a Status.',
        ],
      },
      ['type', 'object'],
    ),
  ],
  [RAW_EXTENSION, { description: 'An object of any kind.', type: 'object' }],
];

const discovery = (ref: Reference): Named => [
  [
    API_RESOURCE_LIST,
    schema(
      'The resources of a group in one version.',
      {
        ...TYPE_META,
        groupVersion: [STRING, 'The group and version.'],
        resources: [atomic(ref(API_RESOURCE)), 'The resources.'],
      },
      ['groupVersion', 'resources'],
    ),
  ],
  [
    API_RESOURCE,
    schema(
      'A resource or a subresource.',
      {
        name: [STRING, 'Its plural name, as paths have it.'],
        singularName: [STRING, 'Its name in the singular.'],
        namespaced: [BOOLEAN, 'Whether its objects are in namespaces.'],
        group: [STRING, 'The group of its objects, where it is another one.'],
        version: [STRING, 'The version of its objects, where it is another one.'],
        kind: [STRING, 'The kind of its objects.'],
        verbs: [{ type: 'array', items: STRING }, 'What can be done with it.'],
        shortNames: [atomic(STRING), 'Short names for the command line.'],
        categories: [atomic(STRING), 'Names of groups of resources that it is in, such as all.'],
        storageVersionHash: [STRING, 'Changes with the version in which objects are stored.'],
      },
      ['name', 'singularName', 'namespaced', 'kind', 'verbs'],
    ),
  ],
];
