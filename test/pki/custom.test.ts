/** Layout `custom`: one directory, under names that its owner has chosen and the cluster file lists. */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseKubeconfig } from '../../src/kubernetes/index.ts';
import { plan } from '../../src/pki/index.ts';
import {
  type Certificate,
  commonName,
  decodePrivateKey,
  decodePublicKeys,
  encodePem,
  keysMatch,
  makeName,
  organizations,
  readCertificates,
  selfSign,
  signatureVerifies,
} from '../../src/x509/index.ts';
import { temporaryDirectory } from '../temporary.ts';
import { type Fixture, later, lines, NOW, pki, snapshot } from './fixture.ts';

const pair = (base: string) => ({ certificate: `${base}.crt`, key: `${base}.key` });
const CA = { certificate: 'ca.crt', key: 'private/ca.key' };
const HOSTS = [
  { name: 'cp-1', addresses: ['10.0.0.1'], roles: ['control-plane', 'etcd'] },
  { name: 'cp-2', addresses: ['10.0.0.2'], roles: ['control-plane', 'etcd'] },
  { name: 'w-1', addresses: ['10.0.0.3'], roles: ['worker'] },
];
const FILES = {
  ca: CA,
  'etcd-ca': pair('etcd/ca'),
  'etcd-peer': pair('etcd/{host}'),
  apiserver: { certificate: 'issued/server.crt', key: 'private/server.key' },
  scheduler: { kubeconfig: 'scheduler.conf' },
  'kubelet-client': { kubeconfig: '{host}.kubeconfig' },
  admin: pair('admin'),
  sa: { publicKey: 'sa.pub', key: 'sa.key' },
};

const custom = (
  files: Record<string, unknown> = FILES,
  spec: Record<string, unknown> = {},
  directory?: string,
): Fixture => pki({ layout: 'custom', hosts: HOSTS, files, ...spec }, directory);

const leaf = (fixture: Fixture, name: string): Certificate =>
  readCertificates(fixture.read(name))[0];

/** Names and modes of everything below the directory. */
const listing = (fixture: Fixture): string[] =>
  [...snapshot(fixture.directory)]
    .map(([name, content]) => `${content.slice(0, 3)} ${name}`)
    .sort();

