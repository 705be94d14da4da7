/** `--signer-command`: a program signs for the CAs whose key is not there. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { KubepkiError } from '../../src/errors.ts';
import { commandSigner, parseSignerCommand, type SignerCommand } from '../../src/pki/index.ts';
import {
  encodePrivateKey,
  generatePrivateKey,
  type KeyAlgorithm,
  makeName,
  parseCertificate,
  readCertificates,
  selfSign,
  signatureVerifies,
} from '../../src/x509/index.ts';
import { temporaryDirectory } from '../temporary.ts';
import { type ExternalCa, install, requests, root, under } from './external-ca.ts';
import { type Fixture, later, lines, NOW, pki, snapshot } from './fixture.ts';

const CP = 'hosts/cp-1/etc/kubernetes';

let directory = '';
beforeEach(() => {
  directory = temporaryDirectory();
});

afterEach(() => {
  vi.unstubAllEnvs();
});

/** A program of this shell text; `$0` is no use, the rest is in the environment. */
function program(text: string): SignerCommand {
  const path = join(directory, 'signer.sh');
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return { program: path, arguments: [] };
}

/** Signs with OpenSSL, as one would with a token, and keeps a record of what it was told. */
function openssl(ca: ExternalCa, digest = 'sha256'): SignerCommand {
  const key = join(directory, 'outside.key');
  writeFileSync(key, encodePrivateKey(ca.key), { mode: 0o600 });
  return program(
    `env | grep ^KUBEPKI_ | grep -v ^KUBEPKI_SEED= | sort >> ${directory}/told\nexec openssl dgst -${digest} -sign ${key}`,
  );
}

function withCa(
  ca: ExternalCa,
  spec: Record<string, unknown> = {},
  ...above: ExternalCa[]
): Fixture {
  const own = pki(spec);
  install(own.directory, 'ca.crt', ca.pem, ...above.map(({ pem }) => pem));
  return own;
}

const failure = async (run: Promise<unknown>): Promise<KubepkiError> => {
  const thrown: unknown = await run.catch((error: unknown) => error);
  if (thrown instanceof KubepkiError) return thrown;
  throw new Error('expected an error', { cause: thrown });
};

describe('the command', () => {
  it('is split at blanks, or given as JSON, and never through a shell', () => {
    expect(parseSignerCommand('  pkcs11-sign  --slot 0\t')).toEqual({
      program: 'pkcs11-sign',
      arguments: ['--slot', '0'],
    });
    expect(parseSignerCommand('["/opt/my signer", "--label", "my CA", ""]')).toEqual({
      program: '/opt/my signer',
      arguments: ['--label', 'my CA', ''],
    });
    expect(parseSignerCommand('sign $(reboot) "a b"').arguments).toEqual(['$(reboot)', '"a', 'b"']);
  });

  it.each([
    ['', 'it is empty'],
    ['  ', 'it is empty'],
    ['[]', 'it is empty'],
    ['["", "x"]', 'it is empty'],
    ['["x", 1]', 'the JSON array holds something that is no string'],
    ['["x"', 'it begins with [ and is no JSON'],
    ['x\0y', 'it holds a NUL character'],
  ])('%j is refused', (text, reason) => {
    expect(() => parseSignerCommand(text)).toThrow(
      expect.objectContaining({ code: 'USAGE', message: `--signer-command: ${reason}` }),
    );
  });
});

