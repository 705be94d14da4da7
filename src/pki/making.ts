/**
 * When an authority may be made. A second CA of the same name, made where the first is only out of
 * sight, is the worst that this program could do: nothing that it signs would fit what is there. So
 * one function decides for every place, and whoever finds a file missing asks it.
 */
import type { AuthorityItem, Cluster, Host } from '../cluster/index.ts';
import type { Place } from './place.ts';

/** A file that could not be there if the authority had never existed. */
export interface Trace {
  readonly path: string;
  /** The host that holds a copy of the certificate or public key in it; absent of a key, and of what the authority has issued. */
  readonly copyOf?: string;
}

/** An authority whose certificate (or public key) is not where it should be. */
export interface Absence {
  readonly item: AuthorityItem;
  readonly keyIsThere: boolean;
  readonly trace: Trace | undefined;
}

export interface Decision {
  readonly make: boolean;
  readonly reason: string;
}

/** Why a machine makes nothing in the directory of `-d`: its administrator does, for all machines. */
export const MADE_BY_ADMINISTRATOR = 'with --root no authorities are made';

/** Decides, and says why. */
export function mayMake(
  { item, keyIsThere, trace }: Absence,
  place: Place,
  cluster: Cluster,
): Decision {
  const refuse = (reason: string): Decision => ({ make: false, reason });
  const make = (reason: string): Decision => ({ make: true, reason });
  const mounted = place.kind === 'machine' && place.directory !== undefined;
  if (mounted) return refuse(`not there, and ${MADE_BY_ADMINISTRATOR}`);
  const halfThere = 'its key is there, the rest is not';
  // A public key says nothing that its key does not: made again, it is the same one.
  if (item.kind === 'key-pair' && keyIsThere) return make(halfThere);
  if (place.kind === 'machine') {
    const elsewhere = madeElsewhere(item, place.host, cluster);
    if (elsewhere !== undefined) {
      const what = keyIsThere
        ? 'its key is on this machine, its certificate is not'
        : 'not on this machine';
      return refuse(`${what}, and not made here (${elsewhere}); ${COPY}`);
    }
  }
  if (trace !== undefined) return refuse(`lost: ${whatToDo(trace, keyIsThere)}`);
  return make(keyIsThere ? halfThere : 'not there');
}

const COPY =
  'copy it from where it was made, or name the directory that holds authorities/ with -d';

/** On a machine of its own a CA is made only where kubeadm would make it too; elsewhere a second one would appear unseen. */
function madeElsewhere(item: AuthorityItem, host: string, cluster: Cluster): string | undefined {
  if (cluster.caKeys === 'offline') return 'caKeys: offline';
  const role: Host['roles'][number] = item.credential === 'etcd-ca' ? 'etcd' : 'control-plane';
  const first = cluster.hosts.find(({ roles }) => roles.includes(role))?.name ?? '';
  return first === host ? undefined : `caKeys: controlPlane, made on ${first}`;
}

function whatToDo({ path, copyOf }: Trace, keyIsThere: boolean): string {
  if (copyOf === undefined) return `${path} comes from it; put it and its key back from a backup`;
  const holds = `${copyOf} holds a copy (${path})`;
  return keyIsThere
    ? `${holds}; its key is still here, so copy it back from there`
    : `${holds}; put it and its key back from there or from a backup`;
}
