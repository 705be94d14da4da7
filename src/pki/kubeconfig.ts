/** Judges a kubeconfig that is there already: whose certificate it holds, which CA it trusts, which server it calls. */

import { isAbsolute, join, resolve } from 'node:path';
import type { KubeconfigItem } from '../cluster/index.ts';
import { type FileState, lookAtFile } from '../collect/index.ts';
import { quoted } from '../errors.ts';
import {
  formatKubeconfig,
  type Kubeconfig,
  makeKubeconfig,
  parseKubeconfig,
} from '../kubernetes/index.ts';
import {
  type Certificate,
  decodePrivateKey,
  encodePem,
  keysMatch,
  type PrivateKey,
  readCertificates,
} from '../x509/index.ts';
import type { Authority } from './authorities.ts';
import { attempt, readCertificateFile, strangerNotes } from './examine.ts';

export type KubeconfigFinding =
  | { readonly reason: string }
  /** A key whose certificate is still to come. */
  | { readonly pending: PendingUser; readonly notes: readonly string[] }
  /** Without a certificate where the user authenticates by other means. */
  | {
      readonly certificate?: Certificate;
      readonly key?: PrivateKey;
      readonly notes: readonly string[];
    };

/** A key in a kubeconfig whose certificate is still to come. */
export interface PendingUser {
  readonly key: PrivateKey;
  /** The kubeconfig with the certificate, and otherwise as it is. */
  readonly complete: (certificate: Uint8Array) => string;
}

type User = Kubeconfig['users'] extends Map<string, infer T> ? T : never;
type Cluster = Kubeconfig['clusters'] extends Map<string, infer T> ? T : never;

/** Where a kubeconfig's host has its files. */
export interface Tree {
  readonly root: string;
  /** Why a file is not looked at: a link that leads out of the tree. */
  readonly elsewhere: (path: string) => string | undefined;
}

/**
 * @param tree the host's file system, for files that the kubeconfig names
 */
export function examineKubeconfig(
  text: string,
  tree: Tree,
  item: KubeconfigItem,
  authority: Authority,
): KubeconfigFinding {
  const locate = locator(tree, item);
  const own = ownText(text, item, authority);
  if (own !== undefined) return readUser(locate, own, []);
  const parsed = attempt(() => parseKubeconfig(text, item.path));
  if ('reason' in parsed) return parsed;
  const config = parsed.value;
  const context = config.contexts.get(config.currentContext);
  if (context === undefined) return { reason: 'it has no current context' };
  const cluster = config.clusters.get(context.cluster);
  const user = config.users.get(context.user);
  if (cluster === undefined || user === undefined) {
    return {
      reason: `its context ${quoted(config.currentContext)} names a cluster or user that is not in it`,
    };
  }
  const pending = pendingKey(config, user);
  // kubeadm leaves the CA out as long as the certificate is to come.
  const trusted: Judgement =
    pending !== undefined && !namesCa(cluster)
      ? { notes: [] }
      : judgeTrust(locate, cluster, authority);
  if ('reason' in trusted) return trusted;
  const server = judgeServer(cluster, item);
  if ('reason' in server) return server;
  if ([user.as, user.asUid, user.asGroups, user.asUserExtra].some((field) => field !== undefined)) {
    return { reason: 'it acts as somebody else (impersonation)' };
  }
  const notes = [...trusted.notes, ...server.notes];
  if (pending !== undefined) {
    if ('reason' in pending) return pending;
    const complete = (certificate: Uint8Array): string =>
      completed(config, certificate, authority.trustText ?? '');
    return { pending: { key: pending.value, complete }, notes };
  }
  return readUser(locate, user, notes);
}

const namesCa = ({ certificateAuthority, certificateAuthorityData }: Cluster): boolean =>
  certificateAuthorityData !== undefined || (certificateAuthority ?? '') !== '';

/** The key of a user who has nothing else yet, in a kubeconfig that holds nobody else: as it lies there until its certificate has come. */
function pendingKey(
  { clusters, contexts, users }: Kubeconfig,
  user: User,
): ReturnType<typeof readKey> | undefined {
  const only = clusters.size === 1 && contexts.size === 1 && users.size === 1;
  const { clientKeyData, origin: _, ...others } = user;
  return only && clientKeyData !== undefined && Object.keys(others).length === 0
    ? readKey(clientKeyData)
    : undefined;
}

/** A kubeconfig of one user with that user's certificate, and with a CA where none is named. */
function completed(config: Kubeconfig, certificate: Uint8Array, trustText: string): string {
  const certificateAuthorityData = Buffer.from(trustText, 'utf8');
  const clientCertificateData = Buffer.from(encodePem('CERTIFICATE', certificate), 'utf8');
  const clusters = [...config.clusters].map(
    ([name, cluster]) =>
      [name, namesCa(cluster) ? cluster : { ...cluster, certificateAuthorityData }] as const,
  );
  const users = [...config.users].map(
    ([name, user]) => [name, { ...user, clientCertificateData }] as const,
  );
  return formatKubeconfig({ ...config, clusters: new Map(clusters), users: new Map(users) });
}

function readKey(bytes: Uint8Array): { readonly value: PrivateKey } | { readonly reason: string } {
  const read = attempt(() => decodePrivateKey(bytes));
  return 'reason' in read ? { reason: `its client key: ${read.reason}` } : read;
}

/**
 * The user of a kubeconfig that is, to the letter, what we would write around its certificate and
 * key. Most are, and reading YAML takes ten times as long as this comparison.
 */
