/** The client interface over any transport: typed calls become requests, answers objects or errors. */
import {
  type ApiRequest,
  type ApiResponse,
  apiVersionOf,
  type Headers,
  type KubernetesObject,
  type Location,
  type ResourceType,
  resourcePath,
} from '../kubernetes/index.ts';
import { listIn, objectIn } from './answer.ts';
import { wholeBody } from './body.ts';
import { type Clock, systemClock } from './clock.ts';
import { describe, refusalOf } from './refusal.ts';
import { sendPatiently } from './retry.ts';
import type {
  CallOptions,
  DeleteCallOptions,
  KubernetesClient,
  ListCallOptions,
  Transport,
  WatchCallOptions,
} from './types.ts';
import { watchEvents } from './watch.ts';

export interface ClientOptions {
  /** Waits where the server asks to try again later; the system's unless given. */
  readonly clock?: Clock;
}

const JSON_TYPE = 'application/json';
const READ: Headers = { accept: JSON_TYPE };
const partial = (kind: string): Headers => ({
  // Who has no such thing answers the whole.
  accept: `${JSON_TYPE};as=${kind};g=meta.k8s.io;v=v1,${JSON_TYPE};q=0.9`,
});
const READ_METADATA = partial('PartialObjectMetadata');
const LIST_METADATA = partial('PartialObjectMetadataList');
const WRITE: Headers = { accept: JSON_TYPE, 'content-type': JSON_TYPE };

/**
 * A client that sends its requests through `transport`, and ends that when it is closed.
 *
 * Requests that the server asks to send later (429 or 5xx with Retry-After) are sent again up to ten
 * times, GETs also where the connection broke. Objects in answers are shared with nobody, but typed
 * read-only; a key `__proto__` in them is dropped.
 */
export function createClient(
  transport: Transport,
  { clock = systemClock }: ClientOptions = {},
): KubernetesClient {
  const send = async (request: ApiRequest): Promise<ApiResponse> =>
    sendPatiently(transport, request, clock);

  /** The body of a success. */
  const ask = async (request: ApiRequest): Promise<Uint8Array> => {
    const response = await send(request);
    const body = await untilAborted(request, wholeBody(response.body, describe(request)));
    if (response.status < 200 || response.status > 299) throw refusalOf(request, response, body);
    return body;
  };
  const askFor = async <T extends KubernetesObject>(
    type: ResourceType<T>,
    request: ApiRequest,
  ): Promise<T> => objectIn(await ask(request), request, type);

  return {
    get: async (type, location, options) =>
      askFor(type, {
        method: 'GET',
        url: resourcePath(type, location),
        headers: options?.metadataOnly === true ? READ_METADATA : READ,
        ...rest(options),
      }),

    list: async <T extends KubernetesObject>(
      type: ResourceType<T>,
      options: ListCallOptions = {},
    ) => {
      const request = {
        method: 'GET',
        url: collectionUrl(type, options, LIST_PARAMETERS),
        headers: options.metadataOnly === true ? LIST_METADATA : READ,
        ...rest(options),
      };
      return listIn(await ask(request), request, type);
    },

    create: async (type, object, options = {}) => {
      const { subresource, dryRun = false } = options;
      const { name } = object.metadata;
      const path =
        subresource === undefined
          ? resourcePath(type, namespaceOf(type, object))
          : resourcePath(type, {
              ...namespaceOf(type, object),
              subresource,
              name: nameOf(type, name),
            });
      const url = dryRun ? `${path}?dryRun=All` : path;
      return askFor(type, {
        method: 'POST',
        url,
        headers: WRITE,
        body: encode(complete(type, object)),
        ...rest(options),
      });
    },

    update: async (type, object, options = {}) => {
      const { subresource } = options;
      const location: Location = {
        ...namespaceOf(type, object),
        name: nameOf(type, object.metadata.name),
        ...(subresource === undefined ? {} : { subresource }),
      };
      return askFor(type, {
        method: 'PUT',
        url: resourcePath(type, location),
        headers: WRITE,
        body: encode(complete(type, object)),
        ...rest(options),
      });
    },

    patch: async (type, location, patch, options) =>
      askFor(type, {
        method: 'PATCH',
        url: resourcePath(type, location),
        headers: {
          ...(options.metadataOnly === true ? READ_METADATA : READ),
          'content-type': `application/${options.type}+json`,
        },
        body: encode(patch),
        ...rest(options),
      }),

    delete: async (type, location, options = {}) => {
      await ask({
        method: 'DELETE',
        url: resourcePath(type, location),
        headers: WRITE,
        ...deleteOptions(options),
        ...rest(options),
      });
    },

    deleteCollection: async (type, namespace, options = {}) => {
      await ask({
        method: 'DELETE',
        url: resourcePath(type, { namespace }),
        headers: { ...LIST_METADATA, 'content-type': JSON_TYPE },
        ...deleteOptions(options),
        ...rest(options),
      });
    },

    async *watch<T extends KubernetesObject>(type: ResourceType<T>, options: WatchCallOptions) {
      const request = {
        method: 'GET',
        url: collectionUrl(type, options, WATCH_PARAMETERS, 'watch=true'),
        headers: options.metadataOnly === true ? READ_METADATA : READ,
        ...rest(options),
      };
      const what = describe(request);
      const response = await send(request);
      if (response.status !== 200) {
        throw refusalOf(
          request,
          response,
          await untilAborted(request, wholeBody(response.body, what)),
        );
      }
      try {
        yield* watchEvents<T>(streamOf(response.body), what);
      } catch (error) {
        options.signal?.throwIfAborted();
        throw error;
      }
      options.signal?.throwIfAborted();
    },

    raw: async (request) => {
      const { status, body } = await send(request);
      return {
        status,
        body: await untilAborted(request, wholeBody(body, describe(request))),
      };
    },

    close: async () => transport.close(),
  };
}

