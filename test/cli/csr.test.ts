/** kubepki csr as a user runs it: what is printed where, exit statuses, modes, and what is never overwritten. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  decodePrivateKey,
  encodePem,
  encodePrivateKey,
  keysMatch,
  readCertificates,
  readRequest,
} from '../../src/x509/index.ts';
import { command } from '../spawn.ts';
import { issuerOf, keyOf, leafTemplate } from '../x509/support.ts';
import { emptyPlace, workplace } from './csr-place.ts';

const CA = ['--ca-cert', '@pki/authorities/ca.crt', '--ca-key', '@pki/authorities/ca.key'];
/** The certificate of a leaf that has served. */
const OLD = encodePem(
  'CERTIFICATE',
  issuerOf('ECDSA-P256').issue(leafTemplate(), keyOf('ECDSA-P256').spki),
);
const FLAGS = ['--common-name', 'jane', '--organization', 'dev', '--usage', 'clientAuth'];

describe('csr new', () => {
  it('makes a key with mode 0600 and the request of a credential, whatever the umask', async () => {
    for (const umask of ['000', '077']) {
      const { shell, path, read } = await workplace();
      const { code, stdout, stderr } = await shell(
        `umask ${umask}; "$0" csr new -f cluster.yaml --credential apiserver --host cp-1`,
      );
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain('cp-1-apiserver.key: the key (ECDSA-P256, mode 0600)');
      expect(stdout).toContain('cp-1-apiserver.csr: the request, to be signed by ca');
      expect(
        [path('cp-1-apiserver.key'), path('cp-1-apiserver.csr')].map(
          (file) => statSync(file).mode & 0o777,
        ),
      ).toEqual([0o600, 0o644]);
      const request = readRequest(read('cp-1-apiserver.csr'));
      expect(keysMatch(request, decodePrivateKey(read('cp-1-apiserver.key')))).toBe(true);
      expect(request.subjectAltNames?.dns).toContain('kubernetes.default.svc');
    }
  });

  it('makes one of plain flags, with the kind of key that is wanted', async () => {
    const { run, read, path } = await workplace();
    const args = [
      '--subject',
      'CN=web,OU=shop,O=dev',
      '--dns',
      'a.example.com,b.example.com',
      '--ip',
      '10.0.0.1,fd00::1',
    ];
    expect(
      await run(
        'csr',
        'new',
        ...args,
        '--usage',
        'server auth,client auth',
        '--key-algorithm',
        'RSA-2048',
        '--out',
        '@web.csr',
        '--out-key',
        '@k',
      ),
    ).toMatchObject({ code: 0 });
    const request = readRequest(read('web.csr'));
    expect(request).toMatchObject({
      keyType: 'RSA-2048',
      keyUsage: ['digitalSignature', 'keyEncipherment'],
      extendedKeyUsage: ['serverAuth', 'clientAuth'],
      subjectAltNames: { dns: ['a.example.com', 'b.example.com'], ip: ['10.0.0.1', 'fd00::1'] },
    });
    expect(keysMatch(request, decodePrivateKey(read('k')))).toBe(true);
    expect(
      await command('openssl', ['req', '-verify', '-noout', '-in', path('web.csr')]),
    ).toMatchObject({ code: 0 });
  });

  it('takes a key that is there, an encrypted one with its passphrase', async () => {
    const { run, path, read } = await workplace();
    const key = encodePrivateKey(keyOf('ECDSA-P384'), { passphrase: 'open' });
    writeFileSync(path('old.key'), key);
    writeFileSync(path('pass'), 'open\n');
    const closed = await run('csr', 'new', ...FLAGS, '--key', '@old.key', '--out', '@jane.csr');
    expect(closed.code).toBe(1);
    expect(closed.stderr).toContain('--passphrase-file');
    const { code, stdout } = await run(
      'csr',
      'new',
      ...FLAGS,
      '--key',
      '@old.key',
      '--passphrase-file',
      '@pass',
      '--out',
      '-',
    );
    expect(code).toBe(0);
    expect(readRequest(stdout).keyType).toBe('ECDSA-P384');
    expect(read('old.key')).toBe(key);
    expect(existsSync(path('jane.csr'))).toBe(false);
  });

  it('overwrites nothing, not even a link to nothing, and leaves no temporary file', async () => {
    const { run, directory, path, read } = await workplace();
    await run('csr', 'new', ...FLAGS, '--out', '@jane.csr');
    const before = [read('jane.key'), read('jane.csr')];
    const again = await run('csr', 'new', ...FLAGS, '--out', '@jane.csr');
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toBe('kubepki: jane.csr: there already, and not overwritten\n');
    const other = await run('csr', 'new', ...FLAGS, '--out', '@new.csr', '--out-key', '@jane.key');
    expect(other.stderr).toBe(
      'kubepki: jane.key: there already, and not overwritten (for a request with that key, give --key jane.key)\n',
    );
    symlinkSync('nothing', path('link.key'));
    expect((await run('csr', 'new', ...FLAGS, '--out', '@link.csr')).code).toBe(1);
    expect([read('jane.key'), read('jane.csr')]).toEqual(before);
    expect(readdirSync(directory).sort()).toEqual([
      'cluster.yaml',
      'jane.csr',
      'jane.key',
      'link.key',
      'pki',
    ]);
  });

  it('looks at both places before it writes to either', async () => {
    const { run, directory } = emptyPlace();
    const out = ['--out', '@no/such/jane.csr', '--out-key', '@jane.key'];
    expect(await run('csr', 'new', ...FLAGS, ...out)).toEqual({
      code: 1,
      stdout: '',
      stderr: 'kubepki: no/such/jane.csr: there is no directory no/such\n',
    });
    expect(readdirSync(directory)).toEqual(['cluster.yaml']);
  });

  it('prints data for programs', async () => {
    const { run } = await workplace();
    const { stdout } = await run(
      'csr',
      'new',
      '-f',
      '@cluster.yaml',
      '--credential',
      'scheduler',
      '--out',
      '@scheduler.csr',
      '-o',
      'json',
    );
    expect(JSON.parse(stdout)).toMatchObject({
      kind: 'NewRequest',
      key: 'scheduler.key',
      request: 'scheduler.csr',
      subject: 'CN=system:kube-scheduler',
      issuer: 'ca',
    });
    expect(stdout).not.toContain('PRIVATE');
  });

  it.each([
    [[], 'a request for nobody'],
    [['--common-name', 'x'], '--out is missing'],
    [['--common-name', 'x', '--out', '-'], '--out - needs --out-key FILE'],
    [
      ['--common-name', 'x', '--subject', 'CN=x', '--out', 'x'],
      '--common-name does not go with --subject',
    ],
    [['--subject', 'nonsense', '--out', 'x'], '--subject: '],
    [['--dns', 'A.example.com', '--out', 'x'], '--dns "A.example.com" is not a DNS name'],
    [['--ip', '10.0.0.256', '--out', 'x'], '--ip "10.0.0.256" is not an IP address'],
    [
      ['--common-name', 'x', '--usage', 'codeSigning', '--out', 'x'],
      '--usage "codeSigning" is not one',
    ],
    [
      ['--common-name', 'x', '--key-algorithm', 'DSA', '--out', 'x'],
      '--key-algorithm "DSA" is not known',
    ],
    [['--common-name', 'x', '--out', '@x.csr', '--out', '@y.csr'], '--out is given twice'],
    [['--common-name', 'x', '--out', 'a', '--out-key', 'a'], 'are the same file'],
    [
      ['--credential', 'apiserver', '--out', 'x'],
      '--credential does not go with a request without -f',
    ],
    [['-f', '@cluster.yaml'], '-f needs --credential'],
    [
      ['-f', '@cluster.yaml', '--credential', 'nonsense'],
      '--credential "nonsense": no credential of this name',
    ],
    [
      ['-f', '@cluster.yaml', '--credential', 'ca'],
      '--credential ca: not the certificate of a leaf',
    ],
    [['-f', '@cluster.yaml', '--credential', 'admin', '--dns', 'x'], '--dns does not go with -f'],
    [['--common-name', 'x', '--out', 'x', '-o', 'table'], '-o "table": not an output format'],
  ])('refuses %j as wrong usage', async (args, said) => {
    const { run, directory } = emptyPlace();
    expect(await run('csr', 'new', ...args)).toEqual({
      code: 64,
      stdout: '',
      stderr: expect.stringContaining(said),
    });
    expect(readdirSync(directory)).toEqual(['cluster.yaml']);
  });
});

