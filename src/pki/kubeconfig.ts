/** Judges a kubeconfig that is there already: whose certificate it holds, which CA it trusts, which server it calls. */

import { isAbsolute, join, resolve } from 'node:path';
import type { KubeconfigItem } from '../cluster/index.ts';
import { lookAtFile } from '../collect/index.ts';
import { quoted } from '../errors.ts';
import {
  formatKubeconfig,
  type Kubeconfig,
  makeKubeconfig,
  parseKubeconfig,
} from '../kubernetes/index.ts';
import { type Certificate, decodePrivateKey, keysMatch, readCertificates } from '../x509/index.ts';
import type { Authority } from './authorities.ts';
import { attempt, readCertificateFile, strangerNotes } from './examine.ts';

export type KubeconfigFinding =
  | { readonly reason: string }
  /** Without a certificate where the user authenticates by other means. */
  | { readonly certificate?: Certificate; readonly notes: readonly string[] };

type User = Kubeconfig['users'] extends Map<string, infer T> ? T : never;
type Cluster = Kubeconfig['clusters'] extends Map<string, infer T> ? T : never;

/**
 * @param root the root of the host's file system, for files that the kubeconfig names
 */
export function examineKubeconfig(
  text: string,
  root: string,
  item: KubeconfigItem,
  authority: Authority,
): KubeconfigFinding {
  const own = ownText(text, item, authority);
  if (own !== undefined) return readUser(root, own, []);
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
  const trusted = judgeTrust(root, cluster, authority);
  if ('reason' in trusted) return trusted;
  const server = judgeServer(cluster, item.server);
  if ('reason' in server) return server;
  if ([user.as, user.asUid, user.asGroups, user.asUserExtra].some((field) => field !== undefined)) {
    return { reason: 'it acts as somebody else (impersonation)' };
  }
  return readUser(root, user, [...trusted.notes, ...server.notes]);
}

/**
 * The user of a kubeconfig that is, to the letter, what we would write around its certificate and
 * key. Most are, and reading YAML takes ten times as long as this comparison.
 */
function ownText(text: string, item: KubeconfigItem, authority: Authority): User | undefined {
  const [, certificate, key] =
    /client-certificate-data: (\S+)\n +client-key-data: (\S+)\n/.exec(text) ?? [];
  if (certificate === undefined || key === undefined || authority.publicText === undefined)
    return undefined;
  const [clientCertificate, clientKey] = [
    Buffer.from(certificate, 'base64'),
    Buffer.from(key, 'base64'),
  ];
  const { clusterName: cluster, server, user } = item;
  const certificateAuthority = authority.publicText;
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
function judgeServer(cluster: Cluster, wanted: string): Judgement {
  if (cluster.insecureSkipTlsVerify === true) {
    return { reason: 'it does not verify the server (insecure-skip-tls-verify)' };
  }
  const url = URL.parse(cluster.server);
  if (url?.protocol !== 'https:') return { reason: 'its server is no https URL' };
  const notes: string[] = [];
  if (cluster.server !== wanted) {
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

/** Bytes embedded in the kubeconfig, or of the file that it names; undefined where it has neither. */
function part(
  root: string,
  data: Uint8Array | undefined,
  path: string | undefined,
): { bytes: Buffer } | { problem: string } | undefined {
  if (data !== undefined) return { bytes: Buffer.from(data) };
  if (path === undefined || path === '') return undefined;
  if (!isAbsolute(path)) return { problem: `it names a file by a relative path: ${path}` };
  // Made absolute first, so that no `..` leads out of the root.
  const file = lookAtFile(join(root, resolve('/', path)));
  if (file.state === 'there') return { bytes: file.bytes };
  return {
    problem: `${path}, which it names: ${file.state === 'missing' ? 'not there' : file.reason}`,
  };
}

function judgeTrust(root: string, cluster: Cluster, authority: Authority): Judgement {
  const trust = part(root, cluster.certificateAuthorityData, cluster.certificateAuthority);
  if (trust === undefined) return { reason: 'it names no CA to verify the server with' };
  if ('problem' in trust) return { reason: trust.problem };
  const read = readCertificateFile(trust.bytes);
  if ('reason' in read) return { reason: `its CA: ${read.reason}` };
  const own = authority.certificate;
  if (own !== undefined && read.value.some(({ der }) => Buffer.compare(der, own.der) === 0)) {
    return { notes: strangerNotes(read.value, own) };
  }
  return { reason: `it trusts another CA than ${authority.id}` };
}

function readUser(root: string, user: User, notes: readonly string[]): KubeconfigFinding {
  const certificate = part(root, user.clientCertificateData, user.clientCertificate);
  const key = part(root, user.clientKeyData, user.clientKey);
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
  const read = attempt(() => decodePrivateKey(key.bytes));
  if ('reason' in read) return { reason: `its client key: ${read.reason}` };
  const other = user.token ?? user.tokenFile ?? user.username;
  const more = other === undefined ? [] : ['it holds a token or password beside its certificate'];
  const [leaf] = certificates.value;
  if (!keysMatch(leaf, read.value))
    return { reason: 'its certificate and key do not belong together' };
  return { certificate: leaf, notes: [...notes, ...more] };
}
