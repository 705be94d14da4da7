/** GET of resources: one object, a list, a watch. */
import { type ApiResponse, formatFieldSelector } from '../../kubernetes/index.ts';
import {
  encodeList,
  type ListRequest,
  type ObjectKey,
  type Registry,
  type Served,
  type ServedEvent,
  type WatchRequest,
} from '../registry/index.ts';
import { forbidden, type ResourceDefinition } from '../resources/index.ts';
import { bytesAnswer, valueAnswer, wantsPretty } from './answers.ts';
import { type Exchange, header } from './exchange.ts';
import type { Metrics, Subject } from './metrics.ts';
import {
  MEDIA_TYPES,
  negotiateResource,
  negotiateWatch,
  type Representation,
} from './negotiate.ts';
import { refuseOptions } from './options.ts';
import type { Query } from './query.ts';
import type { Route } from './routes.ts';
import { convertList, convertObject, eventConverter } from './tables.ts';

export interface ReadContext {
  readonly registry: Registry;
  readonly metrics: Metrics;
  readonly now: () => Date;
}

/** How the answer to a request is to look. */
export function representationOf({ request, info }: Exchange): Representation {
  const found = negotiateResource(header(request, 'accept'));
  return wantsPretty(request, info.query) ? { ...found, pretty: true } : found;
}

export const objectKey = ({ type }: ResourceDefinition, { info }: Exchange): ObjectKey =>
  type.namespaced ? { namespace: info.namespace, name: info.name } : { name: info.name };

/** An object in the representation that the client wants. */
export async function objectAnswer(
  status: number,
  definition: ResourceDefinition,
  served: Served,
  { info }: Exchange,
  representation: Representation,
  now: () => Date,
): Promise<ApiResponse> {
  const { conversion } = representation;
  if (conversion === undefined) return await bytesAnswer(status, served.bytes, representation);
  const converted = convertObject(definition, served, conversion, info.query, now());
  return await valueAnswer(status, converted, representation);
}

export async function getObject(
  { registry, now }: ReadContext,
  exchange: Exchange,
  { definition }: Route,
): Promise<ApiResponse> {
  const representation = representationOf(exchange);
  const resourceVersion = exchange.info.query.get('resourceVersion');
  const served = await registry.get(
    definition,
    objectKey(definition, exchange),
    resourceVersion === undefined ? {} : { resourceVersion },
  );
  return await objectAnswer(200, definition, served, exchange, representation, now);
}

export async function listObjects(
  { registry, now }: ReadContext,
  exchange: Exchange,
  { definition }: Route,
): Promise<ApiResponse> {
  const representation = representationOf(exchange);
  const list = await registry.list(definition, listRequest(exchange));
  const { conversion } = representation;
  if (conversion === undefined) {
    return await bytesAnswer(200, encodeList(definition, list), representation);
  }
  const converted = convertList(definition, list, conversion, exchange.info.query, now());
  return await valueAnswer(200, converted, representation);
}

/** Answers at once; the events come as they happen. */
export function watchObjects(
  { registry, metrics, now }: ReadContext,
  exchange: Exchange,
  { definition }: Route,
  subject: Subject,
): ApiResponse {
  const { request, info } = exchange;
  const { conversion } = negotiateWatch(header(request, 'accept'));
  const convert =
    conversion === undefined ? undefined : eventConverter(definition, conversion, info.query, now);
  const signal = request.signal ?? new AbortController().signal;
  const events = registry.watch(definition, watchRequest(exchange), signal);
  return {
    status: 200,
    headers: { 'content-type': MEDIA_TYPES.json },
    body: lines(events, convert, () => metrics.watcher(subject)),
  };
}

/** One piece for each batch. */
async function* lines(
  events: AsyncIterable<readonly ServedEvent[]>,
  convert: ((event: ServedEvent) => Uint8Array) | undefined,
  begin: () => () => void,
): AsyncGenerator<Uint8Array> {
  const end = begin();
  try {
    for await (const batch of events) {
      const parts = batch.map((event) => convert?.(event) ?? event.line);
      const [only] = parts;
      if (only !== undefined) yield parts.length === 1 ? only : Buffer.concat(parts);
    }
  } finally {
    end();
  }
}

/** Leaves out what the query does not say. */
function texts<K extends string>(
  query: Query,
  names: readonly K[],
): { readonly [name in K]?: string } {
  const found: { [name in K]?: string } = {};
  for (const name of names) {
    const value = query.get(name);
    if (value !== undefined) found[name] = value;
  }
  return found;
}

const namespaceOf = ({
  inNamespace,
  namespace,
}: Exchange['info']): { readonly namespace?: string } => (inNamespace ? { namespace } : {});

/** @throws StatusError BadRequest, Invalid */
export function listRequest({ info }: Exchange): ListRequest {
  const { query } = info;
  if (query.get('sendInitialEvents') !== undefined) {
    refuseOptions('ListOptions', [
      forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'),
    ]);
  }
  const limit = query.integer('limit');
  return {
    ...namespaceOf(info),
    ...texts(query, [
      'labelSelector',
      'fieldSelector',
      'continue',
      'resourceVersion',
      'resourceVersionMatch',
    ]),
    ...(limit === undefined ? {} : { limit }),
  };
}

/** @throws StatusError BadRequest */
function watchRequest({ info }: Exchange): WatchRequest {
  const { query } = info;
  const timeoutSeconds = query.integer('timeoutSeconds');
  const allowWatchBookmarks = query.flag('allowWatchBookmarks');
  const sendInitialEvents = query.flag('sendInitialEvents');
  return {
    ...namespaceOf(info),
    ...texts(query, ['labelSelector', 'fieldSelector', 'resourceVersion', 'resourceVersionMatch']),
    // `/watch/…/name` is a watch of one object.
    ...(info.parts === 2
      ? {
          fieldSelector: formatFieldSelector([
            { field: 'metadata.name', operator: '=', value: info.name },
          ]),
        }
      : {}),
    ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }),
    ...(allowWatchBookmarks === undefined ? {} : { allowWatchBookmarks }),
    ...(sendInitialEvents === undefined ? {} : { sendInitialEvents }),
  };
}
