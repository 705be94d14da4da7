/**
 * Volumes, claims and classes: what holds them together on our server. What each answers to good and bad requests is
 * compared with kube-apiserver's recorded answers (`upstream/cases/storage.ts`).
 */
import { describe, expect, it } from 'vitest';
import type { UserInfo } from '../../../src/kubernetes/index.ts';
import { apiServer, type Tested } from '../front/server.ts';

const PV = '/api/v1/persistentvolumes';
const PVC = '/api/v1/namespaces/default/persistentvolumeclaims';
const PODS = '/api/v1/namespaces/default/pods';
const SC = '/apis/storage.k8s.io/v1/storageclasses';
const VA = '/apis/storage.k8s.io/v1/volumeattachments';
const MERGE = { 'content-type': 'application/merge-patch+json' };
const DEFAULT = { 'storageclass.kubernetes.io/is-default-class': 'true' };

const named = (name: string, more: object = {}, metadata: object = {}): object => ({
  metadata: { name, ...metadata },
  ...more,
});
const volume = (name: string, spec: object): object =>
  named(name, {
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], ...spec },
  });
const claim = (name: string, spec: object = {}): object =>
  named(name, {
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      ...spec,
    },
  });

async function made({ ask }: Tested, path: string, body: object) {
  const { status, json } = await ask('POST', path, { body });
  expect(json, JSON.stringify(json)).toMatchObject({ metadata: {} });
  expect(status, JSON.stringify(json)).toBe(201);
  return json;
}

async function refusal({ ask }: Tested, path: string, body: object): Promise<string> {
  const { status, json } = await ask('POST', path, { body });
  expect(status).toBe(422);
  return json.message;
}

describe('a volume', () => {
  it('is in one place, and stays there', async () => {
    const server = await apiServer();
    const nfs = { server: 's', path: '/p' };
    expect(await refusal(server, PV, volume('none', {}))).toContain('must specify a volume type');
    const two = volume('two', { nfs, local: { path: '/x' } });
    expect(await refusal(server, PV, two)).toContain('may not specify more than 1 volume type');
    await made(server, PV, volume('one', { nfs }));
    for (const spec of [{ nfs: { path: '/q' } }, { nfs: null, hostPath: { path: '/x' } }]) {
      const { status, json } = await server.ask('PATCH', `${PV}/one`, {
        body: { spec },
        headers: MERGE,
      });
      expect(status).toBe(422);
      expect(json.message).toContain('spec.persistentvolumesource is immutable after creation');
    }
  });

  it('of one node says which', async () => {
    const server = await apiServer();
    const local = { local: { path: '/x' } };
    expect(await refusal(server, PV, volume('l', local))).toContain('requires node affinity');
    const nodeSelectorTerms = [
      { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n'] }] },
    ];
    await made(
      server,
      PV,
      volume('l', { ...local, nodeAffinity: { required: { nodeSelectorTerms } } }),
    );
  });

  it('is read at once, however long the name of its target is', async () => {
    const server = await apiServer();
    const iqn = 'iqn.2001-04.a'.repeat(50_000);
    const before = performance.now();
    const message = await refusal(
      server,
      PV,
      volume('i', { iscsi: { targetPortal: 'p', iqn, lun: 0 } }),
    );
    expect(message).toContain('must be valid format');
    expect(performance.now() - before).toBeLessThan(2000);
  });

  it('remembers since when it is in its state', async () => {
    const times = ['2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', '2026-01-03T00:00:00Z'];
    let [now = ''] = times;
    const clock = { now: () => new Date(now), sleep: () => new Promise<void>(() => undefined) };
    const server = await apiServer({ clock });
    const since = async (status?: object): Promise<string> => {
      const { json } = await server.ask('PATCH', `${PV}/v/status`, {
        body: { status },
        headers: MERGE,
      });
      return json.status.lastPhaseTransitionTime;
    };
    const { status } = await made(server, PV, volume('v', { nfs: { server: 's', path: '/p' } }));
    expect(status).toEqual({ phase: 'Pending', lastPhaseTransitionTime: times[0] });
    now = times[1] ?? '';
    expect(await since({ phase: 'Available' })).toBe(times[1]);
    now = times[2] ?? '';
    expect(await since({ message: 'm' })).toBe(times[1]);
    expect(await since({ phase: 'Failed', lastPhaseTransitionTime: times[0] })).toBe(times[0]);
  });
});

describe('what is in use', () => {
  it('has a finalizer that nobody manages, and waits for who takes it away', async () => {
    const server = await apiServer();
    const path = `${PV}/v`;
    const { metadata } = await made(server, PV, volume('v', { nfs: { server: 's', path: '/p' } }));
    expect(metadata.finalizers).toEqual(['kubernetes.io/pv-protection']);
    expect(JSON.stringify(metadata.managedFields)).not.toContain('finalizers');
    const { finalizers } = (await made(server, PVC, claim('c'))).metadata;
    expect(finalizers).toEqual(['kubernetes.io/pvc-protection']);
    await server.ask('DELETE', path);
    expect((await server.ask('GET', path)).json.metadata.deletionTimestamp).toBeDefined();
    await server.ask('PATCH', path, { body: { metadata: { finalizers: null } }, headers: MERGE });
    expect((await server.ask('GET', path)).status).toBe(404);
  });

  it('has it once, whoever names it, and by apply as well', async () => {
    const server = await apiServer();
    const finalizers = ['a.b/c', 'kubernetes.io/pvc-protection'];
    const { metadata } = await made(server, PVC, {
      ...claim('c'),
      metadata: { name: 'c', finalizers },
    });
    expect(metadata.finalizers).toEqual(finalizers);
    const applied = await server.ask('PATCH', `${PVC}/d?fieldManager=m`, {
      body: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...claim('d') },
      headers: { 'content-type': 'application/apply-patch+yaml' },
    });
    expect(applied.status).toBe(201);
    expect(applied.json.metadata.finalizers).toEqual(['kubernetes.io/pvc-protection']);
  });
});

