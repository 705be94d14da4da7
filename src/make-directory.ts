/**
 * Makes directories with their parents.
 *
 * Not by Node's own recursive mkdir: where a file system answers ENOENT to every mkdir (procfs does) it
 * tries again without end, and on a read-only one it says ENOENT itself.
 */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { KubepkiError, systemCode } from './errors.ts';

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
 * Makes a directory for secrets, 0700, or makes sure that one that is there is nobody else's: whoever may
 * write to a directory may put his own files in the place of ours.
 *
 * @throws KubepkiError FILE_SYSTEM where it is another user's or others may write to it; the system's error
 */
export function makePrivateDirectory(path: string): void {
  makeDirectories(path, 0o700);
  const { uid, mode } = statSync(path);
  const self = process.geteuid?.() ?? uid;
  if (uid !== self) {
    throw new KubepkiError('FILE_SYSTEM', `${path}: belongs to another user (uid ${uid})`, {
      hint: 'give a directory of your own, or run as its owner',
    });
  }
  if ((mode & 0o022) !== 0) {
    throw new KubepkiError('FILE_SYSTEM', `${path}: others may write to it`, {
      hint: `chmod go-w ${path}`,
    });
  }
}
