/** inspect of everything beyond certificates and keys: revocation lists, tokens, PKCS#12 archives, endpoints. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { parse } from 'yaml';
import { run } from '../../src/cli/program.ts';
import { formatEndpoint } from '../../src/collect/index.ts';
import { formatKubeconfig, makeKubeconfig } from '../../src/kubernetes/index.ts';
import {
  createRequest,
  encodePem,
  encodePrivateKey,
  makeName,
  parseCertificate,
  serialHex,
} from '../../src/x509/index.ts';
import {
  AT,
  CA,
  CA_PEM,
  nobody,
  OTHER_CA_PEM,
  rawServer,
  SERVER,
  tlsServer,
} from '../collect/endpoint-servers.ts';
import { command, KUBEPKI } from '../spawn.ts';
import { temporaryDirectory } from '../temporary.ts';
import { keyOf, leafTemplate } from '../x509/support.ts';

const NOW = AT.toISOString();
const SECONDS = AT.getTime() / 1000;
const PASSPHRASE = 'correct horse';

function directoryOf(files: Readonly<Record<string, string | Uint8Array>>): string {
  const root = temporaryDirectory();
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), content, { mode: 0o600 });
  }
  return root;
}

interface Shown {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command in this process, at `AT`. */
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
    const at = args.includes('--at') ? [] : ['--at', NOW];
    const code = await run(['inspect', ...args, ...at]);
    return { code, ...shown };
  } finally {
    process.exitCode = undefined;
    for (const spy of spies) spy.mockRestore();
    vi.unstubAllEnvs();
  }
}

/** The value of a line `  Label:   value`. */
const valueOf = (stdout: string, label: string): string | undefined =>
  new RegExp(`^ +${label}: +(.*)$`, 'm').exec(stdout)?.[1];

const rowOf = (stdout: string, path: string): string[] =>
  stdout
    .split('\n')
    .find((line) => line.startsWith(path))
    ?.split(/ {3,}/) ?? [];

const items = (stdout: string): Record<string, unknown>[] => JSON.parse(stdout).items;

const LEAF = CA.issue(leafTemplate(), keyOf('ECDSA-P256', 14).spki);
const LEAF_PEM = encodePem('CERTIFICATE', LEAF);
const LEAF_SERIAL = serialHex(parseCertificate(LEAF));

/** A list of the CA's, made by openssl, that revokes the leaf. */
function revocationList(root: string, args: readonly string[] = [], key = 11): string {
  writeFileSync(join(root, 'index.txt'), '');
  writeFileSync(join(root, 'number'), '2A\n');
  writeFileSync(join(root, 'signer.key'), encodePrivateKey(keyOf('ECDSA-P256', key)), {
    mode: 0o600,
  });
  writeFileSync(join(root, 'signer.crt'), key === 11 ? CA_PEM : OTHER_CA_PEM);
  writeFileSync(join(root, 'leaf.crt'), LEAF_PEM);
  writeFileSync(
    join(root, 'ca.cnf'),
    '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=number\ndefault_md=sha256\n',
  );
  const dates = ['-crl_lastupdate', '20261201000000Z', '-crl_nextupdate', '20261231000000Z'];
  const common = ['ca', '-config', 'ca.cnf', '-cert', 'signer.crt', '-keyfile', 'signer.key'];
  const openssl = (...more: string[]): unknown =>
    execFileSync('openssl', [...common, ...more], { cwd: root, stdio: 'pipe' });
  openssl('-revoke', 'leaf.crt', '-crl_reason', 'keyCompromise');
  openssl('-gencrl', ...dates, '-out', 'list.crl', ...args);
  return readFileSync(join(root, 'list.crl'), 'utf8');
}

