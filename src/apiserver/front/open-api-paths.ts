/**
 * The operations on the resources of a group in one version, as both versions of OpenAPI tell them.
 * Identifiers follow upstream, since clients are generated from them (apiserver, pkg/endpoints/installer.go).
 */
import type { ResourceType } from '../../kubernetes/index.ts';
import type { ResourceDefinition } from '../resources/index.ts';
import type { Verb } from '../types.ts';
import { API_RESOURCE_LIST, DELETE_OPTIONS, PATCH, STATUS } from './open-api-meta.ts';
import {
  DELETE,
  DELETE_COLLECTION,
  LIST,
  NAMESPACE,
  nameOf,
  type Parameter,
  PRETTY,
  WRITE,
} from './open-api-parameters.ts';
import { type GroupVersionKind, gvkOf, listSchemaName } from './open-api-schemas.ts';

export type Method = 'get' | 'put' | 'post' | 'delete' | 'patch';

export interface Operation {
  readonly method: Method;
  readonly id: string;
  readonly description: string;
  /** `x-kubernetes-action`; absent for discovery, as the next. */
  readonly action?: string;
  readonly kind?: GroupVersionKind;
  readonly parameters: readonly Parameter[];
  /** The schema of the body. */
  readonly body?: string;
  readonly bodyRequired?: boolean;
  /** Media types of the body; absent for any. */
  readonly consumes?: readonly string[];
  /** Successes: what they are called and the schema of their body, by status. */
  readonly answers: Readonly<Record<string, readonly [string, string]>>;
  /** Answers a watch, too. */
  readonly streams?: boolean;
}

export interface Path {
  readonly path: string;
  /** Of all operations. */
  readonly parameters: readonly Parameter[];
  readonly operations: readonly Operation[];
}

export interface GroupVersionPaths {
  /** `core_v1`. */
  readonly tag: string;
  readonly paths: readonly Path[];
}

const PATCHES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

/** What differs between a resource and its subresources. */
interface Target {
  readonly definition: ResourceDefinition;
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
): GroupVersionPaths {
  const [first] = definitions;
  if (first === undefined) throw new RangeError('expected at least one definition, got none');
  const group = groupWord(first.type);
  const prefix = `${capital(group)}${capital(first.type.version)}`;
  const paths = definitions.flatMap((definition) => resourcePaths(root, prefix, definition));
  return {
    tag: `${group}_${first.type.version}`,
    paths: [
      { path: `${root}/`, parameters: [], operations: [discovery(prefix)] },
      ...paths.filter((path) => path.operations.length > 0),
    ],
  };
}

const discovery = (prefix: string): Operation => ({
  method: 'get',
  id: `get${prefix}APIResources`,
  description: 'get available resources',
  parameters: [],
  answers: { 200: ['OK', API_RESOURCE_LIST] },
});

/** `rbac.authorization.k8s.io` is `rbacAuthorization`. */
function groupWord({ group }: ResourceType): string {
  if (group === '') return 'core';
  const [first = '', ...rest] = group.replace(/\.k8s\.io$/, '').split('.');
  return [first, ...rest.map(capital)].join('');
}

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

function resourcePaths(root: string, prefix: string, definition: ResourceDefinition): Path[] {
  const { type, subresources, verbs } = definition;
  const inNamespace = type.namespaced ? [NAMESPACE] : [];
  const collection = type.namespaced
    ? `${root}/namespaces/{namespace}/${type.resource}`
    : `${root}/${type.resource}`;
  const subject = `${type.namespaced ? 'Namespaced' : ''}${type.kind}`;
  const target: Target = { definition, prefix, subject };
  const item = [nameOf(type.kind), ...inNamespace, PRETTY];
  const paths: Path[] = [
    {
      path: collection,
      parameters: [...inNamespace, PRETTY],
      operations: operations(target, verbs, COLLECTION),
    },
    { path: `${collection}/{name}`, parameters: item, operations: operations(target, verbs, ITEM) },
    ...Object.entries(subresources).map(([subresource, { verbs: allowed }]) => ({
      path: `${collection}/{name}/${subresource}`,
      parameters: item,
      operations: operations(
        { ...target, subject: `${subject}${capital(subresource)}`, subresource },
        allowed,
        ITEM,
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
    kind: gvkOf(target.definition.type),
    parameters: [],
    answers: { 200: ['OK', target.definition.schema.name] },
  }),
  update: (target) => ({
    method: 'put',
    id: `replace${target.prefix}${target.subject}`,
    description: `replace ${specified(target)}`,
    action: 'put',
    kind: gvkOf(target.definition.type),
    parameters: WRITE,
    body: target.definition.schema.name,
    bodyRequired: true,
    answers: written(target),
  }),
  patch: (target) => ({
    method: 'patch',
    id: `patch${target.prefix}${target.subject}`,
    description: `partially update ${specified(target)}`,
    action: 'patch',
    kind: gvkOf(target.definition.type),
    parameters: WRITE,
    body: PATCH,
    bodyRequired: true,
    consumes: PATCHES,
    answers: written(target),
  }),
  delete: ({ definition, prefix, subject }) => {
    const answer =
      definition.strategy.returnDeletedObject === true ? definition.schema.name : STATUS;
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

const written = ({ definition: { schema } }: Target): Operation['answers'] => ({
  200: ['OK', schema.name],
  201: ['Created', schema.name],
});
