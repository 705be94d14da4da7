import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openSqliteStorage, type SqliteOptions, type Storage } from '../../src/storage/index.ts';
import { seeded } from '../seeded.ts';
import { command } from '../spawn.ts';
import { temporaryDirectory } from '../temporary.ts';
import { bytes, done, shown, take, told, until } from './helpers.ts';
import { TestTime } from './time.ts';

const time = new TestTime();
const CLUSTER = { now: time.now, clusterId: 'one' };

const pathOfNew = (): string => join(temporaryDirectory(), 'data', 'state.db');

async function open(path: string, options: SqliteOptions = time): Promise<Storage> {
  const storage = await openSqliteStorage(path, options);
  onTestFinished(() => storage.close());
  return storage;
}

/** A database with some pages of everything: values, deletions, history. Closed. */
async function filled(path = pathOfNew(), options: SqliteOptions = CLUSTER): Promise<string> {
  const storage = await openSqliteStorage(path, options);
  await Promise.all(
    Array.from({ length: 200 }, async (_, index) => {
      const key = `/k/${index}`;
      const first = await done(storage.create(key, bytes(`${index} `.repeat(300))));
      if (index % 3 === 0) await done(storage.update(key, bytes(`second ${index}`), first));
      else if (index % 7 === 1) await done(storage.delete(key, first));
    }),
  );
  await storage.close();
  return path;
}

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

const hash = (path: string): string =>
  createHash('sha256').update(readFileSync(path)).digest('hex');

