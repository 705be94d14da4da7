/**
 * CAs that are not kubepki's, through the programs that people have for them: OpenSSL signs requests
 * (`openssl ca` and `openssl x509`), SoftHSM holds keys behind `--signer-command`, and Go and OpenSSL
 * judge what came of it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseKubeconfig } from '../../src/kubernetes/index.ts';
import { decodePrivateKey, keysMatch, readCertificates } from '../../src/x509/index.ts';
import { isRefusal, type Oracle, type OracleUsage, openOracle } from '../peers/oracle.ts';
import { seeded } from '../seeded.ts';
import { command, KUBEPKI, kubepki, outcome } from '../spawn.ts';
import { temporaryDirectory } from '../temporary.ts';

const CP = 'hosts/cp-1/etc/kubernetes';

let oracle: Oracle | undefined;
beforeAll(async () => {
  oracle = await openOracle();
});
afterAll(async () => oracle?.close());

interface Work {
  readonly directory: string;
  readonly pki: string;
  /** Runs a program there; ends the test where it fails. */
  run(program: string, ...args: string[]): Promise<string>;
  apply(...args: string[]): Promise<string>;
  write(name: string, text: string): string;
  read(name: string): string;
  requests(): string[];
}

/** A directory with a cluster file. */
function work(env: Record<string, string> = {}, workers = 1): Work {
  const directory = temporaryDirectory();
  const pki = join(directory, 'pki');
  const hosts = [{ name: 'cp-1', addresses: ['172.16.10.11'], roles: ['control-plane', 'etcd'] }];
  for (let i = 1; i <= workers; i++)
    hosts.push({ name: `worker-${i}`, addresses: [`172.16.11.${i}`], roles: ['worker'] });
  const spec = {
    kubeletCertificates: 'files',
    controlPlaneEndpoint: 'api.example.com:6443',
    hosts,
  };
  const document = {
    apiVersion: 'kubepki.dev/v1alpha1',
    kind: 'Cluster',
    metadata: { name: 'x' },
    spec,
  };
  writeFileSync(join(directory, 'cluster.json'), JSON.stringify(document));
  const options = { cwd: directory, env: { ...process.env, ...env } };
  const run = async (program: string, ...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await command(program, args, options);
    if (code !== 0) throw new Error(`${program} ${args.join(' ')} ended with ${code}: ${stderr}`);
    return stdout;
  };
  return {
    directory,
    pki,
    run,
    apply: (...args) => run(KUBEPKI, 'apply', '-f', 'cluster.json', ...args),
    write: (name, text) => {
      const path = join(directory, name);
      writeFileSync(path, text);
      return path;
    },
    read: (name) => readFileSync(join(pki, name), 'utf8'),
    requests: () =>
      readdirSync(pki, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.csr'))
        .map((name) => join(pki, name)),
  };
}

/** What plan says below its table. */
async function plan(
  { directory }: Work,
  ...args: string[]
): Promise<{ code: number | null; last: string }> {
  const { code, stdout } = await kubepki(
    ['plan', '-f', 'cluster.json', '--detailed-exitcode', ...args],
    { cwd: directory },
  );
  return { code, last: stdout.trimEnd().split('\n').at(-1) ?? '' };
}

/** Go's word on a certificate file or kubeconfig, trusting one certificate. */
async function goAccepts(leaf: string, roots: string, usages: OracleUsage[]): Promise<unknown> {
  const time = new Date().toISOString();
  const answer = await oracle?.ask({ op: 'verify', leaf, roots, time, usages });
  return answer !== undefined && !isRefusal(answer) ? true : answer;
}

const clientOf = (kubeconfig: string): { leaf: string; key: string; trust: string } => {
  const config = parseKubeconfig(kubeconfig, 'kubeconfig');
  const [user] = config.users.values();
  const [cluster] = config.clusters.values();
  const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();
  return {
    leaf: text(user?.clientCertificateData),
    key: text(user?.clientKeyData),
    trust: text(cluster?.certificateAuthorityData),
  };
};

/** Everybody who trusts the signing CA accepts all, and those who only know the root accept servers. */
async function everybodyAccepts(of: Work, rootPem: string): Promise<void> {
  const ca = of.read(`${CP}/pki/ca.crt`);
  expect(readCertificates(ca)).toHaveLength(1);
  const server = of.read(`${CP}/pki/apiserver.crt`);
  const kubelet = of.read('hosts/worker-1/var/lib/kubelet/pki/kubelet.crt');
  for (const leaf of [server, kubelet]) {
    expect(await goAccepts(leaf, ca, ['serverAuth'])).toBe(true);
    expect(await goAccepts(leaf, rootPem, ['serverAuth'])).toBe(true);
  }
  const admin = clientOf(of.read('admin/admin.conf'));
  expect(await goAccepts(server, admin.trust, ['serverAuth'])).toBe(true);
  for (const leaf of [admin.leaf, of.read(`${CP}/pki/apiserver-kubelet-client.crt`)])
    expect(await goAccepts(leaf, ca, ['clientAuth'])).toBe(true);
  const [trust, path] = [of.write('root.pem', rootPem), join(of.pki, CP, 'pki/apiserver.crt')];
  const args = [
    '-x509_strict',
    '-purpose',
    'sslserver',
    '-CAfile',
    trust,
    '-untrusted',
    path,
    path,
  ];
  expect(await of.run('openssl', 'verify', ...args)).toBe(`${path}: OK\n`);
}

const CA_EXTENSIONS = `
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign, digitalSignature
subjectKeyIdentifier = hash
[sub]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign, digitalSignature
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
`;

/** A company's root and a CA for Kubernetes under it, made with OpenSSL; the latter's certificate in authorities/. */
async function openSslCompany(of: Work): Promise<string> {
  of.write('ca.cnf', `[req]\ndistinguished_name = dn\n[dn]\n${CA_EXTENSIONS}`);
  const ec = [
    '-newkey',
    'ec',
    '-pkeyopt',
    'ec_paramgen_curve:P-256',
    '-nodes',
    '-config',
    'ca.cnf',
  ];
  await of.run(
    'openssl',
    'req',
    '-x509',
    ...ec,
    '-extensions',
    'ca',
    '-days',
    '3650',
    '-subj',
    '/O=Company/CN=Company Root',
    '-keyout',
    'root.key',
    '-out',
    'root.crt',
  );
  await of.run(
    'openssl',
    'req',
    '-new',
    ...ec,
    '-subj',
    '/O=Company/CN=Kubernetes',
    '-keyout',
    'sub.key',
    '-out',
    'sub.csr',
  );
  await of.run(
    'openssl',
    'x509',
    '-req',
    '-in',
    'sub.csr',
    '-CA',
    'root.crt',
    '-CAkey',
    'root.key',
    '-days',
    '1825',
    '-extfile',
    'ca.cnf',
    '-extensions',
    'sub',
    '-out',
    'sub.crt',
  );
  const read = (name: string): string => readFileSync(join(of.directory, name), 'utf8');
  mkdirSync(join(of.pki, 'authorities'), { recursive: true, mode: 0o700 });
  writeFileSync(join(of.pki, 'authorities/ca.crt'), read('sub.crt') + read('root.crt'));
  return read('root.crt');
}

describe('requests signed by OpenSSL', () => {
  it.each(['openssl x509', 'openssl ca'])('with %s: asked for, taken up, accepted', async (how) => {
    const of = work();
    const root = await openSslCompany(of);
    const said = await of.apply();
    expect(said).toMatch(/certificates have to be signed by ca, whose key is not here\./);
    expect((await plan(of)).code).toBe(2);

    if (how === 'openssl ca') {
      of.write('index.txt', '');
      of.write(
        'openssl-ca.cnf',
        `[ca]\ndefault_ca = kubernetes
[kubernetes]
database = index.txt
new_certs_dir = .
rand_serial = yes
certificate = sub.crt
private_key = sub.key
default_md = sha256
default_days = 365
policy = any
copy_extensions = copyall
unique_subject = no
preserve = yes
[any]
commonName = supplied
organizationName = optional
`,
      );
    }
    for (const request of of.requests()) {
      const answer = request.replace(/csr$/, 'crt');
      if (how === 'openssl x509') {
        // As the report says it, with the names of the test.
        const line = `openssl x509 -req -in ${request} -CA CA.crt -CAkey CA.key -days 365 -copy_extensions copyall -out ${answer}`;
        const [program = '', ...args] = line
          .replace('CA.crt', 'sub.crt')
          .replace('CA.key', 'sub.key')
          .split(' ');
        await of.run(program, ...args);
      } else {
        const args = ['-config', 'openssl-ca.cnf', '-batch', '-in', request, '-out', answer];
        await of.run('openssl', 'ca', ...args);
      }
    }
    const taken = await of.apply();
    expect(taken).toMatch(/, \d+ taken up, \d+ kept, 0 refused/);
    expect(await plan(of)).toMatchObject({
      code: 0,
      last: expect.stringMatching(/^nothing to do: /),
    });
    expect(of.requests()).toEqual([]);
    await everybodyAccepts(of, root);
  });
});

describe('a key in a token (PKCS#11, SoftHSM)', () => {
  const MODULE = '/usr/lib/softhsm/libsofthsm2.so';
  const PIN = '1234';

  async function token(of: Work): Promise<void> {
    mkdirSync(join(of.directory, 'tokens'));
    of.write(
      'softhsm2.conf',
      `directories.tokendir = ${of.directory}/tokens\nobjectstore.backend = file\n`,
    );
    of.write('pin', PIN);
    await of.run(
      'softhsm2-util',
      '--init-token',
      '--free',
      '--label',
      'kubepki',
      '--pin',
      PIN,
      '--so-pin',
      '5678',
    );
  }

  /** Makes a key in the token, and a CA certificate for it as any administrator would. */
  async function makeCa(of: Work, type: string, id: string): Promise<string> {
    const login = ['--module', MODULE, '--token-label', 'kubepki', '--login', '--pin', PIN];
    const key = ['--keypairgen', '--key-type', type, '--usage-sign', '--label', 'ca', '--id', id];
    await of.run('pkcs11-tool', ...login, ...key);
    of.write('ca.cnf', `[req]\ndistinguished_name = dn\n[dn]\n${CA_EXTENSIONS}`);
    const uri = `pkcs11:token=kubepki;object=ca;type=private;pin-source=file:${of.directory}/pin`;
    await of.run(
      'openssl',
      'req',
      '-new',
      '-x509',
      '-engine',
      'pkcs11',
      '-keyform',
      'engine',
      '-key',
      uri,
      '-config',
      'ca.cnf',
      '-extensions',
      'ca',
      '-subj',
      '/CN=kubernetes',
      '-days',
      '3650',
      '-out',
      'hsm-ca.crt',
    );
    const pem = readFileSync(join(of.directory, 'hsm-ca.crt'), 'utf8');
    mkdirSync(join(of.pki, 'authorities'), { recursive: true, mode: 0o700 });
    writeFileSync(join(of.pki, 'authorities/ca.crt'), pem);
    return pem;
  }

  const tokenWork = (workers?: number): Work => {
    // The path of the configuration is known once there is a directory.
    const env = { PKCS11_PIN: PIN, PKCS11_MODULE_PATH: MODULE, SOFTHSM2_CONF: 'softhsm2.conf' };
    return work(env, workers);
  };

  const signers = resolve('examples/signers');

  it.each([
    ['pkcs11-tool', 'EC:prime256v1', `${signers}/pkcs11-tool.sh ${MODULE} kubepki 01`],
    ['pkcs11-tool', 'EC:secp384r1', `${signers}/pkcs11-tool.sh ${MODULE} kubepki 01`],
    ['pkcs11-tool', 'rsa:2048', `${signers}/pkcs11-tool.sh ${MODULE} kubepki 01`],
    ['openssl', 'EC:prime256v1', `${signers}/openssl-pkcs11.sh kubepki PIN`],
    ['openssl', 'rsa:2048', `${signers}/openssl-pkcs11.sh kubepki PIN`],
  ])('signs through %s with %s', async (_, type, signer) => {
    const of = tokenWork();
    await token(of);
    const pem = await makeCa(of, type, '01');
    const signerCommand = signer.replace(/PIN$/, join(of.directory, 'pin'));
    const said = await of.apply('--signer-command', signerCommand);
    expect(said).toMatch(/created, 1 kept, 0 refused/);
    expect(of.requests()).toEqual([]);
    expect(existsSync(join(of.pki, CP, 'pki/ca.key'))).toBe(false);
    await everybodyAccepts(of, pem);
    expect((await plan(of)).code).toBe(0);
  });

  it('is asked once with a wrong PIN, and says what the token said', async () => {
    const of = tokenWork();
    await token(of);
    await makeCa(of, 'EC:prime256v1', '01');
    const { code, stderr } = await kubepki(
      [
        'apply',
        '-f',
        'cluster.json',
        '--signer-command',
        `${signers}/pkcs11-tool.sh ${MODULE} kubepki 01`,
      ],
      {
        cwd: of.directory,
        env: { ...process.env, SOFTHSM2_CONF: 'softhsm2.conf', PKCS11_PIN: '9999' },
      },
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/^kubepki: --signer-command, for ca: \S+ ended with exit status \d+: /);
    expect(stderr).not.toContain('9999');
  });
});

it('a key in a cloud, as its command line is called', async () => {
  const of = work();
  await openSslCompany(of);
  const bin = join(of.directory, 'bin');
  mkdirSync(bin);
  // Stands in for `aws`: checks what it is asked, and signs the digest as the service does.
  writeFileSync(
    join(bin, 'aws'),
    `#!/bin/sh
set -eu
[ "$1 $2 $3 $4" = 'kms sign --key-id alias/kubernetes-ca' ]
[ "$5 $6 $7" = '--message-type DIGEST --message' ]
[ "$9" = '--signing-algorithm' ]
shift 9
[ "$*" = 'ECDSA_SHA_256 --query Signature --output text' ]
openssl pkeyutl -sign -inkey ${of.directory}/sub.key -in "$message" | base64 -w 0
`.replace('shift 9', 'message=${8#fileb://}\nshift 9'),
  );
  chmodSync(join(bin, 'aws'), 0o755);
  const { code, stdout, stderr } = await kubepki(
    [
      'apply',
      '-f',
      'cluster.json',
      '--signer-command',
      `${resolve('examples/signers/aws-kms.sh')} alias/kubernetes-`,
    ],
    { cwd: of.directory, env: { ...process.env, PATH: `${bin}:${process.env['PATH']}` } },
  );
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/created, 1 kept, 0 refused/);
});

