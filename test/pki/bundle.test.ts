/** The archive of a host: only what is its own, all of it or nothing, and the same bytes for the same files. */
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { KubepkiError } from '../../src/errors.ts';
import { MOST_SECONDS, writeTar } from '../../src/pki/bundle-tar.ts';
import { type BundleOptions, bundle } from '../../src/pki/index.ts';
import { encodePrivateKey, encodePublicKey } from '../../src/x509/index.ts';
import { command } from '../spawn.ts';
import { temporaryDirectory } from '../temporary.ts';
import { keyOf } from '../x509/support.ts';
import { install, root, under } from './external-ca.ts';
import { type Fixture, later, NOW, pki } from './fixture.ts';

const HOSTS = [
  { name: 'cp-1', addresses: ['172.16.10.11'], roles: ['control-plane', 'etcd'] },
  { name: 'cp-2', addresses: ['172.16.10.12'], roles: ['control-plane'] },
  { name: 'e-1', addresses: ['172.16.10.13'], roles: ['etcd'] },
  { name: 'w-1', addresses: ['172.16.10.21'], roles: ['worker'] },
];

async function made(spec: Record<string, unknown> = {}): Promise<Fixture> {
  const fixture = pki({ hosts: HOSTS, ...spec });
  await fixture.apply();
  return fixture;
}

const pack = (
  { cluster, directory }: Fixture,
  host: string,
  options: Partial<BundleOptions> = {},
) =>
  bundle({
    cluster,
    place: { kind: 'directory', directory },
    host,
    partial: false,
    mtime: 0,
    now: NOW,
    ...options,
  });

function failure(run: () => unknown): KubepkiError {
  try {
    run();
  } catch (error) {
    return error as KubepkiError;
  }
  throw new Error('expected an error');
}

const wrong = (run: () => unknown, root: string): string[] =>
  failure(run).issues.map(({ path, message }) => `${path.replace(`${root}/`, '')}: ${message}`);

/** What tar makes of an archive. */
async function unpack(archive: Uint8Array): Promise<{ directory: string; listing: string[] }> {
  const directory = temporaryDirectory();
  const file = join(directory, 'a.tar');
  writeFileSync(file, archive);
  const root = join(directory, 'root');
  mkdirSync(root);
  const listed = await command('tar', ['--numeric-owner', '--full-time', '--utc', '-tvf', file]);
  const unpacked = await command('tar', ['-xpf', file, '-C', root]);
  expect([listed.code, listed.stderr, unpacked.code, unpacked.stderr]).toEqual([0, '', 0, '']);
  return { directory: root, listing: listed.stdout.trimEnd().split('\n') };
}

const below = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .sort();

