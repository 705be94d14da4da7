/** kubepki init as a user runs it: exit statuses, where text goes, what it refuses, and the questions that it asks. */
import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { ask } from '../../src/cli/init/questions.ts';
import { starter } from '../../src/cli/init/starter.ts';
import { readCluster } from '../../src/cluster/index.ts';
import { encodePrivateKey, generatePrivateKey } from '../../src/x509/index.ts';
import { SERVER, SERVICE_NAMES, Workshop } from '../pki/adopt-fixture.ts';
import { KUBEPKI, kubepki, outcome } from '../spawn.ts';
import { temporaryDirectory } from '../temporary.ts';

const HOST_FLAGS = [
  '--host',
  'cp-1=172.16.10.11:control-plane,etcd',
  '--host',
  'worker-1=172.16.10.21,fd00::21:worker',
];

describe('kubepki init', () => {
  it('prints an example that is a whole cluster where nobody sits before it', async () => {
    const { code, stdout, stderr } = await kubepki(['init']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const cluster = readCluster(stdout, 'stdout');
    expect(cluster).toMatchObject({ name: 'kubernetes', layout: 'kubeadm' });
    expect(cluster.hosts).toHaveLength(2);
    expect(stdout.match(/^ *#/gm)?.length).toBeGreaterThan(8);
  });

  it('writes what flags say to a file, and says what comes next', async () => {
    const directory = temporaryDirectory();
    const flags = [
      '--name',
      'prod',
      '--control-plane-endpoint',
      'api.example.com',
      '--service-cidr',
      '10.96.0.0/16,fd00:96::/112',
      '--service-dns-domain',
      'k8s.local',
      '--kubernetes-version',
      'v1.36.3',
      '--apiserver-cert-extra-sans',
      'a.example.com,203.0.113.7',
      '--layout',
      'binary',
      '--key-algorithm',
      'RSA-2048',
      ...HOST_FLAGS,
    ];
    const { code, stdout, stderr } = await kubepki(['init', ...flags, '-o', 'prod.yaml'], {
      cwd: directory,
    });
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: '',
      stderr: 'prod.yaml is written; next: kubepki plan -f prod.yaml\n',
    });
    expect(
      readCluster(readFileSync(join(directory, 'prod.yaml'), 'utf8'), 'prod.yaml'),
    ).toMatchObject({
      name: 'prod',
      kubernetesVersion: '1.36.3',
      endpoint: { host: 'api.example.com', port: 6443 },
      serviceSubnets: ['10.96.0.0/16', 'fd00:96::/112'],
      dnsDomain: 'k8s.local',
      layout: 'binary',
      keyAlgorithm: 'RSA-2048',
      apiServer: { port: 6443, extraSANs: ['a.example.com', '203.0.113.7'] },
      hosts: [
        { name: 'cp-1', addresses: ['172.16.10.11'], roles: ['control-plane', 'etcd'] },
        { name: 'worker-1', addresses: ['172.16.10.21', 'fd00::21'], roles: ['worker'] },
      ],
    });
    expect((await kubepki(['plan', '-f', 'prod.yaml'], { cwd: directory })).code).toBe(0);
  });

  it('never writes over a file unless told to, and then through links', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'mine.yaml'), 'mine');
    symlinkSync('mine.yaml', join(directory, 'cluster.yaml'));
    const refused = await kubepki(['init', '-o', 'cluster.yaml'], { cwd: directory });
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/^kubepki: cluster\.yaml: is there already \(.*--force.*\)\n$/);
    expect(readFileSync(join(directory, 'mine.yaml'), 'utf8')).toBe('mine');
    expect(
      (await kubepki(['init', '-o', 'cluster.yaml', '--force'], { cwd: directory })).code,
    ).toBe(0);
    expect(lstatSync(join(directory, 'cluster.yaml')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(directory, 'mine.yaml'), 'utf8')).toMatch(/^# A cluster file/);
  });

  it('replaces nothing that is no regular file: with --force a device would be gone', async () => {
    const directory = temporaryDirectory();
    execFileSync('mkfifo', [join(directory, 'pipe')]);
    mkdirSync(join(directory, 'dir'));
    for (const target of ['pipe', 'dir']) {
      const { code, stderr } = await kubepki(['init', '--force', '-o', target], { cwd: directory });
      expect(code).toBe(1);
      expect(stderr).toMatch(new RegExp(`^kubepki: ${target}: not a regular file`));
    }
    expect(lstatSync(join(directory, 'pipe')).isFIFO()).toBe(true);
  });

  it("leaves what another run is writing alone, whose half would otherwise become this one's", async () => {
    const directory = temporaryDirectory();
    const theirs = join(directory, '.cluster.yaml.kubepki-tmp');
    writeFileSync(theirs, 'half');
    expect((await kubepki(['init', '-o', 'cluster.yaml'], { cwd: directory })).code).toBe(0);
    expect(readFileSync(theirs, 'utf8')).toBe('half');
    expect(readdirSync(directory).sort()).toEqual(['.cluster.yaml.kubepki-tmp', 'cluster.yaml']);
  });

  it('replaces nothing that a cluster lives by, with --force and through links neither', async () => {
    const directory = temporaryDirectory();
    const key = encodePrivateKey(generatePrivateKey('ECDSA-P256'));
    const kubeconfig = 'apiVersion: v1\nkind: Config\nclusters: []\nusers: []\n';
    writeFileSync(join(directory, 'ca.key'), key, { mode: 0o600 });
    writeFileSync(join(directory, 'admin.conf'), kubeconfig);
    symlinkSync('ca.key', join(directory, 'cluster.yaml'));
    for (const target of ['ca.key', 'admin.conf', 'cluster.yaml']) {
      const { code, stderr } = await kubepki(['init', '--force', '-o', target], { cwd: directory });
      expect([code, stderr]).toEqual([
        1,
        expect.stringMatching(/holds (?:a private key|a kubeconfig), and is not replaced/),
      ]);
    }
    expect(readFileSync(join(directory, 'ca.key'), 'utf8')).toBe(key);
    expect(readFileSync(join(directory, 'admin.conf'), 'utf8')).toBe(kubeconfig);
  });

  it.each([
    [['--host', 'cp-1'], /--host "cp-1": expected NAME=ADDRESS/],
    [['--host', 'cp-1=10.0.0.1:master'], /roles are control-plane, etcd, worker/],
    [['--host', 'cp-1=here:worker'], /expected NAME=ADDRESS/],
    [['--name', ''], /--name is empty/],
    [['--name', 'a', '--name', 'b'], /--name is given twice/],
    [['--layout', 'custom'], /Allowed choices are kubeadm, binary/],
    [['--from', '.', '--layout', 'binary'], /--layout and --from: what is there says it/],
  ])('refuses %j as wrong usage', async (flags, message) => {
    const { code, stderr, stdout } = await kubepki(['init', ...flags]);
    expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
    expect(stderr).toMatch(message);
  });

  it('refuses flags that make no cluster, with the path and the reason, and writes nothing', async () => {
    const directory = temporaryDirectory();
    const two = ['--host', 'a=10.0.0.1:control-plane,etcd', '--host', 'b=10.0.0.2:control-plane'];
    const { code, stderr } = await kubepki(['init', '-o', 'c.yaml', ...two], { cwd: directory });
    expect(code).toBe(1);
    expect(stderr).toMatch(/spec\.controlPlaneEndpoint.*with 2 control planes/);
    expect(existsSync(join(directory, 'c.yaml'))).toBe(false);
  });
});

