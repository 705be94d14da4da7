/** NodeRestriction of pods, and of what nodes ask for them: mirror pods, status, eviction, tokens, certificates. */
import { describe, expect, it } from 'vitest';
import { type Looked, nodeRestriction } from '../../../src/apiserver/admission/index.ts';
import type { KubernetesObject } from '../../../src/kubernetes/index.ts';
import { refusal, user, type Write } from './requests.ts';

const worker = user('system:node:worker-1', 'system:nodes', 'system:authenticated');
const MIRROR = 'kubernetes.io/config.mirror';

const made = (kind: string, name: string, more: object = {}): KubernetesObject => {
  const object = {
    apiVersion: 'v1',
    kind,
    metadata: { namespace: 'ns', name, uid: `${name}-uid` },
  };
  return { ...object, ...more };
};
const pod = (name: string, node: string, spec: object = {}): KubernetesObject =>
  made('Pod', name, { spec: { nodeName: node, serviceAccountName: 'sa', ...spec } });

const STORED: Record<Looked, KubernetesObject[]> = {
  pods: [
    pod('mine', 'worker-1', {
      volumes: [
        { name: 't', projected: { sources: [{ serviceAccountToken: { audience: 'vault' } }] } },
        { name: 'api', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
        { name: 'c', csi: { driver: 'inline.example.com' } },
        { name: 'p', persistentVolumeClaim: { claimName: 'claim' } },
        { name: 'e', ephemeral: { volumeClaimTemplate: {} } },
        { name: 'x', persistentVolumeClaim: { claimName: 'unbound' } },
      ],
    }),
    pod('theirs', 'worker-2'),
    pod('unbound', ''),
    {
      ...pod('mirror', 'worker-1'),
      metadata: {
        name: 'mirror',
        namespace: 'ns',
        uid: 'mirror-uid',
        annotations: { [MIRROR]: 'x' },
      },
    },
  ],
  nodes: [made('Node', 'worker-1')],
  serviceaccounts: [made('ServiceAccount', 'sa')],
  persistentvolumeclaims: [
    made('PersistentVolumeClaim', 'claim', { spec: { volumeName: 'pv' } }),
    made('PersistentVolumeClaim', 'mine-e', { spec: { volumeName: 'pv-e' } }),
    made('PersistentVolumeClaim', 'unbound', { spec: {} }),
  ],
  persistentvolumes: [
    made('PersistentVolume', 'pv', { spec: { csi: { driver: 'claimed.example.com' } } }),
    made('PersistentVolume', 'pv-e', { spec: { csi: { driver: 'ephemeral.example.com' } } }),
  ],
  csidrivers: ['inline', 'claimed', 'ephemeral', 'other'].map((name) =>
    made('CSIDriver', `${name}.example.com`, { spec: { tokenRequests: [{ audience: name }] } }),
  ),
};

const asked: object[] = [];
const admission = nodeRestriction({
  find: async (resource, namespace, name) =>
    STORED[resource].find(
      ({ metadata }) =>
        metadata.name === name && (namespace === '' || metadata.namespace === namespace),
    ),
  authorizer: {
    authorize: async (request) => {
      asked.push(request);
      const allowed = request.kind === 'resource' && request.resource === 'by-right';
      return { allowed, reason: '' };
    },
  },
});

async function messageOf(write: Partial<Write> & Pick<Write, 'resource'>) {
  return (await refusal(admission, { user: worker, namespace: 'ns', ...write }))?.message;
}

describe('a mirror pod', () => {
  const owner = {
    apiVersion: 'v1',
    kind: 'Node',
    name: 'worker-1',
    uid: 'worker-1-uid',
    controller: true,
  };
  const mirror = (spec: object = {}, metadata: object = {}): KubernetesObject => {
    const object = {
      metadata: {
        name: 'static-worker-1',
        annotations: { [MIRROR]: 'x' },
        ownerReferences: [owner],
        ...metadata,
      },
      spec: { nodeName: 'worker-1', ...spec },
    };
    return object;
  };

  it('of its own a node may make, with volumes that need nothing of the API', async () => {
    const volumes = [
      { name: 'a', hostPath: { path: '/' } },
      { name: 'b', emptyDir: {} },
      { name: 'c', projected: { sources: [{ downwardAPI: {} }] } },
      { name: 'd', secret: null },
    ];
    expect(await messageOf({ resource: 'pods', object: mirror({ volumes }) })).toBeUndefined();
  });

  it.each<[string, KubernetesObject, string]>([
    ['an ordinary pod', mirror({}, { annotations: {} }), 'does not have'],
    ['one for another node', mirror({ nodeName: 'worker-2' }), 'spec.nodeName set to itself'],
    ['one for no node', mirror({ nodeName: '' }), 'spec.nodeName set to itself'],
    ['one without an owner', mirror({}, { ownerReferences: [] }), 'with an owner reference'],
    ['one of two owners', mirror({}, { ownerReferences: [owner, owner] }), 'a single owner'],
    [
      'one of another node',
      mirror({}, { ownerReferences: [{ ...owner, name: 'worker-2' }] }),
      'set to itself',
    ],
    ['one of a pod', mirror({}, { ownerReferences: [{ ...owner, kind: 'Pod' }] }), 'set to itself'],
    [
      'one that it does not control',
      mirror({}, { ownerReferences: [{ ...owner, controller: false }] }),
      'a controller owner reference',
    ],
    [
      'one that keeps its Node',
      mirror({}, { ownerReferences: [{ ...owner, blockOwnerDeletion: true }] }),
      'blockOwnerDeletion',
    ],
    [
      'one of a Node that is gone',
      mirror({}, { ownerReferences: [{ ...owner, uid: 'old' }] }),
      'UID mismatch: expected old got worker-1-uid',
    ],
    ['one with an account', mirror({ serviceAccountName: 'sa' }), 'reference serviceaccounts'],
    ['one with a Secret', mirror({ imagePullSecrets: [{ name: 's' }] }), 'reference secrets'],
    [
      'one with a ConfigMap',
      mirror({ containers: [{ envFrom: [{ configMapRef: { name: 'c' } }] }] }),
      'reference configmaps',
    ],
    [
      'one with a resource claim',
      mirror({ resourceClaims: [{ name: 'r' }] }),
      'reference resourceclaims',
    ],
    ...Object.entries({
      persistentVolumeClaim: { claimName: 'p' },
      ephemeral: {},
      csi: { driver: 'd' },
      glusterfs: {},
      azureFile: {},
      secret: {},
      configMap: {},
      somethingNew: {},
      projected: { sources: [{ downwardAPI: {} }, { serviceAccountToken: {} }] },
    }).map(([kind, volume]): [string, KubernetesObject, string] => [
      `one with a volume of ${kind}`,
      mirror({ volumes: [{ name: 'v', [kind]: volume }] }),
      'can not create pods that reference',
    ]),
    [
      'one with a volume of two kinds',
      mirror({ volumes: [{ name: 'v', hostPath: {}, persistentVolumeClaim: { claimName: 'p' } }] }),
      'persistentvolumeclaims',
    ],
  ])('is refused: %s', async (_, object, text) => {
    expect(await messageOf({ resource: 'pods', object })).toContain(text);
    // Of others this is not asked.
    expect(await messageOf({ resource: 'pods', object, user: user('alice') })).toBeUndefined();
  });

  it('is refused where the Node is not there', async () => {
    const other = user('system:node:worker-3', 'system:nodes');
    const object = mirror(
      { nodeName: 'worker-3' },
      { ownerReferences: [{ ...owner, name: 'worker-3' }] },
    );
    const error = await refusal(admission, {
      user: other,
      resource: 'pods',
      namespace: 'ns',
      object,
    });
    expect(error).toMatchObject({ reason: 'NotFound', message: 'nodes "worker-3" not found' });
  });

  it('is not changed', async () => {
    const message = await messageOf({ resource: 'pods', object: mirror(), old: mirror() });
    expect(message).toContain('unexpected operation "UPDATE"');
  });
});

describe('a pod', () => {
  const [mine, theirs] = STORED.pods as [KubernetesObject, KubernetesObject];

  it('is removed by its own node only', async () => {
    expect(await messageOf({ resource: 'pods', old: mine })).toBeUndefined();
    for (const old of [theirs, pod('unbound', '')]) {
      expect(await messageOf({ resource: 'pods', old })).toContain('can only delete pods');
    }
  });

  it('has its state told by its own node only', async () => {
    const told = { ...mine, status: { phase: 'Running' } };
    expect(await messageOf({ resource: 'pods/status', object: told, old: mine })).toBeUndefined();
    const moved = made('Pod', 'theirs', { spec: { nodeName: 'worker-1' } });
    expect(await messageOf({ resource: 'pods/status', object: moved, old: theirs })).toContain(
      'can only update pod status',
    );
  });

  it.each<[string, object, string]>([
    ['labels', { metadata: { ...mine.metadata, labels: { a: 'b' } } }, 'cannot update labels'],
    [
      'claims',
      { status: { resourceClaimStatuses: [{ name: 'x', resourceClaimName: 'y' }] } },
      'resource claim',
    ],
    [
      'extended claims',
      { status: { extendedResourceClaimStatus: { resourceClaimName: 'y' } } },
      'extended resource claim',
    ],
  ])('keeps its %s', async (_, change, text) => {
    const object = { ...mine, ...change };
    expect(await messageOf({ resource: 'pods/status', object, old: mine })).toContain(text);
  });

  it('is evicted by its own node only', async () => {
    const evict = (name: string, more: object = {}) =>
      messageOf({ resource: 'pods/eviction', object: made('Eviction', name), ...more });
    expect(await evict('mine')).toBeUndefined();
    expect(await evict('theirs')).toContain('can only evict pods');
    expect(await evict('gone')).toBe('pods "gone" not found');
    // The name of the request counts.
    expect(await evict('mine', { name: 'theirs' })).toContain('can only evict pods');
    expect(await evict('mine', { namespace: 'other' })).toBe('pods "mine" not found');
  });

  it('has no other subresource for nodes', async () => {
    for (const resource of ['pods/binding', 'pods/exec', 'pods/ephemeralcontainers']) {
      expect(await messageOf({ resource, object: mine })).toContain('unexpected pod subresource');
    }
  });
});

describe('a token', () => {
  const bound = { apiVersion: 'v1', kind: 'Pod', name: 'mine', uid: 'mine-uid' };
  const request = (ref: object | undefined, audiences: unknown[] = ['vault']) =>
    messageOf({
      resource: 'serviceaccounts/token',
      name: 'sa',
      object: made('TokenRequest', '', { spec: { audiences, boundObjectRef: ref } }),
    });

  it('for its pod a node may ask for', async () => {
    expect(await request(bound)).toBeUndefined();
  });

  it.each<[string, object | undefined, string]>([
    ['to nothing', undefined, 'not bound to a pod'],
    ['to a Secret', { ...bound, kind: 'Secret' }, 'not bound to a pod'],
    ['to a Node', { ...bound, kind: 'Node', name: 'worker-1' }, 'not bound to a pod'],
    ['to a pod of another version', { ...bound, apiVersion: 'v2' }, 'not bound to a pod'],
    ['to a pod without a name', { ...bound, name: '' }, 'not bound to a pod'],
    ['to a pod of any UID', { ...bound, uid: '' }, 'without a uid'],
    ['to a pod that is another by now', { ...bound, uid: 'x' }, 'does not match the UID in record'],
    ['to a pod elsewhere', { ...bound, name: 'theirs', uid: 'theirs-uid' }, 'on a different node'],
    ['to a pod nowhere', { ...bound, name: 'unbound', uid: 'unbound-uid' }, 'on a different node'],
    ['to no pod', { ...bound, name: 'gone' }, 'pods "gone" not found'],
  ])('bound %s is refused', async (_, ref, text) => {
    expect(await request(ref)).toContain(text);
  });

  it.each<[unknown[], boolean]>([
    [['vault'], true],
    [[], true],
    [['inline'], true],
    [['claimed'], true],
    [['ephemeral'], true],
    [['by-right'], true],
    [['other'], false],
    [['vault', 'claimed'], false],
    [[7], false],
    [['Vault'], false],
  ])('is for %j: %s', async (audiences, passes) => {
    expect((await request(bound, audiences)) === undefined).toBe(passes);
  });

  it('for an audience of nobody takes a right of its own', async () => {
    asked.length = 0;
    expect(await request(bound, ['other'])).toContain('is not authorized to request tokens');
    expect(asked).toEqual([
      expect.objectContaining({
        verb: 'request-serviceaccounts-token-audience',
        resource: 'other',
        namespace: 'ns',
        name: 'sa',
        user: worker,
      }),
    ]);
  });
});

describe('a certificate for a pod', () => {
  const good = {
    nodeName: 'worker-1',
    nodeUID: 'worker-1-uid',
    podName: 'mine',
    podUID: 'mine-uid',
    serviceAccountName: 'sa',
    serviceAccountUID: 'sa-uid',
  };
  const resource = 'podcertificaterequests.certificates.k8s.io';
  const request = (spec: object) =>
    messageOf({ resource, object: made('PodCertificateRequest', 'x', { spec }) });

  it('a node may ask for where everything fits', async () => {
    expect(await request(good)).toBeUndefined();
  });

  it.each<[object, string]>([
    [{ nodeName: 'worker-2' }, 'which is not the requesting node'],
    [{ nodeUID: 'x' }, 'another UID than the Node has'],
    [{ podName: 'gone' }, 'pods "gone" not found'],
    [{ podUID: 'x' }, 'another UID than pod'],
    [{ podName: 'theirs', podUID: 'theirs-uid' }, 'is not running on node'],
    [{ podName: 'mirror', podUID: 'mirror-uid' }, 'is a mirror pod'],
    [{ serviceAccountName: 'other' }, 'differs from running pod'],
    [{ serviceAccountUID: 'x' }, 'another UID than service account'],
  ])('is refused with %j', async (change, text) => {
    expect(await request({ ...good, ...change })).toContain(text);
  });

  it('is not changed or decided by nodes', async () => {
    const object = made('PodCertificateRequest', 'x', { spec: good });
    expect(await messageOf({ resource, object, old: object })).toContain('unexpected operation');
    expect(await messageOf({ resource, old: object })).toContain('unexpected operation');
    expect(await messageOf({ resource: `${resource}/status`, object })).toContain(
      'unexpected subresource',
    );
  });
});

describe('a resource slice', () => {
  const resource = 'resourceslices.resource.k8s.io';
  const slice = (nodeName?: string) => made('ResourceSlice', 's', { spec: { nodeName } });

  it('is made and removed by its own node only', async () => {
    expect(await messageOf({ resource, object: slice('worker-1') })).toBeUndefined();
    expect(await messageOf({ resource, old: slice('worker-1') })).toBeUndefined();
    for (const other of [slice('worker-2'), slice()]) {
      expect(await messageOf({ resource, object: other })).toContain('can only create');
      expect(await messageOf({ resource, old: other })).toContain('can only delete');
    }
  });
});

describe('a claim', () => {
  const claim = (status: object, metadata: object = {}) => {
    const object = {
      metadata: { name: 'p', resourceVersion: '1', ...metadata },
      spec: { a: 1 },
      status,
    };
    return object;
  };
  const resource = 'persistentvolumeclaims/status';
  const old = claim({ phase: 'Bound', capacity: { storage: '1Gi' } }, { resourceVersion: '7' });

  it('has its size and how it is resized told by nodes, and nothing else', async () => {
    const object = claim({
      phase: 'Bound',
      capacity: { storage: '2Gi' },
      conditions: [{}],
      allocatedResources: { storage: '2Gi' },
      allocatedResourceStatuses: { storage: 'x' },
    });
    expect(await messageOf({ resource, object, old })).toBeUndefined();
    for (const other of [
      claim({ phase: 'Lost' }),
      claim({ phase: 'Bound' }, { labels: { a: 'b' } }),
      { ...object, spec: { a: 2 } },
    ]) {
      expect(await messageOf({ resource, object: other, old })).toContain('fields other than');
    }
    expect(await messageOf({ resource: 'persistentvolumeclaims', object, old })).toContain(
      'may only update PVC status',
    );
  });
});
