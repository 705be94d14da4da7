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
  REQUEST_GRACE_MS,
  RequestsByUser,
  requestLimit,
} from './admission/index.ts';
import { createAuthenticator, type RequestHeaderOptions } from './authentication/index.ts';
import {
  type AuthorizationMode,
  authorizationOf,
  createEscalationGuard,
  createNodeAuthorizer,
  createRbacAuthorizer,
  followNodeGraph,
  NODE_RULES,
  NodeGraph,
  type RbacAuthorizer,
  TRUST_BUNDLES_RULE,
} from './authorization/index.ts';
import {
  type AuditLog,
  createFront,
  type HealthCheck,
  type IncomingRequest,
  type InFlightLimits,
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
  /** Of `--token-auth-file`, by token. */
  readonly tokenFile?: ReadonlyMap<string, UserInfo>;
  readonly bootstrapTokens: boolean;
  readonly anonymousAuth: boolean;
  /** Asked in this order. Default: Node, RBAC. */
  readonly authorizationModes?: readonly AuthorizationMode[];
  readonly version: VersionInfo;
  readonly clock: Clock;
  /** `10.0.0.1:6443`, told to clients in `/api`. */
  readonly serverAddress?: string;
  /** Closed with the server. */
  readonly audit?: AuditLog;
  readonly inFlight?: InFlightLimits;
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
  /** `/readyz` fails from now on, and no watch goes on. */
  close(): Promise<void>;
}

/** Resolves when what is stored is known; `ready` tells when it can be relied upon. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { clock, log, audit } = options;
  const now = (): Date => clock.now();
  const registry = await createRegistry({
    storage: options.storage,
    clock,
    failed: (error) => log('an internal watch has failed', error),
  });
  const state = { seeded: false, closing: false };
  const { reader } = registry;
  const rbac = createRbacAuthorizer(reader.rbac);
  const graph = new NodeGraph();
  const authorization = authorizationOf(options.authorizationModes ?? ['Node', 'RBAC'], {
    Node: nodeAuthorizerOf(registry, graph),
    RBAC: rbac,
  });
  const { authorizer } = authorization;
  const requests = new RequestsByUser(REQUEST_GRACE_MS);
  const ending = new AbortController();
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
    onRefusal: (reason) => log(`authentication: ${reason}`),
    ...(requestHeader === undefined ? {} : { requestHeader }),
    ...(options.tokenFile === undefined ? {} : { tokenFile: options.tokenFile }),
    ...(options.bootstrapTokens
      ? { bootstrapSecret: (name) => reader.secret('kube-system', name) }
      : {}),
  });
  const front = createFront({
    ...options,
    registry,
    authenticator,
    authorizer,
    admission: admissionChain([
      admissionOf(registry, authorizer, rbac),
      // Ours, so behind upstream's.
      requestLimit(requests, now),
    ]),
    reviews: reviewsOf({
      ...authorization,
      authenticator,
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
    async close() {
      state.closing = true;
      ending.abort();
      await seeding.catch(() => undefined);
      await registry.close();
      await audit?.close();
    },
  };
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

/** Of what upstream's default has switched off, a node may have its part where it is served. */
function nodeAuthorizerOf(registry: Registry, graph: NodeGraph): Authorizer {
  const serves = (version: string, resource: string): boolean =>
    registry.definition('certificates.k8s.io', version, resource) !== undefined;
  const bundles = ['v1', 'v1beta1', 'v1alpha1'].some((version) =>
    serves(version, 'clustertrustbundles'),
  );
  return createNodeAuthorizer({
    relations: graph,
    rules: bundles ? [...NODE_RULES, TRUST_BUNDLES_RULE] : NODE_RULES,
    podCertificateRequests: serves('v1beta1', 'podcertificaterequests'),
  });
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
