/** plan and apply as a user runs them: exit statuses, where text goes, and what happens to bad input. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clusterText } from '../cluster/cluster-text.ts';
import { snapshot } from '../pki/fixture.ts';
import { command, KUBEPKI, kubepki } from '../spawn.ts';
import { temporaryDirectory } from '../temporary.ts';

function clusterFile(spec: Record<string, unknown> = {}): {
  directory: string;
  file: string;
  pki: string;
} {
  const directory = temporaryDirectory();
  const file = join(directory, 'cluster.yaml');
  writeFileSync(file, clusterText(spec));
  return { directory, file, pki: join(directory, 'pki') };
}

describe('kubepki plan', () => {
  it('ends with 0, or with --detailed-exitcode with 2 while there is something to make', async () => {
    const { file, pki } = clusterFile();
    expect(await kubepki(['plan', '-f', file, '-d', pki])).toMatchObject({ code: 0, stderr: '' });
    expect((await kubepki(['plan', '-f', file, '-d', pki, '--detailed-exitcode'])).code).toBe(2);
    expect(existsSync(pki)).toBe(false);
    await kubepki(['apply', '-f', file, '-d', pki]);
    const done = await kubepki(['plan', '-f', file, '-d', pki, '--detailed-exitcode']);
    expect(done).toMatchObject({ code: 0, stderr: '' });
    expect(done.stdout).toMatch(/^nothing to do: 0 to create, \d+ to keep, 0 refused\n$/);
  });

  it('ends with 1 where something is refused, and shows what and why', async () => {
    const { file, pki } = clusterFile();
    await kubepki(['apply', '-f', file, '-d', pki]);
    writeFileSync(join(pki, 'hosts/cp-1/etc/kubernetes/pki/apiserver.key'), 'gone');
    const { code, stdout } = await kubepki(['plan', '-f', file, '-d', pki, '--detailed-exitcode']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^refuse +apiserver +cp-1 .*apiserver\.crt +key: /m);
    expect(stdout).toMatch(/1 refused\n$/);
  });

  it('counts the notes in the last line, and ends with 0', async () => {
    const { file, pki } = clusterFile();
    await kubepki(['apply', '-f', file, '-d', pki]);
    chmodSync(join(pki, 'authorities/ca.key'), 0o644);
    for (const [command, verb] of [
      ['plan', 'to create, \\d+ to keep'],
      ['apply', 'created, \\d+ kept'],
    ] as const) {
      const flags = command === 'plan' ? ['--detailed-exitcode'] : [];
      const { code, stdout } = await kubepki([command, '-f', file, '-d', pki, ...flags]);
      expect(code).toBe(0);
      expect(stdout).toMatch(new RegExp(`\\nnothing to do: 0 ${verb}, 0 refused; 1 note\\n$`));
    }
    chmodSync(join(pki, 'admin/admin.conf'), 0o644);
    expect((await kubepki(['plan', '-f', file, '-d', pki])).stdout).toMatch(/; 2 notes\n$/);
  });

  it('shows paths as they can be typed: below here relative, elsewhere absolute', async () => {
    const { directory, file, pki } = clusterFile();
    const planned = async (cwd: string): Promise<string> =>
      (await kubepki(['plan', '-f', file, '-d', pki], { cwd })).stdout;
    mkdirSync(join(directory, 'sub'));
    expect(await planned(directory)).toMatch(/ {3}pki\/authorities\/ca\.crt {3}/);
    const elsewhere = await planned(join(directory, 'sub'));
    expect(elsewhere).not.toContain('../');
    expect(elsewhere).toContain(` ${pki}/authorities/ca.crt `);
  });

  it('prints JSON and YAML for programs', async () => {
    const { file, pki } = clusterFile();
    const json = JSON.parse((await kubepki(['plan', '-f', file, '-d', pki, '-o', 'json'])).stdout);
    expect(json).toMatchObject({ kind: 'Plan', counts: { keep: 0, refuse: 0 } });
    expect(json.steps).toHaveLength(json.counts.create);
    expect((await kubepki(['plan', '-f', file, '-d', pki, '-o', 'yaml'])).stdout).toMatch(
      /^apiVersion: kubepki/,
    );
  });

  it('stays on one screen with five hundred hosts', async () => {
    const hosts = [{ name: 'cp', addresses: ['10.0.0.1'], roles: ['control-plane', 'etcd'] }];
    for (let i = 0; i < 500; i++)
      hosts.push({ name: `w${i}`, addresses: [`10.1.${i >> 8}.${i & 255}`], roles: ['worker'] });
    const { file, pki } = clusterFile({ hosts });
    const { stdout } = await kubepki(['plan', '-f', file, '-d', pki]);
    expect(stdout.split('\n').length).toBeLessThan(40);
    expect(stdout).toMatch(/create +kube-proxy +501 places/);
    expect(
      (await kubepki(['plan', '-f', file, '-d', pki, '-o', 'wide'])).stdout.split('\n').length,
    ).toBeGreaterThan(1000);
  });

  it('reads the cluster file from standard input', async () => {
    const { pki, file } = clusterFile();
    const { code } = await command('sh', [
      '-c',
      '"$0" plan -f - -d "$1" <"$2"',
      KUBEPKI,
      pki,
      file,
    ]);
    expect(code).toBe(0);
  });

  it('reads it from a slow pipe, and refuses one without end', async () => {
    const { pki, file } = clusterFile();
    const slow = '(head -c 50 "$2"; sleep 0.3; tail -c +51 "$2") | "$0" plan -f - -d "$1"';
    expect(await command('sh', ['-c', slow, KUBEPKI, pki, file])).toMatchObject({
      code: 0,
      stderr: '',
    });
    const endless = await command('sh', ['-c', '"$0" plan -f - -d "$1" </dev/zero', KUBEPKI, pki]);
    expect(endless).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('standard input: larger than'),
    });
  });
});

describe('kubepki apply', () => {
  it('gives secrets mode 0600 and the rest 0644, whatever the umask', async () => {
    for (const umask of ['000', '077']) {
      const { file, pki } = clusterFile({ kubeletCertificates: 'files' });
      await command('sh', [
        '-c',
        `umask ${umask}; exec "$0" apply -f "$1" -d "$2"`,
        KUBEPKI,
        file,
        pki,
      ]);
      const files = [...snapshot(pki)].filter(([name]) => name !== '.kubepki.lock');
      expect(files.length).toBeGreaterThan(30);
      for (const [name, content] of files) {
        const secret = content.includes('PRIVATE KEY') || content.includes('client-key-data');
        expect([name, content.slice(0, 3)]).toEqual([name, secret ? '600' : '644']);
      }
    }
  });

  it('shows no secret, in no form of output', async () => {
    const { file, pki } = clusterFile();
    const said = await Promise.all(
      ['table', 'wide', 'json', 'yaml'].map((format, i) =>
        kubepki(['apply', '-f', file, '-d', pki + i, '-o', format]),
      ),
    );
    for (const { stdout, stderr, code } of said) {
      expect(code).toBe(0);
      expect(stdout + stderr).not.toMatch(/PRIVATE KEY|client-key-data/);
    }
  });

  it('makes one host on the machine itself with --host and --root', async () => {
    const { file, pki, directory } = clusterFile();
    await kubepki(['apply', '-f', file, '-d', pki]);
    const root = join(directory, 'machine');
    mkdirSync(root);
    expect(
      await kubepki(['apply', '-f', file, '-d', pki, '--host', 'worker-1', '--root', root]),
    ).toMatchObject({ code: 0 });
    expect([...snapshot(root).keys()].filter((name) => !name.endsWith('.lock')).sort()).toEqual([
      'etc/kubernetes/kube-proxy.conf',
      'etc/kubernetes/pki/ca.crt',
    ]);
  });
});

describe('a second PKI', () => {
  it('is not made by a machine whose directory is a wrong one', async () => {
    const { directory, file } = clusterFile();
    const [root, empty] = [join(directory, 'w1'), join(directory, 'empty')];
    mkdirSync(empty);
    const machine = ['--host', 'worker-1', '--root', root, '-d', empty];
    for (const command of ['plan', 'apply']) {
      const { code, stdout, stderr } = await kubepki([command, '-f', file, ...machine]);
      expect([code, stdout]).toEqual([1, '']);
      expect(stderr).toBe(
        `kubepki: ${empty}/authorities: ca is not there, and with --root no authorities are made (mount the administrator's directory or name it with -d, or run apply -d there first)\n`,
      );
    }
    expect([...snapshot(empty).keys()]).toEqual([]);
    expect(existsSync(root)).toBe(false);
  });

  it('is not mixed with a first', async () => {
    const { directory, file, pki } = clusterFile();
    await kubepki(['apply', '-f', file, '-d', pki]);
    const other = join(directory, 'other.yaml');
    writeFileSync(other, readFileSync(file, 'utf8').replace('"test"', '"other"'));
    const { code, stdout, stderr } = await kubepki(['apply', '-f', other, '-d', pki]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain('of the cluster "test", the cluster file is of "other" (give another');
  });
});

describe('bad input', () => {
  /** Everything on stderr is one line, or a line for each problem behind it; stdout stays empty. */
  async function refusal(args: readonly string[], code: number): Promise<string> {
    const result = await kubepki(args);
    expect(result).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toMatch(/^kubepki: [^A-Z].*\n/);
    return result.stderr;
  }

  it('names every problem of a cluster file, and writes nothing', async () => {
    const { file, pki } = clusterFile({ layuot: 'binary', kubernetesVersion: 'x' });
    const stderr = await refusal(['apply', '-f', file, '-d', pki], 1);
    expect(stderr).toContain('cluster.yaml: 2 problems\n');
    expect(stderr).toContain('\n  spec.layuot: unknown key\n');
    expect(existsSync(pki)).toBe(false);
  });

  it('names a file that is not there, is a directory, or is no YAML', async () => {
    const { directory, file, pki } = clusterFile();
    expect(await refusal(['plan', '-f', join(directory, 'none.yaml')], 1)).toContain(
      'none.yaml: no such file',
    );
    expect(await refusal(['plan', '-f', directory], 1)).toContain('a directory, not a file');
    writeFileSync(file, 'a: [');
    expect(await refusal(['plan', '-f', file, '-d', pki], 1)).toMatch(/cluster\.yaml:1:\d+: /);
  });

  it('ends with 64 for a wrong command line', async () => {
    const { file } = clusterFile();
    expect(await refusal(['plan'], 64)).toContain('--filename');
    expect(await refusal(['plna'], 64)).toContain('plan');
    expect(await refusal(['plan', '-f', file, '--frobnicate'], 64)).toContain('--frobnicate');
    expect(await refusal(['plan', '-f', file, '-o', 'xml'], 64)).toContain('one of table');
    expect(await refusal(['apply', '-f', file, '--host', 'cp-1'], 64)).toContain(
      '--host and --root go together',
    );
    const machine = ['--host', 'nobody', '--root', temporaryDirectory()];
    expect(await refusal(['plan', '-f', file, ...machine], 64)).toContain('no host "nobody"');
  });

  it('takes each flag once, and none empty', async () => {
    const { file, pki } = clusterFile();
    for (const flag of ['--filename', '--directory', '--host', '--root']) {
      const rest = flag === '--filename' ? [] : ['-f', file];
      expect(await refusal(['plan', ...rest, flag, ''], 64)).toBe(`kubepki: ${flag} is empty\n`);
      expect(await refusal(['plan', ...rest, flag, 'a', flag, 'b'], 64)).toBe(
        `kubepki: ${flag} is given twice\n`,
      );
    }
    expect(await refusal(['apply', '-f', file, '-f', file, '-d', pki], 64)).toContain('twice');
    expect(existsSync(pki)).toBe(false);
  });

  it('refuses a file where the directory should be, in one line', async () => {
    const { file } = clusterFile();
    for (const command of ['plan', 'apply']) {
      const stderr = await refusal([command, '-f', file, '-d', file], 1);
      expect(stderr).toBe(`kubepki: ${file}: not a directory\n`);
    }
  });

  it('says so where standard output has no space left', async () => {
    const { file, pki } = clusterFile();
    const full = await command('sh', [
      '-c',
      '"$0" plan -f "$1" -d "$2" >/dev/full',
      KUBEPKI,
      file,
      pki,
    ]);
    expect(full).toMatchObject({
      code: 1,
      stderr: 'kubepki: standard output: no space left on device\n',
    });
  });

  it('shows no control characters of a file on the terminal', async () => {
    const { file, pki } = clusterFile();
    writeFileSync(file, readFileSync(file, 'utf8').replace('"kind"', '"\\u001b[2Jevil":1,"kind"'));
    const stderr = await refusal(['plan', '-f', file, '-d', pki], 1);
    expect(stderr).not.toContain('\u001b');
    expect(stderr).toMatch(/\\u(001b|\{1b\})\[2Jevil: unknown key/);
  });

  it('prints help for whoever asks, on stdout', async () => {
    for (const args of [['--help'], ['plan', '--help'], []]) {
      expect(await kubepki(args)).toMatchObject({
        code: 0,
        stderr: '',
        stdout: expect.stringMatching(/^Usage: kubepki/),
      });
    }
  });

  it('survives a reader that goes away', async () => {
    const { file, pki } = clusterFile();
    const { code, stderr } = await command('bash', [
      '-c',
      'set -o pipefail; "$0" plan -f "$1" -d "$2" -o json | true',
      KUBEPKI,
      file,
      pki,
    ]);
    expect([code, stderr]).toEqual([0, '']);
  });
});