describe('kubepki inspect, of a revocation list', () => {
  it('shows issuer, number, dates and who is revoked; and that nobody has verified it', async () => {
    const root = directoryOf({});
    revocationList(root);
    const { code, stdout, stderr } = await inspect(join(root, 'list.crl'));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`${join(root, 'list.crl')}: certificate revocation list\n`);
    expect(valueOf(stdout, 'Issuer')).toBe('CN=endpoint-ca');
    expect(valueOf(stdout, 'Number')).toBe('42');
    expect(valueOf(stdout, 'Issued')).toBe('2026-12-01T00:00:00Z');
    expect(valueOf(stdout, 'Next update')).toBe('2026-12-31T00:00:00Z (29 days left)');
    expect(valueOf(stdout, 'Signature')).toBe(
      'ecdsa-with-SHA256, not verified: no certificate of its issuer was given',
    );
    expect(valueOf(stdout, 'Revoked')).toBe('1');
    expect(valueOf(stdout, 'Serial')).toMatch(new RegExp(`^${LEAF_SERIAL}, 20.*, keyCompromise$`));
  });

  it('verifies it with a CA among the inputs, and with that of --ca', async () => {
    const root = directoryOf({ 'ca.crt': CA_PEM });
    revocationList(root);
    const list = join(root, 'list.crl');
    const ca = join(root, 'ca.crt');
    for (const args of [
      [list, ca],
      [ca, list],
      [list, '--ca', ca],
    ]) {
      const { code, stdout } = await inspect(...args);
      expect(code).toBe(0);
      expect(stdout).toContain(`ecdsa-with-SHA256, verifies with the CA in ${ca}`);
    }
  });

  it('tells a list that the CA of its name has not signed', async () => {
    const root = directoryOf({});
    revocationList(root);
    const forged = Buffer.from(
      readFileSync(join(root, 'list.crl'), 'utf8').replace(/-----.*-----|\n/g, ''),
      'base64',
    );
    forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
    const path = join(root, 'forged.crl');
    writeFileSync(path, forged);
    const { code, stdout, stderr } = await inspect(
      path,
      join(root, 'signer.crt'),
      join(root, 'leaf.crt'),
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /forged\.crl: 1 problem: refused with the CA in .*its signature does not verify\n$/,
    );
    expect(stdout).toContain('refused with the CA in');
    // Nobody is revoked by it.
    expect(stdout).not.toContain('Note:');
  });

  it('tells a certificate beside it that it revokes', async () => {
    const root = directoryOf({});
    revocationList(root);
    const { code, stdout } = await inspect(root);
    expect(code).toBe(0);
    expect(rowOf(stdout, join(root, 'leaf.crt')).at(-1)).toMatch(
      /^revoked 20.*Z \(keyCompromise\), says .*list\.crl; no key$/,
    );
    expect(rowOf(stdout, join(root, 'list.crl'))).toEqual([
      join(root, 'list.crl'),
      'revocation list',
      '-',
      'CN=endpoint-ca',
      '2026-12-31T00:00:00Z',
      '29',
      `1 revoked; verifies with ${join(root, 'signer.crt')}`,
    ]);
  });

  it('tells one that is out of date', async () => {
    const root = directoryOf({});
    revocationList(root, ['-crl_nextupdate', '20261201120000Z']);
    const { stdout } = await inspect(join(root, 'list.crl'));
    expect(valueOf(stdout, 'Next update')).toContain('(expired less than a day ago)');
    expect((await inspect(root)).stdout).toMatch(/1 revoked; out of date/);
  });

  it('gives it all to programs, and shortens a long one for people', async () => {
    const root = directoryOf({});
    revocationList(root);
    const many = Array.from(
      { length: 50 },
      (_, i) =>
        `R\t301231000000Z\t261130000000Z\t${(i + 16).toString(16).toUpperCase()}\tunknown\t/CN=x\n`,
    );
    writeFileSync(join(root, 'index.txt'), many.join(''));
    execFileSync(
      'openssl',
      [
        'ca',
        '-config',
        'ca.cnf',
        '-cert',
        'signer.crt',
        '-keyfile',
        'signer.key',
        '-gencrl',
        '-crldays',
        '9',
        '-out',
        'many.crl',
      ],
      { cwd: root, stdio: 'pipe' },
    );
    const path = join(root, 'many.crl');
    const { stdout } = await inspect(path);
    expect(stdout.match(/^ +Serial:/gm)).toHaveLength(21);
    expect(stdout).toContain('… and 30 more (-o wide)');
    expect((await inspect(path, '-o', 'wide')).stdout.match(/^ +Serial:/gm)).toHaveLength(50);
    const [item] = items((await inspect(path, join(root, 'signer.crt'), '-o', 'json')).stdout);
    expect(item).toMatchObject({
      format: 'pem',
      entries: [
        {
          kind: 'crl',
          issuer: 'CN=endpoint-ca',
          number: '43',
          outOfDate: false,
          signature: { state: 'verifies', by: join(root, 'signer.crt') },
          revoked: expect.arrayContaining([
            { serialNumber: '10', revokedAt: '2026-11-30T00:00:00Z' },
          ]),
        },
      ],
    });
  });
});

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const SIGNATURE = Buffer.from('the signature of the token').toString('base64url');
const jwt = (claims: unknown, header: unknown = { alg: 'RS256', kid: 'key-1' }): string =>
  `${part(header)}.${part(claims)}.${SIGNATURE}`;

