/** The transport that a kubeconfig describes: server, trust, proxy, and who to be, as client-go reads it. */
import { KubepkiError, quotable, quoted } from '../../errors.ts';
import {
  type Cluster,
  type Kubeconfig,
  mergeKubeconfigs,
  parseKubeconfig,
  resolvePaths,
  type User,
} from '../../kubernetes/index.ts';
import { utf8 } from '../body.ts';
import type { Clock } from '../clock.ts';
import { serverUrl } from './connect.ts';
import { execSource } from './exec.ts';
import { fileValue, readWhole } from './files.ts';
import { impersonationHeaders } from './impersonation.ts';
import {
  basic,
  bearer,
  type ClientCertificate,
  checkedAuthorities,
  checkedPair,
} from './material.ts';
import { tokenFile } from './token-file.ts';
import { createRemoteTransport, type RemoteSettings, type RemoteTransport } from './transport.ts';

export type KubeconfigTransportOptions = {
  /** The current one unless given. */
  readonly context?: string;
  readonly userAgent: string;
  readonly clock: Clock;
  /** For credential plug-ins; this process's unless given. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Whether credential plug-ins may ask a user; whether standard input is a terminal unless given. */
  readonly terminal?: boolean;
  /** Told the certificate (DER) of a server that was verified, with each whole handshake. */
  readonly onServerCertificate?: (der: Uint8Array) => void;
} & (
  | { readonly path: string; readonly config?: never }
  /** Read and merged already. Relative paths are meant against the files that entries came from. */
  | { readonly config: Kubeconfig; readonly path?: never }
);

/** How often certificate files are looked at: as often as the kubelet looks whether its certificate was rotated. */
const CERTIFICATES_EVERY_MS = 10_000;

/**
 * A transport as the kubeconfig has it. Files that it names are read with the first request, and again
 * when they change: connections with an old certificate are then closed as soon as nobody uses them.
 *
 * @throws KubepkiError NOT_FOUND, FILE_SYSTEM or MALFORMED_DOCUMENT for the file, INVALID_VALUE for
 *   contexts, clusters and users that are not there, or that contradict themselves
 */
export async function transportFromKubeconfig(
  options: KubeconfigTransportOptions,
): Promise<RemoteTransport> {
  const where = options.path === undefined ? 'kubeconfig' : `kubeconfig ${quotable(options.path)}`;
  const config =
    options.config ??
    mergeKubeconfigs([
      {
        path: options.path,
        config: parseKubeconfig(utf8(await readWhole(options.path)), options.path),
      },
    ]);
  const { cluster, user, userName } = choose(resolvePaths(config, process.cwd()), options, where);
  const given: Given = { options, cluster, user, where: `${where}: user ${quoted(userName)}` };
  return createRemoteTransport({
    ...serverSettings(given, where),
    ...credentialSettings(given),
    headers: impersonationHeaders(user, given.where),
    userAgent: options.userAgent,
    onServerCertificate: options.onServerCertificate,
  });
}

interface Given {
  readonly options: KubeconfigTransportOptions;
  readonly cluster: Cluster;
  readonly user: User;
  /** Names file and user. */
  readonly where: string;
}

function choose(
  config: Kubeconfig,
  { context: wanted }: KubeconfigTransportOptions,
  where: string,
): { cluster: Cluster; user: User; userName: string } {
  const name = wanted ?? config.currentContext;
  if (name === '') {
    throw new KubepkiError('INVALID_VALUE', `${where}: no context is current`, {
      hint: 'name one, or set current-context',
    });
  }
  const context = config.contexts.get(name);
  if (context === undefined) throw missing(where, 'context', name);
  const cluster = config.clusters.get(context.cluster);
  if (cluster === undefined) throw missing(where, 'cluster', context.cluster);
  // A context without a user is that of an anonymous one.
  const user = context.user === '' ? {} : config.users.get(context.user);
  if (user === undefined) throw missing(where, 'user', context.user);
  return { cluster, user, userName: context.user };
}

const missing = (where: string, what: string, name: string): KubepkiError =>
  new KubepkiError('INVALID_VALUE', `${where}: it has no ${what} ${quoted(name)}`);

type ServerSettings = Pick<
  RemoteSettings,
  'server' | 'authorities' | 'serverName' | 'insecureSkipTlsVerify' | 'proxyUrl'
>;

function serverSettings({ cluster, user, options }: Given, where: string): ServerSettings {
  const { certificateAuthority: path, insecureSkipTlsVerify = false } = cluster;
  const data = present(cluster.certificateAuthorityData);
  if (cluster.server === '') {
    throw new KubepkiError('INVALID_VALUE', `${where}: its cluster has no server`);
  }
  if (insecureSkipTlsVerify && (data !== undefined || path !== undefined)) {
    throw new KubepkiError(
      'INVALID_VALUE',
      `${where}: its cluster has a certificate authority and insecure-skip-tls-verify`,
      { hint: 'remove insecure-skip-tls-verify' },
    );
  }
  const tls =
    insecureSkipTlsVerify ||
    [data, path, user.clientCertificate, user.clientCertificateData].some(
      (one) => one !== undefined,
    );
  return {
    server: serverUrl(cluster.server, where, tls),
    authorities: authoritiesOf(path, data, options.clock, where),
    serverName: cluster.tlsServerName,
    insecureSkipTlsVerify,
    proxyUrl: proxyUrl(cluster.proxyUrl, where),
  };
}