describe('an SQLite storage on the disk', () => {
  it('is readable to its owner only', async () => {
    const path = pathOfNew();
    const storage = await open(path);
    await done(storage.create('/a', bytes('1')));
    expect(mode(dirname(path))).toBe('700');
    const files = readdirSync(dirname(path)).toSorted();
    expect(files).toEqual(['', '-wal', '.holder', '.lock'].map((end) => `state.db${end}`));
    for (const file of files) expect(mode(join(dirname(path), file))).toBe('600');
  });

  it('is made so where it was not', async () => {
    const path = await filled();
    chmodSync(path, 0o644);
    await done((await open(path)).create('/a', bytes('1')));
    expect([mode(path), mode(`${path}-wal`)]).toEqual(['600', '600']);
  });

  it('is one file once it is closed', async () => {
    const path = await filled();
    expect(readdirSync(dirname(path)).toSorted()).toEqual(['state.db', 'state.db.lock']);
    const database = new DatabaseSync(path, { readOnly: true });
    expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
    database.close();
  });

  it('is the same after a restart, with its history', async () => {
    const path = pathOfNew();
    const before = await openSqliteStorage(path, time);
    const first = await done(before.create('/a', bytes('1')));
    await done(before.create('/empty', new Uint8Array(0)));
    const second = await done(before.update('/a', bytes('2'), first));
    await done(before.delete('/a', second));
    await done(before.create("/'\0%\u{1f600}", bytes('4')));
    const changes = (await take(before, 5, { prefix: '', after: 1 })).map((one) => told(one));
    const now = await before.list('');
    await before.close();

    const after = await open(path);
    expect(after.revision).toBe(6);
    expect(await after.list('')).toEqual(now);
    expect((await take(after, 5, { prefix: '', after: 1 })).map(told)).toEqual(changes);
    expect((await after.list('/a', { revision: first })).items.map(shown)).toEqual(['/a=1']);
    expect((await after.list('/a', { revision: second })).items.map(shown)).toEqual(['/a=2']);
    expect(await done(after.create('/b', bytes('1')))).toBe(7);
  });

  it('keeps its compaction, and its revision, when all is deleted', async () => {
    const path = pathOfNew();
    const before = await openSqliteStorage(path, time);
    const first = await done(before.create('/a', bytes('1')));
    const second = await done(before.delete('/a', first));
    await before.compact(second);
    await before.close();
    expect(rows(path)).toEqual([]);

    const after = await open(path);
    expect(after.revision).toBe(second);
    await expect(after.list('', { revision: first })).rejects.toThrow('forgotten');
    expect(await done(after.create('/b', bytes('1')))).toBe(second + 1);
  });

  it('finishes a compaction that was interrupted', async () => {
    const path = pathOfNew();
    const before = await openSqliteStorage(path, time);
    const first = await done(before.create('/a', bytes('1')));
    const second = await done(before.update('/a', bytes('2'), first));
    const gone = await done(before.create('/gone', bytes('1')));
    await done(before.delete('/gone', gone));
    const third = await done(before.update('/a', bytes('3'), second));
    const compaction = before.compact(third - 1);
    await before.close();
    await compaction;
    expect(rows(path)).toEqual([first, second, gone, gone + 1, third]);

    const between = await openSqliteStorage(path, time);
    expect((await between.list('')).items.map(shown)).toEqual(['/a=3']);
    await expect(between.list('', { revision: second })).rejects.toThrow('forgotten');
    const changes = await take(between, 1, { prefix: '', after: third - 1 });
    expect(changes.map(told)).toEqual(['/a: 2 -> 3']);
    await between.compact(third - 1);
    await between.close();
    expect(rows(path)).toEqual([second, third]);
  });

  it('deletes what ended while it was closed, and what ends later', async () => {
    const path = pathOfNew();
    const clock = new TestTime();
    const before = await openSqliteStorage(path, clock);
    await done(before.create('/short', bytes('1'), 10));
    await done(before.create('/long', bytes('1'), 100));
    await done(before.create('/stays', bytes('1')));
    const { revision } = before;
    await before.close();
    clock.pass(20);

    const after = await open(path, clock);
    clock.pass(0);
    const [change] = await take(after, 1, { prefix: '/', after: revision });
    expect(change && told(change)).toBe('/short: 1 -> -');
    expect((await after.list('')).items.map(shown)).toEqual(['/long=1', '/stays=1']);
    clock.pass(81);
    await until(async () => (await after.get('/long')) === undefined);
    expect((await after.list('')).items.map(shown)).toEqual(['/stays=1']);
  });

  it('can be put into a directory that is there', async () => {
    const directory = temporaryDirectory();
    chmodSync(directory, 0o755);
    await open(join(directory, 'state.db'));
    expect(mode(directory)).toBe('755');
  });

  it('says what is in the way of its directory', async () => {
    const path = join(temporaryDirectory(), 'file');
    writeFileSync(path, 'in the way');
    await expect(openSqliteStorage(join(path, 'data', 'state.db'), time)).rejects.toMatchObject({
      code: 'FILE_SYSTEM',
      message: expect.stringContaining(path),
    });
  });

  it('begins anew where the making of a file was interrupted', async () => {
    const path = pathOfNew();
    mkdirSync(dirname(path));
    writeFileSync(`${path}.new`, 'half');
    writeFileSync(`${path}.new-journal`, 'half');
    await done((await open(path)).create('/a', bytes('1')));
    expect(readdirSync(dirname(path)).some((file) => file.includes('.new'))).toBe(false);
  });
});

describe('the lock', () => {
  it('keeps out a second storage of the same process, under any name', async () => {
    const path = pathOfNew();
    const storage = await open(path);
    await done(storage.create('/a', bytes('1')));
    const other = join(temporaryDirectory(), 'link');
    symlinkSync(dirname(path), other);
    for (const again of [path, join(other, 'state.db')]) {
      await expect(openSqliteStorage(again, time)).rejects.toMatchObject({
        code: 'LOCKED',
        message: expect.stringContaining(`in use by process ${process.pid} on `),
      });
    }
    // The attempts have not freed it for others (POSIX frees a lock when any handle is closed).
    expect((await openElsewhere(path)).stdout).toContain('LOCKED');
    await storage.close();
    expect((await openElsewhere(path)).stdout).toContain('opened');
  });

  it('says to another process who has it and since when', async () => {
    const path = pathOfNew();
    await open(path);
    const { stdout } = await openElsewhere(path);
    expect(stdout).toContain(`LOCKED ${path}: in use by process ${process.pid} on `);
    expect(stdout).toContain('since 2026-01-01T00:00:00.000Z');
  });

  it('keeps out other programs, and is kept out by them', async () => {
    const path = await filled();
    const database = new DatabaseSync(path);
    database.exec('BEGIN IMMEDIATE');
    await expect(openSqliteStorage(path, time)).rejects.toMatchObject({
      code: 'LOCKED',
      message: `${path}: another program has this database open`,
    });
    database.close();
    await open(path);
    const late = new DatabaseSync(path, { timeout: 0 });
    expect(() => late.prepare('SELECT * FROM log').get()).toThrow('locked');
    late.close();
  });

  it('is not a file of somebody else', async () => {
    const path = pathOfNew();
    mkdirSync(dirname(path));
    writeFileSync(`${path}.lock`, 'precious');
    await expect(openSqliteStorage(path, time)).rejects.toMatchObject({
      code: 'FILE_SYSTEM',
      message: expect.stringContaining('not an empty file'),
    });
    expect(readFileSync(`${path}.lock`, 'utf8')).toBe('precious');
  });

  it('is free again when the opening fails', async () => {
    const path = await filled();
    await expect(openSqliteStorage(path, { ...CLUSTER, clusterId: 'two' })).rejects.toThrow();
    await open(path, CLUSTER);
  });
});

