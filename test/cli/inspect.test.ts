/** inspect as a user runs it: what is shown, what is remarked on, and what happens to bad input. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { parse } from 'yaml';
import { run } from '../../src/cli/program.ts';
import { formatKubeconfig, makeKubeconfig } from '../../src/kubernetes/index.ts';
import {
  createRequest,
  encodePem,
  encodePrivateKey,
  encodePublicKey,
  fingerprint,
  fingerprintHex,
  makeName,
  parseCertificate,
  publicKeyPin,
  serialHex,
} from '../../src/x509/index.ts';
import { command, KUBEPKI, kubepki } from '../spawn.ts';
import { temporaryDirectory } from '../temporary.ts';
import { issuerOf, keyOf, leafTemplate } from '../x509/support.ts';

const CA = issuerOf('ECDSA-P256').certificate;
const CA_PEM = encodePem('CERTIFICATE', CA.der);
const KEY = keyOf('ECDSA-P256', 1);
const KEY_PEM = encodePrivateKey(KEY);
const OTHER_KEY_PEM = encodePrivateKey(keyOf('ECDSA-P256', 2));
const PASSPHRASE = 'correct horse';
/** Within the validity of everything that `leafTemplate` gives. */
const AT = '2026-12-02';

function leaf(changes: Parameters<typeof leafTemplate>[0] = {}): string {
  return encodePem('CERTIFICATE', issuerOf('ECDSA-P256').issue(leafTemplate(changes), KEY.spki));
}
const LEAF_PEM = leaf();
const LEAF = parseCertificate(Buffer.from(LEAF_PEM.replace(/-----.*-----|\n/g, ''), 'base64'));

/** A directory with these files, keys readable by their owner only. */
function directoryOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const root = temporaryDirectory();
  for (const [name, content] of Object.entries(files)) {
    const path = join(root, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, content, { mode: 0o600 });
  }
  return root;
}

interface Shown {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command in this process. */
async function inspect(...args: string[]): Promise<Shown> {
  const shown = { stdout: '', stderr: '' };
  vi.stubEnv('NO_COLOR', '1').stubEnv('FORCE_COLOR', undefined);
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((chunk) => {
      shown[name] += String(chunk);
      return true;
    }),
  );
  try {
    const code = await run(['inspect', ...args]);
    return { code, ...shown };
  } finally {
    // The command sets it for the process, which here is the test's own.
    process.exitCode = undefined;
    for (const spy of spies) spy.mockRestore();
    vi.unstubAllEnvs();
  }
}

/** The cells of the row of a file, split as awk would do it with three blanks. */
function rowOf(stdout: string, file: string): string[] {
  const line = stdout.split('\n').find((one) => one.startsWith(file));
  return line?.split(/ {3,}/) ?? [];
}

