/** Wires storage, authentication, authorization, admission and the front into one API server. */
import type { Clock } from '../client/index.ts';
import {
  type ApiRequest,
  type ApiResponse,
  CERTIFICATE_SIGNING_REQUESTS,
  STORAGE_CLASSES,
  type UserInfo,
} from '../kubernetes/index.ts';
import type { Metric } from '../metrics/index.ts';
import type { Storage } from '../storage/index.ts';
import { type Certificate, readCertificates } from '../x509/index.ts';
import {
  admissionChain,
  bindIssued,
  certificateApproval,
  certificateSigning,
  certificateSubjectRestriction,
  claimResize,
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
  tokenClaims,
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
  restrictNodeTokens,
} from './authorization/index.ts';
import {
  bindingListener,
  bindingReadings,
  createRequesters,
  type DeclaredAddresses,
  followBindings,
  NodeBindings,
} from './binding/index.ts';
import { followGrantedTokens, GrantedTokens, tokenSecretsIn } from './bootstrap-tokens/index.ts';
import {
  type AuditLog,
  createFront,
  type HealthCheck,
  type IncomingRequest,
  type InFlightLimits,
  type VersionInfo,
} from './front/index.ts';
import { keep } from './keep.ts';
import { keepKubernetesService } from './kubernetes-service.ts';
import { nodeConnections, type OnNode } from './node-connections.ts';
import { publishAuthentication } from './publish-authentication.ts';
import {
  bothListeners,
  createRegistry,
  type Listener,
  type Registry,
  SYSTEM_NAMESPACES,
  SYSTEM_OBJECTS,
} from './registry/index.ts';
import {
  outsideRanges,
  SERVICE_DEFINITION,
  type ServiceRanges,
  serviceRanges,
} from './resources/index.ts';
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
  /** What services get addresses and node ports from. Upstream's defaults unless given. */
  readonly serviceRanges?: ServiceRanges;
  /** The service `kubernetes` leads there, at an address that others reach; without one it has no endpoints. Absent: no such service. */
  readonly advertised?: { readonly port: number; readonly address?: string };
  /**
   * `--bind-node-credentials`: certificates of nodes are accepted from where they are bound to. Of nodes that are
   * declared, these addresses; another map when they have changed. Absent: accepted from everywhere.
   */
  readonly bindNodes?: { readonly declared: () => DeclaredAddresses } | undefined;
  /** Closed with the server. */
  readonly audit?: AuditLog;
  readonly inFlight?: InFlightLimits;
  /** The longest that a request may take, but for watches, in milliseconds. Default: 60,000. */
  readonly requestTimeoutMs?: number;
  /** What others count, for `/metrics`. */
  readonly readings?: () => readonly Metric[];
  /** Told the certificate of each connection of a node. */
  readonly onNode?: OnNode;
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
  /** The declared addresses of nodes are others now: ends watches of those that came from elsewhere. */
  nodesDeclared(): void;
  /** `/readyz` fails from now on; everything else is served. */
  beginShutdown(): void;
  /** `/readyz` fails from now on, and no watch goes on. */
  close(): Promise<void>;
}

/** As upstream (kubernetes, pkg/controlplane, DefaultEndpointReconcilerInterval). */
const SERVICE_INTERVAL_MS = 10_000;
const PUBLISH_INTERVAL_MS = 60_000;