const BOUND = {
  iss: 'https://kubernetes.default.svc.cluster.local',
  sub: 'system:serviceaccount:kube-system:robot',
  aud: ['https://kubernetes.default.svc.cluster.local', 'vault'],
  iat: SECONDS - 600,
  nbf: SECONDS - 600,
  exp: SECONDS + 3000,
  jti: '5f2c',
  'kubernetes.io': {
    namespace: 'kube-system',
    serviceaccount: { name: 'robot', uid: 'u-1' },
    pod: { name: 'robot-x', uid: 'u-2' },
    node: { name: 'worker-1', uid: 'u-3' },
    warnafter: SECONDS + 2400,
  },
};

describe('kubepki inspect, of a token', () => {
  it('says in words what the token of a service account says, and nothing of its text', async () => {
    const token = jwt(BOUND);
    const path = join(directoryOf({ token: `${token}\n` }), 'token');
    const { code, stdout, stderr } = await inspect(path);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.split('\n').map((line) => line.trim().replace(/: +/, ': '))).toEqual([
      `${path}: token (JWT)`,
      'Issuer: https://kubernetes.default.svc.cluster.local',
      'Subject: system:serviceaccount:kube-system:robot',
      'For: service account robot in namespace kube-system',
      'Bound to: pod robot-x (uid u-2)',
      'Bound to: node worker-1 (uid u-3)',
      'To be renewed: after 2026-12-02T00:40:00Z',
      'Audiences: https://kubernetes.default.svc.cluster.local, vault',
      'Issued: 2026-12-01T23:50:00Z',
      'Valid from: 2026-12-01T23:50:00Z',
      'Valid until: 2026-12-02T00:50:00Z (50 minutes left)',
      'Claim jti: 5f2c',
      'Algorithm: RS256',
      'Key id: key-1',
      'Signature: not verified: whoever wrote the token can have written anything in it',
      '',
    ]);
    for (const format of ['table', 'wide', 'json', 'yaml']) {
      const shown = (await inspect(path, '-o', format)).stdout;
      for (const secret of token.split('.')) expect(shown).not.toContain(secret.slice(0, 16));
    }
  });

  it('gives header and claims to programs', async () => {
    const path = join(directoryOf({ token: jwt(BOUND) }), 'token');
    const { stdout } = await inspect(path, '-o', 'json');
    const [item] = items(stdout);
    expect(item).toMatchObject({
      format: 'token',
      entries: [
        {
          kind: 'token',
          header: { alg: 'RS256', kid: 'key-1' },
          claims: BOUND,
          signature: 'not verified',
          issuedAt: '2026-12-01T23:50:00Z',
          notAfter: '2026-12-02T00:50:00Z',
          daysLeft: 0,
          notes: ['signature not verified'],
        },
      ],
    });
    expect(parse((await inspect(path, '-o', 'yaml')).stdout)).toEqual(JSON.parse(stdout));
  });

  it('knows the tokens that are kept in Secrets, which have no end', async () => {
    const path = join(
      directoryOf({
        token: jwt({
          iss: 'kubernetes/serviceaccount',
          'kubernetes.io/serviceaccount/namespace': 'default',
          'kubernetes.io/serviceaccount/secret.name': 'robot-token-x',
          'kubernetes.io/serviceaccount/service-account.name': 'robot',
          'kubernetes.io/serviceaccount/service-account.uid': 'u-1',
          sub: 'system:serviceaccount:default:robot',
        }),
      }),
      'token',
    );
    const { stdout } = await inspect(path);
    expect(valueOf(stdout, 'For')).toBe('service account robot in namespace default');
    expect(valueOf(stdout, 'Bound to')).toBe('Secret robot-token-x: valid until that is deleted');
    expect(valueOf(stdout, 'Valid until')).toBe('no end');
    expect(valueOf(stdout, 'Audiences')).toBe('none: for every API server that trusts its key');
  });

  it.each([
    [{ exp: SECONDS + 3 * 86_400 }, '2026-12-05T00:00:00Z (3 days left)'],
    [{ exp: SECONDS + 86_400 }, '2026-12-03T00:00:00Z (1 day left)'],
    [{ exp: SECONDS + 59 }, '2026-12-02T00:00:59Z (less than a minute left)'],
    [{ exp: SECONDS - 7200 }, '2026-12-01T22:00:00Z (expired 2 hours ago)'],
    [{ exp: 1e300 }, 'not a number of seconds'],
    [{ exp: 'soon' }, 'not a number of seconds'],
    [{ exp: null }, 'not a number of seconds'],
  ])('tells the end of %j', async (claims, words) => {
    const { code, stdout } = await inspect(join(directoryOf({ t: jwt(claims) }), 't'));
    expect(code).toBe(0);
    expect(valueOf(stdout, 'Valid until')).toBe(words);
  });

  it('tells a token that is not valid yet, and one that nobody has signed', async () => {
    const root = directoryOf({
      early: jwt({ nbf: SECONDS + 600 }),
      open: `${part({ alg: 'none' })}.${part({ sub: 'me' })}.`,
    });
    expect(valueOf((await inspect(join(root, 'early'))).stdout, 'Valid from')).toBe(
      '2026-12-02T00:10:00Z (in 10 minutes)',
    );
    expect(valueOf((await inspect(join(root, 'open'))).stdout, 'Signature')).toBe(
      'none: anybody can have written it',
    );
    const table = (await inspect(root)).stdout;
    expect(rowOf(table, join(root, 'open')).slice(1)).toEqual([
      'token',
      'me',
      '-',
      '-',
      '-',
      'has no end; not signed',
    ]);
  });

  it('says that others can read it', async () => {
    const path = join(directoryOf({ token: jwt(BOUND) }), 'token');
    chmodSync(path, 0o644);
    expect((await inspect(path)).stdout).toContain(
      'token: mode 0644, others can read it (chmod 0600)',
    );
  });

  it('mentions a bootstrap token by its id, in a file and in a kubeconfig', async () => {
    const config = makeKubeconfig({
      cluster: 'c',
      server: 'https://c:6443',
      certificateAuthority: CA_PEM,
      user: 'tls-bootstrap',
      token: 'abcdef.0123456789abcdef',
    });
    const root = directoryOf({
      token: 'abcdef.0123456789abcdef\n',
      'bootstrap-kubelet.conf': formatKubeconfig(config),
    });
    for (const paths of [[join(root, 'token')], [join(root, 'bootstrap-kubelet.conf')], [root]]) {
      for (const format of ['table', 'wide', 'json', 'yaml']) {
        const { code, stdout } = await inspect(...paths, '-o', format);
        expect(code).toBe(0);
        expect(stdout).toContain('abcdef');
        expect(stdout).not.toContain('0123456789abcdef');
      }
    }
    expect((await inspect(join(root, 'token'))).stdout).toMatch(/User: +system:bootstrap:abcdef\n/);
    expect(
      rowOf((await inspect(root)).stdout, join(root, 'bootstrap-kubelet.conf')).slice(1),
    ).toEqual(['kubeconfig', 'system:bootstrap:abcdef', '-', '-', '-', 'token']);
  });

  it('tells when the token of a kubeconfig ends', async () => {
    const config = makeKubeconfig({
      cluster: 'c',
      server: 'https://c:6443',
      certificateAuthority: CA_PEM,
      user: 'robot',
      token: jwt(BOUND),
    });
    const path = join(directoryOf({ 'robot.conf': formatKubeconfig(config) }), 'robot.conf');
    const { stdout } = await inspect(path);
    expect(stdout).toContain(`${path}: user robot: token (JWT)\n`);
    expect(stdout).toContain('(50 minutes left)');
    expect(stdout + (await inspect(path, '-o', 'json')).stdout).not.toContain(SIGNATURE);
  });

  it.each([
    [
      'claims that are no JSON',
      `${part({ alg: 'x' })}.${Buffer.from('{').toString('base64url')}.x`,
      'whose claims are no JSON object',
    ],
    [
      'claims that are a list',
      `${part({ alg: 'x' })}.${part([1])}.x`,
      'whose claims are no JSON object',
    ],
    [
      'an encrypted token',
      `${part({ alg: 'dir', enc: 'A256GCM' })}..a.b.c`,
      'an encrypted token (JWE)',
    ],
    ['endless claims', jwt({ a: 'x'.repeat(70_000) }), 'characters, more than 65536'],
    [
      'bottomless claims',
      jwt(
        JSON.parse(
          `${'['.repeat(1000)}${']'.repeat(1000)}`.replace(/^/, '{"a":').replace(/$/, '}'),
        ),
      ),
      'nested deeper than 32 levels',
    ],
    [
      'a name with two dots',
      'www.example.com',
      'text that is neither PEM nor a kubeconfig nor a token',
    ],
  ])('says what is wrong with %s, and quotes nothing', async (_what, content, reason) => {
    const { code, stdout, stderr } = await inspect(join(directoryOf({ t: content }), 't'));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(reason);
    expect(stderr).not.toContain(content.slice(0, 12));
    expect(stderr.split('\n')).toHaveLength(2);
  });

  it('keeps __proto__ in claims a claim, and its text off the terminal', async () => {
    const claims = '{"sub":"a\\u001b[2J\\n","__proto__":{"exp":1},"constructor":"x"}';
    const token = `${part({ alg: 'x' })}.${Buffer.from(claims).toString('base64url')}.x`;
    const path = join(directoryOf({ token }), 'token');
    const { stdout } = await inspect(path);
    expect(valueOf(stdout, 'Claim __proto__')).toBe('{"exp":1}');
    expect(valueOf(stdout, 'Valid until')).toBe('no end');
    expect(stdout).not.toMatch(/[^\P{Cc}\n]/u);
  });
});

