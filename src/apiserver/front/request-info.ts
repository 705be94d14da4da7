/**
 * What a path and a method mean (apiserver, pkg/endpoints/request/requestinfo.go). Authorization and
 * dispatch both go by this one reading, so they cannot disagree.
 */
import { KubepkiError } from '../../errors.ts';
import type { FieldSelector, UserInfo } from '../../kubernetes/index.ts';
import { exactField, parseFieldSelector } from '../../kubernetes/index.ts';
import { pathSegment } from '../resources/index.ts';
import type { RequestAttributes } from '../types.ts';
import { Query } from './query.ts';

export interface RequestInfo {
  readonly isResource: boolean;
  /** Decoded, without the query. */
  readonly path: string;
  readonly query: Query;
  /** The verb of authorization; of other paths the method in lower case. Empty for an unknown method. */
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  /** From the path, or of a list or watch the one that its field selector names. */
  readonly name: string;
  /** How many parts the path has from the resource on: 1 a collection, 2 an object, 3 a subresource. */
  readonly parts: number;
  /** The resource stands below a namespace in the path. */
  readonly inNamespace: boolean;
  /** `/api/v1/watch/…`, long deprecated and still there. */
  readonly watchPrefix: boolean;
}

/** A path that cannot be read at all. `status` is the HTTP status of the answer, in plain text. */
export class UnreadablePath extends Error {
  readonly status: 400 | 500;

  constructor(status: 400 | 500, message: string) {
    super(message);
    this.status = status;
  }
}

const NAMESPACE_SUBRESOURCES = new Set(['status', 'finalize']);
const METHOD_VERBS: ReadonlyMap<string, string> = new Map([
  ['GET', 'get'],
  ['HEAD', 'get'],
  ['POST', 'create'],
  ['PUT', 'update'],
  ['PATCH', 'patch'],
  ['DELETE', 'delete'],
]);
const NOTHING = {
  group: '',
  version: '',
  namespace: '',
  resource: '',
  subresource: '',
  name: '',
  parts: 0,
  inNamespace: false,
  watchPrefix: false,
} as const;

/** @throws UnreadablePath */
export function requestInfo(method: string, url: string): RequestInfo {
  const mark = url.indexOf('?');
  const path = decoded(mark < 0 ? url : url.slice(0, mark));
  const query = new Query(mark < 0 ? '' : url.slice(mark + 1));
  const parts = splitPath(path);
  const start = resourceStart(parts);
  if (start === undefined) {
    return { isResource: false, path, query, verb: method.toLowerCase(), ...NOTHING };
  }
  const [group, version] = start === 2 ? ['', parts[1]] : [parts[1], parts[2]];
  const special = parts[start] === 'watch' || parts[start] === 'proxy' ? parts[start] : undefined;
  const rest = parts.slice(special === undefined ? start : start + 1);
  if (rest.length === 0) {
    throw new UnreadablePath(
      500,
      `Internal Server Error: ${JSON.stringify(path)}: failed to create RequestInfo: unable to determine kind and namespace from url, ${path}`,
    );
  }
  const place = placeOf(rest);
  const verb = special ?? METHOD_VERBS.get(method) ?? '';
  return {
    isResource: true,
    path,
    query,
    group: group ?? '',
    version: version ?? '',
    watchPrefix: special === 'watch',
    ...place,
    ...collectionVerb(verb, place.name, query),
  };
}

/** Where the resource begins: behind `/api/v1` or `/apis/group/version`; undefined for other paths. */
function resourceStart(parts: readonly string[]): 2 | 3 | undefined {
  if (parts[0] === 'api') return parts.length >= 3 ? 2 : undefined;
  if (parts[0] === 'apis') return parts.length >= 4 ? 3 : undefined;
  return undefined;
}

type Place = Pick<
  RequestInfo,
  'namespace' | 'resource' | 'subresource' | 'name' | 'parts' | 'inNamespace'
>;

function placeOf(parts: readonly string[]): Place {
  let own = parts;
  let namespace = '';
  let inNamespace = false;
  if (parts[0] === 'namespaces' && parts.length > 1) {
    namespace = parts[1] ?? '';
    inNamespace = parts.length > 2 && !NAMESPACE_SUBRESOURCES.has(parts[2] ?? '');
    if (inNamespace) own = parts.slice(2);
  }
  const [resource = '', name = '', subresource = ''] = own;
  return { namespace, resource, name, subresource, parts: own.length, inNamespace };
}

/** A GET without a name is a list or a watch, a DELETE without one means the collection. */
function collectionVerb(
  verb: string,
  name: string,
  query: Query,
): { readonly verb: string; readonly name: string } {
  if (name !== '') return { verb, name };
  if (verb === 'delete') return { verb: 'deletecollection', name };
  if (verb !== 'get') return { verb, name };
  return { verb: query.flag('watch') === true ? 'watch' : 'list', name: selectedName(query) };
}

function selectedName(query: Query): string {
  const selector = query.get('fieldSelector');
  if (selector === undefined || !selector.includes('metadata.name')) return '';
  try {
    const name = exactField(parseFieldSelector(selector), 'metadata.name') ?? '';
    return pathSegment(name, false).length === 0 ? name : '';
  } catch (error) {
    // What is wrong with a selector is said by who uses it.
    if (error instanceof KubepkiError) return '';
    throw error;
  }
}

function decoded(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    throw new UnreadablePath(400, '400 Bad Request: the path is not well encoded');
  }
}

function splitPath(path: string): readonly string[] {
  let start = 0;
  let end = path.length;
  while (start < end && path[start] === '/') start += 1;
  while (end > start && path[end - 1] === '/') end -= 1;
  return start === end ? [] : path.slice(start, end).split('/');
}

/** What authorization, admission and audit judge. */
export function attributesOf(info: RequestInfo, user: UserInfo): RequestAttributes {
  if (!info.isResource) return { kind: 'path', user, verb: info.verb, path: info.path };
  const { verb, group, version, resource, subresource, namespace, name } = info;
  const fieldSelector = selectorOf(info);
  return {
    kind: 'resource',
    user,
    verb,
    group,
    version,
    resource,
    subresource,
    namespace,
    name,
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
}

const SELECTING_VERBS: ReadonlySet<string> = new Set(['list', 'watch', 'deletecollection']);

/** The selector that will be applied; of the deprecated watches by path none counts, as upstream. */
function selectorOf({ verb, watchPrefix, query }: RequestInfo): FieldSelector | undefined {
  if (watchPrefix || !SELECTING_VERBS.has(verb)) return undefined;
  const text = query.get('fieldSelector') ?? '';
  if (text === '') return undefined;
  try {
    return parseFieldSelector(text);
  } catch (error) {
    // What is wrong with a selector is said by who uses it.
    if (error instanceof KubepkiError) return undefined;
    throw error;
  }
}
