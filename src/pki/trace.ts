/** Looks for traces of an authority that is not where it should be: files that prove that it existed. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  type AuthorityItem,
  administratorItems,
  type Cluster,
  type Host,
  type HostItem,
  hostItems,
  sharedItems,
} from '../cluster/index.ts';
import type { Trace } from './making.ts';
import { administratorRoot, authoritiesRoot, hostRoot, isFlat, type Place } from './place.ts';

/**
 * The first copy of the authority that is left on the hosts of a run, else a copy of its key, or
 * something that it has issued. What a run makes it makes after the authority, so a run that was
 * cut short leaves no trace without it.
 */
export function findTrace(
  item: AuthorityItem,
  cluster: Cluster,
  place: Place,
  hosts: readonly Host[],
): Trace | undefined {
  const own = [item.publicPath, item.keyPath].map((path) => join(authoritiesRoot(place), path));
  let other: Trace | undefined;
  for (const { name, root, items } of places(cluster, place, hosts)) {
    for (const one of items) {
      if (!comesFrom(one, item)) continue;
      const path = join(root, one.kind === 'pair' ? one.certificatePath : one.path);
      if (own.includes(path) || !existsSync(path)) continue;
      if (one.kind === 'copy' && one.part !== 'key') return { path, copyOf: name };
      other ??= { path };
    }
  }
  return other;
}

function comesFrom(one: HostItem, { credential }: AuthorityItem): boolean {
  if (one.kind === 'copy') return one.credential === credential;
  return (
    one.profile.issuer === credential || (one.kind === 'kubeconfig' && one.trust === credential)
  );
}

export interface Items {
  readonly name: string;
  readonly root: string;
  readonly items: readonly HostItem[];
}

/** What the places of a run hold. One at a time: ten thousand hosts at once would take memory for nothing. */
export function* places(cluster: Cluster, place: Place, hosts: readonly Host[]): Generator<Items> {
  if (isFlat(place))
    yield { name: 'shared', root: hostRoot(place, ''), items: sharedItems(cluster) };
  for (const host of hosts) {
    const root = hostRoot(place, host.name);
    // Before anything was made there is not even hosts/, or the one directory.
    if (!existsSync(isFlat(place) ? root : dirname(root))) break;
    if (existsSync(root)) yield { name: host.name, root, items: hostItems(cluster, host) };
  }
  if (place.kind === 'directory') {
    yield { name: 'admin', root: administratorRoot(place), items: administratorItems(cluster) };
  }
}
