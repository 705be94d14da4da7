/**
 * kube-scheduler on `kubepki server` as kubeadm starts it: with the kubeconfig of its own for everything, and nothing
 * else said. It takes no part in an election before it has seen all that it watches by default. With
 * `KUBEPKI_AGAINST=kube-apiserver` the same holds there.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubernetesObject, Lease, Pod } from '../../../src/kubernetes/index.ts';
import { type Program, waitFor } from '../../system/program.ts';
import { startScheduler } from '../components.ts';
import { ask } from '../probes/ask.ts';
import { CP_1 } from '../topology.ts';
import { AGAINST, type OwnServer, startOwnServer } from './bench.ts';
import { EMPTY_MANIFEST, SERVER_AWAY, unknownErrors } from './klog.ts';

let own: OwnServer;
let scheduler: Program;
let startedAt: number;

const pod = (name: string, spec: object = {}): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: {
    automountServiceAccountToken: false,
    containers: [
      {
        name: 'c',
        image: 'example.com/c',
        resources: { requests: { cpu: '100m', memory: '1Mi' } },
      },
    ],
    ...spec,
  },
});

/** A Node that says that it is ready, as a kubelet would. */
async function readyNode(name: string, cpu: string): Promise<void> {
  await own.create({ apiVersion: 'v1', kind: 'Node', metadata: { name } });
  const resources = { cpu, memory: '1Gi', pods: '10' };
  const ready = { type: 'Ready', status: 'True', reason: 'KubeletReady', message: '' };
  const status = { capacity: resources, allocatable: resources, conditions: [ready] };
  const patch = JSON.stringify({ status });
  await own.admin('patch', 'node', name, '--subresource=status', '--type=merge', `-p=${patch}`);
  // Where a plug-in of upstream's has tainted it until it is ready.
  await own
    .admin('taint', 'node', name, 'node.kubernetes.io/not-ready-', '--overwrite')
    .catch(() => '');
}

async function eventually<T extends KubernetesObject>(
  what: string,
  args: readonly string[],
  isRight: (object: T) => boolean,
): Promise<T> {
  return waitFor(
    what,
    async () => {
      const object = await own.get<T>(...args);
      return isRight(object) ? object : undefined;
    },
    { deadline: 60_000, programs: [scheduler, own.server()] },
  );
}

const scheduled = ({ status }: Pod): string | undefined =>
  status?.conditions?.find(({ type }) => type === 'PodScheduled')?.status;

const bound = (name: string): Promise<Pod> =>
  eventually<Pod>(`${name} is bound`, ['pod', name], (one) => scheduled(one) === 'True');

beforeAll(async () => {
  own = await startOwnServer({
    flags: ['--controllers=-csrsigning'],
    programs: ['kube-scheduler'],
  });
  if (AGAINST === 'kube-apiserver') await own.admin('create', 'serviceaccount', 'default');
  startedAt = performance.now();
  scheduler = await startScheduler(own, { host: CP_1 });
});
afterAll(async () => own?.stop());

describe(`kube-scheduler with its default settings at ${AGAINST}`, () => {
  it('becomes the leader', async () => {
    const { spec } = await eventually<Lease>(
      'kube-scheduler leads',
      ['lease', 'kube-scheduler', '--namespace=kube-system'],
      (lease) => (lease.spec?.holderIdentity ?? '') !== '',
    );
    expect(spec?.holderIdentity).not.toBe('');
  });

  it('has seen all that it watches', async () => {
    const url = 'https://127.0.0.1:10259/readyz';
    expect(await ask(own.network, CP_1, { url })).toMatchObject({ status: 200, body: 'ok' });
  });

  it('says of a pod that there is no node for it', async () => {
    await own.create(pod('early'));
    const { status } = await eventually<Pod>(
      'the pod cannot be placed',
      ['pod', 'early'],
      (one) => scheduled(one) === 'False',
    );
    expect(status?.conditions).toMatchObject([{ type: 'PodScheduled', reason: 'Unschedulable' }]);
  });

  it('binds the pod that has waited as soon as there is a node', async () => {
    await readyNode('one', '1');
    const { spec, status } = await bound('early');
    expect(spec.nodeName).toBe('one');
    expect(status?.conditions).toMatchObject([{ type: 'PodScheduled', status: 'True' }]);
  });

  it('places pods where there is room, and where they want to be', async () => {
    await readyNode('two', '4');
    await own.admin('label', 'node', 'two', 'disk=fast');
    const large = { requests: { cpu: '2' } };
    await own.create(
      pod('large', { containers: [{ name: 'c', image: 'example.com/c', resources: large }] }),
      pod('choosy', { nodeSelector: { disk: 'fast' } }),
    );
    expect((await bound('large')).spec.nodeName).toBe('two');
    expect((await bound('choosy')).spec.nodeName).toBe('two');
  });

  it('leaves a pod alone that waits at a gate', async () => {
    await own.create(pod('gated', { schedulingGates: [{ name: 'example.com/wait' }] }));
    const { status } = await own.get<Pod>('pod', 'gated');
    expect(status?.conditions).toMatchObject([{ reason: 'SchedulingGated' }]);
    await own.admin(
      'patch',
      'pod',
      'gated',
      '--type=json',
      '-p=[{"op":"remove","path":"/spec/schedulingGates"}]',
    );
    expect((await bound('gated')).spec.nodeName).not.toBe('');
  });

  it('makes room for a pod of a class that is more important', async () => {
    await own.admin('create', 'priorityclass', 'urgent', '--value=1000');
    const all = { requests: { cpu: '3500m' } };
    await own.create(
      pod('urgent', {
        priorityClassName: 'urgent',
        priority: AGAINST === 'kubepki' ? 1000 : undefined,
        nodeSelector: { disk: 'fast' },
        containers: [{ name: 'c', image: 'example.com/c', resources: all }],
      }),
    );
    const gone = (name: string) => async (): Promise<true | undefined> =>
      (await own.get<Pod>('pod', name)).metadata.deletionTimestamp === undefined ? undefined : true;
    const running = { deadline: 60_000, programs: [scheduler, own.server()] };
    expect(await waitFor('the large pod has to leave', gone('large'), running)).toBe(true);
    await own.admin('delete', 'pod', 'large', '--force', '--grace-period=0');
    expect((await bound('urgent')).spec.nodeName).toBe('two');
  });

  it('goes on when the server has been away', async () => {
    await own.restart();
    await own.create(pod('after'));
    expect((await bound('after')).spec.nodeName).not.toBe('');
  });

  it('stays up, and complains of nothing', async () => {
    await delay(Math.max(0, 31_000 - (performance.now() - startedAt)));
    expect(scheduler.isRunning()).toBe(true);
    // kube-apiserver does not know its roles yet when it starts anew, and answers.
    const rolesUnknown = / is forbidden: User \\?"system:kube-scheduler\\?"/;
    const known = [EMPTY_MANIFEST, SERVER_AWAY];
    if (AGAINST === 'kube-apiserver') known.push(rolesUnknown);
    expect(unknownErrors(await scheduler.log(), known)).toEqual([]);
  });
});
