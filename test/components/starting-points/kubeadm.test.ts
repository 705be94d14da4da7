/** A control plane that kubeadm has set up, adopted: where kubeadm puts its files by itself, and in directories of its user's. */
import { cp, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { peer } from '../../peers/peers.ts';
import { command } from '../../spawn.ts';
import { kubeadm } from '../kubeadm/run.ts';
import {
  type Adopted,
  adopt,
  contents,
  expectKept,
  findListed,
  findOnMachine,
  fingerprint,
  sharedDirectory,
} from './adoption.ts';
import { expectControlPlane } from './small-cluster.ts';

const base = sharedDirectory();

const configuration = (certificates = '/etc/kubernetes/pki'): string =>
  `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
localAPIEndpoint: { advertiseAddress: 172.16.10.11 }
nodeRegistration: { name: cp-1, criSocket: unix:///run/containerd/containerd.sock }
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v1.36.3
clusterName: lab
certificatesDir: ${certificates}
networking: { serviceSubnet: 10.96.0.0/12 }
`;

describe('a machine that kubeadm has set up', () => {
  const root = join(base, 'machine');
  const at = ['--host', 'cp-1', '--root', root];

  beforeAll(async () => {
    await mkdir(join(root, 'etc'), { recursive: true });
    await writeFile(join(root, 'kubeadm.yaml'), configuration());
    await kubeadm(root, ['init', 'phase', 'certs', 'all']);
    await kubeadm(root, ['init', 'phase', 'kubeconfig', 'all']);
  });

  it.each(['', 'etc/kubernetes', 'etc/kubernetes/pki'])(
    'is recognised at /%s, and nothing is touched',
    async (part) => {
      const before = fingerprint(root);
      const file = join(base, 'machine.yaml');
      const adopted = await adopt(join(root, part), { file, at, root });
      expect(adopted.story).toContain('a machine set up by kubeadm');
      expect(adopted.cluster).toMatchObject({
        name: 'lab',
        layout: 'kubeadm',
        caKeys: 'controlPlane',
        keyAlgorithm: 'RSA-2048',
        endpoint: { host: '172.16.10.11', port: 6443 },
        serviceSubnets: ['10.96.0.0/12'],
        hosts: [{ name: 'cp-1', addresses: ['172.16.10.11'], roles: ['control-plane', 'etcd'] }],
      });
      expect(await adopted.plan()).toEqual({
        code: 0,
        lines: ['create | kube-proxy | cp-1 | etc/kubernetes/kube-proxy.conf | not there'],
        summary: '1 to create, 15 to keep, 0 refused',
      });
      expect(fingerprint(root)).toEqual(before);
    },
  );

  describe('of which a part is lost', () => {
    const lost = join(base, 'lost');
    let adopted: Adopted;
    let before: Map<string, string>;

    beforeAll(async () => {
      await cp(root, lost, { recursive: true });
      for (const file of [
        'pki/apiserver.crt',
        'pki/apiserver.key',
        'pki/apiserver-etcd-client.crt',
        'pki/sa.key',
        'pki/sa.pub',
        'scheduler.conf',
      ]) {
        await rm(join(lost, 'etc/kubernetes', file));
      }
      before = contents(lost);
      const place = ['--host', 'cp-1', '--root', lost];
      adopted = await adopt(lost, { file: join(base, 'lost.yaml'), at: place });
    });

    it('is completed by apply, which leaves alone what is there', async () => {
      expect(await adopted.apply()).toEqual({
        code: 0,
        lines: [
          'created | sa | authorities | etc/kubernetes/pki/sa.pub | not there',
          'created | apiserver-etcd-client | cp-1 | etc/kubernetes/pki/apiserver-etcd-client.crt | its key is there, the certificate is not',
          'created | apiserver | cp-1 | etc/kubernetes/pki/apiserver.crt | not there',
          'created | scheduler | cp-1 | etc/kubernetes/scheduler.conf | not there',
          'created | kube-proxy | cp-1 | etc/kubernetes/kube-proxy.conf | not there',
        ],
        summary: '5 created, 11 kept, 0 refused',
      });
      expectKept(before, contents(lost));
      expect(await adopted.plan()).toMatchObject({
        code: 0,
        lines: [],
        summary: 'nothing to do: 0 to create, 16 to keep, 0 refused',
      });
    });

    it('runs a control plane then', async () => {
      const kubeconfig = (name: string): string => join(lost, `etc/kubernetes/${name}.conf`);
      await expectControlPlane({
        find: findOnMachine(lost),
        serviceSubnet: '10.96.0.0/12',
        admin: kubeconfig('admin'),
        superAdmin: kubeconfig('super-admin'),
        node: { name: 'cp-1', kubeconfig: kubeconfig('kubelet') },
      });
    });
  });
});

describe("kubeadm's files in other directories", () => {
  const directory = join(base, 'own');
  let adopted: Adopted;

  beforeAll(async () => {
    const file = join(base, 'kubeadm.yaml');
    const pki = join(directory, 'pki');
    await mkdir(pki, { recursive: true });
    await writeFile(file, configuration(pki));
    for (const phase of [
      ['certs', 'all'],
      ['kubeconfig', 'all', `--kubeconfig-dir=${join(directory, 'conf')}`],
    ]) {
      const args = ['init', 'phase', ...phase, `--config=${file}`];
      const { code, stderr } = await command(await peer('kubeadm'), args, {
        env: { PATH: '/usr/bin:/bin', HOME: '/root' },
      });
      if (code !== 0) throw new Error(`kubeadm ${args.join(' ')}: ${stderr}`);
    }
  });

  it('are listed one by one, and nothing is touched', async () => {
    const before = fingerprint(directory);
    adopted = await adopt(directory, { file: join(base, 'own.yaml') });
    expect(adopted.cluster).toMatchObject({
      layout: 'custom',
      authorities: 'separate',
      files: {
        ca: { certificate: 'pki/ca.crt', key: 'pki/ca.key' },
        'etcd-ca': { certificate: 'pki/etcd/ca.crt', key: 'pki/etcd/ca.key' },
        'kubelet-client': { kubeconfig: 'conf/kubelet.conf' },
        sa: { publicKey: 'pki/sa.pub', key: 'pki/sa.key' },
      },
      hosts: [{ name: 'cp-1', roles: ['control-plane', 'etcd', 'worker'] }],
    });
    expect(await adopted.plan()).toEqual({
      code: 0,
      lines: [],
      summary: 'nothing to do: 0 to create, 16 to keep, 0 refused',
    });
    expect(fingerprint(directory)).toEqual(before);
  });

  it('are completed under the same names, and run a control plane', async () => {
    for (const file of ['pki/etcd/peer.crt', 'pki/etcd/peer.key', 'conf/controller-manager.conf'])
      await rm(join(directory, file));
    const before = contents(directory);
    expect(await adopted.apply()).toEqual({
      code: 0,
      lines: [
        'created | etcd-peer | cp-1 | pki/etcd/peer.crt | not there',
        'created | controller-manager | cp-1 | conf/controller-manager.conf | not there',
      ],
      summary: '2 created, 14 kept, 0 refused',
    });
    expectKept(before, contents(directory));
    const kubeconfig = (name: string): string => join(directory, `conf/${name}.conf`);
    await expectControlPlane({
      find: findListed(directory, adopted.cluster),
      serviceSubnet: '10.96.0.0/12',
      admin: kubeconfig('admin'),
      superAdmin: kubeconfig('super-admin'),
      node: { name: 'cp-1', kubeconfig: kubeconfig('kubelet') },
    });
  });
});
