/** Requests judged by a cluster file: just what its certificates say, no name more and none fewer. */
import { describe, expect, it } from 'vitest';
import { type Cluster, readCluster } from '../../src/cluster/index.ts';
import { readAsked } from '../../src/pki/csr/asked.ts';
import { type CatalogueFilter, catalogueJudge } from '../../src/pki/csr/catalogue.ts';
import { clusterLeaves, findLeaf } from '../../src/pki/csr/leaves.ts';
import { wantedByCluster } from '../../src/pki/csr/new.ts';
import {
  createRequest,
  makeName,
  parseRequest,
  type RequestTemplate,
} from '../../src/x509/index.ts';
import { clusterText } from '../cluster/cluster-text.ts';
import { keyOf } from '../x509/support.ts';

const cluster = (spec: Record<string, unknown> = {}): Cluster =>
  readCluster(clusterText(spec), 'cluster.yaml');

const HOSTS = {
  hosts: [
    { name: 'cp-1', addresses: ['172.16.10.11'], roles: ['control-plane', 'etcd'] },
    { name: 'cp-2', addresses: ['172.16.10.12'], roles: ['control-plane', 'etcd'] },
    { name: 'w-1', addresses: ['172.16.10.21'], roles: ['worker'] },
  ],
};

function judged(
  template: RequestTemplate,
  of = cluster(HOSTS),
  filter: CatalogueFilter = {},
  key = keyOf('ECDSA-P256'),
  validity?: number,
): string[] | string {
  const { asked } = readAsked(parseRequest(createRequest(template, key)));
  const answer = catalogueJudge(of, 'cluster.yaml', filter)(asked, { validity });
  return 'refusals' in answer
    ? answer.refusals.map(({ part, reason, origin, remedy }) =>
        [`${part}: ${reason} [${origin}]`, remedy].filter(Boolean).join(' '),
      )
    : `${answer.leaf.item.credential} of ${answer.leaf.place} by ${answer.leaf.item.profile.issuer}`;
}

const wanted = (credential: Parameters<typeof findLeaf>[1], host?: string, of = cluster(HOSTS)) =>
  wantedByCluster(findLeaf(of, credential, host, false))('ECDSA-P256');

