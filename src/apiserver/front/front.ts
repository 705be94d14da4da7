/** The HTTP side of the API server, put together: from a request to its answer. */
import type { ApiResponse } from '../../kubernetes/index.ts';
import type { Metric } from '../../metrics/index.ts';
import type { NodeBindings, RequesterOf } from '../binding/index.ts';
import type { Registry } from '../registry/index.ts';
import type { Revocations } from '../revocation/index.ts';
import type { Admission, Authenticator, Authorizer } from '../types.ts';
import { pageNotFound } from './answers.ts';
import type { AuditLog } from './audit.ts';
import { DEFAULT_REQUEST_TIMEOUT_MS } from './deadline.ts';
import { createEndpoints } from './endpoints.ts';
import type { Exchange, IncomingRequest } from './exchange.ts';
import type { HealthCheck } from './health.ts';
import { DEFAULT_IN_FLIGHT, InFlight, type InFlightLimits } from './in-flight.ts';
import { createMetrics, type Metrics, type Subject } from './metrics.ts';
import { createPipeline } from './pipeline.ts';
import { getObject, listObjects, refuseProtobuf, watchObjects } from './reads.ts';
import { answerReview, type Reviews } from './reviews.ts';
import { createRoutes, type Route } from './routes.ts';
import type { VersionInfo } from './version.ts';
import {
  createObject,
  deleteCollection,
  deleteObject,
  patchObject,
  updateObject,
} from './writes.ts';

export interface FrontOptions {
  readonly registry: Registry;
  readonly authenticator: Authenticator;
  readonly authorizer: Authorizer;
  readonly revocations: Revocations;
  /** Absent: nodes may come from everywhere. */
  readonly bindings?: NodeBindings | undefined;
  /** Whom a certificate signing request names as its requester. */
  readonly requesterOf: RequesterOf;
  readonly admission: Admission;
  readonly reviews: Reviews;
  readonly version: VersionInfo;
  readonly checks: readonly HealthCheck[];
  readonly serverAddress?: string;
  readonly audit?: AuditLog;
  readonly inFlight?: InFlightLimits;
  readonly requestTimeoutMs?: number;
  /** What others count, for the metrics. */
  readonly readings?: () => readonly Metric[];
  readonly now: () => Date;
  readonly monotonic?: () => number;
  readonly failed: (error: unknown) => void;
}

/** Never rejects: what goes wrong is an answer too. */
export function createFront(
  options: FrontOptions,
): (request: IncomingRequest) => Promise<ApiResponse> {
  const { registry, now, serverAddress, audit } = options;
  // A review that nobody answers is not served.
  const definitions = registry.definitions.filter(
    ({ path, type }) => path !== undefined || options.reviews.has(type.resource),
  );
  const metrics = createMetrics({ now, audit: audit?.counts, readings: options.readings });
  const routes = createRoutes(definitions);
  const endpoint = createEndpoints({
    definitions,
    version: options.version,
    checks: options.checks,
    metrics,
    ...(serverAddress === undefined ? {} : { serverAddress }),
  });
  const context = { ...options, metrics };
  return createPipeline({
    authenticator: options.authenticator,
    authorizer: options.authorizer,
    revocations: options.revocations,
    bindings: options.bindings,
    requesterOf: options.requesterOf,
    routes,
    inFlight: new InFlight(options.inFlight ?? DEFAULT_IN_FLIGHT, metrics),
    metrics,
    dispatch: async (exchange, subject) => {
      const { info, request } = exchange;
      if (!info.isResource) return await endpoint(exchange);
      if (!routes.hasGroup(info.group)) return pageNotFound();
      return await answerResource(context, exchange, routes.find(request.method, info), subject);
    },
    ...(audit === undefined ? {} : { audit }),
    requestTimeoutMs: options.requestTimeoutMs ?? DEFAULT_REQUEST_TIMEOUT_MS,
    now,
    monotonic: options.monotonic ?? (() => performance.now()),
    failed: options.failed,
  });
}

async function answerResource(
  options: FrontOptions & { readonly metrics: Metrics },
  exchange: Exchange,
  route: Route,
  subject: Subject,
): Promise<ApiResponse> {
  const review = options.reviews.get(route.definition.type.resource);
  if (route.definition.path === undefined && review !== undefined) {
    return await answerReview(exchange, route.definition, options, review);
  }
  if (route.definition.jsonOnly === true) refuseProtobuf(exchange, route);
  if (route.definition.deprecation !== undefined)
    exchange.warnings.add(route.definition.deprecation);
  switch (route.verb) {
    case 'get':
      return await getObject(options, exchange, route);
    case 'list':
      return await listObjects(options, exchange, route);
    case 'watch':
      return watchObjects(options, exchange, route, subject);
    case 'create':
      return await createObject(options, exchange, route);
    case 'update':
      return await updateObject(options, exchange, route);
    case 'patch':
      return await patchObject(options, exchange, route);
    case 'delete':
      return await deleteObject(options, exchange, route);
    case 'deletecollection':
      return await deleteCollection(options, exchange, route);
  }
}