/** An archive of the server's pair and its CA, by openssl. */
function archive(root: string, ...args: string[]): string {
  writeFileSync(join(root, 'pass'), `${PASSPHRASE}\n`);
  writeFileSync(join(root, 'wrong'), 'incorrect horse\n');
  writeFileSync(join(root, 'server.crt'), SERVER.cert);
  writeFileSync(join(root, 'server.key'), SERVER.key, { mode: 0o600 });
  writeFileSync(join(root, 'chain.crt'), CA_PEM);
  execFileSync(
    'openssl',
    [
      'pkcs12',
      '-export',
      '-in',
      'server.crt',
      '-inkey',
      'server.key',
      '-certfile',
      'chain.crt',
      '-name',
      'the server',
      '-passout',
      'file:pass',
      '-out',
      'store.p12',
      ...args,
    ],
    { cwd: root, stdio: 'pipe' },
  );
  for (const name of ['server.crt', 'server.key', 'chain.crt']) {
    if (!args.includes('-keep')) execFileSync('rm', [join(root, name)]);
  }
  return join(root, 'store.p12');
}

describe('kubepki inspect, of a PKCS#12 archive', () => {
  it('shows what is in it, with names, pairs and what it is protected with', async () => {
    const root = directoryOf({});
    const path = archive(root);
    const { code, stdout, stderr } = await inspect(path, '--passphrase-file', join(root, 'pass'));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`${path}: PKCS#12 archive\n`);
    expect(valueOf(stdout, 'Integrity')).toBe('HMAC-SHA256, 2048 iterations, verifies');
    expect(valueOf(stdout, 'Encryption')).toMatch(/^PBES2 with AES-256-CBC/);
    expect(valueOf(stdout, 'Holds')).toBe('2 certificates, 1 private key');
    expect(stdout).toMatch(/certificate 1 of 2\n +Alias: +the server\n +Key: +in this archive\n/);
    expect(stdout).toMatch(/private key\n +Alias: +the server\n +Key type: +ECDSA-P256\n/);
    const [item] = items(
      (await inspect(path, '--passphrase-file', join(root, 'pass'), '-o', 'json')).stdout,
    );
    expect(item).toMatchObject({
      format: 'pkcs12',
      mac: 'HMAC-SHA256, 2048 iterations',
      entries: [
        { kind: 'certificate', friendlyName: 'the server', localKeyId: expect.any(String) },
        { kind: 'certificate', subject: 'CN=endpoint-ca' },
        { kind: 'privateKey', encrypted: true },
      ],
    });
  });

  it('asks for the passphrase, and tells a wrong one', async () => {
    const root = directoryOf({});
    const path = archive(root);
    expect(await inspect(path)).toEqual({
      code: 1,
      stdout: '',
      stderr: `kubepki: ${path}: the PKCS#12 archive is encrypted (give its passphrase with --passphrase-file FILE)\n`,
    });
    const wrong = await inspect(path, '--passphrase-file', join(root, 'wrong'));
    expect(wrong).toMatchObject({ code: 1, stdout: '' });
    expect(wrong.stderr).toMatch(
      /the passphrase does not open the PKCS#12 archive \(.*the file is damaged\)\n$/,
    );
  });

  it('has a place in a directory: open, closed, and as where a key is', async () => {
    const root = directoryOf({});
    archive(root, '-legacy');
    writeFileSync(join(root, 'server.crt'), SERVER.cert);
    const open = await inspect(root, '--passphrase-file', join(root, 'pass'));
    const rows = open.stdout.split('\n').filter((line) => line.startsWith(join(root, 'store.p12')));
    expect(rows.map((row) => row.split(/ {3,}/)[1])).toEqual([
      'certificate 1/2 with key',
      'certificate 2/2',
    ]);
    expect(rows[0]).toContain(
      'alias the server; encrypted with RC2, which opens without the passphrase',
    );
    expect(rowOf(open.stdout, join(root, 'server.crt')).at(-1)).toBe(
      `its key is in ${join(root, 'store.p12')}`,
    );
    const closed = await inspect(root);
    expect(closed.code).toBe(0);
    expect(rowOf(closed.stdout, join(root, 'store.p12')).slice(1)).toEqual([
      'private key',
      '-',
      '-',
      '-',
      '-',
      'the private key is encrypted; encrypted with RC2, which opens without the passphrase; write it anew; the PKCS#12 archive is encrypted',
    ]);
  });

  it('tells a key that the archive gives to another certificate', async () => {
    const root = directoryOf({});
    const path = archive(root, '-certpbe', 'NONE', '-keypbe', 'NONE', '-nomac');
    // In the clear and without a MAC, so that the key can be exchanged for another.
    const own = Buffer.from(
      encodePrivateKey(keyOf('ECDSA-P256', 13), { form: 'pkcs8' }).replace(/-----.*-----|\n/g, ''),
      'base64',
    );
    const other = Buffer.from(
      encodePrivateKey(keyOf('ECDSA-P256', 15), { form: 'pkcs8' }).replace(/-----.*-----|\n/g, ''),
      'base64',
    );
    const bytes = readFileSync(path);
    const at = bytes.indexOf(own);
    expect(at).toBeGreaterThan(0);
    expect(other).toHaveLength(own.length);
    other.copy(bytes, at);
    writeFileSync(path, bytes);
    const { code, stdout, stderr } = await inspect(path);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `kubepki: ${path}: 1 problem: the server: key does not match its certificate\n`,
    );
    expect(stdout).toMatch(/Key: +not in this archive\n/);
    expect(stdout).toContain('nothing vouches for its content (no MAC)');
  });

  it('names a keystore of Java that is none', async () => {
    const path = join(directoryOf({ 'a.jks': Buffer.from('feedfeed00000002', 'hex') }), 'a.jks');
    expect((await inspect(path)).stderr).toContain(
      'a keystore of Java (JKS; convert it with: keytool',
    );
  });
});

