/** kubeadm's configuration in the place of a cluster file: what becomes of each field. */
import { describe, expect, it } from 'vitest';
import { type Cluster, readCluster } from '../../src/cluster/index.ts';
import { joined, type Machine, notesOf, read } from './kubeadm-text.ts';

const INIT = `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
nodeRegistration: { name: cp-1 }
localAPIEndpoint: { advertiseAddress: 172.16.10.11 }
`;
const JOIN = `apiVersion: kubeadm.k8s.io/v1beta4
kind: JoinConfiguration
nodeRegistration: { name: cp-2 }
controlPlane: { localAPIEndpoint: { advertiseAddress: 172.16.10.12, bindPort: 7443 } }
discovery: { bootstrapToken: { apiServerEndpoint: "10.0.0.1:6443", token: abcdef.0123456789abcdef } }
`;
const WORKER = `apiVersion: kubeadm.k8s.io/v1beta4
kind: JoinConfiguration
nodeRegistration: { name: w-1 }
discovery: { bootstrapToken: { apiServerEndpoint: "10.0.0.1:6443", token: abcdef.0123456789abcdef } }
`;
const cluster = (fields = '', version = 'v1beta4'): string =>
  `apiVersion: kubeadm.k8s.io/${version}\nkind: ClusterConfiguration\n${fields}\n`;

/** Of the first control plane, with these fields of the ClusterConfiguration. */
const withFields = (fields: string, version?: string): Cluster =>
  read(joined(INIT, cluster(fields, version)));

const listed = ({ files = {} }: Cluster): string[] =>
  Object.values(files).flatMap((file) => Object.values(file));

