/** Paths that are no resources: discovery, OpenAPI, health, metrics, version, and the list of all of them. */
import { hash } from 'node:crypto';
import type { ApiResponse } from '../../kubernetes/index.ts';
import { METRICS_CONTENT_TYPE } from '../../metrics/index.ts';
import type { ResourceDefinition } from '../resources/index.ts';
import {
  methodNotAllowed,
  pageNotFound,
  resourceNotFound,
  textAnswer,
  valueAnswer,
  wantsPretty,
} from './answers.ts';
import { aggregatedDiscovery, discoveryDocuments } from './discovery.ts';
import { type Exchange, header } from './exchange.ts';
import { type HealthCheck, healthEndpoints } from './health.ts';
import type { Metrics } from './metrics.ts';
import { MEDIA_TYPES, negotiateAggregated, negotiatePlain } from './negotiate.ts';
import {
  type Document,
  OPEN_API_V2_PROTOBUF,
  OPEN_API_V2_PROTOBUF_ANSWER,
  type OpenApi,
  openApi,
} from './open-api.ts';
import type { VersionInfo } from './version.ts';

export interface EndpointOptions {
  readonly definitions: readonly ResourceDefinition[];
  readonly version: VersionInfo;
  readonly checks: readonly HealthCheck[];
  readonly metrics: Metrics;
  /** `10.0.0.1:6443`, told to clients in `/api`. */
  readonly serverAddress?: string;
}

type Endpoint = (exchange: Exchange) => ApiResponse | Promise<ApiResponse>;

/** Answers every path that is not a resource's; what is not there gets upstream's 404. */
export function createEndpoints(options: EndpointOptions): Endpoint {
  const { definitions, version, checks, metrics } = options;
  const documents = discoveryDocuments(definitions, options.serverAddress);
  const api = openApi(definitions, `${version.major}.${version.minor}`);
  const aggregated = new Map(
    [...aggregatedDiscovery(definitions)].map(([path, whole]) => [path, aggregatedEndpoint(whole)]),
  );
  const exact = new Map<string, Endpoint>();
  for (const [path, document] of documents) {
    const whole = aggregated.get(path);
    const endpoint: Endpoint = (exchange) => whole?.(exchange) ?? discovery(exchange, document);
    exact.set(path, endpoint).set(`${path}/`, endpoint);
  }
  for (const [path, answer] of healthEndpoints(checks)) {
    exact.set(path, ({ info }) => answer(info.query));
  }
  const versionEndpoint: Endpoint = (exchange) => versionAnswer(exchange, version);
  exact.set('/version', versionEndpoint).set('/version/', versionEndpoint);
  exact.set('/metrics', () => metricsAnswer(metrics));
  exact.set('/openapi/v2', (exchange) => openApiV2(exchange, api));
  exact.set('/openapi/v3', () => ({
    status: 200,
    // Upstream says nothing of it, and Go takes it for this.
    headers: { 'content-type': 'text/plain; charset=utf-8' },
    body: api.index().bytes,
  }));
  const paths = [...exact.keys(), '/apis/', '/openapi/v3/'].filter(
    (path) => !path.endsWith('/') || ['/apis/', '/openapi/v3/'].includes(path),
  );
  const index = Buffer.from(JSON.stringify({ paths: [...new Set(paths)].toSorted() }, null, 2));
  exact.set('/', () => ({
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: index,
  }));

  return (exchange) => {
    const { path } = exchange.info;
    const endpoint = exact.get(path);
    if (endpoint !== undefined) return endpoint(exchange);
    if (path.startsWith('/openapi/v3/'))
      return openApiV3(exchange, api.v3(path.slice('/openapi/v3/'.length)));
    // Below an API that is served the refusal is a Status, elsewhere plain text.
    if (path.startsWith('/api/') || documents.has(path.split('/', 3).join('/'))) {
      throw resourceNotFound();
    }
    return pageNotFound();
  };
}

async function discovery(exchange: Exchange, document: object): Promise<ApiResponse> {
  const { request, info } = exchange;
  // Upstream's list of groups is the one that does not look at the method.
  if (request.method !== 'GET' && info.path !== '/apis') throw methodNotAllowed();
  const representation = negotiatePlain(header(request, 'accept'));
  const pretty = representation.pretty || wantsPretty(request, info.query);
  return await valueAnswer(200, document, { ...representation, pretty });
}