describe('kubepki inspect, of an endpoint', () => {
  it('shows what it presents, and judges nothing without --ca', async () => {
    const address = await tlsServer({ cert: SERVER.cert + CA_PEM, ALPNProtocols: ['h2'] });
    const path = formatEndpoint(address);
    const { code, stdout, stderr } = await inspect(path);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(`${path}: TLS endpoint\n`);
    expect(valueOf(stdout, 'Protocol')).toBe('TLSv1.3');
    expect(valueOf(stdout, 'Cipher suite')).toMatch(/^TLS_/);
    expect(valueOf(stdout, 'ALPN')).toBe('h2');
    expect(valueOf(stdout, 'Server name')).toBe('not asked for: an address');
    expect(valueOf(stdout, 'Client certificate')).toBe('not asked for');
    expect(valueOf(stdout, 'Trust')).toBe('not judged: --ca FILE says by which CA');
    expect(stdout).toContain(`${path}: certificate 1 of 2\n`);
    expect(stdout).toContain(`${path}: CA certificate 2 of 2\n`);
  });

  it('says whether a client that trusts FILE would accept it', async () => {
    const { port } = await tlsServer();
    const config = makeKubeconfig({
      cluster: 'c',
      server: 'https://c:6443',
      certificateAuthority: CA_PEM,
      user: 'u',
      token: 'x',
    });
    const root = directoryOf({
      'ca.crt': CA_PEM,
      'other.crt': OTHER_CA_PEM,
      'a.conf': formatKubeconfig(config),
    });
    const at = (name: string): string => join(root, name);
    for (const [endpoint, ca, ...more] of [
      [`127.0.0.1:${port}`, 'ca.crt'],
      [`https://localhost:${port}/api`, 'ca.crt'],
      [`127.0.0.1:${port}`, 'a.conf', '--servername', 'localhost'],
    ] as const) {
      const { code, stdout } = await inspect(endpoint, '--ca', at(ca), ...more);
      expect(code).toBe(0);
      expect(valueOf(stdout, 'Trust')).toMatch(
        /^a client that trusts .* accepts it as (127\.0\.0\.1|localhost)$/,
      );
    }
    const stranger = await inspect(`127.0.0.1:${port}`, '--ca', at('other.crt'));
    expect(stranger.code).toBe(1);
    expect(valueOf(stranger.stdout, 'Trust')).toMatch(/refuses it as 127\.0\.0\.1$/);
    expect(stranger.stderr).toMatch(
      /: 1 problem: a client that trusts .*other\.crt refuses it as 127\.0\.0\.1: CN=server has an issuer that is not given: CN=endpoint-ca\n$/,
    );
    const name = await inspect(
      `127.0.0.1:${port}`,
      '--ca',
      at('ca.crt'),
      '--servername',
      'kubernetes',
    );
    expect(name.code).toBe(1);
    expect(valueOf(name.stdout, 'because')).toContain('kubernetes');
    const late = await inspect(`127.0.0.1:${port}`, '--ca', at('ca.crt'), '--at', '2029-01-01');
    expect(late.code).toBe(1);
    expect(late.stderr).toMatch(/CN=server .*expired|validity|2027/);
    const [item] = items(
      (await inspect(`127.0.0.1:${port}`, '--ca', at('other.crt'), '-o', 'json')).stdout,
    );
    expect(item).toMatchObject({
      format: 'endpoint',
      protocol: 'TLSv1.3',
      clientCertificates: { asked: false, authorities: [] },
      trust: {
        caFile: at('other.crt'),
        name: '127.0.0.1',
        refusals: expect.arrayContaining([expect.stringContaining('CN=endpoint-ca')]),
      },
      entries: [{ kind: 'certificate' }],
    });
  });

  it('says which client certificates it asks for', async () => {
    const asking = await tlsServer({
      requestCert: true,
      ca: [CA_PEM, OTHER_CA_PEM],
      maxVersion: 'TLSv1.2',
    });
    const { code, stdout } = await inspect(formatEndpoint(asking));
    expect(code).toBe(0);
    expect(valueOf(stdout, 'Client certificate')).toBe('asked for, of one of these CAs');
    expect([...stdout.matchAll(/^ +CA: +(CN=.*)$/gm)].map(([, name]) => name)).toEqual([
      'CN=endpoint-ca',
      'CN=other-ca',
    ]);
    expect(valueOf(stdout, 'Handshake')).toMatch(/^not finished: it has refused the handshake/);
  });

  it('remarks on a chain that is out of order, and on what is expired', async () => {
    const cert = SERVER.cert + OTHER_CA_PEM;
    const path = formatEndpoint(await tlsServer({ cert, maxVersion: 'TLSv1.2' }));
    const { stdout } = await inspect(path);
    expect(stdout).toContain(`${path}: certificate 2 is not the issuer of certificate 1`);
  });

  it('names one that cannot be looked at in one line, and shows the others', async () => {
    const good = await tlsServer();
    const silent = await rawServer(() => undefined);
    const plain = await rawServer((socket) => socket.end('SSH-2.0-x\r\n'));
    const closed = await nobody();
    const started = performance.now();
    const paths = [silent, plain, good, closed].map(formatEndpoint);
    const { code, stdout, stderr } = await inspect(...paths, '--timeout', '1s');
    expect(performance.now() - started).toBeLessThan(8000);
    expect(code).toBe(1);
    expect(stdout).toContain(`${formatEndpoint(good)}: TLS endpoint\n`);
    expect(stderr.trimEnd().split('\n')).toEqual([
      `kubepki: ${paths[0]}: it takes the connection and does not answer within 1 s: it may not speak TLS`,
      `kubepki: ${paths[1]}: it speaks no TLS: it is an SSH server`,
      `kubepki: ${paths[3]}: connection refused: nothing listens there`,
    ]);
  });

  it('reads a path that exists, though it looks like an endpoint', async () => {
    const { host, port } = await tlsServer();
    const root = directoryOf({ [`${host}:${port}`]: LEAF_PEM });
    const outcome = await command(KUBEPKI, ['inspect', `${host}:${port}`], { cwd: root });
    expect(outcome.stdout).toContain(`${host}:${port}: certificate\n`);
    expect(outcome.stdout).not.toContain('TLS endpoint');
  });

  it('refuses wrong usage with 64, before anything is looked at', async () => {
    const ca = join(directoryOf({ 'ca.crt': CA_PEM }), 'ca.crt');
    for (const [args, reason] of [
      [[ca, 'http://a:80'], 'http:// is not an endpoint'],
      [[ca, 'a:99999'], 'a port is a number from 1 to 65535'],
      [[ca, '--servername', 'x'], '--servername is for endpoints'],
      [['a:1', '--timeout', '0s'], '--timeout 0s: not a length of time'],
      [['a:1', '--timeout', '2d'], '--timeout 2d: not a length of time up to an hour'],
    ] as const) {
      const { code, stdout, stderr } = await inspect(...args);
      expect({ code, stdout }).toEqual({ code: 64, stdout: '' });
      expect(stderr).toContain(reason);
    }
    for (const [file, reason] of [
      ['/nowhere/ca.crt', 'no such file'],
      ['/', 'a directory, not a file'],
      ['/etc/hostname', 'no certificate in it'],
    ] as const) {
      const { code, stderr } = await inspect('127.0.0.1:1', '--ca', file);
      expect(code).toBe(1);
      expect(stderr).toContain(`--ca ${file}: ${reason}`);
    }
  });
});

