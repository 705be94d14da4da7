/** The log in an SQLite file. A transaction of its own for each call, durable when that returns. */
import { chmodSync, rmSync, statSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Journal, LogRecord } from './journal.ts';
import { asReadError, asWriteError } from './sqlite-errors.ts';
import { checksum } from './sqlite-file.ts';

export class SqliteJournal implements Journal {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #unlock: () => void;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #insert: StatementSync;
  readonly #compact: StatementSync;
  readonly #forget: StatementSync;

  /**
   * @param path a database of ours, which has been read
   * @param unlock called when it is closed
   * @param overwrite what is forgotten becomes zeros in the file
   */
  constructor(path: string, unlock: () => void, overwrite = false) {
    this.#path = path;
    this.#unlock = unlock;
    const database = openForWriting(path, overwrite);
    this.#database = database;
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
    this.#insert = database.prepare('INSERT INTO log VALUES (?, ?, ?, ?, ?, ?, ?)');
    this.#compact = database.prepare("INSERT OR REPLACE INTO meta VALUES ('compacted', ?)");
    this.#forget = database.prepare('DELETE FROM log WHERE revision = ?');
  }

  append(records: readonly LogRecord[]): void {
    this.#transaction(() => {
      for (const record of records) {
        const { revision, key, value, previous, lifetime } = record;
        const [seconds, endsAt] = [lifetime?.seconds ?? null, lifetime?.endsAt ?? null];
        const sum = checksum(record);
        this.#insert.run(revision, key, value ?? null, previous, seconds, endsAt, sum);
      }
    });
  }

  compact(revision: number): void {
    this.#transaction(() => {
      this.#compact.run(revision);
    });
  }

  forget(revisions: readonly number[]): void {
    this.#transaction(() => {
      for (const revision of revisions) this.#forget.run(revision);
    });
  }

  /** Moves what stands in the write-ahead log into the database. Where that fails, the next start does it. */
  close(): void {
    try {
      this.#database.close();
    } finally {
      this.#unlock();
    }
  }

  #transaction(work: () => void): void {
    try {
      this.#begin.run();
      work();
      this.#commit.run();
    } catch (error) {
      this.#rollback();
      throw asWriteError(this.#path, error);
    }
  }

  #rollback(): void {
    try {
      // After some failures SQLite has rolled back by itself.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
    } catch {
      // Then the next transaction cannot begin, and says so.
    }
  }
}

/**
 * `locking_mode = EXCLUSIVE` keeps other programs out and does without shared memory;
 * `synchronous = FULL` has each commit on the disk before it returns; `fullfsync` matters on macOS
 * alone, where an ordinary fsync ends in the drive's cache.
 */
function openForWriting(path: string, overwrite: boolean): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    // SQLite gives the files that it makes beside this one the same mode.
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec(`
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA synchronous = FULL;
      PRAGMA fullfsync = ON;
      PRAGMA secure_delete = ${overwrite ? 'ON' : 'OFF'};
      BEGIN IMMEDIATE;
      COMMIT;
    `);
    // Reading has left it behind, and nobody uses it any more.
    rmSync(`${path}-shm`, { force: true });
    return database;
  } catch (error) {
    database?.close();
    throw asReadError(path, error);
  }
}
