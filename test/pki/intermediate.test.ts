/** A CA under a company's root: its file is judged, and each gets of it what it may trust. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseKubeconfig } from '../../src/kubernetes/index.ts';
import { bundle } from '../../src/pki/index.ts';
import {
  type Certificate,
  type CertificateTemplate,
  commonName,
  encodePem,
  encodePrivateKey,
  readCertificates,
  selfSign,
} from '../../src/x509/index.ts';
import { temporaryDirectory } from '../temporary.ts';
import { type ExternalCa, install, root, sign, signAll, under } from './external-ca.ts';
import { type Fixture, later, lines, NOW, pki, snapshot } from './fixture.ts';

const CP = 'hosts/cp-1/etc/kubernetes';

const names = (pem: string | Uint8Array): string[] =>
  readCertificates(pem).map(({ subject }: Certificate) => commonName(subject) ?? '');

interface Company {
  readonly own: Fixture;
  readonly top: ExternalCa;
  readonly middle: ExternalCa;
  readonly ca: ExternalCa;
}

/** A cluster CA under a middle one under the company's root, its key here or not. */
function company(withKey: boolean, spec: Record<string, unknown> = {}): Company {
  const top = root();
  const middle = under(top, 'Company Middle');
  const ca = under(middle, 'kubernetes', { basicConstraints: { ca: true, pathLength: 0 } });
  const own = pki(spec);
  install(own.directory, 'ca.crt', ca.pem, middle.pem, top.pem);
  if (withKey) {
    writeFileSync(own.path('authorities/ca.key'), encodePrivateKey(ca.key), { mode: 0o600 });
  }
  return { own, top, middle, ca };
}

/** What plan says of an authority with this file. */
async function judged(
  chain: readonly string[],
  spec: Record<string, unknown> = {},
  now = NOW,
): Promise<string> {
  const own = pki(spec);
  install(own.directory, 'ca.crt', ...chain);
  return lines(await own.plan(now), own.directory)[0] ?? '';
}

describe.each([
  ['whose key is here', true],
  ['whose key is elsewhere', false],
])('an intermediate CA %s', (_, withKey) => {
  async function complete(): Promise<Company> {
    const all = company(withKey, { kubeletCertificates: 'files' });
    await all.own.apply();
    signAll(all.ca, all.own.directory);
    const report = await all.own.apply();
    expect(report.counts.refuse).toBe(0);
    expect((await all.own.plan()).counts).toMatchObject({ create: 0, wait: 0, take: 0, refuse: 0 });
    return all;
  }

  it('stands alone in what decides who may speak for whom', async () => {
    const { own, ca } = await complete();
    for (const host of ['cp-1', 'worker-1'])
      expect(own.read(`hosts/${host}/etc/kubernetes/pki/ca.crt`)).toBe(ca.pem);
    // Nothing but kubeconfigs, who look for the server, holds the company's root.
    for (const [name, content] of snapshot(own.directory)) {
      if (!name.startsWith('hosts/') || !name.endsWith('.crt')) continue;
      expect([name, names(content.slice(4))]).not.toEqual([
        name,
        expect.arrayContaining(['Company Root']),
      ]);
    }
  });

  it('is sent along by servers, with what is between it and the root', async () => {
    const { own } = await complete();
    expect(names(own.read(`${CP}/pki/apiserver.crt`))).toEqual([
      'kube-apiserver',
      'kubernetes',
      'Company Middle',
    ]);
    expect(names(own.read('hosts/worker-1/var/lib/kubelet/pki/kubelet.crt'))).toEqual([
      'system:node:worker-1',
      'kubernetes',
      'Company Middle',
    ]);
    expect(names(own.read(`${CP}/pki/apiserver-kubelet-client.crt`))).toEqual([
      'kube-apiserver-kubelet-client',
    ]);
  });

  it('is trusted by kubeconfigs with all that stands above it', async () => {
    const { own } = await complete();
    const config = parseKubeconfig(own.read('admin/admin.conf'), 'admin.conf');
    const [cluster] = config.clusters.values();
    const [user] = config.users.values();
    expect(names(cluster?.certificateAuthorityData ?? new Uint8Array())).toEqual([
      'kubernetes',
      'Company Middle',
      'Company Root',
    ]);
    expect(names(user?.clientCertificateData ?? new Uint8Array())).toEqual(['kubernetes-admin']);
  });

  it('says nothing about a file that is as it shall be', async () => {
    const { own } = await complete();
    const said = lines(await own.plan(), own.directory);
    expect(said.filter((line) => !line.includes('its key is not here'))).toEqual([]);
  });
});

