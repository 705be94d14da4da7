/**
 * Where the files of `kubepki apply` lie, and the flags that hand them to the components: both from
 * the catalogue, so that what the catalogue says is what the components are started with.
 */

import { join } from 'node:path';
import {
  type AuthorityId,
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
export type Part = CredentialDefinition['flags'][number]['part'];

/** The files of one cluster. */
export interface Files {
  readonly layout: Layout;
  /** The directory of `kubepki apply -d`. */
  readonly pki: string;
  /** Where the files have names of their own: which one holds a part; undefined where there is none. */
  readonly find?: (id: CredentialId, part: Part, host: Host) => string | undefined;
}

/** The file that holds one part of a credential on a host. */
export function hostFile(files: Files, host: Host, id: CredentialId, part: Part): string {
  return join(files.pki, 'hosts', host.name, filePath(files.layout, id, part));
}

export function hostPair(files: Files, host: Host, id: CredentialId): Pair {
  return {
    certificate: hostFile(files, host, id, 'certificate'),
    key: hostFile(files, host, id, 'key'),
  };
}

/** The kubeconfig of one of those who hold theirs on no host. */
export function adminKubeconfig({ layout, pki }: Files, id: 'admin' | 'super-admin'): string {
  return join(pki, 'admin', filePath(layout, id, 'kubeconfig').replace(/^etc\/kubernetes\//, ''));
}

/** A CA's certificate and key, where the authorities lie. */
export function authorityPair({ layout, pki }: Files, id: AuthorityId): Pair {
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
    // Those that only split authorities have are in no layout of hosts.
    if (CATALOGUE[id].files === undefined) continue;
    for (const { component: taker, flag, part } of CATALOGUE[id].flags) {
      if (taker !== component) continue;
      const file = files.find ? files.find(id, part, host) : hostFile(files, host, id, part);
      if (file !== undefined) flags.set(flag, file);
    }
  }
  return flags;
}