describe('kubepki init --from', () => {
  function lab(): Workshop {
    const shop = new Workshop();
    const ca = shop.ca('ca', 'lab', { from: -400 });
    shop.leaf('apiserver', ca, 'kube-apiserver', {
      usages: SERVER,
      dns: [...SERVICE_NAMES, 'cp-1'],
      ip: ['10.96.0.1', '10.0.0.1'],
      from: -400,
      until: 3000,
    });
    return shop;
  }

  it('writes the file, says on stderr what it has found, and gives a next line that works', async () => {
    const { directory } = lab();
    const cwd = temporaryDirectory();
    const { code, stdout, stderr } = await kubepki(
      ['init', '--from', directory, '-o', 'lab.yaml'],
      { cwd },
    );
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    expect(stderr).toMatch(
      /is a PKI made by hand: 2 certificates, 2 keys, 0 kubeconfigs in 4 files\./,
    );
    expect(stderr).toMatch(
      /^apiserver +apiserver\.\{crt,key\} +\d{4}-\d\d-\d\d +covers kubernetes\.default\.svc$/m,
    );
    expect(stderr).toMatch(/^Could not be told:\n {2}- /m);
    expect(stderr).toMatch(/^plan says: \d+ to create, 2 to keep, 0 to refuse$/m);
    const next = /next: kubepki (.*)\n$/.exec(stderr)?.[1]?.split(' ') ?? [];
    expect(next).toEqual(['plan', '-f', 'lab.yaml', '-d', directory]);
    expect((await kubepki(next, { cwd })).code).toBe(0);
  });

  it('asks for no passphrase, and says where one would tell more', async () => {
    const { directory } = lab();
    const cwd = temporaryDirectory();
    execFileSync(
      'openssl',
      ['pkcs8', '-topk8', '-in', 'ca.key', '-out', 'locked', '-passout', 'pass:open'],
      { cwd: directory },
    );
    renameSync(join(directory, 'locked'), join(directory, 'ca.key'));
    const closed = await kubepki(['init', '--from', directory, '-o', 'a.yaml'], { cwd });
    expect(closed.code).toBe(0);
    expect(closed.stderr).toMatch(/^plan says: .*ca\.key: the private key is encrypted/m);
    expect(closed.stderr).toMatch(/ --ca-passphrase-file FILE\n$/);
    writeFileSync(join(cwd, 'pass'), 'open\n');
    const flags = ['--ca-passphrase-file', 'pass', '-o', 'b.yaml'];
    const open = await kubepki(['init', '--from', directory, ...flags], { cwd });
    expect(open.stderr).toMatch(/^plan says: \d+ to create, 2 to keep, 0 to refuse$/m);
    expect(open.stderr).toMatch(/ --ca-passphrase-file pass\n$/);
  });

  it('prints the file to a pipe, for plan to read', async () => {
    const { directory } = lab();
    const made = await kubepki(['init', '--from', directory, '--name', 'lab']);
    expect(readCluster(made.stdout, 'stdout').name).toBe('lab');
    const child = spawn(KUBEPKI, ['plan', '-f', '-', '-d', directory]);
    const ended = outcome(child);
    child.stdin.end(made.stdout);
    expect(await ended).toMatchObject({ code: 0, stderr: '' });
  });

  it('ends with 1 where nothing of a PKI is, and writes nothing', async () => {
    const cwd = temporaryDirectory();
    const { code, stderr } = await kubepki(['init', '--from', '.', '-o', 'x.yaml'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^kubepki: \.: nothing of a cluster's PKI is in it \(no file\)/);
    expect(existsSync(join(cwd, 'x.yaml'))).toBe(false);
  });
});

describe('the questions of kubepki init', () => {
  /** Presses keys, each when the terminal has shown what it answers to. */
  async function press(...presses: readonly (readonly [shown: RegExp, keys: string])[]) {
    const input = new PassThrough();
    const output = new PassThrough();
    let screen = '';
    let next = 0;
    output.on('data', (chunk: Buffer) => {
      screen += chunk.toString();
      const [shown, keys] = presses[next] ?? [];
      if (shown?.test(screen)) {
        next++;
        screen = '';
        setImmediate(() => input.write(keys));
      }
    });
    return ask({ input, output });
  }

  it('end in a cluster file', async () => {
    const clear = '\u0015';
    const facts = await press(
      [/Name of the cluster/, `${clear}prod\r`],
      [/Control planes/, `${clear}a=10.0.0.1 b=10.0.0.2\r`],
      [/etcd/, '\r'],
      [/Workers/, 'w=10.0.0.9\r'],
      [/Where clients/, 'api.example.com:6443\r'],
      [/Names of files/, '\u001b[B\r'],
      [/Keys/, '\r'],
      [/Kubelets/, '\r'],
    );
    expect(readCluster(starter(facts ?? {}).text, 'answers')).toMatchObject({
      name: 'prod',
      layout: 'binary',
      endpoint: { host: 'api.example.com' },
      hosts: [
        { name: 'a', roles: ['control-plane', 'etcd'] },
        { name: 'b', roles: ['control-plane', 'etcd'] },
        { name: 'w', roles: ['worker'] },
      ],
    });
  });

  it('take no answer that would make no cluster', async () => {
    const clear = '\u0015';
    const facts = await press(
      [/Name of the cluster/, `${clear}Not A Name\r`],
      [/not a DNS name/, `${clear}prod\r`],
      [/Control planes/, `${clear}a=nowhere\r`],
      [/not NAME=ADDRESS/, '\u0003'],
    );
    expect(facts).toBeUndefined();
  });

  it('end with nothing written on Ctrl-C', async () => {
    expect(await press([/Name of the cluster/, '\u0003'])).toBeUndefined();
  });
});