it('gives the control plane the one certificate that it signs with, and its key', async () => {
  const { own, ca } = company(true);
  await own.apply();
  expect(own.read(`${CP}/pki/ca.crt`)).toBe(ca.pem);
  expect(existsSync(own.path(`${CP}/pki/ca.key`))).toBe(true);
});

it('keeps what was made before the issuers stood in the file', async () => {
  const { own, top, middle, ca } = company(true);
  install(own.directory, 'ca.crt', ca.pem);
  await own.apply();
  const before = snapshot(own.directory);
  install(own.directory, 'ca.crt', ca.pem, middle.pem, top.pem);
  const report = await own.apply();
  expect(report.counts).toMatchObject({ create: 0, take: 0, refuse: 0 });
  const after = snapshot(own.directory);
  for (const [name, content] of before)
    if (name !== 'authorities/ca.crt') expect(after.get(name)).toBe(content);
});

it('notes a server that sends itself alone', async () => {
  const { own, ca } = company(true);
  await own.apply();
  const path = own.path(`${CP}/pki/apiserver.crt`);
  const [leaf] = own.read(`${CP}/pki/apiserver.crt`).split(/(?<=-----END CERTIFICATE-----\n)/);
  writeFileSync(path, leaf ?? '');
  expect(lines(await own.plan(), own.directory)).toEqual([
    `keep ${CP}/pki/apiserver.crt: its file does not hold ca: clients that know only the root above it would not accept it`,
  ]);
  writeFileSync(path, `${leaf}${ca.pem}`);
  expect(lines(await own.plan(), own.directory)).toEqual([]);
});

it('notes a trust file on a host that lets the whole company in', async () => {
  const { own, top, ca } = company(true);
  await own.apply();
  const path = 'hosts/worker-1/etc/kubernetes/pki/ca.crt';
  writeFileSync(own.path(path), ca.pem + top.pem);
  expect(lines(await own.plan(), own.directory)[0]).toContain(
    `keep ${path}: trusts CN=Company Root,O=Company as well`,
  );
});

it('takes kubeconfigs that trust the root only, for servers send what is between', async () => {
  const { own, top } = company(true);
  await own.apply();
  const text = own.read(`${CP}/scheduler.conf`);
  const trusts = (pem: string): string =>
    text.replace(
      /certificate-authority-data: \S+/,
      `certificate-authority-data: ${Buffer.from(pem).toString('base64')}`,
    );
  writeFileSync(own.path(`${CP}/scheduler.conf`), trusts(top.pem));
  expect(lines(await own.plan(), own.directory)).toEqual([]);
  writeFileSync(own.path(`${CP}/scheduler.conf`), trusts(root('Other').pem));
  expect(lines(await own.plan(), own.directory)).toEqual([
    `refuse ${CP}/scheduler.conf: it trusts another CA than ca`,
  ]);
});

it('works with threads as without', async () => {
  const hosts = Array.from({ length: 40 }, (_, i) => ({
    name: `h-${i}`,
    addresses: [`10.0.0.${i + 1}`],
    roles: i === 0 ? ['control-plane', 'etcd'] : ['worker'],
  }));
  const { own } = company(true, { hosts, kubeletCertificates: 'files' });
  expect((await own.apply(NOW, { threads: 2 })).counts.refuse).toBe(0);
  expect(names(own.read('hosts/h-39/var/lib/kubelet/pki/kubelet.crt'))).toEqual([
    'system:node:h-39',
    'kubernetes',
    'Company Middle',
  ]);
  expect(lines(await own.plan(NOW, { threads: 2 }), own.directory)).toEqual([]);
});

