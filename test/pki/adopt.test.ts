/** What init --from makes of directories whose names nobody has laid down. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readCluster } from '../../src/cluster/index.ts';
import { encodePrivateKey, generatePrivateKey } from '../../src/x509/index.ts';
import { temporaryDirectory } from '../temporary.ts';
import { applied, BOTH, planned, SERVER, SERVICE_NAMES, Workshop } from './adopt-fixture.ts';
import { snapshot } from './fixture.ts';

const MASTERS = ['system:masters'];

/** As easy-rsa 3 lays it out. */
const easyRsa = (): Workshop => {
  const shop = new Workshop((name) => [
    name === 'ca' ? 'ca.crt' : `issued/${name}.crt`,
    `private/${name}.key`,
  ]);
  shop.write('openssl-easyrsa.cnf', '# For use with Easy-RSA 3\n');
  shop.write('index.txt', '');
  return shop;
};

/** As guides with cfssl: one CA, one serving certificate for everything. */
function hardWay(): Workshop {
  const shop = new Workshop((name) => [`${name}.pem`, `${name}-key.pem`]);
  const ca = shop.ca('ca', 'Kubernetes', { until: 1825 });
  const endpoint = 'https://203.0.113.1:6443';
  const local = 'https://127.0.0.1:6443';
  const client = (name: string, cn: string, org: string, server: string, names = {}): void => {
    const made = shop.leaf(name, ca, cn, { org: [org], usages: BOTH, ...names });
    shop.kubeconfig(`${name}.kubeconfig`, made, ca, server, 'hard-way');
  };
  client('admin', 'admin', 'system:masters', local);
  client(
    'kube-controller-manager',
    'system:kube-controller-manager',
    'system:kube-controller-manager',
    local,
  );
  client('kube-scheduler', 'system:kube-scheduler', 'system:kube-scheduler', local);
  client('kube-proxy', 'system:kube-proxy', 'system:node-proxier', endpoint);
  for (const i of [0, 1]) {
    const names = { dns: [`worker-${i}`], ip: [`203.0.113.2${i}`, `10.240.0.2${i}`] };
    client(`worker-${i}`, `system:node:worker-${i}`, 'system:nodes', endpoint, names);
  }
  shop.leaf('kubernetes', ca, 'kubernetes', {
    org: ['Kubernetes'],
    usages: BOTH,
    dns: SERVICE_NAMES,
    ip: ['10.32.0.1', '10.240.0.10', '10.240.0.11', '203.0.113.1', '127.0.0.1'],
  });
  shop.leaf('service-account', ca, 'service-accounts', { org: ['Kubernetes'], usages: BOTH });
  shop.write('ca-config.json', '{}');
  shop.write('admin-csr.json', '{"CN":"admin"}');
  return shop;
}

