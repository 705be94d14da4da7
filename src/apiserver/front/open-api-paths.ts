/**
 * The operations on the resources of a group in one version, as both versions of OpenAPI tell them.
 * Identifiers follow upstream, since clients are generated from them (apiserver, pkg/endpoints/installer.go).
 */
import type { ResourceDefinition } from '../resources/index.ts';
import type { Verb } from '../types.ts';
import { API_RESOURCE_LIST, DELETE_OPTIONS, PATCH, STATUS, WATCH_EVENT } from './open-api-meta.ts';
import {
  capital,
  type DocumentPaths,
  groupWord,
  type Operation,
  type Path,
} from './open-api-operation.ts';
import {
  DELETE,
  DELETE_COLLECTION,
  LIST,
  NAMESPACE,
  nameOf,
  PATCHING,
  type Parameter,
  PRETTY,
  WRITE,
} from './open-api-parameters.ts';
import { discovery } from './open-api-roots.ts';
import { gvkOf, listSchemaName } from './open-api-schemas.ts';

const PATCHES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

/** What differs between a resource and its subresources. */
interface Target {
  readonly definition: ResourceDefinition;
  /** Of the kind that is read and written: a subresource may have one of its own. */
  readonly shown: ResourceDefinition;
  /** `CoreV1`. */
  readonly prefix: string;
  /** `NamespacedConfigMap`, `NodeStatus`. */
  readonly subject: string;
  readonly subresource?: string;
}

/** @param definitions of one group and version, at least one */
export function groupVersionPaths(
  root: string,
  definitions: readonly ResourceDefinition[],
): DocumentPaths {
  const [first] = definitions;
  if (first === undefined) throw new RangeError('expected at least one definition, got none');
  const group = groupWord(first.type.group);
  const prefix = `${capital(group)}${capital(first.type.version)}`;
  const paths = definitions.flatMap((definition) => [
    ...resourcePaths(root, prefix, definition),
    ...watchPaths(root, prefix, definition),
  ]);
  return {
    tag: `${group}_${first.type.version}`,
    paths: [
      discovery(`${root}/`, `get${prefix}APIResources`, 'get available resources', [
        API_RESOURCE_LIST,
      ]),
      ...paths.filter((path) => path.operations.length > 0).map(shared),
    ],
  };
}

/** What all operations of a path have is said once. */
function shared({ path, parameters, operations }: Path): Path {
  const [first, ...others] = operations;
  const all = first?.parameters.filter((one) =>
    others.every((other) => other.parameters.includes(one)),
  );
  if (all === undefined || all.length === 0) return { path, parameters, operations };
  return {
    path,
    parameters: [...parameters, ...all].sort((a, b) => (a.name < b.name ? -1 : 1)),
    operations: operations.map((operation) => ({
      ...operation,
      parameters: operation.parameters.filter((one) => !all.includes(one)),
    })),
  };
}

function resourcePaths(root: string, prefix: string, definition: ResourceDefinition): Path[] {
  const { type, subresources, verbs } = definition;
  const inNamespace = type.namespaced ? [NAMESPACE] : [];
  const collection = type.namespaced
    ? `${root}/namespaces/{namespace}/${type.resource}`
    : `${root}/${type.resource}`;
  const subject = `${type.namespaced ? 'Namespaced' : ''}${type.kind}`;
  const target: Target = { definition, shown: definition, prefix, subject };
  const item = [nameOf(type.kind), ...inNamespace, PRETTY];
  const paths: Path[] = [
    {
      path: collection,
      parameters: [...inNamespace, PRETTY],
      operations: operations(target, verbs, COLLECTION),
    },
    { path: `${collection}/{name}`, parameters: item, operations: operations(target, verbs, ITEM) },
    ...Object.entries(subresources).map(([subresource, { verbs: allowed, form }]) => ({
      path: `${collection}/{name}/${subresource}`,
      parameters: item,
      operations: operations(
        {
          ...target,
          subject: `${subject}${capital(subresource)}`,
          subresource,
          shown: form?.definition ?? definition,
        },
        allowed,
        { ...ITEM, create: posting },
      ),
    })),
  ];
  if (type.namespaced && verbs.includes('list')) {
    const everywhere = { ...target, subject: `${type.kind}ForAllNamespaces` };
    paths.push({
      path: `${root}/${type.resource}`,
      parameters: [PRETTY],
      operations: [listing(everywhere)],
    });
  }
  return paths;
}

/** The old way to a watch: `/api/v1/watch/…`. */
function watchPaths(root: string, prefix: string, { type, verbs }: ResourceDefinition): Path[] {
  if (!verbs.includes('watch')) return [];
  const { kind, resource, namespaced } = type;
  const subject = `${namespaced ? 'Namespaced' : ''}${kind}`;
  const inNamespace = namespaced ? [NAMESPACE] : [];
  const above = `${root}/watch`;
  const collection = namespaced
    ? `${above}/namespaces/{namespace}/${resource}`
    : `${above}/${resource}`;
  const one = (
    path: string,
    id: string,
    action: string,
    parameters: readonly Parameter[],
  ): Path => ({
    path,
    parameters,
    operations: [
      {
        method: 'get',
        id: `watch${prefix}${id}`,
        description: `watch ${action === 'watch' ? 'an object' : 'objects'} of kind ${kind}`,
        action,
        kind: gvkOf(type),
        parameters: LIST,
        answers: { 200: ['OK', WATCH_EVENT] },
        streams: true,
      },
    ],
  });
  return [
    one(collection, `${subject}List`, 'watchlist', [...inNamespace, PRETTY]),
    one(`${collection}/{name}`, subject, 'watch', [nameOf(kind), ...inNamespace, PRETTY]),
    ...(namespaced
      ? [one(`${above}/${resource}`, `${kind}ListForAllNamespaces`, 'watchlist', [PRETTY])]
      : []),
  ];
}

