/**
 * Looks at one file as carefully as a file of unknown origin deserves: bounded, never blocking, never
 * following a link into nothing. And the errors of the file system in words.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from 'node:fs';
import { KubepkiError, systemCode } from '../errors.ts';

/** No file of a PKI comes near: a bundle of a thousand certificates has 2 MB. */
export const MAX_FILE_BYTES = 8 * 1024 * 1024;

export type FileState =
  | { readonly state: 'missing' }
  | {
      readonly state: 'there';
      readonly bytes: Buffer;
      readonly mode: number;
      /** Whose it is, by number. */
      readonly uid: number;
      /** By how many names it is to be found: hard links. */
      readonly links: number;
    }
  | { readonly state: 'unreadable'; readonly reason: string };

const MISSING: FileState = { state: 'missing' };

/** Reads a regular file of at most `maxBytes`. Whatever stands in the way becomes a reason, in words. */
export function lookAtFile(path: string, maxBytes = MAX_FILE_BYTES): FileState {
  try {
    // Asked first because it is the common case in a new directory, and exceptions are dear.
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return MISSING;
    // Non-blocking: opening a named pipe would wait for its other end for ever.
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return readOpenFile(fd, maxBytes);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    return { state: 'unreadable', reason: reasonOf(error) };
  }
}

function readOpenFile(fd: number, maxBytes: number): FileState {
  const stats = fstatSync(fd);
  if (stats.isDirectory()) return { state: 'unreadable', reason: 'a directory, not a file' };
  if (!stats.isFile()) return { state: 'unreadable', reason: 'not a regular file' };
  if (stats.size > maxBytes) {
    return {
      state: 'unreadable',
      reason: `${stats.size} bytes, more than the limit of ${maxBytes}`,
    };
  }
  const bytes = Buffer.allocUnsafe(stats.size);
  let length = 0;
  while (length < bytes.length) {
    const read = readSync(fd, bytes, length, bytes.length - length, null);
    if (read === 0) break;
    length += read;
  }
  const { mode, uid, nlink: links } = stats;
  return { state: 'there', bytes: bytes.subarray(0, length), mode: mode & 0o7777, uid, links };
}

const REASONS: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ELOOP: 'a loop of symbolic links',
  ENOENT: 'a symbolic link to nothing',
  ENOTDIR: 'a part of the path is not a directory',
  EISDIR: 'a directory, not a file',
  ENAMETOOLONG: 'the name is too long',
  ENXIO: 'not a regular file',
  EIO: 'the disk reports an error',
  ENOSPC: 'no space left on the disk',
  EROFS: 'a read-only file system',
};

const HINTS: Record<string, string> = {
  EACCES: 'run as a user who may read and write there',
  EPERM: 'run as a user who may read and write there',
  EROFS: 'the file system is mounted read-only',
  ENOSPC: 'free some space and run this again; what is in place already is whole and stays',
  EDQUOT: 'the quota is used up; what is in place already is whole and stays',
  EMFILE: 'raise the limit of open files (ulimit -n)',
};

/** An error of the file system in words, without the path, which the caller names. */
export function reasonOf(error: unknown): string {
  const code = systemCode(error);
  return (code === undefined ? undefined : REASONS[code]) ?? code ?? String(error);
}

/** An error of the file system as one line that says where and what to do. */
export function fileSystemError(error: unknown, path: string): KubepkiError {
  if (error instanceof KubepkiError) return error;
  const hint = HINTS[systemCode(error) ?? ''];
  return new KubepkiError('FILE_SYSTEM', `${path}: ${reasonOf(error)}`, {
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}
