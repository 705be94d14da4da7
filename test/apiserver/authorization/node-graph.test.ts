/** What belongs to a node by its pods, and what the Node authorizer makes of it. */
import { describe, expect, it } from 'vitest';
import {
  createNodeAuthorizer,
  followNodeGraph,
  NodeGraph,
  type NodeOwned,
} from '../../../src/apiserver/authorization/index.ts';
import type { Registry, ServedEvent } from '../../../src/apiserver/registry/index.ts';
import { type KubernetesObject, parseFieldSelector } from '../../../src/kubernetes/index.ts';
import { asks, user } from './rbac-objects.ts';

const pod = (spec: object = {}, more: object = {}, metadata: object = {}): KubernetesObject => {
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'ns', name: 'web', uid: '1', ...metadata },
    spec: { nodeName: 'a', ...spec },
    ...more,
  };
  return object;
};

const graphOf = (...pods: KubernetesObject[]): NodeGraph => {
  const graph = new NodeGraph();
  for (const one of pods) graph.pod(one);
  return graph;
};

const MIRROR = { annotations: { 'kubernetes.io/config.mirror': 'x' } };
const env = (source: string, name: string) => ({ env: [{ valueFrom: { [source]: { name } } }] });

describe('a pod', () => {
  it.each<[string, NodeOwned, string, object]>([
    ['itself', 'pod', 'web', {}],
    ['its service account', 'serviceaccount', 'sa', { serviceAccountName: 'sa' }],
    ['a Secret to pull images', 'secret', 's', { imagePullSecrets: [{ name: 's' }] }],
    ['a Secret in the environment', 'secret', 's', { containers: [env('secretKeyRef', 's')] }],
    [
      'all of a Secret',
      'secret',
      's',
      { containers: [{ envFrom: [{ secretRef: { name: 's' } }] }] },
    ],
    [
      'a Secret of an init container',
      'secret',
      's',
      { initContainers: [env('secretKeyRef', 's')] },
    ],
    [
      'a Secret of an ephemeral container',
      'secret',
      's',
      { ephemeralContainers: [env('secretKeyRef', 's')] },
    ],
    [
      'a ConfigMap in the environment',
      'configmap',
      'c',
      { containers: [env('configMapKeyRef', 'c')] },
    ],
    [
      'all of a ConfigMap',
      'configmap',
      'c',
      { containers: [{ envFrom: [{ configMapRef: { name: 'c' } }] }] },
    ],
    ['a volume of a Secret', 'secret', 's', { volumes: [{ secret: { secretName: 's' } }] }],
    ['a volume of a ConfigMap', 'configmap', 'c', { volumes: [{ configMap: { name: 'c' } }] }],
    [
      'a projected Secret',
      'secret',
      's',
      { volumes: [{ projected: { sources: [{ secret: { name: 's' } }] } }] },
    ],
    [
      'a projected ConfigMap',
      'configmap',
      'c',
      { volumes: [{ projected: { sources: [{ configMap: { name: 'c' } }] } }] },
    ],
    ...['cephfs', 'cinder', 'flexVolume', 'rbd', 'scaleIO', 'iscsi', 'storageos'].map(
      (kind): [string, NodeOwned, string, object] => [
        `the Secret of a volume of ${kind}`,
        'secret',
        's',
        { volumes: [{ [kind]: { secretRef: { name: 's' } } }] },
      ],
    ),
    ['the Secret of azureFile', 'secret', 's', { volumes: [{ azureFile: { secretName: 's' } }] }],
    [
      'the Secret of a CSI volume',
      'secret',
      's',
      { volumes: [{ csi: { driver: 'd', nodePublishSecretRef: { name: 's' } } }] },
    ],
    ['a claim', 'pvc', 'p', { volumes: [{ persistentVolumeClaim: { claimName: 'p' } }] }],
    ['a claim made for it', 'pvc', 'web-data', { volumes: [{ name: 'data', ephemeral: {} }] }],
    [
      'a resource claim',
      'resourceclaim',
      'r',
      { resourceClaims: [{ name: 'x', resourceClaimName: 'r' }] },
    ],
  ])('gives its node %s', (_, kind, name, spec) => {
    const graph = graphOf(pod(spec));
    expect(graph.isRelated('a', kind, 'ns', name)).toBe(true);
    // And nothing else, nowhere else, to nobody else.
    expect(graph.isRelated('b', kind, 'ns', name)).toBe(false);
    expect(graph.isRelated('a', kind, 'other', name)).toBe(false);
    expect(graph.isRelated('a', kind, '', name)).toBe(false);
    expect(graph.isRelated('a', kind, 'ns', `${name}x`)).toBe(false);
    expect(graph.isRelated('a', kind, 'ns', '')).toBe(false);
    const unbound = graphOf(pod({ ...spec, nodeName: '' }));
    expect(unbound.isRelated('', kind, 'ns', name)).toBe(false);
    if (kind === 'pod') return;
    // A mirror pod names what the node would like to have.
    const mirror = graphOf(pod(spec, {}, MIRROR));
    expect(mirror.isRelated('a', kind, 'ns', name)).toBe(false);
    expect(mirror.isRelated('a', 'pod', 'ns', 'web')).toBe(true);
  });

  it('gives the claims that were made from a template, and none before they are', () => {
    const spec = { resourceClaims: [{ name: 'x', resourceClaimTemplateName: 't' }] };
    expect(graphOf(pod(spec)).isRelated('a', 'resourceclaim', 'ns', 't')).toBe(false);
    const status = { resourceClaimStatuses: [{ name: 'x', resourceClaimName: 'web-x-1' }] };
    const graph = graphOf(pod(spec, { status }));
    expect(graph.isRelated('a', 'resourceclaim', 'ns', 'web-x-1')).toBe(true);
    const extended = { extendedResourceClaimStatus: { resourceClaimName: 'e' } };
    expect(graphOf(pod({}, { status: extended })).isRelated('a', 'resourceclaim', 'ns', 'e')).toBe(
      true,
    );
  });

  it('takes everything with it when it goes, but what others need', () => {
    const spec = { volumes: [{ secret: { secretName: 's' } }] };
    const second = pod(spec, {}, { name: 'second' });
    const elsewhere = pod({ ...spec, nodeName: 'b' }, {}, { name: 'elsewhere' });
    const graph = graphOf(pod(spec), second, elsewhere);
    const has = (node: string) => graph.isRelated(node, 'secret', 'ns', 's');
    graph.deleted('pod', pod(spec));
    expect([has('a'), has('b')]).toEqual([true, true]);
    graph.deleted('pod', second);
    expect([has('a'), has('b')]).toEqual([false, true]);
    // Deleting twice takes nothing from others.
    graph.deleted('pod', second);
    graph.deleted('pod', elsewhere);
    expect([has('a'), has('b')]).toEqual([false, false]);
  });

  it('that is another one by now, or says other things, gives what it says now', () => {
    const before = pod({ volumes: [{ secret: { secretName: 'old' } }] });
    const after = pod({ nodeName: 'b', volumes: [{ secret: { secretName: 'new' } }] });
    const graph = graphOf(before, before, after);
    expect(graph.isRelated('a', 'secret', 'ns', 'old')).toBe(false);
    expect(graph.isRelated('b', 'secret', 'ns', 'old')).toBe(false);
    expect(graph.isRelated('b', 'secret', 'ns', 'new')).toBe(true);
    graph.deleted('pod', after);
    expect(graph.isRelated('b', 'secret', 'ns', 'new')).toBe(false);
  });

  it('of a wrong form gives nothing, and breaks nothing', () => {
    for (const spec of [
      { volumes: 'x', containers: [null, 7, 'x'], imagePullSecrets: {} },
      { volumes: [{ secret: 'x' }, { secret: { secretName: 7 } }, null] },
      { nodeName: 7 },
      JSON.parse('{"__proto__":{"nodeName":"a"},"nodeName":""}'),
    ]) {
      expect(graphOf(pod(spec)).isRelated('a', 'secret', 'ns', 'x')).toBe(false);
    }
  });
});

