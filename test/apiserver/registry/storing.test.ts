import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeList } from '../../../src/apiserver/registry/index.ts';
import { type Fixture, fixture } from './fixture.ts';

let api: Fixture;
beforeEach(async () => {
  api = await fixture();
});
afterEach(() => api.close());

const json = (bytes: Uint8Array): unknown => JSON.parse(Buffer.from(bytes).toString());

/** Written by kube-apiserver 1.36.3 with `--storage-media-type=application/json`, read with `etcdctl get`. */
const UPSTREAM: Readonly<Record<string, string>> = {
  '/registry/secrets/default/s1':
    '{"kind":"Secret","apiVersion":"v1","metadata":{"name":"s1","namespace":"default","uid":"be128f3f-97cb-4cae-889f-e80a54881673","creationTimestamp":"2026-11-24T10:04:47Z","managedFields":[{"manager":"curl","operation":"Update","apiVersion":"v1","time":"2026-11-24T10:04:47Z","fieldsType":"FieldsV1","fieldsV1":{"f:data":{".":{},"f:a":{}},"f:type":{}}}]},"data":{"a":"Yg=="},"type":"Opaque"}\n',
  '/registry/configmaps/default/c1':
    '{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"c1","namespace":"default","uid":"0e491698-ffe1-4fd1-b064-c70ec6754ca4","creationTimestamp":"2026-11-24T10:04:47Z"},"data":{"a":"\\u003cb\\u003e\\u0026"}}\n',
  '/registry/serviceaccounts/default/sa1':
    '{"kind":"ServiceAccount","apiVersion":"v1","metadata":{"name":"sa1","namespace":"default","uid":"743e88e6-2672-42c3-901a-6e9c740b4aee","creationTimestamp":"2026-11-24T10:04:47Z"}}\n',
  '/registry/minions/n1':
    '{"kind":"Node","apiVersion":"v1","metadata":{"name":"n1","uid":"a6c9bd76-9a60-44b3-a2cf-dd433c954246","creationTimestamp":"2026-11-24T10:04:47Z"},"spec":{"taints":[{"key":"a","effect":"NoSchedule"},{"key":"node.kubernetes.io/not-ready","effect":"NoSchedule"}]},"status":{"capacity":{"cpu":"2","ephemeral-storage":"1","memory":"8Gi"},"allocatable":{"cpu":"2","ephemeral-storage":"1","memory":"8Gi"},"conditions":[{"type":"Ready","status":"False","lastHeartbeatTime":null,"lastTransitionTime":null}],"addresses":[{"type":"Hostname","address":"n1"}],"daemonEndpoints":{"kubeletEndpoint":{"Port":0}},"nodeInfo":{"machineID":"","systemUUID":"","bootID":"","kernelVersion":"","osImage":"","containerRuntimeVersion":"","kubeletVersion":"","kubeProxyVersion":"","operatingSystem":"","architecture":""}}}\n',
  '/registry/events/default/e1':
    '{"kind":"Event","apiVersion":"v1","metadata":{"name":"e1","namespace":"default","uid":"80b00b3b-6fc1-4828-96bf-f38a5351158b","creationTimestamp":"2026-11-24T10:04:47Z"},"involvedObject":{"kind":"Pod","namespace":"default","name":"x"},"reason":"r","source":{},"firstTimestamp":null,"lastTimestamp":null,"type":"Normal","eventTime":null,"reportingComponent":"","reportingInstance":""}\n',
  '/registry/roles/default/r1':
    '{"kind":"Role","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"r1","namespace":"default","uid":"5f25f04d-8dd9-45c1-9771-d19f4517285f","creationTimestamp":"2026-11-24T10:04:47Z"},"rules":null}\n',
  '/registry/rolebindings/default/rb1':
    '{"kind":"RoleBinding","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"rb1","namespace":"default","uid":"3a946b29-a7b5-4085-a552-1f1756896c76","creationTimestamp":"2026-11-24T10:04:47Z"},"subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"u"},{"kind":"ServiceAccount","name":"u","namespace":"x"}],"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"view"}}\n',
  '/registry/clusterroles/cr1':
    '{"kind":"ClusterRole","apiVersion":"rbac.authorization.k8s.io/v1","metadata":{"name":"cr1","uid":"e74bb125-b4a7-491e-848e-dfb853ddb6a4","creationTimestamp":"2026-11-24T10:04:47Z"},"rules":[{"verbs":["create"],"apiGroups":["certificates.k8s.io"],"resources":["certificatesigningrequests"]}]}\n',
  '/registry/namespaces/nn':
    '{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"nn","uid":"026ff848-81a5-4f2f-a08a-f406f142839e","creationTimestamp":"2026-11-24T10:04:47Z","labels":{"kubernetes.io/metadata.name":"nn"}},"spec":{"finalizers":["kubernetes"]},"status":{"phase":"Active"}}\n',
  '/registry/leases/default/l1':
    '{"kind":"Lease","apiVersion":"coordination.k8s.io/v1","metadata":{"name":"l1","namespace":"default","uid":"3fd0d6f7-0ea9-4b1e-9d4f-0f9a3bcd4f6a","creationTimestamp":"2026-11-24T10:04:47Z"},"spec":{"holderIdentity":"","leaseDurationSeconds":40,"renewTime":"2025-12-31T23:00:00.123456Z"}}\n',
};