describe('adopting a PKI of guides with cfssl', () => {
  it('describes it so that plan has nothing to do', async () => {
    const proposal = hardWay().adopt();
    expect(await planned(proposal)).toEqual([]);
    expect(proposal.recognised).toBe('a PKI made with cfssl');
    expect(proposal.missing).toEqual([]);
    expect(proposal.leftOver.files).toEqual([]);
    const { cluster } = proposal;
    expect(cluster).toMatchObject({
      name: 'hard-way',
      authorities: 'single',
      endpoint: { host: '203.0.113.1', port: 6443 },
      dnsDomain: 'cluster.local',
      serviceSubnets: ['10.32.0.0/24'],
      validity: { ca: 5 * 365 * 86_400, leaf: 365 * 86_400 },
    });
    expect(cluster.files).toEqual({
      ca: { certificate: 'ca.pem', key: 'ca-key.pem' },
      apiserver: { certificate: 'kubernetes.pem', key: 'kubernetes-key.pem' },
      'controller-manager': { kubeconfig: 'kube-controller-manager.kubeconfig' },
      scheduler: { kubeconfig: 'kube-scheduler.kubeconfig' },
      'kube-proxy': { kubeconfig: 'kube-proxy.kubeconfig' },
      'kubelet-client': { kubeconfig: '{host}.kubeconfig' },
      'kubelet-server': { certificate: '{host}.pem', key: '{host}-key.pem' },
      admin: { kubeconfig: 'admin.kubeconfig' },
      sa: { publicKey: 'service-account.pem', key: 'service-account-key.pem' },
    });
  });

  it('gives nodes their addresses, private ones first, and control planes those of the serving certificate', () => {
    const { cluster, untold } = hardWay().adopt();
    expect(cluster.hosts.slice(1)).toEqual([
      { name: 'worker-0', addresses: ['10.240.0.20', '203.0.113.20'], roles: ['worker'] },
      { name: 'worker-1', addresses: ['10.240.0.21', '203.0.113.21'], roles: ['worker'] },
    ]);
    expect(cluster.hosts[0]).toMatchObject({
      addresses: ['10.240.0.10', '10.240.0.11'],
      roles: ['control-plane', 'etcd'],
    });
    expect(untold.join('\n')).toMatch(
      /whether 10\.240\.0\.10, 10\.240\.0\.11 are one machine or several/,
    );
  });

  it('says that the one serving certificate may serve etcd too, and asks for none there', () => {
    const { problems, text } = hardWay().adopt();
    expect(problems.join('\n')).toMatch(
      /^kubernetes\.pem is made for servers and clients.*etcd-server/m,
    );
    expect(text).toContain(
      '#   etcd-server: { certificate: etcd-server.pem, key: etcd-server-key.pem }',
    );
  });

  it('leaves out what kubelets serve with where that covers no address of theirs', async () => {
    const shop = new Workshop();
    const ca = shop.ca('ca', 'CA');
    const made = shop.leaf('node-0', ca, 'system:node:node-0', {
      org: ['system:nodes'],
      usages: BOTH,
      dns: ['node-0'],
      ip: ['127.0.0.1'],
    });
    shop.kubeconfig('node-0.kubeconfig', made, ca, 'https://server.kubernetes.local:6443');
    const { cluster, problems, untold } = shop.adopt();
    expect(cluster.files).toMatchObject({ 'kubelet-client': { kubeconfig: '{host}.kubeconfig' } });
    expect(cluster.files).not.toHaveProperty('kubelet-server');
    expect(problems.join('\n')).toMatch(/node-0\.crt was left out of files: it covers no address/);
    expect(untold.join('\n')).toMatch(/the addresses of .*node-0/);
  });

  it('takes what the operator says of the hosts, and sees what that changes', async () => {
    const hosts = [
      {
        name: 'controller-0',
        addresses: ['10.240.0.10'],
        roles: ['control-plane', 'etcd'] as const,
      },
      {
        name: 'controller-1',
        addresses: ['10.240.0.99'],
        roles: ['control-plane', 'etcd'] as const,
      },
    ];
    const proposal = hardWay().adopt({ given: { hosts, name: 'prod' } });
    expect(proposal.cluster.name).toBe('prod');
    expect(proposal.cluster.hosts.map(({ name }) => name)).toEqual([
      'controller-0',
      'controller-1',
      'worker-0',
      'worker-1',
    ]);
    expect(await planned(proposal)).toEqual(['refuse kubernetes.pem: does not cover 10.240.0.99']);
  });
});

