/** A CA whose key is elsewhere: keys and requests go out, certificates are judged and taken up. */
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatKubeconfig, parseKubeconfig } from '../../src/kubernetes/index.ts';
import type { Report } from '../../src/pki/index.ts';
import { temporaryPath } from '../../src/pki/write.ts';
import {
  createRequest,
  decodePrivateKey,
  encodePem,
  generatePrivateKey,
  makeName,
  publicKeyId,
  readCertificates,
  readRequest,
  verifyRequest,
} from '../../src/x509/index.ts';
import { temporaryDirectory } from '../temporary.ts';
import { type ExternalCa, install, requests, root, sign, signAll } from './external-ca.ts';
import { type Fixture, later, lines, NO_STEPS, NOW, pki, snapshot } from './fixture.ts';

const CP = 'hosts/cp-1/etc/kubernetes';
const APISERVER = `${CP}/pki/apiserver`;
const SCHEDULER = `${CP}/scheduler.conf`;

/** A PKI whose cluster CA is somebody else's, as far as it comes without that somebody. */
async function asked(
  spec: Record<string, unknown> = {},
): Promise<{ ca: ExternalCa; own: Fixture }> {
  const ca = root();
  const own = pki(spec);
  install(own.directory, spec['layout'] === 'binary' ? 'ca.pem' : 'ca.crt', ca.pem);
  await own.apply();
  return { ca, own };
}

/** What plan says of one file, in one line. */
async function said(own: Fixture, file: string, now = NOW): Promise<string[]> {
  return lines(await own.plan(now), own.directory).filter((line) => line.includes(` ${file}: `));
}