describe("kubeadm's configuration", () => {
  it('has the defaults of kubeadm, not those of a cluster file', () => {
    const { files, ...rest } = read(INIT);
    expect(rest).toEqual({
      name: 'kubernetes',
      kubernetesVersion: '1.36',
      endpoint: { host: '172.16.10.11', port: 6443 },
      dnsDomain: 'cluster.local',
      serviceSubnets: ['10.96.0.0/12'],
      keyAlgorithm: 'RSA-2048',
      validity: { ca: 315_360_000, leaf: 31_536_000 },
      layout: 'kubeadm',
      authorities: 'separate',
      frontProxy: true,
      kubeletCertificates: 'files',
      caKeys: 'controlPlane',
      apiServer: { port: 6443, extraSANs: [] },
      hosts: [{ name: 'cp-1', addresses: ['172.16.10.11'], roles: ['control-plane', 'etcd'] }],
      credentials: {},
    });
    expect(Object.keys(files ?? {})).toEqual([
      'ca',
      'etcd-ca',
      'front-proxy-ca',
      'etcd-peer',
      'etcd-server',
      'etcd-healthcheck-client',
      'apiserver-etcd-client',
      'apiserver',
      'controller-manager',
      'scheduler',
      'kubelet-client',
      'admin',
      'super-admin',
      'apiserver-kubelet-client',
      'front-proxy-client',
      'sa',
    ]);
  });

  it('takes every field that certificates depend on', () => {
    const { files: _, ...rest } = withFields(`
clusterName: prod
kubernetesVersion: v1.35.2
controlPlaneEndpoint: api.prod.example.com:443
networking: { serviceSubnet: 10.100.0.0/16, dnsDomain: prod.internal }
encryptionAlgorithm: ECDSA-P384
certificateValidityPeriod: 2160h0m0s
caCertificateValidityPeriod: 43800h
apiServer: { certSANs: [API.example.com, "*.apps.example.com", 203.0.113.10, "FD00::00A"] }
etcd: { local: { serverCertSANs: [etcd.example.com], peerCertSANs: [10.0.0.9] } }`);
    expect(rest).toMatchObject({
      name: 'prod',
      kubernetesVersion: '1.35.2',
      endpoint: { host: 'api.prod.example.com', port: 443 },
      dnsDomain: 'prod.internal',
      serviceSubnets: ['10.100.0.0/16'],
      keyAlgorithm: 'ECDSA-P384',
      validity: { ca: 5 * 31_536_000, leaf: 90 * 86_400 },
      apiServer: {
        extraSANs: ['api.example.com', '*.apps.example.com', '203.0.113.10', 'fd00::a'],
      },
      credentials: {
        'etcd-server': { extraSANs: ['etcd.example.com'] },
        'etcd-peer': { extraSANs: ['10.0.0.9'] },
      },
    });
  });

  it.each(['RSA-2048', 'RSA-3072', 'RSA-4096', 'ECDSA-P256', 'ECDSA-P384'])(
    'makes keys of encryptionAlgorithm: %s',
    (algorithm) => {
      expect(withFields(`encryptionAlgorithm: ${algorithm}`).keyAlgorithm).toBe(algorithm);
    },
  );

  it.each([
    ['true', 'ECDSA-P256'],
    ['false', 'RSA-2048'],
  ])('lets the feature gate PublicKeysECDSA: %s decide', (value, algorithm) => {
    const gate = `featureGates: { PublicKeysECDSA: ${value} }`;
    expect(withFields(gate, 'v1beta3').keyAlgorithm).toBe(algorithm);
    expect(withFields(`${gate}\nencryptionAlgorithm: RSA-4096`).keyAlgorithm).toBe(algorithm);
  });

  it.each([
    ['api.example.com', { host: 'api.example.com', port: 7443 }],
    ['10.0.0.1', { host: '10.0.0.1', port: 7443 }],
    ['fd00::1', { host: 'fd00::1', port: 7443 }],
    ['"[fd00::1]:443"', { host: 'fd00::1', port: 443 }],
    ['""', { host: '172.16.10.11', port: 7443 }],
  ])('gives the endpoint %s the port of the host where it has none', (text, endpoint) => {
    const init = INIT.replace('172.16.10.11', '172.16.10.11, bindPort: 7443');
    const { apiServer, ...rest } = read(joined(init, cluster(`controlPlaneEndpoint: ${text}`)));
    expect([rest.endpoint, apiServer.port]).toEqual([endpoint, 7443]);
  });

  it('covers the first address family only, as kubeadm does', () => {
    const both = 'networking: { serviceSubnet: "10.96.0.0/12,fd00:10:96::/108" }';
    expect(withFields(both).serviceSubnets).toEqual(['10.96.0.0/12']);
    const other = 'networking: { serviceSubnet: "fd00:10:96::/108,10.96.0.0/12" }';
    expect(withFields(other).serviceSubnets).toEqual(['fd00:10:96::/108']);
  });

  it.each([
    ['/srv/kubernetes/pki', 'srv/kubernetes/pki'],
    ['/opt/../srv//pki/', 'srv/pki'],
    ['/etc/kubernetes/pki', 'etc/kubernetes/pki'],
  ])('looks for certificates and keys in certificatesDir: %s', (text, directory) => {
    const paths = listed(withFields(`certificatesDir: ${text}`));
    const pki = paths.filter((path) => path.startsWith(`${directory}/`));
    expect(pki).toContain(`${directory}/etcd/healthcheck-client.key`);
    expect(pki).toContain(`${directory}/sa.pub`);
    expect(paths.filter((path) => !pki.includes(path))).toEqual(
      ['controller-manager', 'scheduler', 'kubelet', 'admin', 'super-admin'].map(
        (name) => `etc/kubernetes/${name}.conf`,
      ),
    );
  });

  it('leaves everything of etcd to those whose it is', () => {
    const external = withFields(`
etcd:
  external:
    endpoints: [https://10.0.0.5:2379]
    caFile: /etc/etcd/ca.crt
    certFile: /etc/etcd/client.crt
    keyFile: /etc/etcd/client.key`);
    expect(Object.keys(external.files ?? {}).filter((id) => id.includes('etcd'))).toEqual([]);
    expect(external.hosts[0]?.roles).toEqual(['control-plane']);
    expect(listed(external)).not.toContain('etc/etcd/client.crt');
  });

  it('takes the name of a node in lower case, as kubeadm does', () => {
    expect(read(INIT.replace('cp-1', '" CP-1 "')).hosts[0]?.name).toBe('cp-1');
  });

  it('takes null and empty text for absent, as Go does', () => {
    const fields = `
clusterName: ""
networking:
apiServer: { certSANs: null, extraArgs: null }
etcd: { local: { serverCertSANs: null }, external: null }
scheduler: {}`;
    expect(withFields(fields)).toEqual(read(INIT));
  });

  it('says the same in JSON', () => {
    const document = {
      apiVersion: 'kubeadm.k8s.io/v1beta4',
      kind: 'InitConfiguration',
      nodeRegistration: { name: 'cp-1' },
      localAPIEndpoint: { advertiseAddress: '172.16.10.11' },
    };
    expect(read(JSON.stringify(document, null, 2))).toEqual(read(INIT));
    const both = `${JSON.stringify(document)}\n---\n${JSON.stringify({ apiVersion: 'kubeadm.k8s.io/v1beta4', kind: 'ClusterConfiguration', clusterName: 'x' })}`;
    expect(read(both).name).toBe('x');
  });

  it('reads the documents in any order, beside those of other components, and with empty ones between', () => {
    const kubelet =
      'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\ncgroupDriver: systemd\n';
    const proxy =
      'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmode: ipvs\n';
    const reset = 'apiVersion: kubeadm.k8s.io/v1beta4\nkind: ResetConfiguration\nforce: true\n';
    const text = joined('', kubelet, cluster('clusterName: x'), '# nothing\n', proxy, INIT, reset);
    expect(read(`---\n${text}---\n`)).toEqual(withFields('clusterName: x'));
    expect(notesOf(text)).toEqual([]);
  });

  it('passes over all that has no bearing on certificates', () => {
    const text = joined(
      `${INIT}bootstrapTokens: [{ token: abcdef.0123456789abcdef, ttl: 24h }]
certificateKey: 00
skipPhases: [addon/kube-proxy]
patches: { directory: /etc/kubernetes/patches }
timeouts: { discovery: 5m }
`,
      cluster(`imageRepository: registry.example.com
dns: { imageTag: v1.11 }
proxy: { disabled: true }
featureGates: { NodeLocalCRISocket: true }
controllerManager: { extraArgs: [{ name: node-cidr-mask-size, value: "24" }] }
scheduler: { extraVolumes: [{ name: a, hostPath: /a, mountPath: /a }] }
apiServer: { extraEnvs: [{ name: A, value: b }], extraArgs: [{ name: audit-log-path, value: /a }] }`),
    );
    expect(read(text)).toEqual(read(INIT));
    expect(notesOf(text)).toEqual([]);
  });

  it('reads v1beta3, where keys and periods are the defaults', () => {
    const text = joined(
      INIT.replace('v1beta4', 'v1beta3'),
      cluster(
        'apiServer: { timeoutForControlPlane: 4m, extraArgs: { audit-log-path: /a } }',
        'v1beta3',
      ),
    );
    expect(read(text)).toEqual(read(INIT));
    expect(notesOf(text)).toEqual([]);
  });

  it.each(['stable-1', 'latest', 'ci/latest', '""'])(
    'takes the label %s for a version',
    (label) => {
      expect(withFields(`kubernetesVersion: ${label}`).kubernetesVersion).toBe('1.36');
    },
  );
});