describe('a PersistentVolume', () => {
  const volume = (spec: object): KubernetesObject => {
    const object = {
      metadata: { name: 'pv' },
      spec: { claimRef: { namespace: 'ns', name: 'p' }, ...spec },
    };
    return object;
  };
  const claim = pod({ volumes: [{ persistentVolumeClaim: { claimName: 'p' } }] });

  it('belongs to the nodes of its claim', () => {
    const graph = graphOf(claim);
    graph.persistentVolume(volume({}));
    expect(graph.isRelated('a', 'pv', '', 'pv')).toBe(true);
    expect(graph.isRelated('b', 'pv', '', 'pv')).toBe(false);
    graph.persistentVolume(volume({ claimRef: { namespace: 'other', name: 'p' } }));
    expect(graph.isRelated('a', 'pv', '', 'pv')).toBe(false);
    graph.persistentVolume(volume({ claimRef: null }));
    expect(graph.isRelated('a', 'pv', '', 'pv')).toBe(false);
  });

  it.each<[string, object, string, boolean]>([
    ['csi', { csi: { nodeStageSecretRef: { namespace: 'vault', name: 's' } } }, 'vault', true],
    ['csi', { csi: { nodeExpandSecretRef: { namespace: 'vault', name: 's' } } }, 'vault', true],
    ['csi', { csi: { nodePublishSecretRef: { namespace: 'vault', name: 's' } } }, 'vault', true],
    [
      'csi',
      { csi: { controllerPublishSecretRef: { namespace: 'vault', name: 's' } } },
      'vault',
      false,
    ],
    [
      'csi',
      { csi: { controllerExpandSecretRef: { namespace: 'vault', name: 's' } } },
      'vault',
      false,
    ],
    ['rbd', { rbd: { secretRef: { name: 's' } } }, 'ns', true],
    ['rbd', { rbd: { secretRef: { name: 's', namespace: 'vault' } } }, 'vault', true],
    ['azureFile', { azureFile: { secretName: 's' } }, 'ns', true],
    ['azureFile', { azureFile: { secretName: 's', secretNamespace: 'vault' } }, 'vault', true],
    ['cinder', { cinder: { secretRef: { name: 's', namespace: 'vault' } } }, 'vault', true],
  ])('of %s shows its node %j in %s: %s', (_, spec, namespace, expected) => {
    const graph = graphOf(claim);
    graph.persistentVolume(volume(spec));
    expect(graph.isRelated('a', 'secret', namespace, 's')).toBe(expected);
    expect(graph.isRelated('b', 'secret', namespace, 's')).toBe(false);
    graph.deleted('pv', volume(spec));
    expect(graph.isRelated('a', 'secret', namespace, 's')).toBe(false);
  });
});

