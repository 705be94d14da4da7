/** Where a PKI lies: in a directory on an administrator's machine, or on a machine of the cluster itself. */
import { join } from 'node:path';

/** `DIR` with `authorities/`, `admin/` and `hosts/<name>/`. */
export interface DirectoryPlace {
  readonly kind: 'directory';
  readonly directory: string;
}

/** One host's own file system; the authorities lie in `directory` where one is given, else on the host. */
export interface MachinePlace {
  readonly kind: 'machine';
  readonly host: string;
  readonly root: string;
  readonly directory?: string;
}

export type Place = DirectoryPlace | MachinePlace;

/** The directory that the authorities' paths are relative to. */
export function authoritiesRoot(place: Place): string {
  if (place.kind === 'machine' && place.directory === undefined) return place.root;
  return join(place.directory ?? '', 'authorities');
}

/** The root of one host's file system. */
export function hostRoot(place: Place, host: string): string {
  return place.kind === 'machine' ? place.root : join(place.directory, 'hosts', host);
}

export const administratorRoot = (place: DirectoryPlace): string => join(place.directory, 'admin');

/** The authorities lie where the host's own files are, under the host's names for them. */
export const authoritiesOnHost = (place: Place): boolean =>
  place.kind === 'machine' && place.directory === undefined;

/** The file that two runs on the same place contend for. */
export function lockPath(place: Place): string {
  return place.kind === 'machine' && place.directory === undefined
    ? join(place.root, 'etc/kubernetes/.kubepki.lock')
    : join(place.directory ?? '', '.kubepki.lock');
}
