/** Trees that somebody else has made: links that lead out of them, keys of CAs in them, and keys that their maker has kept. */
import {
  chownSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { formatKubeconfig, makeKubeconfig, parseKubeconfig } from '../../src/kubernetes/index.ts';
import { bundle } from '../../src/pki/index.ts';
import {
  decodePrivateKey,
  encodePrivateKey,
  generatePrivateKey,
  readCertificates,
} from '../../src/x509/index.ts';
import { temporaryDirectory } from '../temporary.ts';
import { install, root, sign } from './external-ca.ts';
import { type Fixture, lines, NO_STEPS, NOW, pki, snapshot } from './fixture.ts';

const WORKER = 'hosts/worker-1';
const KUBELET = `${WORKER}/var/lib/kubelet/pki/kubelet`;
const APISERVER = 'hosts/cp-1/etc/kubernetes/pki/apiserver';
const SCHEDULER = 'hosts/cp-1/etc/kubernetes/scheduler.conf';

/** What plan says of one file; apply says the same of it. */
async function said(own: Fixture, file: string): Promise<string[]> {
  const of = (list: string[]): string[] => list.filter((line) => line.includes(` ${file}: `));
  const planned = of(lines(await own.plan(), own.directory));
  expect(of(lines(await own.apply(), own.directory))).toEqual(planned);
  return planned;
}

async function made(spec: Record<string, unknown> = {}): Promise<Fixture> {
  const own = pki({ kubeletCertificates: 'files', ...spec });
  await own.apply();
  return own;
}

const pack = ({ cluster, directory }: Fixture, host: string, partial = false) =>
  bundle({
    cluster,
    place: { kind: 'directory', directory },
    host,
    partial,
    mtime: 0,
    now: NOW,
  });

/** Puts something else in a file's place. */
function replace(path: string, make: (path: string) => void): void {
  rmSync(path, { force: true });
  mkdirSync(dirname(path), { recursive: true });
  make(path);
}

const UP = '../../../../../../authorities';

describe("a key of a host that is a CA's", () => {
  it.each<[string, string, (own: Fixture, path: string) => void, string]>([
    [
      'a symbolic link',
      'ca.key',
      (_, path) => symlinkSync(`${UP}/ca.key`, path),
      'kubelet.key: a symbolic link out of this tree, to ',
    ],
    [
      'a hard link',
      'ca.key',
      (own, path) => linkSync(own.path('authorities/ca.key'), path),
      'its key is that of ca',
    ],
    [
      'a copy',
      'etcd/ca.key',
      (own, path) => copyFileSync(own.path('authorities/etcd/ca.key'), path),
      'its key is that of etcd-ca',
    ],
    [
      'a copy of what signs tokens',
      'sa.key',
      (own, path) => copyFileSync(own.path('authorities/sa.key'), path),
      'its key is that of sa',
    ],
  ])('as %s gets no certificate, and goes to no host', async (_, name, plant, reason) => {
    const own = await made();
    rmSync(own.path(`${KUBELET}.crt`));
    replace(own.path(`${KUBELET}.key`), (path) => plant(own, path));
    const [line, ...more] = await said(own, `${KUBELET}.crt`);
    expect(more).toEqual([]);
    expect(line).toContain(`refuse ${KUBELET}.crt: ${reason}`);
    expect(existsSync(own.path(`${KUBELET}.crt`))).toBe(false);
    expect(() => pack(own, 'worker-1')).toThrow(/not everything/);
    const { archive, paths } = pack(own, 'worker-1', true);
    expect(paths.join()).not.toContain('kubelet.key');
    const secret = own.read(`authorities/${name}`).split('\n')[1] ?? '-';
    expect(Buffer.from(archive).includes(secret)).toBe(false);
  });

  it('is refused with a certificate, too, and in worker threads', async () => {
    const own = await made();
    const key = decodePrivateKey(own.read('authorities/ca.key'));
    const { issued } = await issuedFor(own, key.spki);
    writeFileSync(own.path(`${KUBELET}.crt`), issued);
    writeFileSync(own.path(`${KUBELET}.key`), encodePrivateKey(key));
    expect((await said(own, `${KUBELET}.crt`))[0]).toContain('its key is that of ca');
    const threaded = lines(await own.plan(NOW, { threads: 1 }), own.directory);
    expect(threaded.join('\n')).toContain('its key is that of ca');
    expect(pack(own, 'worker-1', true).paths.join()).not.toContain('kubelet.key');
  });

  it('is known where the CA itself cannot be used', async () => {
    const own = await made();
    rmSync(own.path(`${KUBELET}.crt`));
    copyFileSync(own.path('authorities/etcd/ca.key'), own.path(`${KUBELET}.key`));
    copyFileSync(own.path('authorities/ca.crt'), own.path('authorities/etcd/ca.crt'));
    expect((await said(own, `${KUBELET}.crt`))[0]).toContain('its key is that of etcd-ca');
  });

  it('in a kubeconfig gets no certificate either', async () => {
    const own = await made();
    const user = 'system:kube-scheduler';
    const config = makeKubeconfig({
      cluster: 'test',
      server: 'https://api.test.example.com:6443',
      certificateAuthority: own.read('authorities/ca.crt'),
      user,
      token: '-',
    });
    config.users.set(user, { clientKeyData: readFileSync(own.path('authorities/ca.key')) });
    writeFileSync(own.path(SCHEDULER), formatKubeconfig(config));
    expect((await said(own, SCHEDULER))[0]).toContain(`refuse ${SCHEDULER}: its key is that of ca`);
    expect(pack(own, 'cp-1', true).paths.join()).not.toContain('scheduler.conf');
  });
});

/** A kubelet's serving certificate for another key. */
async function issuedFor(own: Fixture, spki: Uint8Array): Promise<{ issued: string }> {
  const other = pki({ kubeletCertificates: 'files' });
  install(other.directory, 'ca.crt', own.read('authorities/ca.crt'));
  await other.apply();
  const key = decodePrivateKey(own.read('authorities/ca.key'));
  const [certificate] = readCertificates(own.read('authorities/ca.crt'));
  const ca = { certificate, key, pem: '' };
  return { issued: sign(ca, other.read(`${KUBELET}.csr`), {}, spki) };
}

describe('a symbolic link', () => {
  it.each([
    ['certificate', `${APISERVER}.crt`, `${APISERVER}.crt`, 'apiserver.crt: '],
    ['key', `${APISERVER}.key`, `${APISERVER}.crt`, 'apiserver.key: '],
    ['kubeconfig', SCHEDULER, SCHEDULER, 'scheduler.conf: '],
    ['trust file', `${WORKER}/etc/kubernetes/pki/ca.crt`, undefined, 'ca.crt: '],
    ['key of a CA', 'hosts/cp-1/etc/kubernetes/pki/sa.key', undefined, 'sa.key: '],
  ])('in place of a %s may not lead out of its tree', async (_, file, subject, which) => {
    const own = await made();
    const outside = `${temporaryDirectory()}/file`;
    renameSync(own.path(file), outside);
    symlinkSync(outside, own.path(file));
    const name = subject ?? file;
    expect((await said(own, name))[0]).toBe(
      `refuse ${name}: ${which}a symbolic link out of this tree, to ${outside}`,
    );
    const host = file.split('/')[1] ?? '';
    expect(pack(own, host, true).leftOut.map(({ path }) => path)).toContain(own.path(name));
  });

  it('in place of a file that a kubeconfig names may not lead out either', async () => {
    const own = await made();
    const config = parseKubeconfig(own.read(SCHEDULER), SCHEDULER);
    const [[name, user]] = [...config.users] as [[string, { clientKeyData?: Uint8Array }]];
    const { clientKeyData = new Uint8Array(), ...rest } = user;
    config.users.set(name, { ...rest, clientKey: '/etc/kubernetes/scheduler.key' });
    writeFileSync(own.path(SCHEDULER), formatKubeconfig(config));
    const outside = `${temporaryDirectory()}/key`;
    writeFileSync(outside, clientKeyData, { mode: 0o600 });
    const named = own.path('hosts/cp-1/etc/kubernetes/scheduler.key');
    copyFileSync(outside, named);
    expect(await said(own, SCHEDULER)).toEqual([]);
    replace(named, (path) => symlinkSync(outside, path));
    expect(await said(own, SCHEDULER)).toEqual([
      `refuse ${SCHEDULER}: /etc/kubernetes/scheduler.key, which it names: scheduler.key: a symbolic link out of this tree, to ${outside}`,
    ]);
  });

  it('may lead to another file of the same tree', async () => {
    const own = await made();
    for (const ending of ['crt', 'key']) {
      const path = own.path(`${KUBELET}.${ending}`);
      renameSync(path, `${path}.2027`);
      symlinkSync(`kubelet.${ending}.2027`, path);
    }
    const report = await own.apply();
    expect(report.counts).toEqual({ ...NO_STEPS, keep: report.steps.length });
    expect(pack(own, 'worker-1').paths.join()).toContain('kubelet.key');
  });

  it('may not stand for a request or an answer', async () => {
    const own = pki();
    const ca = root();
    install(own.directory, 'ca.crt', ca.pem);
    await own.apply();
    const outside = temporaryDirectory();
    for (const [file, where] of [
      [`${APISERVER}.csr`, `${APISERVER}.crt`],
      [`${SCHEDULER}.csr`, SCHEDULER],
    ] as const) {
      const target = `${outside}/${file.length}`;
      renameSync(own.path(file), target);
      symlinkSync(target, own.path(file));
      expect((await said(own, where))[0]).toContain('.csr: a symbolic link out of this tree, to ');
      rmSync(own.path(file));
      renameSync(target, own.path(file));
      const answer = file.replace('.csr', '.pem');
      writeFileSync(target, sign(ca, own.read(file)));
      symlinkSync(target, own.path(answer));
      expect((await said(own, where))[0]).toMatch(
        /^refuse .*\.pem: a symbolic link out of this tree, to /,
      );
      rmSync(own.path(answer));
    }
  });

  it('on the way to what is still to be made is refused as well', async () => {
    const own = pki();
    const outside = temporaryDirectory();
    mkdirSync(own.path(WORKER), { recursive: true });
    symlinkSync(outside, own.path(`${WORKER}/etc`));
    const applied = lines(await own.apply(), own.directory);
    expect(applied.filter((line) => line.includes(`refuse ${WORKER}/`))).toHaveLength(2);
    expect(snapshot(outside).size).toBe(0);
  });
});

describe('a key that belongs to another user', () => {
  afterEach(() => vi.restoreAllMocks());

  const STRANGER = 65534;

  /** As root: gives files away. As anybody else: becomes somebody else, whose files these are not. */
  function giveAway(...paths: readonly string[]): void {
    if (process.geteuid?.() === 0) for (const path of paths) chownSync(path, STRANGER, STRANGER);
    else vi.spyOn(process, 'geteuid').mockReturnValue(STRANGER);
  }

  const REFUSED = /its key belongs to another user \(uid \d+\), who knows it: /;

  it('gets no certificate', async () => {
    const own = await made();
    const path = own.path(`${KUBELET}.key`);
    rmSync(own.path(`${KUBELET}.crt`));
    giveAway(path);
    expect((await said(own, `${KUBELET}.crt`))[0]).toMatch(REFUSED);
    expect(existsSync(own.path(`${KUBELET}.crt`))).toBe(false);
  });

  it('gets none in a kubeconfig, whoever has planted a request beside it', async () => {
    const own = pki();
    install(own.directory, 'ca.crt', root().pem);
    await own.apply();
    const file = 'admin/super-admin.conf';
    const planted = own.read(file);
    const request = own.read(`${file}.csr`);
    const other = pki();
    await other.apply();
    writeFileSync(
      other.path(file),
      planted.replace(
        /certificate-authority-data: \S+/,
        `certificate-authority-data: ${Buffer.from(other.read('authorities/ca.crt')).toString('base64')}`,
      ),
    );
    writeFileSync(other.path(`${file}.csr`), request);
    giveAway(other.path(file), other.path(`${file}.csr`));
    expect((await said(other, file))[0]).toMatch(REFUSED);
  });

  it('is noted where it is asked for already, and taken up where it is signed', async () => {
    const own = pki();
    const ca = root();
    install(own.directory, 'ca.crt', ca.pem);
    await own.apply();
    giveAway(own.path(`${APISERVER}.key`), own.path(SCHEDULER));
    const note = /^wait .*; the (key|file) belongs to another user \(uid \d+\)/;
    for (const file of [`${APISERVER}.crt`, SCHEDULER]) {
      expect((await said(own, file))[0]).toMatch(note);
    }
    writeFileSync(own.path(`${APISERVER}.pem`), sign(ca, own.read(`${APISERVER}.csr`)));
    expect((await own.apply()).counts).toMatchObject({ take: 1, refuse: 0 });
    rmSync(own.path(`${SCHEDULER}.csr`));
    expect((await said(own, SCHEDULER))[0]).toMatch(REFUSED);
    expect(existsSync(own.path(`${SCHEDULER}.csr`))).toBe(false);
  });

  it('becomes no CA, and is noted of one that is there', async () => {
    const own = pki();
    mkdirSync(own.path('authorities'));
    const key = own.path('authorities/ca.key');
    writeFileSync(key, encodePrivateKey(generatePrivateKey('ECDSA-P256')), { mode: 0o600 });
    giveAway(key);
    expect((await said(own, 'authorities/ca.crt'))[0]).toMatch(REFUSED);
    expect(existsSync(own.path('authorities/ca.crt'))).toBe(false);

    vi.restoreAllMocks();
    const whole = await made();
    giveAway(whole.path('authorities/ca.key'), whole.path('authorities/sa.key'));
    for (const name of ['ca.crt', 'sa.pub']) {
      const [line] = await said(whole, `authorities/${name}`);
      expect(line).toMatch(/^keep .*the key belongs to another user \(uid \d+\)/);
    }
  });
});