describe('a CA whose key is outside', () => {
  it.each(['ECDSA-P256', 'ECDSA-P384', 'RSA-2048'] as const)(
    'signs with %s through the command, and plan runs nothing',
    async (algorithm: KeyAlgorithm) => {
      const key = generatePrivateKey(algorithm);
      const template = {
        subject: makeName({ commonName: 'outside' }),
        notBefore: later(-1),
        notAfter: later(1000),
        basicConstraints: { ca: true },
        keyUsage: ['keyCertSign' as const],
        extendedKeyUsage: [],
      };
      const certificate = parseCertificate(selfSign(template, key));
      const { encodePem } = await import('../../src/x509/index.ts');
      const ca = { certificate, key, pem: encodePem('CERTIFICATE', certificate.der) };
      const own = withCa(ca);
      const signer = openssl(ca, algorithm === 'ECDSA-P384' ? 'sha384' : 'sha256');
      const planned = await own.plan(NOW, { signer });
      expect(planned.counts).toMatchObject({ request: 0, wait: 0, refuse: 0 });
      expect(existsSync(join(directory, 'told'))).toBe(false);
      expect(lines(planned, own.directory)[0]).toContain(
        `keep authorities/ca.crt: its key is not here: "${signer.program}" signs for it`,
      );
      expect((await own.apply(NOW, { signer })).counts).toMatchObject({ request: 0, refuse: 0 });
      const [leaf] = readCertificates(own.read(`${CP}/pki/apiserver.crt`));
      expect(signatureVerifies(leaf, certificate)).toBe(true);
      expect(existsSync(own.path(`${CP}/pki/ca.key`))).toBe(false);
      const told = readFileSync(join(directory, 'told'), 'utf8');
      const name = { 'ECDSA-P256': 'ecdsa-with-SHA256', 'ECDSA-P384': 'ecdsa-with-SHA384' };
      expect([...new Set(told.split('\n'))].filter(Boolean)).toEqual([
        'KUBEPKI_AUTHORITY=ca',
        `KUBEPKI_CA_FILE=${own.path('authorities/ca.crt')}`,
        `KUBEPKI_SIGNATURE_ALGORITHM=${algorithm in name ? name[algorithm as keyof typeof name] : 'sha256WithRSAEncryption'}`,
      ]);
      const before = snapshot(own.directory);
      expect((await own.apply(NOW, { signer })).counts).toMatchObject({ create: 0, refuse: 0 });
      expect(snapshot(own.directory)).toEqual(before);
    },
  );

  it('works in worker threads, and under a company', async () => {
    const top = root();
    const ca = under(top, 'kubernetes');
    const hosts = Array.from({ length: 40 }, (_, i) => ({
      name: `h-${i}`,
      addresses: [`10.0.0.${i + 1}`],
      roles: i === 0 ? ['control-plane', 'etcd'] : ['worker'],
    }));
    const own = withCa(ca, { hosts }, top);
    const report = await own.apply(NOW, { signer: openssl(ca), threads: 2 });
    expect(report.counts).toMatchObject({ request: 0, refuse: 0 });
    expect((await own.plan()).counts).toMatchObject({ create: 0, request: 0, refuse: 0 });
  });

  it('completes what was asked for by requests before', async () => {
    const ca = root();
    const own = withCa(ca);
    await own.apply();
    expect(requests(own.directory)).toHaveLength(8);
    const report = await own.apply(NOW, { signer: openssl(ca) });
    expect(report.counts).toMatchObject({ create: 8, wait: 0, refuse: 0 });
    expect(requests(own.directory)).toEqual([]);
  });

  it('gets no passphrase', async () => {
    const ca = root();
    process.env['KUBEPKI_CA_PASSPHRASE'] = 'hidden';
    onTestFinished(() => {
      delete process.env['KUBEPKI_CA_PASSPHRASE'];
    });
    await withCa(ca).apply(NOW, { signer: openssl(ca) });
    expect(readFileSync(join(directory, 'told'), 'utf8')).not.toContain('hidden');
  });
});

