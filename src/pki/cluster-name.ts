/**
 * The name of the cluster that a directory's authorities are of, in a file among them. Without it the
 * cluster files of two clusters, applied to one directory, would silently share every CA.
 */
import { join } from 'node:path';
import { lookAtFile } from '../collect/index.ts';
import { KubepkiError, quoted } from '../errors.ts';
import { authoritiesRoot, isFlat, type Place } from './place.ts';
import { type Tally, writeNewFiles } from './write.ts';

/**
 * Where the name stands; nowhere on a machine that holds its own authorities: no other cluster comes
 * there. In a directory that somebody else has arranged it is hidden, beside the lock: no pattern of
 * a tool or a person (`*`, `*.crt`) takes it for material.
 */
function fileOf(place: Place): string | undefined {
  if (place.directory === undefined) return undefined;
  return join(authoritiesRoot(place), isFlat(place) ? '.kubepki.cluster-name' : 'cluster-name');
}

/**
 * Makes sure that the directory is of this cluster, or of none yet.
 *
 * @returns whether it says so already
 * @throws KubepkiError `CONFLICT` where it is of another, `FILE_SYSTEM` where that cannot be read
 */
export function checkClusterName(place: Place, name: string): boolean {
  const path = fileOf(place);
  const file = path === undefined ? undefined : lookAtFile(path, 4096);
  if (path === undefined || file === undefined || file.state === 'missing') return false;
  if (file.state === 'unreadable') {
    throw new KubepkiError('FILE_SYSTEM', `${path}: ${file.reason}`);
  }
  const found = file.bytes.toString('utf8').trim();
  if (found === name) return true;
  throw new KubepkiError(
    'CONFLICT',
    `${path}: these authorities are of the cluster ${quoted(found)}, the cluster file is of ${quoted(name)}`,
    { hint: 'give another directory with -d; if the cluster was renamed, change that file' },
  );
}

/** Writes the name where authorities may be made, unless it is there. Nothing of it goes to any host. */
export async function writeClusterName(place: Place, name: string, tally: Tally): Promise<void> {
  const path = fileOf(place);
  if (path === undefined || place.kind !== 'directory' || checkClusterName(place, name)) return;
  // What we arrange among authorities is for their owner only; what others have arranged stays theirs.
  const directory = isFlat(place) ? {} : ({ directoryMode: 0o700 } as const);
  await writeNewFiles([{ path, content: `${name}\n`, mode: 0o644, ...directory }], tally);
}
