import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { chooseCredentials, deleteBootstrapKubeconfig } from '../../src/node/bootstrap.ts';
import { DISK } from '../../src/node/disk.ts';
import { CertificateStore } from '../../src/node/store.ts';
import {
  encodePem,
  encodePrivateKey,
  generatePrivateKey,
  makeName,
  type PrivateKey,
} from '../../src/x509/index.ts';
import { temporaryDirectory } from '../temporary.ts';
import { makeAuthority } from './fake-api.ts';

const NOW = new Date('2026-03-01T10:00:00Z');
const HOUR = 3_600_000;
const authority = makeAuthority(NOW);
const base64 = (text: string): string => Buffer.from(text).toString('base64');

function makePair(notAfter = new Date(NOW.getTime() + HOUR)): { pem: string; key: PrivateKey } {
  const key = generatePrivateKey('ECDSA-P256');
  const der = authority.issuer.issue(
    {
      subject: makeName({ organizations: ['system:nodes'], commonName: 'system:node:worker-1' }),
      notBefore: new Date(NOW.getTime() - 2 * HOUR),
      notAfter,
      basicConstraints: { ca: false },
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: ['clientAuth'],
    },
    key.spki,
  );
  return { pem: encodePem('CERTIFICATE', der), key };
}

const kubeconfigText = (
  user: string,
  cluster = `certificate-authority-data: ${base64(authority.pem)}`,
) => `
apiVersion: v1
kind: Config
clusters: [{ name: c, cluster: { server: "https://api.test:6443", ${cluster} } }]
users: [{ name: u, user: { ${user} } }]
contexts: [{ name: x, context: { cluster: c, user: u } }]
current-context: x
`;

function arrange() {
  const dir = temporaryDirectory();
  const files = {
    kubeconfig: join(dir, 'etc/kubelet.conf'),
    bootstrapKubeconfig: join(dir, 'bootstrap.conf'),
    certDir: join(dir, 'pki'),
  };
  mkdirSync(join(dir, 'etc'));
  writeFileSync(files.bootstrapKubeconfig, kubeconfigText('token: abcdef.0123456789abcdef'));
  const choose = async (
    options: Partial<typeof files> & { bootstrapKubeconfig?: string } = files,
  ) =>
    chooseCredentials(
      { nodeName: 'worker-1', kubeconfig: files.kubeconfig, certDir: files.certDir, ...options },
      { now: () => NOW, disk: DISK },
    );
  const store = new CertificateStore({
    directory: files.certDir,
    prefix: 'kubelet-client',
    now: () => NOW,
  });
  const writePointing = (): void =>
    writeFileSync(
      files.kubeconfig,
      kubeconfigText(`client-certificate: ${store.currentPath}, client-key: ${store.currentPath}`),
    );
  return { dir, files, choose, store, writePointing };
}

