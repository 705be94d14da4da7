/** Wires storage, authentication, authorization, admission and the front into one API server. */
import type { Clock } from '../client/index.ts';
import { type ApiRequest, type ApiResponse, type UserInfo } from '../kubernetes/index.ts';
import type { Storage } from '../storage/index.ts';
import { type Certificate, readCertificates } from '../x509/index.ts';
import {
  admissionChain,
  certificateApproval,
  certificateSigning,
  certificateSubjectRestriction,
  followRequests,
  type Looked,
  type NodeRestrictionSources,
  namespaceLifecycle,
  nodeRestriction,
  ownRevocation,
  podCertificateSigning,
  REQUEST_GRACE_MS,
  RequestsByUser,
  requestLimit,
  revokedRequester,
  trustBundleAttest,
} from './admission/index.ts';
import { createAuthenticator, type RequestHeaderOptions } from './authentication/index.ts';
import {
  type AuthorizationMode,
  authorizationOf,
  createEscalationGuard,
  createNodeAuthorizer,
  createRbacAuthorizer,
  followNodeGraph,
  NodeGraph,
  type RbacAuthorizer,
} from './authorization/index.ts';
import {
  type AuditLog,
  createFront,
  type HealthCheck,
  type IncomingRequest,
  type InFlightLimits,
  type Reading,
  type VersionInfo,
} from './front/index.ts';
import { keepPublishing, publishAuthentication } from './publish-authentication.ts';
import {
  createRegistry,
  type Registry,
  SYSTEM_NAMESPACES,
  SYSTEM_OBJECTS,
} from './registry/index.ts';
import { reviewsOf } from './review-answers.ts';
import {
  followRevocations,
  Revocations,
  revocationListener,
  revocationReadings,
} from './revocation/index.ts';
import { seedRoles } from './seed-roles.ts';
import type { Admission, Authorizer } from './types.ts';

export interface ApiServerOptions {
  /** Stays the caller's to close. */
  readonly storage: Storage;
  /** PEM of `--client-ca-file`; or a function that answers another array when they have changed. */
  readonly clientCa: string | (() => readonly Certificate[]);
  /** `--requestheader-…`; absent: no proxy in front may speak for others. */
  readonly requestHeader?: RequestHeaderOptions;
  /** Whom tokens are for, told in TokenReviews: `--api-audiences`. */
  readonly apiAudiences?: readonly string[];
  /** Of `--token-auth-file`, by token; or a function that answers another map when it has changed. */
  readonly tokenFile?: ReadonlyMap<string, UserInfo> | (() => ReadonlyMap<string, UserInfo>);
  readonly bootstrapTokens: boolean;
  readonly anonymousAuth: boolean;
  /** `--enable-garbage-collector`: DELETE leaves work for one, which is the caller's to run. Default: true. */
  readonly garbageCollection?: boolean;
  /** Asked in this order. Default: Node, RBAC. */
  readonly authorizationModes?: readonly AuthorizationMode[];
  readonly version: VersionInfo;
  readonly clock: Clock;
  /** `10.0.0.1:6443`, told to clients in `/api`. */
  readonly serverAddress?: string;
  /** Closed with the server. */
  readonly audit?: AuditLog;
  readonly inFlight?: InFlightLimits;
  /** The longest that a request may take, but for watches, in milliseconds. Default: 60,000. */
  readonly requestTimeoutMs?: number;
  /** What others count, for `/metrics`. */
  readonly readings?: () => readonly Reading[];
  /** Beside the server's own. */
  readonly checks?: readonly HealthCheck[];
  /** Hears of faults: what should not happen, or why a credential was refused. Holds no secrets. */
  readonly log: (message: string, error?: unknown) => void;
}

export interface ApiServer {
  /** Never rejects. */
  handle(request: IncomingRequest): Promise<ApiResponse>;
  /** A way in for the same process, as this user: authentication is passed over, authorization is not. */
  loopback(user: UserInfo): (request: ApiRequest) => Promise<ApiResponse>;
  /** Resolves when the objects that every cluster has are there. */
  ready(): Promise<void>;
  /** Tells extension API servers at once that CAs are others; it would be told within a minute. */
  publish(): Promise<void>;
  /** `/readyz` fails from now on; everything else is served. */
  beginShutdown(): void;
  /** `/readyz` fails from now on, and no watch goes on. */
  close(): Promise<void>;
}