/** What each of them was created from. */
const BODIES: Readonly<Record<string, object>> = {
  secrets: { metadata: { name: 's1' }, stringData: { a: 'b' } },
  configmaps: { metadata: { name: 'c1' }, data: { a: '<b>&' } },
  serviceaccounts: { metadata: { name: 'sa1' } },
  nodes: {
    metadata: { name: 'n1' },
    spec: {
      taints: [
        { key: 'a', effect: 'NoSchedule' },
        { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' },
      ],
    },
    status: {
      capacity: { cpu: 2, memory: '8388608Ki', 'ephemeral-storage': '1000m' },
      conditions: [{ type: 'Ready', status: 'False' }],
      addresses: [{ type: 'Hostname', address: 'n1' }],
    },
  },
  events: {
    metadata: { name: 'e1' },
    involvedObject: { namespace: 'default', kind: 'Pod', name: 'x' },
    reason: 'r',
    type: 'Normal',
  },
  roles: { metadata: { name: 'r1' } },
  rolebindings: {
    metadata: { name: 'rb1' },
    roleRef: { kind: 'ClusterRole', name: 'view' },
    subjects: [
      { kind: 'User', name: 'u' },
      { kind: 'ServiceAccount', name: 'u', namespace: 'x' },
    ],
  },
  clusterroles: {
    metadata: { name: 'cr1' },
    rules: [
      {
        verbs: ['create'],
        apiGroups: ['certificates.k8s.io'],
        resources: ['certificatesigningrequests'],
      },
    ],
  },
  namespaces: { metadata: { name: 'nn' } },
  leases: {
    metadata: { name: 'l1' },
    spec: {
      holderIdentity: '',
      leaseDurationSeconds: 40,
      renewTime: '2026-01-01T00:00:00.123456+01:00',
    },
  },
};

function comparable(value: unknown): unknown {
  const object = value as { metadata: object };
  return {
    ...object,
    metadata: {
      ...object.metadata,
      uid: '',
      resourceVersion: '',
      creationTimestamp: '',
      managedFields: undefined,
    },
  };
}

describe('what is stored', () => {
  it.each(Object.keys(BODIES))(
    'of %s is what kube-apiserver stores: the same key and JSON',
    async (resource) => {
      await api.create(resource, BODIES[resource] as Record<string, unknown>);
      const { items } = await api.storage.list(`/registry/${api.definition(resource).path}/`);
      const stored = items.find(({ key }) => Object.hasOwn(UPSTREAM, key));
      expect(stored).toBeDefined();
      const text = Buffer.from(stored?.value ?? []).toString();
      expect(comparable(JSON.parse(text))).toEqual(
        comparable(JSON.parse(UPSTREAM[stored?.key ?? ''] ?? '')),
      );
      expect(text).not.toContain('resourceVersion');
      expect(text).toMatch(/^\{"kind":"\w+","apiVersion":"[\w./]+","metadata":\{"name":/);
    },
  );

  it.each(Object.entries(UPSTREAM))(
    'by kube-apiserver is served with its version: %s',
    async (key, text) => {
      const written = await api.storage.create(key, Buffer.from(text));
      const [, , path, ...rest] = key.split('/');
      const definition = api.registry.definitions.find((one) => one.path === path);
      if (definition === undefined || !written.done) throw new Error('not stored');
      const [namespace, name] = rest.length === 2 ? rest : [undefined, rest[0]];
      const served = await api.registry.get(definition, {
        ...(namespace === undefined ? {} : { namespace }),
        name: name ?? '',
      });
      const expected = JSON.parse(text) as { metadata: object };
      const resourceVersion = String(written.revision);
      const whole = { ...expected, metadata: { ...expected.metadata, resourceVersion } };
      expect(json(served.bytes)).toEqual(whole);
      expect(served.object).toEqual(whole);
      const { kind: _, apiVersion: __, ...item } = whole as Record<string, unknown>;
      expect(json(served.item)).toEqual(item);
    },
  );

  it('is served with what a newer kube-apiserver would fill in', async () => {
    const text =
      '{"kind":"Secret","apiVersion":"v1","metadata":{"name":"old","namespace":"default"}}';
    await api.storage.create('/registry/secrets/default/old', Buffer.from(text));
    const served = await api.registry.get(api.definition('secrets'), {
      namespace: 'default',
      name: 'old',
    });
    expect(json(served.bytes)).toMatchObject({ type: 'Opaque' });
  });

  it('is served even where its JSON begins in another way', async () => {
    const text =
      '{ "apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"odd","namespace":"default"}}';
    await api.storage.create('/registry/configmaps/default/odd', Buffer.from(text));
    const list = await api.registry.list(api.definition('configmaps'), {});
    expect(json(encodeList(api.definition('configmaps'), list))).toEqual({
      kind: 'ConfigMapList',
      apiVersion: 'v1',
      metadata: { resourceVersion: String(list.revision) },
      items: [
        { metadata: { name: 'odd', namespace: 'default', resourceVersion: String(list.revision) } },
      ],
    });
  });

  it('is refused with its key where it cannot be read, and the rest goes on', async () => {
    await api.storage.create('/registry/secrets/default/broken', Buffer.from('k8s\0protobuf'));
    await api.create('secrets', { metadata: { name: 'good' } });
    const get = (name: string): Promise<unknown> =>
      api.registry.get(api.definition('secrets'), { namespace: 'default', name });
    await expect(get('broken')).rejects.toThrow(
      'cannot read the stored object /registry/secrets/default/broken',
    );
    await expect(get('good')).resolves.toBeDefined();
  });

  it('answers the same bytes to everyone, encoded once', async () => {
    await api.create('secrets', { metadata: { name: 's' } });
    const get = () =>
      api.registry.get(api.definition('secrets'), { namespace: 'default', name: 's' });
    expect((await get()).bytes).toBe((await get()).bytes);
  });
});
