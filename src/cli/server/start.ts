/** Puts a server together: storage, API server, controllers. What `kubepki server` and `kubepki up` share. */
import { readFileSync } from 'node:fs';
import { createApiServer, openAuditLog, serve, versionInfo } from '../../apiserver/index.ts';
import {
  createClient,
  type KubernetesClient,
  loopbackTransport,
  systemClock,
} from '../../client/index.ts';
import { reasonOf } from '../../collect/index.ts';
import {
  formatLogLine,
  readAuthority,
  runControllers,
  type ServingOptions,
} from '../../controllers/index.ts';
import { KubepkiError, systemCode } from '../../errors.ts';
import { openSqliteStorage, startCompaction } from '../../storage/index.ts';
import { readTokenFile } from '../../tokens/index.ts';
import { readCertificates } from '../../x509/index.ts';
import { VERSION } from '../version.ts';
import type { ServerConfig } from './config.ts';

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
}

/** @throws KubepkiError for files that are missing or wrong, a port in use, a database that cannot be opened */
export async function startServer(
  config: ServerConfig,
  { log, tell }: ServerVoices,
): Promise<RunningServer> {
  const { signing, tokenAuthFile } = config;
  const tokenFile =
    tokenAuthFile === undefined ? undefined : readTokenFile(readText(tokenAuthFile), tokenAuthFile);
  for (const warning of tokenFile?.warnings ?? []) log(warning);
  const authority =
    signing === undefined ? undefined : await readAuthority(signing.certFile, signing.keyFile);
  const certificate = readText(config.tlsCertFile);
  const clientCa = readCertificates(readText(config.clientCaFile));
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

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const code = systemCode(cause) === 'ENOENT' ? 'NOT_FOUND' : 'FILE_SYSTEM';
    throw new KubepkiError(code, `${path}: ${reasonOf(cause)}`, { cause });
  }
}
