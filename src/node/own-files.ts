/**
 * Looks after the files of a node before its agent starts, for whoever owns them and can let it in
 * anew: `kubepki up`. An agent that serves a machine by itself leaves such files as they are, as a
 * kubelet does.
 *
 * Links and paths are absolute, as the kubelet writes them (client-go, certificate_store.go,
 * `updateSymlink`), so a directory that was moved or copied leads to where it came from.
 */
import { realpathSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { KubepkiError } from '../errors.ts';
import { formatKubeconfig, parseKubeconfig } from '../kubernetes/index.ts';
import { type Certificate, commonName, verifyChain } from '../x509/index.ts';
import { DISK, writeAtomically } from './disk.ts';
import { type JudgedKubeconfig, judgeKubeconfig } from './kubeconfig.ts';
import { userOf } from './names.ts';
import { CertificateStore, type StoreOptions } from './store.ts';

export interface OwnFiles {
  readonly nodeName: string;
  readonly kubeconfig: string;
  readonly certDir: string;
}

/** The cluster that the node shall be one of. */
export interface OwnCluster {
  /** `https://host:port`. */
  readonly server: string;
  readonly roots: readonly Certificate[];
  readonly now: Date;
}

export interface OwnState {
  /** Where the files were led to before they were led here again. */
  readonly movedFrom?: string;
  /** Why the node has to be given a bootstrap kubeconfig. */
  readonly bootstrapsBecause?: string;
  /** Whether it has to ask for a client certificate: there is none that can be used. */
  readonly needsCertificate: boolean;
  /** Nothing is there yet. */
  readonly isNew: boolean;
}

/**
 * Leads links and paths of the node to its own files again, judges its credentials as the agent will,
 * and takes out of its way what would stop it. Keys and dated certificates stay where they are.
 *
 * @throws KubepkiError FILE_SYSTEM
 */
export async function prepareOwnFiles(files: OwnFiles, cluster: OwnCluster): Promise<OwnState> {
  const isNew = !DISK.exists(files.certDir) && DISK.kindOf(files.kubeconfig) === undefined;
  if (isNew) return { bootstrapsBecause: 'it is new', needsCertificate: true, isNew };
  const movedFrom = await leadHome(files);
  const moved = movedFrom === undefined ? {} : { movedFrom };
  dropUnreadable(files, 'kubelet-server', cluster.now);
  const judged = judgeKubeconfig(files.kubeconfig, cluster.now, DISK);
  const foreign = 'reason' in judged ? undefined : whyForeign(judged, files.nodeName, cluster);
  const because = 'reason' in judged ? judged.reason : foreign;
  if (because === undefined) return { ...moved, needsCertificate: false, isNew };
  // The agent would take it for good.
  if (foreign !== undefined) DISK.remove(files.kubeconfig);
  const pair = dropUnreadable(files, 'kubelet-client', cluster.now);
  const usable =
    pair !== undefined &&
    cluster.now <= pair.certificates[0].notAfter &&
    whyNotOf(pair.certificates, files.nodeName, cluster) === undefined;
  if (pair !== undefined && !usable) remove(currentOf(files, 'kubelet-client'));
  return { ...moved, bootstrapsBecause: because, needsCertificate: !usable, isNew };
}

type Prefix = StoreOptions['prefix'];
const PREFIXES: readonly Prefix[] = ['kubelet-client', 'kubelet-server'];

const currentOf = ({ certDir }: OwnFiles, prefix: Prefix): string =>
  join(certDir, `${prefix}-current.pem`);

/** @returns the directory that they were led to before */
async function leadHome(files: OwnFiles): Promise<string | undefined> {
  let from: string | undefined;
  for (const path of PREFIXES.flatMap((prefix) => [
    currentOf(files, prefix),
    join(files.certDir, `${prefix}-updated.pem`),
  ])) {
    if (DISK.kindOf(path) !== 'link') continue;
    const target = resolve(files.certDir, DISK.linkTarget(path));
    if (isSame(dirname(target), files.certDir)) continue;
    from = dirname(target);
    const own = join(files.certDir, basename(target));
    // Never by way of another's keys, not for a moment longer.
    DISK.remove(path);
    if (DISK.kindOf(own) === 'file') DISK.link(own, path);
    await DISK.sync(files.certDir);
  }
  return (await correctPaths(files)) ?? from;
}

/** Whether two paths are one directory; one that is not there is none. */
function isSame(one: string, other: string): boolean {
  try {
    return realpathSync(one) === realpathSync(other);
  } catch {
    return false;
  }
}

/** The paths of certificate and key in the node's kubeconfig. */
async function correctPaths(files: OwnFiles): Promise<string | undefined> {
  const { kubeconfig } = files;
  const own = currentOf(files, 'kubelet-client');
  try {
    const text = DISK.read(kubeconfig)?.toString('utf8');
    // As it stands in nearly all of them; reading YAML takes longer.
    if (text === undefined || text.includes(`client-certificate: ${own}\n`)) return undefined;
    const config = parseKubeconfig(text, kubeconfig);
    const name = config.contexts.get(config.currentContext)?.user ?? '';
    const user = config.users.get(name);
    if (user?.clientCertificate === undefined) return undefined;
    const named = resolve(dirname(kubeconfig), user.clientCertificate);
    if (basename(named) !== basename(own) || isSame(dirname(named), files.certDir)) {
      return undefined;
    }
    config.users.set(name, { ...user, clientCertificate: own, clientKey: own });
    await writeAtomically(DISK, kubeconfig, formatKubeconfig(config));
    return dirname(named);
  } catch (error) {
    // One that cannot be read is judged later.
    if (error instanceof KubepkiError && error.code !== 'FILE_SYSTEM') return undefined;
    throw error;
  }
}

/** Why valid credentials are not those of this node in this cluster. */
function whyForeign(
  { target, certificates }: Exclude<JudgedKubeconfig, { reason: string }>,
  nodeName: string,
  cluster: OwnCluster,
): string | undefined {
  if (target.server !== cluster.server) return `it leads to ${target.server}`;
  return whyNotOf(certificates, nodeName, cluster);
}

function whyNotOf(
  [leaf, ...intermediates]: readonly [Certificate, ...Certificate[]],
  nodeName: string,
  { roots, now }: OwnCluster,
): string | undefined {
  const name = commonName(leaf.subject);
  if (name !== userOf(nodeName)) return `its client certificate is that of ${name ?? 'nobody'}`;
  const { ok } = verifyChain({ leaf, intermediates, roots, at: now, purpose: 'clientAuth' });
  return ok ? undefined : 'its client certificate is not one of this CA';
}

/** The pair in use; where it cannot be read, nothing leads to it any more. */
function dropUnreadable(files: OwnFiles, prefix: Prefix, now: Date) {
  const store = new CertificateStore({ directory: files.certDir, prefix, now: () => now });
  try {
    return store.current();
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    remove(currentOf(files, prefix));
    return undefined;
  }
}

/** A link goes; what is no link is kept under another name. */
function remove(path: string): void {
  const kind = DISK.kindOf(path);
  if (kind === 'link') DISK.remove(path);
  else if (kind !== undefined) DISK.rename(path, `${path}.unusable`);
}
