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
  namespaceLifecycle,
  nodeRestriction,
  REQUEST_GRACE_MS,
  RequestsByUser,
  requestLimit,
} from './admission/index.ts';
import { createAuthenticator } from './authentication/index.ts';
import {
  authorizerChain,
  createEscalationGuard,
  createNodeAuthorizer,
  createPrivilegedGroupAuthorizer,
  createRbacAuthorizer,
  type RbacAuthorizer,
} from './authorization/index.ts';
import {
  type AuditLog,
  createFront,
  type HealthCheck,
  type IncomingRequest,
  type InFlightLimits,
  type VersionInfo,
} from './front/index.ts';
import { createRegistry, type Registry, SYSTEM_NAMESPACES } from './registry/index.ts';
import { reviewsOf } from './review-answers.ts';
import { seedRoles } from './seed-roles.ts';
import type { Admission, Authorizer } from './types.ts';

/** `--authorization-mode`. */
export type AuthorizationMode = 'Node' | 'RBAC' | 'AlwaysAllow' | 'AlwaysDeny';

export interface ApiServerOptions {
  /** Stays the caller's to close. */
  readonly storage: Storage;
  /** PEM of `--client-ca-file`; or a function that answers another array when they have changed. */
  readonly clientCa: string | (() => readonly Certificate[]);
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
  const authorizer = authorizerOf(options.authorizationModes ?? ['Node', 'RBAC'], rbac);
  const requests = new RequestsByUser(REQUEST_GRACE_MS);
  const ending = new AbortController();
  followRequests(requests, registry, ending.signal).catch((error: unknown) => {
    if (!ending.signal.aborted) log('certificate signing requests are not counted', error);
  });
  const front = createFront({
    ...options,
    registry,
    authenticator: createAuthenticator({
      clientCa: authoritiesOf(options.clientCa),
      anonymous: options.anonymousAuth,
      now,
      onRefusal: (reason) => log(`authentication: ${reason}`),
      ...(options.tokenFile === undefined ? {} : { tokenFile: options.tokenFile }),
      ...(options.bootstrapTokens
        ? { bootstrapSecret: (name) => reader.secret('kube-system', name) }
        : {}),
    }),
    authorizer,
    admission: admissionChain([
      admissionOf(registry, authorizer, rbac),
      // Ours, so behind upstream's.
      requestLimit(requests, now),
    ]),
    reviews: reviewsOf(authorizer, rbac, now),
    checks: [...checksOf(options.storage, state), ...(options.checks ?? [])],
    now,
    failed: (error) => log('a request has failed', error),
  });
  const seeding = seed(registry, state);
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

async function seed(registry: Registry, state: { seeded: boolean }): Promise<void> {
  await registry.seed(SYSTEM_NAMESPACES);
  await seedRoles(registry);
  state.seeded = true;
}

/** Members of system:masters may do everything, before anything else is asked. */
function authorizerOf(modes: readonly AuthorizationMode[], rbac: RbacAuthorizer): Authorizer {
  const byMode: Readonly<Record<AuthorizationMode, Authorizer>> = {
    Node: createNodeAuthorizer(),
    RBAC: rbac,
    AlwaysAllow: { authorize: async () => ({ allowed: true, reason: '' }) },
    AlwaysDeny: {
      authorize: async () => ({ allowed: false, reason: 'Everything is forbidden.' }),
    },
  };
  return authorizerChain([createPrivilegedGroupAuthorizer(), ...modes.map((mode) => byMode[mode])]);
}

/** In upstream's order (kubernetes, pkg/kubeapiserver/options/plugins.go). */
const admissionOf = (registry: Registry, authorizer: Authorizer, rbac: RbacAuthorizer): Admission =>
  admissionChain([
    namespaceLifecycle((name) => registry.reader.namespace(name)),
    nodeRestriction(),
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
