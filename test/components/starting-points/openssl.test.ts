/** PKIs made with openssl, adopted: a whole cluster's by an administrator's script, and the little that Kubernetes' documentation makes. */
import { cp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { readCluster } from '../../../src/cluster/index.ts';
import {
  type Adopted,
  adopt,
  contents,
  expectKept,
  findListed,
  fingerprint,
  makeWith,
  sharedDirectory,
} from './adoption.ts';
import { expectControlPlane } from './small-cluster.ts';

const base = sharedDirectory();
const HOSTS = [
  '--host=cp-1=172.16.10.11:control-plane,etcd',
  '--host=worker-1=172.16.10.21:worker',
];

describe('a whole PKI, made by a script', () => {
  const directory = join(base, 'whole');

  beforeAll(async () => makeWith('openssl.sh', directory, ['kubectl']));

  it('is told from its certificates alone, and nothing is touched', async () => {
    const before = fingerprint(directory);
    const adopted = await adopt(directory, { file: join(base, 'whole.yaml') });
    expect(adopted.cluster).toMatchObject({
      name: 'lab',
      endpoint: { host: '172.16.10.11', port: 6443 },
      layout: 'custom',
      authorities: 'separate',
      keyAlgorithm: 'RSA-2048',
      files: {
        'etcd-ca': { certificate: 'etcd/ca.crt', key: 'etcd/ca.key' },
        apiserver: { certificate: 'server.crt', key: 'server.key' },
        'kubelet-client': { kubeconfig: '{host}.kubeconfig' },
        admin: { kubeconfig: 'admin.kubeconfig' },
        sa: { publicKey: 'sa.pub', key: 'sa.key' },
      },
      hosts: [
        { name: 'cp-1', addresses: ['172.16.10.11'], roles: ['control-plane', 'etcd'] },
        { name: 'worker-1', roles: ['worker'] },
      ],
      credentials: { ca: { commonName: 'lab-ca' }, admin: { organizations: ['system:masters'] } },
    });
    expect(adopted.story).toContain('the address of worker-1: no certificate covers one');
    expect(await adopted.plan()).toEqual({
      code: 0,
      lines: [],
      summary: 'nothing to do: 0 to create, 16 to keep, 0 refused',
    });
    expect(fingerprint(directory)).toEqual(before);
  });

  describe('of which a part is lost', () => {
    const lost = join(base, 'lost');
    let adopted: Adopted;

    beforeAll(async () => {
      await cp(directory, lost, { recursive: true });
      for (const file of [
        ...['crt', 'key', 'csr'].map((ending) => `front-proxy-client.${ending}`),
        'apiserver-etcd-client.crt',
        ...['crt', 'key', 'csr', 'kubeconfig'].map((ending) => `kube-scheduler.${ending}`),
        'sa.key',
        'sa.pub',
      ]) {
        await rm(join(lost, file));
      }
      adopted = await adopt(lost, { file: join(base, 'lost.yaml') });
    });

    it('is completed by apply, with names that fit in', async () => {
      const before = contents(lost);
      expect(await adopted.apply()).toEqual({
        code: 0,
        lines: [
          'created | sa | authorities | sa.pub | not there',
          'created | apiserver-etcd-client | cp-1 | apiserver-etcd-client.crt | its key is there, the certificate is not',
          'created | scheduler | cp-1 | kube-scheduler.kubeconfig | not there',
          'created | front-proxy-client | cp-1 | front-proxy-client.crt | not there',
        ],
        summary: '4 created, 12 kept, 0 refused',
      });
      expectKept(before, contents(lost));
      expect(await adopted.plan()).toMatchObject({
        code: 0,
        summary: 'nothing to do: 0 to create, 16 to keep, 0 refused',
      });
    });

    it('runs a control plane then', async () => {
      await expectControlPlane({
        find: findListed(lost, adopted.cluster),
        serviceSubnet: '10.96.0.0/16',
        admin: join(lost, 'admin.kubeconfig'),
        node: { name: 'worker-1', kubeconfig: join(lost, 'worker-1.kubeconfig') },
      });
    });
  });
});

describe("what Kubernetes' documentation makes with openssl", () => {
  const directory = join(base, 'page');
  const file = join(base, 'page.yaml');
  let adopted: Adopted;

  beforeAll(async () => {
    await makeWith('openssl-page.sh', directory, []);
  });

  it('lacks all but two certificates, one of which not every client takes', async () => {
    const before = fingerprint(directory);
    adopted = await adopt(directory, { file, flags: HOSTS });
    expect(await adopted.plan()).toEqual({
      code: 0,
      lines: [
        'create | sa | authorities | sa.pub | not there',
        'create | admin | admin | admin.kubeconfig | not there',
        expect.stringMatching(
          /^keep \| apiserver \| cp-1 \| server\.crt \| .*its key usage lacks digitalSignature: clients in Go and with OpenSSL take it, those in Java do not/,
        ),
        'create | controller-manager | cp-1 | controller-manager.kubeconfig | not there',
        'create | scheduler | cp-1 | scheduler.kubeconfig | not there',
        'create | kube-proxy | worker-1 | kube-proxy.kubeconfig | not there',
      ],
      summary: expect.stringMatching(/^5 to create, 2 to keep, 0 refused; \d+ notes$/),
    });
    expect(fingerprint(directory)).toEqual(before);
  });

  it('becomes a whole PKI once what was left out is taken in', async () => {
    const before = contents(directory);
    expect(adopted.text).toContain('    admin: { organizations: ["system:masters"] }');
    const text = adopted.text.replace(/^( {4})# {3}(\S+: \{.*\})$/gm, '$1$2');
    await writeFile(file, text);
    expect(await adopted.apply()).toMatchObject({
      code: 0,
      summary: expect.stringMatching(/ 0 refused; 3 notes$/),
    });
    expectKept(before, contents(directory));
    expect(await adopted.plan()).toMatchObject({
      code: 0,
      lines: [expect.stringMatching(/^keep \| apiserver /)],
    });
    await expectControlPlane({
      find: findListed(directory, readCluster(text, file)),
      serviceSubnet: '10.96.0.0/16',
      admin: join(directory, 'admin.kubeconfig'),
      node: { name: 'worker-1', kubeconfig: join(directory, 'kubelet-client-worker-1.kubeconfig') },
    });
  });
});
