/** kubeadm's configurations that are refused: what kubeadm would refuse, what does not say enough, and hostile ones. */
import { describe, expect, it } from 'vitest';
import { joined, type Machine, problemsOf, read } from './kubeadm-text.ts';

const HEAD = 'apiVersion: kubeadm.k8s.io/v1beta4\nkind:';
const INIT = `${HEAD} InitConfiguration
nodeRegistration: { name: cp-1 }
localAPIEndpoint: { advertiseAddress: 172.16.10.11 }
`;
const JOIN = `${HEAD} JoinConfiguration
nodeRegistration: { name: cp-2 }
controlPlane: { localAPIEndpoint: { advertiseAddress: 172.16.10.12 } }
`;
const withFields = (fields: string): string =>
  joined(`${HEAD} ClusterConfiguration\n${fields}\n`, INIT);

describe("kubeadm's configuration is refused with", () => {
  it.each<[string, string, string]>([
    [
      'an unknown algorithm',
      'encryptionAlgorithm: ED25519',
      'encryptionAlgorithm (line 3): "ED25519": expected one of RSA-2048, RSA-3072, RSA-4096, ECDSA-P256, ECDSA-P384',
    ],
    [
      'days, which Go does not know',
      'certificateValidityPeriod: 365d',
      'certificateValidityPeriod (line 3): not a duration: "365d"; write for example 8760h, 1h30m or 90s',
    ],
    [
      'a period of nothing',
      'caCertificateValidityPeriod: 0s',
      'caCertificateValidityPeriod (line 3): 0s is outside of 10m to 100y',
    ],
    [
      'a number for a period',
      'certificateValidityPeriod: 8760',
      'certificateValidityPeriod (line 3): expected text, got 8760: put it in quotes',
    ],
    [
      'a directory that is not absolute',
      'certificatesDir: pki',
      'certificatesDir (line 3): "pki" is not absolute',
    ],
    [
      'an endpoint that no certificate could cover',
      'controlPlaneEndpoint: API_server:6443',
      'controlPlaneEndpoint (line 3): "API_server:6443" is not host:port; no certificate could cover it',
    ],
    [
      'a subnet that is none',
      'networking: { serviceSubnet: "10.96.0.0/12, fd00::/108" }',
      'networking.serviceSubnet (line 3): " fd00::/108": not a subnet such as 10.96.0.0/12',
    ],
    [
      'two subnets of one family',
      'networking: { serviceSubnet: "10.96.0.0/12,10.200.0.0/16" }',
      'networking.serviceSubnet (line 3): more than one subnet of each address family',
    ],
    [
      'three subnets',
      'networking: { serviceSubnet: "10.96.0.0/12,fd00::/108,x" }',
      'networking.serviceSubnet (line 3): "x": not a subnet such as 10.96.0.0/12\nnetworking.serviceSubnet (line 3): more than one subnet of each address family',
    ],
    [
      'a domain in upper case',
      'networking: { dnsDomain: Cluster.Local }',
      'networking.dnsDomain (line 3): not a DNS name in lower case',
    ],
    [
      'a name that is none',
      'apiServer:\n  certSANs:\n  - a.example.com\n  - a b',
      'apiServer.certSANs[1] (line 6): "a b" is neither an address nor a DNS name in lower case',
    ],
    [
      'a name of etcd that is none',
      'etcd: { local: { peerCertSANs: [-x] } }',
      'etcd.local.peerCertSANs[0] (line 3): "-x" is neither an address nor a DNS name in lower case',
    ],
    [
      'etcd here and elsewhere',
      'etcd: { local: {}, external: { endpoints: [https://10.0.0.5:2379] } }',
      'etcd (line 3): local and external exclude each other',
    ],
    [
      'etcd elsewhere, but not where',
      'etcd: { external: { endpoints: [] } }',
      'etcd.external.endpoints (line 3): at least 1 entry',
    ],
    [
      'the flags of v1beta3 in v1beta4',
      'apiServer: { extraArgs: { tls-cert-file: /a } }',
      'apiServer.extraArgs (line 3): expected a list, got a mapping',
    ],
    [
      'a feature gate that is no truth',
      'featureGates: { PublicKeysECDSA: "true" }',
      'featureGates.PublicKeysECDSA (line 3): expected true or false, got text',
    ],
    [
      'a name of the cluster that would not stay on its line',
      'clusterName: "a\\nb"',
      'clusterName (line 3): not one line of visible text',
    ],
    [
      'a list for a mapping',
      'networking: []',
      'networking (line 3): expected a mapping, got a list',
    ],
  ])('%s', (_, fields, message) => {
    expect(problemsOf(withFields(fields))).toEqual(
      message.split('\n').map((line) => `ClusterConfiguration.${line}`),
    );
  });

  it.each<[string, string, string | RegExp, Machine?]>([
    [
      'no name of the host',
      INIT.replace('name: cp-1', ''),
      "InitConfiguration.nodeRegistration.name (line 3): missing: kubeadm takes the machine's own name; add it, or say it with --host NAME --root DIR",
    ],
    [
      "a name that is no node's",
      INIT.replace('cp-1', 'cp_1'),
      'InitConfiguration.nodeRegistration.name (line 3): "cp_1" is not a DNS name in lower case, as names of nodes are',
    ],
    [
      'a name in upper case on the command line',
      INIT.replace('name: cp-1', ''),
      'InitConfiguration.nodeRegistration.name (line 3): "CP-1" is not a DNS name in lower case, as names of nodes are',
      { name: 'CP-1' },
    ],
    [
      'no address of the host',
      INIT.replace('advertiseAddress: 172.16.10.11', ''),
      /^InitConfiguration\.localAPIEndpoint\.advertiseAddress \(line 4\): missing: kubeadm takes the address of the default route, .*manifests\/kube-apiserver\.yaml\)$/,
    ],
    [
      'a manifest that kubeadm has not written',
      INIT.replace('advertiseAddress: 172.16.10.11', ''),
      /advertiseAddress \(line 4\): missing/,
      {
        name: 'cp-1',
        manifest: 'kubeadm.kubernetes.io/kube-apiserver.advertise-address.endpoint: api:6443',
      },
    ],
    [
      'an address that is none',
      INIT.replace('172.16.10.11', 'cp-1.example.com'),
      'InitConfiguration.localAPIEndpoint.advertiseAddress (line 4): "cp-1.example.com" is not an IPv4 or IPv6 address',
    ],
    [
      'a loopback address',
      INIT.replace('172.16.10.11', '127.0.0.1'),
      'InitConfiguration.localAPIEndpoint.advertiseAddress (line 4): 127.0.0.1 is a loopback address: write the one that kubeadm has chosen instead of it',
    ],
    [
      'a port too high',
      INIT.replace('172.16.10.11', '172.16.10.11, bindPort: 70000'),
      'InitConfiguration.localAPIEndpoint.bindPort (line 4): 70000: at most 65535',
    ],
    [
      'only the ClusterConfiguration, and no host named',
      `${HEAD} ClusterConfiguration\n`,
      /^InitConfiguration: missing, so the host is not known: say it with --host NAME --root DIR/,
    ],
    [
      'only a JoinConfiguration',
      JOIN,
      /^ClusterConfiguration: missing: a JoinConfiguration does not say what the cluster is like; add what `kubectl/,
    ],
    [
      'no endpoint for a second control plane',
      joined(JOIN, `${HEAD} ClusterConfiguration\n`),
      'ClusterConfiguration.controlPlaneEndpoint (line 5): missing: kubeadm lets no second control plane join a cluster without it',
    ],
    [
      'no endpoint for a worker',
      joined(
        `${HEAD} JoinConfiguration\nnodeRegistration: { name: w }\ndiscovery: { file: { kubeConfigPath: /a } }\n`,
        `${HEAD} ClusterConfiguration\n`,
      ),
      'ClusterConfiguration.controlPlaneEndpoint (line 5): missing: without it nothing says where this worker finds kube-apiserver',
    ],
    [
      'a path of the CA that is not absolute',
      joined(
        `${JOIN}caCertPath: ca.crt\n`,
        `${HEAD} ClusterConfiguration\ncontrolPlaneEndpoint: a\n`,
      ),
      'JoinConfiguration.caCertPath (line 5): "ca.crt" is not absolute',
    ],
    [
      'two hosts of which neither is named',
      joined(INIT, JOIN),
      'JoinConfiguration (line 5): there is an InitConfiguration too, and the host is only one of both: leave the other out, or say with --host which host it is',
    ],
    [
      'two hosts of one name',
      joined(INIT, JOIN.replace('cp-2', 'cp-1')),
      'JoinConfiguration (line 5): there is an InitConfiguration too, and the host is only one of both: leave the other out',
      { name: 'cp-1' },
    ],
    ['a kind twice', joined(INIT, INIT), 'document 2 (line 5): a second InitConfiguration'],
    [
      'an old version',
      INIT.replace('v1beta4', 'v1beta2'),
      'document 1 (line 1): "kubeadm.k8s.io/v1beta2": kubepki reads v1beta3 and v1beta4; `kubeadm config migrate` of the right release writes one of them',
    ],
    [
      'a cluster file beside it',
      joined(INIT, 'apiVersion: kubepki.dev/v1alpha1\nkind: Cluster\n'),
      'document 2 (line 5): a cluster file and a kubeadm configuration are two files',
    ],
    [
      'a document without a kind',
      joined(INIT, 'apiVersion: v1\n'),
      'document 2 (line 5): it has no apiVersion or no kind',
    ],
  ])('%s', (_, text, message, machine) => {
    const [first] = problemsOf(text, machine);
    expect(first).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
  });

  it('every problem at once', () => {
    const text = joined(
      `${HEAD} InitConfiguration\nlocalAPIEndpoint: { advertiseAddress: 1.2.3 }\n`,
      `${HEAD} ClusterConfiguration\ncertificatesDir: a\nnetworking: { serviceSubnet: b }\napiServer: { certSANs: ["?"] }\n`,
    );
    expect(problemsOf(text).map((line) => line.replace(/:.*/, ''))).toEqual([
      'InitConfiguration.nodeRegistration.name (line 1)',
      'InitConfiguration.localAPIEndpoint.advertiseAddress (line 3)',
      'ClusterConfiguration.networking.serviceSubnet (line 8)',
      'ClusterConfiguration.certificatesDir (line 7)',
      'ClusterConfiguration.apiServer.certSANs[0] (line 9)',
    ]);
  });

  it('lines where JSON has lines, and none where it is one', () => {
    const document = {
      apiVersion: 'kubeadm.k8s.io/v1beta4',
      kind: 'InitConfiguration',
      nodeRegistration: { name: 7 },
    };
    expect(problemsOf(JSON.stringify(document, null, 1))).toEqual([
      'InitConfiguration.nodeRegistration.name (line 5): expected text, got 7: put it in quotes',
    ]);
    expect(problemsOf(JSON.stringify(document))).toEqual([
      'InitConfiguration.nodeRegistration.name: expected text, got 7: put it in quotes',
    ]);
  });
});

describe("a stream that is not only kubeadm's configuration", () => {
  it.each([
    [
      'two cluster files',
      'a: 1\n---\na: 2\n',
      'kubeadm.yaml:2:1: a second document: a cluster file is one',
    ],
    [
      'configuration of other components only',
      'apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n---\nkind: x\n',
      'kubeadm.yaml:3:1: a second document: a cluster file is one',
    ],
    ['nothing but separators', '---\n---\n', 'kubeadm.yaml: not a mapping at the top'],
    ['a document that is text', `${INIT}---\nhello\n`, 'kubeadm.yaml: not a mapping at the top'],
    [
      'a key twice',
      `${INIT}---\na: 1\nb: { c: 1, c: 2 }\n`,
      'kubeadm.yaml:7:12: b.c is there twice',
    ],
    ['broken YAML behind', `${INIT}---\na: [1\n`, /^MALFORMED_DOCUMENT kubeadm\.yaml:7:1: /],
    [
      'more documents than anybody needs',
      '---\n'.repeat(1_000_000),
      'kubeadm.yaml: more than 64 documents',
    ],
  ])('is refused: %s', (_, text, message) => {
    const expected =
      typeof message === 'string'
        ? `MALFORMED_DOCUMENT ${message}`
        : expect.stringMatching(message);
    expect(problemsOf(text)).toEqual([expected]);
  });

  it('may be a cluster file between empty documents', () => {
    const text = `---\n# empty\n---\napiVersion: kubepki.dev/v1alpha1\nkind: Cluster\nmetadata: { name: x }\nspec: { hosts: [{ name: a, addresses: [10.0.0.1], roles: [control-plane, etcd] }] }\n---\n`;
    expect(read(text).name).toBe('x');
  });
});

describe('a hostile configuration', () => {
  it('cannot reach what all objects have in common', () => {
    const text = withFields(
      '__proto__: { polluted: 1 }\napiServer: { __proto__: { polluted: 1 }, constructor: 1 }\nfeatureGates: { __proto__: true, constructor: false }',
    );
    expect(problemsOf(text)).toEqual([]);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  it('is shown on one line, and cut where it is long', () => {
    const [first = '', second = ''] = problemsOf(
      withFields(
        `"\\e[31mx": 1\ncontrolPlaneEndpoint: "\\e[31m"\ncertificatesDir: "${'x'.repeat(900)}"`,
      ),
    );
    expect(first).toContain('"\\u001b[31m"');
    expect(second.length).toBeLessThan(450);
  });

  it('lists twenty problems of a thousand', () => {
    const names = Array.from({ length: 1000 }, () => '"?"').join(', ');
    const problems = problemsOf(withFields(`apiServer: { certSANs: [${names}] }`));
    expect(problems).toHaveLength(21);
    expect(problems.at(-1)).toBe('…: and 980 more');
  });
});