describe('the default class', () => {
  it('is that of a claim that names none, in a dry run and by apply as well', async () => {
    const server = await apiServer();
    expect((await made(server, PVC, claim('before'))).spec).not.toHaveProperty('storageClassName');
    await made(server, SC, named('other', { provisioner: 'a.b/c' }));
    await made(server, SC, named('standard', { provisioner: 'a.b/c' }, { annotations: DEFAULT }));
    for (const query of ['?dryRun=All', '']) {
      expect((await made(server, PVC + query, claim('c'))).spec.storageClassName).toBe('standard');
    }
    const { json } = await server.ask('PATCH', `${PVC}/applied?fieldManager=m`, {
      body: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...claim('applied') },
      headers: { 'content-type': 'application/apply-patch+yaml' },
    });
    expect(json.spec.storageClassName).toBe('standard');
    expect(JSON.stringify(json.metadata.managedFields)).not.toContain('storageClassName');
  });

  it('is not that of a claim that names one, the empty one, or one in the old way', async () => {
    const server = await apiServer();
    await made(server, SC, named('standard', { provisioner: 'a.b/c' }, { annotations: DEFAULT }));
    const classOf = async (name: string, body: object): Promise<unknown> =>
      (await made(server, PVC, { ...body, metadata: { name } })).spec.storageClassName;
    expect(await classOf('a', claim('a', { storageClassName: 'x' }))).toBe('x');
    expect(await classOf('b', claim('b', { storageClassName: '' }))).toBe('');
    const annotations = { 'volume.beta.kubernetes.io/storage-class': 'old' };
    const { spec } = await made(server, PVC, {
      ...claim('c'),
      metadata: { name: 'c', annotations },
    });
    expect(spec).not.toHaveProperty('storageClassName');
  });

  it('is the newest of several, and of two as new the first by name', async () => {
    let now = '2026-01-01T00:00:00Z';
    const clock = { now: () => new Date(now), sleep: () => new Promise<void>(() => undefined) };
    const server = await apiServer({ clock });
    const one = async (name: string): Promise<void> => {
      await made(server, SC, named(name, { provisioner: 'a.b/c' }, { annotations: DEFAULT }));
    };
    const found = async (name: string): Promise<unknown> =>
      (await made(server, PVC, claim(name))).spec.storageClassName;
    await one('b');
    await one('a');
    expect(await found('first')).toBe('a');
    now = '2026-01-01T00:00:01Z';
    await one('z');
    expect(await found('second')).toBe('z');
  });
});

