/** A storage in an SQLite file: what `kubepki server` uses on one machine. */

import { dirname, resolve } from 'node:path';
import { KubepkiError } from '../errors.ts';
import { makePrivateDirectory } from '../make-directory.ts';
import { Engine, type StorageOptions } from './engine.ts';
import { lockDatabase } from './lock.ts';
import { asWriteError } from './sqlite-errors.ts';
import { createDatabase, readDatabase } from './sqlite-file.ts';
import { SqliteJournal } from './sqlite-journal.ts';
import type { Storage } from './types.ts';

export interface SqliteOptions extends StorageOptions {
  /** Whose database it has to be. A new one becomes this cluster's; absent: whoever's it is. */
  readonly clusterId?: string;
  /** What is forgotten is overwritten with zeros: for values whose plain text must not stay in the file. */
  readonly overwriteForgotten?: boolean;
}

/**
 * Opens the database at `path`, or makes it: readable to its owner only, in a directory that is too
 * where that has to be made. Beside it lie `.lock`, `.holder` (who has it open) and, while it is
 * open, `-wal`; a copy needs the latter as well.
 *
 * Keys that were to delete themselves while it was closed do so right afterwards. All values are
 * held in memory; what is read does not touch the disk.
 *
 * @throws KubepkiError `LOCKED` where another process has it open, `DAMAGED_STATE` for a file that
 * is damaged, newer, foreign or of another cluster (it is left as it is), `FILE_SYSTEM`
 */
export async function openSqliteStorage(path: string, options: SqliteOptions): Promise<Storage> {
  const file = resolve(path);
  makeDirectory(dirname(file));
  const unlock = lockDatabase(file, options.now());
  try {
    createDatabase(file, options.clusterId);
    const restored = readDatabase(file, options.clusterId);
    const journal = new SqliteJournal(file, unlock, options.overwriteForgotten);
    return new Engine(options, journal, restored);
  } catch (error) {
    unlock();
    throw error;
  }
}

function makeDirectory(directory: string): void {
  try {
    makePrivateDirectory(directory);
  } catch (error) {
    if (error instanceof KubepkiError) throw error;
    throw asWriteError(directory, error);
  }
}