describe('apply with layout custom', () => {
  it('makes what is listed where it is listed, and two hidden files beside it', async () => {
    const fixture = custom();
    const planned = await fixture.plan();
    expect(readdirSync(fixture.directory)).toEqual([]);
    const applied = await fixture.apply();
    expect(applied).toEqual(planned);
    expect(listing(fixture)).toEqual(
      [
        '600 .kubepki.lock',
        '644 .kubepki.cluster-name',
        '644 ca.crt',
        '600 private/ca.key',
        '644 etcd/ca.crt',
        '600 etcd/ca.key',
        '644 etcd/cp-1.crt',
        '600 etcd/cp-1.key',
        '644 etcd/cp-2.crt',
        '600 etcd/cp-2.key',
        '644 issued/server.crt',
        '600 private/server.key',
        '600 scheduler.conf',
        '600 w-1.kubeconfig',
        '644 admin.crt',
        '600 admin.key',
        '644 sa.pub',
        '600 sa.key',
      ].sort(),
    );
  });

  it('makes nothing the second time', async () => {
    const fixture = custom();
    const { counts } = await fixture.apply();
    const before = snapshot(fixture.directory);
    const again = await fixture.apply(later(1));
    expect(again.counts).toMatchObject({ create: 0, keep: counts.create, refuse: 0 });
    expect(lines(again, fixture.directory)).toEqual([]);
    expect(snapshot(fixture.directory)).toEqual(before);
  });

  it('says whose a file is: the hosts that share it, or the one that holds it', async () => {
    const { steps } = await custom().plan();
    expect(steps.map(({ place, credential }) => `${place} ${credential}`)).toEqual([
      'authorities ca',
      'authorities etcd-ca',
      'authorities sa',
      'admin admin',
      'shared apiserver',
      'shared scheduler',
      'cp-1 etcd-peer',
      'cp-2 etcd-peer',
      'w-1 kubelet-client',
    ]);
  });

  it('covers with one certificate the names of all who share it', async () => {
    const fixture = custom();
    await fixture.apply();
    const server = leaf(fixture, 'issued/server.crt');
    expect(server.subjectAltNames?.dns).toEqual(expect.arrayContaining(['cp-1', 'cp-2']));
    expect(server.subjectAltNames?.ip).toEqual(['10.96.0.1', '10.0.0.1', '10.0.0.2']);
    const report = await custom(
      FILES,
      {
        hosts: [...HOSTS, { name: 'cp-3', addresses: ['10.0.0.4'], roles: ['control-plane'] }],
      },
      fixture.directory,
    ).plan();
    expect(lines(report, fixture.directory)).toEqual([
      'refuse issued/server.crt: does not cover 10.0.0.4',
    ]);
  });

  it('only notes that a certificate lacks names which nobody but its own host calls it by', async () => {
    const fixture = custom();
    await fixture.apply();
    const hosts = HOSTS.map(({ name, ...host }) => ({ name: `${name}-new`, ...host }));
    for (const name of ['cp-1', 'cp-2']) {
      for (const ending of ['crt', 'key']) {
        const [from, to] = [`etcd/${name}.${ending}`, `etcd/${name}-new.${ending}`];
        renameSync(fixture.path(from), fixture.path(to));
      }
    }
    const credentials = { 'etcd-peer': { commonName: 'cp-1' } };
    const { steps } = await custom(FILES, { hosts, credentials }, fixture.directory).plan();
    const about = (path: string): unknown => steps.find((step) => step.path === fixture.path(path));
    expect(about('etcd/cp-1-new.crt')).toMatchObject({
      action: 'keep',
      notes: [
        'does not cover cp-1-new, which only its own host may call it',
        'covers cp-1 as well',
      ],
    });
  });

  it('completes what is missing and leaves the rest as it is', async () => {
    const fixture = custom();
    await fixture.apply();
    rmSync(fixture.path('issued/server.crt'));
    rmSync(fixture.path('admin.crt'));
    rmSync(fixture.path('admin.key'));
    const before = snapshot(fixture.directory);
    expect(lines(await fixture.apply(), fixture.directory)).toEqual([
      'create admin.crt: not there',
      'create issued/server.crt: its key is there, the certificate is not',
    ]);
    const after = snapshot(fixture.directory);
    for (const [name, content] of before) expect(after.get(name)).toBe(content);
    expect((await fixture.plan()).counts).toMatchObject({ create: 0, refuse: 0 });
  });

  it('takes up what openssl has made under names of its own', async () => {
    const directory = temporaryDirectory();
    const openssl = (...args: string[]): void => {
      execFileSync('openssl', args, { cwd: directory, stdio: ['ignore', 'ignore', 'ignore'] });
    };
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '3650',
      '-subj',
      '/CN=my own CA',
      '-keyout',
      'root.key',
      '-out',
      'root.pem',
      '-addext',
      'basicConstraints=critical,CA:TRUE',
      '-addext',
      'keyUsage=critical,keyCertSign,cRLSign',
    );
    writeFileSync(
      join(directory, 'ext'),
      'extendedKeyUsage=clientAuth\nkeyUsage=digitalSignature\n',
    );
    openssl(
      'req',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/O=system:masters/CN=root-user',
      '-keyout',
      'me.key',
      '-out',
      'me.csr',
    );
    openssl(
      'x509',
      '-req',
      '-in',
      'me.csr',
      '-CA',
      'root.pem',
      '-CAkey',
      'root.key',
      '-CAcreateserial',
      '-days',
      '365',
      '-extfile',
      'ext',
      '-out',
      'me.pem',
    );
    for (const name of ['root.key', 'me.key'])
      execFileSync('chmod', ['600', join(directory, name)]);
    const spec = {
      keyAlgorithm: 'RSA-2048',
      credentials: { admin: { commonName: 'root-user', organizations: ['system:masters'] } },
    };
    const files = {
      ca: { certificate: 'root.pem', key: 'root.key' },
      admin: { certificate: 'me.pem', key: 'me.key' },
    };
    const fixture = custom(files, spec, directory);
    const before = snapshot(directory);
    const now = new Date();
    expect((await fixture.plan(now)).counts).toMatchObject({ create: 0, keep: 2, refuse: 0 });
    expect(snapshot(directory)).toEqual(before);
    const more = custom({ ...files, scheduler: { kubeconfig: 's.conf' } }, spec, directory);
    expect((await more.apply(now)).counts).toMatchObject({ create: 1, keep: 2, refuse: 0 });
    const { users } = parseKubeconfig(more.read('s.conf'), 's.conf');
    const [made] = [...users.values()].flatMap(({ clientCertificateData = Buffer.of() }) =>
      readCertificates(Buffer.from(clientCertificateData)),
    );
    expect(made !== undefined && signatureVerifies(made, leaf(more, 'root.pem'))).toBe(true);
  });

  it('gives split authorities their parts: kubeconfigs trust one and are signed by another', async () => {
    const files = {
      ca: pair('client-ca'),
      'server-ca': pair('server-ca'),
      'etcd-ca': pair('etcd-ca'),
      'etcd-peer-ca': pair('etcd-peer-ca'),
      apiserver: pair('apiserver'),
      'kubelet-server': pair('{host}-kubelet'),
      'etcd-server': pair('{host}-etcd'),
      'etcd-peer': pair('{host}-peer'),
      'apiserver-etcd-client': pair('etcd-client'),
      admin: { kubeconfig: 'admin.conf' },
    };
    const fixture = custom(files, { authorities: 'split' });
    await fixture.apply();
    const signer = (name: string) => commonName(leaf(fixture, name).issuer);
    expect(
      ['apiserver', 'w-1-kubelet', 'cp-1-etcd', 'cp-1-peer', 'etcd-client'].map((name) =>
        signer(`${name}.crt`),
      ),
    ).toEqual([
      'kubernetes-server-ca',
      'kubernetes-server-ca',
      'etcd-ca',
      'etcd-peer-ca',
      'etcd-ca',
    ]);
    const config = parseKubeconfig(fixture.read('admin.conf'), 'admin.conf');
    const [cluster] = config.clusters.values();
    const [user] = config.users.values();
    const trusted = readCertificates(Buffer.from(cluster?.certificateAuthorityData ?? []))[0];
    const own = readCertificates(Buffer.from(user?.clientCertificateData ?? []))[0];
    expect([commonName(trusted.subject), commonName(own.issuer)]).toEqual([
      'kubernetes-server-ca',
      'kubernetes',
    ]);
    expect((await fixture.plan()).counts).toMatchObject({ create: 0, refuse: 0 });
  });

  it('names certificates as spec.credentials does', async () => {
    const fixture = custom(
      { ca: CA, 'kubelet-server': pair('{host}') },
      {
        credentials: { ca: { commonName: 'house CA' }, 'kubelet-server': { commonName: '{host}' } },
      },
    );
    await fixture.apply();
    expect(commonName(leaf(fixture, 'ca.crt').subject)).toBe('house CA');
    const { subject } = leaf(fixture, 'w-1.crt');
    expect([commonName(subject), organizations(subject)]).toEqual(['w-1', []]);
  });
});

