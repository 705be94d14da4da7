/** Judges a kubeconfig that is there already: whose certificate it holds, which CA it trusts, which server it calls. */
import { isAbsolute, join } from 'node:path';
import type { KubeconfigItem } from '../cluster/index.ts';
import { lookAtFile } from '../collect/index.ts';
import { type Kubeconfig, parseKubeconfig } from '../kubernetes/index.ts';
import { type Certificate, decodePrivateKey, keysMatch, readCertificates } from '../x509/index.ts';
import type { Authority } from './authorities.ts';
import { attempt } from './examine.ts';

export type KubeconfigFinding =
  | { readonly reason: string }
  /** Without a certificate where the user authenticates by other means. */
  | { readonly certificate?: Certificate; readonly notes: readonly string[] };

type User = Kubeconfig['users'] extends Map<string, infer T> ? T : never;

/**
 * @param root the root of the host's file system, for files that the kubeconfig names
 */
export function examineKubeconfig(
  text: string,
  root: string,
  item: KubeconfigItem,
  authority: Authority | undefined,
): KubeconfigFinding {
  const parsed = attempt(() => parseKubeconfig(text, item.path));
  if ('reason' in parsed) return parsed;
  const config = parsed.value;
  const context = config.contexts.get(config.currentContext);
  if (context === undefined) return { reason: 'it has no current context' };
  const cluster = config.clusters.get(context.cluster);
  const user = config.users.get(context.user);
  if (cluster === undefined || user === undefined) {
    return {
      reason: `its context ${JSON.stringify(config.currentContext)} names a cluster or user that is not in it`,
    };
  }
  const trust = part(root, cluster.certificateAuthorityData, cluster.certificateAuthority);
  if (cluster.insecureSkipTlsVerify === true)
    return { reason: 'it does not verify the server (insecure-skip-tls-verify)' };
  const trustProblem = judgeTrust(trust, authority, item.profile.issuer);
  if (trustProblem !== undefined) return { reason: trustProblem };
  // Another server is a note, as for kubeadm: a load balancer may well stand before the one we know.
  const notes =
    cluster.server === item.server
      ? []
      : [`its server is ${cluster.server}, the cluster file says ${item.server}`];
  return readUser(root, user, notes);
}

/** Text embedded in the kubeconfig, or of the file that it names; undefined where it has neither. */
function part(
  root: string,
  data: Uint8Array | undefined,
  path: string | undefined,
): { text: string } | { problem: string } | undefined {
  if (data !== undefined) return { text: Buffer.from(data).toString('utf8') };
  if (path === undefined || path === '') return undefined;
  if (!isAbsolute(path)) return { problem: `it names a file by a relative path: ${path}` };
  const file = lookAtFile(join(root, path));
  if (file.state === 'there') return { text: file.bytes.toString('utf8') };
  return {
    problem: `${path}, which it names: ${file.state === 'missing' ? 'not there' : file.reason}`,
  };
}

function judgeTrust(
  trust: ReturnType<typeof part>,
  authority: Authority | undefined,
  id: string,
): string | undefined {
  if (trust === undefined) return 'it names no CA to verify the server with';
  if ('problem' in trust) return trust.problem;
  const read = attempt(() => readCertificates(trust.text));
  if ('reason' in read) return `its CA: ${read.reason}`;
  const own = authority?.certificate;
  if (own !== undefined && read.value.some(({ der }) => Buffer.compare(der, own.der) === 0))
    return undefined;
  return authority?.state === 'planned'
    ? `it trusts a CA, and ${id} does not exist yet`
    : `it trusts another CA than ${id}`;
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
  const certificates = attempt(() => readCertificates(certificate.text));
  if ('reason' in certificates) return { reason: `its client certificate: ${certificates.reason}` };
  const read = attempt(() => decodePrivateKey(key.text));
  if ('reason' in read) return { reason: `its client key: ${read.reason}` };
  const [leaf] = certificates.value;
  if (!keysMatch(leaf, read.value))
    return { reason: 'its certificate and key do not belong together' };
  return { certificate: leaf, notes };
}