describe('an authority without its key', () => {
  it('gives out a key and a request for each leaf, and waits', async () => {
    const { own } = await asked();
    const before = snapshot(own.directory);
    expect(requests(own.directory).map((path) => relative(own.directory, path))).toEqual([
      'admin/admin.conf.csr',
      'admin/super-admin.conf.csr',
      `${CP}/controller-manager.conf.csr`,
      `${CP}/kube-proxy.conf.csr`,
      `${APISERVER}-kubelet-client.csr`,
      `${APISERVER}.csr`,
      `${CP}/scheduler.conf.csr`,
      'hosts/worker-1/etc/kubernetes/kube-proxy.conf.csr',
    ]);
    for (const path of requests(own.directory)) {
      expect(verifyRequest(readRequest(readFileSync(path)))).toBe(true);
    }
    const again = await own.apply(later(1));
    expect(again.counts).toMatchObject({ create: 0, request: 0, wait: 8, take: 0, refuse: 0 });
    expect(snapshot(own.directory)).toEqual(before);
  });

  it('keeps keys and kubeconfigs from others, as for every key', async () => {
    const { own } = await asked();
    for (const [name, mode] of [
      [`${APISERVER}.key`, 0o600],
      [`${APISERVER}.csr`, 0o644],
      [SCHEDULER, 0o600],
      [`${SCHEDULER}.csr`, 0o644],
    ] as const)
      expect([name, statSync(own.path(name)).mode & 0o777]).toEqual([name, mode]);
  });

  it('asks for all that the certificate shall say, with the key beside it', async () => {
    const { own } = await asked();
    const request = readRequest(own.read(`${APISERVER}.csr`));
    expect(request).toMatchObject({
      subject: makeName({ commonName: 'kube-apiserver' }),
      keyUsage: ['digitalSignature'],
      extendedKeyUsage: ['serverAuth'],
      basicConstraints: { ca: false },
    });
    expect(request.subjectAltNames?.dns).toContain('api.test.example.com');
    expect(request.subjectAltNames?.ip).toEqual(['10.96.0.1', '172.16.10.11']);
    expect(publicKeyId(request.spki)).toBe(
      publicKeyId(decodePrivateKey(own.read(`${APISERVER}.key`)).spki),
    );
  });

  it('writes kubeconfigs that hold the key and no certificate yet', async () => {
    const { ca, own } = await asked();
    const config = parseKubeconfig(own.read(SCHEDULER), SCHEDULER);
    const [user] = config.users.values();
    const [cluster] = config.clusters.values();
    expect(Object.keys(user ?? {})).toEqual(['clientKeyData']);
    expect(Buffer.from(cluster?.certificateAuthorityData ?? []).toString()).toBe(ca.pem);
    const request = readRequest(own.read(`${SCHEDULER}.csr`));
    expect(publicKeyId(request.spki)).toBe(
      publicKeyId(decodePrivateKey(user?.clientKeyData ?? new Uint8Array()).spki),
    );
  });

  it('gives control planes no key to sign with, and calls nothing missing', async () => {
    const { ca, own } = await asked();
    signAll(ca, own.directory);
    await own.apply();
    expect(existsSync(own.path(`${CP}/pki/ca.key`))).toBe(false);
    expect(lines(await own.plan(), own.directory)).toEqual([
      'keep authorities/ca.crt: its key is not here: what it shall issue goes out as requests',
    ]);
  });

  it('says to programs where the requests lie, who shall sign and where answers are looked for', async () => {
    const { own } = await asked();
    const report = await own.plan();
    expect(report.steps.find(({ credential }) => credential === 'apiserver')).toMatchObject({
      action: 'wait',
      request: {
        path: own.path(`${APISERVER}.csr`),
        answers: [own.path(`${APISERVER}.crt`), own.path(`${APISERVER}.pem`)],
        issuer: 'ca',
        validity: 365 * 86_400,
      },
    });
  });

  it('names requests and answers after the files of the other layout', async () => {
    const { ca, own } = await asked({ layout: 'binary' });
    expect(requests(own.directory).map((path) => basename(path))).toEqual([
      'admin.kubeconfig.csr',
      'super-admin.kubeconfig.csr',
      'kube-controller-manager.kubeconfig.csr',
      'kube-scheduler.kubeconfig.csr',
      'apiserver-kubelet-client.csr',
      'apiserver.csr',
      'kube-proxy.kubeconfig.csr',
    ]);
    signAll(ca, own.directory);
    expect((await own.apply()).counts).toMatchObject({ take: 7, refuse: 0 });
    expect(requests(own.directory)).toEqual([]);
    expect(existsSync(own.path(`${CP}/pki/apiserver.crt`))).toBe(false);
    expect((await own.plan()).counts).toMatchObject({ ...NO_STEPS, keep: expect.any(Number) });
  });
});