describe('the keys of service accounts in layout custom', () => {
  const sa = (publicKey: string) => ({ ca: CA, sa: { publicKey, key: 'sa.key' } });

  it('may lie in one file, which is made once and kept', async () => {
    const fixture = custom(sa('sa.key'));
    await fixture.apply();
    expect(listing(fixture)).toContain('600 sa.key');
    expect((await fixture.plan()).counts).toMatchObject({ create: 0, keep: 2, refuse: 0 });
    expect(lines(await fixture.plan(), fixture.directory)).toEqual([]);
  });

  it('may stand behind one another in that file: the first signs, all verify', async () => {
    const fixture = custom(sa('sa.key'));
    await fixture.apply();
    const other = custom(sa('sa.key'));
    await other.apply();
    writeFileSync(fixture.path('sa.key'), fixture.read('sa.key') + other.read('sa.key'));
    expect(lines(await fixture.plan(), fixture.directory)).toEqual([
      'keep sa.key: 2 public keys: tokens of each of them are accepted',
    ]);
  });

  it('may have a certificate for their public key, as kube-apiserver takes one', async () => {
    const fixture = custom(sa('sa.crt'));
    await fixture.apply();
    const key = decodePrivateKey(fixture.read('sa.key'));
    const [made] = decodePublicKeys(fixture.read('sa.crt'));
    expect(made !== undefined && keysMatch(made, key)).toBe(true);
    const certificate = selfSign(
      {
        subject: makeName({ commonName: 'service-accounts' }),
        notBefore: NOW,
        notAfter: later(365),
        basicConstraints: { ca: false },
        keyUsage: ['digitalSignature'],
        extendedKeyUsage: [],
      },
      key,
    );
    writeFileSync(fixture.path('sa.crt'), encodePem('CERTIFICATE', certificate));
    expect(lines(await fixture.plan(), fixture.directory)).toEqual([]);
  });

  it('are refused in a public file that holds the key as well', async () => {
    const fixture = custom(sa('sa.pub'));
    await fixture.apply();
    copyFileSync(fixture.path('sa.key'), fixture.path('sa.pub'));
    expect(lines(await fixture.plan(), fixture.directory)).toEqual([
      'refuse sa.pub: public key: it holds a private key as well, and is a file for everybody to read',
    ]);
  });
});

