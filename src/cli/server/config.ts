/** What the server runs with: kube-apiserver's and kube-controller-manager's flags, by their names. */
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import {
  type AuthorizationMode,
  authorizationModes,
  type ServiceRanges,
  serviceRanges,
} from '../../apiserver/index.ts';
import { enabledControllers } from '../../controllers/index.ts';
import { KubepkiError, quoted } from '../../errors.ts';
import type { IpBlock } from '../../x509/index.ts';
import { type SignersFiles, signingDurationOf, signingFiles } from '../signing-files.ts';
import type { SigningFlags } from '../signing-flags.ts';
import { type AddressFlags, type BindNodesConfig, bindNodesOf, proxiesOf } from './addresses.ts';
import { advertiseAddress } from './advertise.ts';
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
  /** Where others reach it; absent: they cannot, and the service `kubernetes` leads nowhere. */
  readonly advertiseAddress?: string;
  /** What services get addresses and node ports from. */
  readonly serviceRanges: ServiceRanges;
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
    readonly files: SignersFiles;
    /** Milliseconds; a year unless given. */
    readonly duration?: number;
  };
  /** What verifies the server, to be published; absent: nobody does. */
  readonly rootCaFile?: string;
  readonly controllers: readonly string[];
  /** What kubelet serving certificates may be for; absent: nobody approves them. */
  readonly serving?: {
    readonly allowedCidrs: readonly string[];
    readonly allowedDnsSuffixes: readonly string[];
    /** Beside what the server's own certificate is for. */
    readonly reservedNames: readonly string[];
  };
  /** Whether credentials of nodes are good at their nodes only, and which are declared; absent: everywhere. */
  readonly bindNodes?: BindNodesConfig;
  /** Balancers that have to say with the PROXY protocol whose connections they hand on. */
  readonly proxies?: readonly IpBlock[];
  /** Upstream's defaults unless given. */
  readonly limits?: ServerLimits;
}

export interface ServerFlags extends RequestHeaderFlags, LimitFlags, SigningFlags, AddressFlags {
  readonly dataDir: string;
  readonly bindAddress: string;
  readonly securePort: number;
  readonly advertiseAddress?: string;
  readonly serviceClusterIpRange?: string;
  readonly serviceNodePortRange?: string;
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
  readonly rootCaFile?: string;
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
  const ranges = serviceRanges(flags.serviceClusterIpRange, flags.serviceNodePortRange);
  const family = ranges.addresses[0]?.family === 'IPv6' ? 6 : 4;
  const advertised = advertiseAddress(flags.advertiseAddress, bindAddress, family);
  const encryption = encryptionOf(flags);
  const requestHeader = requestHeaderConfig(flags);
  const bindNodes = bindNodesOf(flags);
  return {
    database: resolve(path('--data-dir', flags.dataDir), 'state.db'),
    bindAddress,
    securePort,
    ...(advertised === undefined ? {} : { advertiseAddress: advertised }),
    serviceRanges: ranges,
    tlsCertFile: path('--tls-cert-file', flags.tlsCertFile),
    tlsPrivateKeyFile: path('--tls-private-key-file', flags.tlsPrivateKeyFile),
    clientCaFile: path('--client-ca-file', flags.clientCaFile),
    bootstrapTokenAuth: flags.enableBootstrapTokenAuth,
    anonymousAuth: flags.anonymousAuth,
    garbageCollection: flags.enableGarbageCollector ?? true,
    controllers,
    limits: serverLimits(flags),
    proxies: proxiesOf(flags),
    ...(bindNodes === undefined ? {} : { bindNodes }),
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
    ...(flags.rootCaFile === undefined
      ? {}
      : { rootCaFile: path('--root-ca-file', flags.rootCaFile) }),
    // Either of them limits addresses: without both, a node could have any.
    ...(flags.allowedCidrs === undefined && bindNodes === undefined
      ? {}
      : {
          serving: {
            allowedCidrs: flags.allowedCidrs ?? [],
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
  const files = signingFiles(flags);
  const { clusterSigningDuration: duration } = flags;
  if (files.size === 0) return undefined;
  return { files, ...(duration === undefined ? {} : { duration: signingDurationOf(duration) }) };
}

function path(flag: string, value: string | undefined): string {
  if (value !== undefined && value !== '') return resolve(value);
  throw new KubepkiError('USAGE', `${flag} is missing`, {
    hint: 'kubepki apply makes the files of a whole cluster; kubepki up makes them and starts the server',
  });
}