type Writer = (target: Target) => Operation;

function operations(
  target: Target,
  verbs: readonly Verb[],
  writers: Readonly<Partial<Record<Verb, Writer>>>,
): Operation[] {
  return verbs.toSorted().flatMap((verb) => {
    const write = writers[verb];
    return write === undefined ? [] : [write(target)];
  });
}

const listing: Writer = ({ definition, prefix, subject }) => ({
  method: 'get',
  id: `list${prefix}${subject}`,
  description: `list or watch objects of kind ${definition.type.kind}`,
  action: 'list',
  kind: gvkOf(definition.type),
  parameters: LIST,
  answers: { 200: ['OK', listSchemaName(definition)] },
  streams: true,
});

const COLLECTION: Readonly<Partial<Record<Verb, Writer>>> = {
  list: listing,
  create: ({ definition, prefix, subject }) => ({
    method: 'post',
    id: `create${prefix}${subject}`,
    description: `create ${article(definition.type.kind)}`,
    action: 'post',
    kind: gvkOf(definition.type),
    parameters: WRITE,
    body: definition.schema.name,
    bodyRequired: true,
    answers: {
      200: ['OK', definition.schema.name],
      201: ['Created', definition.schema.name],
      202: ['Accepted', definition.schema.name],
    },
  }),
  deletecollection: ({ definition, prefix, subject }) => ({
    method: 'delete',
    id: `delete${prefix}Collection${subject}`,
    description: `delete collection of ${definition.type.kind}`,
    action: 'deletecollection',
    kind: gvkOf(definition.type),
    parameters: DELETE_COLLECTION,
    body: DELETE_OPTIONS,
    answers: { 200: ['OK', STATUS] },
  }),
};

/** `a Node`, `an Event`. */
const article = (kind: string): string => `${/^[AEIOU]/.test(kind) ? 'an' : 'a'} ${kind}`;

/** `status of the specified Node`. */
const specified = ({ definition, subresource }: Target): string =>
  `${subresource === undefined ? '' : `${subresource} of `}the specified ${definition.type.kind}`;

const ITEM: Readonly<Partial<Record<Verb, Writer>>> = {
  get: (target) => ({
    method: 'get',
    id: `read${target.prefix}${target.subject}`,
    description: `read ${specified(target)}`,
    action: 'get',
    kind: gvkOf(target.shown.type),
    parameters: [],
    answers: { 200: ['OK', target.shown.schema.name] },
  }),
  update: (target) => ({
    method: 'put',
    id: `replace${target.prefix}${target.subject}`,
    description: `replace ${specified(target)}`,
    action: 'put',
    kind: gvkOf(target.shown.type),
    parameters: WRITE,
    body: target.shown.schema.name,
    bodyRequired: true,
    answers: written(target),
  }),
  patch: (target) => ({
    method: 'patch',
    id: `patch${target.prefix}${target.subject}`,
    description: `partially update ${specified(target)}`,
    action: 'patch',
    kind: gvkOf(target.shown.type),
    parameters: PATCHING,
    body: PATCH,
    bodyRequired: true,
    consumes: PATCHES,
    answers: written(target),
  }),
  delete: ({ definition, prefix, subject }) => {
    const { strategy, schema, type } = definition;
    // Upstream says Status of namespaces, too, and answers the namespace.
    const isTold = strategy.returnDeletedObject === true && type.kind !== 'Namespace';
    const answer = isTold ? schema.name : STATUS;
    return {
      method: 'delete',
      id: `delete${prefix}${subject}`,
      description: `delete ${article(definition.type.kind)}`,
      action: 'delete',
      kind: gvkOf(definition.type),
      parameters: DELETE,
      body: DELETE_OPTIONS,
      answers: { 200: ['OK', answer], 202: ['Accepted', answer] },
    };
  },
};

/** What is posted to an object. */
const posting: Writer = ({ definition, shown, prefix, subject, subresource }) => ({
  method: 'post',
  id: `create${prefix}${subject}`,
  description: `create ${subresource} of ${article(definition.type.kind)}`,
  action: 'post',
  kind: gvkOf(shown.type),
  parameters: WRITE,
  body: shown.schema.name,
  bodyRequired: true,
  answers: {
    200: ['OK', shown.schema.name],
    201: ['Created', shown.schema.name],
    202: ['Accepted', shown.schema.name],
  },
});

const written = ({ shown: { schema } }: Target): Operation['answers'] => ({
  200: ['OK', schema.name],
  201: ['Created', schema.name],
});
