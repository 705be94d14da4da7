/** `spec.files`, `spec.authorities` and `credentials.<id>.commonName`: what a cluster file of layout `custom` or `k3s` may say. */
import { describe, expect, it } from 'vitest';
import { readCluster } from '../../src/cluster/index.ts';
import { KubepkiError } from '../../src/errors.ts';
import { clusterText } from './cluster-text.ts';

/** What `readCluster` says of a spec, a line each. */
function problems(spec: Record<string, unknown>, text = clusterText(spec)): string[] {
  try {
    readCluster(text, 'cluster.yaml');
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    return error.issues.map(({ path, message }) => `${path}: ${message}`);
  }
  return [];
}

const CA = { certificate: 'ca.crt', key: 'private/ca.key' };
const custom = (files: Record<string, unknown>, spec: Record<string, unknown> = {}) => ({
  layout: 'custom',
  files: { ca: CA, ...files },
  ...spec,
});
const pair = (base: string) => ({ certificate: `${base}.crt`, key: `${base}.key` });
const controlPlanes = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    name: `cp-${i + 1}`,
    addresses: [`10.0.0.${i + 1}`],
    roles: ['control-plane', 'etcd'],
  }));
const SEVERAL = { hosts: controlPlanes(2) };

describe('spec.files', () => {
  it('is taken as it stands, and only what it lists is part of the cluster', () => {
    const files = {
      apiserver: pair('issued/server'),
      admin: { kubeconfig: 'admin.conf' },
      'kubelet-client': { kubeconfig: '{host}/kubelet.conf' },
      sa: { publicKey: 'sa.crt', key: 'sa.key' },
    };
    expect(readCluster(clusterText(custom(files)), 'c').files).toEqual({ ca: CA, ...files });
  });

  it('takes the key of the service accounts for its own public key', () => {
    expect(problems(custom({ sa: { publicKey: 'sa.key', key: 'sa.key' } }))).toEqual([]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['not there', { layout: 'custom' }, 'spec.files: missing: with layout custom this is the list'],
    ['empty', { layout: 'custom', files: {} }, 'spec.files.ca: missing: no cluster is without it'],
    [
      'there with another layout',
      { layout: 'binary', files: { ca: CA } },
      'spec.files: only with layout custom; binary has its own names',
    ],
    [
      'there with layout k3s',
      { layout: 'k3s', files: { ca: CA } },
      'spec.files: only with layout custom; k3s has its own names',
    ],
    [
      'of a credential that nobody knows',
      custom({ apiservr: CA }),
      'spec.files.apiservr: no credential of this name; there are ca, server-ca, etcd-ca',
    ],
    ['of no form', custom({ apiserver: 'a.crt' }), 'spec.files.apiserver: expected a mapping'],
    [
      'with a part that nothing has',
      custom({ apiserver: { ...pair('a'), chain: 'b' } }),
      'spec.files.apiserver.chain: unknown key',
    ],
    [
      'a number for a path',
      custom({ apiserver: { certificate: 1, key: 'a' } }),
      'spec.files.apiserver.certificate: expected text, got 1: put it in quotes',
    ],
    [
      'an empty path',
      custom({ apiserver: { certificate: '', key: 'a' } }),
      'spec.files.apiserver.certificate: empty',
    ],
    [
      'a certificate without its key',
      custom({ apiserver: { certificate: 'a' } }),
      'spec.files.apiserver.key: missing: apiserver takes certificate and key',
    ],
    [
      'a client of nothing',
      custom({ admin: {} }),
      'spec.files.admin.certificate: missing: admin takes certificate and key, or kubeconfig alone',
    ],
    [
      'a kubeconfig for a server',
      custom({ apiserver: { kubeconfig: 'a.conf' } }),
      'spec.files.apiserver.kubeconfig: a kubeconfig holds what a client presents; apiserver is what a server presents',
    ],
    [
      'a kubeconfig for a CA',
      custom({ ca: { kubeconfig: 'a.conf' } }),
      'spec.files.ca.kubeconfig: a kubeconfig holds what a client presents; ca is a CA',
    ],
    [
      'a kubeconfig and a pair',
      custom({ admin: { kubeconfig: 'a.conf', ...pair('a') } }),
      'spec.files.admin.certificate: a kubeconfig holds certificate and key itself',
    ],
    [
      'a certificate for sa',
      custom({ sa: pair('sa') }),
      'spec.files.sa.certificate: sa is a key pair: it takes publicKey and key',
    ],
    [
      'a public key for a server',
      custom({ apiserver: { ...pair('a'), publicKey: 'a.pub' } }),
      'spec.files.apiserver.publicKey: only sa has a public key',
    ],
  ])('is refused where it is %s', (_, spec, message) => {
    expect(problems(spec).join('\n')).toContain(message);
  });

  it.each([
    ['/etc/a.crt', 'absolute; paths are relative to the directory of -d'],
    ['../a.crt', 'leads out of the directory of -d'],
    ['issued/../a.crt', 'leads out of the directory of -d'],
    ['issued/..', 'leads out of the directory of -d'],
    ['./a.crt', 'an empty part or a dot for one'],
    ['issued//a.crt', 'an empty part or a dot for one'],
    ['issued/', 'an empty part or a dot for one'],
    ['a\nb', 'a control character or a backslash'],
    ['a\u0000b', 'a control character or a backslash'],
    ['..\\a', 'a control character or a backslash'],
    ['{hosts}.crt', 'braces stand in {host} only'],
    ['{host.crt', 'braces stand in {host} only'],
    ['x'.repeat(256), 'a name of more than 255 bytes'],
    ['ü'.repeat(128), 'a name of more than 255 bytes'],
    ['.kubepki.lock', "a name of kubepki's own files"],
    ['issued/.kubepki.cluster-name', "a name of kubepki's own files"],
    ['.a.crt.kubepki-tmp', "a name of kubepki's own files"],
  ])('is refused with the path %j', (certificate, reason) => {
    const [problem, ...others] = problems(custom({ apiserver: { certificate, key: 'a.key' } }));
    expect(problem).toMatch(/^spec\.files\.apiserver\.certificate: ".*": /s);
    expect(problem).toContain(reason);
    expect(others).toEqual([]);
  });

  it.each([
    'a.crt',
    'ä/ö.crt',
    'with blank/a.crt',
    '..a/b..c/...',
    'x'.repeat(255),
    '.hidden/a.crt',
  ])('takes the path %j', (certificate) => {
    expect(problems(custom({ apiserver: { certificate, key: 'a.key' } }))).toEqual([]);
  });

  it.each<[string, Record<string, unknown>, string]>([
    [
      'two credentials in one file',
      custom({
        apiserver: pair('a'),
        'etcd-server': { certificate: 'a.crt', key: 'b.key' },
        'etcd-ca': pair('e'),
      }),
      'spec.files.apiserver.certificate: "a.crt" is etcd-server.certificate already: two credentials in one file',
    ],
    [
      'certificate and key in one file',
      custom({ apiserver: { certificate: 'a.pem', key: 'a.pem' } }),
      'spec.files.apiserver.key: the certificate is for everybody to read, its key is not',
    ],
    [
      'the key of a CA that is that of service accounts',
      custom({ sa: { publicKey: 'sa.pub', key: CA.key } }),
      'spec.files.sa.key: "private/ca.key" is ca.key already',
    ],
    [
      "one host's file that is another credential's",
      custom({
        'kubelet-client': { kubeconfig: '{host}.conf' },
        admin: { kubeconfig: 'worker-1.conf' },
      }),
      'spec.files.admin.kubeconfig: "worker-1.conf" is kubelet-client.kubeconfig already',
    ],
    [
      "two hosts' files that are one by accident",
      custom(
        { 'kube-proxy': { kubeconfig: 'a-{host}' }, 'kubelet-client': { kubeconfig: '{host}-b' } },
        {
          hosts: [
            ...controlPlanes(1),
            { name: 'x-b', addresses: ['10.0.1.1'], roles: ['worker'] },
            { name: 'a-x', addresses: ['10.0.1.2'], roles: ['worker'] },
          ],
        },
      ),
      '"a-x-b" is kube-proxy.kubeconfig already',
    ],
    [
      'a file that would have to be a directory',
      custom({ apiserver: { certificate: 'ca.crt/apiserver.crt', key: 'a.key' } }),
      'spec.files.apiserver.certificate: "ca.crt" is a file (ca.certificate), not a directory',
    ],
    [
      'a file that would have to be the directory of a host',
      custom({ admin: { kubeconfig: 'worker-1' }, 'kube-proxy': { kubeconfig: '{host}/p' } }),
      'spec.files.kube-proxy.kubeconfig: "worker-1" is a file (admin.kubeconfig), not a directory',
    ],
  ])('is refused with %s', (_, spec, message) => {
    expect(problems(spec).join('\n')).toContain(message);
  });

  it.each<[string, Record<string, unknown>, string]>([
    [
      "kubelets that share their node's identity",
      custom(
        { 'kubelet-client': { kubeconfig: 'kubelet.conf' } },
        { hosts: controlPlanes(2).map((host) => ({ ...host, roles: [...host.roles, 'worker'] })) },
      ),
      'spec.files.kubelet-client.kubeconfig: each of 2 hosts needs its own: put {host} into the path',
    ],
    [
      'etcd members that share a certificate named after one',
      custom({ 'etcd-ca': pair('e'), 'etcd-peer': pair('peer') }, SEVERAL),
      'spec.files.etcd-peer.certificate: each of 2 hosts needs its own: put {host} into the path, or give it one common name with credentials.etcd-peer.commonName',
    ],
    [
      'a shared key for certificates of their own',
      custom({ apiserver: { certificate: '{host}.crt', key: 'a.key' } }, SEVERAL),
      'spec.files.apiserver.key: without {host}, which the other file has',
    ],
    [
      'a CA for each host',
      custom({ ca: pair('{host}') }),
      'spec.files.ca.certificate: {host}: no host holds ca, there is one for all',
    ],
    [
      'an administrator for each host',
      custom({ admin: { kubeconfig: '{host}.conf' } }),
      'spec.files.admin.kubeconfig: {host}: no host holds admin',
    ],
    [
      'what no host holds',
      custom({ 'kubelet-client': { kubeconfig: '{host}.conf' } }, { hosts: controlPlanes(1) }),
      'spec.files.kubelet-client: no host has the role worker, so none holds it',
    ],
    [
      'a certificate of a CA that is not listed',
      custom({ 'etcd-server': pair('{host}') }),
      'spec.files.etcd-server: etcd-ca, which signs it, is not listed',
    ],
    [
      'a front proxy where there is none',
      custom({ 'front-proxy-ca': pair('f') }, { frontProxy: false }),
      'spec.files.front-proxy-ca: frontProxy is false',
    ],
    [
      "etcd's CA where the cluster's stands for it",
      custom({ 'etcd-ca': pair('e') }, { authorities: 'single' }),
      'spec.files.etcd-ca: with authorities: single the cluster CA signs for etcd too',
    ],
    [
      'a CA that only split authorities have',
      custom({ 'server-ca': pair('s') }),
      'spec.files.server-ca: only with authorities: split; here they are separate',
    ],
    [
      'the other one',
      custom({ 'etcd-peer-ca': pair('p') }, { authorities: 'single' }),
      'spec.files.etcd-peer-ca: only with authorities: split; here they are single',
    ],
    [
      'a kubeconfig whose trust is not listed',
      custom({ admin: { kubeconfig: 'a.conf' } }, { authorities: 'split' }),
      'spec.files.admin: server-ca, which a kubeconfig trusts, is not listed',
    ],
  ])('is refused with %s', (_, spec, message) => {
    expect(problems(spec).join('\n')).toContain(message);
  });

  it('lets etcd members share a certificate with a name of its own', () => {
    const spec = custom(
      { 'etcd-ca': pair('e'), 'etcd-peer': pair('peer') },
      { ...SEVERAL, credentials: { 'etcd-peer': { commonName: 'etcd' } } },
    );
    expect(problems(spec)).toEqual([]);
  });

  it('names the line of a bad entry', () => {
    const text = [
      'apiVersion: kubepki.dev/v1alpha1',
      'kind: Cluster',
      'metadata: { name: x }',
      'spec:',
      '  layout: custom',
      '  files:',
      '    ca: { certificate: ca.crt, key: ca.key }',
      '    apiserver:',
      '      certificate: a.crt',
      '      key: ../a.key',
      '  hosts:',
      '  - { name: a, addresses: [10.0.0.1], roles: [control-plane, etcd] }',
    ];
    expect(problems({}, text.join('\n'))).toEqual([
      'spec.files.apiserver.key (line 10): "../a.key": leads out of the directory of -d, or may do so',
    ]);
  });

  it('gets nothing from __proto__', () => {
    const text = clusterText(custom({})).replace(
      '"ca":{',
      '"__proto__":{"sa":{"publicKey":"a","key":"b"}},"ca":{',
    );
    const { files } = readCluster(text, 'c');
    expect([files?.sa, files]).toEqual([undefined, { ca: CA }]);
  });

  it('is checked for a hundred thousand hosts in seconds', () => {
    const hosts = [
      ...controlPlanes(1),
      ...Array.from({ length: 99_999 }, (_, i) => ({
        name: `w-${i}`,
        addresses: [`10.${1 + (i >> 16)}.${(i >> 8) & 255}.${i & 255}`],
        roles: ['worker'],
      })),
    ];
    const files = {
      'kubelet-client': { kubeconfig: '{host}/kubelet.conf' },
      'kubelet-server': { certificate: '{host}/kubelet.crt', key: '{host}/kubelet.key' },
      'kube-proxy': { kubeconfig: '{host}/proxy.conf' },
    };
    const start = process.cpuUsage();
    expect(problems(custom(files, { hosts }))).toEqual([]);
    expect(process.cpuUsage(start).user / 1e6).toBeLessThan(10);
  }, 30_000);
});

describe('spec.authorities', () => {
  it('are split with layout k3s, and may be with custom', () => {
    expect(readCluster(clusterText({ layout: 'k3s' }), 'c').authorities).toBe('split');
    expect(problems(custom({ 'server-ca': pair('s') }, { authorities: 'split' }))).toEqual([]);
  });

  it.each<[Record<string, unknown>, string]>([
    [
      { layout: 'kubeadm', authorities: 'split' },
      'spec.authorities: split: layout kubeadm has no names for the additional CAs, custom has',
    ],
    [{ authorities: 'split' }, 'spec.authorities: split: layout kubeadm has no names'],
    [
      { layout: 'k3s', authorities: 'single' },
      'spec.authorities: single: with layout k3s they are split',
    ],
    [
      { authorities: 'shared' },
      'spec.authorities: "shared": expected one of separate, single, split',
    ],
  ])('are refused as %j', (spec, message) => {
    expect(problems(spec)).toEqual([expect.stringContaining(message)]);
  });

  it('let no leaf outlive the CA that signs it once they are split', () => {
    const spec = custom(
      { 'server-ca': pair('s'), apiserver: pair('a') },
      { authorities: 'split', credentials: { 'server-ca': { validity: '1d' } } },
    );
    expect(problems(spec)).toEqual([
      expect.stringMatching(
        /^spec\.credentials\.server-ca\.validity: apiserver: 1y would outlive server-ca \(1d\)/,
      ),
    ]);
  });
});

describe('credentials.<id>.commonName', () => {
  it.each([
    'admin',
    'super-admin',
    'apiserver',
    'apiserver-kubelet-client',
    'apiserver-etcd-client',
    'etcd-peer',
    'etcd-server',
    'etcd-healthcheck-client',
    'front-proxy-client',
    'kubelet-server',
    'ca',
    'etcd-ca',
    'server-ca',
    'etcd-peer-ca',
    'front-proxy-ca',
  ])('may be given for %s', (id) => {
    expect(problems({ credentials: { [id]: { commonName: 'other' } } })).toEqual([]);
  });

  it.each([
    ['scheduler', "upstream's rules are for system:kube-scheduler"],
    ['controller-manager', "upstream's rules are for system:kube-controller-manager"],
    ['kube-proxy', "upstream's rules are for system:kube-proxy"],
    ['kubelet-client', 'the node authorizer knows a node by it'],
    ['sa', 'a key pair has no name'],
  ])('is fixed for %s', (id, reason) => {
    expect(problems({ credentials: { [id]: { commonName: 'other' } } })).toEqual([
      `spec.credentials.${id}.commonName: ${reason}`,
    ]);
  });

  it.each([
    ['etcd-peer', '', 'empty'],
    ['etcd-peer', 'x'.repeat(65), 'at most 64 characters'],
    ['etcd-peer', 'a\u001bb', 'a control character'],
    ['admin', 'admin@{host}', '{host}: no host holds admin'],
    ['ca', '{host}', '{host}: no host holds ca'],
  ])('is refused for %s as %j', (id, commonName, reason) => {
    expect(problems({ credentials: { [id]: { commonName } } })).toEqual([
      `spec.credentials.${id}.commonName: ${reason}`,
    ]);
  });
});

describe('credentials.<id>.organizations', () => {
  it('may be given for servers, whose certificates are often made with one', () => {
    expect(problems({ credentials: { apiserver: { organizations: ['k8s'] } } })).toEqual([]);
  });

  it('is refused for what has no subject to hold one', () => {
    expect(problems({ credentials: { ca: { organizations: ['k8s'] } } })).toEqual([
      'spec.credentials.ca.organizations: only certificates of clients and servers hold organizations',
    ]);
  });
});
