/** What init --from makes of places whose file names are laid down: machines, k3s, and kubepki's own. */
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { encodePrivateKey } from '../../src/x509/index.ts';
import { temporaryDirectory } from '../temporary.ts';
import { BOTH, planned, SERVER, SERVICE_NAMES, Workshop } from './adopt-fixture.ts';
import { pki } from './fixture.ts';

const HOSTS = [
  { name: 'cp-1', addresses: ['172.16.10.11'], roles: ['control-plane', 'etcd'] },
  { name: 'cp-2', addresses: ['172.16.10.12'], roles: ['control-plane', 'etcd'] },
  { name: 'worker-1', addresses: ['172.16.10.21'], roles: ['worker'] },
];

/** The tree of one host, as kubeadm and kubepki both make it. */
async function machine(spec: Record<string, unknown> = {}): Promise<string> {
  const made = pki({
    hosts: HOSTS,
    caKeys: 'controlPlane',
    serviceSubnets: ['10.96.0.0/16'],
    ...spec,
  });
  expect((await made.apply()).counts.refuse).toBe(0);
  return made.path('hosts/cp-1');
}

describe('adopting a machine', () => {
  it('knows kubeadm by its files, from the root, /etc/kubernetes and its pki', async () => {
    const root = await machine();
    for (const part of ['', 'etc/kubernetes', 'etc/kubernetes/pki']) {
      const proposal = new Workshop().adopt({}, join(root, part));
      expect(proposal.place).toEqual({ kind: 'machine', host: 'cp-1', root });
      expect(proposal.cluster).toMatchObject({
        layout: 'kubeadm',
        caKeys: 'controlPlane',
        kubeletCertificates: 'bootstrap',
        endpoint: { host: 'api.test.example.com', port: 6443 },
        hosts: [{ name: 'cp-1', addresses: ['172.16.10.11'], roles: ['control-plane', 'etcd'] }],
        credentials: {},
      });
      expect(await planned(proposal)).toEqual([]);
      expect(proposal.leftOver.files).toEqual([]);
    }
  });

  it('reads subnets and the version from the manifest of kube-apiserver', async () => {
    const root = await machine();
    const shop = new Workshop(undefined, root);
    shop.write(
      'etc/kubernetes/manifests/kube-apiserver.yaml',
      'spec:\n  containers:\n  - command:\n    - kube-apiserver\n    - --service-cluster-ip-range=10.96.0.0/16,fd00:96::/112\n    image: registry.k8s.io/kube-apiserver:v1.35.2\n',
    );
    const { cluster, problems, untold } = shop.adopt();
    expect(cluster).toMatchObject({ serviceSubnets: ['10.96.0.0/16'], kubernetesVersion: '1.35' });
    expect(problems.join('\n')).toMatch(
      /fd00:96::\/112 too, whose first address its certificate does not cover/,
    );
    expect(untold).toEqual([]);
  });

  it('knows offline CA keys and certificates of kubelets by what is there', async () => {
    const root = await machine({ caKeys: 'offline', kubeletCertificates: 'files' });
    const proposal = new Workshop().adopt({}, root);
    expect(proposal.cluster).toMatchObject({ caKeys: 'offline', kubeletCertificates: 'files' });
  });

  it('knows the names of installations from binaries', async () => {
    const root = await machine({ layout: 'binary', authorities: 'single', frontProxy: false });
    const proposal = new Workshop().adopt({}, root);
    expect(proposal.cluster).toMatchObject({ layout: 'binary', frontProxy: false });
    expect(await planned(proposal)).toEqual([]);
  });

  it('knows a kubelet that has bootstrapped by the certificate it keeps', async () => {
    const root = await machine();
    rmSync(join(root, 'etc/kubernetes/pki/etcd'), { recursive: true });
    const shop = new Workshop(undefined, root);
    const ca = shop.ca(undefined, 'other');
    const { pem, key } = shop.leaf(undefined, ca, 'system:node:node-7.example.com', {
      org: ['system:nodes'],
    });
    shop.write(
      'var/lib/kubelet/pki/kubelet-client-2027-03-01-12-00-00.pem',
      pem + encodePrivateKey(key),
      0o600,
    );
    expect(shop.adopt().cluster.hosts[0]?.name).toBe('node-7.example.com');
  });

  it('lets a worker tell of itself, and says what it cannot know of the others', () => {
    const shop = new Workshop((name) => [`etc/kubernetes/pki/${name}.crt`, `unused/${name}.key`]);
    const ca = shop.ca('ca', 'kubernetes');
    rmSync(join(shop.directory, 'unused'), { recursive: true });
    const made = shop.leaf(undefined, ca, 'system:node:worker-9', { org: ['system:nodes'] });
    shop.kubeconfig('etc/kubernetes/kubelet.conf', made, ca, 'https://172.16.10.11:6443', 'prod');
    const { cluster, place, untold } = shop.adopt();
    expect(place).toMatchObject({ kind: 'machine', host: 'worker-9' });
    expect(cluster.hosts).toEqual([
      { name: 'cp-1', addresses: ['172.16.10.11'], roles: ['control-plane', 'etcd'] },
      { name: 'worker-9', addresses: ['198.18.0.1'], roles: ['worker'] },
    ]);
    expect(untold.join('\n')).toMatch(
      /which hosts are control planes.*\n[^]*the address of worker-9/,
    );
  });

  it('finds an etcd elsewhere by the flags of kube-apiserver', async () => {
    const root = await machine();
    rmSync(join(root, 'etc/kubernetes/pki/etcd'), { recursive: true });
    const shop = new Workshop(undefined, root);
    shop.write(
      'etc/kubernetes/manifests/kube-apiserver.yaml',
      '    - --etcd-servers=https://10.9.0.1:2379,https://10.9.0.2:2379\n',
    );
    expect(shop.adopt().cluster.hosts).toEqual([
      { name: 'cp-1', addresses: ['172.16.10.11'], roles: ['control-plane'] },
      { name: 'etcd-1', addresses: ['10.9.0.1'], roles: ['etcd'] },
      { name: 'etcd-2', addresses: ['10.9.0.2'], roles: ['etcd'] },
    ]);
  });

  it('takes a copy of kubeadm’s directory under another name for what it is: files by hand', async () => {
    const root = await machine();
    const directory = temporaryDirectory();
    cpSync(join(root, 'etc/kubernetes'), join(directory, 'backup'), { recursive: true });
    const proposal = new Workshop().adopt({}, join(directory, 'backup'));
    expect(proposal.cluster.layout).toBe('custom');
    expect(proposal.cluster.credentials).toEqual({});
    expect(proposal.problems).toEqual([]);
    expect(proposal.cluster.files).toMatchObject({
      ca: { certificate: 'pki/ca.crt', key: 'pki/ca.key' },
      'etcd-ca': { certificate: 'pki/etcd/ca.crt' },
      'etcd-server': { certificate: 'pki/etcd/server.crt', key: 'pki/etcd/server.key' },
      'super-admin': { kubeconfig: 'super-admin.conf' },
      sa: { publicKey: 'pki/sa.pub', key: 'pki/sa.key' },
    });
    expect(await planned(proposal)).toEqual([]);
  });
});

