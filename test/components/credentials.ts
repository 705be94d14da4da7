/**
 * Where the files of `kubepki apply` lie, and the flags that hand them to the components: both from
 * the catalogue, so that what the catalogue says is what the components are started with.
 */

import { join } from 'node:path';
import {
  CATALOGUE,
  CREDENTIAL_IDS,
  type CredentialDefinition,
  type CredentialId,
  filePath,
  type Host,
  type Layout,
} from '../../src/cluster/index.ts';
import type { Pair } from '../system/etcd-cluster.ts';

export type Component = CredentialDefinition['flags'][number]['component'];
type Part = CredentialDefinition['flags'][number]['part'];

/** The files of one cluster. */
export interface Files {
  readonly layout: Layout;
  /** The directory of `kubepki apply -d`. */
  readonly pki: string;
}

/** The file that holds one part of a credential on a host. */
export function hostFile(files: Files, host: Host, id: CredentialId, part: Part): string {
  const path =
    part === 'kubeconfig' ? CATALOGUE[id].files[files.layout] : filePath(files.layout, id, part);
  return join(files.pki, 'hosts', host.name, path);
}

export function hostPair(files: Files, host: Host, id: CredentialId): Pair {
  return {
    certificate: hostFile(files, host, id, 'certificate'),
    key: hostFile(files, host, id, 'key'),
  };
}

/** The kubeconfig of one of those who hold theirs on no host. */
export function adminKubeconfig({ layout, pki }: Files, id: 'admin' | 'super-admin'): string {
  return join(pki, 'admin', CATALOGUE[id].files[layout].replace(/^etc\/kubernetes\//, ''));
}

/** A CA's certificate and key, where the authorities lie. */
export function authorityPair(
  { layout, pki }: Files,
  id: 'ca' | 'etcd-ca' | 'front-proxy-ca',
): Pair {
  const path = (part: 'certificate' | 'key'): string =>
    filePath(layout, id, part).replace(/^etc\/(kubernetes\/pki|etcd\/ssl)\//, '');
  const folder = join(pki, 'authorities');
  return { certificate: join(folder, path('certificate')), key: join(folder, path('key')) };
}

/**
 * What the catalogue says that a component on this host takes: flag or setting -> file. Settings of a
 * configuration file are those without dashes.
 */
export function flagsOf(files: Files, component: Component, host: Host): Map<string, string> {
  const flags = new Map<string, string>();
  for (const id of CREDENTIAL_IDS) {
    for (const { component: taker, flag, part } of CATALOGUE[id].flags) {
      if (taker === component) flags.set(flag, hostFile(files, host, id, part));
    }
  }
  return flags;
}