describe('a certificate that comes back', () => {
  it('is taken up, and request and answer are removed', async () => {
    const { ca, own } = await asked();
    signAll(ca, own.directory);
    const report = await own.apply();
    expect(report.counts).toMatchObject({ create: 0, take: 8, refuse: 0 });
    const files = [...snapshot(own.directory).keys()];
    expect(files.filter((name) => /\.csr$|\.conf\.crt$/.test(name))).toEqual([]);
    const [user] = parseKubeconfig(own.read(SCHEDULER), SCHEDULER).users.values();
    expect(readCertificates(Buffer.from(user?.clientCertificateData ?? []))).toHaveLength(1);
    const before = snapshot(own.directory);
    const again = await own.apply(later(1));
    expect(again.counts).toMatchObject({ create: 0, request: 0, wait: 0, take: 0, refuse: 0 });
    expect(snapshot(own.directory)).toEqual(before);
  });

  it.each([
    ['X.crt, its own place', `${APISERVER}.crt`],
    ['X.pem', `${APISERVER}.pem`],
  ])('may lie there as %s', async (_, file) => {
    const { ca, own } = await asked();
    const answer = sign(ca, own.read(`${APISERVER}.csr`));
    writeFileSync(own.path(file), answer);
    const report = await own.apply();
    expect(report.counts).toMatchObject({ take: 1, wait: 7, refuse: 0 });
    expect(own.read(`${APISERVER}.crt`)).toBe(answer);
    expect([
      existsSync(own.path(`${APISERVER}.csr`)),
      existsSync(own.path(`${APISERVER}.pem`)),
    ]).toEqual([false, false]);
  });

  it('is written anew: what else the answer held goes nowhere', async () => {
    const { ca, own } = await asked();
    const answer = sign(ca, own.read(`${APISERVER}.csr`));
    writeFileSync(own.path(`${APISERVER}.crt`), `Certificate:\n    Data: …\n${answer}${ca.pem}`);
    await own.apply();
    expect(own.read(`${APISERVER}.crt`)).toBe(answer);
  });

  it('may come while others are waited for', async () => {
    const { ca, own } = await asked();
    writeFileSync(own.path(`${SCHEDULER}.pem`), sign(ca, own.read(`${SCHEDULER}.csr`)));
    expect((await own.apply()).counts).toMatchObject({ take: 1, wait: 7, refuse: 0 });
    expect(await said(own, SCHEDULER)).toEqual([]);
  });

  it('is the good one where several lie there', async () => {
    const { ca, own } = await asked();
    writeFileSync(own.path(`${SCHEDULER}.crt`), sign(root(), own.read(`${SCHEDULER}.csr`)));
    writeFileSync(own.path(`${SCHEDULER}.pem`), sign(ca, own.read(`${SCHEDULER}.csr`)));
    expect((await own.apply()).counts).toMatchObject({ take: 1, refuse: 0 });
    expect(existsSync(own.path(`${SCHEDULER}.crt`))).toBe(true);
  });

  it('may be valid for a day more than was asked for', async () => {
    const { ca, own } = await asked();
    const changes = { notBefore: later(-1.5), notAfter: later(364.5) };
    writeFileSync(own.path(`${APISERVER}.pem`), sign(ca, own.read(`${APISERVER}.csr`), changes));
    expect((await own.apply()).counts).toMatchObject({ take: 1, refuse: 0 });
  });
});

