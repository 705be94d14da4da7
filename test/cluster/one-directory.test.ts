/** What lies in the layouts that are one directory: under names that the cluster file lists, or under those of k3s. */
import { describe, expect, it } from 'vitest';
import {
  administratorItems,
  authorityItems,
  CREDENTIAL_IDS,
  type HostItem,
  hostItems,
  isPartOf,
  readCluster,
  sharedItems,
} from '../../src/cluster/index.ts';
import { clusterText } from './cluster-text.ts';

const CA = { certificate: 'ca.crt', key: 'private/ca.key' };
const pair = (base: string) => ({ certificate: `${base}.crt`, key: `${base}.key` });
const HOSTS = [
  { name: 'cp-1', addresses: ['10.0.0.1'], roles: ['control-plane', 'etcd'] },
  { name: 'cp-2', addresses: ['10.0.0.2'], roles: ['control-plane', 'etcd'] },
  { name: 'w-1', addresses: ['10.0.0.3'], roles: ['worker'] },
];
const custom = (files: Record<string, unknown>, spec: Record<string, unknown> = {}) =>
  readCluster(
    clusterText({ layout: 'custom', hosts: HOSTS, files: { ca: CA, ...files }, ...spec }),
    'c',
  );
const k3s = (spec: Record<string, unknown> = {}) =>
  readCluster(
    clusterText({
      layout: 'k3s',
      hosts: [{ name: 'k-1', addresses: ['10.0.0.1'], roles: ['control-plane', 'etcd', 'worker'] }],
      ...spec,
    }),
    'c',
  );

type Cluster = ReturnType<typeof custom>;
const ofHost = (cluster: Cluster, name: string): HostItem[] =>
  cluster.hosts.filter((host) => host.name === name).flatMap((host) => hostItems(cluster, host));
const files = (items: readonly HostItem[]): string[] =>
  items.flatMap((item) =>
    item.kind === 'pair' ? [item.certificatePath, item.keyPath] : [item.path],
  );

describe('layout custom', () => {
  it('has only what is listed, where it is listed', () => {
    const cluster = custom({
      apiserver: pair('issued/server'),
      admin: pair('admin'),
      sa: { publicKey: 'sa.pub', key: 'sa.key' },
    });
    expect(CREDENTIAL_IDS.filter((id) => isPartOf(cluster, id))).toEqual([
      'ca',
      'apiserver',
      'admin',
      'sa',
    ]);
    expect(
      authorityItems(cluster).map(({ publicPath, keyPath }) => `${publicPath} ${keyPath}`),
    ).toEqual(['ca.crt private/ca.key', 'sa.pub sa.key']);
    expect(authorityItems(cluster, true)).toEqual(authorityItems(cluster));
    expect(files(administratorItems(cluster))).toEqual(['admin.crt', 'admin.key']);
    expect(files(sharedItems(cluster))).toEqual(['issued/server.crt', 'issued/server.key']);
    for (const { name } of HOSTS) expect(ofHost(cluster, name)).toEqual([]);
  });

  it('makes one item of what several hosts share: the profile of the first, the names of all', () => {
    const cluster = custom({ apiserver: pair('server') });
    expect(sharedItems(cluster)).toMatchObject([
      {
        profile: {
          commonName: 'kube-apiserver',
          dns: expect.arrayContaining(['cp-1', 'cp-2', 'kubernetes', 'api.test.example.com']),
          ip: ['10.96.0.1', '10.0.0.1', '10.0.0.2'],
        },
      },
    ]);
  });

  it('keeps with its host what nobody else holds, although its path does not name it', () => {
    const cluster = custom({ apiserver: pair('server') }, { hosts: [HOSTS[0], HOSTS[2]] });
    expect(sharedItems(cluster)).toEqual([]);
    expect(files(ofHost(cluster, 'cp-1'))).toEqual(['server.crt', 'server.key']);
  });

  it('gives each host its own file where the path names it, as often as it does', () => {
    const cluster = custom({ apiserver: pair('{host}/{host}') });
    expect(sharedItems(cluster)).toEqual([]);
    expect(files(ofHost(cluster, 'cp-2'))).toEqual(['cp-2/cp-2.crt', 'cp-2/cp-2.key']);
    expect(files(ofHost(cluster, 'w-1'))).toEqual([]);
  });

  it('makes kubelet certificates because they are listed, whatever kubeletCertificates says', () => {
    const cluster = custom({ 'kubelet-client': { kubeconfig: '{host}.kubeconfig' } });
    expect(files(ofHost(cluster, 'w-1'))).toEqual(['w-1.kubeconfig']);
  });

  it('has a client in a pair or in a kubeconfig, as its entry says', () => {
    const cluster = custom({ scheduler: pair('scheduler'), 'kube-proxy': { kubeconfig: 'p' } });
    expect(sharedItems(cluster)).toMatchObject([
      { kind: 'pair', profile: { commonName: 'system:kube-scheduler' } },
    ]);
    expect(ofHost(cluster, 'w-1')).toMatchObject([
      { kind: 'kubeconfig', user: 'system:kube-proxy', trust: 'ca' },
    ]);
  });

  it('points a component at the API server beside it only where its kubeconfig is its own', () => {
    const server = (path: string) => {
      const cluster = custom({ scheduler: { kubeconfig: path } });
      return [...sharedItems(cluster), ...ofHost(cluster, 'cp-1')];
    };
    expect(server('{host}.conf')).toMatchObject([{ server: 'https://10.0.0.1:6443' }]);
    expect(server('s.conf')).toMatchObject([{ server: 'https://api.test.example.com:6443' }]);
  });

  it('signs with the additional CAs where the authorities are split, and trusts the one of servers', () => {
    const cluster = custom(
      {
        'server-ca': pair('server-ca'),
        'etcd-ca': pair('etcd-ca'),
        'etcd-peer-ca': pair('etcd-peer-ca'),
        apiserver: pair('server'),
        'kubelet-server': pair('{host}'),
        'etcd-server': pair('etcd/{host}'),
        'etcd-peer': pair('peer/{host}'),
        'apiserver-etcd-client': pair('etcd-client'),
        scheduler: { kubeconfig: 'scheduler.conf' },
      },
      { authorities: 'split' },
    );
    const items = [...sharedItems(cluster), ...cluster.hosts.flatMap((h) => hostItems(cluster, h))];
    const issuers = items.flatMap((item) =>
      item.kind === 'copy' ? [] : [[item.credential, item.profile.issuer]],
    );
    expect(Object.fromEntries(issuers)).toEqual({
      apiserver: 'server-ca',
      'kubelet-server': 'server-ca',
      'etcd-server': 'etcd-ca',
      'etcd-peer': 'etcd-peer-ca',
      'apiserver-etcd-client': 'etcd-ca',
      scheduler: 'ca',
    });
    expect(items.filter(({ kind }) => kind === 'kubeconfig')).toMatchObject([
      { trust: 'server-ca' },
    ]);
  });

  it('follows a common name of its own, with the name of the host in it', () => {
    const cluster = custom(
      { 'kubelet-server': pair('{host}'), 'etcd-ca': pair('e'), 'etcd-peer': pair('peer') },
      {
        credentials: {
          'kubelet-server': { commonName: '{host}' },
          'etcd-peer': { commonName: 'etcd' },
          ca: { commonName: 'my-ca' },
        },
      },
    );
    expect(ofHost(cluster, 'w-1')).toMatchObject([
      { profile: { commonName: 'w-1', organizations: [] } },
    ]);
    expect(sharedItems(cluster)).toMatchObject([{ profile: { commonName: 'etcd' } }]);
    expect(authorityItems(cluster)[0]).toMatchObject({ commonName: 'my-ca' });
  });
});

