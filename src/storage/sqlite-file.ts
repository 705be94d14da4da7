/**
 * The database file: how it is made, and how it is read at the start.
 *
 * A new one is made under another name and renamed when it is whole, so that a file of the right name
 * is a database of ours or no work of ours. One that is there is opened read-only first: SQLite
 * changes what it has opened for writing even as it closes it.
 */
import {
  closeSync,
  fsyncSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';
import { crc32 } from 'node:zlib';
import { quoted } from '../errors.ts';
import type { LogRecord } from './journal.ts';
import { Restoration, type Restored } from './restore.ts';
import { asReadError, asWriteError, damaged } from './sqlite-errors.ts';

/** "kpki": stands in the header of each database of ours. */
const APPLICATION_ID = 0x6b_70_6b_69;

/** Of the tables below; each change of them counts it up and says here how to come from the one before. */
const SCHEMA_VERSION = 1;

/** `meta` has at most `cluster` and `compacted`. In `log`, a value of NULL says that the key was deleted. */
const SCHEMA = `
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};
  CREATE TABLE meta (name TEXT NOT NULL PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE log (
    revision INTEGER NOT NULL PRIMARY KEY,
    key TEXT NOT NULL,
    value BLOB,
    previous INTEGER NOT NULL,
    seconds INTEGER,
    ends_at INTEGER,
    checksum INTEGER NOT NULL
  ) STRICT;
`;

/** Over all of a record: a database has no checksums of its own. */
export function checksum({ revision, key, value, previous, lifetime }: LogRecord): number {
  const head = `${revision} ${previous} ${lifetime?.seconds} ${lifetime?.endsAt} ${value?.byteLength} ${key}`;
  return value === undefined ? crc32(head) : crc32(value, crc32(head));
}

/** Makes a database, if none is there. */
export function createDatabase(path: string, clusterId: string | undefined): void {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) return;
  if ((lstatSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) > 0) {
    // SQLite would play it back into whatever is made here.
    throw damaged(path, 'is gone, and the log of its last writes is still there');
  }
  const draft = `${path}.new`;
  try {
    for (const left of [draft, `${draft}-journal`, `${draft}-wal`, `${draft}-shm`]) {
      rmSync(left, { force: true });
    }
    closeSync(openSync(draft, 'wx', 0o600));
    const database = new DatabaseSync(draft);
    try {
      database.exec(`BEGIN; ${SCHEMA}`);
      if (clusterId !== undefined) {
        database.prepare("INSERT INTO meta VALUES ('cluster', ?)").run(clusterId);
      }
      database.exec('COMMIT; PRAGMA journal_mode = WAL');
    } finally {
      database.close();
    }
    renameSync(draft, path);
    const directory = openSync(dirname(path), 'r');
    fsyncSync(directory);
    closeSync(directory);
  } catch (error) {
    throw asWriteError(path, error);
  }
}

/**
 * Reads all of a database, and changes nothing.
 *
 * @throws KubepkiError `DAMAGED_STATE` for one that is damaged, newer, foreign, or of another cluster
 */
export function readDatabase(path: string, clusterId: string | undefined): Restored {
  try {
    checkHeader(path);
    const database = new DatabaseSync(path, { readOnly: true, timeout: 0 });
    try {
      checkVersion(path, database);
      checkCluster(path, database, clusterId);
      return readLog(path, database);
    } finally {
      database.close();
    }
  } catch (error) {
    throw asReadError(path, error);
  }
}

/** Before SQLite touches a file of another program (sqlite.org/fileformat.html, 1.3). */
function checkHeader(path: string): void {
  if (!statSync(path).isFile()) throw damaged(path, 'is not a file');
  const header = Buffer.alloc(100);
  const fd = openSync(path, 'r');
  try {
    readSync(fd, header);
  } finally {
    closeSync(fd);
  }
  if (header.toString('latin1', 0, 16) !== 'SQLite format 3\0') {
    throw damaged(path, 'is damaged: it is no SQLite database');
  }
  if (header.readUInt32BE(68) !== APPLICATION_ID) {
    throw damaged(path, 'is the database of another program', {
      hint: 'take another data directory',
    });
  }
}

function checkVersion(path: string, database: DatabaseSync): void {
  const version = database.prepare('PRAGMA user_version').get()?.['user_version'];
  if (version === SCHEMA_VERSION) return;
  throw typeof version === 'number' && version > SCHEMA_VERSION
    ? damaged(path, `was written by a newer kubepki: version ${version} of its tables`, {
        hint: `use that kubepki; this one knows version ${SCHEMA_VERSION}`,
      })
    : damaged(path, `is damaged: version ${String(version)} of its tables has never been`);
}

const meta = (database: DatabaseSync, name: string): SQLOutputValue | undefined =>
  database.prepare('SELECT value FROM meta WHERE name = ?').get(name)?.['value'];

function checkCluster(path: string, database: DatabaseSync, expected: string | undefined): void {
  const cluster = meta(database, 'cluster');
  if (expected === undefined || cluster === expected) return;
  const whose = typeof cluster === 'string' ? `cluster ${quoted(cluster)}` : 'no cluster';
  throw damaged(path, `belongs to ${whose}, not to ${quoted(expected)}`, {
    hint: "take this cluster's own data directory",
  });
}

/** Rows that are read at once. */
const ROWS = 1_000;

function readLog(path: string, database: DatabaseSync): Restored {
  const compacted = meta(database, 'compacted') ?? 0;
  if (typeof compacted !== 'number') throw damaged(path, 'is damaged: its compaction is no number');
  const restoration = new Restoration(compacted);
  const select = database.prepare(
    `SELECT revision, key, value, previous, seconds, ends_at, checksum FROM log
     WHERE revision > ? ORDER BY revision LIMIT ${ROWS}`,
  );
  // Far quicker than to make an object of each row; the order is that of the columns above.
  select.setReturnArrays(true);
  for (let last = 0; ; ) {
    const rows = select.all(last);
    for (const row of rows) {
      const record = asRecord(row);
      if (record === undefined || checksum(record) !== row[6]) {
        throw damaged(path, `is damaged: the record behind revision ${last} has changed`);
      }
      const wrong = restoration.add(record);
      if (wrong !== undefined) throw damaged(path, `is damaged: ${wrong}`);
      last = record.revision;
    }
    if (rows.length < ROWS) return restoration.finish();
  }
}

function asRecord(row: Record<string, SQLOutputValue>): LogRecord | undefined {
  const { 0: revision, 1: key, 2: value, 3: previous, 4: seconds, 5: endsAt } = row;
  if (typeof revision !== 'number' || typeof key !== 'string' || typeof previous !== 'number') {
    return undefined;
  }
  if (value !== null && !(value instanceof Uint8Array)) return undefined;
  return {
    revision,
    key,
    value: value ?? undefined,
    previous,
    lifetime:
      typeof seconds === 'number' && typeof endsAt === 'number' ? { seconds, endsAt } : undefined,
  };
}
