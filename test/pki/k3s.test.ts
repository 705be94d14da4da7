/** Layout `k3s`: a data directory of k3s or RKE2, which is looked at and never written. */
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { adopt, plan } from '../../src/pki/index.ts';
import { temporaryDirectory } from '../temporary.ts';
import { type Fixture, lines, pki, snapshot } from './fixture.ts';
import { k3sTree, NODE, SPEC, type TreeOptions } from './k3s-tree.ts';

const k3s = (directory = k3sTree(), spec: Record<string, unknown> = {}): Fixture =>
  pki({ ...SPEC, ...spec }, directory);

/** What is wrong, a line each. */
async function refusals(fixture: Fixture): Promise<string[]> {
  const report = await fixture.plan(new Date());
  return lines(report, fixture.directory).filter((line) => line.startsWith('refuse'));
}

describe('plan with layout k3s', () => {
  it('finds everything in its place, and nothing to do', async () => {
    const fixture = k3s();
    const before = snapshot(fixture.directory);
    const report = await fixture.plan(new Date());
    expect(lines(report, fixture.directory)).toEqual([
      'keep server/tls/etcd/peer-server-client.crt: covers kine.sock, api.test.example.com, 10.43.0.1 as well',
      'keep server/tls/etcd/server-client.crt: covers kine.sock, api.test.example.com, 10.43.0.1 as well',
      'keep server/tls/serving-kube-apiserver.crt: covers localhost, 127.0.0.1, ::1 as well',
      'keep agent/serving-kubelet.crt: covers localhost, 127.0.0.1 as well',
    ]);
    expect(report.counts).toMatchObject({ create: 0, keep: 20, refuse: 0 });
    expect(snapshot(fixture.directory)).toEqual(before);
  });

  it.each(['/var/lib/rancher/rke2', '/data', '/server/k3s'])(
    'follows the names in kubeconfigs that k3s wrote in %s',
    async (dataDirectory) => {
      expect(await refusals(k3s(k3sTree(dataDirectory)))).toEqual([]);
    },
  );

  it('says of what is missing that k3s makes it', async () => {
    const fixture = k3s();
    for (const name of ['client-auth-proxy.crt', 'client-auth-proxy.key', 'service.key']) {
      rmSync(fixture.path(`server/tls/${name}`));
    }
    rmSync(fixture.path('server/cred/scheduler.kubeconfig'));
    const report = await fixture.plan(new Date());
    expect(report.counts).toMatchObject({ create: 0, refuse: 3 });
    expect(await refusals(fixture)).toEqual([
      'refuse server/tls/service.key: not there; k3s makes it when it starts',
      'refuse server/cred/scheduler.kubeconfig: not there; k3s makes it when it starts',
      'refuse server/tls/client-auth-proxy.crt: not there; k3s makes it when it starts',
    ]);
  });

  it.each<[string, (path: (name: string) => string) => void, string]>([
    [
      'a CA that was lost',
      (path) => rmSync(path('server/tls/request-header-ca.crt')),
      'refuse server/tls/request-header-ca.crt: lost: ',
    ],
    [
      "a node that trusts another server's CA",
      (path) => copyFileSync(path('agent/client-ca.crt'), path('agent/server-ca.crt')),
      'refuse agent/kubelet.kubeconfig: it trusts another CA than server-ca',
    ],
    [
      'a peer that is signed by the CA of servers',
      (path) => {
        for (const ending of ['crt', 'key']) {
          copyFileSync(
            path(`server/tls/etcd/server-client.${ending}`),
            path(`server/tls/etcd/peer-server-client.${ending}`),
          );
        }
      },
      'refuse server/tls/etcd/peer-server-client.crt: issued by "etcd-server-ca@1700000000", not by etcd-peer-ca',
    ],
    [
      'a key of another certificate',
      (path) =>
        copyFileSync(path('server/tls/client-admin.key'), path('server/tls/client-scheduler.key')),
      'refuse server/cred/scheduler.kubeconfig: its certificate and key do not belong together',
    ],
    [
      'a kubeconfig of somebody else',
      (path) =>
        copyFileSync(
          path('server/cred/controller.kubeconfig'),
          path('server/cred/admin.kubeconfig'),
        ),
      'refuse server/cred/admin.kubeconfig: its common name is "system:kube-controller-manager", wanted is "system:admin"',
    ],
    [
      'a kubeconfig that names a file outside of the data directory',
      (path) => {
        const text = readFileSync(path('server/cred/admin.kubeconfig'), 'utf8');
        const outside = text.replace(/client-key: .*/, 'client-key: /root/server/../../etc/passwd');
        writeFileSync(path('server/cred/admin.kubeconfig'), outside);
      },
      'refuse server/cred/admin.kubeconfig: /root/server/../../etc/passwd, which it names: not there',
    ],
    [
      'no key of service accounts',
      (path) => writeFileSync(path('server/tls/service.key'), 'none'),
      'refuse server/tls/service.key: key: no PEM block, expected a private key',
    ],
  ])('names %s', async (_, damage, line) => {
    const fixture = k3s();
    damage((name) => fixture.path(name));
    expect((await refusals(fixture)).join('\n')).toContain(line);
  });

  it('takes service.key with the keys of before a rotation behind the current one', async () => {
    const fixture = k3s();
    const old = readFileSync(join(k3sTree(), 'server/tls/service.key'), 'utf8');
    writeFileSync(
      fixture.path('server/tls/service.key'),
      fixture.read('server/tls/service.key') + old,
    );
    expect(lines(await fixture.plan(new Date()), fixture.directory)).toContain(
      'keep server/tls/service.key: 2 public keys: tokens of each of them are accepted',
    );
  });

  it('tells by the certificate of the kubelet whose directory this is', async () => {
    const others = ['k-0', 'k-2'].map((name, i) => ({
      name,
      addresses: [`10.0.1.${i}`],
      roles: ['control-plane', 'etcd', 'worker'],
    }));
    const hosts = [...others, NODE];
    expect(await refusals(k3s(k3sTree(), { hosts }))).toEqual([]);
    await expect(k3s(k3sTree(), { hosts: others }).plan(new Date())).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('client-kubelet.crt: of "k-1", no host of the cluster file'),
    });
    const fixture = k3s(k3sTree(), { hosts });
    rmSync(fixture.path('agent/client-kubelet.crt'));
    await expect(fixture.plan(new Date())).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringContaining('which of 3 hosts this is cannot be told'),
    });
  });

  it('is told of a directory that is none of k3s', async () => {
    await expect(k3s(temporaryDirectory()).plan(new Date())).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: expect.stringMatching(/: holds neither server\/ nor agent\/$/),
    });
  });

  it('goes with no --host and --root', async () => {
    const place = { kind: 'machine', host: 'k-1', root: temporaryDirectory() } as const;
    await expect(pki(SPEC, undefined, place).plan()).rejects.toMatchObject({
      code: 'USAGE',
      message: '--host and --root do not go with layout k3s',
    });
  });
});

