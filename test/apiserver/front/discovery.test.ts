import { describe, expect, test } from 'vitest';
import { aggregatedDiscovery, discoveryDocuments } from '../../../src/apiserver/front/discovery.ts';
import { DEFINITIONS } from '../../../src/apiserver/resources/index.ts';
import { BOOTSTRAP_DEFINITIONS } from './definitions.ts';

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
describe('discovery', () => {
  const documents = discoveryDocuments(BOOTSTRAP_DEFINITIONS, '192.0.2.2:6443');

  test('/api tells the version of the core group and where the server is', () => {
    expect(documents.get('/api')).toEqual({
      kind: 'APIVersions',
      versions: ['v1'],
      serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: '192.0.2.2:6443' }],
    });
  });

  test('/api tells no address where none is known', () => {
    expect(discoveryDocuments(BOOTSTRAP_DEFINITIONS).get('/api')).toMatchObject({
      serverAddressByClientCIDRs: [],
    });
  });

  test('/apis lists the groups in the order of kube-apiserver', () => {
    const names = [
      'apiregistration.k8s.io',
      'authentication.k8s.io',
      'authorization.k8s.io',
      'certificates.k8s.io',
      'rbac.authorization.k8s.io',
      'storage.k8s.io',
      'admissionregistration.k8s.io',
      'scheduling.k8s.io',
      'coordination.k8s.io',
      'node.k8s.io',
      'discovery.k8s.io',
      'flowcontrol.apiserver.k8s.io',
    ];
    expect(discoveryDocuments(DEFINITIONS).get('/apis')).toEqual({
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: names.map((name) => ({
        name,
        versions: [{ groupVersion: `${name}/v1`, version: 'v1' }],
        preferredVersion: { groupVersion: `${name}/v1`, version: 'v1' },
      })),
    });
  });

  test('a group is an APIGroup', () => {
    expect(documents.get('/apis/certificates.k8s.io')).toEqual({
      kind: 'APIGroup',
      apiVersion: 'v1',
      name: 'certificates.k8s.io',
      versions: [{ groupVersion: 'certificates.k8s.io/v1', version: 'v1' }],
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
        { name: 'secrets', storageVersionHash: 'S6u1pOWzb84=' },
        { name: 'serviceaccounts', storageVersionHash: 'pbx9ZvyFpBE=' },
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
    expect(documents.get('/apis/apps')).toBeUndefined();
    expect(documents.get('/apis/certificates.k8s.io/v1beta1')).toBeUndefined();
  });
});

describe('aggregated discovery', () => {
  const documents = aggregatedDiscovery(BOOTSTRAP_DEFINITIONS);

  test('/apis holds the resources of all groups', () => {
    expect(documents.get('/apis')).toMatchObject({
      kind: 'APIGroupDiscoveryList',
      apiVersion: 'apidiscovery.k8s.io/v2',
      metadata: {},
      items: [
        { metadata: { name: 'authentication.k8s.io' } },
        { metadata: { name: 'authorization.k8s.io' } },
        {
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
                  subresources: [
                    { subresource: 'approval', verbs: ['get', 'patch', 'update'] },
                    { subresource: 'status', verbs: ['get', 'patch', 'update'] },
                  ],
                },
              ],
            },
          ],
        },
        { metadata: { name: 'rbac.authorization.k8s.io' } },
        { metadata: { name: 'coordination.k8s.io' } },
      ],
    });
  });

  test('/api holds the core group, which has no name', () => {
    expect(documents.get('/api')).toMatchObject({
      items: [
        {
          metadata: {},
          versions: [
            { resources: [{ resource: 'configmaps', scope: 'Namespaced' }, {}, {}, {}, {}, {}] },
          ],
        },
      ],
    });
  });
});
