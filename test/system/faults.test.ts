/** Faults of the machine: a full disk, a directory that cannot be written, two runs at once. Every file that was there before is there after. */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clusterText } from '../cluster/cluster-text.ts';
import { snapshot } from '../pki/fixture.ts';
import { command, KUBEPKI, kubepki, type Outcome, outcome } from '../spawn.ts';
import { temporaryDirectory } from '../temporary.ts';

function setUp(workers: number): { directory: string; file: string; pki: string } {
  const directory = temporaryDirectory();
  const hosts = [{ name: 'cp-1', addresses: ['10.0.0.1'], roles: ['control-plane', 'etcd'] }];
  for (let i = 1; i <= workers; i++)
    hosts.push({ name: `worker-${i}`, addresses: [`10.0.1.${i}`], roles: ['worker'] });
  const file = join(directory, 'cluster.yaml');
  writeFileSync(file, clusterText({ kubeletCertificates: 'files', hosts }));
  return { directory, file, pki: join(directory, 'pki') };
}

/** Runs a script with a file system of `size` mounted on `directory`, seen by nobody else. */
function withSmallDisk(
  directory: string,
  size: string,
  script: string,
  ...args: string[]
): Promise<Outcome> {
  mkdirSync(directory, { recursive: true });
  return command('unshare', [
    '--mount',
    'bash',
    '-c',
    `mount -t tmpfs -o size=${size},nr_inodes=100k none "$1" && ${script}`,
    KUBEPKI,
    directory,
    ...args,
  ]);
}

describe('a full disk', () => {
  it.each(['8k', '100k', '300k', '500k'])(
    'of %s: one clear line, whole files only, and the same command completes',
    async (size) => {
      const { directory, file } = setUp(40);
      const disk = join(directory, 'disk');
      const left = join(directory, 'left');
      const script = '"$0" apply -f "$2" -d "$1"; status=$?; cp -a "$1" "$3"; exit $status';
      const { code, stderr, stdout } = await withSmallDisk(disk, size, script, file, left);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(
        /^kubepki: .*(no space left on the disk|disk is full).* \(free some space .*\)\n$/,
      );
      const before = snapshot(left);
      expect([...before.keys()].filter((name) => name.includes('tmp'))).toEqual([]);
      expect(await kubepki(['apply', '-f', file, '-d', left])).toMatchObject({
        code: 0,
        stderr: '',
      });
      expect((await kubepki(['plan', '-f', file, '-d', left, '--detailed-exitcode'])).code).toBe(0);
      const after = snapshot(left);
      for (const [name, content] of before)
        expect([name, after.get(name)]).toEqual([name, content]);
    },
  );
});

describe('a directory that cannot be written', () => {
  /** As a user without rights; root may write anywhere. */
  const asNobody = (...args: string[]): Promise<Outcome> =>
    command('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', ...args]);

  it('is named in one line, and nothing is changed', async () => {
    const { directory, file, pki } = setUp(1);
    await kubepki(['apply', '-f', file, '-d', pki]);
    rmSync(join(pki, 'hosts/worker-1'), { recursive: true });
    // The checkout may lie where nobody may not look; the program itself is not what is tested.
    const readable = join(directory, 'kubepki');
    const root = join(import.meta.dirname, '../..');
    for (const part of [
      'bin',
      'src',
      'package.json',
      'node_modules/commander',
      'node_modules/yaml',
      'node_modules/zod',
    ]) {
      cpSync(join(root, part), join(readable, part), { recursive: true });
    }
    const node = join(directory, 'node');
    cpSync(process.execPath, node);
    chmodSync(directory, 0o755);
    const before = snapshot(pki);
    const { code, stderr } = await asNobody(
      node,
      join(readable, 'src/cli/main.ts'),
      'apply',
      '-f',
      file,
      '-d',
      pki,
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/^kubepki: \S+: .*\n$/);
    expect(stderr).toContain(pki);
    expect(snapshot(pki)).toEqual(before);

    const open = join(directory, 'open');
    mkdirSync(open);
    chownSync(open, 65534, 65534);
    expect(
      await asNobody(node, join(readable, 'src/cli/main.ts'), 'apply', '-f', file, '-d', open),
    ).toMatchObject({ code: 0, stderr: '' });
  });

  it('says so of a file system that is mounted read-only', async () => {
    const { directory, file } = setUp(1);
    const disk = join(directory, 'disk');
    const { code, stderr } = await withSmallDisk(
      disk,
      '1m',
      'mount -o remount,ro "$1" && exec "$0" apply -f "$2" -d "$1/pki"',
      file,
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/^kubepki: .*read-only file system.*\n$/);
  });
});

describe('two runs at once', () => {
  it('one works, the others are refused at once, and the result is whole', async () => {
    const { file, pki } = setUp(200);
    const runs = await Promise.all(
      Array.from({ length: 4 }, () =>
        outcome(
          spawn(KUBEPKI, ['apply', '-f', file, '-d', pki], { stdio: ['ignore', 'pipe', 'pipe'] }),
        ),
      ),
    );
    const refused = runs.filter(({ code }) => code !== 0);
    for (const { code, stderr } of refused) {
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /^kubepki: \S+: another kubepki is at work here \(wait until it has ended, then run this again\)\n$/,
      );
    }
    expect(runs.length - refused.length).toBeGreaterThanOrEqual(1);
    expect((await kubepki(['plan', '-f', file, '-d', pki, '--detailed-exitcode'])).code).toBe(0);
    expect(readFileSync(join(pki, 'authorities/ca.crt'), 'utf8')).toContain('BEGIN CERTIFICATE');
  });
});
