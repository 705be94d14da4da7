/** What kind of place a directory is: a machine's root, a tree of k3s or RKE2, kubepki's own, or just a directory. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { HostLayout } from '../../cluster/index.ts';
import { fileSystemError } from '../../collect/index.ts';
import { KubepkiError } from '../../errors.ts';

export type Recognised =
  /** `root` is the root of its file system, or a copy of that. */
  | { readonly kind: 'machine'; readonly root: string; readonly layout: HostLayout }
  | { readonly kind: 'k3s'; readonly root: string; readonly product: 'k3s' | 'RKE2' }
  | {
      readonly kind: 'kubepki';
      readonly root: string;
      readonly layout: HostLayout;
      readonly hosts: readonly string[];
    }
  | { readonly kind: 'custom'; readonly root: string };

/** The directory itself, or the one above it that it is a known part of: `/etc/kubernetes/pki` belongs to `/`. */
const PARTS = ['', 'etc/kubernetes', 'etc/kubernetes/pki'] as const;

/** @throws KubepkiError `NOT_FOUND`, `FILE_SYSTEM`, `UNSUPPORTED` for an agent of k3s */
export function recognise(directory: string): Recognised {
  requireDirectory(directory);
  const path = resolve(directory);
  const isThere = (...names: string[]): boolean => existsSync(join(...names));
  if (
    isThere(path, 'authorities') &&
    (isThere(path, 'hosts') || isThere(path, 'authorities/cluster-name'))
  ) {
    const layout = isThere(path, 'authorities/ca.pem') ? 'binary' : 'kubeadm';
    return { kind: 'kubepki', root: path, layout, hosts: directoriesIn(join(path, 'hosts')) };
  }
  for (const part of ['', 'server', 'server/tls']) {
    const root = rootAbove(path, part);
    if (
      root !== undefined &&
      isThere(root, 'server/tls/client-ca.crt') &&
      isThere(root, 'server/tls/server-ca.crt')
    ) {
      return {
        kind: 'k3s',
        root,
        product: isThere(root, 'agent/pod-manifests') || /rke2/.test(root) ? 'RKE2' : 'k3s',
      };
    }
  }
  if (isThere(path, 'agent/serving-kubelet.crt') || isThere(path, 'serving-kubelet.crt')) {
    throw new KubepkiError(
      'UNSUPPORTED',
      `${directory}: an agent of k3s or RKE2, whose server makes what it has`,
      {
        hint: 'run it on a server, on its data directory (/var/lib/rancher/k3s)',
      },
    );
  }
  for (const part of PARTS) {
    const root = rootAbove(path, part);
    if (root === undefined) continue;
    const layout = machineLayout((file) => isThere(root, file));
    if (layout !== undefined) return { kind: 'machine', root, layout };
  }
  return { kind: 'custom', root: path };
}

/** kubeadm's names and those of installations from binaries, told apart by the file that both have. */
function machineLayout(has: (file: string) => boolean): HostLayout | undefined {
  if (has('etc/kubernetes/pki/ca.crt')) return 'kubeadm';
  const binary =
    has('etc/kubernetes/pki/ca.pem') &&
    (has('etc/kubernetes/pki/ca-key.pem') || has('etc/kubernetes/pki/apiserver.pem'));
  if (binary) return 'binary';
  return has('etc/kubernetes/kubelet.conf') || has('etc/kubernetes/admin.conf')
    ? 'kubeadm'
    : undefined;
}

/** The directory of which `part` leads here; undefined where this is no such part. */
function rootAbove(path: string, part: string): string | undefined {
  if (part === '') return path;
  if (!path.endsWith(`/${part}`)) return undefined;
  return path.slice(0, -part.length - 1) || '/';
}

function requireDirectory(directory: string): void {
  let isDirectory: boolean;
  try {
    const stats = statSync(directory, { throwIfNoEntry: false });
    if (stats === undefined) throw new KubepkiError('NOT_FOUND', `${directory}: no such directory`);
    isDirectory = stats.isDirectory();
  } catch (error) {
    throw fileSystemError(error, directory);
  }
  if (!isDirectory) {
    throw new KubepkiError('FILE_SYSTEM', `${directory}: not a directory`, {
      hint: 'name the directory that the files lie in',
    });
  }
}

const MOST_HOSTS = 100_000;

function directoriesIn(path: string): string[] {
  if (!existsSync(path)) return [];
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .slice(0, MOST_HOSTS)
      .map(({ name }) => name)
      .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  } catch (error) {
    throw fileSystemError(error, path);
  }
}