/** Resolves when what is stored is known; `ready` tells when it can be relied upon. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { clock, log, audit } = options;
  const now = (): Date => clock.now();
  const revocations = new Revocations();
  const { bindNodes } = options;
  const bindings =
    bindNodes === undefined
      ? undefined
      : new NodeBindings({ ...bindNodes, log: (message) => log(message) });
  const registry = await createRegistry({
    storage: options.storage,
    clock,
    listener: listenerOf(revocations, bindings),
    ...(options.garbageCollection === undefined
      ? {}
      : { garbageCollection: options.garbageCollection }),
    ...(options.serviceRanges === undefined ? {} : { serviceRanges: options.serviceRanges }),
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
  const secrets = tokenSecretsIn(registry);
  const authorizer = restrictNodeTokens(authorization.authorizer, {
    secret: secrets.find,
    requesterOf: async (name) =>
      (await reader.get(CERTIFICATE_SIGNING_REQUESTS, { name }))?.spec.username,
  });
  const granted = new GrantedTokens(secrets, {
    usedUp: (id, user) => log(`bootstrap token used up: ${id} by ${user}, deleted`),
    failed: (error) => log('a bootstrap token that is used up is not deleted', error),
  });
  const requests = new RequestsByUser(REQUEST_GRACE_MS);
  const ending = new AbortController();
  // Before anybody is served: who is revoked must not get in for a moment.
  await followRevocations(revocations, options.storage, ending.signal, (error) =>
    log('revocations of other servers are not followed', error),
  );
  if (bindings !== undefined)
    await followBindings(bindings, registry, {
      storage: options.storage,
      clock,
      signal: ending.signal,
      failed: (error) => log('bindings of nodes are not followed', error),
    });
  followRequests(requests, registry, ending.signal).catch((error: unknown) => {
    if (!ending.signal.aborted) log('certificate signing requests are not counted', error);
  });
  followGrantedTokens(granted, registry, ending.signal).catch((error: unknown) => {
    if (!ending.signal.aborted) log('bootstrap tokens that are used up are not deleted', error);
  });
  followNodeGraph(graph, registry, ending.signal).catch((error: unknown) => {
    if (!ending.signal.aborted) log('what belongs to nodes is not followed', error);
  });
  const { requestHeader } = options;
  const clientCa = authoritiesOf(options.clientCa);
  const connected = nodeConnections(options.onNode ?? (() => undefined));
  const authenticator = createAuthenticator({
    clientCa,
    anonymous: options.anonymousAuth,
    now,
    revocations,
    onRefusal: (reason) => log(`authentication: ${reason}`),
    confine: bindings === undefined ? undefined : (user, peer) => bindings.check(user, peer),
    onCertificate: (user, peer) => {
      granted.seen(user, peer);
      connected(user, peer);
    },
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
    bindings,
    requesterOf: createRequesters({
      bindings,
      isProxied: (request) => authenticator.isProxied(request),
      tokenSecret: (id) => secrets.find(id),
    }),
    admission: admissionChain([
      admissionOf(registry, authorizer, rbac),
      // Ours, so behind upstream's.
      requestLimit(requests, now, secrets.find),
      ownRevocation(),
      revokedRequester(revocations),
      tokenClaims(secrets, now, (id, reason) => log(`bootstrap token refused: ${id}, ${reason}`)),
      bindIssued(bindings),
    ]),
    readings: () => [
      ...(options.readings?.() ?? []),
      ...revocationReadings(revocations),
      ...(bindings === undefined ? [] : bindingReadings(bindings)),
    ],
    reviews: reviewsOf({
      ...authorization,
      authorizer,
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
  const ranges = options.serviceRanges ?? serviceRanges();
  const service = serviceKeeper(registry, ranges, options.advertised);
  const seeding = seed(registry, state, async () => {
    await publish();
    // Before anybody else can have its address.
    await service().catch((error: unknown) => log('the service kubernetes is not kept', error));
    await tellOutside(registry, ranges, log);
  });
  const keeping = (what: string, work: () => Promise<void>, intervalMs: number): void => {
    const failed = (error: unknown): void => log(`${what} is not kept`, error);
    keep(work, { clock, intervalMs, signal: ending.signal, failed }).catch((error: unknown) => {
      if (!ending.signal.aborted) failed(error);
    });
  };
  keeping('what others need to authenticate', publish, PUBLISH_INTERVAL_MS);
  keeping('the service kubernetes', service, SERVICE_INTERVAL_MS);
  // Whoever calls `ready` hears of it; until then it is not unhandled.
  seeding.catch((error: unknown) => log('the default objects cannot be written', error));
  return {
    handle: (request) => front(request),
    loopback: (user) => (request) => front({ ...request, peer: { certificates: [] }, user }),
    ready: () => seeding,
    publish,
    nodesDeclared: () => bindings?.declaredChanged(),
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

function listenerOf(revocations: Revocations, bindings: NodeBindings | undefined): Listener {
  const first = revocationListener(revocations);
  if (bindings === undefined) return first;
  return bothListeners(first, bindingListener(bindings));
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
  more: () => Promise<void>,
): Promise<void> {
  await registry.seed([...SYSTEM_NAMESPACES, ...SYSTEM_OBJECTS]);
  await seedRoles(registry);
  await more();
  state.seeded = true;
}

function serviceKeeper(
  registry: Registry,
  ranges: ServiceRanges,
  advertised: ApiServerOptions['advertised'],
): () => Promise<void> {
  if (advertised === undefined) return async () => undefined;
  const { port, address } = advertised;
  const addresses = address === undefined ? [] : [address];
  return () => keepKubernetesService(registry, { ranges, port, addresses });
}

const MOST_TOLD = 5;

/** What services have that the server would not give now. */
async function tellOutside(
  registry: Registry,
  ranges: ServiceRanges,
  log: ApiServerOptions['log'],
): Promise<void> {
  const { items } = await registry.list(SERVICE_DEFINITION, {});
  const told = items.flatMap(({ object }) => outsideRanges(object, ranges));
  for (const sentence of told.slice(0, MOST_TOLD)) log(`${sentence}; please recreate it`);
  if (told.length > MOST_TOLD) log(`${told.length - MOST_TOLD} more are in no range of services`);
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
    claimResize((name) => registry.reader.get(STORAGE_CLASSES, { name })),
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