describe('adopting a PKI of easy-rsa', () => {
  function half(): Workshop {
    const shop = easyRsa();
    const ca = shop.ca('ca', 'Easy-RSA CA');
    const server = shop.leaf('server', ca, 'server', {
      usages: SERVER,
      dns: [...SERVICE_NAMES, 'master1'],
      ip: ['10.96.0.1', '172.16.10.138'],
      until: 825,
    });
    shop.write('certs_by_serial/0123.pem', server.pem);
    shop.leaf('admin', ca, 'admin', { org: MASTERS, until: 825 });
    shop.write('reqs/server.req', 'not a request, as far as anybody can see');
    return shop;
  }

  it('names what is missing in its own style, so that apply completes it', async () => {
    const shop = half();
    const proposal = shop.adopt();
    expect(proposal.recognised).toBe('a PKI made with easy-rsa');
    expect(proposal.cluster.files).toMatchObject({
      apiserver: { certificate: 'issued/server.crt', key: 'private/server.key' },
      'apiserver-kubelet-client': {
        certificate: 'issued/apiserver-kubelet-client.crt',
        key: 'private/apiserver-kubelet-client.key',
      },
      'controller-manager': { kubeconfig: 'controller-manager.kubeconfig' },
      sa: { publicKey: 'sa.pub', key: 'private/sa.key' },
    });
    expect(proposal.missing).toEqual([
      'controller-manager',
      'scheduler',
      'kube-proxy',
      'apiserver-kubelet-client',
      'sa',
    ]);
    const report = await applied(proposal);
    expect(report.counts).toMatchObject({ refuse: 0, create: proposal.missing.length });
    const again = shop.adopt();
    expect(again.missing).toEqual([]);
    expect(again.cluster.name).toBe(proposal.cluster.name);
    expect(await planned(again)).toEqual([]);
    expect(again.cluster.files).toEqual(proposal.cluster.files);
  });

  it('leaves etcd and the front proxy out where nothing of them is there, and says how to take them in', () => {
    const { cluster, text } = half().adopt();
    expect(Object.keys(cluster.files ?? {}).filter((id) => /etcd|front/.test(id))).toEqual([]);
    expect(text).toMatch(/^ {4}# Left out, since nothing of etcd is here:$/m);
    expect(text).toMatch(
      /^ {4}# {3}etcd-server: \{ certificate: issued\/etcd-server\.crt, key: private\/etcd-server\.key \}$/m,
    );
    expect(
      readCluster(text.replace(/^( {4})# {3}(etcd-\w+: .*)$/gm, '$1$2'), 'x').files,
    ).toHaveProperty('etcd-server');
  });

  it('counts copies by serial number as copies', () => {
    const { leftOver } = half().adopt();
    expect(leftOver).toMatchObject({ copies: 1, files: [] });
  });

  it('starts from a CA alone, and gives etcd a place too', async () => {
    const shop = easyRsa();
    shop.ca('ca', 'kubernetes');
    const proposal = shop.adopt();
    expect(proposal.cluster.files).toMatchObject({
      ca: { certificate: 'ca.crt', key: 'private/ca.key' },
      'etcd-server': { certificate: 'issued/etcd-server.crt' },
      'front-proxy-ca': { certificate: 'front-proxy-ca.crt', key: 'private/front-proxy-ca.key' },
    });
    expect((await planned(proposal)).every((line) => line.startsWith('create '))).toBe(true);
    expect(proposal.untold.join('\n')).toMatch(/which hosts are control planes/);
    expect((await applied(proposal)).counts.refuse).toBe(0);
  });

  it('names a certificate that is called for a component and does not name it', async () => {
    const shop = half();
    const ca = shop.ca('other', 'unused');
    expect(ca.certificate.keyType).toBe('ECDSA-P256');
    const proposal = withScheduler(shop, 'kube-scheduler');
    expect(proposal.problems.join('\n')).toMatch(
      /kube-scheduler\.crt is named for scheduler, but its common name is kube-scheduler/,
    );
  });

  function withScheduler(shop: Workshop, name: string) {
    const ca = shop.ca('ca', 'Easy-RSA CA 2');
    shop.leaf('server', ca, 'server', {
      usages: SERVER,
      dns: SERVICE_NAMES,
      ip: ['10.96.0.1', '172.16.10.138'],
    });
    shop.leaf(name, ca, name);
    return shop.adopt();
  }
});

describe('adopting a directory of openssl', () => {
  /** Three CAs, an etcd of three members, one control plane apart from them. */
  function three(): Workshop {
    const shop = new Workshop();
    const ca = shop.ca('kubernetes-ca', 'kubernetes-ca');
    const etcd = shop.ca('etcd/etcd-ca', 'etcd-ca');
    const proxy = shop.ca('front-proxy-ca', 'front-proxy-ca');
    for (const i of [1, 2, 3]) {
      const names = {
        dns: [`etcd-${i}`, 'localhost'],
        ip: [`10.0.0.2${i}`, '127.0.0.1', '::1'],
        usages: BOTH,
      };
      shop.leaf(`etcd/etcd-${i}-server`, etcd, `etcd-${i}`, names);
      shop.leaf(`etcd/etcd-${i}-peer`, etcd, `etcd-${i}`, names);
    }
    shop.leaf('etcd/healthcheck', etcd, 'health');
    shop.leaf('apiserver-etcd-client', etcd, 'apiserver', { org: ['system:masters'] });
    shop.leaf('apiserver', ca, 'kube-apiserver', {
      usages: SERVER,
      dns: [...SERVICE_NAMES, 'cp-1', 'api.example.com'],
      ip: ['10.96.0.1', '10.0.0.11'],
    });
    shop.leaf('apiserver-kubelet-client', ca, 'kube-apiserver-kubelet-client', { org: MASTERS });
    shop.leaf('front-proxy-client', proxy, 'front-proxy-client');
    const kubeconfig = (name: string, cn: string, server: string, org: string[] = []): void =>
      shop.kubeconfig(`${name}.conf`, shop.leaf(undefined, ca, cn, { org }), ca, server, 'prod');
    kubeconfig('controller-manager', 'system:kube-controller-manager', 'https://10.0.0.11:6443');
    kubeconfig('scheduler', 'system:kube-scheduler', 'https://10.0.0.11:6443');
    kubeconfig('admin', 'kubernetes-admin', 'https://api.example.com:6443', [
      'kubeadm:cluster-admins',
    ]);
    shop.sa('sa.pub', 'sa.key');
    return shop;
  }

  it('tells CAs apart by what they have issued, and members of etcd by the names in their files', async () => {
    const proposal = three().adopt();
    const { cluster } = proposal;
    expect(await planned(proposal)).toEqual([]);
    expect(cluster.authorities).toBe('separate');
    expect(cluster.files).toMatchObject({
      ca: { certificate: 'kubernetes-ca.crt' },
      'etcd-ca': { certificate: 'etcd/etcd-ca.crt' },
      'front-proxy-ca': { certificate: 'front-proxy-ca.crt' },
      'etcd-server': { certificate: 'etcd/{host}-server.crt', key: 'etcd/{host}-server.key' },
      'etcd-peer': { certificate: 'etcd/{host}-peer.crt' },
      'etcd-healthcheck-client': { certificate: 'etcd/healthcheck.crt' },
      'apiserver-etcd-client': { certificate: 'apiserver-etcd-client.crt' },
      admin: { kubeconfig: 'admin.conf' },
    });
    expect(cluster.hosts).toEqual([
      { name: 'cp-1', addresses: ['10.0.0.11'], roles: ['control-plane'] },
      ...[1, 2, 3].map((i) => ({
        name: `etcd-${i}`,
        addresses: [`10.0.0.2${i}`],
        roles: ['etcd'],
      })),
    ]);
    expect(cluster.endpoint).toEqual({ host: 'api.example.com', port: 6443 });
    expect(cluster.credentials).toMatchObject({
      ca: { commonName: 'kubernetes-ca' },
      'apiserver-etcd-client': { commonName: 'apiserver', organizations: MASTERS },
    });
    // {host} is the catalogue's own common name.
    expect(cluster.credentials['etcd-server']).toBeUndefined();
  });

  it('puts names from serving certificates of etcd onto the addresses that kube-apiserver covers too', () => {
    const shop = new Workshop();
    const ca = shop.ca('ca', 'kubernetes');
    const ip = ['10.0.0.1', '10.0.0.2'];
    shop.leaf('etcd', ca, 'etcd', { usages: BOTH, dns: ['m-1', 'm-2'], ip: [...ip, '127.0.0.1'] });
    shop.leaf('apiserver', ca, 'kubernetes', {
      usages: SERVER,
      dns: [...SERVICE_NAMES, 'm-1', 'm-2', 'api.lab'],
      ip: ['10.96.0.1', ...ip],
    });
    const { cluster, untold } = shop.adopt();
    expect(
      cluster.hosts.map(
        ({ name, addresses, roles }) => `${name} ${addresses.join()} ${roles.join()}`,
      ),
    ).toEqual(['m-1 10.0.0.1 control-plane,etcd,worker', 'm-2 10.0.0.2 control-plane,etcd,worker']);
    expect(untold.join('\n')).toMatch(/which of 2 addresses is which host's/);
    expect(cluster.apiServer.extraSANs).toEqual(['api.lab']);
    expect(cluster.files).not.toHaveProperty('etcd-peer');
  });

  it('leaves kube-proxy out where everything else of the control plane is there', () => {
    const { cluster, text } = three().adopt();
    expect(cluster.files).not.toHaveProperty('kube-proxy');
    expect(text).toMatch(/nothing of kube-proxy is here; as a pod it has a token/);
  });

  it('is split where one CA signs servers and another clients', async () => {
    const shop = new Workshop();
    const clients = shop.ca('client-ca', 'clients');
    const servers = shop.ca('server-ca', 'servers');
    shop.leaf('apiserver', servers, 'kube-apiserver', {
      usages: SERVER,
      dns: [...SERVICE_NAMES, 'cp-1'],
      ip: ['10.96.0.1', '10.0.0.1'],
    });
    const kubeconfig = (name: string, cn: string): void =>
      shop.kubeconfig(
        `${name}.kubeconfig`,
        shop.leaf(undefined, clients, cn),
        servers,
        'https://10.0.0.1:6443',
      );
    kubeconfig('controller-manager', 'system:kube-controller-manager');
    kubeconfig('scheduler', 'system:kube-scheduler');
    const proposal = shop.adopt();
    expect(proposal.cluster.authorities).toBe('split');
    expect(proposal.cluster.files).toMatchObject({
      ca: { certificate: 'client-ca.crt' },
      'server-ca': { certificate: 'server-ca.crt' },
    });
    expect((await planned(proposal)).filter((line) => line.startsWith('refuse'))).toEqual([]);
  });

  it('takes an intermediate CA for what it is, and its root for its issuer', async () => {
    const shop = new Workshop();
    const root = shop.ca('company-root', 'Company Root');
    const key = generatePrivateKey('ECDSA-P256');
    const made = shop.intermediate(root, 'cluster-ca', key);
    shop.write('ca.crt', made.pem + root.pem);
    shop.write('ca.key', encodePrivateKey(key), 0o600);
    shop.leaf('apiserver', made, 'kube-apiserver', {
      usages: SERVER,
      dns: [...SERVICE_NAMES, 'cp-1'],
      ip: ['10.96.0.1', '10.0.0.1'],
    });
    const { cluster, leftOver } = shop.adopt();
    expect(cluster.files?.ca).toEqual({ certificate: 'ca.crt', key: 'ca.key' });
    expect(leftOver.files.map(({ path, what }) => `${path}: ${what}`)).toEqual([
      'company-root.crt: the issuer of a CA that was taken, Company Root',
      'company-root.key: key of company-root.crt',
    ]);
  });

  it('reads a whole PKI that openssl itself has made', async () => {
    const directory = temporaryDirectory();
    const openssl = (...args: string[]): void => {
      execFileSync('openssl', args, { cwd: directory, stdio: 'ignore' });
    };
    const now = new Date();
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'ca.key',
      '-out',
      'ca.crt',
      '-subj',
      '/CN=kubernetes-ca',
      '-days',
      '3650',
    );
    const leaf = (name: string, subject: string, ext: string): void => {
      writeFileSync(join(directory, `${name}.ext`), ext);
      openssl(
        'req',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.csr`,
        '-subj',
        subject,
      );
      openssl(
        'x509',
        '-req',
        '-in',
        `${name}.csr`,
        '-CA',
        'ca.crt',
        '-CAkey',
        'ca.key',
        '-CAcreateserial',
        '-out',
        `${name}.crt`,
        '-days',
        '365',
        '-extfile',
        `${name}.ext`,
      );
    };
    const names = [
      ...SERVICE_NAMES.map((name) => `DNS:${name}`),
      'DNS:node1',
      'IP:10.96.0.1',
      'IP:192.168.1.10',
    ].join(',');
    leaf(
      'apiserver',
      '/CN=kube-apiserver',
      `subjectAltName=${names}\nextendedKeyUsage=serverAuth\nkeyUsage=digitalSignature,keyEncipherment`,
    );
    leaf('admin', '/O=system:masters/CN=admin', 'extendedKeyUsage=clientAuth');
    openssl('genrsa', '-out', 'sa.key', '2048');
    const proposal = new Workshop(undefined, directory).adopt({ now });
    expect(proposal.cluster).toMatchObject({
      keyAlgorithm: 'RSA-2048',
      validity: { ca: 3650 * 86_400, leaf: 365 * 86_400 },
    });
    expect(proposal.cluster.files).toMatchObject({
      admin: { certificate: 'admin.crt', key: 'admin.key' },
      sa: { publicKey: 'sa.pub', key: 'sa.key' },
    });
    expect(proposal.leftOver).toMatchObject({ copies: 2, files: [] });
    expect(proposal.cluster.hosts).toEqual([
      { name: 'node1', addresses: ['192.168.1.10'], roles: ['control-plane', 'etcd', 'worker'] },
    ]);
  });
});

describe('adopting what is not as it should be', () => {
  function small(): { shop: Workshop; ca: ReturnType<Workshop['ca']> } {
    const shop = new Workshop();
    const ca = shop.ca('ca', 'kubernetes');
    shop.leaf('apiserver', ca, 'kube-apiserver', {
      usages: SERVER,
      dns: [...SERVICE_NAMES, 'cp-1'],
      ip: ['10.96.0.1', '10.0.0.1'],
    });
    return { shop, ca };
  }

  it('touches nothing', () => {
    const { shop } = small();
    const before = snapshot(shop.directory);
    shop.adopt();
    expect(snapshot(shop.directory)).toEqual(before);
  });

  it('names a key of another certificate, and plan refuses it', async () => {
    const { shop } = small();
    shop.write('apiserver.key', encodePrivateKey(generatePrivateKey('ECDSA-P256')));
    const proposal = shop.adopt();
    expect(proposal.problems).toContain(
      'apiserver.key is not the key of apiserver.crt, beside which it lies',
    );
    expect(await planned(proposal)).toContain(
      'refuse apiserver.crt: certificate and key do not belong together',
    );
  });

  it('names keys that lie under the names of each other', () => {
    const { shop, ca } = small();
    shop.leaf('admin', ca, 'admin', { org: MASTERS });
    const key = (name: string): string => readFileSync(join(shop.directory, `${name}.key`), 'utf8');
    const [server, admin] = [key('apiserver'), key('admin')];
    shop.write('apiserver.key', admin);
    shop.write('admin.key', server);
    const { cluster, problems } = shop.adopt();
    expect(cluster.files?.admin).toEqual({ certificate: 'admin.crt', key: 'apiserver.key' });
    expect(problems).toContain(
      'apiserver.key is not the key of apiserver.crt, beside which it lies: that is admin.key',
    );
    expect(problems).toContain(
      'admin.key is not the key of admin.crt, beside which it lies: that is apiserver.key',
    );
  });

  it('takes of two CAs of one name the one that has issued what is there, and names the other', () => {
    const { shop } = small();
    shop.ca('new/ca', 'kubernetes', { from: 1 });
    const { cluster, problems, leftOver } = shop.adopt();
    expect(cluster.files?.ca).toEqual({ certificate: 'ca.crt', key: 'ca.key' });
    expect(problems.join('\n')).toMatch(
      /two CAs of the name kubernetes: ca\.crt was taken; new\/ca\.crt/,
    );
    expect(leftOver.files.map(({ path }) => path)).toEqual(['new/ca.crt', 'new/ca.key']);
  });

  it('is not kept from the nodes by a certificate whose name no node can have', () => {
    const { shop, ca } = small();
    // Later than the others, and so the first of them.
    for (const [file, node, from] of [
      ['0', 'Worker_3', -1],
      ['w-1', 'w-1', -50],
      ['w-2', 'w-2', -50],
    ] as const) {
      shop.leaf(file, ca, `system:node:${node}`, { org: ['system:nodes'], from });
    }
    const { cluster, problems, leftOver } = shop.adopt();
    expect(cluster.hosts.map(({ name }) => name).sort()).toEqual(['cp-1', 'w-1', 'w-2']);
    const why = 'of the node "Worker_3", and no node can be called that';
    expect(problems).toContain(`0.crt is ${why}`);
    expect(leftOver.files).toEqual([
      { path: '0.crt', what: why },
      { path: '0.key', what: why },
    ]);
  });

  it('takes of several certificates for one purpose the valid, later one whose key is there', () => {
    const { shop, ca } = small();
    const admin = (name: string, from: number, until?: number): void =>
      void shop.leaf(name, ca, 'admin', {
        org: MASTERS,
        from,
        ...(until === undefined ? {} : { until }),
      });
    admin('admin', -400, -35);
    admin('admin-2', -100);
    admin('admin-3', -50);
    const [certificate] = shop.style('admin-4');
    shop.write(certificate, shop.leaf(undefined, ca, 'admin', { org: MASTERS, from: -10 }).pem);
    const { cluster, problems, leftOver } = shop.adopt();
    expect(cluster.files?.admin).toEqual({ certificate: 'admin-3.crt', key: 'admin-3.key' });
    expect(problems).toContain('admin-2.crt could be admin too; taken was admin-3.crt');
    expect(leftOver.files.map(({ path }) => path)).toEqual([
      'admin-2.crt',
      'admin-2.key',
      'admin-4.crt',
      'admin.crt',
      'admin.key',
    ]);
  });

  it('names what has expired, what lacks its key, and keys that wait for their certificate', async () => {
    const { shop, ca } = small();
    shop.leaf('admin', ca, 'admin', { org: MASTERS, from: -400, until: -35 });
    shop.write(
      'apiserver-kubelet-client.crt',
      shop.leaf(undefined, ca, 'kube-apiserver-kubelet-client').pem,
    );
    shop.write('kube-scheduler.key', encodePrivateKey(generatePrivateKey('ECDSA-P256')), 0o600);
    const proposal = shop.adopt();
    expect(proposal.problems).toEqual(
      expect.arrayContaining([
        'admin.crt has expired on 2027-01-25',
        'apiserver-kubelet-client.crt: its key is not here',
      ]),
    );
    expect(proposal.cluster.files?.scheduler).toEqual({
      certificate: 'kube-scheduler.crt',
      key: 'kube-scheduler.key',
    });
    const steps = await planned(proposal);
    expect(steps).toContain('create kube-scheduler.crt: its key is there, the certificate is not');
    expect(steps).toContain(
      'refuse apiserver-kubelet-client.crt: the certificate is there, its key is not',
    );
  });

  it('pairs an encrypted CA key by its name, or by its passphrase for sure', () => {
    const { shop, ca } = small();
    shop.write('ca.key', encodePrivateKey(ca.key, { passphrase: 'open sesame' }), 0o600);
    const closed = shop.adopt();
    expect(closed.cluster.files?.ca).toEqual({ certificate: 'ca.crt', key: 'ca.key' });
    expect(closed.isLocked).toBe(true);
    expect(closed.problems.join()).toMatch(
      /ca\.key is encrypted: whether it is the key of ca\.crt/,
    );
    const open = shop.adopt({ passphrase: Buffer.from('open sesame') });
    expect(open.cluster.files?.ca).toEqual({ certificate: 'ca.crt', key: 'ca.key' });
    expect(open).toMatchObject({ isLocked: false, problems: [] });
  });

  it('finds leaves without their CA, and does not pretend that there is one', async () => {
    const shop = new Workshop();
    const ca = new Workshop().ca('ca', 'kubernetes');
    shop.leaf('apiserver', ca, 'kube-apiserver', {
      usages: SERVER,
      dns: [...SERVICE_NAMES, 'cp-1'],
      ip: ['10.96.0.1', '10.0.0.1'],
    });
    const proposal = shop.adopt();
    expect(proposal.problems.join('\n')).toMatch(/the certificate of the cluster's CA is not here/);
    expect((await planned(proposal))[0]).toMatch(/^refuse ca\.crt: lost: /);
  });

  it('gives the front proxy nothing of the cluster CA', () => {
    const { shop, ca } = small();
    shop.leaf('front-proxy-client', ca, 'front-proxy-client');
    const { cluster, problems } = shop.adopt();
    expect(cluster.files).not.toHaveProperty('front-proxy-client');
    expect(problems.join('\n')).toMatch(
      /front-proxy-client\.crt was left out of files: it is of no front-proxy CA/,
    );
  });

  it('reads on past loops, links to nowhere, DER, damaged files and what belongs to others', () => {
    const { shop, ca } = small();
    mkdirSync(join(shop.directory, 'sub'));
    symlinkSync('..', join(shop.directory, 'sub/up'));
    symlinkSync('loop', join(shop.directory, 'loop'));
    symlinkSync('/etc/hostname', join(shop.directory, 'out.pem'));
    shop.write('der.crt', ca.certificate.der);
    shop.write('half.crt', ca.pem.slice(0, 200));
    shop.write('both.pem', ca.pem + encodePrivateKey(ca.key));
    shop.write('photo.jpg', Buffer.alloc(3_000_000, 7));
    shop.write('person.crt', shop.leaf(undefined, ca, 'alice', { org: ['devs'] }).pem);
    shop.write('notes.txt', 'nothing to see');
    const { leftOver, counts } = shop.adopt();
    const left = Object.fromEntries(leftOver.files.map(({ path, what }) => [path, what]));
    expect(left).toMatchObject({
      'der.crt': 'in DER, where Kubernetes components read PEM',
      'half.crt': expect.stringMatching(/cut off/),
      'both.pem': 'a certificate and its key in one file; kubepki keeps them in two',
      'person.crt': 'a certificate for alice (devs), which no credential of a cluster is',
      'out.pem': expect.stringMatching(/out of the directory/),
      loop: 'a loop of symbolic links',
    });
    expect(counts.unrelated).toBe(2);
  });

  it('says where nothing of a PKI is, and where there is no directory', () => {
    const shop = new Workshop();
    expect(() => shop.adopt()).toThrow(/nothing of a cluster's PKI is in it \(no file\)/);
    shop.write('a.txt', 'a');
    expect(() => shop.adopt()).toThrow(/\(1 file\)/);
    expect(() => shop.adopt({}, join(shop.directory, 'none'))).toThrow(/no such directory/);
    expect(() => shop.adopt({}, join(shop.directory, 'a.txt'))).toThrow(/not a directory/);
  });

  it('tells of progress, file by file', () => {
    const { shop } = small();
    const seen: string[] = [];
    shop.adopt({ onProgress: (done, total) => seen.push(`${done}/${total}`) });
    expect(seen).toEqual(['1/4', '2/4', '3/4', '4/4']);
  });

  it('never writes what it could not read back, whatever certificates say', () => {
    const shop = new Workshop();
    const ca = shop.ca('ca', 'a "name": {of} # things');
    shop.leaf('apiserver', ca, 'x'.repeat(70), {
      org: ['yes', '1.5', 'a: b', '- c'],
      usages: SERVER,
      dns: [
        ...SERVICE_NAMES,
        'UPPER.example.com',
        '_srv.example.com',
        '*.example.com',
        'on',
        'null',
      ],
      ip: ['10.96.0.1', 'fd00:96::1', '10.0.0.1', 'fe80::1'],
    });
    shop.kubeconfig(
      'kube proxy: "odd".conf',
      shop.leaf(undefined, ca, 'system:kube-proxy'),
      ca,
      'https://[fd00::1]:443',
      'Not A Name',
    );
    const { text, cluster, problems } = shop.adopt();
    expect(readCluster(text, 'x')).toEqual(cluster);
    expect(cluster.files?.['kube-proxy']).toEqual({ kubeconfig: 'kube proxy: "odd".conf' });
    expect(cluster.endpoint).toEqual({ host: 'fd00::1', port: 443 });
    expect(problems.join('\n')).toMatch(/UPPER\.example\.com/);
  });
});