describe('a cluster file as the policy', () => {
  it.each([
    {},
    { kubeletCertificates: 'files' },
    { layout: 'binary', frontProxy: false },
    { authorities: 'single', caKeys: 'controlPlane' },
  ])('allows what each of its own certificates says: %o', (spec) => {
    const of = cluster({ ...HOSTS, ...spec });
    const leaves = clusterLeaves(of);
    expect(leaves.length).toBeGreaterThan(15);
    for (const leaf of leaves) {
      const { credential, profile } = leaf.item;
      const filter = { credential, issuer: profile.issuer };
      const said = judged(wantedByCluster(leaf)('ECDSA-P256'), of, filter);
      expect(said).toMatch(new RegExp(`^${credential} of \\S+ by ${profile.issuer}$`));
    }
  });

  it("takes a request of kubeadm's, which leaves the usages to the CA", () => {
    const { subject, subjectAltNames = {} } = wanted('apiserver', 'cp-2');
    expect(judged({ subject, subjectAltNames })).toBe('apiserver of cp-2 by ca');
  });

  it('names what is too much, what is missing, and which credential it was held against', () => {
    const { subjectAltNames, ...rest } = wanted('apiserver', 'cp-1');
    const dns = (subjectAltNames?.dns ?? []).filter((name) => name !== 'kubernetes');
    const names = { dns: [...dns, 'evil.com'], ip: [...(subjectAltNames?.ip ?? []), '1.1.1.1'] };
    expect(
      judged({ ...rest, subjectAltNames: names, extendedKeyUsage: ['serverAuth', 'clientAuth'] }),
    ).toEqual([
      'names: asks for the DNS name "evil.com" [cluster.yaml: apiserver of cp-1]',
      'names: does not ask for the DNS name "kubernetes" [cluster.yaml: apiserver of cp-1]',
      'names: asks for the IP address "1.1.1.1" [cluster.yaml: apiserver of cp-1]',
      'usages: asks for the usage "clientAuth" [cluster.yaml: apiserver of cp-1]',
    ]);
  });

  it('refuses a group too many, an attribute, and a common name that nobody has', () => {
    const scheduler = wanted('scheduler', 'cp-1');
    const subject = makeName({
      commonName: 'system:kube-scheduler',
      organizations: ['system:masters'],
      organizationalUnits: ['x'],
    });
    expect(judged({ ...scheduler, subject })).toEqual([
      'subject: asks for the organization "system:masters" [cluster.yaml: scheduler of cp-1]',
      'subject: asks for the OU "x" [cluster.yaml: scheduler of cp-1]',
    ]);
    expect(judged({ ...scheduler, subject: makeName({ commonName: 'system:admin' }) })).toEqual([
      'subject: no credential has the common name "system:admin" [cluster.yaml]',
    ]);
    expect(judged({ ...scheduler, subject: [] })).toEqual([
      'subject: no credential has no common name [cluster.yaml]',
    ]);
  });

  it('does not let a node take the name of another, or a server become a client', () => {
    const of = cluster({ ...HOSTS, kubeletCertificates: 'files' });
    const server = wanted('kubelet-server', 'w-1', of);
    const stolen = {
      ...server,
      subject: makeName({ commonName: 'system:node:cp-1', organizations: ['system:nodes'] }),
    };
    expect(judged(stolen, of)).toContain(
      'names: asks for the DNS name "w-1" [cluster.yaml: kubelet-server of cp-1]',
    );
    expect(judged({ ...server, extendedKeyUsage: ['clientAuth'] }, of)).toContain(
      'names: asks for the DNS name "w-1" [cluster.yaml: kubelet-client of w-1]',
    );
  });

  it('holds a request to one host and one credential where that is said', () => {
    const template = wanted('apiserver', 'cp-1');
    expect(judged(template, undefined, { host: 'cp-1' })).toBe('apiserver of cp-1 by ca');
    expect(judged(template, undefined, { host: 'cp-2' })).toContain(
      'names: asks for the DNS name "cp-1" [cluster.yaml: apiserver of cp-2]',
    );
    expect(judged(template, undefined, { credential: 'scheduler', host: 'cp-1' })).toEqual([
      'subject: no credential within --credential scheduler --host cp-1 has the common name "kube-apiserver" [cluster.yaml]',
    ]);
    expect(judged(template, undefined, { issuer: 'etcd-ca' })).toEqual([
      'subject: no credential within --ca etcd-ca has the common name "kube-apiserver" [cluster.yaml]',
    ]);
  });

  it('wants the kind of key that the cluster file says, and no longer life', () => {
    expect(judged(wanted('apiserver', 'cp-1'), undefined, {}, keyOf('RSA-2048'))).toEqual([
      'key: RSA-2048, wanted is ECDSA-P256 [cluster.yaml: apiserver of cp-1]',
    ]);
    const year = 365 * 24 * 3600;
    const apiserver = wanted('apiserver', 'cp-1');
    expect(judged(apiserver, undefined, {}, undefined, year)).toBe('apiserver of cp-1 by ca');
    expect(judged(apiserver, undefined, {}, undefined, year + 1)).toEqual([
      'validity: 31536001s is longer than 1y [cluster.yaml: apiserver of cp-1]',
    ]);
  });

  it('asks which CA is meant where two of them sign the same', () => {
    const files = {
      ca: { certificate: 'ca.crt', key: 'ca.key' },
      'server-ca': { certificate: 's.crt', key: 's.key' },
      'etcd-ca': { certificate: 'e.crt', key: 'e.key' },
      'etcd-peer-ca': { certificate: 'p.crt', key: 'p.key' },
      'etcd-server': { certificate: '{host}-e.crt', key: '{host}-e.key' },
      'etcd-peer': { certificate: '{host}-p.crt', key: '{host}-p.key' },
    };
    const of = cluster({
      ...HOSTS,
      layout: 'custom',
      authorities: 'split',
      frontProxy: false,
      files,
    });
    const template = wanted('etcd-peer', 'cp-1', of);
    expect(judged(template, of)).toEqual([
      'subject: asks for what etcd-peer and etcd-server say alike, of different CAs [cluster.yaml] --ca etcd-peer-ca or etcd-ca',
    ]);
    expect(judged(template, of, { issuer: 'etcd-ca' })).toBe('etcd-server of cp-1 by etcd-ca');
  });
});

describe('findLeaf', () => {
  it('needs no host where the certificate says the same for all, or only one holds it', () => {
    expect(findLeaf(cluster(HOSTS), 'apiserver-etcd-client', undefined, false).place).toBe('cp-1');
    expect(findLeaf(cluster(HOSTS), 'admin', undefined, true).place).toBe('admin');
    expect(findLeaf(cluster(), 'apiserver', undefined, true).place).toBe('cp-1');
  });

  it('asks for the host otherwise, and says what there is', () => {
    const failure = (
      credential: Parameters<typeof findLeaf>[1],
      host?: string,
      isPlaced = false,
    ) => {
      try {
        findLeaf(cluster(HOSTS), credential, host, isPlaced);
      } catch (error) {
        return error;
      }
      return undefined;
    };
    expect(failure('apiserver')).toMatchObject({
      code: 'USAGE',
      message: '--credential apiserver is held by 2 hosts',
      hint: 'say whose with --host: cp-1, cp-2',
    });
    expect(failure('apiserver-etcd-client', undefined, true)).toMatchObject({ code: 'USAGE' });
    expect(failure('apiserver', 'w-1')).toMatchObject({ message: 'w-1 does not hold apiserver' });
    expect(failure('apiserver', 'x')).toMatchObject({ message: 'no host "x" in the cluster file' });
    expect(failure('kubelet-server', 'w-1')).toMatchObject({
      message: 'this cluster has no kubelet-server',
    });
    expect(failure('ca')).toMatchObject({
      message: '--credential ca: not the certificate of a leaf',
    });
    expect(failure('sa')).toMatchObject({ code: 'USAGE' });
  });
});