describe('a database that is not to be used', () => {
  /** It must be refused, and left as it is. */
  async function expectRefused(path: string, message: string, options = CLUSTER): Promise<void> {
    const before = hash(path);
    const error = await openSqliteStorage(path, options).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'DAMAGED_STATE', hint: expect.any(String) });
    expect(String(error)).toContain(`${path}: `);
    expect(String(error)).toContain(message);
    expect(hash(path)).toBe(before);
  }

  function change(path: string, sql: string): void {
    const database = new DatabaseSync(path);
    database.exec(sql);
    database.close();
  }

  it('is one of another cluster, or of none', async () => {
    await expectRefused(await filled(), 'belongs to cluster "one", not to "two"', {
      ...CLUSTER,
      clusterId: 'two',
    });
    await expectRefused(await filled(pathOfNew(), time), 'belongs to no cluster, not to "one"');
  });

  it('is one of a newer kubepki', async () => {
    const path = await filled();
    change(path, 'PRAGMA user_version = 2');
    await expectRefused(path, 'written by a newer kubepki');
    change(path, 'PRAGMA user_version = 0');
    await expectRefused(path, 'version 0 of its tables has never been');
  });

  it('is one of another program', async () => {
    const path = pathOfNew();
    mkdirSync(dirname(path));
    change(path, 'CREATE TABLE log (a)');
    await expectRefused(path, 'another program');
  });

  it.each([
    ['nothing', ''],
    ['a few bytes', 'SQLite format 3\0'],
    ['text', 'some text that has nothing to do with it\n'.repeat(1000)],
  ])('is %s', async (_, content) => {
    const path = await filled();
    writeFileSync(path, content);
    await expectRefused(
      path,
      content.startsWith('SQLite') ? 'another program' : 'no SQLite database',
    );
  });

  it('is a directory', async () => {
    const path = pathOfNew();
    mkdirSync(path, { recursive: true });
    await expect(openSqliteStorage(path, time)).rejects.toMatchObject({
      code: 'DAMAGED_STATE',
      message: `${path}: is not a file`,
    });
  });

  it('is one that was cut off', async () => {
    const path = await filled();
    for (let size = statSync(path).size - 4096; size > 0; size -= 50_000) {
      truncateSync(path, size);
      await expectRefused(path, 'is damaged');
    }
  });

  it('is one whose last writes lie beside a database that is gone', async () => {
    const path = pathOfNew();
    const storage = await open(path);
    await done(storage.create('/a', bytes('1')));
    const [copy, wal] = [join(temporaryDirectory(), 'state.db'), `${path}-wal`];
    copyFileSync(wal, `${copy}-wal`);
    await expect(openSqliteStorage(copy, time)).rejects.toMatchObject({
      code: 'DAMAGED_STATE',
      message: expect.stringContaining('is gone'),
    });
    expect(existsSync(copy)).toBe(false);
    expect(hash(`${copy}-wal`)).toBe(hash(wal));
  });

  it('is left as it is even where its last writes are not in it yet', async () => {
    const path = pathOfNew();
    const storage = await open(path, CLUSTER);
    await done(storage.create('/a', bytes('1')));
    const copy = join(temporaryDirectory(), 'state.db');
    for (const end of ['', '-wal']) copyFileSync(path + end, copy + end);
    const wal = hash(`${copy}-wal`);
    await expectRefused(copy, 'belongs to cluster', { ...CLUSTER, clusterId: 'two' });
    expect(hash(`${copy}-wal`)).toBe(wal);
    expect(shown(await (await open(copy, CLUSTER)).get('/a'))).toBe('/a=1');
  });

  it.each([
    ['a value has changed', "UPDATE log SET value = x'00' WHERE revision = 9"],
    ['a deletion has become a value', "UPDATE log SET value = x'' WHERE value IS NULL"],
    ['a key has changed', "UPDATE log SET key = '/other' WHERE revision = 9"],
    ['a time to live has come up', 'UPDATE log SET seconds = 1, ends_at = 2 WHERE revision = 9'],
    ['a revision is missing', 'DELETE FROM log WHERE revision = 9'],
    ['a table is missing', 'DROP TABLE log'],
    ['a column is missing', 'ALTER TABLE log DROP COLUMN previous'],
    ['the compaction is no number', "INSERT INTO meta VALUES ('compacted', 'x')"],
    [
      'a revision is no number that we know',
      'UPDATE log SET revision = 1 << 60 WHERE revision = 9',
    ],
  ])('is one in which %s', async (_, sql) => {
    const path = await filled();
    change(path, sql);
    await expectRefused(path, 'is damaged');
  });

  it('is one with a page of random bytes: refused, or whole where the page held nothing', async () => {
    const random = seeded('damaged pages');
    const original = await filled();
    const whole = await contents(original);
    const pages = statSync(original).size / 4096;
    expect(pages).toBeGreaterThan(20);
    for (let run = 0; run < 40; run++) {
      const path = join(temporaryDirectory(), 'state.db');
      const data = readFileSync(original);
      const page = run < 3 ? run : Math.floor(random.next() * pages);
      const length = run % 2 === 0 ? 4096 : 1 + Math.floor(random.next() * 40);
      const start = page * 4096 + Math.floor(random.next() * (4097 - length));
      for (let at = start; at < start + length; at++) data[at] = random.next() * 256;
      writeFileSync(path, data);
      const before = hash(path);
      let storage: Storage;
      try {
        storage = await openSqliteStorage(path, time);
      } catch (error) {
        expect(error).toMatchObject({ code: 'DAMAGED_STATE' });
        expect(hash(path)).toBe(before);
        continue;
      }
      await storage.close();
      expect(await contents(path)).toEqual(whole);
    }
  });

  it('can be moved away to begin anew', async () => {
    const path = await filled();
    writeFileSync(path, 'damaged');
    await expectRefused(path, 'no SQLite database');
    for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
    expect((await (await open(path)).list('')).items).toEqual([]);
  });
});

/** Tries to open a storage in another process, and says how it went. */
function openElsewhere(path: string): ReturnType<typeof command> {
  const program = `
    const { openSqliteStorage } = await import(${JSON.stringify(join(import.meta.dirname, '../../src/storage/index.ts'))});
    try {
      await (await openSqliteStorage(${JSON.stringify(path)}, { now: () => new Date() })).close();
      console.log('opened');
    } catch (error) {
      console.log(error.code, error.message);
    }
  `;
  return command(process.execPath, ['--input-type=module', '-e', program]);
}

/** The revisions of the records that a closed database has. */
function rows(path: string): unknown[] {
  const database = new DatabaseSync(path, { readOnly: true });
  const revisions = database.prepare('SELECT revision FROM log ORDER BY revision').all();
  database.close();
  return revisions.map(({ revision }) => revision);
}

async function contents(path: string): Promise<unknown> {
  const storage = await openSqliteStorage(path, time);
  const listed = await storage.list('');
  const changes = await take(storage, storage.revision - 1, { prefix: '', after: 1 });
  await storage.close();
  return [listed.revision, listed.items.map(shown), changes.map(told)];
}
