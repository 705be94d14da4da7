/** Puts a server together: storage, API server, controllers. What `kubepki server` and `kubepki up` share. */
import {
  type ApiServerOptions,
  createApiServer,
  openAuditLog,
  serve,
  versionInfo,
} from '../../apiserver/index.ts';
import {
  createClient,
  type KubernetesClient,
  loopbackTransport,
  systemClock,
} from '../../client/index.ts';
import { lookAtFile } from '../../collect/index.ts';
import {
  formatLogLine,
  type LogLine,
  readAuthority,
  runControllers,
  type ServingOptions,
} from '../../controllers/index.ts';
import { KubepkiError } from '../../errors.ts';
import { openSqliteStorage, startCompaction } from '../../storage/index.ts';
import { readTokenFile } from '../../tokens/index.ts';
import { type Certificate, readCertificates } from '../../x509/index.ts';
import { VERSION } from '../version.ts';
import type { ServerConfig } from './config.ts';
import { requestHeaderWarnings, requireSeparateAuthorities } from './request-header.ts';

/** Who the server's own parts are to it (upstream: `user.APIServerUser`). */
const SELF = { name: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] };

export interface RunningServer {
  /** Speaks to the server in its own process, as the server itself. */
  readonly client: KubernetesClient;
  /** Rejects where it cannot go on. */
  readonly failed: Promise<never>;
  /** Ends what it consists of, the last opened first: controllers, connections, storage. */
  close(): Promise<void>;
}

export interface ServerVoices {
  /** What is wrong. */
  readonly log: (line: string) => void;
  /** What is done: approvals, signatures. */
  readonly tell?: (line: string) => void;
  /** Of which warnings somebody else speaks. */
  readonly isTold?: (line: LogLine) => boolean;
}

/** @throws KubepkiError for files that are missing or wrong, a port in use, a database that cannot be opened */
export async function startServer(
  config: ServerConfig,
  { log, tell, isTold }: ServerVoices,
): Promise<RunningServer> {
  const { signing, tokenAuthFile } = config;
  const tokenFile =
    tokenAuthFile === undefined ? undefined : readTokenFile(readText(tokenAuthFile), tokenAuthFile);
  for (const warning of tokenFile?.warnings ?? []) log(warning);
  const authority =
    signing === undefined ? undefined : await readAuthority(signing.certFile, signing.keyFile);
  const certificate = readText(config.tlsCertFile);
  for (const warning of warningsOf(certificate, config.tlsCertFile)) log(warning);
  const clientCa = readCertificates(readText(config.clientCaFile));
  const requestHeader = requestHeaderOf(config, clientCa, log);
  const now = (): Date => systemClock.now();
  const storage = await openSqliteStorage(config.database, {
    now,
    ...(config.clusterId === undefined ? {} : { clusterId: config.clusterId }),
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
    const api = await createApiServer({
      storage,
      clientCa: () => clientCa,
      ...(requestHeader === undefined ? {} : { requestHeader }),
      ...(config.authorizationModes === undefined
        ? {}
        : { authorizationModes: config.authorizationModes }),
      ...(config.apiAudiences === undefined ? {} : { apiAudiences: config.apiAudiences }),
      ...(tokenFile === undefined ? {} : { tokenFile: tokenFile.users }),
      bootstrapTokens: config.bootstrapTokenAuth,
      anonymousAuth: config.anonymousAuth,
      ...(audit === undefined ? {} : { audit }),
      version: versionInfo(VERSION),
      clock: systemClock,
      log: (message, error) => log(error === undefined ? message : `${message}: ${textOf(error)}`),
    });
    opened.push(async () => api.close());
    await api.ready();
    const serving = await serve({
      server: api,
      address: config.bindAddress,
      port: config.securePort,
      certificate,
      key: readText(config.tlsPrivateKeyFile),
    });
    opened.push(async () => serving.close());
    const client = createClient(loopbackTransport(api.loopback(SELF)));
    const stop = new AbortController();
    const controllers = runControllers({
      client,
      clock: systemClock,
      signal: stop.signal,
      controllers: config.controllers,
      log: (line) => {
        if (isTold?.(line) === true) return;
        if (line.level === 'warn' || line.level === 'error') log(formatLogLine(line));
        else if (line.level === 'info') tell?.(formatLogLine(line));
      },
      ...(config.serving === undefined ? {} : { serving: servingOf(config.serving, certificate) }),
      ...(authority === undefined
        ? {}
        : {
            signing: {
              authorities: async () => authority,
              ...(signing?.duration === undefined ? {} : { duration: signing.duration }),
            },
          }),
    });
    const compaction = startCompaction(storage, { clock: systemClock, signal: stop.signal });
    const failed = Promise.withResolvers<never>();
    // Whoever waits for it hears of it; nobody has to.
    failed.promise.catch(() => undefined);
    for (const part of [controllers, compaction]) part.catch(failed.reject);
    opened.push(async () => {
      stop.abort();
      await Promise.allSettled([controllers, compaction]);
    });
    return { client, failed: failed.promise, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function requestHeaderOf(
  { requestHeader }: ServerConfig,
  clientCa: readonly Certificate[],
  log: (line: string) => void,
): ApiServerOptions['requestHeader'] {
  if (requestHeader === undefined) return undefined;
  const { clientCaFile, ...options } = requestHeader;
  const ca = readCertificates(readText(clientCaFile));
  requireSeparateAuthorities(requestHeader, ca, clientCa);
  for (const warning of requestHeaderWarnings(requestHeader)) log(warning);
  return { ca: () => ca, ...options };
}

/** No node shall have a certificate for what the server itself answers to. */
function servingOf(
  { allowedCidrs, allowedDnsSuffixes, reservedNames }: NonNullable<ServerConfig['serving']>,
  certificate: string,
): ServingOptions {
  const reserved = [...reservedNames, ...namesIn(certificate)];
  return { allowedCidrs, allowedDnsSuffixes, reserved };
}

function namesIn(certificate: string): string[] {
  const { subjectAltNames } = readCertificates(certificate)[0];
  return [...(subjectAltNames?.dns ?? []), ...(subjectAltNames?.ip ?? [])];
}

/** Why clients will refuse the server. Told, not refused: kube-apiserver serves with such a certificate, too. */
function warningsOf(certificate: string, path: string): string[] {
  const { extendedKeyUsage = [], subjectAltNames } = readCertificates(certificate)[0];
  const warnings: string[] = [];
  const isServer =
    extendedKeyUsage.length === 0 ||
    extendedKeyUsage.some((usage) => usage === 'serverAuth' || usage === 'any');
  if (!isServer) warnings.push('lacks the extended key usage serverAuth: clients refuse it');
  const names = (subjectAltNames?.dns?.length ?? 0) + (subjectAltNames?.ip?.length ?? 0);
  if (names === 0)
    warnings.push('has no subject alternative names: no client finds its host there');
  return warnings.map((warning) => `${path}: the certificate ${warning}`);
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function readText(path: string): string {
  const file = lookAtFile(path);
  if (file.state === 'there') return file.bytes.toString('utf8');
  if (file.state === 'missing') throw new KubepkiError('NOT_FOUND', `${path}: no such file`);
  throw new KubepkiError('FILE_SYSTEM', `${path}: ${file.reason}`);
}
