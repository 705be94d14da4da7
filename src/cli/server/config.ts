/** What the server runs with: kube-apiserver's and kube-controller-manager's flags, by their names. */
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { type AuthorizationMode, authorizationModes } from '../../apiserver/index.ts';
import { enabledControllers } from '../../controllers/index.ts';
import { KubepkiError, quoted } from '../../errors.ts';
import { parseGoDuration } from '../../kubernetes/index.ts';
import { type LimitFlags, type ServerLimits, serverLimits } from './limits.ts';
import {
  type RequestHeaderConfig,
  type RequestHeaderFlags,
  requestHeaderConfig,
} from './request-header.ts';

export interface ServerConfig {
  /** The database file. */
  readonly database: string;
  /** Of which cluster its database has to be; absent: of any. */
  readonly clusterId?: string;
  readonly bindAddress: string;
  readonly securePort: number;
  readonly tlsCertFile: string;
  readonly tlsPrivateKeyFile: string;
  readonly clientCaFile: string;
  readonly requestHeader?: RequestHeaderConfig;
  /** Node and RBAC unless given. */
  readonly authorizationModes?: readonly AuthorizationMode[];
  readonly apiAudiences?: readonly string[];
  readonly tokenAuthFile?: string;
  readonly bootstrapTokenAuth: boolean;
  readonly anonymousAuth: boolean;
  /** Whether dependents go with their owners; true unless given. */
  readonly garbageCollection?: boolean;
  readonly auditLogPath?: string;
  /** How values are encrypted where they lie; absent: not at all. */
  readonly encryption?: {
    readonly file: string;
    /** Whether it is read again when it has changed. */
    readonly reload: boolean;
  };
  readonly signing?: {
    readonly certFile: string;
    readonly keyFile: string;
    /** Milliseconds. */
    readonly duration?: number;
  };
  readonly controllers: readonly string[];
  /** What kubelet serving certificates may be for; absent: nobody approves them. */
  readonly serving?: {
    readonly allowedCidrs: readonly string[];
    readonly allowedDnsSuffixes: readonly string[];
    /** Beside what the server's own certificate is for. */
    readonly reservedNames: readonly string[];
  };
  /** Upstream's defaults unless given. */
  readonly limits?: ServerLimits;
}

export interface ServerFlags extends RequestHeaderFlags, LimitFlags {
  readonly dataDir: string;
  readonly bindAddress: string;
  readonly securePort: number;
  readonly tlsCertFile?: string;
  readonly tlsPrivateKeyFile?: string;
  readonly clientCaFile?: string;
  readonly tokenAuthFile?: string;
  readonly enableBootstrapTokenAuth: boolean;
  readonly anonymousAuth: boolean;
  readonly enableGarbageCollector?: boolean;
  readonly authorizationMode?: readonly string[];
  readonly apiAudiences?: readonly string[];
  readonly auditLogPath?: string;
  readonly encryptionProviderConfig?: string;
  readonly encryptionProviderConfigAutomaticReload?: boolean;
  readonly clusterSigningCertFile?: string;
  readonly clusterSigningKeyFile?: string;
  readonly clusterSigningDuration?: string;
  readonly controllers?: readonly string[];
  readonly allowedCidrs?: readonly string[];
  readonly allowedDnsSuffixes?: readonly string[];
  readonly reservedNames?: readonly string[];
}

/** @throws KubepkiError USAGE naming the flag */
export function serverConfig(flags: ServerFlags): ServerConfig {
  const { bindAddress, securePort, tokenAuthFile, auditLogPath, controllers = ['*'] } = flags;
  if (isIP(bindAddress) === 0) {
    throw new KubepkiError('USAGE', `--bind-address: ${quoted(bindAddress, 80)} is no IP address`);
  }
  requireControllers(controllers);
  const signing = signingOf(flags);
  const encryption = encryptionOf(flags);
  const requestHeader = requestHeaderConfig(flags);
  return {
    database: resolve(path('--data-dir', flags.dataDir), 'state.db'),
    bindAddress,
    securePort,
    tlsCertFile: path('--tls-cert-file', flags.tlsCertFile),
    tlsPrivateKeyFile: path('--tls-private-key-file', flags.tlsPrivateKeyFile),
    clientCaFile: path('--client-ca-file', flags.clientCaFile),
    bootstrapTokenAuth: flags.enableBootstrapTokenAuth,
    anonymousAuth: flags.anonymousAuth,
    garbageCollection: flags.enableGarbageCollector ?? true,
    controllers,
    limits: serverLimits(flags),
    ...(requestHeader === undefined ? {} : { requestHeader }),
    ...(flags.authorizationMode === undefined
      ? {}
      : { authorizationModes: authorizationModes(flags.authorizationMode) }),
    ...(flags.apiAudiences === undefined ? {} : { apiAudiences: flags.apiAudiences }),
    ...(tokenAuthFile === undefined
      ? {}
      : { tokenAuthFile: path('--token-auth-file', tokenAuthFile) }),
    ...(auditLogPath === undefined ? {} : { auditLogPath: path('--audit-log-path', auditLogPath) }),
    ...(encryption === undefined ? {} : { encryption }),
    ...(signing === undefined ? {} : { signing }),
    ...(flags.allowedCidrs === undefined
      ? {}
      : {
          serving: {
            allowedCidrs: flags.allowedCidrs,
            allowedDnsSuffixes: flags.allowedDnsSuffixes ?? [],
            reservedNames: flags.reservedNames ?? [],
          },
        }),
  };
}

/** Before anything serves. */
function requireControllers(list: readonly string[]): void {
  try {
    enabledControllers(list);
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    const { message, hint } = error;
    throw new KubepkiError(
      'USAGE',
      `--controllers: ${message}`,
      hint === undefined ? {} : { hint },
    );
  }
}

function encryptionOf(flags: ServerFlags): ServerConfig['encryption'] {
  const { encryptionProviderConfig: file } = flags;
  const { encryptionProviderConfigAutomaticReload: reload = false } = flags;
  if (file !== undefined) return { file: path('--encryption-provider-config', file), reload };
  if (!reload) return undefined;
  throw new KubepkiError(
    'USAGE',
    '--encryption-provider-config-automatic-reload must be set with --encryption-provider-config',
  );
}

function signingOf(flags: ServerFlags): ServerConfig['signing'] {
  const { clusterSigningCertFile: cert, clusterSigningKeyFile: key } = flags;
  const { clusterSigningDuration: duration } = flags;
  if (cert === undefined && key === undefined) return undefined;
  return {
    certFile: path('--cluster-signing-cert-file', cert),
    keyFile: path('--cluster-signing-key-file', key),
    ...(duration === undefined ? {} : { duration: parseGoDuration(duration) }),
  };
}

function path(flag: string, value: string | undefined): string {
  if (value !== undefined && value !== '') return resolve(value);
  throw new KubepkiError('USAGE', `${flag} is missing`, {
    hint: 'kubepki apply makes the files of a whole cluster; kubepki up makes them and starts the server',
  });
}
