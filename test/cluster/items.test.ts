import { describe, expect, it } from 'vitest';
import {
  administratorItems,
  authorityItems,
  type HostItem,
  hostItems,
  readCluster,
} from '../../src/cluster/index.ts';
import { clusterText } from './cluster-text.ts';

const cluster = (spec: Record<string, unknown> = {}) =>
  readCluster(clusterText(spec), 'cluster.yaml');

/** The files of one host. */
function files(spec: Record<string, unknown>, hostName: string): string[] {
  const c = cluster(spec);
  const host = c.hosts.find(({ name }) => name === hostName);
  if (host === undefined) throw new Error(`no host ${hostName}`);
  return hostItems(c, host)
    .flatMap((item) => (item.kind === 'pair' ? [item.certificatePath, item.keyPath] : [item.path]))
    .sort();
}

function item(spec: Record<string, unknown>, hostName: string, id: string): HostItem {
  const c = cluster(spec);
  const found = c.hosts
    .filter(({ name }) => name === hostName)
    .flatMap((host) => hostItems(c, host))
    .find(({ credential, kind }) => credential === id && kind !== 'copy');
  if (found === undefined) throw new Error(`no ${id} on ${hostName}`);
  return found;
}

describe('hostItems', () => {
  it('gives a control plane with etcd just what kubeadm gives it, but CA keys and admin.conf', () => {
    expect(files({}, 'cp-1')).toEqual([
      'etc/kubernetes/controller-manager.conf',
      'etc/kubernetes/kube-proxy.conf',
      'etc/kubernetes/pki/apiserver-etcd-client.crt',
      'etc/kubernetes/pki/apiserver-etcd-client.key',
      'etc/kubernetes/pki/apiserver-kubelet-client.crt',
      'etc/kubernetes/pki/apiserver-kubelet-client.key',
      'etc/kubernetes/pki/apiserver.crt',
      'etc/kubernetes/pki/apiserver.key',
      'etc/kubernetes/pki/ca.crt',
      'etc/kubernetes/pki/ca.key',
      'etc/kubernetes/pki/etcd/ca.crt',
      'etc/kubernetes/pki/etcd/healthcheck-client.crt',
      'etc/kubernetes/pki/etcd/healthcheck-client.key',
      'etc/kubernetes/pki/etcd/peer.crt',
      'etc/kubernetes/pki/etcd/peer.key',
      'etc/kubernetes/pki/etcd/server.crt',
      'etc/kubernetes/pki/etcd/server.key',
      'etc/kubernetes/pki/front-proxy-ca.crt',
      'etc/kubernetes/pki/front-proxy-client.crt',
      'etc/kubernetes/pki/front-proxy-client.key',
      'etc/kubernetes/pki/sa.key',
      'etc/kubernetes/pki/sa.pub',
      'etc/kubernetes/scheduler.conf',
    ]);
  });

  it('gives a worker that bootstraps nothing secret but its kube-proxy', () => {
    expect(files({}, 'worker-1')).toEqual([
      'etc/kubernetes/kube-proxy.conf',
      'etc/kubernetes/pki/ca.crt',
    ]);
  });

  it('makes kubelet certificates ahead where asked to', () => {
    expect(files({ kubeletCertificates: 'files' }, 'worker-1')).toEqual([
      'etc/kubernetes/kube-proxy.conf',
      'etc/kubernetes/kubelet.conf',
      'etc/kubernetes/pki/ca.crt',
      'var/lib/kubelet/pki/kubelet.crt',
      'var/lib/kubelet/pki/kubelet.key',
    ]);
  });

  it('puts CA keys and the administrators on the control plane with caKeys: controlPlane, super-admin on the first only', () => {
    const hosts = [1, 2].map((i) => ({
      name: `cp-${i}`,
      addresses: [`10.0.0.${i}`],
      roles: ['control-plane', 'etcd'],
    }));
    const extra = (name: string) =>
      files({ hosts, caKeys: 'controlPlane' }, name).filter((file) => /ca\.key|admin/.test(file));
    const keys = [
      'etc/kubernetes/pki/ca.key',
      'etc/kubernetes/pki/etcd/ca.key',
      'etc/kubernetes/pki/front-proxy-ca.key',
    ];
    expect(extra('cp-1')).toEqual([
      'etc/kubernetes/admin.conf',
      ...keys,
      'etc/kubernetes/super-admin.conf',
    ]);
    expect(extra('cp-2')).toEqual(['etc/kubernetes/admin.conf', ...keys]);
  });

  it('leaves everything of the front proxy out with frontProxy: false', () => {
    expect(
      files({ frontProxy: false }, 'cp-1').filter((file) => file.includes('front-proxy')),
    ).toEqual([]);
    expect(
      authorityItems(cluster({ frontProxy: false })).map(({ credential }) => credential),
    ).toEqual(['ca', 'etcd-ca', 'sa']);
  });

  it('uses the names of installations from binaries in layout binary', () => {
    const spec = { layout: 'binary' };
    expect(files(spec, 'cp-1').filter((file) => /etcd|conf/.test(file))).toEqual([
      'etc/etcd/ssl/etcd-ca.pem',
      'etc/etcd/ssl/healthcheck-client-key.pem',
      'etc/etcd/ssl/healthcheck-client.pem',
      'etc/etcd/ssl/peer-key.pem',
      'etc/etcd/ssl/peer.pem',
      'etc/etcd/ssl/server-key.pem',
      'etc/etcd/ssl/server.pem',
      'etc/kubernetes/kube-controller-manager.kubeconfig',
      'etc/kubernetes/kube-scheduler.kubeconfig',
      'etc/kubernetes/pki/apiserver-etcd-client-key.pem',
      'etc/kubernetes/pki/apiserver-etcd-client.pem',
    ]);
    expect(
      authorityItems(cluster(spec)).map(({ publicPath, keyPath }) => `${publicPath} ${keyPath}`),
    ).toEqual([
      'ca.pem ca-key.pem',
      'etcd-ca.pem etcd-ca-key.pem',
      'front-proxy-ca.pem front-proxy-ca-key.pem',
      'sa.pub sa.key',
    ]);
  });

  it('keeps etcd away from control planes and the other way round where they are on different machines', () => {
    const hosts = [
      { name: 'e', addresses: ['10.0.0.1'], roles: ['etcd'] },
      { name: 'c', addresses: ['10.0.0.2'], roles: ['control-plane'] },
    ];
    expect(files({ hosts }, 'e').every((file) => file.startsWith('etc/kubernetes/pki/etcd/'))).toBe(
      true,
    );
    expect(files({ hosts }, 'c').filter((file) => file.includes('/etcd/'))).toEqual([
      'etc/kubernetes/pki/etcd/ca.crt',
    ]);
  });

  it('signs for etcd with the cluster CA where the authorities are single, and never for the front proxy', () => {
    const spec = { authorities: 'single' };
    expect(item(spec, 'cp-1', 'etcd-peer')).toMatchObject({ profile: { issuer: 'ca' } });
    expect(item(spec, 'cp-1', 'front-proxy-client')).toMatchObject({
      profile: { issuer: 'front-proxy-ca' },
    });
    expect(files(spec, 'cp-1')).toContain('etc/kubernetes/pki/etcd/ca.crt');
  });

  it('covers every name of the API server, of both families', () => {
    const spec = {
      serviceSubnets: ['10.96.0.0/12', 'fd00:96::/112'],
      apiServer: { extraSANs: ['lb.example.com', '203.0.113.1'] },
      credentials: { apiserver: { extraSANs: ['alt.example.com'] } },
    };
    expect(item(spec, 'cp-1', 'apiserver')).toMatchObject({
      profile: {
        commonName: 'kube-apiserver',
        organizations: [],
        dns: [
          'alt.example.com',
          'api.test.example.com',
          'cp-1',
          'kubernetes',
          'kubernetes.default',
          'kubernetes.default.svc',
          'kubernetes.default.svc.cluster.local',
          'lb.example.com',
        ],
        ip: ['10.96.0.1', 'fd00:96::1', '172.16.10.11', '203.0.113.1'],
        usages: ['serverAuth'],
      },
    });
  });

  it('gives etcd members their own names and loopback, and both usages', () => {
    for (const id of ['etcd-server', 'etcd-peer']) {
      expect(item({}, 'cp-1', id)).toMatchObject({
        profile: {
          commonName: 'cp-1',
          dns: ['cp-1', 'localhost'],
          ip: ['172.16.10.11', '127.0.0.1', '::1'],
          usages: ['serverAuth', 'clientAuth'],
        },
      });
    }
  });

  it('gives a kubelet the identity of its node, for both of its certificates', () => {
    const spec = { kubeletCertificates: 'files' };
    const subject = { commonName: 'system:node:worker-1', organizations: ['system:nodes'] };
    expect(item(spec, 'worker-1', 'kubelet-client')).toMatchObject({
      profile: { ...subject, dns: [], ip: [] },
      server: 'https://api.test.example.com:6443',
    });
    expect(item(spec, 'worker-1', 'kubelet-server')).toMatchObject({
      profile: { ...subject, dns: ['worker-1'], ip: ['172.16.10.21'] },
    });
  });

  it('points the components of a control plane at the API server beside them', () => {
    for (const id of ['controller-manager', 'scheduler']) {
      expect(item({ apiServer: { port: 7443 } }, 'cp-1', id)).toMatchObject({
        server: 'https://172.16.10.11:7443',
      });
    }
  });

  it('follows what spec.credentials says of one credential', () => {
    const spec = {
      credentials: {
        scheduler: { validity: '30d', keyAlgorithm: 'RSA-3072', organizations: ['a', 'b'] },
      },
    };
    expect(item(spec, 'cp-1', 'scheduler')).toMatchObject({
      profile: { validity: 2_592_000, keyAlgorithm: 'RSA-3072', organizations: ['a', 'b'] },
    });
    expect(item(spec, 'cp-1', 'controller-manager')).toMatchObject({
      profile: { validity: 31_536_000, keyAlgorithm: 'ECDSA-P256' },
    });
  });
});

describe('administratorItems', () => {
  it('are with the administrator, or on the control planes, never both', () => {
    expect(
      administratorItems(cluster()).map((one) => (one.kind === 'kubeconfig' ? one.path : '')),
    ).toEqual(['admin.conf', 'super-admin.conf']);
    expect(administratorItems(cluster({ caKeys: 'controlPlane' }))).toEqual([]);
  });

  it('keep system:masters to super-admin', () => {
    expect(administratorItems(cluster()).map(({ profile }) => profile.organizations)).toEqual([
      ['kubeadm:cluster-admins'],
      ['system:masters'],
    ]);
  });
});