describe('a data directory, as its program makes it,', () => {
  it.each<[string, string, TreeOptions]>([
    ['k3s', '/var/lib/rancher/k3s', {}],
    ['RKE2', '/var/lib/rancher/rke2', { program: 'rke2' }],
    ['k3s, with CAs for a hundred years', '/var/lib/rancher/k3s', { caDays: 36_500 }],
    ['k3s, with the keys of older agents', '/var/lib/rancher/k3s', { sharedKeys: true }],
  ])(
    'is described by init --from, and plan has nothing to do: %s',
    async (name, where, options) => {
      const directory = k3sTree(where, temporaryDirectory(), options);
      const before = snapshot(directory);
      const proposal = adopt(directory, { now: new Date() });
      expect(proposal.recognised).toBe(`a data directory of ${name.split(',')[0]}`);
      expect(proposal.cluster).toMatchObject({
        layout: 'k3s',
        authorities: 'split',
        serviceSubnets: ['10.43.0.0/16'],
        hosts: [NODE],
        credentials: {},
      });
      const { cluster, place } = proposal;
      const report = await plan({ cluster, place, now: new Date() });
      expect(report.counts).toMatchObject({ create: 0, keep: 20, refuse: 0 });
      expect(snapshot(directory)).toEqual(before);
    },
  );
});

describe('apply with layout k3s', () => {
  it('is refused before anything is written, whatever is missing', async () => {
    const fixture = k3s();
    rmSync(fixture.path('server/tls/service.key'));
    const before = snapshot(fixture.directory);
    await expect(fixture.apply(new Date())).rejects.toMatchObject({
      code: 'USAGE',
      message: 'layout k3s is for plan only: k3s makes and renews these files',
      hint: expect.stringContaining('k3s certificate rotate'),
    });
    expect(snapshot(fixture.directory)).toEqual(before);
  });
});
