import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readCluster } from '../../src/cluster/index.ts';
import { KubepkiError } from '../../src/errors.ts';
import { clusterDocument, clusterText } from './cluster-text.ts';

/** What `readCluster` says of a text, a line each. */
function problems(text: string): string[] {
  try {
    readCluster(text, 'cluster.yaml');
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    return error.issues.length === 0
      ? [error.message]
      : error.issues.map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

const host = (name: string, address: string, ...roles: string[]) => ({
  name,
  addresses: [address],
  roles,
});

describe('readCluster', () => {
  it('fills in every default', () => {
    const { hosts, ...cluster } = readCluster(clusterText(), 'cluster.yaml');
    expect(hosts.map(({ name }) => name)).toEqual(['cp-1', 'worker-1']);
    expect(cluster).toEqual({
      name: 'test',
      kubernetesVersion: '1.36',
      endpoint: { host: 'api.test.example.com', port: 6443 },
      dnsDomain: 'cluster.local',
      serviceSubnets: ['10.96.0.0/12'],
      keyAlgorithm: 'ECDSA-P256',
      validity: { ca: 315_360_000, leaf: 31_536_000 },
      layout: 'kubeadm',
      authorities: 'separate',
      frontProxy: true,
      kubeletCertificates: 'bootstrap',
      caKeys: 'offline',
      apiServer: { port: 6443, extraSANs: [] },
      credentials: {},
    });
  });

  it.each(readdirSync('examples').filter((name) => name.endsWith('.yaml')))(
    'reads examples/%s',
    (name) => {
      expect(problems(readFileSync(`examples/${name}`, 'utf8'))).toEqual([]);
    },
  );

  it('takes loopback addresses where all is on one machine and the endpoint says so', () => {
    const local = clusterText({
      controlPlaneEndpoint: '127.0.0.1:6443',
      hosts: [host('server', '127.0.0.1', 'control-plane', 'etcd')],
    });
    expect(problems(local)).toEqual([]);
    expect(readCluster(local, 'c').endpoint).toEqual({ host: '127.0.0.1', port: 6443 });
  });

  it('takes the address of a single control plane where no endpoint is given', () => {
    const document = clusterDocument({ apiServer: { port: 8443 } });
    delete (document['spec'] as Record<string, unknown>)['controlPlaneEndpoint'];
    expect(readCluster(JSON.stringify(document), 'c').endpoint).toEqual({
      host: '172.16.10.11',
      port: 8443,
    });
  });

  it('writes addresses in their canonical form', () => {
    const hosts = [host('cp-1', 'FD00:0:0::00A', 'control-plane', 'etcd')];
    expect(readCluster(clusterText({ hosts }), 'c').hosts[0]?.addresses).toEqual(['fd00::a']);
  });

  it('names the line of each problem in YAML', () => {
    const text = [
      'apiVersion: kubepki.dev/v1alpha1',
      'kind: Cluster',
      'metadata: { name: x }',
      'spec:',
      '  layuot: binary',
      '  hosts:',
      '  - { name: a, addresses: [1.2.3], roles: [control-plane, etcd] }',
    ];
    expect(problems(text.join('\n'))).toEqual(['spec.layuot (line 5): unknown key']);
    text[4] = '  layout: binary';
    expect(problems(text.join('\n'))).toEqual([
      'spec.hosts[0].addresses[0] (line 7): "1.2.3" is not an IPv4 or IPv6 address',
    ]);
  });

  it('lists every problem at once', () => {
    const found = problems(
      clusterText({
        dnsDomain: 'Cluster.Local',
        serviceSubnets: ['10.96.0.0/31'],
        hosts: [host('CP', '0.0.0.0', 'etcd')],
      }),
    );
    expect(found).toHaveLength(5);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['an unknown key', { extra: 1 }, 'spec.extra: unknown key'],
    [
      'an unknown credential',
      { credentials: { apiservr: {} } },
      'spec.credentials.apiservr: no credential of this name',
    ],
    [
      'an unknown algorithm',
      { keyAlgorithm: 'RSA-1024' },
      'spec.keyAlgorithm: "RSA-1024": expected one of RSA-2048, RSA-3072, RSA-4096, ECDSA-P256, ECDSA-P384',
    ],
    [
      'an algorithm that is a list',
      { keyAlgorithm: ['RSA-2048'] },
      'spec.keyAlgorithm: a list: expected one of RSA-2048',
    ],
    ['no hosts', { hosts: undefined }, 'spec.hosts: missing'],
    ['hosts that are none', { hosts: null }, 'spec.hosts: expected a list, got nothing'],
    [
      'an address that YAML took for a number',
      { hosts: [{ name: 'cp-1', addresses: [10.1], roles: ['etcd'] }] },
      'spec.hosts[0].addresses[0]: expected text, got 10.1: put it in quotes',
    ],
    ['text for a truth', { frontProxy: 'no' }, 'spec.frontProxy: expected true or false, got text'],
    ['a list for a mapping', { apiServer: [] }, 'spec.apiServer: expected a mapping, got a list'],
    ['half a port', { apiServer: { port: 1.5 } }, 'spec.apiServer.port: expected a whole number'],
    [
      'a port too high',
      { apiServer: { port: 70000 } },
      'spec.apiServer.port: 70000: at most 65535',
    ],
    ['a port too low', { apiServer: { port: 0 } }, 'spec.apiServer.port: 0: at least 1'],
    [
      'an empty organization and a long one',
      { credentials: { admin: { organizations: ['', 'x'.repeat(65)] } } },
      'spec.credentials.admin.organizations[0]: empty\nspec.credentials.admin.organizations[1]: at most 64 characters',
    ],
    [
      'too many names',
      { apiServer: { extraSANs: Array.from({ length: 1001 }, () => 'a') } },
      'spec.apiServer.extraSANs: at most 1000 entries',
    ],
    ['no subnets', { serviceSubnets: [] }, 'spec.serviceSubnets: at least 1 entry'],
    [
      'a version that YAML took for a number',
      { kubernetesVersion: 1.36 },
      'spec.kubernetesVersion: expected text, so put it in quotes',
    ],
    [
      'a length of time without a unit',
      { validity: { ca: '10' } },
      'spec.validity.ca: not a length of time: "10"',
    ],
    [
      'a length of time that is far too long',
      { validity: { ca: '101y' } },
      'spec.validity.ca: 101y is outside of 10m to 100y',
    ],
    [
      'two hosts of one name',
      {
        hosts: [
          host('cp-1', '10.0.0.1', 'control-plane', 'etcd'),
          host('cp-1', '10.0.0.2', 'worker'),
        ],
      },
      'spec.hosts[1].name: cp-1 is hosts[0] already',
    ],
    [
      'one address for two hosts',
      {
        hosts: [host('cp-1', '10.0.0.1', 'control-plane', 'etcd'), host('w', '10.0.0.1', 'worker')],
      },
      'spec.hosts[1].addresses[0]: 10.0.0.1 belongs to cp-1 already',
    ],
    [
      'one address for two hosts, written differently',
      {
        hosts: [host('cp-1', 'fd00::1', 'control-plane', 'etcd'), host('w', 'FD00:0::1', 'worker')],
      },
      'belongs to cp-1 already',
    ],
    [
      'an upper-case host name',
      { hosts: [host('CP-1', '10.0.0.1', 'control-plane', 'etcd')] },
      'spec.hosts[0].name: "CP-1" is not a DNS name in lower case',
    ],
    [
      'an address as a name',
      { hosts: [host('10.0.0.1', '10.0.0.1', 'control-plane', 'etcd')] },
      'is not a DNS name',
    ],
    [
      'a path as a host name',
      { hosts: [host('../../etc', '10.0.0.1', 'control-plane', 'etcd')] },
      'is not a DNS name',
    ],
    [
      'a loopback address',
      { hosts: [host('cp-1', '127.0.0.1', 'control-plane', 'etcd')] },
      '127.0.0.1 is a loopback address',
    ],
    [
      'a loopback address where another host has none',
      {
        controlPlaneEndpoint: '127.0.0.1:6443',
        hosts: [
          host('cp-1', '127.0.0.1', 'control-plane', 'etcd'),
          host('w-1', '10.0.0.2', 'worker'),
        ],
      },
      '127.0.0.1 is a loopback address',
    ],
    [
      'an address with a zone',
      { hosts: [host('cp-1', 'fe80::1%eth0', 'control-plane', 'etcd')] },
      'is not an IPv4 or IPv6 address',
    ],
    [
      'an address with leading zeros',
      { hosts: [host('cp-1', '010.0.0.1', 'control-plane', 'etcd')] },
      'is not an IPv4 or IPv6 address',
    ],
    [
      'no control plane',
      { hosts: [host('e', '10.0.0.1', 'etcd')] },
      'spec.hosts: no host has the role control-plane',
    ],
    [
      'no etcd',
      { hosts: [host('c', '10.0.0.1', 'control-plane')] },
      'spec.hosts: no host has the role etcd',
    ],
    [
      'an unknown role',
      { hosts: [host('c', '10.0.0.1', 'master')] },
      'spec.hosts[0].roles[0]: "master": expected one of control-plane, etcd, worker',
    ],
    [
      'an endpoint that no certificate could cover',
      { controlPlaneEndpoint: 'api_server:6443' },
      'spec.controlPlaneEndpoint: "api_server:6443" is not host:port; no certificate could cover it',
    ],
    [
      'an endpoint on a worker',
      { controlPlaneEndpoint: '172.16.10.21:6443' },
      'no certificate there would cover it',
    ],
    [
      'an unspecified endpoint',
      { controlPlaneEndpoint: '0.0.0.0:6443' },
      'the unspecified address',
    ],
    [
      'two subnets of one family',
      { serviceSubnets: ['10.0.0.0/16', '10.1.0.0/16'] },
      'spec.serviceSubnets[1]: a second subnet of IPv4',
    ],
    [
      'a name that is none',
      { apiServer: { extraSANs: ['a b'] } },
      'spec.apiServer.extraSANs[0]: "a b" is neither',
    ],
    [
      'leaves that outlive the CAs',
      { validity: { ca: '1y', leaf: '2y' } },
      'spec.validity.leaf: 2y would outlive the CAs (1y)',
    ],
    [
      'one leaf that outlives its CA',
      { credentials: { scheduler: { validity: '11y' } } },
      'spec.credentials.scheduler.validity: scheduler: 11y would outlive ca (10y)',
    ],
    [
      'a CA that is too short for its leaves',
      { credentials: { 'front-proxy-ca': { validity: '30d' } } },
      'spec.credentials.front-proxy-ca.validity: front-proxy-client: 1y would outlive front-proxy-ca (30d)',
    ],
    [
      'names on a client',
      { credentials: { admin: { extraSANs: ['a.example.com'] } } },
      'only certificates of servers hold names',
    ],
    [
      'a lifetime of a key pair',
      { credentials: { sa: { validity: '1y' } } },
      'a key pair has no dates',
    ],
    [
      'groups of a node',
      { credentials: { 'kubelet-client': { organizations: ['system:masters'] } } },
      'system:nodes and nothing else',
    ],
  ])('refuses %s', (_, spec, message) => {
    expect(problems(clusterText(spec)).join('\n')).toContain(message);
  });

  it.each<[string, string, string]>([
    ['nothing', '', 'not a mapping at the top'],
    ['text', 'hello', 'not a mapping at the top'],
    ['broken YAML', 'a: [1', 'cluster.yaml:1:6:'],
    ['a key twice', 'a: 1\nb:\n- c: 1\n  "c": 2', 'cluster.yaml:4:3: b[0].c is there twice'],
    ['two documents', 'a: 1\n---\na: 2', 'cluster.yaml:2:1: a second document'],
    ['an alias to nothing', 'a: *b', 'Unresolved alias'],
    [
      'an anchor that multiplies',
      `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c,*c]`,
      'alias',
    ],
    [
      'another kind',
      '{"apiVersion":"v1","kind":"Pod"}',
      'apiVersion: "v1": expected kubepki.dev/v1alpha1\nkind: "Pod": expected Cluster\nmetadata: missing\nspec: missing',
    ],
  ])('refuses %s', (_, text, message) => {
    expect(problems(text).join('\n')).toContain(message);
  });

  it('says one thing of a value of the wrong type', () => {
    expect(problems(clusterText({ serviceSubnets: '10.96.0.0/12' }))).toEqual([
      'spec.serviceSubnets: expected a list, got text',
    ]);
  });

  it('asks nothing of the certificates that a cluster does not have', () => {
    const without = { frontProxy: false, authorities: 'single' };
    const short = { validity: '30d' };
    const credentials = {
      'front-proxy-ca': short,
      'etcd-ca': short,
      'kubelet-server': { validity: '20y' },
    };
    expect(problems(clusterText({ ...without, credentials }))).toEqual([]);
    expect(problems(clusterText({ credentials }))).toHaveLength(5);
  });

  it('takes __proto__ for the unknown key that it is', () => {
    const text = clusterText().replace('"kind"', '"__proto__":{"polluted":true},"kind"');
    expect(problems(text)).toEqual(['__proto__: unknown key']);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});

describe('readCluster, of JSON', () => {
  const pretty = (spec: Record<string, unknown> = {}): string =>
    JSON.stringify(clusterDocument(spec), null, 2);

  it('names the line of each problem, where there are lines', () => {
    const text = pretty({
      layuot: 'binary',
      hosts: [host('cp-1', '1.2.3', 'control-plane', 'etcd'), { name: 'w', roles: ['worker'] }],
    });
    const line = (part: string): number =>
      1 + text.split('\n').findIndex((one) => one.includes(part));
    expect(problems(text)).toEqual([
      `spec.hosts[1].addresses (line ${line('"name": "w"') - 1}): missing`,
      `spec.layuot (line ${line('layuot')}): unknown key`,
    ]);
    expect(problems(pretty({ hosts: [host('cp-1', '1.2.3', 'control-plane', 'etcd')] }))).toEqual([
      expect.stringMatching(/^spec\.hosts\[0\]\.addresses\[0\] \(line 13\): "1\.2\.3" is not/),
    ]);
    expect(problems(clusterText({ layuot: 1 }))).toEqual(['spec.layuot: unknown key']);
  });

  it.each<[string, (text: string) => string, RegExp]>([
    [
      'a key',
      (text) =>
        text.replace('"hosts"', '"layout": "binary",\n    "layout": "kubeadm",\n    "hosts"'),
      /^cluster\.yaml:10:5: spec\.layout is there twice$/,
    ],
    [
      'a key of a host, behind strings that look like JSON',
      (text) => text.replace('"roles"', '"addresses": ["{\\"a\\":[1,]}\\\\"],"roles"'),
      /^cluster\.yaml:\d+:\d+: spec\.hosts\[0\]\.addresses is there twice$/,
    ],
    [
      'a key that is written with an escape',
      (text) =>
        text.replace('"roles": [\n          "worker"', '"n\\u0061me": "x", "roles": ["worker"'),
      /: spec\.hosts\[1\]\.name is there twice$/,
    ],
    [
      'a key at the top, behind numbers and nothing',
      () => '{"a":[1,-2.5e3,true,null,{},[],{"a":1}],"b":{"a":0},"a":1}',
      /^cluster\.yaml:1:53: a is there twice$/,
    ],
    [
      '__proto__',
      (text) => text.replace('"kind"', '"__proto__": 1, "__proto__": 2, "kind"'),
      /: __proto__ is there twice$/,
    ],
  ])('refuses what is there twice: %s', (_, change, message) => {
    const text = change(pretty());
    expect(() => JSON.parse(text)).not.toThrow();
    expect(problems(text)).toEqual([expect.stringMatching(message)]);
  });

  it('takes the same key in two mappings, and in a list', () => {
    expect(problems(pretty())).toEqual([]);
    expect(problems(clusterText())).toEqual([]);
  });
});