describe('csr show', () => {
  it('prints what inspect prints', async () => {
    const { run } = await workplace();
    await run('csr', 'new', ...FLAGS, '--out', '@jane.csr');
    expect(await run('csr', 'show', '@jane.csr')).toEqual({
      ...(await run('inspect', '@jane.csr')),
      code: 0,
    });
    const [shown, inspected] = [
      await run('csr', 'show', '@jane.csr', '-o', 'json'),
      await run('inspect', '@jane.csr', '-o', 'json'),
    ];
    const { mode: _, ...item } = JSON.parse(inspected.stdout).items[0];
    expect(JSON.parse(shown.stdout).items).toEqual([item]);
  });

  it('ends with 1 where the signature proves nothing, or there is no request', async () => {
    const { run, path, read, shell } = await workplace();
    await run('csr', 'new', ...FLAGS, '--out', '@jane.csr');
    const lines = read('jane.csr').split('\n');
    const der = Buffer.from(lines.slice(1, -2).join(''), 'base64');
    der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
    writeFileSync(path('bad.csr'), `${lines[0]}\n${der.toString('base64')}\n${lines.at(-2)}\n`);
    const bad = await shell('cat bad.csr | "$0" csr show -');
    expect(bad.code).toBe(1);
    expect(bad.stdout).toContain('does not verify');
    expect(bad.stderr).toBe(
      'kubepki: standard input: its signature does not prove that whoever made it holds the key\n',
    );
    const none = await run('csr', 'show', '@jane.csr', '@jane.key', '@missing.csr');
    expect(none.code).toBe(1);
    expect(none.stdout).toContain('jane.csr: certification request');
    expect(none.stderr).toContain('jane.key: it holds no certification request');
    expect(none.stderr).toContain('missing.csr: no such file');
  });
});