describe('a directory of layout custom', () => {
  it('is not made by plan', async () => {
    const directory = join(temporaryDirectory(), 'not', 'there');
    await custom(FILES, {}, directory).plan();
    expect(existsSync(directory)).toBe(false);
  });

  it('remembers its cluster', async () => {
    const fixture = custom();
    await fixture.apply();
    expect(fixture.read('.kubepki.cluster-name')).toBe('test\n');
    const cluster = { ...fixture.cluster, name: 'other' };
    await expect(plan({ cluster, place: fixture.place, now: NOW })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining(
        '.kubepki.cluster-name: these authorities are of the cluster "test"',
      ),
    });
  });

  it('is no file system of a host', async () => {
    const place = { kind: 'machine', host: 'cp-1', root: temporaryDirectory() } as const;
    const { cluster } = custom();
    await expect(plan({ cluster, place, now: NOW })).rejects.toMatchObject({
      code: 'USAGE',
      message: '--host and --root do not go with layout custom',
    });
  });

  it.each([
    ['its certificate and key', ['ca.crt', 'private/ca.key']],
    ['its certificate', ['ca.crt']],
  ])('gets no second CA where one has lost %s', async (_, lost) => {
    const fixture = custom();
    await fixture.apply();
    for (const name of lost) rmSync(fixture.path(name));
    const before = snapshot(fixture.directory);
    const report = await fixture.apply();
    expect(lines(report, fixture.directory)[0]).toBe(
      `refuse ca.crt: lost: ${fixture.path('issued/server.crt')} comes from it; put it and its key back from a backup`,
    );
    expect(report.counts.create).toBe(0);
    expect(snapshot(fixture.directory)).toEqual(before);
  });

  it.each<[string, string]>([
    ['a certificate that several hosts share', 'issued/server.crt'],
    ["one host's kubeconfig", 'w-1.kubeconfig'],
    ["the administrator's certificate", 'admin.crt'],
  ])('knows by %s that its CA is lost', async (_, trace) => {
    const made = custom();
    await made.apply();
    const fixture = custom();
    mkdirSync(fixture.path('issued'));
    renameSync(made.path(trace), fixture.path(trace));
    const [first] = lines(await fixture.plan(), fixture.directory);
    expect(first).toBe(
      `refuse ca.crt: lost: ${fixture.path(trace)} comes from it; put it and its key back from a backup`,
    );
  });

  it('knows by a kubeconfig that trusts it that the CA of servers is lost', async () => {
    const files = { ca: CA, 'server-ca': pair('server-ca'), admin: { kubeconfig: 'admin.conf' } };
    const fixture = custom(files, { authorities: 'split' });
    await fixture.apply();
    for (const name of ['server-ca.crt', 'server-ca.key']) rmSync(fixture.path(name));
    expect(lines(await fixture.plan(), fixture.directory)[0]).toContain(
      `refuse server-ca.crt: lost: ${fixture.path('admin.conf')} comes from it`,
    );
  });

  it('may keep its keys elsewhere, through a link that its owner has made', async () => {
    const fixture = custom();
    const elsewhere = temporaryDirectory();
    symlinkSync(elsewhere, fixture.path('private'));
    await fixture.apply();
    expect(readdirSync(elsewhere).sort()).toEqual(['ca.key', 'server.key']);
    expect((await fixture.plan()).counts).toMatchObject({ create: 0, refuse: 0 });
  });

  it.each<[string, (path: (name: string) => string) => void, RegExp]>([
    [
      'a directory for a file',
      (path) => mkdirSync(path('admin.crt')),
      /admin\.crt: certificate: (a directory|is a directory|not a )/,
    ],
    [
      'a key of somebody else',
      (path) => copyFileSync(path('sa.key'), path('admin.key')),
      /admin\.crt: certificate and key do not belong together/,
    ],
    [
      'a certificate of another CA',
      (path) => copyFileSync(path('etcd/cp-1.crt'), path('issued/server.crt')),
      /server\.crt: certificate and key do not belong together/,
    ],
  ])('is told where it holds %s', async (what, damage, message) => {
    const fixture = custom();
    await fixture.apply();
    if (what.startsWith('a directory')) rmSync(fixture.path('admin.crt'));
    damage((name) => fixture.path(name));
    const report = await fixture.apply();
    expect(report.counts).toMatchObject({ create: 0, refuse: 1 });
    expect(lines(report, fixture.directory)[0]).toMatch(message);
  });
});