const MANIFEST = `apiVersion: v1
kind: Pod
metadata:
  annotations:
    kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint: 172.16.10.12:7443
`;

describe('the host of a kubeadm configuration', () => {
  const running: Machine = { name: 'cp-2', manifest: MANIFEST };
  const host = ({ hosts, endpoint, apiServer }: Cluster) => ({
    ...hosts[0],
    endpoint,
    port: apiServer.port,
  });

  it('comes from the machine where only the ClusterConfiguration is at hand', () => {
    expect(host(read(cluster(), running))).toEqual({
      name: 'cp-2',
      addresses: ['172.16.10.12'],
      roles: ['control-plane', 'etcd'],
      endpoint: { host: '172.16.10.12', port: 7443 },
      port: 7443,
    });
  });

  it('has an address of the second family in its manifest, too', () => {
    const manifest = MANIFEST.replace('172.16.10.12:7443', "'[fd00:10::12]:6443'");
    expect(host(read(cluster(), { name: 'cp-2', manifest })).addresses).toEqual(['fd00:10::12']);
  });

  it('takes from the machine only what the InitConfiguration does not say', () => {
    expect(host(read(INIT, { name: 'cp-1', manifest: MANIFEST })).addresses).toEqual([
      '172.16.10.11',
    ]);
    const unnamed = INIT.replace('name: cp-1', '');
    expect(host(read(unnamed, { name: 'cp-9' })).name).toBe('cp-9');
    for (const text of ['0.0.0.0', '"::"', '""']) {
      const init = INIT.replace('172.16.10.11', text);
      expect(host(read(init, running)).addresses).toEqual(['172.16.10.12']);
    }
    const port = INIT.replace('advertiseAddress: 172.16.10.11', 'bindPort: 8443');
    expect(host(read(port, running)).port).toBe(8443);
  });

  it('holds super-admin.conf and an own kubelet.conf only where kubeadm init has made the cluster', () => {
    const endpoint = cluster('controlPlaneEndpoint: api.example.com');
    const initOnly = ['kubelet-client', 'super-admin'];
    const all = Object.keys(read(joined(INIT, endpoint)).files ?? {});
    const rest = all.filter((id) => !initOnly.includes(id));
    expect(Object.keys(read(joined(JOIN, endpoint)).files ?? {})).toEqual(rest);
    expect(Object.keys(read(endpoint, running).files ?? {})).toEqual(rest);
  });

  it('is the one of the JoinConfiguration where that is what there is', () => {
    const text = joined(JOIN, cluster('controlPlaneEndpoint: api.example.com'));
    expect(host(read(text))).toEqual({
      name: 'cp-2',
      addresses: ['172.16.10.12'],
      roles: ['control-plane', 'etcd'],
      endpoint: { host: 'api.example.com', port: 7443 },
      port: 7443,
    });
  });

  it('is a worker where the JoinConfiguration has no controlPlane', () => {
    const worker = read(joined(WORKER, cluster()));
    expect(host(worker)).toMatchObject({
      name: 'w-1',
      addresses: [],
      roles: ['worker'],
      endpoint: { host: '10.0.0.1', port: 6443 },
    });
    expect(worker.files).toEqual({
      ca: { certificate: 'etc/kubernetes/pki/ca.crt', key: 'etc/kubernetes/pki/ca.key' },
    });
    const elsewhere = read(joined(`${WORKER}caCertPath: /srv/k8s/cluster.crt\n`, cluster()));
    expect(elsewhere.files?.ca).toEqual({
      certificate: 'srv/k8s/cluster.crt',
      key: 'srv/k8s/cluster.key',
    });
  });

  it('is the named one of two', () => {
    const both = joined(INIT, JOIN, cluster('controlPlaneEndpoint: api.example.com'));
    expect(host(read(both, { name: 'cp-1' })).name).toBe('cp-1');
    expect(host(read(both, { name: 'cp-2' })).name).toBe('cp-2');
    const unnamed = both.replace('name: cp-1', '');
    expect(host(read(unnamed, { name: 'cp-7' })).addresses).toEqual(['172.16.10.11']);
  });
});

