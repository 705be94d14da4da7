/** From what a request is about to the resource that serves it, or the refusal of what is not served. */
import { goQuote, StatusError } from '../../kubernetes/index.ts';
import { pathSegment, type ResourceDefinition } from '../resources/index.ts';
import type { Verb } from '../types.ts';
import { methodNotAllowed, resourceNotFound } from './answers.ts';
import type { RequestInfo } from './request-info.ts';

/** A resource and a verb that it serves. */
export interface Route {
  readonly definition: ResourceDefinition;
  readonly verb: Verb;
  /** Absent for the object itself. */
  readonly subresource?: string;
}

/** The kind in which a route reads and answers: a subresource may have one of its own. */
export const shownAs = ({ definition, subresource = '' }: Route): ResourceDefinition =>
  (Object.hasOwn(definition.subresources, subresource)
    ? definition.subresources[subresource]?.form?.definition
    : undefined) ?? definition;

export interface Routes {
  /** Whether anything of an API group is served. */
  hasGroup(group: string): boolean;
  /** For metrics, which count what is served only. */
  definition(info: RequestInfo): ResourceDefinition | undefined;
  /**
   * @param method of HTTP: a HEAD is judged as a GET by authorization and served by nobody
   * @throws StatusError NotFound, MethodNotAllowed as kube-apiserver's router answers; BadRequest for a name that no object has
   */
  find(method: string, info: RequestInfo): Route;
}

export function createRoutes(definitions: readonly ResourceDefinition[]): Routes {
  const groups = new Set(definitions.map(({ type }) => type.group));
  const byKey = new Map(
    definitions.map((definition) => [
      keyOf(definition.type.group, definition.type.version, definition.type.resource),
      definition,
    ]),
  );
  const definition = ({ group, version, resource }: RequestInfo): ResourceDefinition | undefined =>
    byKey.get(keyOf(group, version, resource));
  return {
    hasGroup: (group) => groups.has(group),
    definition,
    find(method, info) {
      const found = definition(info);
      if (found === undefined || info.parts > 3) throw resourceNotFound();
      return routeTo(found, method, info);
    },
  };
}

/** A space stands in no part of it. */
const keyOf = (group: string, version: string, resource: string): string =>
  `${group} ${version} ${resource}`;

function routeTo(definition: ResourceDefinition, method: string, info: RequestInfo): Route {
  const { namespaced } = definition.type;
  const acrossNamespaces = namespaced && !info.inNamespace;
  if (info.inNamespace && !namespaced) throw resourceNotFound();
  if (acrossNamespaces && info.parts > 1) throw resourceNotFound();
  // What is answered and not stored has one path.
  if (definition.path === undefined && (acrossNamespaces || info.parts > 1)) {
    throw resourceNotFound();
  }
  const { subresource } = info;
  const verbs = verbsOf(definition, info);
  const verb = verbs.find((one) => one === info.verb);
  const isRead = verb === 'list' || verb === 'watch';
  if (verb === undefined || method === 'HEAD' || (acrossNamespaces && !isRead)) {
    throw methodNotAllowed();
  }
  if (info.watchPrefix && method !== 'GET') throw methodNotAllowed();
  if (!fits(verb, info)) throw methodNotAllowed();
  checkName(info);
  return { definition, verb, ...(subresource === '' ? {} : { subresource }) };
}

function verbsOf(definition: ResourceDefinition, { subresource }: RequestInfo): readonly Verb[] {
  if (subresource === '') return definition.verbs;
  const found = Object.hasOwn(definition.subresources, subresource)
    ? definition.subresources[subresource]
    : undefined;
  if (found === undefined) throw resourceNotFound();
  return found.verbs;
}

/** What has no name in its path is a collection, and the other way round. */
function fits(verb: Verb, { parts, watchPrefix, subresource }: RequestInfo): boolean {
  switch (verb) {
    case 'create':
      return subresource === '' ? parts === 1 : parts === 3;
    case 'list':
    case 'deletecollection':
      return parts === 1;
    case 'watch':
      return parts === 1 || (watchPrefix && parts === 2);
    case 'get':
    case 'update':
    case 'patch':
    case 'delete':
      return parts > 1;
  }
}

/** What an object or a namespace cannot be called must not reach the storage's keys. */
function checkName({ name, namespace }: RequestInfo): void {
  for (const segment of [name, namespace]) {
    const [problem] = segment === '' ? [] : pathSegment(segment, false);
    if (problem !== undefined) {
      throw StatusError.of(
        'BadRequest',
        `Name parameter invalid: ${goQuote(segment.slice(0, 253))}: ${problem}`,
      );
    }
  }
}