describe('layout k3s', () => {
  it('has the files that k3s makes', () => {
    const cluster = k3s();
    expect(
      authorityItems(cluster).map(({ credential, publicPath }) => [credential, publicPath]),
    ).toEqual([
      ['ca', 'server/tls/client-ca.crt'],
      ['server-ca', 'server/tls/server-ca.crt'],
      ['etcd-ca', 'server/tls/etcd/server-ca.crt'],
      ['etcd-peer-ca', 'server/tls/etcd/peer-ca.crt'],
      ['front-proxy-ca', 'server/tls/request-header-ca.crt'],
      ['sa', 'server/tls/service.key'],
    ]);
    expect(files([...administratorItems(cluster), ...ofHost(cluster, 'k-1')])).toEqual([
      'server/cred/admin.kubeconfig',
      'agent/client-ca.crt',
      'agent/server-ca.crt',
      'server/tls/etcd/peer-server-client.crt',
      'server/tls/etcd/peer-server-client.key',
      'server/tls/etcd/server-client.crt',
      'server/tls/etcd/server-client.key',
      'server/tls/etcd/client.crt',
      'server/tls/etcd/client.key',
      'server/tls/serving-kube-apiserver.crt',
      'server/tls/serving-kube-apiserver.key',
      'server/cred/controller.kubeconfig',
      'server/cred/scheduler.kubeconfig',
      'agent/kubeproxy.kubeconfig',
      'agent/kubelet.kubeconfig',
      'agent/serving-kubelet.crt',
      'agent/serving-kubelet.key',
      'server/tls/client-kube-apiserver.crt',
      'server/tls/client-kube-apiserver.key',
      'server/tls/client-auth-proxy.crt',
      'server/tls/client-auth-proxy.key',
    ]);
  });

  it('names whom k3s names, unless the cluster file says otherwise', () => {
    const subjects = (cluster: Cluster) =>
      Object.fromEntries(
        [...administratorItems(cluster), ...ofHost(cluster, 'k-1')].flatMap((item) => {
          if (item.kind === 'copy') return [];
          const { commonName, organizations } = item.profile;
          return [[item.credential, [commonName, ...organizations].join(' ')]];
        }),
      );
    expect(subjects(k3s())).toEqual({
      admin: 'system:admin system:masters',
      apiserver: 'kube-apiserver',
      'apiserver-etcd-client': 'etcd-client',
      'apiserver-kubelet-client': 'system:apiserver system:masters',
      'controller-manager': 'system:kube-controller-manager',
      'etcd-peer': 'etcd-peer',
      'etcd-server': 'etcd-server',
      'front-proxy-client': 'system:auth-proxy',
      'kube-proxy': 'system:kube-proxy',
      'kubelet-client': 'system:node:k-1 system:nodes',
      'kubelet-server': 'k-1',
      scheduler: 'system:kube-scheduler',
    });
    const other = k3s({ credentials: { admin: { commonName: 'me', organizations: [] } } });
    expect(subjects(other)).toMatchObject({ admin: 'me' });
  });
});