describe('the passphrase of CA keys', () => {
  const SECRET = 'correct horse';

  /** Types on a terminal of its own, when it is asked; what the terminal showed. */
  async function answerWith(
    of: Work,
    typed: string,
  ): Promise<{ code: number | null; shown: string }> {
    const { KUBEPKI_CA_PASSPHRASE: _, ...env } = process.env;
    const terminal = spawn('script', ['-qec', `${KUBEPKI} plan -f cluster.json`, '/dev/null'], {
      cwd: of.directory,
      env,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    let shown = '';
    let asked = false;
    terminal.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
      if (asked || !shown.includes('Passphrase of the CA keys')) return;
      asked = true;
      terminal.stdin.write(typed);
    });
    const [code]: (number | null)[] = await once(terminal, 'close');
    return { code: code ?? null, shown };
  }

  it('is asked for on a terminal, and not shown', async () => {
    const of = work();
    await of.apply('--ca-passphrase-file', of.write('secret', SECRET));
    // Typed wrong, and put right: ü has two bytes.
    const right = await answerWith(of, `all wrong\u0015${SECRET}xü\u007f\u007f\r`);
    expect(right.code).toBe(0);
    expect(right.shown).toContain('nothing to do');
    const wrong = await answerWith(of, 'something else\r');
    expect(wrong.code).toBe(1);
    expect(wrong.shown).toContain('the passphrase does not open the private key');
    const none = await answerWith(of, '\u0003');
    expect(none.code).toBe(1);
    expect(none.shown).toContain('no passphrase was given');
    expect(right.shown + wrong.shown).not.toMatch(/correct|something|all wrong/);
  });
});

