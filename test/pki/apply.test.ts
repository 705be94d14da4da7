import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatKubeconfig, parseKubeconfig } from '../../src/kubernetes/index.ts';
import { temporaryPath } from '../../src/pki/write.ts';
import {
  type CertificateTemplate,
  commonName,
  decodePrivateKey,
  encodePem,
  encodePrivateKey,
  generatePrivateKey,
  keysMatch,
  makeName,
  readCertificates,
  selfSign,
} from '../../src/x509/index.ts';
import { temporaryDirectory } from '../temporary.ts';
import { later, lines, NO_STEPS, NOW, pki, snapshot } from './fixture.ts';

const HOST = 'hosts/cp-1/etc/kubernetes';
const APISERVER = `${HOST}/pki/apiserver.crt`;

describe('apply', () => {
  it('makes what plan says, and nothing the second time', async () => {
    const fixture = pki();
    const planned = await fixture.plan();
    const applied = await fixture.apply();
    expect(applied).toEqual(planned);
    expect(applied.counts.create).toBeGreaterThan(20);
    const before = snapshot(fixture.directory);
    const again = await fixture.apply(later(1));
    expect(again.counts).toEqual({ ...NO_STEPS, keep: applied.counts.create });
    expect(snapshot(fixture.directory)).toEqual(before);
  });

  it('writes certificates that begin five minutes ago and live as long as asked', async () => {
    const fixture = pki({ validity: { ca: '5y', leaf: '90d' } });
    await fixture.apply();
    const [ca] = readCertificates(fixture.read('authorities/ca.crt'));
    const [leaf] = readCertificates(fixture.read(APISERVER));
    const start = new Date('2027-03-01T11:55:00Z');
    expect([ca?.notBefore, ca?.notAfter]).toEqual([
      start,
      new Date(NOW.getTime() + 5 * 365 * 86_400_000),
    ]);
    expect([leaf?.notBefore, leaf?.notAfter]).toEqual([start, later(90)]);
  });

  it('gives every host keys of its own', async () => {
    const fixture = pki({ kubeletCertificates: 'files' });
    await fixture.apply();
    const keys = [...snapshot(fixture.directory)]
      .filter(([name]) => name.endsWith('.key') && !/(ca|sa)\.key$/.test(name))
      .map(([, content]) => content);
    const embedded = [...snapshot(fixture.directory)].flatMap(([name, content]) =>
      name.endsWith('.conf') ? (content.match(/client-key-data: \S+/g) ?? []) : [],
    );
    expect(new Set([...keys, ...embedded]).size).toBe(keys.length + embedded.length);
  });

  it('never lets a leaf end after its CA, nor begin before it', async () => {
    const fixture = pki({ validity: { ca: '30d', leaf: '30d' } });
    await fixture.apply();
    rmSync(fixture.path(APISERVER));
    rmSync(fixture.path(`${HOST}/pki/apiserver.key`));
    await fixture.apply(later(20));
    const [ca] = readCertificates(fixture.read('authorities/ca.crt'));
    const [leaf] = readCertificates(fixture.read(APISERVER));
    expect(leaf?.notAfter).toEqual(ca?.notAfter);
  });

  it('makes a certificate for a key that is there without one', async () => {
    const fixture = pki();
    await fixture.apply();
    const key = fixture.read(`${HOST}/pki/apiserver.key`);
    rmSync(fixture.path(APISERVER));
    const report = await fixture.apply();
    expect(lines(report, fixture.directory)).toEqual([
      `create ${APISERVER}: its key is there, the certificate is not`,
    ]);
    expect(fixture.read(`${HOST}/pki/apiserver.key`)).toBe(key);
    const [certificate] = readCertificates(fixture.read(APISERVER));
    expect(certificate !== undefined && keysMatch(certificate, decodePrivateKey(key))).toBe(true);
  });

  it.each(['authorities/ca.crt', 'authorities/sa.pub'])(
    'makes %s again from the key that is there',
    async (name) => {
      const fixture = pki();
      mkdirSync(fixture.path('authorities'));
      const other = pki();
      await other.apply();
      const key = name.replace(/\.(crt|pub)$/, '.key');
      copyFileSync(other.path(key), fixture.path(key));
      await fixture.apply();
      expect(fixture.read(key)).toBe(other.read(key));
      expect((await fixture.plan()).counts).toMatchObject({ create: 0, refuse: 0 });
    },
  );

  it('replaces the temporary file that a killed run left behind', async () => {
    const fixture = pki();
    const left = temporaryPath(fixture.path('authorities/ca.key'));
    mkdirSync(dirname(left), { recursive: true });
    writeFileSync(left, 'half a key');
    await fixture.apply();
    expect(
      [...snapshot(fixture.directory).keys()].filter((name) => name.includes('kubepki-tmp')),
    ).toEqual([]);
  });

  it('completes what is missing and touches nothing else', async () => {
    const fixture = pki();
    await fixture.apply();
    rmSync(fixture.path('hosts/worker-1'), { recursive: true });
    const before = snapshot(fixture.directory);
    const report = await fixture.apply(later(3));
    expect(report.counts).toMatchObject({ create: 2, refuse: 0 });
    const after = snapshot(fixture.directory);
    for (const [name, content] of before) expect(after.get(name)).toBe(content);
  });

  it('takes a host that is new in the cluster file', async () => {
    const fixture = pki();
    await fixture.apply();
    const hosts = [
      ...fixture.cluster.hosts,
      { name: 'worker-2', addresses: ['172.16.10.22'], roles: ['worker'] },
    ];
    const report = await pki({ hosts }, fixture.directory).apply();
    expect(lines(report, fixture.directory)).toEqual([
      'create hosts/worker-2/etc/kubernetes/pki/ca.crt: not there',
      'create hosts/worker-2/etc/kubernetes/kube-proxy.conf: not there',
    ]);
  });
});