describe('the file of an intermediate CA is refused', () => {
  const top = root();
  const middle = under(top, 'Company Middle');
  const ca = under(middle, 'kubernetes');

  it('out of order', async () => {
    expect(await judged([ca.pem, top.pem, middle.pem])).toBe(
      'refuse authorities/ca.crt: certificate 2 of its file, "Company Root", is not the issuer of "kubernetes", which is "Company Middle": the CA that signs comes first, then its issuer, and so on',
    );
  });

  it('with a root that has not issued it', async () => {
    expect(await judged([ca.pem, middle.pem, root('Other').pem])).toContain(
      'certificate 3 of its file, "Other", is not the issuer of "Company Middle", which is "Company Root"',
    );
    expect(await judged([ca.pem, middle.pem, root().pem])).toContain(
      'certificate 3 of its file, "Company Root", has the name of the issuer of "Company Middle" and another key',
    );
  });

  it('with the root first, and the CA that signs behind it', async () => {
    const reason =
      'refuse authorities/ca.crt: "kubernetes" behind it in its file is issued by it: the CA that signs comes first, then its issuer, and so on';
    const below = under(top, 'kubernetes');
    expect(await judged([top.pem, below.pem])).toBe(reason);
    expect(await judged([top.pem, root('Other').pem, below.pem])).toBe(reason);
  });

  it('with something behind the root', async () => {
    expect(await judged([ca.pem, middle.pem, top.pem, root('Other').pem])).toContain(
      'certificate 4 of its file, "Other", stands behind a root',
    );
  });

  const chainWith = (changes: Partial<CertificateTemplate>): string[] => {
    const above = root();
    const between = under(above, 'Company Middle', changes);
    return [under(between, 'kubernetes').pem, between.pem, above.pem];
  };

  it('where an issuer has expired, or is not valid yet', async () => {
    expect(await judged(chainWith({ notAfter: later(-1) }))).toContain(
      'certificate 2 of its file, "Company Middle", expired on 2027-02-28T12:00:00Z',
    );
    expect(await judged(chainWith({ notBefore: later(1) }))).toContain(
      'certificate 2 of its file, "Company Middle", not valid before',
    );
  });

  it('where an issuer may not have a CA below it', async () => {
    const none = chainWith({ basicConstraints: { ca: true, pathLength: 0 } });
    expect(await judged(none)).toMatch(
      /^refuse authorities\/ca\.crt: what it signs for .* would be refused: .*"Company Middle" .*path/i,
    );
  });

  it('where an issuer forbids what the CA shall sign', async () => {
    const clients = chainWith({ extendedKeyUsage: ['clientAuth'] });
    expect(await judged(clients)).toMatch(
      /^refuse authorities\/ca\.crt: what it signs for kube-apiserver would be refused: /,
    );
  });

  it('but not without the root, nor without any issuer', async () => {
    for (const chain of [[ca.pem], [ca.pem, middle.pem]])
      expect(await judged(chain)).toMatch(/^keep authorities\/ca\.crt: its key is not here/);
  });
});

it('notes, behind a root, what is not its issuer: the overlap of two roots', async () => {
  expect(await judged([root('kubernetes').pem, root('old').pem])).toContain(
    '"old" behind it in its file: not its issuer; hosts get the first only',
  );
});

it('takes the same root with other dates for such an overlap', async () => {
  const old = root('kubernetes', { notAfter: later(20) });
  const template = { ...old.certificate, notAfter: later(3000) };
  const renewed = selfSign(
    {
      subject: template.subject,
      notBefore: template.notBefore,
      notAfter: template.notAfter,
      basicConstraints: { ca: true },
      keyUsage: ['keyCertSign'],
      extendedKeyUsage: [],
    },
    old.key,
  );
  expect(await judged([old.pem, encodePem('CERTIFICATE', renewed)])).toMatch(
    /^keep authorities\/ca\.crt: .*not its issuer; hosts get the first only$/,
  );
});

describe('a CA that stands above another', () => {
  const top = root();
  const middle = under(top, 'Company Middle');
  const ca = under(middle, 'kubernetes');
  const direct = under(top, 'kubernetes');

  it.each([
    ['front-proxy-ca', 'front-proxy-ca.crt', [top], [ca, middle, top], 'could speak for any user'],
    ['front-proxy-ca', 'front-proxy-ca.crt', [top], [ca, middle], 'could speak for any user'],
    ['front-proxy-ca', 'front-proxy-ca.crt', [middle, top], [ca], 'could speak for any user'],
    ['etcd-ca', 'etcd/ca.crt', [top], [direct], 'could read and write all of etcd'],
  ] as const)('is refused as %s (%s)', async (_, file, upper, lower, reason) => {
    const own = pki();
    const pems = (chain: readonly ExternalCa[]): string[] => chain.map(({ pem }) => pem);
    mkdirSync(own.path('authorities/etcd'), { recursive: true });
    install(own.directory, 'ca.crt', ...pems(lower));
    install(own.directory, file, ...pems(upper));
    const said = lines(await own.apply(), own.directory);
    expect(said.filter((line) => line.startsWith('refuse authorities/'))).toEqual([
      `refuse authorities/${file}: it is an issuer of ca: whoever holds a certificate of that ${reason}`,
    ]);
    expect(existsSync(own.path(`${CP}/pki/${file}`))).toBe(false);
  });

  it('is refused by bundle, too', async () => {
    const own = pki();
    await own.apply();
    const above = root('front-proxy-ca');
    const below = under(above, 'kubernetes');
    install(own.directory, 'front-proxy-ca.crt', above.pem);
    install(own.directory, 'ca.crt', below.pem);
    writeFileSync(own.path(`${CP}/pki/front-proxy-ca.crt`), above.pem);
    const { leftOut, paths } = bundle({
      cluster: own.cluster,
      place: { kind: 'directory', directory: own.directory },
      host: 'cp-1',
      partial: true,
      mtime: 0,
      now: NOW,
    });
    expect(leftOut.map(({ reason }) => reason)).toContain(
      'it is an issuer of ca: whoever holds a certificate of that could speak for any user',
    );
    expect(paths).not.toContain('etc/kubernetes/pki/front-proxy-ca.crt');
  });

  it('may stand beside one of the same company', async () => {
    const own = pki();
    install(own.directory, 'ca.crt', ca.pem, middle.pem, top.pem);
    install(own.directory, 'front-proxy-ca.crt', under(middle, 'proxy').pem, middle.pem, top.pem);
    expect((await own.apply()).counts.refuse).toBe(0);
  });
});

