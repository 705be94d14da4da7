/**
 * One run at a time on a directory.
 *
 * The lock is SQLite's own lock on an empty database file: the kernel frees it when the process
 * ends, however it ends, so there is no stale lock to guess about, and it holds between containers
 * that share the directory as well.
 */
import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { KubepkiError } from '../errors.ts';
import { fileSystemError, makeDirectory } from './write.ts';

/** SQLite's answer where another connection holds the lock. */
const SQLITE_BUSY = 5;

/**
 * Takes the lock at `path`, or refuses at once.
 *
 * @returns a function that frees it
 * @throws KubepkiError `LOCKED` where another process holds it, `FILE_SYSTEM` where it cannot be made
 */
export function takeLock(path: string): () => void {
  try {
    makeDirectory(dirname(path), 0o755, new Set());
    // SQLite falls back to reading where it may not write, and would lock nothing.
    accessSync(existsSync(path) ? path : dirname(path), constants.W_OK);
  } catch (error) {
    throw fileSystemError(error, dirname(path));
  }
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec('BEGIN EXCLUSIVE');
  } catch (cause) {
    database?.close();
    if (cause instanceof Error && 'errcode' in cause && cause.errcode === SQLITE_BUSY) {
      throw new KubepkiError('LOCKED', `${dirname(path)}: another kubepki is at work here`, {
        hint: 'wait until it has ended, then run this again',
        cause,
      });
    }
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new KubepkiError('FILE_SYSTEM', `${path}: cannot be locked: ${why}`, {
      hint: 'the directory must be writable; the file itself is empty and can be deleted',
      cause,
    });
  }
  const held = database;
  return () => {
    held.exec('ROLLBACK');
    held.close();
  };
}