function authoritiesOf(
  path: string | undefined,
  data: Uint8Array | undefined,
  clock: Clock,
  where: string,
): RemoteSettings['authorities'] {
  if (data !== undefined) {
    const authorities = checkedAuthorities(data, `${where}: certificate-authority-data`);
    return () => authorities;
  }
  if (path === undefined) return () => undefined;
  return fileValue({
    paths: [path],
    clock,
    everyMs: CERTIFICATES_EVERY_MS,
    make: ([pem = new Uint8Array()]) =>
      checkedAuthorities(pem, `certificate authority ${quotable(path)}`),
  }).get;
}

function proxyUrl(text: string | undefined, where: string): string | undefined {
  if (text === undefined) return undefined;
  const url = URL.parse(text);
  if (url !== null && ['http:', 'https:', 'socks5:'].includes(url.protocol)) return text;
  // The address may hold a password, so it is not shown.
  throw new KubepkiError(
    'INVALID_VALUE',
    `${where}: expected a proxy-url that begins with http://, https:// or socks5://`,
  );
}

type CredentialSettings = Pick<RemoteSettings, 'certificate' | 'authorization' | 'renew' | 'end'>;

/** A plug-in is asked only where nothing else says who the user is. */
function credentialSettings(given: Given): CredentialSettings {
  const { user, where } = given;
  if (user.authProvider !== undefined) {
    throw new KubepkiError(
      'UNSUPPORTED',
      `${where}: it uses the auth-provider ${quoted(user.authProvider.name)}, which Kubernetes has removed`,
      { hint: 'use a credential plug-in (exec) in its place' },
    );
  }
  const certificate = certificateOf(given);
  const header = headerOf(given);
  if (user.exec === undefined || certificate !== undefined || header !== undefined) {
    return { certificate: certificate ?? nothing, ...(header ?? { authorization: nothing }) };
  }
  const { cluster, options } = given;
  const source = execSource({
    plugin: user.exec,
    cluster,
    clock: options.clock,
    where,
    env: options.env ?? process.env,
    terminal: options.terminal ?? process.stdin.isTTY,
  });
  return {
    certificate: async () => (await source.get()).certificate,
    authorization: async () => (await source.get()).authorization,
    renew: source.refresh,
    end: source.end,
  };
}

const nothing = (): undefined => undefined;

function certificateOf({ user, options, where }: Given): RemoteSettings['certificate'] | undefined {
  const certificate = present(user.clientCertificateData) ?? user.clientCertificate;
  const key = present(user.clientKeyData) ?? user.clientKey;
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined || key === undefined) {
    throw new KubepkiError(
      'INVALID_VALUE',
      `${where}: a client certificate and its key belong together`,
    );
  }
  if (typeof certificate !== 'string' && typeof key !== 'string') {
    const pair = checkedPair({ certificate, key }, `${where}: client certificate`);
    return () => pair;
  }
  const parts = [certificate, key];
  const paths = parts.filter((part) => typeof part === 'string');
  const make = (contents: readonly Uint8Array[]): ClientCertificate => {
    const read = [...contents];
    const [pem, secret] = parts.map((part) => (typeof part === 'string' ? read.shift() : part));
    return checkedPair(
      { certificate: pem ?? '', key: secret ?? '' },
      `${where}: client certificate (${quotable(paths.join(', '))})`,
    );
  };
  return fileValue({ paths, clock: options.clock, everyMs: CERTIFICATES_EVERY_MS, make }).get;
}

/** A token file's content counts more than a token, which stands in until the file can be read. */
function headerOf({
  user: { token, tokenFile: path, username, password },
  options,
  where,
}: Given): Pick<RemoteSettings, 'authorization' | 'renew'> | undefined {
  const hasToken = token !== undefined || path !== undefined;
  const hasName = username !== undefined || password !== undefined;
  if (hasToken && hasName) {
    throw new KubepkiError(
      'INVALID_VALUE',
      `${where}: it has a token and a user name, of which one can be used`,
    );
  }
  if (hasName) {
    const header = basic(username ?? '', password ?? '', where);
    return { authorization: () => header };
  }
  const fixed = token === undefined ? undefined : bearer(token, where);
  if (path === undefined) return fixed === undefined ? undefined : { authorization: () => fixed };
  const file = tokenFile(path, options.clock);
  return {
    authorization: async () => {
      try {
        return await file.get();
      } catch (error) {
        if (fixed === undefined) throw error;
        return fixed;
      }
    },
    renew: async ({ authorization = '' }) => file.refresh(authorization),
  };
}

const present = (bytes: Uint8Array | undefined): Uint8Array | undefined =>
  bytes === undefined || bytes.length === 0 ? undefined : bytes;
