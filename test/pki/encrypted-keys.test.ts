/** CA keys under a passphrase: opened for a run, written encrypted, and in the clear only where a component reads them. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  decodePrivateKey,
  encodePrivateKey,
  keysMatch,
  readCertificates,
} from '../../src/x509/index.ts';
import { clusterText } from '../cluster/cluster-text.ts';
import { kubepki } from '../spawn.ts';
import { temporaryDirectory } from '../temporary.ts';
import { type Fixture, lines, NOW, pki, snapshot } from './fixture.ts';

const SECRET = 'correct horse battery staple';
const passphrase = Buffer.from(SECRET);
const KEYS = ['ca.key', 'etcd/ca.key', 'front-proxy-ca.key', 'sa.key'];
const CP = 'hosts/cp-1/etc/kubernetes/pki';

/** A PKI whose authorities' keys are encrypted. */
async function encrypted(): Promise<Fixture> {
  const own = pki();
  await own.apply(NOW, { passphrase });
  return own;
}

const isEncrypted = (pem: string): boolean => pem.startsWith('-----BEGIN ENCRYPTED PRIVATE KEY---');

describe('with a passphrase', () => {
  it('the keys of authorities are written encrypted, for nobody else to read', async () => {
    const own = await encrypted();
    for (const name of KEYS) {
      const path = `authorities/${name}`;
      expect([name, isEncrypted(own.read(path))]).toEqual([name, true]);
      expect(statSync(own.path(path)).mode & 0o777).toBe(0o600);
      decodePrivateKey(own.read(path), { passphrase });
    }
  });

  it('what a control plane reads lies there in the clear', async () => {
    const own = await encrypted();
    for (const [copy, key] of [
      ['ca.key', 'ca.key'],
      ['sa.key', 'sa.key'],
    ]) {
      const there = decodePrivateKey(own.read(`${CP}/${copy}`));
      expect(
        keysMatch(there, decodePrivateKey(own.read(`authorities/${key}`), { passphrase })),
      ).toBe(true);
      expect(statSync(own.path(`${CP}/${copy}`)).mode & 0o777).toBe(0o600);
    }
  });

  it('the keys are opened again: a second run changes nothing, and new leaves are issued', async () => {
    const own = await encrypted();
    const before = snapshot(own.directory);
    expect((await own.apply(NOW, { passphrase })).counts).toMatchObject({ create: 0, refuse: 0 });
    expect(snapshot(own.directory)).toEqual(before);
    rmSync(own.path('hosts'), { recursive: true });
    expect((await own.apply(NOW, { passphrase, threads: 2 })).counts.refuse).toBe(0);
    expect((await own.plan(NOW, { passphrase })).counts).toMatchObject({ create: 0, refuse: 0 });
  });

  it('keys in the clear are read as they are, and stay so', async () => {
    const own = pki();
    await own.apply();
    const before = snapshot(own.directory);
    expect((await own.apply(NOW, { passphrase })).counts).toMatchObject({ create: 0, refuse: 0 });
    expect(snapshot(own.directory)).toEqual(before);
  });

  it('OpenSSL opens what is written, and what OpenSSL writes is opened', async () => {
    const own = await encrypted();
    const openssl = (...args: string[]): ReturnType<typeof spawnSync> =>
      spawnSync('openssl', args, { env: { ...process.env, SECRET } });
    const path = own.path('authorities/ca.key');
    expect(openssl('pkey', '-in', path, '-passin', 'env:SECRET', '-noout').status).toBe(0);
    const plain = own.path('plain.key');
    writeFileSync(plain, encodePrivateKey(decodePrivateKey(readFileSync(path), { passphrase })));
    for (const how of [
      ['-v2', 'aes-256-cbc'],
      ['-v2', 'aes-256-cbc', '-iter', '100000'],
      ['-scrypt'],
    ]) {
      const args = [
        'pkcs8',
        '-topk8',
        '-in',
        plain,
        '-out',
        path,
        '-passout',
        'env:SECRET',
        ...how,
      ];
      expect([how, openssl(...args).status]).toEqual([how, 0]);
      expect((await own.plan(NOW, { passphrase })).counts).toMatchObject({ create: 0, refuse: 0 });
    }
  });

  it('a key that is there without its certificate keeps its encryption', async () => {
    const own = await encrypted();
    rmSync(own.path('hosts'), { recursive: true });
    rmSync(own.path('admin'), { recursive: true });
    rmSync(own.path('authorities/ca.crt'));
    const before = own.read('authorities/ca.key');
    expect((await own.apply(NOW, { passphrase })).counts.refuse).toBe(0);
    expect(own.read('authorities/ca.key')).toBe(before);
    const [certificate] = readCertificates(own.read('authorities/ca.crt'));
    expect(keysMatch(certificate, decodePrivateKey(before, { passphrase }))).toBe(true);
  });
});