describe('kubepki inspect, of a certificate', () => {
  it('shows every field, a line each', async () => {
    const root = directoryOf({ 'node.crt': LEAF_PEM });
    const path = join(root, 'node.crt');
    const { code, stdout, stderr } = await inspect(path, '--at', AT);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.split('\n');
    expect(lines[0]).toBe(`${path}: certificate`);
    expect(lines.slice(1).map((line) => line.trim().replace(/: +/, ': '))).toEqual([
      'Subject: CN=system:node:worker-1,O=system:nodes',
      'Issuer: CN=kubernetes',
      `Serial number: ${serialHex(LEAF)}`,
      'Valid from: 2026-01-01T00:00:00Z',
      'Valid until: 2027-01-01T00:00:00Z (30 days left)',
      'Key type: ECDSA-P256',
      `Public-key pin: ${publicKeyPin(KEY.spki)}`,
      'DNS names: worker-1, *.example.com',
      'IP addresses: 172.16.10.141, fd00::1',
      'URIs: spiffe://cluster.local/ns/default',
      'E-mail addresses: ops@example.com',
      'Key usage: digitalSignature, keyEncipherment (critical)',
      'Extended key usage: serverAuth, clientAuth',
      'CA: no (critical)',
      expect.stringMatching(/^Authority key id: ([0-9A-F]{2}:){19}[0-9A-F]{2}$/),
      'Signature algorithm: ecdsa-with-SHA256',
      `SHA-256 fingerprint: ${fingerprint(LEAF.der)}`,
      '',
    ]);
  });

  it.each([
    ['2026-12-31T12:00:00Z', 'less than a day left'],
    ['2026-12-30T12:00:00+02:00', '1 day left'],
    ['2027-01-01', 'less than a day left'],
    ['2027-01-04', 'expired 3 days ago'],
    ['2025-12-02', 'not yet valid, starts in 30 days'],
  ])('judges the validity at %s: %s', async (at, text) => {
    const root = directoryOf({ 'a.crt': LEAF_PEM });
    const { stdout } = await inspect(join(root, 'a.crt'), '--at', at);
    expect(stdout).toContain(`2027-01-01T00:00:00Z (${text})`);
  });

  it('goes by the clock where no date is given', async () => {
    vi.useFakeTimers({ now: new Date('2026-12-31T23:00:00Z'), toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const { stdout } = await inspect(join(directoryOf({ 'a.crt': LEAF_PEM }), 'a.crt'));
    expect(stdout).toContain('(less than a day left)');
  });

  it('shows what openssl made, with extensions that kubepki does not decode', async () => {
    const root = temporaryDirectory();
    const args =
      'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -keyout k.pem -out c.pem -days 9 -set_serial 0x80ff ' +
      '-subj /O=a/CN=b -addext basicConstraints=critical,CA:TRUE,pathlen:3 -addext nameConstraints=critical,permitted;DNS:a ' +
      '-addext 1.2.3.4=DER:0500';
    execFileSync('openssl', args.split(' '), { cwd: root, stdio: 'pipe' });
    const { stdout } = await inspect(join(root, 'c.pem'));
    const text = execFileSync(
      'openssl',
      [
        'x509',
        '-in',
        join(root, 'c.pem'),
        '-noout',
        '-fingerprint',
        '-sha256',
        '-ext',
        'subjectKeyIdentifier',
        '-subject',
        '-nameopt',
        'RFC2253',
      ],
      { encoding: 'utf8' },
    );
    const [, print = ''] = /Fingerprint=(\S+)/.exec(text) ?? [];
    const [, id = ''] = /Identifier: *\n *(\S+)/.exec(text) ?? [];
    const [, subject = ''] = /subject=(\S+)/.exec(text) ?? [];
    for (const part of [
      print,
      id,
      subject,
      '80ff',
      'ECDSA-P384',
      'yes, path length 3 (critical)',
    ]) {
      expect(part).not.toBe('');
      expect(stdout).toContain(part);
    }
    expect(stdout).toMatch(/Extension: +2\.5\.29\.30 nameConstraints \(critical\): 30/);
    expect(stdout).toMatch(/Extension: +1\.2\.3\.4: 0500\n/);
    expect(stdout).toMatch(/CA certificate\n/);
  });

  it('prints everything for programs, as JSON and as YAML', async () => {
    const root = directoryOf({ 'node.crt': LEAF_PEM });
    const path = join(root, 'node.crt');
    const { stdout } = await inspect(path, '--at', AT, '-o', 'json');
    const data: unknown = JSON.parse(stdout);
    expect(data).toEqual({
      apiVersion: 'kubepki.dev/v1alpha1',
      kind: 'Inspection',
      items: [
        {
          path,
          format: 'pem',
          mode: '0600',
          notes: [],
          entries: [
            {
              kind: 'certificate',
              version: 3,
              subject: 'CN=system:node:worker-1,O=system:nodes',
              commonName: 'system:node:worker-1',
              organizations: ['system:nodes'],
              issuer: 'CN=kubernetes',
              serialNumber: serialHex(LEAF),
              notBefore: '2026-01-01T00:00:00Z',
              notAfter: '2027-01-01T00:00:00Z',
              daysLeft: 30,
              keyType: 'ECDSA-P256',
              publicKeyPin: publicKeyPin(KEY.spki),
              signatureAlgorithm: 'ecdsa-with-SHA256',
              subjectAltNames: leafTemplate().subjectAltNames,
              keyUsage: ['digitalSignature', 'keyEncipherment'],
              extendedKeyUsage: ['serverAuth', 'clientAuth'],
              basicConstraints: { ca: false },
              authorityKeyId: Buffer.from(CA.subjectKeyId ?? []).toString('hex'),
              extensions: LEAF.extensions.map(({ oid, critical, value }) => ({
                oid,
                name: expect.any(String),
                critical,
                value: Buffer.from(value).toString('hex'),
              })),
              fingerprint: fingerprintHex(LEAF.der),
              notes: [],
            },
          ],
        },
      ],
    });
    const yaml = await inspect(path, '--at', AT, '-o', 'yaml');
    expect(parse(yaml.stdout)).toEqual(data);
  });
});

describe('kubepki inspect, of other files', () => {
  it('shows a key by its public half, and who can read it', async () => {
    const root = directoryOf({ 'a.key': KEY_PEM });
    chmodSync(join(root, 'a.key'), 0o644);
    const { code, stdout } = await inspect(join(root, 'a.key'));
    expect(code).toBe(0);
    expect(stdout).toMatch(/a\.key: private key\n/);
    expect(stdout).toContain(publicKeyPin(KEY.spki));
    expect(stdout).toMatch(/Form: +SEC 1\n/);
    expect(stdout).toContain('a.key: mode 0644, others can read it (chmod 0600)');
  });

  it('counts the certificates of a bundle, and tells a key that is not the first one’s', async () => {
    const root = directoryOf({ 'a.pem': LEAF_PEM + CA_PEM + OTHER_KEY_PEM });
    const { code, stdout, stderr } = await inspect(join(root, 'a.pem'), '--at', AT);
    const said = `kubepki: ${join(root, 'a.pem')}: 1 problem: key does not match its certificate\n`;
    expect({ code, stderr }).toEqual({ code: 1, stderr: said });
    expect(stdout).toMatch(/a\.pem: certificate 1 of 2\n/);
    expect(stdout).toMatch(/a\.pem: CA certificate 2 of 2\n/);
    expect(stdout).toMatch(/a\.pem: key does not match its certificate\n$/);
  });

  it('shows a request, and whether its signature verifies', async () => {
    const request = createRequest(
      { subject: makeName({ commonName: 'me' }), subjectAltNames: { dns: ['me.example.com'] } },
      KEY,
    );
    const root = directoryOf({ 'a.csr': encodePem('CERTIFICATE REQUEST', request) });
    const { stdout } = await inspect(join(root, 'a.csr'));
    expect(stdout).toMatch(/Subject: +CN=me\n/);
    expect(stdout).toMatch(/DNS names: +me\.example\.com\n/);
    expect(stdout).toMatch(/Signature: +ecdsa-with-SHA256, verifies\n/);
    const json = JSON.parse((await inspect(join(root, 'a.csr'), '-o', 'json')).stdout);
    expect(json.items[0].entries[0]).toMatchObject({
      kind: 'request',
      commonName: 'me',
      signatureVerifies: true,
      subjectAltNames: { dns: ['me.example.com'] },
    });
  });

  it('shows what a kubeconfig holds, and none of its secrets', async () => {
    const config = makeKubeconfig({
      cluster: 'prod',
      server: 'https://172.16.10.138:6443',
      certificateAuthority: CA_PEM,
      user: 'admin',
      clientCertificate: LEAF_PEM,
      clientKey: OTHER_KEY_PEM,
    });
    config.users.set('robot', {
      token: 'hunter2',
      exec: { command: 'aws', args: ['hunter2'], env: null, provideClusterInfo: false },
    });
    const path = join(directoryOf({ 'admin.conf': formatKubeconfig(config) }), 'admin.conf');
    const { code, stdout, stderr } = await inspect(path, '--at', '2028-01-01');
    expect(code).toBe(1);
    expect(stderr).toBe(
      `kubepki: ${path}: 1 problem: user admin: key does not match its certificate\n`,
    );
    for (const title of [
      'kubeconfig',
      'cluster prod',
      'cluster prod: CA certificate',
      'user admin',
      'user admin: certificate',
      'user admin: private key',
      'user robot',
    ]) {
      expect(stdout).toContain(`${path}: ${title}\n`);
    }
    expect(stdout).toMatch(/Current context: +admin@prod\n/);
    expect(stdout).toMatch(/Server: +https:\/\/172\.16\.10\.138:6443\n/);
    expect(stdout).toMatch(/Key: +does not match its certificate\n/);
    expect(stdout).toMatch(/Has: +token\n +Has: +exec aws\n/);
    expect(stdout).toContain('(expired 365 days ago)');
    expect(stdout).toContain('cluster prod: its CA certificate is expired');
    const json = (await inspect(path, '-o', 'json')).stdout;
    expect(JSON.parse(json).items[0]).toMatchObject({
      format: 'kubeconfig',
      currentContext: 'admin@prod',
      contexts: [{ name: 'admin@prod', cluster: 'prod', user: 'admin' }],
      clusters: [{ name: 'prod', certificateAuthority: [{ subject: 'CN=kubernetes' }] }],
      users: [
        { name: 'admin', keyMatches: false, clientCertificate: [{ kind: 'certificate' }] },
        { name: 'robot', hasToken: true, execCommand: 'aws' },
      ],
    });
    expect(stdout + json).not.toContain('hunter2');
  });

  it('opens encrypted keys with the first line of the --passphrase-file', async () => {
    const root = directoryOf({
      'a.key': encodePrivateKey(KEY, { passphrase: PASSPHRASE }),
      pass: `${PASSPHRASE}\nnot this\n`,
      wrong: 'incorrect horse\r\n',
      empty: '\n',
      long: 'x'.repeat(2000),
    });
    const at = (name: string): string => join(root, name);
    const good = await inspect(at('a.key'), '--passphrase-file', at('pass'));
    expect(good).toMatchObject({ code: 0, stderr: '' });
    expect(good.stdout).toMatch(/Form: +PKCS#8, encrypted\n/);
    expect(good.stdout).toContain(publicKeyPin(KEY.spki));

    expect(await inspect(at('a.key'))).toEqual({
      code: 1,
      stdout: '',
      stderr: `kubepki: ${at('a.key')}: the private key is encrypted (give its passphrase with --passphrase-file FILE)\n`,
    });
    const wrong = await inspect(at('a.key'), '--passphrase-file', at('wrong'));
    expect(wrong).toMatchObject({ code: 1, stdout: '' });
    expect(wrong.stderr).toMatch(
      /^kubepki: .*a\.key: the passphrase does not open the private key \(.*\)\n$/,
    );
    for (const [file, reason] of [
      ['empty', 'no passphrase on its first line'],
      ['long', 'its first line is longer than 1024 bytes'],
      ['gone', 'no such file'],
      ['.', 'a directory, not a file'],
    ] as const) {
      const bad = await inspect(at('a.key'), '--passphrase-file', at(file));
      expect(bad).toMatchObject({ code: 1, stdout: '' });
      expect(bad.stderr).toContain(`${at(file)}: ${reason}`);
      expect(bad.stderr.trimEnd()).not.toContain('\n');
    }
  });

  it('shows the certificate beside a key that stays closed, and ends with 1', async () => {
    const root = directoryOf({
      'a.pem': LEAF_PEM + encodePrivateKey(KEY, { passphrase: PASSPHRASE }),
    });
    const { code, stdout, stderr } = await inspect(join(root, 'a.pem'));
    expect(code).toBe(1);
    expect(stdout).toContain('CN=system:node:worker-1');
    expect(stdout).toMatch(/Form: +PKCS#8, encrypted: the private key is encrypted\n/);
    expect(stderr.split('\n')).toHaveLength(2);
  });

  it('lets no name move the cursor or forge a line, in any format', async () => {
    const evil = '\u001b[2Jevil\nkubepki: fine\u009b1m\u202e';
    const root = directoryOf({
      'a.crt': leaf({ subject: makeName({ commonName: evil }), subjectAltNames: { dns: ['a'] } }),
      'b.conf': formatKubeconfig({
        clusters: new Map([['\u202ec\u0085', { server: 'https://s\u0085\u200f' }]]),
        users: new Map(),
        contexts: new Map(),
        currentContext: '\u202e',
      }),
      'c.pem': `-----BEGIN \u001b[31mX-----\nAAAA\n-----END \u001b[31mX-----\n`,
      '\u001b[31m\n.crt': CA_PEM,
    });
    const files = ['a.crt', 'b.conf', 'c.pem', '\u001b[31m\n.crt'].map((name) => join(root, name));
    for (const format of ['table', 'wide', 'json', 'yaml']) {
      for (const paths of [[root], files]) {
        const { stdout, stderr } = await inspect(...paths, '-o', format);
        expect(stdout + stderr).not.toMatch(/[^\P{Cc}\n]|[\u200e\u200f\u202a-\u202e]/u);
        expect(stdout).not.toMatch(/^kubepki: fine/m);
      }
    }
    const data = parse((await inspect(files[1] ?? '', '-o', 'yaml')).stdout);
    expect(data.items[0].clusters[0]).toMatchObject({
      name: '\u202ec\u0085',
      server: 'https://s\u0085\u200f',
    });
  });
});

describe('kubepki inspect, of what cannot be read', () => {
  it.each([
    ['nothing there', 'gone', 'no such file or directory'],
    ['empty', 'empty', 'empty'],
    ['junk', 'junk', 'binary data, but no certificate, key or request in DER'],
    ['prose', 'prose', 'text that is neither PEM nor a kubeconfig'],
    ['cut off', 'cut', 'CERTIFICATE: cut off: there is no END line'],
    ['damaged DER', 'damaged', /CERTIFICATE: DER at byte \d+: .*claims/],
    ['too large', 'large', /\d+ bytes, more than the limit of 8388608/],
    ['a named pipe', 'pipe', 'not a regular file'],
    ['a loop of links', 'loop', 'a loop of symbolic links'],
    ['a link to nothing', 'dangling', 'a symbolic link to nothing'],
    ['a block that is not decoded', 'p7', 'only a PEM block "PKCS7"'],
  ])('says so in one line and ends with 1: %s', async (_what, name, reason) => {
    const root = directoryOf({
      empty: '',
      junk: new Uint8Array([0xde, 0xad, 0xbe, 0xef]),
      prose: 'Dear reader',
      cut: LEAF_PEM.slice(0, 200),
      damaged: encodePem('CERTIFICATE', LEAF.der.subarray(0, 100)),
      large: '',
      p7: encodePem('PKCS7', new Uint8Array([1])),
    });
    truncateSync(join(root, 'large'), 9 * 1024 * 1024);
    execFileSync('mkfifo', [join(root, 'pipe')]);
    symlinkSync('loop', join(root, 'loop'));
    symlinkSync('nowhere', join(root, 'dangling'));
    for (const format of ['table', 'json']) {
      const { code, stdout, stderr } = await inspect(join(root, name), '-o', format);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr.split('\n')).toHaveLength(2);
      expect(stderr.startsWith(`kubepki: ${join(root, name)}: `)).toBe(true);
      expect(stderr).toMatch(reason);
    }
  });

  it('shows the others of several paths all the same', async () => {
    const root = directoryOf({ 'a.crt': LEAF_PEM });
    const paths = [join(root, 'gone'), join(root, 'a.crt'), join(root, 'gone too')];
    const { code, stdout, stderr } = await inspect(...paths);
    expect(code).toBe(1);
    expect(stdout).toContain('a.crt: certificate\n');
    expect(stderr.match(/^kubepki: .*gone.*no such file/gm)).toHaveLength(2);
  });

  it('shows the intact blocks of a file and the reason of the damaged one', async () => {
    const root = directoryOf({ 'a.pem': `${LEAF_PEM.slice(0, 200)}\n${CA_PEM}` });
    const { code, stdout, stderr } = await inspect(join(root, 'a.pem'));
    expect(code).toBe(1);
    expect(stderr).toMatch(/a\.pem: 1 problem: CERTIFICATE: cut off[^\n]*\n$/);
    expect(stdout).toMatch(/a\.pem: CERTIFICATE, malformed\n +Reason: +cut off/);
    expect(stdout).toMatch(/a\.pem: CA certificate\n/);
  });

  it('refuses wrong usage with 64', async () => {
    expect((await inspect()).code).toBe(64);
    expect((await inspect('x', '-o', 'xml')).stderr).toContain('-o xml: not an output format');
    for (const date of [
      'tomorrow',
      '2027-02-30',
      '2027-13-01',
      '2027-01-01T25:00:00Z',
      '2027-01-01T00:00:00',
    ]) {
      expect(await inspect('x', '--at', date)).toMatchObject({
        code: 64,
        stderr: expect.stringContaining(`--at ${date}: not a date`),
      });
    }
  });
});

describe('kubepki inspect, of a directory', () => {
  it('lists every file by name, with what is wrong', async () => {
    const root = directoryOf({
      'ca.crt': CA_PEM,
      'good.crt': LEAF_PEM,
      'good.key': KEY_PEM,
      'pki/mixed.crt': LEAF_PEM,
      'pki/mixed.key': OTHER_KEY_PEM,
      'binary.pem': LEAF_PEM,
      'binary-key.pem': OTHER_KEY_PEM,
      'both.pem': LEAF_PEM + OTHER_KEY_PEM,
      'bundle.crt': CA_PEM + CA_PEM,
      'closed.key': encodePrivateKey(KEY, { passphrase: PASSPHRASE }),
      'closed.crt': LEAF_PEM,
      'sa.pub': encodePublicKey(KEY),
      'note.txt': 'hello',
      'broken.crt': 'BEGIN',
      'half.crt': LEAF_PEM.slice(0, 300),
      'old.crt': leaf({ notAfter: new Date('2026-06-01T00:00:00Z') }),
      'early.crt': leaf({ notBefore: new Date('2026-12-31T00:00:00Z') }),
    });
    chmodSync(join(root, 'good.key'), 0o640);
    execFileSync('mkfifo', [join(root, 'pipe')]);
    symlinkSync('good.crt', join(root, 'current.crt'));
    writeFileSync(join(root, '.kubepki.lock'), '');
    writeFileSync(join(root, 'cluster-name'), 'prod');
    const { code, stdout, stderr } = await inspect(root, '--at', AT);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `kubepki: ${root}: 5 problems: binary.pem: does not match its key binary-key.pem; both.pem: key does not match its certificate; broken.crt: text that is neither PEM nor a kubeconfig nor a token; …\n`,
    );
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]?.split(/ {3,}/)).toEqual([
      'FILE',
      'KIND',
      'SUBJECT',
      'ISSUER',
      'EXPIRES',
      'DAYS',
      'NOTE',
    ]);
    const files = lines.slice(1).map((line) => line.split(' ')[0]);
    expect(files).toEqual(files.toSorted((a = '', b = '') => (a < b ? -1 : 1)));
    expect(new Set(files).size).toBe(19);

    const row = (name: string): string[] => rowOf(stdout, join(root, name)).slice(1);
    const note = (name: string): string | undefined => row(name)[5];
    expect(row('good.crt')).toEqual([
      'certificate',
      'CN=system:node:worker-1,O=system:nodes',
      'CN=kubernetes',
      '2027-01-01T00:00:00Z',
      '30',
    ]);
    expect(row('ca.crt').slice(4)).toEqual(['30', 'CA']);
    expect(row('good.key')).toEqual([
      'private key',
      '-',
      '-',
      '-',
      '-',
      'mode 0640, others can read it (chmod 0600)',
    ]);
    expect(note('pki/mixed.crt')).toBe(
      `does not match its key mixed.key; its key is in ${join(root, 'good.key')}`,
    );
    expect(note('pki/mixed.key')).toBe('does not match its certificate mixed.crt');
    expect(note('binary.pem')).toContain('does not match its key binary-key.pem');
    expect(note('binary-key.pem')).toBe('does not match its certificate binary.pem');
    expect(row('both.pem')[0]).toBe('certificate with key');
    expect(note('both.pem')).toBe('key does not match its certificate');
    expect(
      lines.filter((line) => line.includes('bundle.crt')).map((line) => line.split(/ {3,}/)[1]),
    ).toEqual(['certificate 1/2', 'certificate 2/2']);
    expect(row('closed.key')).toEqual([
      'private key',
      '-',
      '-',
      '-',
      '-',
      'the private key is encrypted',
    ]);
    expect(note('closed.crt')).toBeUndefined();
    expect(row('sa.pub')[0]).toBe('public key');
    expect([row('note.txt')[0], note('note.txt')]).toEqual([
      'unknown',
      'text that is neither PEM nor a kubeconfig nor a token',
    ]);
    expect(row('half.crt')[0]).toBe('malformed');
    expect(row('old.crt').slice(4)).toEqual([
      '-184',
      `expired; its key is in ${join(root, 'good.key')}`,
    ]);
    expect(note('early.crt')).toContain('not valid before 2026-12-31T00:00:00Z');
    expect([row('pipe')[0], note('pipe')]).toEqual(['unreadable', 'not a regular file']);
    expect([row('current.crt')[0], note('current.crt')]).toEqual([
      'link',
      `to ${join(root, 'good.crt')}`,
    ]);
  });

  it('tells a certificate whose key is nowhere', async () => {
    const root = directoryOf({ 'a.crt': LEAF_PEM, 'ca.crt': CA_PEM });
    const { stdout } = await inspect(root, '--at', AT);
    expect(rowOf(stdout, join(root, 'a.crt')).at(-1)).toBe('no key');
    expect(rowOf(stdout, join(root, 'ca.crt')).at(-1)).toBe('CA');
  });

  it('opens the keys of a directory, and adds columns with -o wide', async () => {
    const root = directoryOf({
      'a.crt': LEAF_PEM,
      'a.key': encodePrivateKey(KEY, { passphrase: PASSPHRASE }),
    });
    const pass = join(directoryOf({ pass: PASSPHRASE }), 'pass');
    const { stdout } = await inspect(root, '-o', 'wide', '--passphrase-file', pass, '--at', AT);
    expect(stdout.split('\n')[0]?.split(/ {3,}/)).toEqual([
      'FILE',
      'KIND',
      'SUBJECT',
      'ISSUER',
      'EXPIRES',
      'DAYS',
      'KEY',
      'NAMES',
      'SERIAL',
      'FINGERPRINT',
      'NOTE',
    ]);
    expect(rowOf(stdout, join(root, 'a.crt')).slice(6)).toEqual([
      'ECDSA-P256',
      'worker-1,*.example.com,172.16.10.141,fd00::1,spiffe://cluster.local/ns/default,ops@example.com',
      serialHex(LEAF),
      fingerprintHex(LEAF.der),
    ]);
    expect(rowOf(stdout, join(root, 'a.key')).slice(6)).toEqual([
      'ECDSA-P256',
      '-',
      '-',
      '-',
      'encrypted',
    ]);
  });

  it('gives a kubeconfig the date of its own certificate, a row for each user', async () => {
    const config = makeKubeconfig({
      cluster: 'c',
      server: 'https://c:6443',
      certificateAuthority: CA_PEM,
      user: 'u',
      clientCertificate: LEAF_PEM,
      clientKey: KEY_PEM,
    });
    const one = formatKubeconfig(config);
    config.users.set('robot', { token: 'hunter2' });
    const root = directoryOf({ 'one.conf': one, 'two.conf': formatKubeconfig(config) });
    chmodSync(join(root, 'two.conf'), 0o644);
    const { stdout } = await inspect(root, '--at', '2027-01-11');
    expect(rowOf(stdout, join(root, 'one.conf')).slice(1)).toEqual([
      'kubeconfig',
      'CN=system:node:worker-1,O=system:nodes',
      'CN=kubernetes',
      '2027-01-01T00:00:00Z',
      '-10',
      'expired; cluster c: its CA certificate is expired',
    ]);
    const rows = stdout.split('\n').filter((line) => line.includes('two.conf'));
    expect(rows).toHaveLength(2);
    expect(rows.join('\n')).toContain('user robot; token');
    expect(rows.join('\n')).toContain('mode 0644, others can read it');
  });

  it('gives the same to programs, bad files included', async () => {
    const root = directoryOf({
      'a.crt': LEAF_PEM,
      'b.key': 'junk',
      'c.crt': LEAF_PEM.slice(0, 99),
    });
    symlinkSync('a.crt', join(root, 'd.crt'));
    const { code, stdout, stderr } = await inspect(root, '-o', 'json', '--at', AT);
    expect(code).toBe(1);
    expect(stderr).toContain(`${root}: 2 problems: b.key: `);
    expect(JSON.parse(stdout).items).toMatchObject([
      { path: join(root, 'a.crt'), format: 'pem', notes: ['no key'], entries: [{ daysLeft: 30 }] },
      { path: join(root, 'b.key'), format: 'unknown', reason: expect.any(String) },
      {
        path: join(root, 'c.crt'),
        format: 'pem',
        entries: [{ kind: 'malformed', label: 'CERTIFICATE' }],
      },
      { path: join(root, 'd.crt'), format: 'link', target: join(root, 'a.crt') },
    ]);
  });

  it('finds no fault with what is old, open, elsewhere or no material at all', async () => {
    const root = directoryOf({
      'old.crt': leaf({ notAfter: new Date('2026-06-01T00:00:00Z') }),
      'open.key': OTHER_KEY_PEM,
      'closed.key': encodePrivateKey(KEY, { passphrase: PASSPHRASE }),
      'etcd.conf': 'name: etcd-1\n',
      'note.txt': 'hello',
    });
    chmodSync(join(root, 'open.key'), 0o644);
    symlinkSync('/etc/hostname', join(root, 'out.crt'));
    expect(await inspect(root, '--at', AT)).toMatchObject({ code: 0, stderr: '' });
  });

  it('tells a kubeconfig that cannot be read from another file', async () => {
    const root = directoryOf({ 'a.crt': LEAF_PEM, 'admin.conf': 'clusters: [' });
    const { code, stderr } = await inspect(root, '--at', AT);
    expect(code).toBe(1);
    expect(stderr).toMatch(/: 1 problem: admin\.conf: kubeconfig/);
  });

  it('counts the same days in the table as for a single file', async () => {
    const root = directoryOf({ 'a.crt': LEAF_PEM });
    for (const [at, days, words] of [
      ['2026-12-30T12:00:00Z', '1', '1 day left'],
      ['2026-12-31T12:00:00Z', '0', 'less than a day left'],
      ['2027-01-01T12:00:00Z', '0', 'expired less than a day ago'],
      ['2027-01-04T12:00:00Z', '-3', 'expired 3 days ago'],
    ] as const) {
      const table = await inspect(root, '--at', at);
      expect(rowOf(table.stdout, join(root, 'a.crt'))[5]).toBe(days);
      expect((await inspect(join(root, 'a.crt'), '--at', at)).stdout).toContain(`(${words})`);
    }
  });

  it('ends with 1 where nothing in it can be read', async () => {
    for (const files of [{}, { 'a.txt': 'hello' }]) {
      const root = directoryOf(files);
      const { code, stderr } = await inspect(root);
      expect(code).toBe(1);
      expect(stderr).toBe(
        `kubepki: ${root}: no certificate, key, request or kubeconfig in it that could be read\n`,
      );
    }
  });
});