describe('csr sign', () => {
  it('signs by the cluster file what its credentials ask for, beside the requests', async () => {
    const { run, read, path } = await workplace();
    for (const credential of ['apiserver', 'etcd-server', 'front-proxy-client']) {
      await run(
        'csr',
        'new',
        '-f',
        '@cluster.yaml',
        '--credential',
        credential,
        '--out',
        `@${credential}.csr`,
      );
    }
    const names = ['apiserver', 'etcd-server', 'front-proxy-client'];
    const { code, stdout, stderr } = await run(
      'csr',
      'sign',
      '-f',
      '@cluster.yaml',
      '-d',
      '@pki',
      ...names.map((name) => `@${name}.csr`),
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(
      /^CERTIFICATE +CREDENTIAL +PLACE +SUBJECT +NAMES +USAGES +SIGNED BY +UNTIL\napiserver\.crt +apiserver +cp-1 +CN=kube-apiserver +.* and \d+ more +serverAuth +kubernetes +\d{4}-/,
    );
    for (const [name, issuer] of [
      ['apiserver', 'ca'],
      ['etcd-server', 'etcd/ca'],
      ['front-proxy-client', 'front-proxy-ca'],
    ]) {
      const verified = await command('openssl', [
        'verify',
        '-CAfile',
        path(`pki/authorities/${issuer}.crt`),
        path(`${name}.crt`),
      ]);
      expect(verified).toMatchObject({ code: 0 });
      expect(statSync(path(`${name}.crt`)).mode & 0o777).toBe(0o644);
      expect(
        keysMatch(readCertificates(read(`${name}.crt`))[0], decodePrivateKey(read(`${name}.key`))),
      ).toBe(true);
    }
  });

  it('calls certificates .pem in a cluster of layout binary', async () => {
    const { run, path } = await workplace({ layout: 'binary' });
    await run(
      'csr',
      'new',
      '-f',
      '@cluster.yaml',
      '--credential',
      'apiserver',
      '--out',
      '@apiserver.csr',
    );
    expect(
      (await run('csr', 'sign', '-f', '@cluster.yaml', '-d', '@pki', '@apiserver.csr')).code,
    ).toBe(0);
    expect(existsSync(path('apiserver.pem'))).toBe(true);
  });

  it('signs nothing that no flag allows, says which would, and does as they say', async () => {
    const { run, path } = await workplace();
    await run('csr', 'new', ...FLAGS, '--out', '@jane.csr');
    const refused = await run('csr', 'sign', ...CA, '@jane.csr');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr.split('\n')).toEqual([
      'kubepki: the request is refused',
      '  jane.csr: subject: common name "jane" is not allowed [allowed by no flag]; to allow it: --allow-common-name jane',
      '  jane.csr: subject: organization "dev" is not allowed [allowed by no flag]; to allow it: --allow-organization dev',
      expect.stringContaining('--allow-requested-names'),
      '',
    ]);
    expect(existsSync(path('jane.crt'))).toBe(false);
    const allowed = await run(
      'csr',
      'sign',
      ...CA,
      '--allow-common-name',
      'jane',
      '--allow-organization',
      'dev',
      '@jane.csr',
      '-o',
      'json',
    );
    expect(allowed).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(allowed.stdout)).toMatchObject({
      kind: 'SignedRequests',
      items: [
        {
          request: 'jane.csr',
          certificate: 'jane.crt',
          subject: 'CN=jane,O=dev',
          usages: ['clientAuth'],
        },
      ],
    });
  });

  it('with --allow-requested-names still wants those of Kubernetes allowed by name', async () => {
    const { run, read } = await workplace();
    await run(
      'csr',
      'new',
      '--common-name',
      'root',
      '--organization',
      'system:masters',
      '--usage',
      'clientAuth',
      '--out',
      '@root.csr',
    );
    const args = ['csr', 'sign', ...CA, '--allow-requested-names', '@root.csr'];
    const { code, stderr } = await run(...args);
    expect(code).toBe(1);
    // Not a line to be copied: who asks for this is to be known.
    expect(stderr).toBe(
      'kubepki: the request is refused\n  root.csr: subject: organization "system:masters" has rights in every cluster and is not allowed by name [allowed by no flag]\n',
    );
    expect((await run(...args, '--allow-organization', 'system:masters')).code).toBe(0);
    expect(readCertificates(read('root.crt'))).toHaveLength(1);
  });

  it('signs by a policy file, and names its rules with their lines', async () => {
    const { run, path } = await workplace();
    writeFileSync(
      path('policy.yaml'),
      'apiVersion: kubepki.dev/v1alpha1\nkind: SigningPolicy\nspec:\n  names:\n    dns: [.example.com]\n  usages: [serverAuth]\n  validity: 30d\n',
    );
    const request = (name: string, out: string) =>
      run('csr', 'new', '--dns', name, '--usage', 'serverAuth', '--out', out);
    await request('web.example.com', '@web.csr');
    await request('web.example.org', '@other.csr');
    const { code, stderr } = await run(
      'csr',
      'sign',
      ...CA,
      '--policy',
      '@policy.yaml',
      '@web.csr',
      '@other.csr',
    );
    expect(code).toBe(1);
    expect(stderr).toBe(
      'kubepki: 1 of 2 requests is refused, and none is signed\n  other.csr: names: DNS name "web.example.org" is not allowed [policy.yaml: spec.names.dns (line 5)]\n',
    );
    expect(existsSync(path('web.crt'))).toBe(false);
    expect(
      (await run('csr', 'sign', ...CA, '--policy', '@policy.yaml', '@web.csr', '--validity', '31d'))
        .stderr,
    ).toContain('validity: 31d is longer than 30d [policy.yaml: spec.validity (line 7)]');
    expect((await run('csr', 'sign', ...CA, '--policy', '@policy.yaml', '@web.csr')).code).toBe(0);
    writeFileSync(path('policy.yaml'), 'kind: SigningPolicy\nspec: { dns: [] }\n');
    const broken = await run(
      'csr',
      'sign',
      ...CA,
      '--policy',
      '@policy.yaml',
      '@web.csr',
      '--force',
    );
    expect(broken.code).toBe(1);
    expect(broken.stderr).toContain('spec.dns (line 2): unknown key');
  });

  it('replaces no certificate without --force', async () => {
    const { run, path, read } = await workplace();
    await run(
      'csr',
      'new',
      '-f',
      '@cluster.yaml',
      '--credential',
      'apiserver',
      '--out',
      '@apiserver.csr',
    );
    writeFileSync(path('apiserver.crt'), 'mine');
    const { code, stderr } = await run(
      'csr',
      'sign',
      '-f',
      '@cluster.yaml',
      '-d',
      '@pki',
      '@apiserver.csr',
    );
    expect(code).toBe(1);
    expect(stderr).toContain('apiserver.crt: there already, and not overwritten');
    expect(stderr).toContain('--force');
    expect(read('apiserver.crt')).toBe('mine');
    writeFileSync(path('apiserver.crt'), OLD);
    expect(
      (await run('csr', 'sign', '-f', '@cluster.yaml', '-d', '@pki', '@apiserver.csr', '--force'))
        .code,
    ).toBe(0);
    expect(readCertificates(read('apiserver.crt'))).toHaveLength(1);
  });

  it('writes to a file, a directory, or standard output, and reads standard input', async () => {
    const { run, shell, path } = await workplace();
    await run(
      'csr',
      'new',
      '-f',
      '@cluster.yaml',
      '--credential',
      'apiserver',
      '--out',
      '@apiserver.csr',
    );
    await run(
      'csr',
      'sign',
      '-f',
      '@cluster.yaml',
      '-d',
      '@pki',
      '@apiserver.csr',
      '--out',
      '@one.pem',
    );
    mkdirSync(path('out'));
    await run(
      'csr',
      'sign',
      '-f',
      '@cluster.yaml',
      '-d',
      '@pki',
      '@apiserver.csr',
      '--out-dir',
      '@out',
    );
    expect([existsSync(path('one.pem')), existsSync(path('out/apiserver.crt'))]).toEqual([
      true,
      true,
    ]);
    const piped = await shell('"$0" csr sign -f cluster.yaml - < apiserver.csr');
    expect(readCertificates(piped.stdout)).toHaveLength(1);
    expect(piped.stderr).toContain('standard output');
  });

  it('signs with an encrypted key, from a file or the environment, and with a command', async () => {
    const { run, shell, path, read } = await workplace();
    await run(
      'csr',
      'new',
      '-f',
      '@cluster.yaml',
      '--credential',
      'apiserver',
      '--out',
      '@apiserver.csr',
    );
    const key = decodePrivateKey(read('pki/authorities/ca.key'));
    writeFileSync(path('pki/authorities/ca.key'), encodePrivateKey(key, { passphrase: 'open' }));
    writeFileSync(path('pass'), 'open\n');
    const closed = await run('csr', 'sign', '-f', '@cluster.yaml', '-d', '@pki', '@apiserver.csr');
    expect(closed).toMatchObject({ code: 1 });
    expect(closed.stderr).toContain('--ca-passphrase-file');
    expect(
      (
        await run(
          'csr',
          'sign',
          '-f',
          '@cluster.yaml',
          '-d',
          '@pki',
          '@apiserver.csr',
          '--ca-passphrase-file',
          '@pass',
          '--out',
          '@1',
        )
      ).code,
    ).toBe(0);
    expect(
      (
        await shell(
          'KUBEPKI_CA_PASSPHRASE=open "$0" csr sign -f cluster.yaml apiserver.csr --out 2',
        )
      ).code,
    ).toBe(0);
    renameSync(path('pki/authorities/ca.key'), path('hsm.key'));
    writeFileSync(path('hsm.key'), encodePrivateKey(key));
    writeFileSync(
      path('sign'),
      '#!/bin/sh\ntest "$KUBEPKI_AUTHORITY" = ca && exec openssl dgst -sha256 -sign "$1"\n',
    );
    chmodSync(path('sign'), 0o755);
    const signer = `${path('sign')} ${path('hsm.key')}`;
    const signed = await run(
      'csr',
      'sign',
      '-f',
      '@cluster.yaml',
      '-d',
      '@pki',
      '@apiserver.csr',
      '--signer-command',
      signer,
    );
    expect(signed).toMatchObject({ code: 0 });
    expect(
      await command('openssl', [
        'verify',
        '-CAfile',
        path('pki/authorities/ca.crt'),
        path('apiserver.crt'),
      ]),
    ).toMatchObject({ code: 0 });
    const none = await run(
      'csr',
      'sign',
      '-f',
      '@cluster.yaml',
      '-d',
      '@pki',
      '@apiserver.csr',
      '--out',
      '@3',
    );
    expect(none.code).toBe(1);
    expect(none.stderr).toContain('ca.key: no such file');
  });

  it('leaves nothing behind where it is killed while it signs', async () => {
    const { run, shell, path, read, directory } = await workplace();
    for (const credential of ['apiserver', 'scheduler']) {
      await run(
        'csr',
        'new',
        '-f',
        '@cluster.yaml',
        '--credential',
        credential,
        '--out',
        `@${credential}.csr`,
      );
    }
    renameSync(path('pki/authorities/ca.key'), path('hsm.key'));
    writeFileSync(
      path('sign'),
      '#!/bin/sh\ntest -e once && kill -9 $PPID\n: >once\nexec openssl dgst -sha256 -sign hsm.key\n',
    );
    chmodSync(path('sign'), 0o755);
    const before = readdirSync(directory);
    const sign =
      '"$0" csr sign -f cluster.yaml --signer-command ./sign apiserver.csr scheduler.csr';
    await shell(`${sign}; true`);
    expect(readdirSync(directory).filter((name) => !before.includes(name))).toEqual(['once']);
    writeFileSync(path('sign'), '#!/bin/sh\nexec openssl dgst -sha256 -sign hsm.key\n');
    expect(await shell(sign)).toMatchObject({ code: 0 });
    expect(readCertificates(read('scheduler.crt'))).toHaveLength(1);
  });

  it('takes the CA of a directory by its id, and one of a file with the cluster file', async () => {
    const { run } = await workplace();
    await run(
      'csr',
      'new',
      '-f',
      '@cluster.yaml',
      '--credential',
      'etcd-server',
      '--out',
      '@etcd-server.csr',
    );
    const byDirectory = [
      'csr',
      'sign',
      '-d',
      '@pki',
      '--ca',
      'etcd-ca',
      '--allow-requested-names',
      '@etcd-server.csr',
      '--out',
      '@1',
    ];
    expect((await run(...byDirectory)).stdout).toContain(' etcd-ca ');
    const files = [
      '--ca-cert',
      '@pki/authorities/etcd/ca.crt',
      '--ca-key',
      '@pki/authorities/etcd/ca.key',
    ];
    const byFile = [
      'csr',
      'sign',
      '-f',
      '@cluster.yaml',
      ...files,
      '@etcd-server.csr',
      '--out',
      '@2',
    ];
    expect((await run(...byFile)).stderr).toContain('--ca-cert with -f needs --ca');
    expect((await run(...byFile, '--ca', 'etcd-ca')).code).toBe(0);
    const wrong = await run(...byFile.slice(0, -1), '@3', '--ca', 'ca');
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toContain('no credential within --ca ca has the common name "cp-1"');
  });

  it.each([
    [['@x.csr'], 'no CA to sign with'],
    [['@x.csr', '-d', '@pki'], '-d needs --ca'],
    [['@x.csr', '-d', '@pki', '--ca', 'ca.crt'], '--ca "ca.crt" is not the name of an authority'],
    [['@x.csr', '--ca-cert', '@ca.crt'], '--ca-cert needs --ca-key or --signer-command'],
    [
      ['@x.csr', '--ca-key', '@ca.key', '-f', '@cluster.yaml'],
      '--ca-key does not go with a directory',
    ],
    [['@x.csr', ...CA, '-d', '@pki'], '--directory does not go with --ca-cert'],
    [['@x.csr', ...CA, '--signer-command', 'x'], '--signer-command does not go with --ca-key'],
    [['@x.csr', '-f', '@cluster.yaml', '--allow-dns', 'x'], '--allow-dns does not go with -f'],
    [['@x.csr', '-f', '@cluster.yaml', '--policy', 'x'], '--policy does not go with -f'],
    [['@x.csr', '-f', '@cluster.yaml', '--usage', 'clientAuth'], '--usage does not go with -f'],
    [
      ['@x.csr', ...CA, '--policy', 'p', '--allow-requested-names'],
      '--allow-requested-names does not go with --policy',
    ],
    [['@x.csr', ...CA, '--host', 'cp-1'], '--host does not go with a signing without -f'],
    [['@x.csr', '@y.csr', ...CA, '--out', 'z'], '--out is for one request'],
    [['@x.csr', '@x.csr', ...CA], 'a request is named twice'],
    [['@x.csr', ...CA, '--out', '-', '-o', 'json'], '-o json does not go with'],
    [['@x.csr', ...CA, '--out', 'a', '--out-dir', 'b'], '--out-dir does not go with --out'],
    [['@x.csr', ...CA, '--validity', 'soon'], '--validity: not a length of time'],
    [['@x.csr', ...CA, '--allow-dns', '*'], '--allow-dns "*" is not understood'],
    [['@x.csr', ...CA, '--allow-ip', '10.0.0.1/8'], '--allow-ip "10.0.0.1/8" is not understood'],
    [
      ['@x.csr', ...CA, '--allow-key-algorithm', 'DSA'],
      '--allow-key-algorithm "DSA" is not understood',
    ],
    [['@x.csr', '-f', '@cluster.yaml', '--host', 'x'], 'no host "x" in the cluster file'],
    [[], "missing required argument 'file'"],
  ])('refuses %j as wrong usage', async (args, said) => {
    const { run, path } = emptyPlace();
    for (const name of ['x.csr', 'y.csr', 'p']) writeFileSync(path(name), '');
    expect(await run('csr', 'sign', ...args)).toEqual({
      code: 64,
      stdout: '',
      stderr: expect.stringContaining(said),
    });
  });
});