describe('ends the run before anything is written', () => {
  it.each([
    ['without a passphrase', undefined, 'PASSPHRASE_NEEDED', 'the private key is encrypted'],
    [
      'with a wrong one',
      Buffer.from('wrong'),
      'WRONG_PASSPHRASE',
      'the passphrase does not open the private key',
    ],
  ] as const)('%s', async (_, given, code, message) => {
    const own = await encrypted();
    rmSync(own.path('hosts'), { recursive: true });
    const before = snapshot(own.directory);
    const extras = given === undefined ? {} : { passphrase: given };
    for (const mode of ['plan', 'apply'] as const) {
      const error: unknown = await own[mode](NOW, extras).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
      expect(error).toMatchObject({ message: expect.stringContaining('authorities/ca.key') });
      expect(String(error)).not.toContain('wrong;');
    }
    expect(snapshot(own.directory)).toEqual(before);
  });
});

it('on a machine itself keeps in the clear what components read there', async () => {
  const directory = temporaryDirectory();
  const place = { kind: 'machine' as const, host: 'cp-1', root: directory };
  const own = pki({ caKeys: 'controlPlane' }, directory, place);
  expect((await own.apply(NOW, { passphrase })).counts.refuse).toBe(0);
  const at = (name: string): string => own.read(`etc/kubernetes/pki/${name}`);
  expect([isEncrypted(at('ca.key')), isEncrypted(at('sa.key'))]).toEqual([false, false]);
  expect([isEncrypted(at('etcd/ca.key')), isEncrypted(at('front-proxy-ca.key'))]).toEqual([
    true,
    true,
  ]);
  const secret = encodePrivateKey(decodePrivateKey(at('ca.key')), { passphrase });
  writeFileSync(own.path('etc/kubernetes/pki/ca.key'), secret);
  expect(lines(await own.plan(NOW, { passphrase }), directory)).toEqual([
    'keep etc/kubernetes/pki/ca.crt: its key is encrypted, and kube-controller-manager could not read it',
  ]);
});

it('refuses an encrypted key of a leaf, which no component could read', async () => {
  const own = pki();
  await own.apply();
  const path = `${CP}/apiserver.key`;
  const secret = encodePrivateKey(decodePrivateKey(own.read(path)), { passphrase });
  writeFileSync(own.path(path), secret);
  expect(lines(await own.plan(NOW, { passphrase }), own.directory)).toEqual([
    `refuse ${CP}/apiserver.crt: key: the private key is encrypted`,
  ]);
});

describe('bin/kubepki', () => {
  /** Runs it in a directory with a cluster file and two files of passphrases. */
  function at(): {
    run: (args: string[], variable?: string) => ReturnType<typeof kubepki>;
    dir: string;
  } {
    const dir = temporaryDirectory();
    writeFileSync(join(dir, 'cluster.json'), clusterText());
    writeFileSync(join(dir, 'right'), `${SECRET}\nsecond line\n`);
    writeFileSync(join(dir, 'wrong'), 'another-secret\n');
    const { KUBEPKI_CA_PASSPHRASE: _, ...env } = process.env;
    return {
      dir,
      run: (args, variable) =>
        kubepki([...args, '-f', 'cluster.json', '-d', 'pki'], {
          cwd: dir,
          env: { ...env, ...(variable === undefined ? {} : { KUBEPKI_CA_PASSPHRASE: variable }) },
        }),
    };
  }

  it('takes the passphrase from a file, before the environment, and never says it', async () => {
    const { run, dir } = at();
    const first = await run(['apply', '--ca-passphrase-file', 'right'], 'another-secret');
    expect([first.code, first.stderr]).toEqual([0, '']);
    expect(isEncrypted(readFileSync(join(dir, 'pki/authorities/ca.key'), 'utf8'))).toBe(true);
    const again = await run(['plan', '--detailed-exitcode'], SECRET);
    expect([again.code, again.stderr]).toEqual([0, '']);
    const wrong = await run(['plan', '--ca-passphrase-file', 'wrong'], SECRET);
    expect(wrong).toMatchObject({ code: 1, stdout: '' });
    expect(wrong.stderr).toMatch(
      /^kubepki: \S*ca\.key: the passphrase does not open the private key/,
    );
    expect(wrong.stderr.split('\n')).toHaveLength(2);
    const none = await run(['apply']);
    expect(none).toMatchObject({ code: 1, stdout: '' });
    expect(none.stderr).toMatch(
      /ca\.key: the private key is encrypted; nothing was made before that \(give its passphrase with --ca-passphrase-file FILE or in KUBEPKI_CA_PASSPHRASE\)$/m,
    );
    for (const { stdout, stderr } of [first, again, wrong, none])
      expect(stdout + stderr).not.toMatch(/another-secret|horse/);
  });

  it('refuses an empty variable', async () => {
    const { run, dir } = at();
    const { code, stderr } = await run(['apply'], '');
    expect([code, stderr]).toEqual([
      1,
      'kubepki: KUBEPKI_CA_PASSPHRASE is empty (unset it where no key is encrypted)\n',
    ]);
    expect(existsSync(join(dir, 'pki'))).toBe(false);
  });
});