describe('a wrong answer', () => {
  const USER_UID = { type: '1.3.6.1.4.1.57683.2', value: '0' };
  type Wrong = (ca: ExternalCa, request: string) => string;
  const CASES: readonly (readonly [string, Wrong, string])[] = [
    [
      'another key',
      (ca, request) => sign(ca, request, {}, generatePrivateKey('ECDSA-P256').spki),
      'it is for another key',
    ],
    [
      'other names',
      (ca, request) => sign(ca, request, { subjectAltNames: { dns: ['kubernetes'] } }),
      'does not cover ',
    ],
    [
      'another common name',
      (ca, request) => sign(ca, request, { subject: makeName({ commonName: 'somebody' }) }),
      'its common name is "somebody", wanted is "kube-apiserver"',
    ],
    [
      'a group that nobody asked for',
      (ca, request) =>
        sign(ca, request, {
          subject: makeName({ commonName: 'kube-apiserver', organizations: ['system:masters'] }),
        }),
      'its organizations are system:masters, wanted are none',
    ],
    [
      'other usages',
      (ca, request) => sign(ca, request, { extendedKeyUsage: ['clientAuth'] }),
      'not made for serverAuth',
    ],
    ['another CA', (_, request) => sign(root('Other'), request), 'issued by "Other", not by ca'],
    [
      'another CA of the same name',
      (_, request) => sign(root(), request),
      'its signature does not verify with ca',
    ],
    [
      'a CA certificate',
      (ca, request) => sign(ca, request, { basicConstraints: { ca: true } }),
      'it is a CA certificate',
    ],
    [
      'an expired certificate',
      (ca, request) => sign(ca, request, { notBefore: later(-9), notAfter: later(-2) }),
      'expired on 2027-02-27T12:00:00Z',
    ],
    [
      'a certificate of the future',
      (ca, request) => sign(ca, request, { notBefore: later(1) }),
      'not valid before 2027-03-02T12:00:00Z',
    ],
    [
      "a user's UID",
      (ca, request) =>
        sign(ca, request, { subject: [[USER_UID], ...makeName({ commonName: 'kube-apiserver' })] }),
      "its subject holds a user's UID, which nobody asked for",
    ],
    [
      'two common names',
      (ca, request) =>
        sign(ca, request, {
          subject: [
            ...makeName({ commonName: 'system:anybody' }),
            ...makeName({ commonName: 'kube-apiserver' }),
          ],
        }),
      'it has 2 common names',
    ],
    [
      "a CA's key usage",
      (ca, request) =>
        sign(ca, request, { keyUsage: ['digitalSignature', 'keyCertSign', 'cRLSign'] }),
      "its key usage holds keyCertSign and cRLSign, which is a CA's",
    ],
    [
      'more names',
      (ca, request) =>
        sign(ca, request, {
          subjectAltNames: {
            ...readRequest(request).subjectAltNames,
            email: ['root@example.com'],
            ip: [...(readRequest(request).subjectAltNames?.ip ?? []), '192.0.2.1'],
          },
        }),
      'covers 192.0.2.1, root@example.com, which nobody asked for',
    ],
    [
      'more usages',
      (ca, request) => sign(ca, request, { extendedKeyUsage: ['serverAuth', 'clientAuth'] }),
      'made for clientAuth as well; asked for was serverAuth',
    ],
    [
      'any usage',
      (ca, request) => sign(ca, request, { extendedKeyUsage: [] }),
      'may be used for any purpose; asked for was serverAuth',
    ],
    [
      'a longer life',
      (ca, request) => sign(ca, request, { notAfter: later(3000) }),
      'valid for 3001 days, wanted are 365 days',
    ],
    ['no certificate', () => 'nothing', 'neither PEM nor'],
    [
      'a private key',
      (ca, request) => sign(ca, request) + PRIVATE,
      'it holds a private key as well',
    ],
  ];
  const PRIVATE = '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n';

  it.each(CASES)('with %s is refused with the reason, and left', async (_, wrong, reason) => {
    const { ca, own } = await asked();
    writeFileSync(own.path(`${APISERVER}.pem`), wrong(ca, own.read(`${APISERVER}.csr`)));
    const before = snapshot(own.directory);
    const report = await own.apply();
    const [line, ...others] = lines(report, own.directory).filter((text) =>
      text.startsWith('refuse'),
    );
    expect(others).toEqual([]);
    expect(line).toContain(`refuse ${APISERVER}.crt: apiserver.pem: `);
    expect(line).toContain(reason);
    expect(snapshot(own.directory)).toEqual(before);
  });

  it('beside a kubeconfig is refused too, and the kubeconfig stays without a certificate', async () => {
    const { ca, own } = await asked();
    const wrong = sign(ca, own.read(`${SCHEDULER}.csr`), {
      subject: makeName({ commonName: 'system:kube-controller-manager' }),
    });
    writeFileSync(own.path(`${SCHEDULER}.crt`), wrong);
    const before = snapshot(own.directory);
    expect(lines(await own.apply(), own.directory)).toContain(
      `refuse ${SCHEDULER}: scheduler.conf.crt: its common name is "system:kube-controller-manager", wanted is "system:kube-scheduler"`,
    );
    expect(snapshot(own.directory)).toEqual(before);
  });

  it('at the place of the certificate is refused as every wrong certificate is', async () => {
    const { own } = await asked();
    writeFileSync(own.path(`${APISERVER}.crt`), sign(root('Other'), own.read(`${APISERVER}.csr`)));
    expect(await said(own, `${APISERVER}.crt`)).toEqual([
      `refuse ${APISERVER}.crt: issued by "Other", not by ca`,
    ]);
  });

  it('there that allows more is refused as long as its request lies beside it, and noted afterwards', async () => {
    const { ca, own } = await asked();
    const request = own.read(`${APISERVER}.csr`);
    const { subjectAltNames: names } = readRequest(request);
    const changes = {
      subjectAltNames: { ...names, dns: [...(names?.dns ?? []), 'more.example.com'] },
      keyUsage: ['digitalSignature', 'keyCertSign'] as const,
    };
    writeFileSync(own.path(`${APISERVER}.crt`), sign(ca, request, changes));
    expect(await said(own, `${APISERVER}.crt`)).toEqual([
      `refuse ${APISERVER}.crt: its key usage holds keyCertSign, which is a CA's`,
    ]);
    rmSync(own.path(`${APISERVER}.csr`));
    expect(await said(own, `${APISERVER}.crt`)).toEqual([
      `keep ${APISERVER}.crt: its key usage holds keyCertSign, which is a CA's; covers more.example.com as well`,
    ]);
  });

  it.each([
    ["a user's UID", [[USER_UID]], "its subject holds a user's UID"],
    ['another common name', makeName({ commonName: 'system:admin' }), 'it has 2 common names'],
  ])('with %s is refused wherever it lies, whatever else it is', async (_, more, reason) => {
    const { ca, own } = await asked();
    const subject = [...more, ...makeName({ commonName: 'kube-apiserver' })];
    const request = own.read(`${APISERVER}.csr`);
    writeFileSync(own.path(`${APISERVER}.crt`), sign(ca, request, { subject }));
    rmSync(own.path(`${APISERVER}.csr`));
    expect((await said(own, `${APISERVER}.crt`))[0]).toContain(
      `refuse ${APISERVER}.crt: ${reason}`,
    );
  });

  it('in a kubeconfig that somebody has completed is refused as well', async () => {
    const { ca, own } = await asked();
    const request = own.read(`${SCHEDULER}.csr`);
    const config = parseKubeconfig(own.read(SCHEDULER), SCHEDULER);
    const [[name, user]] = [...config.users] as [[string, object]];
    const pem = sign(ca, request, { extendedKeyUsage: ['serverAuth', 'clientAuth'] });
    config.users.set(name, { ...user, clientCertificateData: Buffer.from(pem) });
    writeFileSync(own.path(SCHEDULER), formatKubeconfig(config));
    expect(await said(own, SCHEDULER)).toEqual([
      `refuse ${SCHEDULER}: made for serverAuth as well; asked for was clientAuth`,
    ]);
  });
});

