/** GET of resources: one object, a list, a watch. */
import { type ApiResponse, formatFieldSelector } from '../../kubernetes/index.ts';
import {
  encodeList,
  encodeListProtobuf,
  type ListRequest,
  type ObjectKey,
  protobufOf,
  type Registry,
  type Served,
  type ServedEvent,
  type ServedList,
  type WatchRequest,
  withoutProtobuf,
} from '../registry/index.ts';
import { forbidden, type ResourceDefinition } from '../resources/index.ts';
import { readyAnswer, valueAnswer, wantsPretty } from './answers.ts';
import { type Exchange, header } from './exchange.ts';
import type { Metrics, Subject } from './metrics.ts';
import {
  negotiateResource,
  negotiateWatch,
  type Representation,
  WATCH_MEDIA_TYPES,
} from './negotiate.ts';
import { refuseOptions } from './options.ts';
import type { Query } from './query.ts';
import { type Route, shownAs } from './routes.ts';
import { convertList, convertObject, eventConverter } from './tables.ts';
import { Turns } from './turns.ts';

export interface ReadContext {
  readonly registry: Registry;
  readonly metrics: Metrics;
  readonly now: () => Date;
}

/** How the answer to a request is to look. */
export function representationOf({ request, info }: Exchange): Representation {
  const found = negotiateResource(header(request, 'accept'), info.verb === 'list');
  return wantsPretty(request, info.query) ? { ...found, pretty: true } : found;
}

export const objectKey = ({ type }: ResourceDefinition, { info }: Exchange): ObjectKey =>
  type.namespaced ? { namespace: info.namespace, name: info.name } : { name: info.name };

/**
 * Before anything is done, of a resource without protobuf. A deletion mostly answers a Status, which has one,
 * and what is asked for as nothing but metadata, too.
 *
 * @throws StatusError NotAcceptable
 */
export function refuseProtobuf(exchange: Exchange, { verb }: Route): void {
  if (verb === 'delete') return;
  const { format, conversion } =
    verb === 'watch'
      ? negotiateWatch(header(exchange.request, 'accept'))
      : representationOf(exchange);
  if (format === 'protobuf' && conversion === undefined) throw withoutProtobuf();
}

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
  if (conversion === undefined) {
    const ready = {
      json: () => served.bytes,
      protobuf: () => protobufOf(definition, served),
    };
    return await readyAnswer(status, ready, representation);
  }
  const converted = convertObject(definition, served, conversion, info.query, now());
  return await valueAnswer(status, converted, representation);
}

/** A list in the representation that the client wants. */
export async function listAnswer(
  definition: ResourceDefinition,
  list: ServedList,
  { info }: Exchange,
  representation: Representation,
  now: () => Date,
): Promise<ApiResponse> {
  const { conversion } = representation;
  if (conversion === undefined) {
    const ready = {
      json: () => encodeList(definition, list),
      protobuf: () => encodeListProtobuf(definition, list),
    };
    return await readyAnswer(200, ready, representation);
  }
  const converted = convertList(definition, list, conversion, info.query, now());
  return await valueAnswer(200, converted, representation);
}

export async function getObject(
  { registry, now }: ReadContext,
  exchange: Exchange,
  route: Route,
): Promise<ApiResponse> {
  const { definition, subresource } = route;
  const representation = representationOf(exchange);
  const resourceVersion = exchange.info.query.get('resourceVersion');
  const served = await registry.get(definition, objectKey(definition, exchange), {
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(subresource === undefined ? {} : { subresource }),
  });
  return await objectAnswer(200, shownAs(route), served, exchange, representation, now);
}

export async function listObjects(
  { registry, now }: ReadContext,
  exchange: Exchange,
  { definition }: Route,
): Promise<ApiResponse> {
  const representation = representationOf(exchange);
  const list = await registry.list(definition, listRequest(exchange));
  return await listAnswer(definition, list, exchange, representation, now);
}

/** Answers at once; the events come as they happen. */
export function watchObjects(
  { registry, metrics, now }: ReadContext,
  exchange: Exchange,
  { definition }: Route,
  subject: Subject,
): ApiResponse {
  const { request, info } = exchange;
  const { conversion, format } = negotiateWatch(header(request, 'accept'));
  const write =
    conversion === undefined
      ? EVENT_WRITERS[format]
      : eventConverter(definition, conversion, format, info.query, now);
  const { guard } = exchange;
  const signal = guard?.signal(request.signal) ?? request.signal ?? new AbortController().signal;
  const events = registry.watch(definition, watchRequest(exchange), signal);
  return {
    status: 200,
    headers: { 'content-type': WATCH_MEDIA_TYPES[format] },
    body: pieces(events, write, () => {
      const counted = metrics.watcher(subject);
      const watching = exchange.slot.watching();
      const held = guard?.hold();
      return () => {
        counted();
        watching();
        held?.();
      };
    }),
  };
}

type EventWriter = (event: ServedEvent) => Uint8Array;

const EVENT_WRITERS: Readonly<Record<keyof typeof WATCH_MEDIA_TYPES, EventWriter>> = {
  json: ({ line }) => line,
  protobuf: ({ frame }) => frame,
};

/** Watchers that are written to in one turn: about a millisecond of work. */
const turns = new Turns(32);

/** Bytes of a piece, unless one event has more: what a client does not read stands in memory. */
const PIECE = 1024 * 1024;

/** One piece for each batch, several for one that is large. */
async function* pieces(
  events: AsyncIterable<readonly ServedEvent[]>,
  write: EventWriter,
  begin: () => () => void,
): AsyncGenerator<Uint8Array> {
  const end = begin();
  try {
    for await (const batch of events) {
      await turns.pass();
      let parts: Uint8Array[] = [];
      let bytes = 0;
      for (const event of batch) {
        const part = write(event);
        if (bytes + part.length > PIECE && parts.length > 0) {
          yield joined(parts);
          parts = [];
          bytes = 0;
        }
        parts.push(part);
        bytes += part.length;
      }
      if (parts.length > 0) yield joined(parts);
    }
  } finally {
    end();
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  return only !== undefined && parts.length === 1 ? only : Buffer.concat(parts);
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
