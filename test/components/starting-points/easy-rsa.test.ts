/** A PKI made with easy-rsa 3, adopted: pairs only, under the names that easy-rsa gives. */
import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  type Adopted,
  adopt,
  contents,
  expectKept,
  findListed,
  fingerprint,
  kubeconfigOf,
  makeWith,
  sharedDirectory,
} from './adoption.ts';
import { expectControlPlane } from './small-cluster.ts';

const base = sharedDirectory();
const directory = join(base, 'made/pki');

beforeAll(async () => makeWith('easy-rsa.sh', join(base, 'made'), []));

describe('a PKI made with easy-rsa', () => {
  it('is told from its certificates alone, and nothing is touched', async () => {
    const before = fingerprint(directory);
    const adopted = await adopt(directory, { file: join(base, 'made.yaml') });
    expect(adopted.story).toContain('a PKI made with easy-rsa');
    expect(adopted.cluster).toMatchObject({
      layout: 'custom',
      authorities: 'single',
      keyAlgorithm: 'RSA-2048',
      files: {
        ca: { certificate: 'ca.crt', key: 'private/ca.key' },
        apiserver: { certificate: 'issued/server.crt', key: 'private/server.key' },
        'kubelet-client': { certificate: 'issued/{host}.crt', key: 'private/{host}.key' },
        admin: { certificate: 'issued/admin.crt', key: 'private/admin.key' },
      },
      hosts: [
        { name: 'cp-1', addresses: ['172.16.10.11'], roles: ['control-plane', 'etcd'] },
        { name: 'worker-1', roles: ['worker'] },
      ],
    });
    const { code, lines, summary } = await adopted.plan();
    expect(lines).toEqual([
      'create | sa | authorities | sa.pub | not there',
      'create | etcd-healthcheck-client | cp-1 | issued/etcd-healthcheck-client.crt | not there',
      expect.stringMatching(
        /^keep \| apiserver \| cp-1 \| issued\/server\.crt \| does not cover cp-1, which only its own host may call it; its CA ends before it does, on \S+Z$/,
      ),
    ]);
    expect(summary).toBe('2 to create, 11 to keep, 0 refused; 2 notes');
    expect(code).toBe(0);
    expect(fingerprint(directory)).toEqual(before);
  });

  describe('of which a part is lost', () => {
    const lost = join(base, 'lost');
    let adopted: Adopted;

    beforeAll(async () => {
      await cp(directory, lost, { recursive: true });
      for (const file of [
        'issued/kube-scheduler.crt',
        'issued/server.crt',
        'private/server.key',
        'issued/apiserver-kubelet-client.crt',
        'private/apiserver-kubelet-client.key',
      ]) {
        await rm(join(lost, file));
      }
      adopted = await adopt(lost, {
        file: join(base, 'lost.yaml'),
        flags: ['--name=lab', '--service-cidr=10.96.0.0/16'],
      });
    });

    it('is told from the copies that easy-rsa keeps, which nobody uses', async () => {
      expect(adopted.story).toMatch(
        /issued\/kube-scheduler\.crt is not here, a copy of it is: certs_by_serial\/[0-9A-F]{32}\.pem; put it back/,
      );
      expect(adopted.text).not.toMatch(/^ {4}[a-z-]+: .*certs_by_serial/m);
    });

    it('is completed by apply, with names that fit in', async () => {
      const before = contents(lost);
      expect(await adopted.apply()).toEqual({
        code: 0,
        lines: [
          'created | sa | authorities | sa.pub | not there',
          'created | etcd-healthcheck-client | cp-1 | issued/etcd-healthcheck-client.crt | not there',
          'created | apiserver | cp-1 | issued/server.crt | not there',
          'created | scheduler | cp-1 | issued/kube-scheduler.crt | its key is there, the certificate is not',
          'created | apiserver-kubelet-client | cp-1 | issued/apiserver-kubelet-client.crt | not there',
        ],
        summary: '5 created, 8 kept, 0 refused',
      });
      expectKept(before, contents(lost));
      expect(await adopted.plan()).toMatchObject({
        code: 0,
        lines: [],
        summary: 'nothing to do: 0 to create, 13 to keep, 0 refused',
      });
    });

    it('runs a control plane then, with kubeconfigs made of its pairs', async () => {
      const ca = join(lost, 'ca.crt');
      const make = async (name: string): Promise<string> =>
        kubeconfigOf(join(base, `${name}.conf`), 'https://172.16.10.11:6443', {
          ca,
          certificate: join(lost, `issued/${name}.crt`),
          key: join(lost, `private/${name}.key`),
        });
      const kubeconfigs = new Map([
        ['controller-manager', await make('kube-controller-manager')],
        ['scheduler', await make('kube-scheduler')],
      ]);
      const listed = findListed(lost, adopted.cluster);
      await expectControlPlane({
        find: (id, part, host) =>
          part === 'kubeconfig' ? kubeconfigs.get(id) : listed(id, part, host),
        serviceSubnet: '10.96.0.0/16',
        admin: await make('admin'),
        node: { name: 'worker-1', kubeconfig: await make('worker-1') },
      });
    });
  });
});