describe('kill -9', () => {
  const KILLS = 30;
  const WORKERS = 12;

  /** Nothing lies beside another's key. */
  function consistent(of: Work): void {
    for (const name of readdirSync(of.pki, { recursive: true, encoding: 'utf8' })) {
      if (/(^|\/)\./.test(name)) continue;
      if (name.endsWith('.conf')) {
        const { leaf, key } = clientOf(of.read(name));
        const own = decodePrivateKey(key, { where: name });
        if (leaf !== '')
          expect([name, keysMatch(readCertificates(leaf)[0], own)]).toEqual([name, true]);
      } else if (/(apiserver|kubelet)[^/.]*\.crt$/.test(name)) {
        const key = decodePrivateKey(of.read(name.replace(/crt$/, 'key')));
        expect([name, keysMatch(readCertificates(of.read(name))[0], key)]).toEqual([name, true]);
      }
    }
  }

  it(`loses nothing in ${KILLS} kills while it asks and takes up, and converges`, async () => {
    const random = seeded('kill -9, external CA');
    const of = work({}, WORKERS);
    await openSslCompany(of);
    const start = performance.now();
    await kubepki(['plan', '-f', 'cluster.json'], { cwd: of.directory });
    const startUp = performance.now() - start;
    let cut = 0;
    for (let kill = 0; kill < KILLS; kill++) {
      const child = spawn(KUBEPKI, ['apply', '-f', 'cluster.json'], {
        cwd: of.directory,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const ended = outcome(child);
      await delay(startUp * (0.6 + 0.8 * random.next()));
      child.kill('SIGKILL');
      if ((await ended).signal === 'SIGKILL') cut++;
      consistent(of);
      // Somebody signs a few of those that are there.
      const open = of.requests().filter((path) => !existsSync(path.replace(/csr$/, 'crt')));
      for (const request of open.filter(() => random.next() < 0.1)) await sign(of, request);
    }
    expect(cut).toBeGreaterThan(KILLS / 4);
    await of.apply();
    for (const request of of.requests()) await sign(of, request);
    await of.apply();
    consistent(of);
    expect(await plan(of)).toMatchObject({ code: 0 });
    const names = readdirSync(of.pki, { recursive: true, encoding: 'utf8' });
    expect(names.filter((name) => /\.csr$|\.conf\.crt$|kubepki-tmp$/.test(name))).toEqual([]);
  }, 400_000);

  async function sign(of: Work, request: string): Promise<void> {
    // Where an interrupted run has not removed the request yet, its answer is there.
    const answer = request.replace(/csr$/, 'crt');
    const kubeconfig = request.replace(/\.csr$/, '');
    const isTakenUp =
      existsSync(kubeconfig) &&
      readFileSync(kubeconfig, 'utf8').includes('client-certificate-data');
    if (existsSync(answer) || isTakenUp) return;
    await of.run(
      'openssl',
      'x509',
      '-req',
      '-in',
      request,
      '-CA',
      'sub.crt',
      '-CAkey',
      'sub.key',
      '-days',
      '365',
      '-copy_extensions',
      'copyall',
      '-out',
      answer,
    );
  }
});
