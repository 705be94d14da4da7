/**
 * kube-controller-manager with its default controllers and kube-scheduler do their work on `kubepki server`,
 * whose own controllers are off. With kubeadm's flags but for one: the controllers come as the administrator, for
 * without TokenRequests they cannot have identities of their own (`--use-service-account-credentials`). With
 * `KUBEPKI_AGAINST=kube-apiserver` the same holds there.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  CertificateSigningRequest,
  ClusterRole,
  ConfigMap,
  KubernetesObject,
  Lease,
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  ReplicaSet,
  Secret,
} from '../../../src/kubernetes/index.ts';
import {
  createRequest,
  encodePem,
  generatePrivateKey,
  makeName,
  readCertificates,
} from '../../../src/x509/index.ts';
import { type Program, waitFor } from '../../system/program.ts';
import { startControllerManager, startScheduler } from '../components.ts';
import { adminKubeconfig } from '../credentials.ts';
import { ask } from '../probes/ask.ts';
import { CP_1 } from '../topology.ts';
import { AGAINST, type OwnServer, startOwnServer } from './bench.ts';
import { EMPTY_MANIFEST, SERVER_AWAY, unknownErrors } from './klog.ts';

const BOOTSTRAPPER = ['--as=system:bootstrap:abcdef', '--as-group=system:bootstrappers'];
const CSR = 'system:certificates.k8s.io:certificatesigningrequests';

/** What they complain of at kube-apiserver just as well. */
const KNOWN = [
  EMPTY_MANIFEST,
  // It has not seen yet what it has written itself, and looks again.
  /failed with read version: \d+ is not as new as written version: \d+/,
  // Of the time before a tracked service account token was used for the first time.
  /^legacy_serviceaccount_token_cleaner\.go .*"?Getting lastest possible tracked_since time/,
  SERVER_AWAY,
];
/** What is not served, and what they watch all the same; they ask again and again, and go on. */
const NOT_SERVED =
  /^reflector\.go "Failed to watch" err="failed to list (.*): the server could not find the requested resource/;
/** Those: docs/decisions/0008 says why. */
const UNSERVED = [
  '*v1.ControllerRevision',
  '*v1.CronJob',
  '*v1.DaemonSet',
  '*v1.Deployment',
  '*v1.IPAddress',
  '*v1.Job',
  '*v1.ResourceQuota',
  '*v1.ServiceCIDR',
  '*v1.VolumeAttributesClass',
  '*v2.HorizontalPodAutoscaler',
];

let own: OwnServer;
let manager: Program;
let scheduler: Program;
let startedAt: number;

const running = (): { deadline: number; programs: readonly Program[] } => ({
  deadline: 60_000,
  programs: [manager, scheduler, own.server()],
});

/** An object, as soon as it is as it should be. */
async function eventually<T extends KubernetesObject>(
  what: string,
  args: readonly string[],
  isRight: (object: T) => boolean = () => true,
): Promise<T> {
  return waitFor(
    what,
    async () => {
      const object = await own.get<T>(...args);
      return isRight(object) ? object : undefined;
    },
    running(),
  );
}

const gone = async (what: string, ...args: readonly string[]): Promise<true> =>
  waitFor(
    what,
    async () => ((await own.admin('get', ...args, '--ignore-not-found')) === '' ? true : undefined),
    running(),
  );

const leader = async (name: string): Promise<string> =>
  (
    await eventually<Lease>(
      `${name} leads`,
      ['lease', name, '--namespace=kube-system'],
      ({ spec }) => (spec?.holderIdentity ?? '') !== '',
    )
  ).spec?.holderIdentity ?? '';

const health = async (port: number): Promise<unknown> =>
  ask(own.network, CP_1, { url: `https://127.0.0.1:${port}/healthz` });

const namespace = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name },
});

