/** Puts a server together: storage, API server, controllers. What `kubepki server` and `kubepki up` share. */
import {
  type ApiServer,
  type ApiServerOptions,
  createApiServer,
  openAuditLog,
  type Serving,
  serve,
  versionInfo,
} from '../../apiserver/index.ts';
import {
  createClient,
  type KubernetesClient,
  loopbackTransport,
  systemClock,
} from '../../client/index.ts';
import { ControllerMetrics, NodeCertificates } from '../../controllers/index.ts';
import { openSqliteStorage, startCompaction } from '../../storage/index.ts';
import { VERSION } from '../version.ts';
import { WatchedFiles } from '../watched-files.ts';
import { readBindNodes, trustedProxies } from './addresses.ts';
import type { ServerConfig } from './config.ts';
import { openEncryption } from './encryption.ts';
import { limitedLog } from './limited-log.ts';
import { DEFAULT_SERVER_LIMITS, type ServerLimits } from './limits.ts';
import { runOwnControllers, type ServerVoices } from './own-controllers.ts';
import { type Listeners, readMaterial } from './reloading.ts';

/** Who the server's own parts are to it (upstream: `user.APIServerUser`). */
const SELF = { name: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] };

/** So that `managedFields` tell them from the server itself. */
const AGENT = { 'user-agent': `kubepki-controllers/${VERSION}` };

const asControllers =
  (handle: Handle): Handle =>
  (request) =>
    handle({ ...request, headers: { ...AGENT, ...request.headers } });

type Handle = ReturnType<ApiServer['loopback']>;

export interface RunningServer {
  /** Speaks to the server in its own process, as the server itself. */
  readonly client: KubernetesClient;
  /** Rejects where it cannot go on. */
  readonly failed: Promise<never>;
  /** Looks at its files at once, and goes on in a new audit log where the old one was renamed. Never rejects. */
  reload(): Promise<void>;
  /**
   * Tells that it is not ready any more, waits as long as it was told to, and ends what it consists of, the
   * last opened first: controllers, connections (requests are finished, watches ended), storage.
   */
  close(): Promise<void>;
}

/** @throws KubepkiError for files that are missing or wrong, a port in use, a database that cannot be opened */
export async function startServer(
  config: ServerConfig,
  { log, tell, isTold }: ServerVoices,
): Promise<RunningServer> {
  const now = (): Date => systemClock.now();
  const limited = limitedLog({ write: log, monotonic: () => performance.now() });
  const files = new WatchedFiles({ clock: systemClock, log, tell: tell ?? (() => undefined) });
  const listeners: Partial<Listeners> = {};
  const material = await readMaterial(config, { files, listeners, log, now });
  const { tokens } = material;
  const bindNodes = await readBindNodes(config.bindNodes, files, () => listeners.nodes?.());
  const proxies = trustedProxies(config.proxies ?? [], limited);
  const limits = config.limits ?? DEFAULT_SERVER_LIMITS;
  const metrics = new ControllerMetrics();
  const nodeCertificates = new NodeCertificates();
  const storage = await openSqliteStorage(config.database, {
    now,
    ...(config.clusterId === undefined ? {} : { clusterId: config.clusterId }),
    overwriteForgotten: config.encryption !== undefined,
  });
  /** How to close what is open, in the order in which it was opened. */
  const opened: (() => Promise<void>)[] = [async () => storage.close()];
  const close = async (): Promise<void> => {
    for (const one of opened.splice(0).reverse()) await one();
  };
  try {
    const audit =
      config.auditLogPath === undefined
        ? undefined
        : await openAuditLog(config.auditLogPath, (error) => log(`audit log: ${error.message}`));
    const encryption = await openEncryption(config, storage, { files, log, now });
    const api = await createApiServer({
      storage: encryption?.storage ?? storage,
      clientCa: material.clientCa,
      ...(material.requestHeader === undefined ? {} : { requestHeader: material.requestHeader }),
      ...(config.authorizationModes === undefined
        ? {}
        : { authorizationModes: config.authorizationModes }),
      ...(config.apiAudiences === undefined ? {} : { apiAudiences: config.apiAudiences }),
      ...(tokens === undefined ? {} : { tokenFile: tokens }),
      bootstrapTokens: config.bootstrapTokenAuth,
      anonymousAuth: config.anonymousAuth,
      ...(config.garbageCollection === undefined
        ? {}
        : { garbageCollection: config.garbageCollection }),
      ...bindNodes,
      ...(audit === undefined ? {} : { audit }),
      inFlight: limits.inFlight,
      requestTimeoutMs: limits.requestTimeoutMs,
      readings: () => [...files.readings(), ...(encryption?.readings() ?? []), ...metrics.all()],
      onNode: (node, certificate) => nodeCertificates.seen(node, 'client', certificate),
      serviceRanges: config.serviceRanges,
      ...advertisedBy(config),
      version: versionInfo(VERSION),
      clock: systemClock,
      log: (message, error) =>
        limited(error === undefined ? message : `${message}: ${textOf(error)}`),
    });
    opened.push(async () => api.close());
    await api.ready();
    const { certificate, key } = material.serving();
    const serving = await serve({
      server: api,
      address: config.bindAddress,
      port: config.securePort,
      certificate,
      key,
      limits: { bodyMs: limits.requestTimeoutMs, streams: limits.streams },
      goawayChance: limits.goawayChance,
      ...(proxies === undefined ? {} : { proxies }),
    });
    opened.push(async () => serving.close(limits.requestTimeoutMs));
    listeners.serving = (pair) => serving.reload(pair);
    listeners.authorities = () => {
      api.publish().catch((error: unknown) => log(`new CAs are not published: ${textOf(error)}`));
    };
    listeners.nodes = () => api.nodesDeclared();
    const client = createClient(loopbackTransport(asControllers(api.loopback(SELF))));
    const stop = new AbortController();
    const controllers = runOwnControllers(config, {
      client,
      material,
      metrics,
      nodeCertificates,
      signal: stop.signal,
      voices: { log, tell, isTold },
    });
    const following = files.follow(stop.signal);
    const compaction = startCompaction(storage, { clock: systemClock, signal: stop.signal });
    const failed = Promise.withResolvers<never>();
    // Whoever waits for it hears of it; nobody has to.
    failed.promise.catch(() => undefined);
    for (const part of [controllers, compaction]) part.catch(failed.reject);
    opened.push(async () => {
      stop.abort();
      await Promise.allSettled([controllers, compaction, following]);
    });
    opened.push(() => leave(limits, api, serving));
    const reload = async (): Promise<void> => {
      await files.look();
      await audit?.reopen().catch((error: unknown) => log(`audit log: ${textOf(error)}`));
    };
    return { client, failed: failed.promise, reload, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The service `kubernetes`, and what `/api` says. */
function advertisedBy({
  securePort: port,
  advertiseAddress: address,
}: ServerConfig): Pick<ApiServerOptions, 'advertised' | 'serverAddress'> {
  if (address === undefined) return { advertised: { port } };
  const host = address.includes(':') ? `[${address}]` : address;
  return { advertised: { port, address }, serverAddress: `${host}:${port}` };
}

/** Tells balancers first, and serves on for as long as they need to hear of it. */
async function leave(
  { shutdown: { delayMs, sendRetryAfter }, requestTimeoutMs }: ServerLimits,
  api: ApiServer,
  serving: Serving,
): Promise<void> {
  api.beginShutdown();
  if (delayMs > 0) await systemClock.sleep(delayMs);
  if (sendRetryAfter) await serving.drain(requestTimeoutMs);
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
