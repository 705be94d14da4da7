/** Files that are replaced under a running program, in whatever way people and programs replace them. */
import { mkdirSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WatchedFiles } from '../../src/cli/watched-files.ts';
import { systemClock } from '../../src/client/index.ts';
import { KubepkiError } from '../../src/errors.ts';
import { temporaryDirectory } from '../temporary.ts';

/** A pair fits when both files say the same after `cert ` and `key `. */
async function arrange() {
  const directory = temporaryDirectory();
  const cert = join(directory, 'tls.crt');
  const key = join(directory, 'tls.key');
  writeFileSync(cert, 'cert 1');
  writeFileSync(key, 'key 1');
  const logged: string[] = [];
  const told: string[] = [];
  const applied: string[] = [];
  const files = new WatchedFiles({
    clock: systemClock,
    log: (line) => logged.push(line),
    tell: (line) => told.push(line),
  });
  const current = await files.add<string>({
    name: 'pair',
    paths: [cert, key],
    async read(contents) {
      const [left = '', right = ''] = contents.map((bytes) => bytes.toString());
      if (left === 'several') {
        const issues = ['a', 'b'].map((path) => ({ path, message: 'wrong' }));
        throw new KubepkiError('INVALID_CLUSTER', `${cert}: 2 problems`, { issues });
      }
      if (!/^cert \d+$/.test(left)) throw new KubepkiError('MALFORMED_PEM', `${cert}: no pair`);
      if (left.slice(5) !== right.slice(4)) {
        throw new KubepkiError('CONFLICT', `${key}: another one's`);
      }
      return left.slice(5);
    },
    apply: (value) => applied.push(value),
  });
  const gauge = (name: string): number | undefined =>
    files.readings().find((reading) => reading.name === name)?.values[0]?.[1];
  return { directory, cert, key, files, current, logged, told, applied, gauge };
}

const rewrite = (path: string, text: string): void => {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
};

describe('files that belong together', () => {
  it('are left alone while they stay the same', async () => {
    const { cert, files, applied, told } = await arrange();
    rewrite(cert, 'cert 1');
    await files.look();
    expect([applied, told]).toEqual([[], []]);
  });

  it('are taken when both have arrived, not before', async () => {
    const { cert, key, files, current, logged, told, gauge } = await arrange();
    rewrite(cert, 'cert 2');
    await files.look();
    await files.look();
    expect(current()).toBe('1');
    expect(logged).toEqual([`pair: what was read before stays in use: ${key}: another one's`]);
    expect(gauge('kubepki_files_unusable')).toBe(1);
    expect(gauge('kubepki_files_refused_total')).toBe(1);
    rewrite(key, 'key 2');
    await files.look();
    expect(current()).toBe('2');
    expect(told).toEqual([`pair: read again from ${cert} and ${key}`]);
    expect(gauge('kubepki_files_unusable')).toBe(0);
    expect(gauge('kubepki_files_taken_total')).toBe(2);
  });

  it('are refused with all that is wrong in them', async () => {
    const { cert, files, logged } = await arrange();
    rewrite(cert, 'several');
    await files.look();
    expect(logged).toEqual([
      `pair: what was read before stays in use: ${cert}: 2 problems; a: wrong; b: wrong`,
    ]);
  });

  it('are well again when what was wrong is undone', async () => {
    const { cert, files, current, applied, gauge } = await arrange();
    writeFileSync(cert, 'cer');
    await files.look();
    expect(gauge('kubepki_files_unusable')).toBe(1);
    writeFileSync(cert, 'cert 1');
    await files.look();
    expect([current(), applied, gauge('kubepki_files_unusable')]).toEqual(['1', [], 0]);
  });

  it('are not taken while somebody writes to them', async () => {
    const { cert, key, files, applied } = await arrange();
    writeFileSync(key, 'key 12');
    writeFileSync(cert, 'cert 12');
    const looking = files.look();
    await new Promise((resolve) => setTimeout(resolve, 30));
    // What stood there for a moment was a pair, too.
    writeFileSync(key, 'key 123');
    writeFileSync(cert, 'cert 123');
    await looking;
    expect(applied).toEqual(['123']);
  });

  it.each([
    ['missing', (path: string) => rmSync(path)],
    ['empty', (path: string) => truncateSync(path)],
    [
      'a directory',
      (path: string) => {
        rmSync(path);
        mkdirSync(path);
      },
    ],
    [
      'a link to nothing',
      (path: string) => {
        rmSync(path);
        symlinkSync('/nonexistent/kubepki', path);
      },
    ],
  ])('stay in use where one is %s', async (_, harm) => {
    const { cert, files, current, logged } = await arrange();
    harm(cert);
    await files.look();
    expect(current()).toBe('1');
    expect(logged).toHaveLength(1);
    expect(logged[0]).toContain(cert);
  });
});

