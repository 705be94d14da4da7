import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { registerKubeconfig } from '../../src/cli/commands/kubeconfig.ts';
import { parseCsvLine } from '../../src/cli/go-flags.ts';
import { kubeconfigPaths } from '../../src/cli/kubeconfig-files.ts';
import { goQuote } from '../../src/kubernetes/index.ts';
import { temporaryDirectory } from '../temporary.ts';

let dir = '';
let stdout = '';
beforeEach(() => {
  dir = temporaryDirectory();
  stdout = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

async function run(...args: string[]): Promise<string> {
  stdout = '';
  const program = new Command('kubepki')
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  registerKubeconfig(program);
  await program.parseAsync(['kubeconfig', ...args], { from: 'user' });
  return stdout;
}

const at = (name: string) => join(dir, name);
const read = (name: string) => readFileSync(at(name), 'utf8');
const mode = (name: string) => statSync(at(name)).mode & 0o777;

describe('kubepki kubeconfig', () => {
  it("runs the seed's script", async () => {
    writeFileSync(at('ca.pem'), 'CA\n');
    const file = `--kubeconfig=${at('b.kubeconfig')}`;
    const said = [
      await run(
        'set-cluster',
        'kubernetes',
        `--certificate-authority=${at('ca.pem')}`,
        '--embed-certs=true',
        '--server=https://172.16.10.138:6443',
        file,
      ),
      await run(
        'set-credentials',
        'kubelet-bootstrap',
        '--token=93fb4dd1629fbceaa0953d7d6051bfa7',
        file,
      ),
      await run('set-context', 'default', '--cluster=kubernetes', '--user=kubelet-bootstrap', file),
      await run('use-context', 'default', file),
    ];
    expect(said).toEqual([
      'Cluster "kubernetes" set.\n',
      'User "kubelet-bootstrap" set.\n',
      'Context "default" created.\n',
      'Switched to context "default".\n',
    ]);
    expect(read('b.kubeconfig')).toBe(`apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: Q0EK
    server: https://172.16.10.138:6443
  name: kubernetes
contexts:
- context:
    cluster: kubernetes
    user: kubelet-bootstrap
  name: default
current-context: default
kind: Config
users:
- name: kubelet-bootstrap
  user:
    token: 93fb4dd1629fbceaa0953d7d6051bfa7
`);
    expect(mode('b.kubeconfig')).toBe(0o600);
    expect(readdirSync(dir).sort()).toEqual(['b.kubeconfig', 'ca.pem']);
    expect(await run('view', file)).toContain('token: REDACTED');
    expect(await run('view', '--raw', file)).toBe(read('b.kubeconfig'));
  });

  it('keeps permissions and symbolic links', async () => {
    mkdirSync(at('real'));
    writeFileSync(at('real/config'), '');
    chmodSync(at('real/config'), 0o640);
    symlinkSync('real/config', at('link'));
    await run('set-context', 'a', '--kubeconfig', at('link'));
    expect(read('real/config')).toContain('name: a');
    expect(mode('real/config')).toBe(0o640);
    expect(readdirSync(at('real'))).toEqual(['config']);
  });

  it('leaves the file as it was where it refuses', async () => {
    const before = 'clusters: [{name: a}]\n';
    writeFileSync(at('k'), before);
    const file = `--kubeconfig=${at('k')}`;
    await expect(run('use-context', 'x', file)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(run('set-cluster', 'a', '--embed-certs', file)).rejects.toMatchObject({
      code: 'USAGE',
    });
    await expect(
      run('set-cluster', 'a', '--embed-certs', `--certificate-authority=${at('no')}`, file),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(
      run('set-cluster', 'a', '--embed-certs', `--certificate-authority=${dir}`, file),
    ).rejects.toMatchObject({ code: 'FILE_SYSTEM' });
    await expect(run('set-cluster', 'a', '--embed-certs=maybe', file)).rejects.toMatchObject({
      code: 'USAGE',
    });
    await expect(run('view', '-o', 'table', file)).rejects.toMatchObject({ code: 'USAGE' });
    writeFileSync(at('k.lock'), '');
    await expect(run('set-cluster', 'b', file)).rejects.toMatchObject({ code: 'LOCKED' });
    expect(read('k')).toBe(before);
    expect(existsSync(at('k.lock'))).toBe(true);
  });

  it('leaves no lock behind where the file cannot be read or replaced', async () => {
    writeFileSync(at('bad'), 'clusters: [');
    await expect(run('set-cluster', 'a', `--kubeconfig=${at('bad')}`)).rejects.toMatchObject({
      code: 'MALFORMED_DOCUMENT',
    });
    writeFileSync(at('latin'), Buffer.from([0xe9]));
    await expect(run('set-cluster', 'a', `--kubeconfig=${at('latin')}`)).rejects.toMatchObject({
      code: 'MALFORMED_DOCUMENT',
    });
    symlinkSync('nothing', at('dangling'));
    await expect(run('set-cluster', 'a', `--kubeconfig=${at('dangling')}`)).rejects.toMatchObject({
      code: 'FILE_SYSTEM',
    });
    mkdirSync(at('folder'));
    await expect(run('set-cluster', 'a', `--kubeconfig=${at('folder')}`)).rejects.toMatchObject({
      code: 'FILE_SYSTEM',
    });
    await expect(run('set-cluster', 'a', `--kubeconfig=${at('bad/below')}`)).rejects.toMatchObject({
      code: 'FILE_SYSTEM',
    });
    expect(readdirSync(dir).sort()).toEqual(['bad', 'dangling', 'folder', 'latin']);
  });

  it('refuses flags and arguments that kubectl refuses', async () => {
    for (const args of [
      ['set-cluster'],
      ['set-cluster', 'a', 'b'],
      ['set-cluster', 'a', '--nonsense'],
      ['view', 'a'],
      ['nonsense'],
    ]) {
      await expect(run(...args, `--kubeconfig=${at('k')}`)).rejects.toMatchObject({
        name: 'CommanderError',
      });
    }
    expect(readdirSync(dir)).toEqual([]);
  });
});

describe('kubeconfigPaths', () => {
  it('takes the flag, else the list without doubles and gaps, else the home directory', () => {
    const env = { KUBECONFIG: 'a::b:a', HOME: '/home/me' };
    expect(kubeconfigPaths('x', env)).toEqual({ paths: ['x'], explicit: true });
    expect(kubeconfigPaths('', env)).toEqual({ paths: ['a', 'b'], explicit: false });
    expect(kubeconfigPaths(undefined, { HOME: '/home/me' }).paths).toEqual([
      '/home/me/.kube/config',
    ]);
  });
});

describe('parseCsvLine', () => {
  it.each([
    ['', []],
    ['a', ['a']],
    ['a,b,', ['a', 'b', '']],
    ['"a,b",c', ['a,b', 'c']],
    ['"a""b"', ['a"b']],
    ['"a\nb"\nc', ['a\nb']],
    ['\n\na,b\nc', ['a', 'b']],
    ['a\r', ['a']],
  ])('reads %j', (text, fields) => {
    expect(parseCsvLine(text, 'f')).toEqual(fields);
  });

  it.each(['a"b', '"a', '"a"b', '\n', '\r'])('refuses %j', (text) => {
    expect(() => parseCsvLine(text, 'f')).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});

describe('goQuote', () => {
  it.each([
    ['a', '"a"'],
    ['"\\', '"\\"\\\\"'],
    ['\n\u0001\u007f', '"\\n\\x01\\x7f"'],
    ['é日\u{1f600}', '"é日\u{1f600}"'],
    ['\u00a0\u2028\u{e0001}', '"\\u00a0\\u2028\\U000e0001"'],
  ])('writes %j as Go does', (text, quoted) => {
    expect(goQuote(text)).toBe(quoted);
  });
});