describe('layout custom with hundreds of hosts', () => {
  it('is made and kept by worker threads: what is shared once, what is not for each', async () => {
    const workers = Array.from({ length: 220 }, (_, i) => ({
      name: `n-${i}`,
      addresses: [`10.1.${i >> 8}.${i & 255}`],
      roles: ['worker'],
    }));
    const files = {
      ca: CA,
      apiserver: pair('server'),
      'kube-proxy': { kubeconfig: 'proxy.conf' },
      'kubelet-client': { kubeconfig: 'nodes/{host}/kubelet.conf' },
      'kubelet-server': pair('nodes/{host}/kubelet'),
    };
    const fixture = custom(files, { hosts: [...HOSTS, ...workers] });
    const { counts } = await fixture.apply();
    expect(counts).toMatchObject({ create: 3 + 2 * 221, refuse: 0 });
    expect(readdirSync(fixture.path('nodes'))).toHaveLength(221);
    const before = snapshot(fixture.directory);
    expect((await fixture.apply()).counts).toMatchObject({ create: 0, keep: counts.create });
    expect(snapshot(fixture.directory)).toEqual(before);
    const keys = workers.map(({ name }) =>
      readFileSync(fixture.path(`nodes/${name}/kubelet.key`), 'utf8'),
    );
    expect(new Set(keys).size).toBe(workers.length);
  }, 60_000);
});
