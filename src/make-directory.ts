/**
 * Makes directories with their parents.
 *
 * Not by Node's own recursive mkdir: where a file system answers ENOENT to every mkdir (procfs does) it
 * tries again without end, and on a read-only one it says ENOENT itself.
 */
import { existsSync, lstatSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { KubepkiError, shellWord, systemCode } from './errors.ts';

/**
 * @param isThere whether a directory is known to exist; asked from the innermost outwards
 * @returns what was made, the outermost first
 * @throws the system's error: ENOTDIR, EACCES, EROFS, ...
 */
export function makeDirectories(
  path: string,
  mode: number,
  isThere: (path: string) => boolean = existsSync,
): string[] {
  const missing: string[] = [];
  for (let at = path; !isThere(at) && dirname(at) !== at; at = dirname(at)) missing.push(at);
  const made: string[] = [];
  for (const directory of missing.reverse()) {
    try {
      mkdirSync(directory, mode);
      made.push(directory);
    } catch (error) {
      // Somebody else made it in this very moment: as good as ours.
      if (systemCode(error) !== 'EEXIST') throw error;
    }
  }
  return made;
}

/**
 * Makes a directory for secrets, 0700, or makes sure that one that is there is nobody else's.
 *
 * @throws KubepkiError as `requireOwnDirectory`; the system's error
 */
export function makePrivateDirectory(path: string): void {
  makeDirectories(path, 0o700);
  requireOwnDirectory(path);
}

/**
 * Makes sure that a directory is nobody else's: whoever may write to it may put his own files in the
 * place of ours, and whose symbolic link leads to it may lead it elsewhere.
 *
 * @throws KubepkiError FILE_SYSTEM where it is another user's, others may write to it, or it is no
 *   directory; the system's error
 */
export function requireOwnDirectory(path: string): void {
  const stats = statSync(path);
  const { uid, mode } = stats;
  const self = process.geteuid?.() ?? uid;
  // A link of root's leads nowhere that root could not put something into anyway.
  const link = lstatSync(path).uid;
  const stranger = uid !== self ? uid : link !== self && link !== 0 ? link : undefined;
  if (stranger !== undefined) {
    throw new KubepkiError('FILE_SYSTEM', `${path}: belongs to another user (uid ${stranger})`, {
      hint: 'give a directory of your own, or run as its owner',
    });
  }
  if (!stats.isDirectory()) throw new KubepkiError('FILE_SYSTEM', `${path}: not a directory`);
  if ((mode & 0o022) !== 0) {
    throw new KubepkiError('FILE_SYSTEM', `${path}: others may write to it`, {
      hint: `chmod go-w ${shellWord(path)}`,
    });
  }
}