const rest = ({ signal }: CallOptions = {}): { signal?: AbortSignal } =>
  signal === undefined ? {} : { signal };

/** What reading throws after the signal has aborted is its reason, whatever the transport makes of it. */
async function untilAborted<T>({ signal }: ApiRequest, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

async function* streamOf(body: ApiResponse['body']): AsyncGenerator<Uint8Array, void, undefined> {
  if (body instanceof Uint8Array) yield body;
  else yield* body;
}

/** Options that are query parameters under the same name. */
const SELECTORS = ['labelSelector', 'fieldSelector', 'resourceVersion'] as const;
const LIST_PARAMETERS = [...SELECTORS, 'limit', 'continue', 'resourceVersionMatch'] as const;
const WATCH_PARAMETERS = [...SELECTORS, 'allowWatchBookmarks', 'timeoutSeconds'] as const;

function collectionUrl<K extends string>(
  type: ResourceType,
  options: { readonly namespace?: string } & {
    readonly [P in K]?: string | number | boolean | undefined;
  },
  parameters: readonly K[],
  first = '',
): string {
  const { namespace } = options;
  const path = resourcePath(type, namespace === undefined ? {} : { namespace });
  const query = first === '' ? [] : [first];
  for (const key of parameters) {
    const value = options[key];
    if (value !== undefined) query.push(`${key}=${encodeURIComponent(value)}`);
  }
  return query.length === 0 ? path : `${path}?${query.join('&')}`;
}

/** @throws TypeError for a namespaced object that does not say where it belongs */
function namespaceOf(
  { namespaced, kind }: ResourceType,
  { metadata: { namespace } }: KubernetesObject,
): { namespace?: string } {
  if (!namespaced) return {};
  if (namespace === undefined || namespace === '') {
    throw new TypeError(`expected the namespace of a ${kind} in its metadata, got none`);
  }
  return { namespace };
}

function nameOf({ kind }: ResourceType, name: string | undefined): string {
  if (name === undefined || name === '') {
    throw new TypeError(`expected the name of a ${kind} in its metadata, got none`);
  }
  return name;
}

const encode = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value), 'utf8');

/** With its kind, which objects out of a list have not. */
const complete = <T extends KubernetesObject>(type: ResourceType<T>, object: T): T =>
  object.apiVersion !== undefined && object.kind !== undefined
    ? object
    : { ...object, apiVersion: apiVersionOf(type), kind: type.kind };

function deleteOptions({
  preconditions,
  gracePeriodSeconds,
  propagationPolicy,
}: DeleteCallOptions): { body?: Uint8Array } {
  if (
    preconditions === undefined &&
    gracePeriodSeconds === undefined &&
    propagationPolicy === undefined
  )
    return {};
  return {
    body: encode({
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      preconditions,
      gracePeriodSeconds,
      propagationPolicy,
    }),
  };
}
