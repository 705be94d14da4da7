/** A PKI under the names of the guides that make one with cfssl, adopted: one CA, and one certificate for kube-apiserver and etcd. */
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { CredentialId } from '../../../src/cluster/index.ts';
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
const directory = join(base, 'guide');

/** Guides hand kubernetes.pem to all of these. */
const BY_KUBERNETES: readonly CredentialId[] = [
  'etcd-peer',
  'etcd-server',
  'etcd-healthcheck-client',
  'apiserver-etcd-client',
  'apiserver-kubelet-client',
];

beforeAll(async () => makeWith('cfssl.sh', directory, ['cfssl', 'cfssljson', 'kubectl']));

describe('a PKI made with cfssl', () => {
  it('is told from its certificates and kubeconfigs, and nothing is touched', async () => {
    const before = fingerprint(directory);
    const adopted = await adopt(directory, { file: join(base, 'guide.yaml') });
    expect(adopted.story).toContain('a PKI made with cfssl');
    expect(adopted.cluster).toMatchObject({
      name: 'lab',
      layout: 'custom',
      authorities: 'single',
      serviceSubnets: ['10.32.0.0/24'],
      files: {
        ca: { certificate: 'ca.pem', key: 'ca-key.pem' },
        apiserver: { certificate: 'kubernetes.pem', key: 'kubernetes-key.pem' },
        'kubelet-client': { kubeconfig: '{host}.kubeconfig' },
        'kubelet-server': { certificate: '{host}.pem', key: '{host}-key.pem' },
        sa: { publicKey: 'service-account.pem', key: 'service-account-key.pem' },
      },
      hosts: [
        { name: 'cp-1', addresses: ['172.16.10.11'], roles: ['control-plane', 'etcd'] },
        { name: 'worker-1', addresses: ['172.16.10.21'], roles: ['worker'] },
        { name: 'worker-2', addresses: ['172.16.10.22'], roles: ['worker'] },
      ],
    });
    const own =
      'its server is https://127.0.0.1:6443, the cluster file says https://172.16.10.11:6443';
    expect(await adopted.plan()).toEqual({
      code: 0,
      lines: [
        `keep | admin | admin | admin.kubeconfig | ${own}; made for serverAuth as well`,
        'keep | kube-proxy | shared | kube-proxy.kubeconfig | made for serverAuth as well',
        'keep | apiserver | cp-1 | kubernetes.pem | made for clientAuth as well',
        `keep | controller-manager | cp-1 | kube-controller-manager.kubeconfig | ${own}; made for serverAuth as well`,
        `keep | scheduler | cp-1 | kube-scheduler.kubeconfig | ${own}; made for serverAuth as well`,
        'keep | kubelet-client | worker-1 | worker-1.kubeconfig | covers worker-1, 172.16.10.21 as well; made for serverAuth as well',
        'keep | kubelet-server | worker-1 | worker-1.pem | made for clientAuth as well',
        'keep | kubelet-client | worker-2 | worker-2.kubeconfig | covers worker-2, 172.16.10.22 as well; made for serverAuth as well',
        'keep | kubelet-server | worker-2 | worker-2.pem | made for clientAuth as well',
      ],
      summary: 'nothing to do: 0 to create, 11 to keep, 0 refused; 14 notes',
    });
    expect(fingerprint(directory)).toEqual(before);
  });

  it('says that one certificate stands for many, and that a name in it is a slip of the guide', async () => {
    const { story } = await adopt(directory, { file: join(base, 'guide.yaml') });
    expect(story).toContain(
      'kubernetes.pem is made for servers and clients, and may serve here too (etcd-peer, etcd-server,',
    );
    expect(story).toContain('kubernetes.default.svc.cluster.local was most likely meant');
  });

  it('makes what a node has lost under its name, where the other node has its own', async () => {
    const nodes = join(base, 'nodes');
    await cp(directory, nodes, { recursive: true });
    await rm(join(nodes, 'worker-1.pem'));
    const adopted = await adopt(nodes, { file: join(base, 'nodes.yaml') });
    const hosts = adopted.cluster.hosts.map(({ name }) => name);
    expect(hosts).toEqual(['cp-1', 'worker-1', 'worker-2']);
    const { code, lines } = await adopted.apply();
    expect(code).toBe(0);
    expect(lines.filter((line) => line.startsWith('created'))).toEqual([
      'created | kubelet-server | worker-1 | worker-1.pem | its key is there, the certificate is not',
    ]);
  });

  describe('of which a part is lost', () => {
    const lost = join(base, 'lost');
    let adopted: Adopted;

    beforeAll(async () => {
      await cp(directory, lost, { recursive: true });
      for (const file of [
        'kube-scheduler.kubeconfig',
        'kube-scheduler.pem',
        'kube-scheduler-key.pem',
        'service-account.pem',
        'service-account-key.pem',
      ]) {
        await rm(join(lost, file));
      }
      adopted = await adopt(lost, { file: join(base, 'lost.yaml') });
    });

    it('is completed by apply, with names that fit in', async () => {
      const before = contents(lost);
      expect(await adopted.apply()).toMatchObject({
        code: 0,
        lines: expect.arrayContaining([
          'created | sa | authorities | service-account.pub | not there',
          'created | scheduler | cp-1 | kube-scheduler.kubeconfig | not there',
        ]),
        summary: '2 created, 9 kept, 0 refused; 12 notes',
      });
      expectKept(before, contents(lost));
      expect(await adopted.plan()).toMatchObject({
        code: 0,
        summary: expect.stringMatching(/^nothing to do: 0 to create, 11 to keep, 0 refused/),
      });
    });

    it('runs a control plane then, kubernetes.pem standing for what guides have it for', async () => {
      const listed = findListed(lost, adopted.cluster);
      await expectControlPlane({
        find: (id, part, host) => listed(BY_KUBERNETES.includes(id) ? 'apiserver' : id, part, host),
        serviceSubnet: '10.32.0.0/24',
        admin: join(lost, 'admin.kubeconfig'),
        node: { name: 'worker-2', kubeconfig: join(lost, 'worker-2.kubeconfig') },
      });
    });
  });
});