describe('bundle', () => {
  it.each([
    {},
    { kubeletCertificates: 'files', caKeys: 'controlPlane' },
    { layout: 'binary', kubeletCertificates: 'files' },
    { authorities: 'single', frontProxy: false },
  ])('holds the tree of each host, with its modes: %o', async (spec) => {
    const fixture = await made(spec);
    for (const { name } of HOSTS) {
      const { archive, paths, leftOut, strays } = pack(fixture, name);
      const { directory } = await unpack(archive);
      const tree = fixture.path(`hosts/${name}`);
      expect(below(directory)).toEqual(below(tree));
      expect([...paths]).toEqual(below(tree));
      expect([leftOut, strays]).toEqual([[], []]);
      for (const path of paths) {
        expect(readFileSync(join(directory, path))).toEqual(readFileSync(join(tree, path)));
        expect([path, statSync(join(directory, path)).mode]).toEqual([
          path,
          statSync(join(tree, path)).mode,
        ]);
      }
    }
  });

  it('is owned by 0, by number, dated as asked, sorted, and without directories', async () => {
    const { archive } = pack(await made(), 'w-1', { mtime: 1_700_000_000 });
    const { listing } = await unpack(archive);
    expect(listing).toEqual([
      expect.stringMatching(
        /^-rw------- 0\/0 +\d+ 2023-11-14 22:13:20 etc\/kubernetes\/kube-proxy.conf$/,
      ),
      expect.stringMatching(
        /^-rw-r--r-- 0\/0 +\d+ 2023-11-14 22:13:20 etc\/kubernetes\/pki\/ca.crt$/,
      ),
    ]);
  });

  it('is the same whatever the modes, the dates and the order in which files were made', async () => {
    const fixture = await made();
    const { archive } = pack(fixture, 'cp-1');
    expect(pack(fixture, 'cp-1').archive).toEqual(archive);
    const copy = temporaryDirectory();
    cpSync(fixture.path('authorities'), join(copy, 'authorities'), { recursive: true });
    const tree = fixture.path('hosts/cp-1');
    for (const path of below(tree).reverse()) {
      const target = join(copy, 'hosts/cp-1', path);
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(join(tree, path), target);
      chmodSync(target, 0o640);
    }
    expect(pack({ ...fixture, directory: copy }, 'cp-1').archive).toEqual(archive);
  });

  it('needs the key of no CA, encrypted or not there', async () => {
    const fixture = await made();
    const { archive } = pack(fixture, 'cp-1');
    writeFileSync(
      fixture.path('authorities/ca.key'),
      encodePrivateKey(keyOf('ECDSA-P256'), { passphrase: 'x' }),
    );
    rmSync(fixture.path('authorities/etcd/ca.key'));
    expect(pack(fixture, 'cp-1').archive).toEqual(archive);
  });

  it('says whom else a file on the host trusts', async () => {
    const fixture = await made();
    const tree = fixture.path('hosts/cp-1/etc/kubernetes/pki');
    appendFileSync(join(tree, 'front-proxy-ca.crt'), root().pem);
    appendFileSync(join(tree, 'sa.pub'), encodePublicKey(keyOf('ECDSA-P256')));
    const { noted } = pack(fixture, 'cp-1');
    expect(noted.map(({ path, note }) => `${path.slice(tree.length + 1)}: ${note}`)).toEqual([
      expect.stringMatching(/^front-proxy-ca.crt: trusts CN=Company Root,O=Company as well/),
      'sa.pub: 1 more public keys: tokens of each of them are accepted',
    ]);
  });

  it('takes a kubeconfig that trusts the root above the CA, as plan does', async () => {
    const fixture = pki({ hosts: HOSTS });
    const top = root();
    const ca = under(top, 'kubernetes');
    install(fixture.directory, 'ca.crt', ca.pem, top.pem);
    writeFileSync(fixture.path('authorities/ca.key'), encodePrivateKey(ca.key), { mode: 0o600 });
    await fixture.apply();
    const path = fixture.path('hosts/w-1/etc/kubernetes/kube-proxy.conf');
    const text = readFileSync(path, 'utf8').replace(
      /certificate-authority-data: \S+/,
      `certificate-authority-data: ${Buffer.from(top.pem).toString('base64')}`,
    );
    writeFileSync(path, text);
    expect(pack(fixture, 'w-1').leftOut).toEqual([]);
  });

  it('names what lies there and is no credential of the host, and leaves it out', async () => {
    const fixture = await made();
    const { archive } = pack(fixture, 'w-1');
    const tree = fixture.path('hosts/w-1');
    writeFileSync(join(tree, 'etc/kubernetes/notes.txt'), 'x');
    copyFileSync(fixture.path('authorities/ca.key'), join(tree, 'etc/kubernetes/pki/ca.key'));
    symlinkSync('/etc/passwd', join(tree, 'etc/kubernetes/pki/link.crt'));
    const after = pack(fixture, 'w-1');
    expect(after.strays).toEqual([
      'etc/kubernetes/notes.txt',
      'etc/kubernetes/pki/ca.key',
      'etc/kubernetes/pki/link.crt',
    ]);
    expect(after.archive).toEqual(archive);
  });
});

