/** The names of files in the layouts that give every host its own. */
import { KubepkiError } from '../errors.ts';
import { CATALOGUE, type CredentialId, type Part } from './catalogue.ts';
import type { Cluster, HostLayout, Layout } from './types.ts';

const ENDINGS: Readonly<Record<HostLayout, { certificate: string; key: string }>> = {
  kubeadm: { certificate: '.crt', key: '.key' },
  binary: { certificate: '.pem', key: '-key.pem' },
};

/**
 * The file of one part of a credential, below a host's root.
 *
 * @throws KubepkiError `UNSUPPORTED` for a layout that has no hosts' file systems, and for a credential that this layout never has
 */
export function filePath(layout: Layout, id: CredentialId, part: Part): string {
  const { kind, files } = CATALOGUE[id];
  if (layout === 'custom' || layout === 'k3s' || files === undefined) {
    throw new KubepkiError('UNSUPPORTED', `layout ${layout} has no file of a host for ${id}`);
  }
  const base = files[layout];
  if (part === 'kubeconfig') return base;
  if (kind === 'key-pair') return base + (part === 'key' ? '.key' : '.pub');
  return base + ENDINGS[layout][part === 'key' ? 'key' : 'certificate'];
}

/** The same where the cluster may have another name for it than its layout. */
export function hostFile(
  { layout, files }: Pick<Cluster, 'layout' | 'files'>,
  id: CredentialId,
  part: Part,
): string {
  const listed = files?.[id];
  const path = listed === undefined ? undefined : new Map(Object.entries(listed)).get(part);
  return path ?? filePath(layout, id, part);
}
