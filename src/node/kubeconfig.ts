/**
 * The node's two kubeconfigs: the one it bootstraps with is read, its own is read, judged and
 * written (kubernetes, pkg/kubelet/certificate/bootstrap/bootstrap.go).
 */
import { KubepkiError, quoted } from '../errors.ts';
import {
  type Cluster,
  emptyKubeconfig,
  formatKubeconfig,
  type Kubeconfig,
  mergeKubeconfigs,
  parseKubeconfig,
  resolvePaths,
  type User,
} from '../kubernetes/index.ts';
import { type Certificate, decodePrivateKey, keysMatch, readCertificates } from '../x509/index.ts';
import { type Disk, writeAtomically } from './disk.ts';
import type { ApiTarget } from './types.ts';

export interface LoadedKubeconfig {
  readonly path: string;
  readonly target: ApiTarget;
  /** As it stands in the file, paths made absolute. */
  readonly cluster: Cluster;
  /** The files that certificate and key are from, where they are not embedded. */
  readonly files?: { readonly certificateFile: string; readonly keyFile: string };
  /** The certificate and its key stand in the kubeconfig itself. */
  readonly embedded: boolean;
}

/**
 * Reads a kubeconfig and the files that its current context leads to.
 *
 * @param path absolute
 * @throws KubepkiError NOT_FOUND, FILE_SYSTEM, MALFORMED_DOCUMENT, UNSUPPORTED for an exec plug-in or
 *   a password, INVALID_VALUE where it does not lead to a server
 */
export function loadKubeconfig(path: string, disk: Disk): LoadedKubeconfig {
  const { cluster, user } = readCurrent(path, disk);
  const certificate = part(disk, user.clientCertificateData, user.clientCertificate);
  const key = part(disk, user.clientKeyData, user.clientKey);
  const token = user.token || part(disk, undefined, user.tokenFile)?.trim();
  const { clientCertificate: certificateFile, clientKey: keyFile } = user;
  const embedded = hasBytes(user.clientCertificateData) && hasBytes(user.clientKeyData);
  return {
    path,
    cluster,
    embedded,
    ...(!embedded && certificateFile && keyFile ? { files: { certificateFile, keyFile } } : {}),
    target: {
      ...serverOf(cluster, disk),
      ...(certificate === undefined ? {} : { certificate }),
      ...(key === undefined ? {} : { key }),
      ...(token ? { token } : {}),
    },
  };
}

/**
 * Reads where a kubeconfig leads and with which CAs, whatever its credentials are.
 *
 * @throws KubepkiError as `loadKubeconfig`
 */
export function loadServer(
  path: string,
  disk: Disk,
): { readonly server: ApiTarget; readonly caFile: string | undefined } {
  const { cluster } = readCurrent(path, disk);
  const caFile = hasBytes(cluster.certificateAuthorityData)
    ? undefined
    : cluster.certificateAuthority;
  return { server: serverOf(cluster, disk), caFile };
}

function readCurrent(path: string, disk: Disk): { cluster: Cluster; user: User } {
  const bytes = disk.read(path);
  if (bytes === undefined) {
    throw new KubepkiError('NOT_FOUND', `${path}: no such file`);
  }
  const file = { path, config: parseKubeconfig(bytes.toString('utf8'), path) };
  const found = current(resolvePaths(mergeKubeconfigs([file]), '/'), path);
  refuseOthers(found.cluster, found.user, path);
  return found;
}

function serverOf(cluster: Cluster, disk: Disk): ApiTarget {
  const { certificateAuthorityData: data, certificateAuthority: file } = cluster;
  const certificateAuthority = part(disk, data, file);
  return {
    server: cluster.server,
    ...(certificateAuthority === undefined ? {} : { certificateAuthority }),
    ...(cluster.insecureSkipTlsVerify === true ? { insecureSkipTlsVerify: true } : {}),
    ...(cluster.tlsServerName ? { tlsServerName: cluster.tlsServerName } : {}),
  };
}

function current(config: Kubeconfig, path: string): { cluster: Cluster; user: User } {
  const wrong = (what: string): KubepkiError =>
    new KubepkiError('INVALID_VALUE', `${path}: ${what}`, {
      hint: 'a kubeconfig for a node has a current-context with a cluster and a user',
    });
  if (config.currentContext === '') throw wrong('no current-context');
  const context = config.contexts.get(config.currentContext);
  if (context === undefined) throw wrong(`no context ${quoted(config.currentContext, 80)}`);
  const cluster = config.clusters.get(context.cluster);
  if (cluster === undefined) throw wrong(`no cluster ${quoted(context.cluster, 80)}`);
  if (cluster.server === '') throw wrong(`no server in cluster ${quoted(context.cluster, 80)}`);
  // As clientcmd: without a user one is anonymous, but a user that is named must be there.
  const user = context.user === '' ? {} : config.users.get(context.user);
  if (user === undefined) throw wrong(`no user ${quoted(context.user, 80)}`);
  return { cluster, user };
}