describe('what is not whole', () => {
  it('is refused, with everything that is missing or wrong', async () => {
    const fixture = await made();
    const root = fixture.path('hosts/cp-1');
    const at = (path: string): string => join(root, 'etc/kubernetes', path);
    rmSync(at('pki/apiserver.crt'));
    rmSync(at('pki/ca.key'));
    rmSync(at('scheduler.conf'));
    writeFileSync(at('pki/sa.key'), encodePrivateKey(keyOf('ECDSA-P256')));
    writeFileSync(at('pki/etcd/peer.key'), encodePrivateKey(keyOf('ECDSA-P256')));
    copyFileSync(at('pki/etcd/ca.crt'), at('pki/front-proxy-ca.crt'));
    const said = wrong(() => pack(fixture, 'cp-1'), join(root, 'etc/kubernetes'));
    expect(said.sort()).toEqual([
      'pki/apiserver.crt: its key is there, its certificate is not',
      'pki/ca.key: not there',
      'pki/etcd/peer.crt: certificate and key do not belong together',
      'pki/front-proxy-ca.crt: not the one of front-proxy-ca in the authorities',
      expect.stringMatching(/^pki\/front-proxy-client.crt: .*not the one of front-proxy-ca/),
      expect.stringMatching(/^pki\/sa.key: not the key of sa/),
      'scheduler.conf: not there',
    ]);
  });

  it('is taken as far as it is right with partial, and what is left out is named', async () => {
    const fixture = await made();
    const root = fixture.path('hosts/cp-1/etc/kubernetes');
    rmSync(join(root, 'scheduler.conf'));
    writeFileSync(join(root, 'pki/etcd/peer.key'), encodePrivateKey(keyOf('ECDSA-P256')));
    const { paths, leftOut } = pack(fixture, 'cp-1', { partial: true });
    expect(leftOut.map(({ path }) => path.slice(root.length + 1)).sort()).toEqual([
      'pki/etcd/peer.crt',
      'scheduler.conf',
    ]);
    expect(paths).toContain('etc/kubernetes/pki/etcd/server.key');
    expect(paths.join()).not.toMatch(/peer|scheduler/);
  });

  it('is refused with partial, too, where nothing is left', async () => {
    const fixture = await made();
    rmSync(fixture.path('hosts'), { recursive: true });
    expect(failure(() => pack(fixture, 'w-1', { partial: true })).code).toBe('CONFLICT');
    rmSync(fixture.path('authorities/ca.crt'));
    expect(wrong(() => pack(fixture, 'w-1'), fixture.directory)).toContain(
      'authorities/ca.crt: not there',
    );
  });

  it('is what is over, waits for its certificate, or lies behind a link', async () => {
    const fixture = await made();
    expect(wrong(() => pack(fixture, 'w-1', { now: later(400) }), fixture.directory)).toEqual([
      expect.stringMatching(/kube-proxy.conf: expired on/),
    ]);
    const tree = fixture.path('hosts/w-1/etc/kubernetes');
    renameSync(tree, fixture.path('elsewhere'));
    symlinkSync(fixture.path('elsewhere'), tree);
    expect(wrong(() => pack(fixture, 'w-1'), fixture.directory)[0]).toContain(
      'a symbolic link on the way to it',
    );
  });

  it('is what holds more secrets than its own: they are not for this host', async () => {
    const fixture = await made({ kubeletCertificates: 'files' });
    const tree = 'hosts/w-1/';
    const caKey = readFileSync(fixture.path('authorities/etcd/ca.key'), 'utf8');
    appendFileSync(fixture.path(`${tree}var/lib/kubelet/pki/kubelet.key`), caKey);
    const kubelet = fixture.path(`${tree}etc/kubernetes/kubelet.conf`);
    const admin = readFileSync(fixture.path('admin/admin.conf'), 'utf8');
    const [, others = ''] = admin.split('users:\n');
    const own = readFileSync(kubelet, 'utf8');
    writeFileSync(kubelet, own + others);
    const proxy = fixture.path(`${tree}etc/kubernetes/kube-proxy.conf`);
    const proxyText = readFileSync(proxy, 'utf8');
    writeFileSync(proxy, proxyText + caKey.replaceAll(/^/gm, '# '));
    expect((await fixture.plan()).counts.refuse).toBe(0);
    const reasons = [
      'etc/kubernetes/kubelet.conf: it holds 2 users, where one is of this host',
      'etc/kubernetes/kube-proxy.conf: it holds a private key in its text',
      'var/lib/kubelet/pki/kubelet.key: it holds 2 private keys, where one is of this host',
    ];
    expect(wrong(() => pack(fixture, 'w-1'), fixture.path('hosts/w-1')).sort()).toEqual(
      reasons.sort(),
    );
    const { paths } = pack(fixture, 'w-1', { partial: true });
    expect(paths).toEqual(['etc/kubernetes/pki/ca.crt', 'var/lib/kubelet/pki/kubelet.crt']);
    const twice = own.replace(/client-key-data: (\S+)/, (_, text: string) => {
      const keys = Buffer.from(text, 'base64').toString('utf8') + caKey;
      return `client-key-data: ${Buffer.from(keys).toString('base64')}`;
    });
    writeFileSync(kubelet, twice);
    expect(wrong(() => pack(fixture, 'w-1'), fixture.path('hosts/w-1'))).toContain(
      'etc/kubernetes/kubelet.conf: it holds 2 private keys, where one is of this host',
    );
  });

  it('waits for an external CA', async () => {
    const fixture = await made();
    for (const ending of ['crt', 'key'])
      rmSync(fixture.path(`hosts/cp-1/etc/kubernetes/pki/apiserver.${ending}`));
    rmSync(fixture.path('authorities/ca.key'));
    await fixture.apply();
    expect(
      wrong(() => pack(fixture, 'cp-1'), fixture.path('hosts/cp-1/etc/kubernetes/pki')),
    ).toEqual(['apiserver.crt: its certificate has not come yet']);
  });
});