describe('adopting what kubepki has made', () => {
  it.each([
    ['kubeadm', 'offline'],
    ['kubeadm', 'controlPlane'],
    ['binary', 'offline'],
  ] as const)('describes it again: layout %s, caKeys %s', async (layout, caKeys) => {
    const made = pki({ hosts: HOSTS, layout, caKeys, kubeletCertificates: 'files' });
    await made.apply();
    const proposal = new Workshop().adopt({}, made.directory);
    const { cluster } = made;
    expect(proposal.recognised).toBe('a directory that kubepki apply has made');
    expect(proposal.place).toEqual({ kind: 'directory', directory: made.directory });
    expect(proposal.cluster).toEqual({ ...cluster, serviceSubnets: ['10.96.0.0/12'] });
    expect(await planned(proposal)).toEqual([]);
    expect(proposal.text).toMatch(/hosts are the directories in hosts/);
  });

  it('says which addresses it cannot know, where kubelets bootstrap', async () => {
    const made = pki({ hosts: HOSTS });
    await made.apply();
    const { cluster, untold, text } = new Workshop().adopt({}, made.directory);
    expect(cluster.hosts.map(({ name, roles }) => `${name} ${roles.join(',')}`)).toEqual([
      'cp-1 control-plane,etcd',
      'cp-2 control-plane,etcd',
      'worker-1 worker',
    ]);
    expect(untold.join('\n')).toMatch(/the address of worker-1/);
    expect(text).toMatch(
      /name: worker-1, addresses: \[198\.18\.0\.1\].*# its address could not be told/,
    );
  });
});