describe('a node that has nothing but a bootstrap kubeconfig', () => {
  it('asks with that, and writes a kubeconfig for the certificate to come', async () => {
    const { files, choose } = arrange();
    const chosen = await choose();
    expect(chosen).toMatchObject({
      source: 'bootstrap',
      renewNow: true,
      written: true,
      initial: { server: 'https://api.test:6443', token: 'abcdef.0123456789abcdef' },
      server: { server: 'https://api.test:6443', certificateAuthority: authority.pem },
    });
    expect(chosen.pair).toBeUndefined();
    expect(chosen.server).not.toHaveProperty('token');
    const pem = join(files.certDir, 'kubelet-client-current.pem');
    expect(readFileSync(files.kubeconfig, 'utf8')).toBe(`apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: ${base64(authority.pem)}
    server: https://api.test:6443
  name: default-cluster
contexts:
- context:
    cluster: default-cluster
    namespace: default
    user: default-auth
  name: default-context
current-context: default-context
kind: Config
users:
- name: default-auth
  user:
    client-certificate: ${pem}
    client-key: ${pem}
`);
    expect(statSync(files.kubeconfig).mode & 0o777).toBe(0o600);
    expect(existsSync(pem)).toBe(false);
  });

  it('keeps the file of the CA, the name to verify, and that nothing is verified', async () => {
    const { dir, files, choose } = arrange();
    writeFileSync(join(dir, 'ca.crt'), authority.pem);
    writeFileSync(
      files.bootstrapKubeconfig,
      kubeconfigText('token: t', 'certificate-authority: ca.crt, tls-server-name: api'),
    );
    await choose();
    const text = readFileSync(files.kubeconfig, 'utf8');
    expect(text).toContain(`certificate-authority: ${join(dir, 'ca.crt')}\n`);
    expect(text).toContain('tls-server-name: api\n');
    writeFileSync(
      files.bootstrapKubeconfig,
      kubeconfigText('token: t', 'insecure-skip-tls-verify: true'),
    );
    await choose();
    expect(readFileSync(files.kubeconfig, 'utf8')).toContain('insecure-skip-tls-verify: true\n');
  });

  it('takes its token from a file', async () => {
    const { dir, files, choose } = arrange();
    writeFileSync(join(dir, 'token'), ' from-file\n');
    writeFileSync(files.bootstrapKubeconfig, kubeconfigText('tokenFile: token'));
    expect((await choose()).initial.token).toBe('from-file');
  });

  it('starts the same after it was killed, and does not write what is there', async () => {
    const { choose } = arrange();
    await choose();
    expect(await choose()).toMatchObject({ source: 'bootstrap', written: false });
  });

  it('uses a certificate that is stored already', async () => {
    const { choose, store } = arrange();
    const { pem, key } = makePair();
    const { serial } = await store.update(pem, key);
    expect(await choose()).toMatchObject({
      source: 'bootstrap',
      renewNow: false,
      pair: { serial },
    });
  });
});

describe('a node that has a kubeconfig, too', () => {
  it('ignores the bootstrap kubeconfig while its certificate is valid', async () => {
    const { files, choose, store, writePointing } = arrange();
    const { pem, key } = makePair();
    const { serial } = await store.update(pem, key);
    writePointing();
    const before = readFileSync(files.kubeconfig, 'utf8');
    writeFileSync(files.bootstrapKubeconfig, 'garbage: [');
    expect(await choose()).toMatchObject({
      source: 'kubeconfig',
      renewNow: false,
      written: false,
      pair: { serial },
    });
    expect(readFileSync(files.kubeconfig, 'utf8')).toBe(before);
  });

  it.each<[string, (all: ReturnType<typeof arrange>) => Promise<void> | void, string]>([
    ['is no YAML', ({ files }) => writeFileSync(files.kubeconfig, 'a: ['), 'kubelet.conf'],
    [
      'leads to a certificate that is not there',
      ({ writePointing }) => writePointing(),
      'no such file',
    ],
    [
      'leads to a certificate that has expired',
      async ({ store, writePointing }) => {
        const { pem, key } = makePair(new Date(NOW.getTime() - HOUR));
        await store.update(pem, key);
        writePointing();
      },
      'expired 2026-03-01T09:00:00.000Z',
    ],
    [
      'holds no certificate',
      ({ files }) => writeFileSync(files.kubeconfig, kubeconfigText('token: t')),
      'no client certificate',
    ],
    [
      'holds the key of another certificate',
      ({ files }) =>
        writeFileSync(
          files.kubeconfig,
          kubeconfigText(
            `client-certificate-data: ${base64(makePair().pem)}, client-key-data: ${base64(encodePrivateKey(makePair().key))}`,
          ),
        ),
      'of another key',
    ],
  ])('bootstraps again where that %s', async (_, prepare, why) => {
    const all = arrange();
    await prepare(all);
    expect(await all.choose()).toMatchObject({
      source: 'bootstrap',
      renewNow: true,
      written: true,
      because: expect.stringContaining(why),
    });
  });

  it('cannot start where neither is good, and says what to do', async () => {
    const { files, choose, dir } = arrange();
    await expect(
      choose({ ...files, bootstrapKubeconfig: join(dir, 'none.conf') }),
    ).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: `the bootstrap kubeconfig ${join(dir, 'none.conf')}: no such file`,
      hint: expect.stringContaining('kubepki token create'),
    });
    expect(existsSync(files.kubeconfig)).toBe(false);
  });

  it('that are one file is refused', async () => {
    const { files, choose } = arrange();
    await expect(choose({ ...files, kubeconfig: files.bootstrapKubeconfig })).rejects.toMatchObject(
      {
        code: 'USAGE',
      },
    );
    expect(existsSync(files.bootstrapKubeconfig)).toBe(true);
  });

  it('and a store that cannot be read does not start', async () => {
    const { files, choose } = arrange();
    mkdirSync(files.certDir);
    writeFileSync(join(files.certDir, 'kubelet-client-current.pem'), 'torn');
    await expect(choose()).rejects.toMatchObject({ code: 'DAMAGED_STATE' });
  });
});