describe('notes on a kubeadm configuration', () => {
  it.each([
    [
      'a field that kubeadm does not know',
      cluster('extra: 1'),
      'ClusterConfiguration.extra (line 3): passed over, as kubeadm does: no field of this name',
    ],
    [
      'a field in another case',
      cluster('apiServer: { certSans: [a.example.com] }'),
      'ClusterConfiguration.apiServer.certSans (line 3): passed over, as kubeadm does: no field of this name; its name is certSANs',
    ],
    [
      'a field of the other version',
      cluster('encryptionAlgorithm: ECDSA-P256', 'v1beta3'),
      'ClusterConfiguration.encryptionAlgorithm (line 3): passed over: only v1beta4 has this field',
    ],
    [
      'a kind that kubeadm does not know',
      joined(cluster(), 'apiVersion: v1\nkind: ConfigMap\n'),
      'document 2 (line 4): passed over, as kubeadm does: "v1 ConfigMap" is no kind that it knows',
    ],
    [
      'a flag that names another file',
      cluster(
        'apiServer:\n  extraArgs:\n  - { name: tls-cert-file, value: /a.crt }\n  - { name: client-ca-file, value: /etc/kubernetes/pki/ca.crt }',
      ),
      'ClusterConfiguration.apiServer.extraArgs[0] (line 5): kube-apiserver takes "/a.crt" as --tls-cert-file: kubepki looks after /etc/kubernetes/pki/apiserver.crt, as kubeadm does, and not after that',
    ],
    [
      'a flag of another component, of v1beta3',
      cluster(
        'certificatesDir: /srv/pki\ncontrollerManager: { extraArgs: { service-account-private-key-file: /etc/kubernetes/pki/sa.key } }',
        'v1beta3',
      ),
      'ClusterConfiguration.controllerManager.extraArgs.service-account-private-key-file (line 4): kube-controller-manager takes "/etc/kubernetes/pki/sa.key" as --service-account-private-key-file: kubepki looks after /srv/pki/sa.key, as kubeadm does, and not after that',
    ],
    [
      "a flag of etcd's",
      cluster('etcd: { local: { extraArgs: [{ name: peer-key-file, value: /a.key }] } }'),
      'ClusterConfiguration.etcd.local.extraArgs[0] (line 3): etcd takes "/a.key" as --peer-key-file: kubepki looks after /etc/kubernetes/pki/etcd/peer.key, as kubeadm does, and not after that',
    ],
    [
      'leaves that would outlive the CAs',
      cluster('certificateValidityPeriod: 8760h\ncaCertificateValidityPeriod: 720h'),
      'ClusterConfiguration.certificateValidityPeriod (line 3): 1y would outlive the CAs (30d): certificates end with their CA',
    ],
    [
      'components that are not root',
      cluster('featureGates: { RootlessControlPlane: true }'),
      'ClusterConfiguration.featureGates.RootlessControlPlane (line 3): keys that kubepki makes are readable for root only; kubeadm gives them to the users of the components when it writes their manifests',
    ],
  ])('name %s', (_, text, note) => {
    expect(notesOf(text, { name: 'cp-2', manifest: MANIFEST })).toEqual([note]);
  });

  it('say nothing of the metadata that kind writes', () => {
    expect(notesOf(`${INIT}metadata: { name: config }\n`)).toEqual([]);
  });

  it('are for those who want them', () => {
    expect(() => readCluster(`${INIT}extra: 1\n`, 'kubeadm.yaml')).not.toThrow();
  });
});
