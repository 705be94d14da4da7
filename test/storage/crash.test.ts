import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openSqliteStorage } from '../../src/storage/index.ts';
import { seeded } from '../seeded.ts';
import { outcome } from '../spawn.ts';
import { temporaryDirectory } from '../temporary.ts';
import { take, text } from './helpers.ts';

const RUNS = 20;
const WRITERS = join(import.meta.dirname, 'writers.ts');

interface Acknowledged {
  readonly revision: number;
  readonly key: string;
  readonly value: string;
}

describe('an SQLite storage that is killed at any instant', () => {
  it('has every write that it acknowledged', async () => {
    const random = seeded('kill -9');
    const path = join(temporaryDirectory(), 'state.db');
    const last = new Map<string, Acknowledged>();
    let revision = 1;
    let written = 0;
    for (let run = 0; run < RUNS; run++) {
      const output = await killed(path, run, Math.floor(random.next() * 120));
      const { acknowledged, compacted } = read(output);
      for (const one of acknowledged) {
        expect(one.revision).toBeGreaterThan(revision);
        last.set(one.key, one);
      }
      revision = await check(path, acknowledged, Math.max(revision, compacted), last);
      written += acknowledged.length;
    }
    expect(written).toBeGreaterThan(RUNS);
  }, 120_000);
});

/** Runs the writers and kills them so many milliseconds after they have begun. */
async function killed(path: string, seed: number, afterMs: number): Promise<string> {
  const child = spawn(process.execPath, [WRITERS, path, `${seed}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = outcome(child);
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve);
    child.once('close', () => reject(new Error('the writers ended by themselves')));
  });
  await sleep(afterMs);
  child.kill('SIGKILL');
  const { stdout, stderr, signal } = await ended;
  expect([signal, stderr]).toEqual(['SIGKILL', '']);
  return stdout;
}

function read(output: string): { acknowledged: Acknowledged[]; compacted: number } {
  const acknowledged: Acknowledged[] = [];
  let compacted = 0;
  // What is behind the last line's end was cut off.
  for (const line of output.split('\n').slice(0, -1)) {
    const [first = '', key = '', value = ''] = line.split(' ');
    if (first === 'compact') compacted = Number(key);
    else if (first !== 'ready') acknowledged.push({ revision: Number(first), key, value });
  }
  return { acknowledged, compacted };
}

/**
 * Opens what a killed process has left. Answers the revision that it had reached.
 *
 * @param from since when the history is there
 * @param last what is known of each key; learns what was written and not acknowledged
 */
async function check(
  path: string,
  acknowledged: readonly Acknowledged[],
  from: number,
  last: Map<string, Acknowledged>,
): Promise<number> {
  const storage = await openSqliteStorage(path, { now: () => new Date() });
  const { revision } = storage;
  const changes = await take(storage, revision - from, { prefix: '', after: from });
  const told = new Map(
    changes.map((change) => [change.revision, `${change.key} ${text(change.value) ?? '-'}`]),
  );
  for (const one of acknowledged) {
    if (one.revision > from) expect(told.get(one.revision)).toBe(`${one.key} ${one.value}`);
  }
  for (const change of changes) {
    const { key } = change;
    last.set(key, { revision: change.revision, key, value: text(change.value) ?? '-' });
  }
  for (const one of last.values()) {
    expect(text((await storage.get(one.key))?.value) ?? '-').toBe(one.value);
  }
  await storage.compact(revision);
  const { items } = await storage.list('');
  await storage.close();
  const database = new DatabaseSync(path, { readOnly: true });
  expect(database.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
  // Nothing that was interrupted leaves records behind.
  expect(database.prepare('SELECT count(*) AS count FROM log').get()).toEqual({
    count: items.length,
  });
  database.close();
  return revision;
}
