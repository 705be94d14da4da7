/** inspect of a directory that holds more than it should: bounded, and what is left out is said. */
import { linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readDirectory } from '../../src/cli/inspect/item.ts';
import { encodePem, encodePrivateKey } from '../../src/x509/index.ts';
import { command, KUBEPKI, kubepki } from '../spawn.ts';
import { temporaryDirectory } from '../temporary.ts';
import { issuerOf, keyOf, leafTemplate } from '../x509/support.ts';

const KEY = keyOf('ECDSA-P256', 1);
const LEAF = encodePem('CERTIFICATE', issuerOf('ECDSA-P256').issue(leafTemplate(), KEY.spki));
const AT = '2026-12-02';
const quiet = (): void => undefined;

function directoryOf(files: Readonly<Record<string, string>>): string {
  const root = temporaryDirectory();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), content, { mode: 0o600 });
  }
  return root;
}

describe('one file under several names', () => {
  it('is one item, and the others say of which', async () => {
    const root = directoryOf({ 'a.crt': LEAF, 'a.key': encodePrivateKey(KEY), 'c.crt': LEAF });
    linkSync(join(root, 'a.crt'), join(root, 'b.crt'));
    linkSync(join(root, 'a.key'), join(root, 'b.key'));
    const { code, stdout } = await kubepki(['inspect', root, '--at', AT]);
    expect(code).toBe(0);
    const rowOf = (name: string) => stdout.split('\n').find((line) => line.includes(`${name} `));
    expect(rowOf('b.crt')).toMatch(/ link .* the same file as \S+\/a\.crt$/);
    expect(rowOf('b.key')).toMatch(/ link .* the same file as \S+\/a\.key$/);
    // Of the same content, and its own file.
    expect(rowOf('c.crt')).toContain(' certificate ');
    const { stdout: json } = await kubepki(['inspect', root, '-o', 'json', '--at', AT]);
    expect(JSON.parse(json).items[2]).toEqual({
      path: join(root, 'b.crt'),
      format: 'link',
      target: join(root, 'a.crt'),
      hard: true,
      notes: [],
    });
  });

  it('still has to be the certificate of the key beside each name', async () => {
    const root = directoryOf({
      'a.crt': LEAF,
      'a.key': encodePrivateKey(KEY),
      'b.key': encodePrivateKey(keyOf('ECDSA-P256', 2)),
    });
    linkSync(join(root, 'a.crt'), join(root, 'b.crt'));
    const { code, stderr } = await kubepki(['inspect', root, '--at', AT]);
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('b.crt: does not match its key b.key'),
    ]);
  });

  it('takes no memory for each of them', async () => {
    const root = directoryOf({ '0.pem': LEAF.repeat(Math.floor((2 * 1024 * 1024) / LEAF.length)) });
    for (let i = 1; i < 60; i++) linkSync(join(root, '0.pem'), join(root, `${i}.pem`));
    const { code } = await command('sh', ['-c', '"$0" inspect "$1" > "$1.out"', KUBEPKI, root], {
      env: { ...process.env, NODE_OPTIONS: '--max-old-space-size=256' },
    });
    expect(code).toBe(0);
  });
});

describe('more than there is space for', () => {
  const reasonOf = (root: string, budget: { entries: number; bytes: number }) => {
    const [first, ...items] = readDirectory(root, {}, quiet, budget);
    const { content } = first ?? {};
    return [
      first?.path === root && content?.format === 'unreadable' ? content.reason : undefined,
      items.length,
    ];
  };

  it('is counted and said, by entries and by bytes', () => {
    const root = directoryOf({
      '1.pem': LEAF.repeat(3),
      '2.pem': LEAF,
      '3.pem': LEAF,
      '4.pem': LEAF,
    });
    const of = (entries: number, bytes: number): string =>
      `it holds more than ${entries} certificates and keys, or ${bytes} bytes of them; inspect the directories in it one by one`;
    expect(reasonOf(root, { entries: 4, bytes: 1e6 })).toEqual([
      `2 more files were not looked at: ${of(4, 1e6)}`,
      2,
    ]);
    expect(reasonOf(root, { entries: 100, bytes: LEAF.length * 5 })).toEqual([
      `1 more file was not looked at: ${of(100, LEAF.length * 5)}`,
      3,
    ]);
    expect(readDirectory(root, {}, quiet, { entries: 6, bytes: 1e6 })).toHaveLength(4);
  });

  it('counts nothing for files that hold nothing of the kind', () => {
    const root = directoryOf({
      '1.txt': 'x'.repeat(5000),
      '2.txt': 'y'.repeat(5000),
      '3.pem': LEAF,
    });
    expect(readDirectory(root, {}, quiet, { entries: 1, bytes: 2000 })).toHaveLength(3);
  });

  it('is a failure: nobody could say that all is well', async () => {
    const root = directoryOf({});
    // Ten use the budget up.
    for (let i = 1; i <= 11; i++) {
      writeFileSync(join(root, `${String(i).padStart(2, '0')}.pem`), LEAF.repeat(6_000));
    }
    const { code, stdout, stderr } = await command('sh', [
      '-c',
      '"$0" inspect "$1" | tail -n +2 | wc -l; "$0" inspect "$1" > /dev/null',
      KUBEPKI,
      root,
    ]);
    expect([code, stdout.trim()]).toEqual([1, '60001']);
    expect(stderr).toContain(`kubepki: ${root}: 1 problem: .: 1 more file was not looked at`);
  });
});
