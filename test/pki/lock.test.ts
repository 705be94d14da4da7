import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { takeLock } from '../../src/pki/lock.ts';
import { temporaryDirectory } from '../temporary.ts';

describe('takeLock', () => {
  it('holds until it is freed', () => {
    const path = join(temporaryDirectory(), 'new/.kubepki.lock');
    const release = takeLock(path);
    expect(() => takeLock(path)).toThrow(expect.objectContaining({ code: 'LOCKED' }));
    release();
    takeLock(path)();
  });

  it.each<[string, (path: string) => void]>([
    ['a link to nothing', (path) => symlinkSync('/nonexistent/file', path)],
    ['a link to a device', (path) => symlinkSync('/dev/zero', path)],
    ['a directory', (path) => mkdirSync(path)],
    ['a file with content', (path) => writeFileSync(path, 'SQLite format 3\0')],
    [
      'a file with a second name',
      (path) => {
        writeFileSync(path, '');
        linkSync(path, `${path}.other`);
      },
    ],
    ['a journal beside it', (path) => writeFileSync(`${path}-journal`, 'planted')],
  ])('refuses %s, and says what to do', (_, plant) => {
    const path = join(temporaryDirectory(), '.kubepki.lock');
    plant(path);
    expect(() => takeLock(path)).toThrow(expect.objectContaining({ code: 'FILE_SYSTEM' }));
  });
});
