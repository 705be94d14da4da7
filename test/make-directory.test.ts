import {
  chmodSync,
  chownSync,
  lchownSync,
  mkdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  makeDirectories,
  makePrivateDirectory,
  requireOwnDirectory,
} from '../src/make-directory.ts';
import { temporaryDirectory } from './temporary.ts';

describe('makeDirectories', () => {
  it('makes what is missing, and says what it has made', () => {
    const root = temporaryDirectory();
    expect(makeDirectories(join(root, 'a/b'), 0o755)).toEqual([join(root, 'a'), join(root, 'a/b')]);
    expect(makeDirectories(join(root, 'a/b'), 0o755)).toEqual([]);
  });

  // Node's recursive mkdir never comes back from there.
  it('ends where the file system says that it is not there', () => {
    expect(() => makeDirectories('/proc/x/y', 0o755)).toThrow('ENOENT');
  });

  it('makes nothing below a file', () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '');
    expect(() => makeDirectories(join(file, 'a'), 0o755)).toThrow('ENOTDIR');
  });
});

describe('requireOwnDirectory', () => {
  it('takes no file for a directory', () => {
    const file = join(temporaryDirectory(), 'file');
    writeFileSync(file, '', { mode: 0o600 });
    expect(() => requireOwnDirectory(file)).toThrow('not a directory');
  });

  it.runIf(process.geteuid?.() === 0)('takes none of another user, nor by his link', () => {
    const root = temporaryDirectory();
    mkdirSync(join(root, 'mine'), 0o700);
    symlinkSync(join(root, 'mine'), join(root, 'link'));
    requireOwnDirectory(join(root, 'link'));
    lchownSync(join(root, 'link'), 4711, 4711);
    expect(() => requireOwnDirectory(join(root, 'link'))).toThrow('another user (uid 4711)');
    chownSync(join(root, 'mine'), 4711, 4711);
    expect(() => requireOwnDirectory(join(root, 'mine'))).toThrow('another user (uid 4711)');
  });

  it('gives a command that can be copied, whatever the name', () => {
    const path = join(temporaryDirectory(), "it's mine");
    mkdirSync(path);
    chmodSync(path, 0o770);
    expect(() => requireOwnDirectory(path)).toThrow(
      expect.objectContaining({ hint: `chmod go-w '${path.replace("'", "'\\''")}'` }),
    );
  });
});

describe('makePrivateDirectory', () => {
  it('makes one for its owner alone', () => {
    const path = join(temporaryDirectory(), 'own');
    makePrivateDirectory(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  it('takes none that others may write to', () => {
    const path = join(temporaryDirectory(), 'open');
    mkdirSync(path);
    for (const mode of [0o770, 0o702, 0o1777]) {
      chmodSync(path, mode);
      expect(() => makePrivateDirectory(path)).toThrow('others may write to it');
      symlinkSync(path, `${path}-${mode}`);
      expect(() => makePrivateDirectory(`${path}-${mode}`)).toThrow('others may write to it');
    }
  });
});
