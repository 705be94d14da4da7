import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openSqliteStorage } from '../../src/storage/index.ts';
import { command } from '../spawn.ts';
import { temporaryDirectory } from '../temporary.ts';
import { bytes, done, shown } from './helpers.ts';

describe('an SQLite storage at the end of the disk', () => {
  it('refuses the whole commit, tells nobody, and goes on', async () => {
    const path = join(temporaryDirectory(), 'state.db');
    // One or two megabytes, by the shell's idea of a block.
    const { stdout, stderr } = await command('sh', [
      '-c',
      'ulimit -f 2048 && exec "$@"',
      'sh',
      process.execPath,
      join(import.meta.dirname, 'disk-full.ts'),
      path,
    ]);
    expect(stderr).toBe('');
    const refused = ['FILE_SYSTEM', expect.stringContaining(`${path}: cannot be written: `)];
    expect(JSON.parse(stdout)).toEqual({
      first: 2,
      refused: [refused, refused, refused],
      afterwards: ['/a=1'],
      second: { done: true, revision: 3 },
      watched: ['/a: - -> 1', '/a: 1 -> 3'],
    });

    const storage = await openSqliteStorage(path, { now: () => new Date() });
    expect((await storage.list('/')).items.map(shown)).toEqual(['/a=3']);
    expect(await done(storage.create('/b', bytes('1')))).toBe(4);
    await storage.close();
  });
});