describe('bin/kubepki inspect', () => {
  it('reads standard input, and gives the exit status', async () => {
    const root = directoryOf({ 'a.crt': LEAF_PEM });
    const piped = await command('sh', [
      '-c',
      '"$0" inspect - -o json <"$1"',
      KUBEPKI,
      join(root, 'a.crt'),
    ]);
    expect(piped).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(piped.stdout).items[0]).toMatchObject({ path: '-', format: 'pem' });
    const empty = await kubepki(['inspect', '-']);
    expect(empty).toMatchObject({
      code: 1,
      stdout: '',
      stderr: 'kubepki: standard input: empty\n',
    });
    const endless = await command('sh', ['-c', '"$0" inspect - </dev/zero', KUBEPKI]);
    expect(endless).toMatchObject({
      code: 1,
      stderr: 'kubepki: standard input: more than the limit of 8388608 bytes\n',
    });
  });

  it('takes the passphrase from a pipe, and changes no file', async () => {
    const encrypted = encodePrivateKey(KEY, { passphrase: PASSPHRASE });
    const root = directoryOf({ 'a.key': encrypted });
    const { code, stdout } = await command('bash', [
      '-c',
      '"$0" inspect "$1" --passphrase-file <(printf %s "$2")',
      KUBEPKI,
      join(root, 'a.key'),
      PASSPHRASE,
    ]);
    expect(code).toBe(0);
    expect(stdout).toContain(publicKeyPin(KEY.spki));
    expect(readFileSync(join(root, 'a.key'), 'utf8')).toBe(encrypted);
  });
});
