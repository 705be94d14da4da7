/** kubepki bundle as a user runs it. */
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { workplace } from './csr-place.ts';

describe('kubepki bundle', () => {
  it('writes an archive that is nobody else to read, whatever the umask, and says what comes next', async () => {
    const { shell, path } = await workplace();
    const { code, stdout, stderr } = await shell('umask 000; "$0" bundle cp-1 -f cluster.yaml');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^cp-1\.tar: \d+ files for cp-1, private keys among them \(mode 0600\)\nOn cp-1, as root: tar -xf cp-1\.tar -C \/\n$/,
    );
    expect(statSync(path('cp-1.tar')).mode & 0o777).toBe(0o600);
  });

  it('gives the same bytes twice, across umasks, to a file and to standard output', async () => {
    const { shell, path } = await workplace();
    await shell('umask 077; "$0" bundle cp-1 -f cluster.yaml -o one.tar');
    await shell('umask 022; "$0" bundle cp-1 -f cluster.yaml -o - >two.tar');
    await shell(
      'touch -d 2001-01-01 pki/hosts/cp-1/etc/kubernetes/*; chmod -R a+r pki; TZ=Asia/Tokyo "$0" bundle cp-1 -f cluster.yaml -o three.tar',
    );
    expect(readFileSync(path('two.tar')).equals(readFileSync(path('one.tar')))).toBe(true);
    expect(readFileSync(path('three.tar')).equals(readFileSync(path('one.tar')))).toBe(true);
    const dated = await shell(
      'SOURCE_DATE_EPOCH=1700000000 "$0" bundle cp-1 -f cluster.yaml -o four.tar && tar --utc -tvf four.tar',
    );
    expect(dated.stdout).toContain('2023-11-14 22:13');
    expect(
      (await shell('SOURCE_DATE_EPOCH=yesterday "$0" bundle cp-1 -f cluster.yaml -o five.tar'))
        .code,
    ).toBe(64);
  });

  it('keeps an archive that is there: the same one is no error, another needs --force', async () => {
    const { run, path } = await workplace();
    expect(
      (await run('bundle', 'worker-1', '-f', '@cluster.yaml', '-d', '@pki', '-o', '@worker-1.tar'))
        .code,
    ).toBe(0);
    expect(
      (await run('bundle', 'worker-1', '-f', '@cluster.yaml', '-d', '@pki', '-o', '@worker-1.tar'))
        .code,
    ).toBe(0);
    writeFileSync(path('worker-1.tar'), 'mine');
    const { code, stderr } = await run(
      'bundle',
      'worker-1',
      '-f',
      '@cluster.yaml',
      '-d',
      '@pki',
      '-o',
      '@worker-1.tar',
    );
    expect(code).toBe(1);
    expect(stderr).toContain('worker-1.tar: there already, and not overwritten');
    expect(stderr).toContain('--force');
    expect(readFileSync(path('worker-1.tar'), 'utf8')).toBe('mine');
    expect(
      (
        await run(
          'bundle',
          'worker-1',
          '-f',
          '@cluster.yaml',
          '-d',
          '@pki',
          '-o',
          '@worker-1.tar',
          '--force',
        )
      ).code,
    ).toBe(0);
  });

  it('replaces no key, certificate or kubeconfig, with --force neither, but another archive of them', async () => {
    const { shell, path } = await workplace();
    const key = readFileSync(path('pki/authorities/ca.key'), 'utf8');
    for (const target of [
      'pki/authorities/ca.key',
      'pki/authorities/ca.crt',
      'pki/admin/admin.conf',
    ]) {
      const { code, stderr } = await shell(`"$0" bundle cp-1 -f cluster.yaml -o ${target} --force`);
      expect([target, code, stderr]).toEqual([target, 1, expect.stringContaining('not replaced')]);
    }
    expect(readFileSync(path('pki/authorities/ca.key'), 'utf8')).toBe(key);
    const other = await shell(
      '"$0" bundle worker-1 -f cluster.yaml -o a.tar && "$0" bundle cp-1 -f cluster.yaml -o a.tar --force',
    );
    expect(other).toMatchObject({ code: 0, stderr: '' });
  });

  it('says whom else a file in it trusts, on standard error', async () => {
    const { shell } = await workplace();
    const { code, stdout, stderr } = await shell(
      'cat pki/authorities/etcd/ca.crt >>pki/hosts/worker-1/etc/kubernetes/pki/ca.crt; "$0" bundle worker-1 -f cluster.yaml -o -',
    );
    expect(code).toBe(0);
    expect(stdout).not.toContain('kubepki: ');
    expect(stderr).toMatch(
      /^kubepki: \/\S+\/worker-1\/etc\/kubernetes\/pki\/ca\.crt: trusts CN=etcd-ca as well \(SHA-256 [0-9a-f]{16}…\)\n$/,
    );
  });

  it('refuses a host that lacks something, and takes the rest with --partial', async () => {
    const { run, path } = await workplace();
    rmSync(path('pki/hosts/cp-1/etc/kubernetes/scheduler.conf'));
    writeFileSync(path('pki/hosts/cp-1/etc/stray'), 'x');
    const whole = await run(
      'bundle',
      'cp-1',
      '-f',
      '@cluster.yaml',
      '-d',
      '@pki',
      '-o',
      '@cp-1.tar',
    );
    expect(whole).toMatchObject({ code: 1, stdout: '' });
    expect(whole.stderr).toMatch(
      /^kubepki: cp-1: not everything that it needs is there\n {2}.*scheduler\.conf: not there\n/,
    );
    expect(existsSync(path('cp-1.tar'))).toBe(false);
    const partial = await run(
      'bundle',
      'cp-1',
      '-f',
      '@cluster.yaml',
      '-d',
      '@pki',
      '-o',
      '@cp-1.tar',
      '--partial',
    );
    expect(partial.code).toBe(0);
    expect(partial.stderr).toMatch(
      /^kubepki: left out: .*scheduler\.conf: not there\nkubepki: left out: etc\/stray: no credential of this host\n$/,
    );
  });

  it('shows no key on a terminal', async () => {
    const { shell } = await workplace();
    const { stdout, code } = await shell(
      'script -qec "\'$0\' bundle cp-1 -f cluster.yaml -o -" /dev/null </dev/null; exit 0',
    );
    expect(code).toBe(0);
    expect(stdout).toContain('an archive is not for a terminal');
    expect(stdout).not.toContain('PRIVATE KEY');
  });

  it('gives a machine its files with tar alone', async () => {
    const { shell, path } = await workplace();
    const { code, stderr } = await shell(
      'mkdir -p root/etc/kubernetes && chmod 0711 root/etc && "$0" bundle cp-1 -f cluster.yaml -o - | tar -xf - -C root && diff -r pki/hosts/cp-1 root',
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    // What the machine has already keeps its mode.
    expect(statSync(path('root/etc')).mode & 0o777).toBe(0o711);
  });

  it('is about a host of the cluster file', async () => {
    const { run } = await workplace();
    const { code, stderr } = await run(
      'bundle',
      'cp-9',
      '-f',
      '@cluster.yaml',
      '-d',
      '@pki',
      '-o',
      '@cp-9.tar',
    );
    expect(code).toBe(64);
    expect(stderr).toBe('kubepki: no host "cp-9" in the cluster file (there are cp-1, worker-1)\n');
  });
});