describe('nothing is written of what the command has not signed', () => {
  const CASES: readonly (readonly [string, string, string, RegExp])[] = [
    [
      'fails',
      'echo "PIN locked" >&2; exit 3',
      'UNREACHABLE',
      /ended with exit status 3: "PIN locked"/,
    ],
    [
      'says what a terminal would obey',
      String.raw`printf '\n\033[2J\a wrong\nmore\n' >&2; exit 1`,
      'UNREACHABLE',
      /exit status 1: "[^"]*wrong", "more"/,
    ],
    [
      'reports at length before it says why',
      String.raw`printf 'Engine set.\nLogin failed\n\nno key\nPIN incorrect\nfailed\n \n' >&2; exit 1`,
      'UNREACHABLE',
      /exit status 1: "no key", "PIN incorrect", "failed"/,
    ],
    ['is ended by a signal', 'kill -9 $$', 'UNREACHABLE', /was ended by SIGKILL/],
    ['answers with nothing', 'cat > /dev/null', 'UNREACHABLE', /answered with nothing/],
    ['never ends its answer', 'yes', 'UNREACHABLE', /wrote more than 65536 bytes/],
    ['complains without end', 'yes >&2', 'UNREACHABLE', /wrote more than 65536 bytes/],
    ['answers with something else', 'echo signed', 'BAD_SIGNATURE', /ecdsa-with-SHA256/],
    ['answers with what it got', 'cat', 'BAD_SIGNATURE', /is not a signature/],
  ];

  it.each(CASES)('where it %s', async (_, text, code, message) => {
    const own = withCa(root());
    const error = await failure(own.apply(NOW, { signer: program(text) }));
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    expect(error.message).not.toMatch(/\p{Cc}/u);
    expect(existsSync(own.path('hosts'))).toBe(false);
    expect(existsSync(own.path('admin'))).toBe(false);
  });

  it('where it signs with another key', async () => {
    const own = withCa(root());
    const error = await failure(own.apply(NOW, { signer: openssl(root()) }));
    expect(error.code).toBe('BAD_SIGNATURE');
    expect(existsSync(own.path('admin'))).toBe(false);
  });

  it.each([
    [
      'is not there',
      (path: string) => ({ program: `${path}/nothing`, arguments: [] }),
      /is not there to be run/,
    ],
    [
      'may not be executed',
      (path: string) => ({ program: path, arguments: [] }),
      /may not be executed/,
    ],
  ] as const)('where it %s', async (_, command, message) => {
    const own = withCa(root());
    const error = await failure(own.apply(NOW, { signer: command(directory) }));
    expect(error).toMatchObject({ code: 'UNREACHABLE', message: expect.stringMatching(message) });
  });

  it('where it does not answer in time, even if it leaves others behind', () => {
    const { certificate } = root();
    const ca = { id: 'ca', certificate, certificatePath: '/ca.crt' };
    const signer = commandSigner(program('sleep 3 & sleep 3'), ca, 0.3);
    const started = performance.now();
    expect(() => signer(new Uint8Array(100))).toThrow(/did not answer within 0\.3 seconds/);
    expect(performance.now() - started).toBeLessThan(2500);
  });

  it('where it ends and leaves somebody behind who could still write, and says what to do', () => {
    const { certificate } = root();
    const ca = { id: 'ca', certificate, certificatePath: '/ca.crt' };
    const signer = commandSigner(program('echo x; sleep 3 & exit 0'), ca, 0.3);
    expect(() => signer(new Uint8Array(100))).toThrow(
      /ended with exit status 0, and what it has started still holds its output open .* close stdout and stderr/,
    );
    const closing = commandSigner(program('echo x; (sleep 3) >&- 2>&- <&- & exit 0'), ca, 2);
    expect(String(closing(new Uint8Array(100)))).toBe('x\n');
  });

  it('and it is not run again after it has failed: a wrong PIN would lock the token', async () => {
    const own = withCa(root());
    await failure(own.apply(NOW, { signer: program(`echo x >> ${directory}/runs; exit 1`) }));
    expect(readFileSync(join(directory, 'runs'), 'utf8')).toBe('x\n');
  });
});

describe('the example for OpenSSL', () => {
  const EXAMPLE = join(import.meta.dirname, '../../examples/signers/openssl-pkcs11.sh');

  it.each([
    ['1234', '1234'],
    ['1234\n', '1234'],
    ['1234\r\n', '1234'],
  ])('hands the PIN of %j over without its line break, and not as an argument', (content, pin) => {
    const { certificate } = root();
    writeFileSync(join(directory, 'pin'), content);
    writeFileSync(
      join(directory, 'openssl'),
      `#!/bin/sh\nprintf '%s\\n' "$@" > ${directory}/arguments\nprintf %s "$PKCS11_PIN"\n`,
    );
    chmodSync(join(directory, 'openssl'), 0o755);
    vi.stubEnv('PATH', `${directory}:${process.env['PATH']}`);
    const ca = { id: 'ca', certificate, certificatePath: '/ca.crt' };
    const command = { program: EXAMPLE, arguments: ['token', join(directory, 'pin')] };
    expect(String(commandSigner(command, ca)(new Uint8Array(100)))).toBe(pin);
    const told = readFileSync(join(directory, 'arguments'), 'utf8');
    expect(told).toContain(
      '-passin\nenv:PKCS11_PIN\n-sign\npkcs11:token=token;object=ca;type=private',
    );
    expect(told).not.toContain('1234');
    expect(told).not.toContain('pin-source');
  });

  it('asks no token with an empty PIN', () => {
    const { certificate } = root();
    writeFileSync(join(directory, 'pin'), '\n');
    const ca = { id: 'ca', certificate, certificatePath: '/ca.crt' };
    const command = { program: EXAMPLE, arguments: ['token', join(directory, 'pin')] };
    expect(() => commandSigner(command, ca)(new Uint8Array(100))).toThrow(/pin holds no PIN/);
  });
});