describe('adopting a data directory of k3s', () => {
  function k3s(directory = temporaryDirectory()): Workshop {
    const shop = new Workshop(
      (name) => [`server/tls/${name}.crt`, `server/tls/${name}.key`],
      directory,
    );
    const clients = shop.ca('client-ca', 'k3s-client-ca@1700000000');
    const servers = shop.ca('server-ca', 'k3s-server-ca@1700000000');
    const proxy = shop.ca('request-header-ca', 'k3s-request-header-ca@1700000000');
    const etcd = shop.ca('etcd/server-ca', 'etcd-server-ca@1700000000');
    const peers = shop.ca('etcd/peer-ca', 'etcd-peer-ca@1700000000');
    const own = {
      dns: ['localhost', 'k3s-1'],
      ip: ['127.0.0.1', '::1', '192.168.7.2'],
      usages: BOTH,
    };
    shop.leaf('etcd/server-client', etcd, 'etcd-server', own);
    shop.leaf('etcd/peer-server-client', peers, 'etcd-peer', own);
    shop.leaf('etcd/client', etcd, 'etcd-client');
    shop.leaf('serving-kube-apiserver', servers, 'kube-apiserver', {
      usages: SERVER,
      dns: [...SERVICE_NAMES, 'localhost', 'k3s-1'],
      ip: ['127.0.0.1', '::1', '192.168.7.2', '10.43.0.1'],
    });
    shop.leaf('client-kube-apiserver', clients, 'system:apiserver', { org: ['system:masters'] });
    shop.leaf('client-auth-proxy', proxy, 'system:auth-proxy');
    shop.sa('server/tls/unused.pub', 'server/tls/service.key');
    rmSync(join(directory, 'server/tls/unused.pub'));
    const kubeconfig = (path: string, cn: string, org: string[] = []): void =>
      shop.kubeconfig(
        path,
        shop.leaf(undefined, clients, cn, { org }),
        servers,
        'https://127.0.0.1:6443',
        'local',
      );
    kubeconfig('server/cred/admin.kubeconfig', 'system:admin', ['system:masters']);
    kubeconfig('server/cred/controller.kubeconfig', 'system:kube-controller-manager');
    kubeconfig('server/cred/scheduler.kubeconfig', 'system:kube-scheduler');
    kubeconfig('agent/kubelet.kubeconfig', 'system:node:k3s-1', ['system:nodes']);
    kubeconfig('agent/kubeproxy.kubeconfig', 'system:kube-proxy');
    shop.write('agent/client-ca.crt', clients.pem);
    shop.write('agent/server-ca.crt', servers.pem);
    const serving = shop.leaf(undefined, servers, 'k3s-1', {
      usages: SERVER,
      dns: ['k3s-1', 'localhost'],
      ip: ['127.0.0.1', '192.168.7.2'],
    });
    shop.write('agent/serving-kubelet.crt', serving.pem);
    shop.write('agent/serving-kubelet.key', encodePrivateKey(serving.key), 0o600);
    mkdirSync(join(directory, 'agent/containerd/io/deep'), { recursive: true });
    return shop;
  }

  it('sends an agent to its server', () => {
    const shop = k3s();
    rmSync(join(shop.directory, 'server'), { recursive: true });
    expect(() => shop.adopt()).toThrow(/an agent of k3s or RKE2/);
  });

  it('describes it, split as it is, and plan finds no fault with it', async () => {
    const shop = k3s();
    for (const part of ['', 'server', 'server/tls']) {
      const proposal = shop.adopt({}, join(shop.directory, part));
      expect(proposal.recognised).toBe('a data directory of k3s');
      expect(proposal.cluster).toMatchObject({
        layout: 'k3s',
        authorities: 'split',
        serviceSubnets: ['10.43.0.0/16'],
        hosts: [
          { name: 'k3s-1', addresses: ['192.168.7.2'], roles: ['control-plane', 'etcd', 'worker'] },
        ],
      });
      expect(await planned(proposal)).toEqual([]);
    }
  });
});