describe('plan', () => {
  /** What plan says after a change to a complete PKI; nothing may have been written. */
  async function after(
    change: (fixture: ReturnType<typeof pki>) => unknown,
    spec = {},
    now = NOW,
  ): Promise<string[]> {
    const fixture = pki(spec);
    await fixture.apply();
    await change(fixture);
    const before = snapshot(fixture.directory);
    const planned = lines(await fixture.plan(now), fixture.directory);
    expect(
      lines(await fixture.apply(now), fixture.directory).filter(
        (line) => !line.startsWith('create'),
      ),
    ).toEqual(planned.filter((line) => !line.startsWith('create')));
    for (const [name, content] of before)
      expect([name, fixture.read(name)]).toEqual([name, content.slice(4)]);
    return planned;
  }

  it('writes nothing, not even a lock', async () => {
    const fixture = pki();
    await fixture.plan();
    expect([...snapshot(fixture.directory).keys()]).toEqual([]);
  });

  it('refuses a leaf of another CA, and says which', async () => {
    const planned = await after(async (fixture) => {
      const other = pki();
      await other.apply();
      for (const name of [APISERVER, `${HOST}/pki/apiserver.key`])
        copyFileSync(other.path(name), fixture.path(name));
    });
    expect(planned).toEqual([
      `refuse ${APISERVER}: its signature does not verify with ca: it is damaged, or issued by another CA of the name "kubernetes"`,
    ]);
  });

  it('refuses a certificate beside the key of another', async () => {
    const planned = await after((fixture) =>
      copyFileSync(
        fixture.path(`${HOST}/pki/apiserver-kubelet-client.key`),
        fixture.path(`${HOST}/pki/apiserver.key`),
      ),
    );
    expect(planned).toEqual([`refuse ${APISERVER}: certificate and key do not belong together`]);
  });

  it('refuses a certificate whose key is gone', async () => {
    const planned = await after((fixture) => rmSync(fixture.path(`${HOST}/pki/apiserver.key`)));
    expect(planned).toEqual([`refuse ${APISERVER}: the certificate is there, its key is not`]);
  });

  it('refuses what has expired, and says when', async () => {
    const planned = await after(
      () => undefined,
      { validity: { ca: '10y', leaf: '30d' } },
      later(31),
    );
    expect(planned.length).toBeGreaterThan(10);
    for (const line of planned)
      expect(line).toMatch(/^refuse .*: expired on 2027-03-31T12:00:00Z$/);
  });

  it('refuses to work before the CA begins, and names the clock', async () => {
    const planned = await after(() => undefined, {}, later(-1));
    expect(planned).toContain(
      "refuse authorities/ca.crt: not valid before 2027-03-01T11:55:00Z; this machine's clock says 2027-02-28T12:00:00Z",
    );
    expect(planned.every((line) => line.startsWith('refuse'))).toBe(true);
  });

  it('refuses a certificate that lacks a name which the cluster file wants now', async () => {
    const fixture = pki();
    await fixture.apply();
    const changed = pki(
      { apiServer: { extraSANs: ['new.example.com', '203.0.113.9'] } },
      fixture.directory,
    );
    expect(lines(await changed.plan(), fixture.directory)).toEqual([
      `refuse ${APISERVER}: does not cover new.example.com, 203.0.113.9`,
    ]);
  });

  it('keeps a certificate that covers more than is wanted, with a note', async () => {
    const fixture = pki({ apiServer: { extraSANs: ['old.example.com'] } });
    await fixture.apply();
    expect(lines(await pki({}, fixture.directory).plan(), fixture.directory)).toEqual([
      `keep ${APISERVER}: covers old.example.com as well`,
    ]);
  });

  it('keeps keys of another algorithm, with a note', async () => {
    const fixture = pki({ credentials: { scheduler: { keyAlgorithm: 'ECDSA-P384' } } });
    await fixture.apply();
    expect(lines(await pki({}, fixture.directory).plan(), fixture.directory)).toEqual([
      `keep ${HOST}/scheduler.conf: its key is ECDSA-P384, the cluster file says ECDSA-P256`,
    ]);
  });

  it('refuses another group than the cluster file wants', async () => {
    const fixture = pki();
    await fixture.apply();
    const changed = pki(
      { credentials: { 'apiserver-kubelet-client': { organizations: ['system:masters'] } } },
      fixture.directory,
    );
    expect(lines(await changed.plan(), fixture.directory)).toEqual([
      `refuse ${HOST}/pki/apiserver-kubelet-client.crt: its organizations are none, wanted are system:masters`,
    ]);
  });

  it('notes a key that others can read', async () => {
    const planned = await after((fixture) =>
      chmodSync(fixture.path(`${HOST}/pki/apiserver.key`), 0o644),
    );
    expect(planned).toEqual([
      `keep ${APISERVER}: the key has mode 0644, others can read it (chmod 0600)`,
    ]);
  });

  it('refuses everything of a host that trusts another CA', async () => {
    const planned = await after(async (fixture) => {
      const other = pki();
      await other.apply();
      copyFileSync(
        other.path('authorities/ca.crt'),
        fixture.path('hosts/worker-1/etc/kubernetes/pki/ca.crt'),
      );
      rmSync(fixture.path('hosts/worker-1/etc/kubernetes/kube-proxy.conf'));
    });
    expect(planned).toEqual([
      'refuse hosts/worker-1/etc/kubernetes/pki/ca.crt: not the one of ca in the authorities',
      'refuse hosts/worker-1/etc/kubernetes/kube-proxy.conf: etc/kubernetes/pki/ca.crt on this host is not the one of ca, see there',
    ]);
  });

  it('does not put a CA key beside the certificate of another CA', async () => {
    const planned = await after(async (fixture) => {
      const other = pki();
      await other.apply();
      copyFileSync(other.path('authorities/ca.crt'), fixture.path(`${HOST}/pki/ca.crt`));
      rmSync(fixture.path(`${HOST}/pki/ca.key`));
    });
    expect(planned).toContain(
      `refuse ${HOST}/pki/ca.key: etc/kubernetes/pki/ca.crt on this host is not the one of ca, see there`,
    );
  });

  it('keeps a bundle that holds our CA beside another, and says whom else it trusts', async () => {
    const planned = await after(async (fixture) => {
      const other = pki();
      await other.apply();
      const path = fixture.path('hosts/worker-1/etc/kubernetes/pki/ca.crt');
      writeFileSync(path, other.read('authorities/ca.crt') + readFileSync(path, 'utf8'));
    });
    expect(planned).toEqual([
      expect.stringMatching(
        /^keep hosts\/worker-1\S+ca\.crt: trusts CN=kubernetes as well \(SHA-256 [0-9a-f]{16}…\)$/,
      ),
    ]);
  });

  it('refuses a bundle where kube-controller-manager signs with it', async () => {
    const planned = await after(async (fixture) => {
      const other = pki();
      await other.apply();
      appendFileSync(fixture.path(`${HOST}/pki/ca.crt`), other.read('authorities/ca.crt'));
    });
    expect(planned[0]).toBe(
      `refuse ${HOST}/pki/ca.crt: it holds 2 certificates; kube-controller-manager signs with this file and takes exactly one`,
    );
  });

  it('issues nothing from a CA whose key is elsewhere, and keeps what is there', async () => {
    const planned = await after((fixture) => {
      rmSync(fixture.path('authorities/front-proxy-ca.key'));
      rmSync(fixture.path(`${HOST}/pki/front-proxy-client.crt`));
    });
    expect(planned).toEqual([
      'keep authorities/front-proxy-ca.crt: its key is not here: what it shall issue goes out as requests',
      `request ${HOST}/pki/front-proxy-client.crt: its key is there, the request is not`,
    ]);
  });

  it('makes no new authorities where hosts still hold copies of the lost ones', async () => {
    const fixture = pki();
    await fixture.apply();
    rmSync(fixture.path('authorities'), { recursive: true });
    const before = snapshot(fixture.directory);
    const applied = await fixture.apply();
    expect(applied.counts.create).toBe(0);
    expect(lines(applied, fixture.directory)[0]).toMatch(
      /^refuse authorities\/ca\.crt: lost: cp-1 holds a copy \(.*\); put it and its key back/,
    );
    expect(snapshot(fixture.directory)).toEqual(before);
  });

  it('keeps what was issued while the CA key is away', async () => {
    const planned = await after((fixture) => rmSync(fixture.path('authorities/ca.key')));
    expect(planned).toEqual([
      'keep authorities/ca.crt: its key is not here: what it shall issue goes out as requests',
    ]);
  });

  it('refuses a front-proxy CA that is the cluster CA, and notes an etcd CA that is', async () => {
    const fixture = pki();
    await fixture.apply();
    rmSync(fixture.path('hosts'), { recursive: true });
    for (const name of ['front-proxy-ca', 'etcd/ca']) {
      for (const ending of ['crt', 'key'])
        copyFileSync(
          fixture.path(`authorities/ca.${ending}`),
          fixture.path(`authorities/${name}.${ending}`),
        );
    }
    const planned = lines(await fixture.plan(), fixture.directory);
    expect(planned).toContain('keep authorities/etcd/ca.crt: its key is that of ca as well');
    expect(planned).toContain(
      'refuse authorities/front-proxy-ca.crt: its key is that of ca as well: whoever holds a certificate of that could speak for any user',
    );
  });

  it('refuses a tree whose links lead out of it', async () => {
    const fixture = pki();
    await fixture.apply();
    const outside = temporaryDirectory();
    cpSync(fixture.path('hosts/worker-1/etc'), outside, { recursive: true });
    rmSync(fixture.path('hosts/worker-1/etc'), { recursive: true });
    symlinkSync(outside, fixture.path('hosts/worker-1/etc'));
    rmSync(`${outside}/kubernetes/kube-proxy.conf`);
    const applied = lines(await fixture.apply(), fixture.directory);
    expect(applied).toHaveLength(2);
    for (const line of applied)
      expect(line).toContain(`a symbolic link on the way to it leads to ${outside}/kubernetes`);
    expect(existsSync(`${outside}/kubernetes/kube-proxy.conf`)).toBe(false);
  });

  it.each<[string, string | Buffer, string]>([
    ['an empty file', '', 'empty'],
    ['text', 'hello', 'text that is neither PEM nor a kubeconfig'],
    [
      'a truncated certificate',
      '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
      'DER at byte',
    ],
    ['9 MB of zeros', Buffer.alloc(9 * 1024 * 1024), 'more than the limit'],
  ])('refuses %s where a certificate should be', async (_, content, reason) => {
    const planned = await after((fixture) => writeFileSync(fixture.path(APISERVER), content));
    expect(planned).toHaveLength(1);
    expect(planned[0]).toMatch(`refuse ${APISERVER}: certificate: `);
    expect(planned[0]).toContain(reason);
  });

  it('refuses a directory, and a link to nothing, where a file should be', async () => {
    const fixture = pki();
    await fixture.apply();
    rmSync(fixture.path(APISERVER));
    mkdirSync(fixture.path(APISERVER));
    rmSync(fixture.path(`${HOST}/scheduler.conf`));
    symlinkSync('/nonexistent/scheduler.conf', fixture.path(`${HOST}/scheduler.conf`));
    expect(lines(await fixture.apply(), fixture.directory)).toEqual([
      `refuse ${APISERVER}: certificate: a directory, not a file`,
      `refuse ${HOST}/scheduler.conf: a symbolic link to nothing`,
    ]);
    expect(statSync(fixture.path(APISERVER)).isDirectory()).toBe(true);
  });

  describe('of authorities that nothing could verify with', () => {
    const issue = (
      change: Partial<CertificateTemplate>,
      key = generatePrivateKey('ECDSA-P256'),
    ) => ({
      key,
      certificate: selfSign(
        {
          subject: makeName({ commonName: 'kubernetes' }),
          notBefore: later(-1),
          notAfter: later(3650),
          basicConstraints: { ca: true },
          keyUsage: ['keyCertSign'],
          extendedKeyUsage: [],
          ...change,
        },
        key,
      ),
    });

    async function planWith({
      key,
      certificate,
    }: ReturnType<typeof issue>): Promise<string | undefined> {
      const fixture = pki();
      mkdirSync(fixture.path('authorities'));
      writeFileSync(fixture.path('authorities/ca.crt'), encodePem('CERTIFICATE', certificate));
      writeFileSync(fixture.path('authorities/ca.key'), encodePrivateKey(key), { mode: 0o600 });
      const report = await fixture.apply();
      expect(
        [...snapshot(fixture.directory).keys()].filter((name) =>
          /apiserver\.crt|scheduler/.test(name),
        ),
      ).toEqual([]);
      return lines(report, fixture.directory)[0];
    }

    it.each<[string, Partial<CertificateTemplate>, string]>([
      ['is no CA', { basicConstraints: { ca: false } }, 'not a CA'],
      ['may not sign', { keyUsage: ['digitalSignature'] }, 'its key usage lacks keyCertSign'],
      [
        'is for signing code',
        { extendedKeyUsage: ['codeSigning'] },
        'would be refused: no component would accept it',
      ],
      [
        'is for clients only',
        { extendedKeyUsage: ['clientAuth'] },
        'what it signs for kube-apiserver would be refused',
      ],
    ])('refuses one that %s', async (_, change, reason) => {
      expect(await planWith(issue(change))).toContain(reason);
    });
  });

  describe('of keys where none should be', () => {
    it.each(['authorities/ca.crt', 'authorities/sa.pub', APISERVER, `${HOST}/pki/sa.pub`])(
      'refuses %s with a private key in it',
      async (name) => {
        const planned = await after((fixture) =>
          appendFileSync(fixture.path(name), fixture.read(name.replace(/\.(crt|pub)$/, '.key'))),
        );
        expect(planned[0]).toMatch(
          new RegExp(`^refuse ${name.replace('.', '\\.')}: .*it holds a private key as well`),
        );
      },
    );

    it('gives hosts nothing of an authority file but the certificate, and nothing of a key file but the key', async () => {
      const fixture = pki();
      await fixture.apply();
      const [ca, key] = [fixture.read('authorities/ca.crt'), fixture.read('authorities/ca.key')];
      writeFileSync(
        fixture.path('authorities/ca.crt'),
        `# a comment\n${ca}${fixture.read('authorities/etcd/ca.crt')}`,
      );
      appendFileSync(fixture.path('authorities/ca.key'), fixture.read('authorities/etcd/ca.key'));
      rmSync(fixture.path('hosts'), { recursive: true });
      const report = await fixture.apply();
      expect(lines(report, fixture.directory)[0]).toContain(
        '"etcd-ca" behind it in its file: not its issuer; hosts get the first only',
      );
      expect([fixture.read(`${HOST}/pki/ca.crt`), fixture.read(`${HOST}/pki/ca.key`)]).toEqual([
        ca,
        key,
      ]);
    });
  });

  describe('of kubeconfigs', () => {
    const SCHEDULER = `${HOST}/scheduler.conf`;
    const edit = (change: (config: ReturnType<typeof parseKubeconfig>) => void) =>
      after((fixture) => {
        const config = parseKubeconfig(fixture.read(SCHEDULER), SCHEDULER);
        change(config);
        writeFileSync(fixture.path(SCHEDULER), formatKubeconfig(config));
      });

    it('keeps another server, with a note', async () => {
      const planned = await edit((config) => {
        for (const cluster of config.clusters.values()) cluster.server = 'https://lb.example.com';
      });
      expect(planned).toEqual([
        `keep ${SCHEDULER}: its server is https://lb.example.com, the cluster file says https://172.16.10.11:6443`,
      ]);
    });

    it.each<[string, (config: ReturnType<typeof parseKubeconfig>) => void, string]>([
      [
        'impersonation',
        (config) => {
          for (const user of config.users.values()) user.asGroups = ['system:masters'];
        },
        'it acts as somebody else',
      ],
      [
        'a server without TLS',
        (config) => {
          for (const cluster of config.clusters.values())
            cluster.server = 'http://172.16.10.11:6443';
        },
        'its server is no https URL',
      ],
      [
        'no current context',
        (config) => {
          config.currentContext = '';
        },
        'it has no current context',
      ],
      [
        'a context to nowhere',
        (config) => config.clusters.clear(),
        'names a cluster or user that is not in it',
      ],
      [
        'no verification',
        (config) => {
          for (const cluster of config.clusters.values()) cluster.insecureSkipTlsVerify = true;
        },
        'it does not verify the server',
      ],
      [
        'no CA',
        (config) => {
          for (const cluster of config.clusters.values()) delete cluster.certificateAuthorityData;
        },
        'it names no CA',
      ],
      [
        'no certificate',
        (config) => {
          for (const user of config.users.values()) {
            delete user.clientCertificateData;
            delete user.clientKeyData;
          }
        },
        'it holds no client certificate',
      ],
      [
        'no key',
        (config) => {
          for (const user of config.users.values()) delete user.clientKeyData;
        },
        'it holds a certificate without its key',
      ],
    ])('refuses %s', async (_, change, reason) => {
      const planned = await edit(change);
      expect(planned).toHaveLength(1);
      expect(planned[0]).toContain(`refuse ${SCHEDULER}: `);
      expect(planned[0]).toContain(reason);
    });

    it('refuses the certificate of somebody else', async () => {
      const planned = await after((fixture) =>
        copyFileSync(fixture.path(`${HOST}/controller-manager.conf`), fixture.path(SCHEDULER)),
      );
      expect(planned).toEqual([
        `refuse ${SCHEDULER}: its common name is "system:kube-controller-manager", wanted is "system:kube-scheduler"`,
      ]);
    });

    it('follows the files that one names, as kubelet writes them', async () => {
      const planned = await after((fixture) => {
        const config = parseKubeconfig(fixture.read(SCHEDULER), SCHEDULER);
        for (const user of config.users.values()) {
          const both = Buffer.concat([
            user.clientCertificateData ?? Buffer.alloc(0),
            user.clientKeyData ?? Buffer.alloc(0),
          ]);
          writeFileSync(fixture.path(`${HOST}/current.pem`), both, { mode: 0o600 });
          delete user.clientCertificateData;
          delete user.clientKeyData;
          user.clientCertificate = user.clientKey = '/etc/kubernetes/current.pem';
        }
        writeFileSync(fixture.path(SCHEDULER), formatKubeconfig(config));
      });
      expect(planned).toEqual([]);
    });
  });
});

