/**
 * A program that writes from many writers at once until it is killed, and says on standard output
 * what has been acknowledged: `revision key value`, with `-` for a deletion. Before a compaction it
 * says `compact revision`.
 *
 * Arguments: the database and a seed.
 */
import { writeSync } from 'node:fs';
import { openSqliteStorage } from '../../src/storage/index.ts';
import { type Seeded, seededWith } from '../seeded.ts';
import { bytes, done } from './helpers.ts';

const WRITERS = 16;
const KEYS_EACH = 5;

const [path = '', seed = ''] = process.argv.slice(2);
const storage = await openSqliteStorage(path, { now: () => new Date() });
// Synchronous: what is said is out before the next write begins.
const say = (line: string): void => {
  writeSync(1, `${line}\n`);
};

say('ready');
await Promise.all([
  ...Array.from({ length: WRITERS }, (_, writer) =>
    write(writer, seededWith(Number(seed) + writer)),
  ),
  compact(),
]);

async function write(writer: number, random: Seeded): Promise<void> {
  for (let count = 0; ; count++) {
    const key = `/${writer}/${Math.floor(random.next() * KEYS_EACH)}`;
    const stored = await storage.get(key);
    const value = `${seed}.${count}.${'x'.repeat(Math.floor(random.next() * 3000))}`;
    if (stored === undefined) {
      say(`${await done(storage.create(key, bytes(value)))} ${key} ${value}`);
    } else if (random.next() < 0.3) {
      say(`${await done(storage.delete(key, stored.revision))} ${key} -`);
    } else {
      say(`${await done(storage.update(key, bytes(value), stored.revision))} ${key} ${value}`);
    }
  }
}

async function compact(): Promise<void> {
  for (;;) {
    const { revision } = storage;
    while (storage.revision < revision + 700) await new Promise((resolve) => setImmediate(resolve));
    say(`compact ${revision}`);
    await storage.compact(revision);
  }
}