describe('a request', () => {
  it('is made anew, for the same key, when other names are wanted', async () => {
    const { ca, own } = await asked();
    const key = own.read(`${APISERVER}.key`);
    const changed = pki({ apiServer: { extraSANs: ['new.example.com'] } }, own.directory);
    const report = await changed.apply();
    expect(lines(report, own.directory)).toContain(
      `request ${APISERVER}.crt: its request is made anew for the same key: it does not ask for the name "new.example.com"`,
    );
    expect(own.read(`${APISERVER}.key`)).toBe(key);
    expect(readRequest(own.read(`${APISERVER}.csr`)).subjectAltNames?.dns).toContain(
      'new.example.com',
    );
    signAll(ca, own.directory);
    expect((await changed.apply()).counts).toMatchObject({ take: 8, refuse: 0 });
  });

  it('is made anew beside an answer to the old one, which is named', async () => {
    const { ca, own } = await asked();
    writeFileSync(own.path(`${APISERVER}.pem`), sign(ca, own.read(`${APISERVER}.csr`)));
    const changed = pki({ apiServer: { extraSANs: ['new.example.com'] } }, own.directory);
    const [line] = lines(await changed.apply(), own.directory).filter((text) =>
      text.includes(APISERVER + '.crt'),
    );
    expect(line).toContain('made anew for the same key');
    expect(line).toContain('apiserver.pem: does not cover new.example.com');
    expect(existsSync(own.path(`${APISERVER}.pem`))).toBe(true);
  });

  it('is made anew beside a kubeconfig as well', async () => {
    const { own } = await asked();
    const before = own.read('admin/admin.conf');
    const changed = pki({ credentials: { admin: { organizations: ['ops'] } } }, own.directory);
    expect(lines(await changed.apply(), own.directory)).toContain(
      'request admin/admin.conf: its request is made anew for the same key: it does not ask for the organization "ops"',
    );
    expect(own.read('admin/admin.conf')).toBe(before);
    expect((await changed.plan()).counts).toMatchObject({ request: 0, wait: 8 });
  });

  it('of another program is good where it asks for the same, as kubeadm does it', async () => {
    const { ca, own } = await asked();
    const key = decodePrivateKey(own.read(`${APISERVER}.key`));
    const { subject, subjectAltNames } = readRequest(own.read(`${APISERVER}.csr`));
    const template = { subject, ...(subjectAltNames === undefined ? {} : { subjectAltNames }) };
    const foreign = encodePem('CERTIFICATE REQUEST', createRequest(template, key));
    writeFileSync(own.path(`${APISERVER}.csr`), foreign);
    expect((await own.apply()).counts).toMatchObject({ request: 0, wait: 8 });
    expect(own.read(`${APISERVER}.csr`)).toBe(foreign);
    const usages = { extendedKeyUsage: ['serverAuth' as const] };
    writeFileSync(own.path(`${APISERVER}.pem`), sign(ca, foreign, usages));
    expect((await own.apply()).counts).toMatchObject({ take: 1, wait: 7, refuse: 0 });
    expect(existsSync(own.path(`${APISERVER}.csr`))).toBe(false);
  });

  it('of another program that lies beside a certificate stays, as cfssl leaves it', async () => {
    const own = pki();
    await own.apply();
    const key = decodePrivateKey(own.read(`${APISERVER}.key`));
    const template = { subject: makeName({ commonName: 'kube-apiserver' }) };
    writeFileSync(
      own.path(`${APISERVER}.csr`),
      encodePem('CERTIFICATE REQUEST', createRequest(template, key)),
    );
    rmSync(own.path('authorities/ca.key'));
    const before = snapshot(own.directory);
    expect((await own.apply()).counts).toMatchObject({ take: 0, request: 0, refuse: 0 });
    expect(snapshot(own.directory)).toEqual(before);
  });

  it('for another key is made anew', async () => {
    const { own } = await asked();
    copyFileSync(own.path(`${SCHEDULER}.csr`), own.path(`${APISERVER}.csr`));
    expect(await said(own, `${APISERVER}.crt`)).toEqual([
      `request ${APISERVER}.crt: its request is made anew for the same key: it is for another key`,
    ]);
  });

  it('that is damaged is not overwritten', async () => {
    const { own } = await asked();
    writeFileSync(own.path(`${APISERVER}.csr`), 'my notes');
    const before = snapshot(own.directory);
    const [line] = lines(await own.apply(), own.directory).filter((text) =>
      text.startsWith('refuse'),
    );
    expect(line).toContain(`refuse ${APISERVER}.crt: apiserver.csr: `);
    expect(snapshot(own.directory)).toEqual(before);
  });

  it('whose key is gone is not overwritten', async () => {
    const { own } = await asked();
    rmSync(own.path(`${APISERVER}.key`));
    rmSync(own.path(SCHEDULER));
    const before = snapshot(own.directory);
    expect(lines(await own.apply(), own.directory)).toEqual(
      expect.arrayContaining([
        `refuse ${APISERVER}.crt: apiserver.csr is there, its key is not; remove it, and both are made anew`,
        `refuse ${SCHEDULER}: scheduler.conf.csr is there, its key is not; remove it, and both are made anew`,
      ]),
    );
    expect(snapshot(own.directory)).toEqual(before);
  });
});

