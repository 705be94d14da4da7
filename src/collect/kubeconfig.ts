/** Reads a kubeconfig for what it holds: which certificates, and of the secrets only that they are there. */
import { type Cluster, parseKubeconfig, type User } from '../kubernetes/index.ts';
import { keysMatch } from '../x509/index.ts';
import type { BlockReader } from './block.ts';
import { readPemEntries } from './pem.ts';
import { readToken } from './token.ts';
import type { Entry, KubeconfigCluster, KubeconfigMaterial, KubeconfigUser } from './types.ts';

/** @throws KubepkiError MALFORMED_DOCUMENT, with the line and the field, never a value */
export function readKubeconfig(text: string, reader: BlockReader): KubeconfigMaterial {
  const config = parseKubeconfig(text, 'kubeconfig');
  return {
    format: 'kubeconfig',
    clusters: Array.from(config.clusters, ([name, cluster]) => readCluster(name, cluster, reader)),
    users: Array.from(config.users, ([name, user]) => readUser(name, user, reader)),
    contexts: Array.from(config.contexts, ([name, { cluster, user, namespace }]) => ({
      name,
      cluster,
      user,
      namespace,
    })),
    currentContext: config.currentContext,
  };
}

function readCluster(name: string, cluster: Cluster, reader: BlockReader): KubeconfigCluster {
  return {
    name,
    server: withoutPassword(cluster.server),
    insecureSkipTlsVerify: cluster.insecureSkipTlsVerify ?? false,
    certificateAuthority: readData(cluster.certificateAuthorityData, reader),
    tlsServerName: cluster.tlsServerName,
    certificateAuthorityFile: cluster.certificateAuthority,
  };
}

function readUser(name: string, user: User, reader: BlockReader): KubeconfigUser {
  const clientCertificate = readData(user.clientCertificateData, reader);
  const clientKey = readData(user.clientKeyData, reader);
  return {
    name,
    clientCertificate,
    clientKey,
    hasToken: user.token !== undefined,
    token: tokenOf(user.token),
    hasPassword: user.password !== undefined,
    keyMatches: pairMatches([...clientCertificate, ...clientKey]),
    clientCertificateFile: user.clientCertificate,
    clientKeyFile: user.clientKey,
    tokenFile: user.tokenFile,
    execCommand: user.exec?.command,
    authProvider: user.authProvider?.name,
  };
}

function tokenOf(text: string | undefined): KubeconfigUser['token'] {
  const token = text === undefined ? undefined : readToken(text);
  return token === undefined || 'reason' in token ? undefined : token;
}

function readData(data: Uint8Array | undefined, reader: BlockReader): readonly Entry[] {
  if (data === undefined || data.length === 0) return [];
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const entries = readPemEntries(bytes, reader);
  return 'reason' in entries
    ? [{ kind: 'malformed', label: 'data', reason: entries.reason }]
    : entries;
}

/**
 * Whether the first certificate and the first private key belong together, by the rule of Go's
 * tls.X509KeyPair; undefined where one of them is missing or cannot be read.
 */
export function pairMatches(entries: readonly Entry[]): boolean | undefined {
  const certificate = entries.find((entry) => entry.kind === 'certificate');
  const key = entries.find((entry) => entry.kind === 'privateKey' || entry.kind === 'lockedKey');
  if (certificate === undefined || key?.kind !== 'privateKey') return undefined;
  return keysMatch(certificate.certificate, key);
}

/** An address can carry a password before its host: that is not for a screen. */
const withoutPassword = (server: string): string => server.replace(/\/\/[^/?#]*@/, '//');
