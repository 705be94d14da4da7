/** Paths that are no resources: discovery, OpenAPI, health, metrics, version, and the list of all of them. */
import type { ApiResponse } from '../../kubernetes/index.ts';
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
import { METRICS_CONTENT_TYPE, type Metrics } from './metrics.ts';
import { negotiateAggregated, negotiatePlain } from './negotiate.ts';
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
  const aggregated = aggregatedDiscovery(definitions);
  const exact = new Map<string, Endpoint>();
  for (const [path, document] of documents) {
    const whole = aggregated.get(path);
    const endpoint: Endpoint = (exchange) =>
      (whole === undefined ? undefined : aggregatedAnswer(exchange, whole)) ??
      discovery(exchange, document);
    exact.set(path, endpoint).set(`${path}/`, endpoint);
  }
  for (const [path, answer] of healthEndpoints(checks)) {
    exact.set(path, ({ info }) => answer(info.query));
  }
  const versionEndpoint: Endpoint = (exchange) => versionAnswer(exchange, version);
  exact.set('/version', versionEndpoint).set('/version/', versionEndpoint);
  exact.set('/metrics', () => metricsAnswer(metrics));
  exact.set('/openapi/v2', (exchange) => openApiV2(exchange, api));
  exact.set('/openapi/v3', () => documentAnswer(api.index()));
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
  if (request.method !== 'GET') throw methodNotAllowed();
  const representation = negotiatePlain(header(request, 'accept'));
  const pretty = representation.pretty || wantsPretty(request, info.query);
  return await valueAnswer(200, document, { ...representation, pretty });
}

/** Undefined where the client does not ask for the aggregated form. */
function aggregatedAnswer(
  { request }: Exchange,
  document: object,
): Promise<ApiResponse> | undefined {
  const wanted = negotiateAggregated(header(request, 'accept'));
  if (wanted === undefined) return undefined;
  if (request.method !== 'GET') throw methodNotAllowed();
  const headers = { 'content-type': wanted.contentType, vary: 'Accept' };
  return valueAnswer(200, document, { format: wanted.format, pretty: false }).then((answer) => ({
    ...answer,
    headers: { ...answer.headers, ...headers },
  }));
}

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

function openApiV2({ request }: Exchange, api: OpenApi): ApiResponse {
  const accepted = (header(request, 'accept') ?? '*/*')
    .split(',')
    .map((clause) => clause.split(';', 1).join('').trim());
  for (const mediaType of accepted) {
    if (OPEN_API_PROTOBUF.has(mediaType)) {
      return openApiV2Answer(api.v2Protobuf(), OPEN_API_V2_PROTOBUF_ANSWER);
    }
    if (['application/json', 'application/*', '*/*', ''].includes(mediaType)) {
      return openApiV2Answer(api.v2(), 'application/json');
    }
  }
  return { status: 406, headers: { vary: 'Accept' }, body: Buffer.alloc(0) };
}

const openApiV2Answer = (document: Document, contentType: string): ApiResponse =>
  documentAnswer(document, {
    etag: `"${document.hash}"`,
    vary: 'Accept',
    'content-type': contentType,
  });

function openApiV3({ info }: Exchange, document: Document | undefined): ApiResponse {
  if (document === undefined) return { status: 404, headers: {}, body: Buffer.alloc(0) };
  const asked = info.query.get('hash');
  const etag = `"${document.hash}"`;
  if (asked === undefined || asked === '') return documentAnswer(document, { etag });
  if (asked !== document.hash) {
    const location = `${info.path}?hash=${document.hash}`;
    return { status: 301, headers: { location, etag }, body: Buffer.alloc(0) };
  }
  return documentAnswer(document, { etag, 'cache-control': 'public, immutable' });
}

const documentAnswer = (
  { bytes }: Document,
  headers: Readonly<Record<string, string>> = {},
): ApiResponse => ({
  status: 200,
  headers: { 'content-type': 'application/json', ...headers },
  body: bytes,
});