describe('the Node authorizer', () => {
  const graph = graphOf(
    pod({
      serviceAccountName: 'sa',
      volumes: [
        { secret: { secretName: 's' } },
        { configMap: { name: 'c' } },
        { persistentVolumeClaim: { claimName: 'p' } },
      ],
    }),
  );
  const onNode = (namespace?: string): KubernetesObject => {
    const metadata = { name: 'x', ...(namespace === undefined ? {} : { namespace }) };
    const object = { metadata, spec: { nodeName: 'a' } };
    return object;
  };
  graph.volumeAttachment(onNode());
  graph.resourceSlice(onNode());
  graph.podCertificateRequest(onNode('ns'));
  const authorizer = createNodeAuthorizer({ relations: graph });
  const ns = { namespace: 'ns' };
  const DRA = { group: 'resource.k8s.io' };
  const CERTS = { group: 'certificates.k8s.io', ...ns };
  const onA = { fieldSelector: parseFieldSelector('spec.nodeName=a') };

  it.each<[string, string, object, boolean]>([
    ['get', 'secrets', { ...ns, name: 's' }, true],
    ['list', 'secrets', { ...ns, name: 's' }, true],
    ['watch', 'secrets', { ...ns, name: 's' }, true],
    ['watch', 'secrets', ns, false],
    ['list', 'secrets', { name: 's' }, false],
    ['get', 'secrets', { ...ns, name: 'c' }, false],
    ['update', 'secrets', { ...ns, name: 's' }, false],
    ['delete', 'secrets', { ...ns, name: 's' }, false],
    ['create', 'secrets', ns, false],
    ['get', 'secrets/x', { ...ns, name: 's' }, false],
    ['get', 'secrets', { ...ns, name: 's', group: 'apps' }, false],
    ['watch', 'configmaps', { ...ns, name: 'c' }, true],
    ['get', 'configmaps', { ...ns, name: 's' }, false],
    ['get', 'persistentvolumeclaims', { ...ns, name: 'p' }, true],
    ['list', 'persistentvolumeclaims', { ...ns, name: 'p' }, false],
    ['patch', 'persistentvolumeclaims/status', { ...ns, name: 'p' }, true],
    ['get', 'persistentvolumeclaims/status', { ...ns, name: 'p' }, false],
    ['patch', 'persistentvolumeclaims', { ...ns, name: 'p' }, false],
    ['get', 'serviceaccounts', { ...ns, name: 'sa' }, true],
    ['list', 'serviceaccounts', { ...ns, name: 'sa' }, false],
    ['create', 'serviceaccounts/token', { ...ns, name: 'sa' }, true],
    ['create', 'serviceaccounts/token', { ...ns, name: 'other' }, false],
    ['create', 'serviceaccounts/token', ns, false],
    ['create', 'serviceaccounts', { ...ns, name: 'sa' }, false],
    ['get', 'pods', { ...ns, name: 'web' }, true],
    ['get', 'pods', { ...ns, name: 'other' }, false],
    ['list', 'pods', {}, false],
    ['list', 'pods', onA, true],
    ['watch', 'pods', { ...ns, ...onA }, true],
    ['list', 'pods', { fieldSelector: parseFieldSelector('spec.nodeName=b') }, false],
    ['list', 'pods', { fieldSelector: parseFieldSelector('spec.nodeName!=a') }, false],
    ['list', 'pods', { fieldSelector: parseFieldSelector('spec.nodeName=') }, false],
    ['list', 'pods', { fieldSelector: parseFieldSelector('metadata.name=a') }, false],
    ['watch', 'pods', { ...ns, name: 'web' }, true],
    ['watch', 'pods', { ...ns, name: 'other' }, false],
    ['deletecollection', 'pods', onA, false],
    ['get', 'volumeattachments', { group: 'storage.k8s.io', name: 'x' }, true],
    ['get', 'volumeattachments', { group: 'storage.k8s.io', name: 'y' }, false],
    ['list', 'volumeattachments', { group: 'storage.k8s.io', name: 'x' }, false],
    ['create', 'resourceslices', DRA, true],
    ['update', 'resourceslices', { ...DRA, name: 'x' }, true],
    ['update', 'resourceslices', { ...DRA, name: 'y' }, false],
    ['deletecollection', 'resourceslices', { ...DRA, ...onA }, true],
    ['deletecollection', 'resourceslices', DRA, false],
    ['get', 'resourceslices/status', { ...DRA, name: 'x' }, false],
    ['approve', 'resourceslices', { ...DRA, name: 'x' }, false],
    ['create', 'podcertificaterequests', CERTS, true],
    ['get', 'podcertificaterequests', { ...CERTS, name: 'x' }, true],
    ['get', 'podcertificaterequests', { ...CERTS, name: 'y' }, false],
    ['watch', 'podcertificaterequests', { ...CERTS, ...onA }, true],
    ['watch', 'podcertificaterequests', CERTS, false],
    ['update', 'podcertificaterequests/status', { ...CERTS, name: 'x' }, false],
    ['delete', 'podcertificaterequests', { ...CERTS, name: 'x' }, false],
  ])('asked whether its node may %s %s %j', async (verb, what, more, expected) => {
    const nodes = (name: string) => user(`system:node:${name}`, 'system:nodes');
    const may = async (name: string) =>
      (await authorizer.authorize(asks(nodes(name), verb, what, more))).allowed;
    expect(await may('a')).toBe(expected);
    // What a node may not, no other may; what is its own, is no other's.
    if (verb !== 'create') expect(await may('aa')).toBe(false);
  });

  it('says why, in the words of upstream', async () => {
    const reason = async (verb: string, what: string, more: object = {}) =>
      (await authorizer.authorize(asks(user('system:node:a', 'system:nodes'), verb, what, more)))
        .reason;
    expect(await reason('list', 'pods')).toBe(
      'can only list/watch pods with spec.nodeName field selector',
    );
    expect(await reason('delete', 'secrets')).toBe('can only read resources of this type');
    expect(await reason('get', 'secrets', ns)).toBe('No Object name found');
    expect(await reason('list', 'secrets')).toBe('can only read namespaced object of this type');
    expect(await reason('create', 'serviceaccounts')).toBe(
      'can only create tokens for individual service accounts',
    );
  });
});