it('judges leaves through all that stands above them', async () => {
  const { own, ca } = company(false);
  await own.apply();
  const request = readFileSync(own.path(`${CP}/pki/apiserver.csr`), 'utf8');
  writeFileSync(own.path(`${CP}/pki/apiserver.crt`), sign(ca, request));
  expect((await own.apply()).counts).toMatchObject({ take: 1, refuse: 0 });
});

describe('on a machine itself, where the file of the CA is the trust file', () => {
  it('notes that the company is let in, and refuses it where kube-controller-manager signs with it', async () => {
    for (const withKey of [false, true]) {
      const directory = temporaryDirectory();
      const { own: admin, ca, middle } = company(true, { caKeys: 'controlPlane' });
      await admin.apply();
      const place = { kind: 'machine' as const, host: 'cp-1', root: admin.path('hosts/cp-1') };
      const own = pki({ caKeys: 'controlPlane' }, directory, place);
      writeFileSync(admin.path(`${CP}/pki/ca.crt`), ca.pem + middle.pem);
      if (!withKey) rmSync(admin.path(`${CP}/pki/ca.key`));
      const [line] = lines(await own.plan(), admin.directory);
      expect(line).toContain(
        withKey
          ? 'refuse hosts/cp-1/etc/kubernetes/pki/ca.crt: it holds 2 certificates; kube-controller-manager signs'
          : 'trusts CN=Company Middle,O=Company as well',
      );
    }
  });

  it.each([
    ['where its key is', true],
    ['where its key is elsewhere', false],
  ])('refuses it for front proxies, %s', async (_, withKey) => {
    const top = root();
    const middle = under(top, 'Company Middle');
    const proxy = under(middle, 'front-proxy-ca');
    const said =
      'stands behind it in the file that kube-apiserver trusts: whoever holds a certificate of that could speak for any user';

    const admin = pki();
    await admin.apply();
    const place = { kind: 'machine' as const, host: 'cp-1', root: admin.path('hosts/cp-1') };
    const own = pki({}, temporaryDirectory(), place);
    const files = {
      ca: { certificate: 'ca.crt', key: 'ca.key' },
      'front-proxy-ca': { certificate: 'proxy.crt', key: 'proxy.key' },
    };
    const custom = pki({ layout: 'custom', files });
    const places = [
      [own, admin.path(`${CP}/pki/front-proxy-ca`)],
      [custom, custom.path('proxy')],
    ] as const;
    for (const [fixture, path] of places) {
      writeFileSync(`${path}.crt`, proxy.pem + middle.pem + top.pem);
      if (withKey) writeFileSync(`${path}.key`, encodePrivateKey(proxy.key), { mode: 0o600 });
      const line = (await fixture.plan()).steps.find((step) => step.path === `${path}.crt`);
      expect([line?.action, line?.reason]).toEqual([
        'refuse',
        `CN=Company Middle,O=Company ${said}; leave the CA alone in it`,
      ]);
      writeFileSync(`${path}.crt`, proxy.pem);
      const alone = (await fixture.plan()).steps.find((step) => step.path === `${path}.crt`);
      expect([alone?.action, alone?.reason]).toEqual(['keep', undefined]);
    }
  });
});