describe('a volume of Kubernetes', () => {
  it('is followed when its links are pointed elsewhere', async () => {
    const directory = temporaryDirectory();
    const version = (name: string, text: string): void => {
      mkdirSync(join(directory, name));
      writeFileSync(join(directory, name, 'ca.crt'), text);
    };
    version('..2030_01', 'one');
    symlinkSync('..2030_01', join(directory, '..data'));
    symlinkSync(join('..data', 'ca.crt'), join(directory, 'ca.crt'));
    const files = new WatchedFiles({ clock: systemClock, log() {}, tell() {} });
    const current = await files.add({
      name: 'CA',
      paths: [join(directory, 'ca.crt')],
      read: async ([bytes]) => String(bytes),
    });
    version('..2030_02', 'two');
    symlinkSync('..2030_02', join(directory, '..data_tmp'));
    renameSync(join(directory, '..data_tmp'), join(directory, '..data'));
    await files.look();
    expect(current()).toBe('two');
  });
});

describe('what cannot be used', () => {
  it('is tried again, for it may be a matter of time', async () => {
    const path = join(temporaryDirectory(), 'file');
    writeFileSync(path, 'one');
    let isTime = false;
    const logged: string[] = [];
    const files = new WatchedFiles({
      clock: systemClock,
      log: (line) => logged.push(line),
      tell() {},
    });
    const current = await files.add({
      name: 'file',
      paths: [path],
      read: async ([bytes]) => String(bytes),
      check() {
        if (!isTime) throw new KubepkiError('INVALID_VALUE', 'not yet');
      },
    });
    writeFileSync(path, 'two');
    for (let turn = 0; turn < 3; turn += 1) await files.look();
    expect([current(), logged.length]).toEqual(['one', 1]);
    isTime = true;
    await files.look();
    expect(current()).toBe('two');
  });

  it('is not taken where it cannot be put to use', async () => {
    const path = join(temporaryDirectory(), 'file');
    writeFileSync(path, 'one');
    const files = new WatchedFiles({ clock: systemClock, log() {}, tell() {} });
    const current = await files.add({
      name: 'file',
      paths: [path],
      read: async ([bytes]) => String(bytes),
      apply() {
        throw new KubepkiError('INVALID_VALUE', 'no');
      },
    });
    writeFileSync(path, 'two');
    await files.look();
    expect(current()).toBe('one');
  });

  it('is said at the start', async () => {
    const files = new WatchedFiles({ clock: systemClock, log() {}, tell() {} });
    const path = join(temporaryDirectory(), 'nope');
    const set = { name: 'file', paths: [path], read: async () => 1 };
    await expect(files.add(set)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: `${path}: no such file`,
    });
  });
});

describe('following', () => {
  it('looks every few seconds until it is told to end', async () => {
    const path = join(temporaryDirectory(), 'file');
    writeFileSync(path, 'one');
    const stop = new AbortController();
    const slept: number[] = [];
    const files = new WatchedFiles({
      clock: {
        now: () => new Date(),
        async sleep(ms) {
          slept.push(ms);
          if (slept.length === 2) writeFileSync(path, 'two');
          if (slept.length === 3) stop.abort(new Error('enough'));
        },
      },
      log() {},
      tell() {},
    });
    const current = await files.add({
      name: 'file',
      paths: [path],
      read: async ([bytes]) => String(bytes),
    });
    await files.follow(stop.signal);
    expect(slept).toEqual([5000, 5000, 5000]);
    expect(current()).toBe('two');
  });
});
