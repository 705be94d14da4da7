/** What a walk through a directory finds, and what it does not let happen. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WALK_LIMITS, walkDirectory } from '../../src/collect/index.ts';
import { temporaryDirectory } from '../temporary.ts';

function tree(files: readonly string[]): string {
  const root = temporaryDirectory();
  for (const file of files) {
    mkdirSync(join(root, file, '..'), { recursive: true });
    writeFileSync(join(root, file), file);
  }
  return root;
}

describe('walkDirectory', () => {
  it('lists regular files at every depth, sorted by path', () => {
    const root = tree(['b.crt', 'a/z', 'a/b/c', 'a.crt', '.hidden']);
    expect(walkDirectory(root)).toEqual(
      ['.hidden', 'a.crt', 'a/b/c', 'a/z', 'b.crt'].map((path) => ({ path, state: 'file' })),
    );
  });

  it('tells a link to a file inside, and passes over one to a directory inside', () => {
    const root = tree(['pki/kubelet-client-2026.pem']);
    symlinkSync(join(root, 'pki/kubelet-client-2026.pem'), join(root, 'pki/current.pem'));
    symlinkSync('pki', join(root, 'again'));
    symlinkSync('.', join(root, 'self'));
    expect(walkDirectory(root)).toEqual([
      { path: 'pki/current.pem', state: 'link', target: 'pki/kubelet-client-2026.pem' },
      { path: 'pki/kubelet-client-2026.pem', state: 'file' },
    ]);
  });

  it('does not leave the directory, nor follow loops or links into nothing', () => {
    const outside = tree(['secret']);
    const root = tree([]);
    symlinkSync(join(outside, 'secret'), join(root, 'out'));
    symlinkSync(outside, join(root, 'out-directory'));
    // The name of a directory beside it begins with the root's own name.
    const beside = `${root}-beside`;
    renameSync(tree(['x']), beside);
    symlinkSync(join(beside, 'x'), join(root, 'beside'));
    symlinkSync('loop-b', join(root, 'loop-a'));
    symlinkSync('loop-a', join(root, 'loop-b'));
    symlinkSync('gone', join(root, 'nothing'));
    const reasons = Object.fromEntries(
      walkDirectory(root).map((entry) => [
        entry.path,
        'reason' in entry ? entry.reason : entry.state,
      ]),
    );
    renameSync(beside, join(root, 'taken'));
    expect(reasons).toEqual({
      out: 'a symbolic link out of the directory, not followed',
      'out-directory': 'a symbolic link out of the directory, not followed',
      beside: 'a symbolic link out of the directory, not followed',
      'loop-a': 'a loop of symbolic links',
      'loop-b': 'a loop of symbolic links',
      nothing: 'a symbolic link to nothing',
    });
  });

  it('names what is no regular file, and does not open it', () => {
    const root = tree(['a']);
    execFileSync('mkfifo', [join(root, 'pipe')]);
    expect(walkDirectory(root)).toEqual([
      { path: 'a', state: 'file' },
      { path: 'pipe', state: 'unreadable', reason: 'not a regular file' },
    ]);
  });

  it('names a file that is too large', () => {
    const root = tree(['large']);
    truncateSync(join(root, 'large'), WALK_LIMITS.fileBytes + 1);
    expect(walkDirectory(root)).toEqual([
      {
        path: 'large',
        state: 'unreadable',
        reason: '8388609 bytes, more than the limit of 8388608',
      },
    ]);
  });

  it('stops at the limits, and says so', () => {
    const root = tree(['a/b/c/d', 'a/1', 'a/2']);
    expect(walkDirectory(root, { ...WALK_LIMITS, depth: 2 })).toEqual([
      { path: 'a/1', state: 'file' },
      { path: 'a/2', state: 'file' },
      { path: 'a/b', state: 'unreadable', reason: 'nested deeper than 2 directories' },
    ]);
    const few = walkDirectory(root, { ...WALK_LIMITS, entries: 2 });
    expect(few.filter(({ state }) => state === 'file').length).toBeLessThanOrEqual(2);
    expect(few[0]).toEqual({
      path: '.',
      state: 'unreadable',
      reason: 'more than 2 entries: not all of them are listed',
    });
    expect(walkDirectory(root, { ...WALK_LIMITS, entries: 6 })).toHaveLength(3);
  });

  it('lists what is near before what is deep, and lets no crowd hide its neighbours', () => {
    const crowd = (parent: string) => Array.from({ length: 5000 }, (_, i) => `${parent}/${i}`);
    const root = tree([...crowd('a'), ...crowd('b/c/d/e'), 'pki/etcd/ca.crt', 'z/ca.crt']);
    const found = walkDirectory(root, { ...WALK_LIMITS, entries: 4200 });
    const files = found.flatMap(({ path, state }) => (state === 'file' ? [path] : []));
    expect(files).toContain('z/ca.crt');
    expect(files).toContain('pki/etcd/ca.crt');
    expect(found[0]).toMatchObject({ path: '.', state: 'unreadable' });
    // The limit itself is used up, by the crowds.
    expect(files.length).toBeGreaterThan(4150);
    expect(files.filter((path) => path.startsWith('b/')).length).toBeGreaterThan(0);
  });

  it('names a file whose name is not UTF-8', () => {
    const root = tree([]);
    const name = Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0x2e, 0x63])]);
    writeFileSync(name, 'x');
    expect(walkDirectory(root)).toEqual([
      { path: '\ufffd.c', state: 'unreadable', reason: 'its name is not UTF-8' },
    ]);
  });

  it('answers a root that is not there or no directory with the reason', () => {
    const root = tree(['file']);
    expect(walkDirectory(join(root, 'gone'))).toMatchObject([{ path: '.', state: 'unreadable' }]);
    expect(walkDirectory(join(root, 'file'))).toEqual([
      { path: '.', state: 'unreadable', reason: 'a part of the path is not a directory' },
    ]);
  });
});