describe('a node without a bootstrap kubeconfig', () => {
  const alone = ({ kubeconfig, certDir }: ReturnType<typeof arrange>['files']) => ({
    kubeconfig,
    certDir,
  });

  it('puts what its kubeconfig holds into the store, to be replaced at once', async () => {
    const { files, choose, store } = arrange();
    const { pem, key } = makePair();
    writeFileSync(
      files.kubeconfig,
      kubeconfigText(
        `client-certificate-data: ${base64(pem)}, client-key-data: ${base64(encodePrivateKey(key))}`,
      ),
    );
    const chosen = await choose(alone(files));
    expect(chosen).toMatchObject({ source: 'kubeconfig', renewNow: true });
    expect(chosen.pair?.certificatePem).toBe(pem);
    expect(store.current()?.certificatePem).toBe(pem);
    // The next start finds it in the store.
    expect(await choose(alone(files))).toMatchObject({ renewNow: false });
  });

  it('uses the files that its kubeconfig names', async () => {
    const { dir, files, choose } = arrange();
    const { pem, key } = makePair();
    writeFileSync(join(dir, 'etc/a.crt'), pem);
    writeFileSync(join(dir, 'etc/a.key'), encodePrivateKey(key));
    writeFileSync(files.kubeconfig, kubeconfigText('client-certificate: a.crt, client-key: a.key'));
    const chosen = await choose(alone(files));
    expect(chosen.pair?.file).toBe(join(dir, 'etc/a.crt'));
    expect(chosen.renewNow).toBe(false);
  });

  it('asks with a token that its kubeconfig holds', async () => {
    const { files, choose } = arrange();
    writeFileSync(files.kubeconfig, kubeconfigText('token: t'));
    expect(await choose(alone(files))).toMatchObject({ renewNow: true, initial: { token: 't' } });
  });

  it.each([
    ['is not there', undefined, 'NOT_FOUND'],
    ['has no current-context', 'kind: Config', 'INVALID_VALUE'],
    [
      'leads to files that are not there',
      kubeconfigText('client-certificate: a, client-key: b'),
      'NOT_FOUND',
    ],
    [
      'runs a program',
      kubeconfigText('exec: { command: x, apiVersion: client.authentication.k8s.io/v1 }'),
      'UNSUPPORTED',
    ],
    ['has a password', kubeconfigText('username: a, password: b'), 'UNSUPPORTED'],
    ['has a proxy', kubeconfigText('token: t', 'proxy-url: "http://p:1"'), 'UNSUPPORTED'],
    ['is no YAML', 'a: [', 'MALFORMED_DOCUMENT'],
  ])('does not start where its kubeconfig %s', async (_, text, code) => {
    const { files, choose } = arrange();
    if (text !== undefined) writeFileSync(files.kubeconfig, text);
    await expect(choose(alone(files))).rejects.toMatchObject({ code });
  });
});

describe('the bootstrap kubeconfig', () => {
  it('is deleted, once', async () => {
    const { files } = arrange();
    expect(await deleteBootstrapKubeconfig(files.bootstrapKubeconfig, DISK)).toBe(true);
    expect(existsSync(files.bootstrapKubeconfig)).toBe(false);
    expect(await deleteBootstrapKubeconfig(files.bootstrapKubeconfig, DISK)).toBe(false);
  });

  it('never shows its token in an error', async () => {
    const { files, choose } = arrange();
    writeFileSync(
      files.bootstrapKubeconfig,
      `${kubeconfigText('token: abcdef.0123456789abcdef')}\n:`,
    );
    const error: unknown = await choose().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'MALFORMED_DOCUMENT' });
    expect(String(error)).not.toContain('0123456789abcdef');
    chmodSync(files.bootstrapKubeconfig, 0o600);
  });
});