/** Resolves when what is stored is known; `ready` tells when it can be relied upon. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { clock, log, audit } = options;
  const now = (): Date => clock.now();
  const revocations = new Revocations();
  const registry = await createRegistry({
    storage: options.storage,
    clock,
    listener: revocationListener(revocations),
    ...(options.garbageCollection === undefined
      ? {}
      : { garbageCollection: options.garbageCollection }),
    failed: (error) => log('an internal watch has failed', error),
  });
  const state = { seeded: false, closing: false };
  const { reader } = registry;
  const rbac = createRbacAuthorizer(reader.rbac);
  const graph = new NodeGraph();
  const authorization = authorizationOf(options.authorizationModes ?? ['Node', 'RBAC'], {
    Node: createNodeAuthorizer({ relations: graph }),
    RBAC: rbac,
  });
  const { authorizer } = authorization;
  const requests = new RequestsByUser(REQUEST_GRACE_MS);
  const ending = new AbortController();
  // Before anybody is served: who is revoked must not get in for a moment.
  await followRevocations(revocations, options.storage, ending.signal, (error) =>
    log('revocations of other servers are not followed', error),
  );
  followRequests(requests, registry, ending.signal).catch((error: unknown) => {
    if (!ending.signal.aborted) log('certificate signing requests are not counted', error);
  });
  followNodeGraph(graph, registry, ending.signal).catch((error: unknown) => {
    if (!ending.signal.aborted) log('what belongs to nodes is not followed', error);
  });
  const { requestHeader } = options;
  const clientCa = authoritiesOf(options.clientCa);
  const authenticator = createAuthenticator({
    clientCa,
    anonymous: options.anonymousAuth,
    now,
    revocations,
    onRefusal: (reason) => log(`authentication: ${reason}`),
    ...(requestHeader === undefined ? {} : { requestHeader }),
    ...(options.tokenFile === undefined ? {} : { tokenFile: asFunction(options.tokenFile) }),
    ...(options.bootstrapTokens
      ? { bootstrapSecret: (name) => reader.secret('kube-system', name) }
      : {}),
  });
  const front = createFront({
    ...options,
    registry,
    authenticator,
    authorizer,
    revocations,
    admission: admissionChain([
      admissionOf(registry, authorizer, rbac),
      // Ours, so behind upstream's.
      requestLimit(requests, now),
      ownRevocation(),
      revokedRequester(revocations),
    ]),
    readings: () => [...(options.readings?.() ?? []), ...revocationReadings(revocations)],
    reviews: reviewsOf({
      ...authorization,
      authenticator,
      revocations,
      apiAudiences: options.apiAudiences ?? [],
      now,
    }),
    checks: [...checksOf(options.storage, state), ...(options.checks ?? [])],
    now,
    failed: (error) => log('a request has failed', error),
  });
  const publish = (): Promise<void> =>
    publishAuthentication(
      registry,
      () => ({ clientCa: clientCa(), ...(requestHeader === undefined ? {} : { requestHeader }) }),
      now(),
    );
  const seeding = seed(registry, state, publish);
  keepPublishing(publish, {
    clock,
    signal: ending.signal,
    failed: (error) => log('what others need to authenticate is not published', error),
  }).catch((error: unknown) => {
    if (!ending.signal.aborted) log('what others need to authenticate is not kept', error);
  });
  // Whoever calls `ready` hears of it; until then it is not unhandled.
  seeding.catch((error: unknown) => log('the default objects cannot be written', error));
  return {
    handle: (request) => front(request),
    loopback: (user) => (request) => front({ ...request, peer: { certificates: [] }, user }),
    ready: () => seeding,
    publish,
    beginShutdown() {
      state.closing = true;
    },
    async close() {
      state.closing = true;
      ending.abort();
      await seeding.catch(() => undefined);
      await registry.close();
      await audit?.close();
    },
  };
}

function asFunction(
  tokenFile: NonNullable<ApiServerOptions['tokenFile']>,
): () => ReadonlyMap<string, UserInfo> {
  return typeof tokenFile === 'function' ? tokenFile : () => tokenFile;
}

function authoritiesOf(clientCa: ApiServerOptions['clientCa']): () => readonly Certificate[] {
  if (typeof clientCa !== 'string') return clientCa;
  const authorities = readCertificates(clientCa);
  return () => authorities;
}

async function seed(
  registry: Registry,
  state: { seeded: boolean },
  publish: () => Promise<void>,
): Promise<void> {
  await registry.seed([...SYSTEM_NAMESPACES, ...SYSTEM_OBJECTS]);
  await seedRoles(registry);
  await publish();
  state.seeded = true;
}

/** What NodeRestriction looks at, by group and version. */
const LOOKED: Readonly<Record<Looked, readonly [string, string]>> = {
  pods: ['', 'v1'],
  nodes: ['', 'v1'],
  serviceaccounts: ['', 'v1'],
  persistentvolumeclaims: ['', 'v1'],
  persistentvolumes: ['', 'v1'],
  csidrivers: ['storage.k8s.io', 'v1'],
};

const finderIn =
  (registry: Registry): NodeRestrictionSources['find'] =>
  async (resource, namespace, name) => {
    const definition = registry.definition(...LOOKED[resource], resource);
    if (definition === undefined) return undefined;
    const { type } = definition;
    return await registry.reader.get(type, type.namespaced ? { namespace, name } : { name });
  };

/** In upstream's order (kubernetes, pkg/kubeapiserver/options/plugins.go). */
const admissionOf = (registry: Registry, authorizer: Authorizer, rbac: RbacAuthorizer): Admission =>
  admissionChain([
    namespaceLifecycle((name) => registry.reader.namespace(name)),
    nodeRestriction({ find: finderIn(registry), authorizer }),
    certificateApproval(authorizer),
    certificateSigning(authorizer),
    certificateSubjectRestriction(),
    trustBundleAttest(authorizer),
    podCertificateSigning(authorizer),
    createEscalationGuard({ rbac, authorizer }),
  ]);

function checksOf(
  storage: Storage,
  state: { readonly seeded: boolean; readonly closing: boolean },
): readonly HealthCheck[] {
  return [
    { name: 'ping', check: () => true },
    {
      name: 'storage',
      check: async () => {
        await storage.get('/registry/health');
      },
    },
    { name: 'poststarthook/start-system-namespaces-controller', check: () => state.seeded },
    { name: 'poststarthook/rbac/bootstrap-roles', check: () => state.seeded },
    { name: 'shutdown', readyOnly: true, check: () => !state.closing },
  ];
}