beforeAll(async () => {
  own = await startOwnServer({
    // One name that is off is all that are on: none.
    flags: ['--controllers=-csrsigning'],
    programs: ['kube-controller-manager', 'kube-scheduler'],
  });
  const kubeconfig = adminKubeconfig(own.files, 'super-admin');
  const admin = {
    kubeconfig,
    'authentication-kubeconfig': kubeconfig,
    'authorization-kubeconfig': kubeconfig,
  };
  startedAt = performance.now();
  manager = await startControllerManager(own, {
    host: CP_1,
    flags: { ...admin, 'use-service-account-credentials': 'false' },
  });
  scheduler = await startScheduler(own, { host: CP_1 });
});
afterAll(async () => own?.stop());

describe(`kube-controller-manager and kube-scheduler at ${AGAINST}`, () => {
  it('become leaders', async () => {
    expect(await leader('kube-controller-manager')).not.toBe('');
    expect(await leader('kube-scheduler')).not.toBe('');
  });

  it('give a namespace its service account and its CA', async () => {
    await own.create(namespace('team'));
    await eventually('the service account', ['serviceaccount', 'default', '--namespace=team']);
    const { data } = await eventually<ConfigMap>('the CA', [
      'configmap',
      'kube-root-ca.crt',
      '--namespace=team',
    ]);
    expect(readCertificates(data?.['ca.crt'] ?? '')[0].basicConstraints).toMatchObject({
      ca: true,
    });
  });

  it('approve and sign what a kubelet asks for with a bootstrap token', async () => {
    const group = '--group=system:bootstrappers';
    for (const role of ['system:node-bootstrapper', `${CSR}:nodeclient`]) {
      const name = role.replaceAll(':', '-');
      await own.admin('create', 'clusterrolebinding', name, `--clusterrole=${role}`, group);
    }
    const subject = makeName({ organizations: ['system:nodes'], commonName: 'system:node:n' });
    const request = encodePem(
      'CERTIFICATE REQUEST',
      createRequest({ subject }, generatePrivateKey('ECDSA-P256')),
    );
    await own.createAs(BOOTSTRAPPER, {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: 'kubelet' },
      spec: {
        request: Buffer.from(request).toString('base64'),
        signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
        usages: ['digital signature', 'client auth'],
      },
    });
    const { status } = await eventually<CertificateSigningRequest>(
      'the certificate',
      ['csr', 'kubelet'],
      (csr) => csr.status?.certificate !== undefined,
    );
    expect(status?.conditions).toMatchObject([{ type: 'Approved', reason: 'AutoApproved' }]);
  });

  it('collect what has lost its owner', async () => {
    await own.admin('create', 'configmap', 'owner', '--namespace=team');
    const { metadata } = await own.get<ConfigMap>('configmap', 'owner', '--namespace=team');
    await own.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: 'owned',
        namespace: 'team',
        ownerReferences: [
          { apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: metadata.uid },
        ],
      },
    });
    await own.admin('delete', 'configmap', 'owner', '--namespace=team');
    await gone('the owned secret is gone', 'secret', 'owned', '--namespace=team');
  });

  it('delete first what depends on an object, where that is wanted', async () => {
    await own.admin('create', 'configmap', 'first', '--namespace=team');
    const { metadata } = await own.get<ConfigMap>('configmap', 'first', '--namespace=team');
    await own.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: 'blocks',
        namespace: 'team',
        ownerReferences: [
          {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            name: 'first',
            uid: metadata.uid,
            blockOwnerDeletion: true,
          },
        ],
      },
    });
    await own.admin(
      'delete',
      'configmap',
      'first',
      '--namespace=team',
      '--cascade=foreground',
      '--timeout=30s',
    );
    expect(await own.admin('get', 'secret', 'blocks', '-n=team', '--ignore-not-found')).toBe('');
  });

  it('empty a namespace that is deleted, and let it go', async () => {
    await own.admin('delete', 'namespace', 'team', '--timeout=60s');
    await gone('the namespace is gone', 'namespace', 'team');
    expect(await own.admin('get', 'configmap,serviceaccount', '--namespace=team', '-oname')).toBe(
      '',
    );
  });

  it('sign cluster-info with a bootstrap token, and delete the token when it has expired', async () => {
    await own.create(
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
        type: 'bootstrap.kubernetes.io/token',
        stringData: {
          'token-id': 'abcdef',
          'token-secret': '0123456789abcdef',
          'usage-bootstrap-signing': 'true',
          expiration: new Date(Date.now() + 8_000).toISOString(),
        },
      },
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'cluster-info', namespace: 'kube-public' },
        data: { kubeconfig: 'apiVersion: v1\nkind: Config\n' },
      },
    );
    const { data } = await eventually<ConfigMap>(
      'the signature',
      ['configmap', 'cluster-info', '--namespace=kube-public'],
      (info) => info.data?.['jws-kubeconfig-abcdef'] !== undefined,
    );
    expect(data?.['jws-kubeconfig-abcdef']?.split('.')).toHaveLength(3);
    await gone('the token is gone', 'secret', 'bootstrap-token-abcdef', '--namespace=kube-system');
  });

  it('make the token of a service account that a Secret asks for', async () => {
    await own.admin('create', 'serviceaccount', 'robot');
    await own.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: 'robot-token',
        namespace: 'default',
        annotations: { 'kubernetes.io/service-account.name': 'robot' },
      },
      type: 'kubernetes.io/service-account-token',
    });
    const { data } = await eventually<Secret>(
      'the token',
      ['secret', 'robot-token'],
      (secret) => secret.data?.['token'] !== undefined,
    );
    expect(Object.keys(data ?? {}).toSorted()).toEqual(['ca.crt', 'namespace', 'token']);
  });

  it('gather the rules of roles that select others', async () => {
    await own.create({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'all-of-team' },
      aggregationRule: { clusterRoleSelectors: [{ matchLabels: { team: 'a' } }] },
    });
    await own.create({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: 'part-of-team', labels: { team: 'a' } },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
    });
    const { rules } = await eventually<ClusterRole>(
      'the rules',
      ['clusterrole', 'all-of-team'],
      (role) => (role.rules ?? []).length > 0,
    );
    expect(rules).toEqual([{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]);
  });

  it('lead from a service to its pods', async () => {
    await own.admin('create', 'service', 'clusterip', 'web', '--tcp=80:8080');
    await own.create({ apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } });
    await own.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web', namespace: 'default', labels: { app: 'web' } },
      spec: {
        nodeName: 'n',
        automountServiceAccountToken: false,
        containers: [{ name: 'c', image: 'example.com/c' }],
      },
    });
    const ip = '10.244.0.7';
    const status = { phase: 'Running', podIP: ip, podIPs: [{ ip }], conditions: [READY] };
    await own.admin(
      'patch',
      'pod',
      'web',
      '--subresource=status',
      '--type=merge',
      `--patch=${JSON.stringify({ status })}`,
    );
    const { items } = await eventually<Slices>(
      'the endpoint slice',
      ['endpointslices', '--selector=kubernetes.io/service-name=web'],
      (list) => (list.items[0]?.endpoints ?? []).length > 0,
    );
    expect(items).toMatchObject([
      { endpoints: [{ addresses: [ip], conditions: { ready: true } }], ports: [{ port: 8080 }] },
    ]);
    await eventually<Endpoints>(
      'the endpoints',
      ['endpoints', 'web'],
      ({ subsets = [] }) => subsets[0]?.addresses?.[0]?.ip === ip,
    );
  });

  it('give a claim its volume, and let both go when nobody uses them', async () => {
    const asked = { accessModes: ['ReadWriteOnce'], storageClassName: '' };
    await own.create({
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: 'disk' },
      spec: { ...asked, capacity: { storage: '2Gi' }, hostPath: { path: '/srv/disk' } },
    });
    await own.create({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'files', namespace: 'default' },
      spec: { ...asked, resources: { requests: { storage: '1Gi' } } },
    });
    const { spec, status } = await eventually<PersistentVolumeClaim>(
      'the claim is bound',
      ['pvc', 'files'],
      (claim) => claim.status?.phase === 'Bound',
    );
    expect(spec.volumeName).toBe('disk');
    expect(status?.capacity).toEqual({ storage: '2Gi' });
    await own.admin('delete', 'pvc', 'files', '--timeout=30s');
    await eventually<PersistentVolume>(
      'the volume is given back',
      ['pv', 'disk'],
      (volume) => volume.status?.phase === 'Released',
    );
    await own.admin('delete', 'pv', 'disk', '--timeout=30s');
  });

  it('make the pods of a ReplicaSet, and place them', async () => {
    const resources = { cpu: '4', memory: '1Gi', pods: '10' };
    const status = { capacity: resources, allocatable: resources, conditions: [READY] };
    const patch = `--patch=${JSON.stringify({ status })}`;
    await own.admin('patch', 'node', 'n', '--subresource=status', '--type=merge', patch);
    await own.create({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'shop', namespace: 'default' },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'shop' } },
        template: {
          metadata: { labels: { app: 'shop' } },
          spec: {
            automountServiceAccountToken: false,
            // Whatever the node is tainted with: nobody keeps it ready here.
            tolerations: [{ operator: 'Exists' }],
            containers: [{ name: 'c', image: 'example.com/c' }],
          },
        },
      },
    });
    const placed = async (count: number): Promise<Pods> =>
      eventually<Pods>(
        `${count} pods are placed`,
        ['pods', '--selector=app=shop'],
        ({ items }) => items.length === count && items.every(({ spec }) => spec.nodeName === 'n'),
      );
    const { items } = await placed(2);
    expect(items[0]?.metadata.ownerReferences).toMatchObject([
      { kind: 'ReplicaSet', name: 'shop' },
    ]);
    await own.admin('scale', 'replicaset', 'shop', '--replicas=3');
    await placed(3);
    await eventually<ReplicaSet>(
      'the ReplicaSet counts them',
      ['replicaset', 'shop'],
      (set) => set.status.replicas === 3,
    );
  });

  it('go on when the server has been away', async () => {
    const before = [await leader('kube-controller-manager'), await leader('kube-scheduler')];
    await own.restart();
    await own.create(namespace('after'));
    await eventually('the service account', ['serviceaccount', 'default', '--namespace=after']);
    const after = [await leader('kube-controller-manager'), await leader('kube-scheduler')];
    expect(after).toEqual(before);
  });

  it('stay up', async () => {
    await delay(Math.max(0, 31_000 - (performance.now() - startedAt)));
    expect(await health(10257)).toMatchObject({ status: 200, body: 'ok' });
    expect(await health(10259)).toMatchObject({ status: 200, body: 'ok' });
    expect([manager.isRunning(), scheduler.isRunning()]).toEqual([true, true]);
  });

  it.runIf(AGAINST === 'kubepki')('watch in vain what is not served', async () => {
    const kinds = unknownErrors(await manager.log(), KNOWN).flatMap(
      (error) => NOT_SERVED.exec(error)?.[1] ?? [],
    );
    expect(new Set(kinds)).toEqual(new Set(UNSERVED));
  });

  it('complain of nothing but what is not served', async () => {
    const known = AGAINST === 'kubepki' ? [...KNOWN, NOT_SERVED] : KNOWN;
    expect(unknownErrors(await manager.log(), known)).toEqual([]);
    expect(unknownErrors(await scheduler.log(), KNOWN)).toEqual([]);
    if (AGAINST === 'kubepki') expect(await own.server().log()).not.toMatch(/failed|Error:/);
  });
});

const READY = { type: 'Ready', status: 'True' };

interface Pods extends KubernetesObject {
  readonly items: readonly Pod[];
}

interface Slices extends KubernetesObject {
  readonly items: readonly { readonly endpoints?: readonly object[] }[];
}

interface Endpoints extends KubernetesObject {
  readonly subsets?: readonly { readonly addresses?: readonly { readonly ip: string }[] }[];
}
