/** Puts the cluster file where it was asked for: whole or not at all, and never over anything unasked. */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileSystemError } from '../../collect/index.ts';
import { KubepkiError, systemCode } from '../../errors.ts';
import { print } from '../output.ts';
import { requireNoCredential } from '../replaceable.ts';

export const DEFAULT_FILE = 'cluster.yaml';
const STDOUT = '-';

/** Where the text goes: to the file that is named, to `cluster.yaml` before a person, to stdout in a pipe. */
export const targetOf = (output: string | undefined, isTerminal: boolean): string =>
  output ?? (isTerminal ? DEFAULT_FILE : STDOUT);

/**
 * The file to write, through symbolic links. Asked before anything else: nobody answers ten questions
 * to hear that the file is there already.
 *
 * @throws KubepkiError `CONFLICT` where it is there and `force` is not given, or holds credentials;
 *   `FILE_SYSTEM` where what is there is no regular file: a device would be replaced, not written to
 */
export function requireFree(target: string, force: boolean): string {
  if (target === STDOUT || lstatSync(target, { throwIfNoEntry: false }) === undefined)
    return target;
  try {
    if (statSync(target).isFile()) {
      if (!force) throw taken(target);
      const path = realpathSync.native(target);
      requireNoCredential(path, () => false);
      return path;
    }
  } catch (error) {
    throw fileSystemError(error, target);
  }
  throw new KubepkiError('FILE_SYSTEM', `${target}: not a regular file`, {
    hint: 'name a file with -o, or - for standard output',
  });
}

const taken = (target: string): KubepkiError =>
  new KubepkiError('CONFLICT', `${target}: is there already`, {
    hint: 'give another file with -o, - for standard output, or --force to replace it',
  });

/**
 * @param target as `requireFree` has answered it
 * @throws KubepkiError `CONFLICT` where somebody has made the file in the meantime, `FILE_SYSTEM`
 */
export function writeText(target: string, text: string, force: boolean): void {
  if (target === STDOUT) {
    print(text);
    return;
  }
  // Not the name of another run's, which would be given to the target half written.
  const mark = randomBytes(6).toString('hex');
  const temporary = join(dirname(target), `.${basename(target)}.${mark}.kubepki-tmp`);
  try {
    const fd = openSync(temporary, 'wx', 0o644);
    try {
      writeFileSync(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    if (force) renameSync(temporary, target);
    else giveName(temporary, target);
  } catch (error) {
    throw systemCode(error) === 'EEXIST' ? taken(target) : fileSystemError(error, target);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** A link refuses a name that is taken, in one step; a rename would replace what has come in the meantime. */
function giveName(temporary: string, target: string): void {
  try {
    linkSync(temporary, target);
  } catch (error) {
    // File systems without links (FAT, some network shares): that the name is free was seen before.
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(systemCode(error) ?? ''))
      throw error;
    renameSync(temporary, target);
  }
}