describe('who is no host', () => {
  it('is refused: an unknown one, another cluster, k3s', async () => {
    const fixture = await made();
    expect(failure(() => pack(fixture, 'x'))).toMatchObject({
      code: 'USAGE',
      message: 'no host "x" in the cluster file',
    });
    const other = { ...fixture, cluster: { ...fixture.cluster, name: 'other' } };
    expect(failure(() => pack(other, 'cp-1')).code).toBe('CONFLICT');
    const k3s = pki({ layout: 'k3s' });
    expect(failure(() => pack(k3s, 'cp-1'))).toMatchObject({
      code: 'USAGE',
      message: 'layout k3s has nothing to carry to a host',
    });
  });
});

describe('layout custom', () => {
  const files = {
    ca: { certificate: 'ca.crt', key: 'private/ca.key' },
    'etcd-ca': { certificate: 'etcd-ca.crt', key: 'private/etcd-ca.key' },
    'front-proxy-ca': { certificate: 'front-proxy-ca.crt', key: 'private/front-proxy-ca.key' },
    apiserver: { certificate: 'issued/server.crt', key: 'private/server.key' },
    'apiserver-etcd-client': { certificate: 'etcd-client.crt', key: 'etcd-client.key' },
    'etcd-server': { certificate: '{host}-etcd.crt', key: '{host}-etcd.key' },
    'kubelet-client': { kubeconfig: '{host}.kubeconfig' },
    'kube-proxy': { kubeconfig: 'kube-proxy.kubeconfig' },
    admin: { certificate: 'admin.pem', key: 'admin-key.pem' },
    sa: { publicKey: 'sa.pub', key: 'sa.key' },
  };

  it('gives each host what its components read, under the names of the directory', async () => {
    const fixture = await made({ layout: 'custom', files });
    expect([...pack(fixture, 'cp-1').paths]).toEqual([
      'ca.crt',
      'cp-1-etcd.crt',
      'cp-1-etcd.key',
      'etcd-ca.crt',
      'etcd-client.crt',
      'etcd-client.key',
      'front-proxy-ca.crt',
      'issued/server.crt',
      'private/ca.key',
      'private/server.key',
      'sa.key',
      'sa.pub',
    ]);
    expect([...pack(fixture, 'e-1').paths]).toEqual([
      'e-1-etcd.crt',
      'e-1-etcd.key',
      'etcd-ca.crt',
    ]);
    expect([...pack(fixture, 'w-1').paths]).toEqual([
      'ca.crt',
      'kube-proxy.kubeconfig',
      'w-1.kubeconfig',
    ]);
    expect(pack(fixture, 'w-1').strays).toEqual([]);
  });

  it('gives members of etcd the cluster CA where it is theirs, and nobody its key but control planes', async () => {
    const { 'etcd-ca': _, ...rest } = files;
    const fixture = await made({ layout: 'custom', authorities: 'single', files: rest });
    expect([...pack(fixture, 'e-1').paths]).toEqual(['ca.crt', 'e-1-etcd.crt', 'e-1-etcd.key']);
    for (const host of ['e-1', 'w-1'])
      expect(pack(fixture, host).paths.join()).not.toContain('ca.key');
  });

  it('gives hosts the CA that signs, alone, and what they trust beside it is said', async () => {
    const fixture = pki({ layout: 'custom', hosts: HOSTS, files });
    const top = root();
    const ca = under(top, 'kubernetes');
    const key = encodePrivateKey(ca.key);
    mkdirSync(fixture.path('private'));
    writeFileSync(fixture.path('private/ca.key'), key, { mode: 0o600 });
    writeFileSync(fixture.path('ca.crt'), ca.pem);
    await fixture.apply();
    rmSync(fixture.path('private/ca.key'));
    writeFileSync(fixture.path('ca.crt'), `the CA\n${ca.pem}${top.pem}`);
    const proxy = root('front-proxy-ca, old');
    writeFileSync(
      fixture.path('front-proxy-ca.crt'),
      fixture.read('front-proxy-ca.crt') + proxy.pem,
    );
    writeFileSync(
      fixture.path('sa.pub'),
      fixture.read('sa.pub') + encodePublicKey(keyOf('ECDSA-P256')),
    );
    const { archive, noted, leftOut } = pack(fixture, 'cp-1', { partial: true });
    expect(leftOut).toEqual([]);
    const { directory } = await unpack(archive);
    expect(readFileSync(join(directory, 'ca.crt'), 'utf8')).toBe(ca.pem);
    const said = noted.map(
      ({ path, note }) => `${path.slice(fixture.directory.length + 1)}: ${note}`,
    );
    expect(said.sort()).toEqual([
      'front-proxy-ca.crt: "front-proxy-ca, old" behind it in its file: not its issuer; hosts get the first only',
      'sa.pub: 2 public keys: tokens of each of them are accepted',
    ]);
    const worker = pack(fixture, 'w-1');
    expect(worker.noted).toEqual([]);
    const unpacked = await unpack(worker.archive);
    expect(readFileSync(join(unpacked.directory, 'ca.crt'), 'utf8')).toBe(ca.pem);
  });

  it('takes one file for both halves of the key pair of service accounts as the secret that it is', async () => {
    const fixture = await made({
      layout: 'custom',
      files: { ...files, sa: { publicKey: 'sa.key', key: 'sa.key' } },
    });
    const { listing } = await unpack(pack(fixture, 'cp-2').archive);
    expect(listing.filter((line) => line.endsWith(' sa.key'))).toEqual([
      expect.stringMatching(/^-rw-------/),
    ]);
  });

  it('refuses the key of a CA that the component could not open, or that is another one', async () => {
    const fixture = await made({ layout: 'custom', files });
    const key = fixture.path('private/ca.key');
    const text = readFileSync(key, 'utf8');
    writeFileSync(key, encodePrivateKey(keyOf('ECDSA-P256')));
    expect(wrong(() => pack(fixture, 'cp-1'), fixture.directory)).toEqual([
      'private/ca.key: not the key of ca',
    ]);
    writeFileSync(key, encodePrivateKey(keyOf('ECDSA-P256'), { passphrase: 'x' }));
    expect(wrong(() => pack(fixture, 'cp-1'), fixture.directory)).toEqual([
      expect.stringMatching(/^private\/ca.key: .*encrypted/),
    ]);
    writeFileSync(key, text);
    rmSync(fixture.path('sa.key'));
    expect(wrong(() => pack(fixture, 'cp-1'), fixture.directory)).toEqual(['sa.key: not there']);
  });
});