function ownText(text: string, item: KubeconfigItem, authority: Authority): User | undefined {
  const [, certificate, key] =
    /client-certificate-data: (\S+)\n +client-key-data: (\S+)\n/.exec(text) ?? [];
  const certificateAuthority = authority.trustText;
  if (certificate === undefined || key === undefined || certificateAuthority === undefined)
    return undefined;
  const [clientCertificate, clientKey] = [
    Buffer.from(certificate, 'base64'),
    Buffer.from(key, 'base64'),
  ];
  const { clusterName: cluster, server, user } = item;
  const wanted = makeKubeconfig({
    cluster,
    server,
    certificateAuthority,
    user,
    clientCertificate,
    clientKey,
  });
  return formatKubeconfig(wanted) === text ? wanted.users.get(user) : undefined;
}

type Judgement = { readonly reason: string } | { readonly notes: readonly string[] };

/** Another server is a note, as for kubeadm: a load balancer may well stand before the one we know. */
function judgeServer(
  cluster: Cluster,
  { server: wanted, dataDirectories }: KubeconfigItem,
): Judgement {
  if (cluster.insecureSkipTlsVerify === true) {
    return { reason: 'it does not verify the server (insecure-skip-tls-verify)' };
  }
  const url = URL.parse(cluster.server);
  if (url?.protocol !== 'https:') return { reason: 'its server is no https URL' };
  const notes: string[] = [];
  if (cluster.server !== wanted && dataDirectories === undefined) {
    // Without the user and password that a URL may hold.
    notes.push(
      `its server is https://${url.host}${url.pathname === '/' ? '' : url.pathname}, the cluster file says ${wanted}`,
    );
  }
  if (cluster.tlsServerName !== undefined)
    notes.push(`it expects the server to be ${cluster.tlsServerName}`);
  if (cluster.proxyUrl !== undefined) notes.push('it goes through a proxy');
  return { notes };
}

/** Looks at a file that a kubeconfig names by its absolute path on its host. */
type Locate = (path: string) => FileState;

function locator({ root, elsewhere }: Tree, { dataDirectories }: KubeconfigItem): Locate {
  return (path) => {
    // Made absolute first, so that no `..` leads out of the root.
    const names = resolve('/', path).split('/');
    const from = names.findLastIndex((name) => dataDirectories?.includes(name) === true);
    const here = join(root, ...names.slice(Math.max(0, from)));
    const reason = elsewhere(here);
    return reason === undefined ? lookAtFile(here) : { state: 'unreadable', reason };
  };
}

/** Bytes embedded in the kubeconfig, or of the file that it names; undefined where it has neither. */
function part(
  locate: Locate,
  data: Uint8Array | undefined,
  path: string | undefined,
): { bytes: Buffer } | { problem: string } | undefined {
  if (data !== undefined) return { bytes: Buffer.from(data) };
  if (path === undefined || path === '') return undefined;
  if (!isAbsolute(path)) return { problem: `it names a file by a relative path: ${path}` };
  const file = locate(path);
  if (file.state === 'there') return { bytes: file.bytes };
  return {
    problem: `${path}, which it names: ${file.state === 'missing' ? 'not there' : file.reason}`,
  };
}

const sameBytes = (a: Certificate, b: Certificate): boolean => Buffer.compare(a.der, b.der) === 0;

function judgeTrust(locate: Locate, cluster: Cluster, authority: Authority): Judgement {
  const trust = part(locate, cluster.certificateAuthorityData, cluster.certificateAuthority);
  if (trust === undefined) return { reason: 'it names no CA to verify the server with' };
  if ('problem' in trust) return { reason: trust.problem };
  const read = readCertificateFile(trust.bytes);
  if ('reason' in read) return { reason: `its CA: ${read.reason}` };
  const { certificate: own, issuers = [] } = authority;
  if (own !== undefined) {
    // The authority itself, or an issuer of it: servers send what is between.
    const family = [own, ...issuers];
    const others = read.value.filter((one) => !family.some((member) => sameBytes(one, member)));
    if (others.length < read.value.length) return { notes: strangerNotes(others, own) };
  }
  return { reason: `it trusts another CA than ${authority.id}` };
}

function readUser(locate: Locate, user: User, notes: readonly string[]): KubeconfigFinding {
  const certificate = part(locate, user.clientCertificateData, user.clientCertificate);
  const key = part(locate, user.clientKeyData, user.clientKey);
  if (certificate === undefined) {
    const other = user.token ?? user.tokenFile ?? user.exec ?? user.authProvider;
    if (other === undefined) return { reason: 'it holds no client certificate' };
    return { notes: [...notes, 'it authenticates without a certificate'] };
  }
  if ('problem' in certificate) return { reason: certificate.problem };
  if (key === undefined) return { reason: 'it holds a certificate without its key' };
  if ('problem' in key) return { reason: key.problem };
  const certificates = attempt(() => readCertificates(certificate.bytes));
  if ('reason' in certificates) return { reason: `its client certificate: ${certificates.reason}` };
  const read = readKey(key.bytes);
  if ('reason' in read) return read;
  const other = user.token ?? user.tokenFile ?? user.username;
  const more = other === undefined ? [] : ['it holds a token or password beside its certificate'];
  const [leaf] = certificates.value;
  if (!keysMatch(leaf, read.value))
    return { reason: 'its certificate and key do not belong together' };
  return { certificate: leaf, key: read.value, notes: [...notes, ...more] };
}