/** What a node would not be able to keep in the kubeconfig that it writes, or cannot do. */
function refuseOthers({ proxyUrl }: Cluster, user: User, path: string): void {
  if (proxyUrl) {
    throw new KubepkiError('UNSUPPORTED', `${path}: a proxy-url`, {
      hint: 'a node speaks to its API server directly',
    });
  }
  const found =
    user.exec !== undefined ? 'an exec plug-in' : user.authProvider && 'an auth-provider';
  const what = found ?? (user.username ? 'a user name with a password' : undefined);
  if (what === undefined) return;
  throw new KubepkiError('UNSUPPORTED', `${path}: credentials from ${what}`, {
    hint: 'a node takes a token, or a client certificate with its key',
  });
}

const hasBytes = (bytes: Uint8Array | undefined): boolean =>
  bytes !== undefined && bytes.length > 0;

/** Embedded data take precedence over the file. */
function part(
  disk: Disk,
  data: Uint8Array | undefined,
  file: string | undefined,
): string | undefined {
  if (data !== undefined && data.length > 0) return Buffer.from(data).toString('utf8');
  if (file === undefined || file === '') return undefined;
  const bytes = disk.read(file);
  if (bytes === undefined) throw new KubepkiError('NOT_FOUND', `${file}: no such file`);
  return bytes.toString('utf8');
}

/**
 * Why a node has to bootstrap although a kubeconfig is given; undefined: it has not, the file holds or
 * leads to a client certificate with its key, and none of its certificates has expired.
 *
 * @throws KubepkiError FILE_SYSTEM where it cannot be told whether there is one
 */
export function whyNotValid(path: string, now: Date, disk: Disk): string | undefined {
  const judged = judgeKubeconfig(path, now, disk);
  return 'reason' in judged ? judged.reason : undefined;
}

export type JudgedKubeconfig =
  /** Why it does not do. */
  | { readonly reason: string }
  /** The client's certificate and its issuers, leaf first. */
  | {
      readonly target: ApiTarget;
      readonly certificates: readonly [Certificate, ...Certificate[]];
    };

/** As `whyNotValid`, with what was read where it is valid. */
export function judgeKubeconfig(path: string, now: Date, disk: Disk): JudgedKubeconfig {
  if (!disk.exists(path)) return { reason: 'no such file' };
  try {
    const { target } = loadKubeconfig(path, disk);
    if (target.certificate === undefined || target.key === undefined) {
      return { reason: 'no client certificate with its key' };
    }
    const certificates = readCertificates(target.certificate);
    if (!keysMatch(certificates[0], decodePrivateKey(target.key))) {
      return { reason: 'the client certificate is of another key' };
    }
    if (target.certificateAuthority !== undefined) readCertificates(target.certificateAuthority);
    const expired = certificates.find(({ notAfter }) => now > notAfter);
    return expired === undefined
      ? { target, certificates }
      : { reason: `its client certificate expired ${expired.notAfter.toISOString()}` };
  } catch (error) {
    if (error instanceof KubepkiError) return { reason: error.message };
    throw error;
  }
}

/**
 * Writes the node's kubeconfig, by the kubelet's names, before there is a certificate: the cluster of
 * the bootstrap kubeconfig, and a user whose certificate and key will be in `pemPath`. Beyond what
 * the kubelet keeps: the name to verify the server by. Nothing is written where the file says that
 * already.
 *
 * @returns whether it was written
 * @throws KubepkiError FILE_SYSTEM
 */
export async function writeNodeKubeconfig(
  path: string,
  bootstrap: LoadedKubeconfig,
  pemPath: string,
  disk: Disk,
): Promise<boolean> {
  const { server, certificateAuthority, certificateAuthorityData, insecureSkipTlsVerify } =
    bootstrap.cluster;
  const { tlsServerName } = bootstrap.cluster;
  const config = emptyKubeconfig();
  const authority = certificateAuthority
    ? { certificateAuthority }
    : certificateAuthorityData && { certificateAuthorityData };
  config.clusters.set('default-cluster', {
    server,
    ...authority,
    ...(insecureSkipTlsVerify === true ? { insecureSkipTlsVerify } : {}),
    ...(tlsServerName ? { tlsServerName } : {}),
  });
  config.users.set('default-auth', { clientCertificate: pemPath, clientKey: pemPath });
  config.contexts.set('default-context', {
    cluster: 'default-cluster',
    user: 'default-auth',
    namespace: 'default',
  });
  config.currentContext = 'default-context';
  const text = formatKubeconfig(config);
  if (disk.kindOf(path) === 'file' && disk.read(path)?.toString('utf8') === text) return false;
  await writeAtomically(disk, path, text);
  return true;
}
