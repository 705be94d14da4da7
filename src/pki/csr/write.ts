/**
 * Writes one file whole or not at all, where no lock keeps others away: a key or a certificate at a
 * path of the user's choice. What is there stays there unless it was said that it may be replaced.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileSystemError } from '../../collect/index.ts';
import { KubepkiError, systemCode } from '../../errors.ts';

export interface SingleFile {
  readonly path: string;
  readonly content: string | Uint8Array;
  readonly mode: 0o600 | 0o644;
  /** Whether it may take the place of what is there. */
  readonly replace?: boolean;
}

/** File systems without hard links: FAT on the stick that comes from the machine with the CA, for one. */
const WITHOUT_LINKS: readonly (string | undefined)[] = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'];

/**
 * Writes a file, durable on return.
 *
 * @throws KubepkiError `CONFLICT` where there is one and it may not be replaced, `FILE_SYSTEM` naming the path
 */
export function writeSingleFile({ path, content, mode, replace = false }: SingleFile): void {
  const temporary = join(
    dirname(path),
    `.${basename(path)}.${randomBytes(6).toString('hex')}.kubepki-tmp`,
  );
  try {
    writeDurably(temporary, content, mode);
    if (replace) renameSync(temporary, path);
    else publish(temporary, path);
    syncDirectory(dirname(path));
  } catch (error) {
    if (systemCode(error) === 'EEXIST') throw taken(path);
    throw fileSystemError(error, path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/**
 * Makes sure that a new file can be written, as far as that can be known before.
 *
 * @param hint what to do where there is something at the path, a link to nothing as well
 * @throws KubepkiError `CONFLICT` where there is; `NOT_FOUND` where there is no directory for it; `FILE_SYSTEM`
 */
export function requireFree(path: string, hint?: string): void {
  let isFree: boolean;
  let isDirectory: boolean | undefined;
  try {
    isFree = lstatSync(path, { throwIfNoEntry: false }) === undefined;
    isDirectory = statSync(dirname(path), { throwIfNoEntry: false })?.isDirectory();
  } catch (error) {
    throw fileSystemError(error, path);
  }
  if (!isFree) throw taken(path, hint);
  if (isDirectory !== true) {
    throw new KubepkiError('NOT_FOUND', `${path}: there is no directory ${dirname(path)}`);
  }
}

const taken = (path: string, hint?: string): KubepkiError =>
  new KubepkiError(
    'CONFLICT',
    `${path}: there already, and not overwritten`,
    hint === undefined ? {} : { hint },
  );

/** A link never replaces, a rename always does: with one of them two writers cannot both win. */
function publish(temporary: string, path: string): void {
  try {
    linkSync(temporary, path);
  } catch (error) {
    if (!WITHOUT_LINKS.includes(systemCode(error))) throw error;
    closeSync(openSync(path, 'wx'));
    renameSync(temporary, path);
  }
}

function writeDurably(path: string, content: string | Uint8Array, mode: number): void {
  const fd = openSync(path, 'wx', mode);
  try {
    // Whatever the umask.
    fchmodSync(fd, mode);
    writeFileSync(fd, content);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function syncDirectory(path: string): void {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    // A directory that may be written and not read (a drop box): its entry is as durable as it gets.
    if (systemCode(error) === 'EACCES') return;
    throw error;
  }
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
