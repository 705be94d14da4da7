/** The files of a root as they lie there, and the names that kubeadm has for what is in them. */
import { lstat, readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** Null content for directories. */
export type Snapshot = Map<string, { readonly mode: number; readonly content: Buffer | null }>;

/** Everything below a root's etc and var, by its path below the root: permissions and content. */
export async function snapshot(root: string): Promise<Snapshot> {
  const found: Snapshot = new Map();
  for (const top of ['etc', 'var']) {
    const entries = await readdir(join(root, top), { recursive: true, withFileTypes: true }).catch(
      () => [],
    );
    for (const entry of entries) {
      const path = join(entry.parentPath, entry.name);
      // The lock is no part of the PKI: it is empty, and kubeadm never looks at it.
      if (entry.name === '.kubepki.lock') continue;
      const { mode } = await lstat(path);
      const content = entry.isDirectory() ? null : await readFile(path);
      found.set(relative(root, path), { mode: mode & 0o7777, content });
    }
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The leaves that `kubeadm certs` knows, as it calls and sorts them; it leaves kubelet.conf to the kubelet. */
export const LEAVES = [
  'admin.conf',
  'apiserver',
  'apiserver-etcd-client',
  'apiserver-kubelet-client',
  'controller-manager.conf',
  'etcd-healthcheck-client',
  'etcd-peer',
  'etcd-server',
  'front-proxy-client',
  'scheduler.conf',
  'super-admin.conf',
];
export const AUTHORITIES = ['ca', 'etcd-ca', 'front-proxy-ca'];

/** The files of leaves, sorted. */
export const filesOf = (names: readonly string[]): string[] =>
  names
    .flatMap((name) => {
      if (name.endsWith('.conf')) return [`etc/kubernetes/${name}`];
      const path = `etc/kubernetes/pki/${name.replace(/^etcd-/, 'etcd/')}`;
      return [`${path}.crt`, `${path}.key`];
    })
    .sort();