/** Answers nothing where the client does not ask for the aggregated form. */
function aggregatedEndpoint(
  document: object,
): (exchange: Exchange) => Promise<ApiResponse> | undefined {
  // Of the whole, whichever form it is sent in (apiserver, discovery/aggregated/etag.go).
  const etag = quotedHash(hash('sha512', JSON.stringify(document), 'hex').toUpperCase());
  return ({ request }) => {
    const wanted = negotiateAggregated(header(request, 'accept'));
    if (wanted === undefined) return undefined;
    if (request.method !== 'GET') throw methodNotAllowed();
    const headers = { etag, vary: 'Accept', 'cache-control': 'public' };
    if (isKnown(request, etag)) return Promise.resolve(notModified(headers));
    const { format, contentType } = wanted;
    return valueAnswer(200, document, { format, pretty: false }).then((answer) => ({
      ...answer,
      headers: { ...answer.headers, ...headers, 'content-type': contentType },
    }));
  };
}

const quotedHash = (text: string): string => `"${text}"`;

/** Whether the client has it already: one of its tags is this (RFC 9110, section 13.1.2). */
function isKnown(request: Exchange['request'], etag: string): boolean {
  const known = header(request, 'if-none-match') ?? '';
  return known.split(',').some((one) => {
    const tag = one.trim().replace(/^W\//, '');
    return tag === etag || tag === '*';
  });
}

const notModified = (headers: Readonly<Record<string, string>>): ApiResponse => ({
  status: 304,
  headers,
  body: Buffer.alloc(0),
});

async function versionAnswer({ request }: Exchange, version: VersionInfo): Promise<ApiResponse> {
  if (request.method !== 'GET') throw methodNotAllowed();
  negotiatePlain(header(request, 'accept'), ['json']);
  return await valueAnswer(200, version, { format: 'json', pretty: true });
}

const metricsAnswer = (metrics: Metrics): ApiResponse => ({
  ...textAnswer(200, metrics.format()),
  headers: { 'content-type': METRICS_CONTENT_TYPE },
});

const OPEN_API_PROTOBUF = new Set([OPEN_API_V2_PROTOBUF, OPEN_API_V2_PROTOBUF_ANSWER]);
const OPEN_API_JSON = new Set(['application/json', 'application/*', '*/*', '']);

/** Media types that the client accepts, without their parameters. */
const acceptedTypes = ({ request }: Exchange): readonly string[] =>
  (header(request, 'accept') ?? '*/*')
    .split(',')
    .map((clause) => clause.split(';', 1).join('').trim());

function openApiV2(exchange: Exchange, api: OpenApi): ApiResponse {
  for (const mediaType of acceptedTypes(exchange)) {
    if (OPEN_API_PROTOBUF.has(mediaType)) {
      return documentAnswer(exchange, api.v2Protobuf(), {
        'content-type': OPEN_API_V2_PROTOBUF_ANSWER,
      });
    }
    if (OPEN_API_JSON.has(mediaType)) return documentAnswer(exchange, api.v2());
  }
  return { status: 406, headers: { vary: 'Accept' }, body: Buffer.alloc(0) };
}

function openApiV3(exchange: Exchange, document: Document | undefined): ApiResponse {
  if (document === undefined) return { status: 404, headers: {}, body: Buffer.alloc(0) };
  if (!acceptedTypes(exchange).some((mediaType) => OPEN_API_JSON.has(mediaType))) {
    return { status: 406, headers: { vary: 'Accept' }, body: Buffer.alloc(0) };
  }
  const { info } = exchange;
  const asked = info.query.get('hash') ?? '';
  if (asked === '') return documentAnswer(exchange, document);
  if (asked !== document.hash) {
    const headers = {
      location: `${info.path}?hash=${document.hash}`,
      etag: quotedHash(document.hash),
      vary: 'Accept',
      'content-type': MEDIA_TYPES.json,
    };
    return { status: 301, headers, body: Buffer.alloc(0) };
  }
  return documentAnswer(exchange, document, { 'cache-control': 'public, immutable' });
}

function documentAnswer(
  { request }: Exchange,
  { bytes, hash: digest }: Document,
  more: Readonly<Record<string, string>> = {},
): ApiResponse {
  const etag = quotedHash(digest);
  const headers = { etag, vary: 'Accept', ...more };
  if (isKnown(request, etag)) return notModified(headers);
  return { status: 200, headers: { 'content-type': MEDIA_TYPES.json, ...headers }, body: bytes };
}