describe('kubeconfigs of kubeadm certs generate-csr', () => {
  it('are completed: with the CA that they lack, and otherwise as they were', async () => {
    const { ca, own } = await asked();
    const config = parseKubeconfig(own.read(SCHEDULER), SCHEDULER);
    for (const cluster of config.clusters.values()) {
      delete cluster.certificateAuthorityData;
      cluster.server = 'https://lb.example.com:6443';
      cluster.tlsServerName = 'api.test.example.com';
    }
    writeFileSync(own.path(SCHEDULER), formatKubeconfig(config));
    signAll(ca, own.directory);
    expect((await own.apply()).counts).toMatchObject({ take: 8, refuse: 0 });
    const [cluster] = parseKubeconfig(own.read(SCHEDULER), SCHEDULER).clusters.values();
    expect(cluster).toMatchObject({
      server: 'https://lb.example.com:6443',
      tlsServerName: 'api.test.example.com',
    });
    expect(Buffer.from(cluster?.certificateAuthorityData ?? []).toString()).toBe(ca.pem);
  });

  it('that do not verify the server are refused', async () => {
    const { own } = await asked();
    const config = parseKubeconfig(own.read(SCHEDULER), SCHEDULER);
    for (const cluster of config.clusters.values()) cluster.insecureSkipTlsVerify = true;
    writeFileSync(own.path(SCHEDULER), formatKubeconfig(config));
    expect((await said(own, SCHEDULER))[0]).toContain('it does not verify the server');
  });
});

