/** The leaf certificates of a cluster: which there are, what each says, and where it lies. */
import { extname } from 'node:path';
import {
  administratorItems,
  CATALOGUE,
  type Cluster,
  type CredentialId,
  type HostItem,
  hostItems,
  isPartOf,
  type KubeconfigItem,
  type PairItem,
  sharedItems,
} from '../../cluster/index.ts';
import { KubepkiError, quoted } from '../../errors.ts';

export interface ClusterLeaf {
  /** `admin`, `shared` (by several hosts), or the name of a host. */
  readonly place: string;
  readonly item: PairItem | KubeconfigItem;
}

/** Which of a cluster's leaves are meant. */
export interface LeafFilter {
  readonly credential?: CredentialId | undefined;
  readonly host?: string | undefined;
}

/** Every leaf of a cluster that a filter lets through; of a named host also those that it shares. */
export function clusterLeaves(cluster: Cluster, filter: LeafFilter = {}): ClusterLeaf[] {
  const leaves: ClusterLeaf[] = [];
  const add = (place: string, items: readonly HostItem[]): void => {
    for (const item of items) {
      if (item.kind === 'copy') continue;
      if (filter.credential === undefined || item.credential === filter.credential) {
        leaves.push({ place, item });
      }
    }
  };
  for (const host of cluster.hosts) {
    if (filter.host === undefined || host.name === filter.host) {
      add(host.name, hostItems(cluster, host));
    }
  }
  add('shared', sharedItems(cluster));
  if (filter.host === undefined) add('admin', administratorItems(cluster));
  return leaves;
}

const MOST_NAMED = 5;

/**
 * The one leaf that a credential and a host name. The host may be left out where the certificate says
 * the same for all its holders.
 *
 * @throws KubepkiError `USAGE` for a credential without a certificate of its own in this cluster, or
 *   where several hosts have one and none is named
 */
export function findLeaf(
  cluster: Cluster,
  credential: CredentialId,
  host: string | undefined,
  isPlaceNeeded: boolean,
): ClusterLeaf {
  const { kind } = CATALOGUE[credential];
  if (kind === 'ca' || kind === 'key-pair') {
    throw new KubepkiError('USAGE', `--credential ${credential}: not the certificate of a leaf`, {
      hint:
        kind === 'ca'
          ? 'apply makes CAs; one under a company root is made there'
          : 'apply makes it',
    });
  }
  requireHost(cluster, host);
  const leaves = clusterLeaves(cluster, { credential, host });
  const [first, ...others] = leaves;
  if (first === undefined) throw noLeaf(cluster, credential, host);
  const isOne = isPlaceNeeded
    ? others.length === 0
    : others.every(({ item }) => saysTheSame(item, first.item));
  if (isOne) return first;
  const holders = leaves.slice(0, MOST_NAMED).map(({ place }) => place);
  const more = leaves.length > MOST_NAMED ? ', …' : '';
  throw new KubepkiError('USAGE', `--credential ${credential} is held by ${leaves.length} hosts`, {
    hint: `say whose with --host: ${holders.join(', ')}${more}`,
  });
}

/** @throws KubepkiError `USAGE` for a host that is not in the cluster file */
export function requireHost({ hosts }: Cluster, name: string | undefined): void {
  if (name === undefined || hosts.some((host) => host.name === name)) return;
  const names = hosts.slice(0, MOST_NAMED).map((host) => host.name);
  const more = hosts.length > MOST_NAMED ? ', …' : '';
  throw new KubepkiError('USAGE', `no host ${quoted(name)} in the cluster file`, {
    hint: `there are ${names.join(', ')}${more}`,
  });
}

function noLeaf(
  cluster: Cluster,
  credential: CredentialId,
  host: string | undefined,
): KubepkiError {
  const isThere = isPartOf(cluster, credential);
  const what = isThere && host !== undefined ? `${host} does not hold ${credential}` : undefined;
  return new KubepkiError('USAGE', what ?? `this cluster has no ${credential}`, {
    hint: isThere
      ? 'docs/reference/credentials.md says which hosts do'
      : 'frontProxy, kubeletCertificates and the layout decide which credentials there are',
  });
}

const saysTheSame = (a: ClusterLeaf['item'], b: ClusterLeaf['item']): boolean =>
  JSON.stringify(a.profile) === JSON.stringify(b.profile);

/** The ending of a certificate's file in this layout: what an answer beside its request is called. */
export function certificateEnding({ layout }: Cluster, item: ClusterLeaf['item']): string {
  if (layout === 'binary') return '.pem';
  if (layout !== 'custom' || item.kind !== 'pair') return '.crt';
  return extname(item.certificatePath) === '.pem' ? '.pem' : '.crt';
}