describe('kubepki inspect -', () => {
  it('takes every kind from standard input', async () => {
    const root = directoryOf({});
    const list = revocationList(root);
    const request = createRequest(
      { subject: makeName({ commonName: 'me' }) },
      keyOf('ECDSA-P256', 1),
    );
    const kinds: readonly (readonly [string | Uint8Array, string])[] = [
      [LEAF_PEM, 'certificate'],
      [LEAF, 'certificate'],
      [SERVER.key, 'private key'],
      [encodePem('CERTIFICATE REQUEST', request), 'certification request'],
      [request, 'certification request'],
      [list, 'certificate revocation list'],
      [jwt(BOUND), 'token (JWT)'],
      ['abcdef.0123456789abcdef', 'bootstrap token'],
      [readFileSync(archive(root)), 'PKCS#12 archive'],
    ];
    for (const [index, [content, kind]] of kinds.entries()) {
      const path = join(root, `input-${index}`);
      writeFileSync(path, content);
      const args = ['inspect', '-', '--at', NOW, '--passphrase-file', join(root, 'pass')];
      const outcome = await command('sh', ['-c', '"$0" "$@" <"$INPUT"', KUBEPKI, ...args], {
        env: { ...process.env, INPUT: path },
      });
      expect(outcome).toMatchObject({ code: 0, stderr: '' });
      expect(outcome.stdout).toContain(`standard input: ${kind}`);
    }
  });
});