describe('when the key of the authority comes back', () => {
  it('the certificates are issued for the keys that are there, and the requests go', async () => {
    const { ca, own } = await asked();
    const key = own.read(`${APISERVER}.key`);
    const { encodePrivateKey } = await import('../../src/x509/index.ts');
    writeFileSync(own.path('authorities/ca.key'), encodePrivateKey(ca.key), { mode: 0o600 });
    const report = await own.apply();
    // Each leaf, and the key that the control plane signs with.
    expect(report.counts).toMatchObject({ create: 9, request: 0, wait: 0, refuse: 0 });
    expect(requests(own.directory)).toEqual([]);
    expect(own.read(`${APISERVER}.key`)).toBe(key);
    expect((await own.plan()).counts).toMatchObject({ create: 0, take: 0, refuse: 0 });
  });
});

describe('on a machine itself', () => {
  it('works where the CA lies on the machine, and with the directory of an administrator', async () => {
    for (const mounted of [false, true]) {
      const ca = root();
      const directory = temporaryDirectory();
      const place = {
        kind: 'machine' as const,
        host: 'cp-1',
        root: join(directory, 'root'),
        ...(mounted ? { directory } : {}),
      };
      const spec = { caKeys: 'controlPlane', frontProxy: false };
      const own = pki(spec, directory, place);
      if (mounted) {
        install(directory, 'ca.crt', ca.pem);
        const admin = pki(spec, directory);
        await admin.apply();
        rmSync(own.path('hosts'), { recursive: true });
      } else {
        const pkiDirectory = join(directory, 'root/etc/kubernetes/pki');
        mkdirSync(pkiDirectory, { recursive: true });
        writeFileSync(join(pkiDirectory, 'ca.crt'), ca.pem);
      }
      expect((await own.apply()).counts).toMatchObject({ request: 7, refuse: 0 });
      signAll(ca, join(directory, 'root'));
      expect((await own.apply()).counts).toMatchObject({ take: 7, refuse: 0 });
      expect((await own.plan()).counts).toMatchObject({ create: 0, take: 0, wait: 0, refuse: 0 });
      expect(requests(join(directory, 'root'))).toEqual([]);
    }
  });
});

describe('in worker threads', () => {
  it('asks and takes up as without', async () => {
    const hosts = Array.from({ length: 40 }, (_, i) => ({
      name: `h-${i}`,
      addresses: [`10.0.0.${i + 1}`],
      roles: i === 0 ? ['control-plane', 'etcd'] : ['worker'],
    }));
    const ca = root();
    const own = pki({ hosts });
    install(own.directory, 'ca.crt', ca.pem);
    expect((await own.apply(NOW, { threads: 2 })).counts).toMatchObject({ request: 46, refuse: 0 });
    signAll(ca, own.directory);
    expect((await own.apply(NOW, { threads: 2 })).counts).toMatchObject({ take: 46, refuse: 0 });
    expect((await own.plan(NOW, { threads: 2 })).counts).toMatchObject({ take: 0, refuse: 0 });
  });
});