describe('on a machine of its own (--host, --root)', () => {
  const machine = (
    spec: Record<string, unknown>,
    host: string,
    fixture: ReturnType<typeof pki>,
    directory?: string,
  ) =>
    pki(spec, fixture.directory, {
      kind: 'machine',
      host,
      root: fixture.path('root'),
      ...(directory === undefined ? {} : { directory }),
    });

  it('makes everything, CAs too, on the first control plane with caKeys: controlPlane', async () => {
    const own = machine({ caKeys: 'controlPlane' }, 'cp-1', pki());
    await own.apply();
    expect((await own.plan()).counts).toMatchObject({ create: 0, refuse: 0 });
    const [ca] = readCertificates(own.read('root/etc/kubernetes/pki/ca.crt'));
    expect(commonName(ca?.subject ?? [])).toBe('kubernetes');
    expect(own.read('root/etc/kubernetes/super-admin.conf')).toContain('client-key-data');
  });

  it('makes no CA behind the back of the others', async () => {
    const planned = await machine({}, 'cp-1', pki()).plan();
    expect(planned.counts).toMatchObject({ create: 0, keep: 0 });
    expect(planned.steps[0]?.reason).toContain(
      'not on this machine, and not made here (caKeys: offline)',
    );
  });

  it('takes the authorities from a directory', async () => {
    const fixture = pki();
    await fixture.apply();
    const own = machine({}, 'worker-1', fixture, fixture.directory);
    const report = await own.apply();
    expect(report.counts).toMatchObject({ create: 2, refuse: 0 });
    expect(own.read('root/etc/kubernetes/pki/ca.crt')).toBe(fixture.read('authorities/ca.crt'));
  });

  it('asks a worker for nothing that it does not need', async () => {
    const fixture = pki();
    await fixture.apply();
    const own = pki({}, fixture.directory, {
      kind: 'machine',
      host: 'worker-1',
      root: fixture.path('hosts/worker-1'),
    });
    expect(lines(await own.plan(), fixture.directory)).toEqual([
      'keep hosts/worker-1/etc/kubernetes/pki/ca.crt: its key is not here: what it shall issue goes out as requests',
    ]);
  });

  it('refuses a host that the cluster file does not have', async () => {
    await expect(machine({}, 'cp-9', pki()).plan()).rejects.toMatchObject({
      code: 'USAGE',
      message: 'no host "cp-9" in the cluster file',
    });
  });
});