describe('the graph follows what is stored', () => {
  it('from the beginning, through every change, and anew after a watch has ended', async () => {
    const first = pod({ volumes: [{ secret: { secretName: 's' } }] });
    const second = pod({ nodeName: 'b' }, {}, { name: 'second' });
    const lists = [[first], [second]];
    const stop = new AbortController();
    const event = (type: ServedEvent['type'], object: ServedEvent['object']) => ({ type, object });
    const seen: boolean[][] = [];
    const graph = new NodeGraph();
    const look = () =>
      seen.push([
        graph.isRelated('a', 'secret', 'ns', 's'),
        graph.isRelated('b', 'pod', 'ns', 'second'),
      ]);
    const registry = {
      definition: (_: string, __: string, resource: string) =>
        resource === 'pods' ? { type: { resource } } : undefined,
      list: async () => ({
        items: (lists.shift() ?? []).map((object) => ({ object })),
        revision: 7,
      }),
      async *watch(_: unknown, { resourceVersion }: { resourceVersion: string }) {
        expect(resourceVersion).toBe('7');
        look();
        if (lists.length === 0) {
          stop.abort();
          return;
        }
        yield [event('ADDED', second), event('BOOKMARK', { metadata: {} })];
        look();
        yield [event('DELETED', first)];
        look();
        yield [event('ERROR', { kind: 'Status', metadata: {} })];
      },
    } as unknown as Registry;
    await followNodeGraph(graph, registry, stop.signal);
    expect(seen).toEqual([
      [true, false],
      [true, true],
      [false, true],
      [false, true],
    ]);
  });

  it('does nothing where nothing of it is served', async () => {
    const registry = { definition: () => undefined } as unknown as Registry;
    await followNodeGraph(new NodeGraph(), registry, new AbortController().signal);
  });
});