describe('a claim', () => {
  it('says what it is filled with in both fields, or in the one that can say it', async () => {
    const server = await apiServer();
    const source = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 's' };
    const { spec } = await made(server, PVC, claim('old', { dataSource: source }));
    expect(spec).toMatchObject({ dataSource: source, dataSourceRef: source });
    const other = { apiGroup: 'a.b', kind: 'Any', name: 'x' };
    const dropped = await made(server, PVC, claim('dropped', { dataSource: other }));
    expect(dropped.spec).not.toHaveProperty('dataSource');
    const kept = await made(server, PVC, claim('kept', { dataSourceRef: other }));
    expect(kept.spec).toMatchObject({ dataSource: other, dataSourceRef: other });
    const foreign = claim('foreign', { dataSourceRef: { ...source, namespace: 'n' } });
    expect((await made(server, PVC, foreign)).spec).not.toHaveProperty('dataSourceRef');
  });

  it('becomes larger where it is bound and its class allows it, and smaller as far as it may', async () => {
    const server = await apiServer();
    const path = `${PVC}/c`;
    const resize = async (storage: string): Promise<number> => {
      const body = { spec: { resources: { requests: { storage } } } };
      return (await server.ask('PATCH', path, { body, headers: MERGE })).status;
    };
    await made(server, SC, named('s', { provisioner: 'a.b/c' }));
    await made(server, PVC, claim('c', { storageClassName: 's', volumeName: 'v' }));
    expect(await resize('2Gi')).toBe(422);
    await server.ask('PATCH', `${path}/status`, {
      body: { status: { phase: 'Bound', capacity: { storage: '1Gi' } } },
      headers: MERGE,
    });
    expect(await resize('2Gi')).toBe(403);
    // The same amount in other words is no change.
    expect(await resize('1024Mi')).toBe(200);
    await server.ask('PATCH', `${SC}/s`, { body: { allowVolumeExpansion: true }, headers: MERGE });
    expect(await resize('2Gi')).toBe(200);
    expect(await resize('1Gi')).toBe(422);
    expect(await resize('1536Mi')).toBe(200);
  });
});

describe('a node', () => {
  const NODE: UserInfo = {
    name: 'system:node:n',
    groups: ['system:nodes', 'system:authenticated'],
  };
  const eventually = async (what: () => Promise<number>, wanted: number): Promise<void> => {
    await expect.poll(what, { timeout: 10_000, interval: 5 }).toBe(wanted);
  };

  it('reads the claims, volumes and attachments of its pods, and reports of their size', async () => {
    const server = await apiServer();
    const secret = '/api/v1/namespaces/default/secrets/mount';
    const status = async (path: string): Promise<number> =>
      (await server.ask('GET', path, { user: NODE })).status;
    const paths = [`${PVC}/c`, `${PV}/v`, `${VA}/a`, secret];
    await made(server, '/api/v1/namespaces/default/secrets', named('mount'));
    await made(server, PVC, claim('c', { volumeName: 'v' }));
    const csi = {
      driver: 'a.b',
      volumeHandle: 'h',
      nodePublishSecretRef: { namespace: 'default', name: 'mount' },
    };
    await made(server, PV, volume('v', { csi, claimRef: { namespace: 'default', name: 'c' } }));
    await made(
      server,
      VA,
      named('a', {
        spec: { attacher: 'a.b', nodeName: 'm', source: { persistentVolumeName: 'v' } },
      }),
    );
    for (const path of paths) expect(await status(path), path).toBe(403);
    const spec = {
      nodeName: 'n',
      containers: [{ name: 'c', image: 'i' }],
      volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }],
    };
    await made(server, PODS, named('p', { spec }));
    await made(
      server,
      VA,
      named('b', {
        spec: { attacher: 'a.b', nodeName: 'n', source: { persistentVolumeName: 'v' } },
      }),
    );
    for (const path of [`${PVC}/c`, `${PV}/v`, secret, `${VA}/b`]) {
      await eventually(() => status(path), 200);
    }
    // That one is another node's still.
    expect(await status(`${VA}/a`)).toBe(403);
    expect(await status(PVC)).toBe(403);
    const report = async (body: object): Promise<number> =>
      (await server.ask('PATCH', `${PVC}/c/status`, { body, headers: MERGE, user: NODE })).status;
    expect(await report({ status: { capacity: { storage: '2Gi' } } })).toBe(200);
    expect(await report({ status: { phase: 'Lost' } })).toBe(403);
    const { status: written } = await server.ask('PATCH', `${PVC}/c`, {
      body: { metadata: { labels: { a: 'b' } } },
      headers: MERGE,
      user: NODE,
    });
    expect(written).toBe(403);
    await server.ask('DELETE', `${PODS}/p?gracePeriodSeconds=0`);
    for (const path of [`${PVC}/c`, `${PV}/v`, secret]) await eventually(() => status(path), 403);
    expect(server.faults).toEqual([]);
  });
});