/** Every state that a run leaves when it ends at some instant: each file of a batch may be in place or not, in the order of the rounds. */
describe('a run that ends at any instant', () => {
  const isKey = (name: string): boolean => /\.key$|\.conf$/.test(name);

  /** Copies a directory with only some of its files. */
  function part(from: Fixture, keep: (name: string) => boolean): Fixture {
    const directory = temporaryDirectory();
    cpSync(from.directory, directory, {
      recursive: true,
      filter: (path) => !statSync(path).isFile() || keep(relative(from.directory, path)),
    });
    return pki({}, directory);
  }

  async function converges(own: Fixture, ca: ExternalCa): Promise<Report> {
    const first = await own.apply();
    expect(lines(first, own.directory).filter((line) => line.startsWith('refuse'))).toEqual([]);
    signAll(ca, own.directory);
    await own.apply();
    const report = await own.plan();
    expect(report.counts).toMatchObject({ create: 0, request: 0, wait: 0, take: 0, refuse: 0 });
    const rest = [...snapshot(own.directory).keys()].filter((name) =>
      /csr$|conf.crt$|tmp$/.test(name),
    );
    expect(rest).toEqual([]);
    return report;
  }

  it('while keys and requests are written: the next run makes what is missing', async () => {
    const { ca, own } = await asked();
    const names = [...snapshot(own.directory).keys()].filter((name) =>
      /hosts\/.*(apiserver\.|apiserver-kubelet|\.conf)/.test(name),
    );
    const keys = names.filter(isKey);
    for (let cut = 0; cut <= names.length; cut++) {
      // Keys one by one, then the rest one by one.
      const order = [...keys, ...names.filter((name) => !isKey(name))];
      const there = new Set(order.slice(0, cut));
      const one = part(own, (name) => !names.includes(name) || there.has(name));
      await converges(one, ca);
    }
  });

  it('while a certificate is taken up: the next run takes it up', async () => {
    const { ca, own } = await asked();
    const waiting = snapshot(own.directory);
    signAll(ca, own.directory);
    writeFileSync(own.path(`${APISERVER}.pem`), own.read(`${APISERVER}.crt`));
    const before = part(own, () => true);
    await own.apply();
    // Where the new file is in place and what has served is not removed yet, in the order of the removal.
    for (const [target, answers, request] of [
      [`${APISERVER}.crt`, [`${APISERVER}.pem`], `${APISERVER}.csr`],
      [SCHEDULER, [`${SCHEDULER}.crt`], `${SCHEDULER}.csr`],
    ] as const) {
      const states: Fixture[] = [];
      // What a killed run leaves of a file that it was about to put in place.
      const half = part(before, () => true);
      writeFileSync(temporaryPath(half.path(target)), 'half of a file');
      if (target === SCHEDULER) states.push(half);
      for (const removed of [[], answers, [...answers, request]]) {
        const state = part(before, (name) => !(removed as readonly string[]).includes(name));
        copyFileSync(own.path(target), state.path(target));
        states.push(state);
      }
      for (const state of states) {
        await converges(state, ca);
        const content = state.read(target);
        expect(content.length).toBe(own.read(target).length);
        expect(state === half || content === own.read(target)).toBe(true);
      }
    }
    expect(waiting.has(`${APISERVER}.csr`)).toBe(true);
  });

  it('does not take what somebody has changed since it was looked at', async () => {
    const { ca, own } = await asked();
    signAll(ca, own.directory);
    const { writeNewFiles } = await import('../../src/pki/write.ts');
    const path = own.path(SCHEDULER);
    const found = readFileSync(path);
    renameSync(path, `${path}.old`);
    writeFileSync(path, 'changed');
    await expect(
      writeNewFiles([{ path, content: 'new', mode: 0o600, replaces: found }], { files: 0 }),
    ).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(readFileSync(path, 'utf8')).toBe('changed');
  });
});