describe('writeTar', () => {
  const file = (path: string, content = 'x') =>
    ({ path, content: Buffer.from(content), mode: 0o600 }) as const;
  const directory = 'd'.repeat(50);

  it('divides long paths as ustar does, and tar reads them', async () => {
    const paths = [
      'a'.repeat(100),
      `${directory}/${'b'.repeat(100)}`,
      `${directory}/${directory}/${directory}/${'c'.repeat(99)}`,
      `e/${'ü'.repeat(50)}`,
    ].sort();
    const { directory: root } = await unpack(
      writeTar(
        paths.map((path) => file(path)),
        0,
      ),
    );
    expect(below(root)).toEqual(paths);
  });

  it.each([
    ['a name of 101 bytes', 'a'.repeat(101)],
    ['a name of 101 bytes in a directory', `x/${'ü'.repeat(51)}`],
    ['directories of 156 bytes', `${'d'.repeat(156)}/${'a'.repeat(100)}`],
  ])('refuses what ustar has no room for: %s', (_, path) => {
    expect(() => writeTar([file(path)], 0)).toThrow(/too long for a tar archive/);
  });

  it('ends in two empty blocks, also where everything before fills whole records', async () => {
    // One header and 19 blocks of content are just one record of twenty.
    for (const size of [0, 1, 511, 512, 513, 18 * 512, 19 * 512]) {
      const archive = writeTar([file('a', 'x'.repeat(size))], 0);
      expect(archive.length % 10240).toBe(0);
      expect(archive.subarray(-1024).every((byte) => byte === 0)).toBe(true);
      const { directory: root } = await unpack(archive);
      expect(readFileSync(join(root, 'a')).length).toBe(size);
    }
  });

  it('sorts by bytes, and takes the latest date that there is room for', async () => {
    const archive = writeTar([file('b'), file('a/z'), file('a-b'), file('B')], 0);
    const { listing } = await unpack(archive);
    expect(listing.map((line) => line.split(' ').at(-1))).toEqual(['B', 'a-b', 'a/z', 'b']);
    const latest = writeTar([file('a')], MOST_SECONDS);
    expect(Buffer.from(latest).toString('latin1', 136, 148)).toBe('77777777777\0');
  });

  it('is read by another implementation, too', async () => {
    const { parseTar } = await import('nanotar');
    const archive = writeTar([file('etc/a', 'one'), file('etc/b', 'two')], 12);
    const parsed = parseTar(
      archive.buffer.slice(archive.byteOffset, archive.byteOffset + archive.length) as ArrayBuffer,
    );
    expect(
      parsed.map(({ name, text, attrs }) => [name, text, attrs?.mode, attrs?.uid, attrs?.mtime]),
    ).toEqual([
      ['etc/a', 'one', '0000600', 0, 12],
      ['etc/b', 'two', '0000600', 0, 12],
    ]);
  });
});
