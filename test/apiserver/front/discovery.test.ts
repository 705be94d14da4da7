import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { aggregatedDiscovery, discoveryDocuments } from '../../../src/apiserver/front/discovery.ts';
import { DEFINITIONS } from '../../../src/apiserver/resources/index.ts';

const ALL_VERBS = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

// The expectations are what kube-apiserver 1.36.3 answers for the same resources.
const documents = discoveryDocuments(DEFINITIONS, '192.0.2.2:6443');

describe('discovery', () => {
  test('/api tells the version of the core group and where the server is', () => {
    expect(documents.get('/api')).toEqual({
      kind: 'APIVersions',
      versions: ['v1'],
      serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: '192.0.2.2:6443' }],
    });
  });

  test('/api tells no address where none is known', () => {
    expect(discoveryDocuments(DEFINITIONS).get('/api')).toMatchObject({
      serverAddressByClientCIDRs: [],
    });
  });

  test('/apis lists the groups in the order of kube-apiserver, our own at the end', () => {
    const versions: Readonly<Record<string, readonly string[]>> = {
      'apiregistration.k8s.io': ['v1'],
      apps: ['v1'],
      'events.k8s.io': ['v1'],
      'authentication.k8s.io': ['v1'],
      'authorization.k8s.io': ['v1'],
      'certificates.k8s.io': ['v1', 'v1beta1'],
      policy: ['v1'],
      'rbac.authorization.k8s.io': ['v1'],
      'storage.k8s.io': ['v1'],
      'admissionregistration.k8s.io': ['v1'],
      'scheduling.k8s.io': ['v1'],
      'coordination.k8s.io': ['v1'],
      'node.k8s.io': ['v1'],
      'discovery.k8s.io': ['v1'],
      'resource.k8s.io': ['v1'],
      'flowcontrol.apiserver.k8s.io': ['v1'],
      'kubepki.dev': ['v1'],
    };
    expect(documents.get('/apis')).toEqual({
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: Object.entries(versions).map(([name, all]) => ({
        name,
        versions: all.map((version) => ({ groupVersion: `${name}/${version}`, version })),
        preferredVersion: { groupVersion: `${name}/v1`, version: 'v1' },
      })),
    });
  });

  test('a group is an APIGroup', () => {
    expect(documents.get('/apis/certificates.k8s.io')).toEqual({
      kind: 'APIGroup',
      apiVersion: 'v1',
      name: 'certificates.k8s.io',
      versions: [
        { groupVersion: 'certificates.k8s.io/v1', version: 'v1' },
        { groupVersion: 'certificates.k8s.io/v1beta1', version: 'v1beta1' },
      ],
      preferredVersion: { groupVersion: 'certificates.k8s.io/v1', version: 'v1' },
    });
  });

  test('a version lists resources and subresources', () => {
    expect(documents.get('/apis/certificates.k8s.io/v1')).toEqual({
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion: 'certificates.k8s.io/v1',
      resources: [
        {
          name: 'certificatesigningrequests',
          singularName: 'certificatesigningrequest',
          namespaced: false,
          kind: 'CertificateSigningRequest',
          verbs: ALL_VERBS,
          shortNames: ['csr'],
          storageVersionHash: '95fRKMXA+00=',
        },
        ...['approval', 'status'].map((subresource) => ({
          name: `certificatesigningrequests/${subresource}`,
          singularName: '',
          namespaced: false,
          kind: 'CertificateSigningRequest',
          verbs: ['get', 'patch', 'update'],
        })),
      ],
    });
  });

  test('the list of the core group has no apiVersion, and its resources are in order', () => {
    const list = documents.get('/api/v1');
    expect(list).not.toHaveProperty('apiVersion');
    expect(list).toMatchObject({
      groupVersion: 'v1',
      resources: [
        { name: 'configmaps', shortNames: ['cm'], storageVersionHash: 'qFsyl6wFWjQ=' },
        { name: 'endpoints', shortNames: ['ep'], storageVersionHash: 'fWeeMqaN/OA=' },
        { name: 'events', shortNames: ['ev'], storageVersionHash: 'r2yiGXH7wu8=' },
        {
          name: 'namespaces',
          verbs: ALL_VERBS.filter((verb) => verb !== 'deletecollection'),
          storageVersionHash: 'Q3oi5N2YM8M=',
        },
        { name: 'namespaces/finalize', verbs: ['update'] },
        { name: 'namespaces/status' },
        { name: 'nodes', storageVersionHash: 'XwShjMxG9Fs=' },
        { name: 'nodes/status' },
        { name: 'persistentvolumeclaims' },
        { name: 'persistentvolumeclaims/status' },
        { name: 'persistentvolumes' },
        { name: 'persistentvolumes/status' },
        { name: 'pods', categories: ['all'], storageVersionHash: 'xPOwRZ+Yhw8=' },
        { name: 'pods/binding', kind: 'Binding', verbs: ['create'] },
        { name: 'pods/status' },
        { name: 'replicationcontrollers', shortNames: ['rc'] },
        {
          name: 'replicationcontrollers/scale',
          group: 'autoscaling',
          version: 'v1',
          kind: 'Scale',
        },
        { name: 'replicationcontrollers/status' },
        { name: 'secrets', storageVersionHash: 'S6u1pOWzb84=' },
        { name: 'serviceaccounts', storageVersionHash: 'pbx9ZvyFpBE=' },
        { name: 'services', categories: ['all'], storageVersionHash: '0/CO1lhkEBI=' },
        { name: 'services/status' },
      ],
    });
  });

  test('what is not stored can only be created and has no storage version', () => {
    expect(documents.get('/apis/authorization.k8s.io/v1')).toMatchObject({
      resources: [
        {
          name: 'localsubjectaccessreviews',
          singularName: 'localsubjectaccessreview',
          namespaced: true,
          kind: 'LocalSubjectAccessReview',
          verbs: ['create'],
        },
        { name: 'selfsubjectaccessreviews' },
        { name: 'selfsubjectrulesreviews' },
        { name: 'subjectaccessreviews' },
      ],
    });
    expect(JSON.stringify(documents.get('/apis/authorization.k8s.io/v1'))).not.toContain(
      'storageVersionHash',
    );
  });

  test('there is nothing for what is not served', () => {
    expect(documents.get('/apis/batch')).toBeUndefined();
    expect(documents.get('/apis/certificates.k8s.io/v1alpha1')).toBeUndefined();
  });
});

