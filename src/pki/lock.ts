/**
 * One run at a time on a directory.
 *
 * The lock is SQLite's own lock on an empty database file: the kernel frees it when the process
 * ends, however it ends, so there is no stale lock to guess about, and it holds between containers
 * that share the directory as well.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileSystemError } from '../collect/index.ts';
import { KubepkiError } from '../errors.ts';
import { makeDirectory } from './write.ts';

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
    prepareLockFile(path);
  } catch (error) {
    throw fileSystemError(error, path);
  }
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    // In memory, so that no journal is there for a killed run to leave behind.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (cause) {
    database?.close();
    if (cause instanceof Error && 'errcode' in cause && cause.errcode === SQLITE_BUSY) {
      throw new KubepkiError('LOCKED', `${dirname(path)}: another kubepki is at work here`, {
        hint: 'wait until it has ended, then run this again',
        cause,
      });
    }
    const why = cause instanceof Error ? cause.message : String(cause);
    throw strangeLock(path, why, cause);
  }
  const held = database;
  return () => {
    held.exec('ROLLBACK');
    held.close();
  };
}

const strangeLock = (path: string, why: string, cause?: unknown): KubepkiError =>
  new KubepkiError('FILE_SYSTEM', `${path}: cannot be locked: ${why}`, {
    hint: 'the lock is an empty file of your own; delete what lies there',
    cause,
  });

/**
 * Makes the lock's file, or makes sure that it is just what we would make. SQLite must never meet
 * anything else there: it would follow a link, and play back a journal that somebody has planted.
 */
function prepareLockFile(path: string): void {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const fd = openSync(path, flags, 0o600);
  try {
    const stats = fstatSync(fd);
    const { size, nlink, uid } = stats;
    if (!stats.isFile() || size > 0 || nlink !== 1)
      throw strangeLock(path, 'it is not an empty file');
    // Windows has no user ids; its files inherit the directory's rights.
    const me = process.geteuid?.() ?? uid;
    if (uid !== me) throw strangeLock(path, 'it belongs to another user');
  } finally {
    closeSync(fd);
  }
  for (const ending of ['-journal', '-wal']) {
    if (lstatSync(path + ending, { throwIfNoEntry: false }) !== undefined) {
      throw strangeLock(path + ending, 'no lock leaves this behind');
    }
  }
}