describe('kubepki inspect, of a directory with everything in it', () => {
  it('lists each kind, opens nothing that is no file, and ends', async () => {
    const root = directoryOf({
      'ca.crt': CA_PEM,
      token: jwt(BOUND),
      'me.csr': encodePem(
        'CERTIFICATE REQUEST',
        createRequest({ subject: makeName({ commonName: 'me' }) }, keyOf('ECDSA-P256', 1)),
      ),
    });
    revocationList(root);
    archive(root);
    execFileSync('mkfifo', [join(root, 'pipe')]);
    symlinkSync('.', join(root, 'self'));
    symlinkSync('/dev/zero', join(root, 'zero'));
    symlinkSync('loop-b', join(root, 'loop-a'));
    symlinkSync('loop-a', join(root, 'loop-b'));
    const server = createServer().listen(join(root, 'socket'));
    onTestFinished(() => void server.close());
    const { code, stdout } = await inspect(root, '--passphrase-file', join(root, 'pass'));
    expect(code).toBe(0);
    const kinds = Object.fromEntries(
      [
        'ca.crt',
        'token',
        'me.csr',
        'list.crl',
        'store.p12',
        'pipe',
        'zero',
        'loop-a',
        'socket',
      ].map((name) => [name, rowOf(stdout, join(root, name))[1]]),
    );
    expect(kinds).toEqual({
      'ca.crt': 'certificate',
      token: 'token',
      'me.csr': 'request',
      'list.crl': 'revocation list',
      'store.p12': 'certificate 1/2 with key',
      pipe: 'unreadable',
      zero: 'unreadable',
      'loop-a': 'unreadable',
      socket: 'unreadable',
    });
  });

  it('names what only another user may read, and lists the rest', async () => {
    const root = directoryOf({
      'ca.crt': CA_PEM,
      'secret.key': SERVER.key,
      'closed/a.crt': CA_PEM,
    });
    chmodSync(root, 0o755);
    chmodSync(join(root, 'ca.crt'), 0o644);
    chmodSync(join(root, 'secret.key'), 0o000);
    chmodSync(join(root, 'closed'), 0o000);
    onTestFinished(() => chmodSync(join(root, 'closed'), 0o700));
    // Root reads everything: then it has to be somebody else.
    const somebody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    const { code, stdout } = await command(KUBEPKI, ['inspect', root, '--at', NOW], somebody);
    expect(code).toBe(0);
    expect(rowOf(stdout, join(root, 'ca.crt'))[1]).toBe('certificate');
    for (const name of ['secret.key', 'closed']) {
      expect(rowOf(stdout, join(root, name)).slice(1)).toEqual([
        'unreadable',
        '-',
        '-',
        '-',
        '-',
        'permission denied',
      ]);
    }
  });
});