describe('aggregated discovery', () => {
  const aggregated = aggregatedDiscovery(DEFINITIONS);
  const itemsOf = (path: string): readonly unknown[] =>
    z.object({ items: z.array(z.unknown()) }).parse(aggregated.get(path)).items;

  test('/apis holds the groups, with their versions and resources', () => {
    expect(aggregated.get('/apis')).toMatchObject({
      kind: 'APIGroupDiscoveryList',
      apiVersion: 'apidiscovery.k8s.io/v2',
      metadata: {},
    });
    const { groups } = z
      .object({ groups: z.array(z.object({ name: z.string() })) })
      .parse(documents.get('/apis'));
    expect(itemsOf('/apis')).toMatchObject(groups.map(({ name }) => ({ metadata: { name } })));
    expect(itemsOf('/apis')).toContainEqual(
      expect.objectContaining({
        metadata: { name: 'certificates.k8s.io' },
        versions: [
          {
            version: 'v1',
            freshness: 'Current',
            resources: [
              {
                resource: 'certificatesigningrequests',
                responseKind: { group: '', version: '', kind: 'CertificateSigningRequest' },
                scope: 'Cluster',
                singularResource: 'certificatesigningrequest',
                verbs: ALL_VERBS,
                shortNames: ['csr'],
                subresources: ['approval', 'status'].map((subresource) => ({
                  subresource,
                  responseKind: { group: '', version: '', kind: 'CertificateSigningRequest' },
                  verbs: ['get', 'patch', 'update'],
                })),
              },
            ],
          },
          expect.objectContaining({ version: 'v1beta1' }),
        ],
      }),
    );
  });

  test('/api holds the core group, which has no name', () => {
    const names = (
      'configmaps endpoints events namespaces nodes persistentvolumeclaims persistentvolumes pods ' +
      'replicationcontrollers secrets serviceaccounts services'
    ).split(' ');
    const clusterWide = ['namespaces', 'nodes', 'persistentvolumes'];
    expect(aggregated.get('/api')).toMatchObject({
      items: [
        {
          metadata: {},
          versions: [
            {
              resources: names.map((resource) => ({
                resource,
                scope: clusterWide.includes(resource) ? 'Cluster' : 'Namespaced',
              })),
            },
          ],
        },
      ],
    });
  });
});
