/**
 * One server on a database at a time.
 *
 * The lock is SQLite's own on an empty file beside the database: the kernel frees it when the
 * process ends, however it ends. Who holds it stands in another file, which is read by those who
 * are refused and means nothing else.
 */
import { chmodSync, lstatSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { DatabaseSync } from 'node:sqlite';
import { KubepkiError, quotable } from '../errors.ts';
import { asWriteError, isBusy } from './sqlite-errors.ts';

/**
 * Takes the lock on the database at `path`, in a directory that is there.
 *
 * @returns a function that frees it
 * @throws KubepkiError `LOCKED` where another holds it, `FILE_SYSTEM` where it cannot be made
 */
export function lockDatabase(path: string, now: Date): () => void {
  const holder = `${path}.holder`;
  const database = hold(path, holder);
  const free = (): void => {
    rmSync(holder, { force: true });
    database.close();
  };
  try {
    const who = `process ${process.pid} on ${hostname()}, since ${now.toISOString()}\n`;
    // Never through what lies there: it could be a link to somewhere else.
    rmSync(holder, { force: true });
    writeFileSync(holder, who, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    free();
    throw asWriteError(holder, error);
  }
  return free;
}

function hold(path: string, holder: string): DatabaseSync {
  const lock = `${path}.lock`;
  // Looked at and not opened: to close it would free the lock that this process may have on it (POSIX).
  const there = lstatSync(lock, { throwIfNoEntry: false });
  if (there !== undefined && (!there.isFile() || there.size > 0)) {
    throw new KubepkiError('FILE_SYSTEM', `${lock}: cannot be locked: it is not an empty file`, {
      hint: 'delete what lies there',
    });
  }
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(lock, { timeout: 0 });
    // In memory, so that no journal is there for a killed process to leave behind.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    chmodSync(lock, 0o600);
    return database;
  } catch (error) {
    database?.close();
    throw isBusy(error) ? lockedBy(path, holder) : asWriteError(lock, error);
  }
}

function lockedBy(path: string, holder: string): KubepkiError {
  let who = 'another process';
  try {
    who = quotable(readFileSync(holder, 'utf8').trim());
  } catch {
    // It has the lock and no time yet to say who it is.
  }
  return new KubepkiError('LOCKED', `${path}: in use by ${who}`, {
    hint: 'end that one first, or take another data directory',
  });
}
