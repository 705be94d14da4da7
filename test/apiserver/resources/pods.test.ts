/** Pods: how they stand in a table, and how they end. */
import { describe, expect, it } from 'vitest';
import { POD_DEFINITION } from '../../../src/apiserver/resources/pods/index.ts';
import type { ContainerStatus, Pod } from '../../../src/kubernetes/index.ts';
import { apiServer } from '../front/server.ts';

const NOW = new Date('2026-11-24T10:00:00Z');
const container = (name: string, more: object = {}) => ({ name, image: 'x', ...more });
const status = (state: ContainerStatus['state'], more: Partial<ContainerStatus> = {}) => ({
  name: 'c',
  ready: false,
  restartCount: 0,
  ...(state === undefined ? {} : { state }),
  ...more,
});

/** Ready, status, restarts. */
function cells(pod: Partial<Pod>): readonly unknown[] {
  const whole = { metadata: { name: 'p' }, spec: { containers: [container('c')] }, ...pod };
  return POD_DEFINITION.row(whole, NOW).slice(1, 4);
}

describe('a pod in a table', () => {
  it('is what its phase says, until its containers say more', () => {
    expect(cells({ status: { phase: 'Pending' } })).toEqual(['0/1', 'Pending', '0']);
    expect(cells({ status: { phase: 'Failed', reason: 'Evicted' } })[1]).toBe('Evicted');
  });

  it('waits, ends or runs with its last container', () => {
    const of = (...containerStatuses: ContainerStatus[]): unknown =>
      cells({ status: { phase: 'Running', containerStatuses } })[1];
    expect(of(status({ waiting: { reason: 'ImagePullBackOff' } }))).toBe('ImagePullBackOff');
    expect(of(status({ terminated: { exitCode: 3 } }))).toBe('ExitCode:3');
    expect(of(status({ terminated: { exitCode: 3, signal: 9 } }))).toBe('Signal:9');
    expect(of(status({ terminated: { exitCode: 0, reason: 'Completed' } }))).toBe('Completed');
    expect(
      of(
        status({ terminated: { exitCode: 0, reason: 'Completed' } }),
        status({ terminated: { exitCode: 1, reason: 'Error' } }),
      ),
    ).toBe('Error');
    expect(
      of(
        status({ terminated: { exitCode: 0, reason: 'Completed' } }),
        status({ running: {} }, { ready: true }),
      ),
    ).toBe('NotReady');
  });

  it('counts restarts and says when the last one was', () => {
    const lastState = { terminated: { exitCode: 1, finishedAt: '2026-11-24T09:55:00Z' } };
    const containerStatuses = [
      status({ running: {} }, { ready: true, restartCount: 2, lastState }),
    ];
    expect(cells({ status: { phase: 'Running', containerStatuses } })).toEqual([
      '1/1',
      'Running',
      '2 (5m ago)',
    ]);
  });

  it('is being initialized as long as a container of that kind is not done', () => {
    const spec = {
      containers: [container('c')],
      initContainers: [container('a'), container('b', { restartPolicy: 'Always' })],
    };
    const of = (...initContainerStatuses: ContainerStatus[]): readonly unknown[] =>
      cells({ spec, status: { phase: 'Pending', initContainerStatuses } });
    expect(of(status({ running: {} }, { name: 'a' }))).toEqual(['0/2', 'Init:0/2', '0']);
    expect(
      of(
        status({ terminated: { exitCode: 0 } }, { name: 'a' }),
        status({ waiting: { reason: 'CrashLoopBackOff' } }, { name: 'b', restartCount: 3 }),
      ),
    ).toEqual(['0/2', 'Init:CrashLoopBackOff', '3']);
    expect(
      of(
        status({ terminated: { exitCode: 0 } }, { name: 'a' }),
        status({ running: {} }, { name: 'b', started: true, ready: true, restartCount: 3 }),
      ),
    ).toEqual(['1/2', 'Pending', '3']);
    expect(of(status({ terminated: { exitCode: 2 } }, { name: 'a' }))[1]).toBe('Init:ExitCode:2');
  });

  it('is terminating from the moment that it is deleted', () => {
    const metadata = { name: 'p', deletionTimestamp: '2026-11-24T10:00:30Z' };
    expect(cells({ metadata, status: { phase: 'Running' } })[1]).toBe('Terminating');
    expect(cells({ metadata, status: { phase: 'Running', reason: 'NodeLost' } })[1]).toBe(
      'Unknown',
    );
    expect(cells({ metadata, status: { phase: 'Failed' } })[1]).toBe('Failed');
  });
});

const PODS = '/api/v1/namespaces/default/pods';
const body = (name: string, spec: object = {}): object => ({
  metadata: { name },
  spec: { containers: [container('c')], ...spec },
});

describe('the end of a pod', () => {
  it('is up to the node that it is bound to, for as long as it may take', async () => {
    const { ask } = await apiServer();
    await ask('POST', PODS, { body: body('a', { nodeName: 'n' }) });
    const marked = await ask('DELETE', `${PODS}/a`);
    expect(marked.status).toBe(200);
    expect(marked.json.metadata).toMatchObject({ deletionGracePeriodSeconds: 30, generation: 2 });
    // Asked again for no less, nothing changes.
    const again = await ask('DELETE', `${PODS}/a?gracePeriodSeconds=60`);
    expect(again.json.metadata.resourceVersion).toBe(marked.json.metadata.resourceVersion);
    // Less counts from when it began.
    const shorter = await ask('DELETE', `${PODS}/a?gracePeriodSeconds=10`);
    const end = (answer: typeof marked): number =>
      Date.parse(answer.json.metadata.deletionTimestamp);
    expect(end(marked) - end(shorter)).toBe(20_000);
    await ask('DELETE', `${PODS}/a?gracePeriodSeconds=0`);
    expect((await ask('GET', `${PODS}/a`)).status).toBe(404);
  });

  it('is at once where no node has it, or it has ended', async () => {
    const { ask } = await apiServer();
    await ask('POST', PODS, { body: body('a') });
    await ask('DELETE', `${PODS}/a`);
    expect((await ask('GET', `${PODS}/a`)).status).toBe(404);
    await ask('POST', PODS, { body: body('b', { nodeName: 'n' }) });
    await ask('PATCH', `${PODS}/b/status`, {
      body: { status: { phase: 'Succeeded' } },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    await ask('DELETE', `${PODS}/b`);
    expect((await ask('GET', `${PODS}/b`)).status).toBe(404);
  });

  it('waits for finalizers, whatever the period', async () => {
    const { ask } = await apiServer();
    const held = { ...body('a'), metadata: { name: 'a', finalizers: ['a.b/c'] } };
    await ask('POST', PODS, { body: held });
    await ask('DELETE', `${PODS}/a?gracePeriodSeconds=0`);
    expect((await ask('GET', `${PODS}/a`)).json.metadata).toMatchObject({
      deletionGracePeriodSeconds: 0,
    });
    await ask('PATCH', `${PODS}/a`, {
      body: { metadata: { finalizers: null } },
      headers: { 'content-type': 'application/merge-patch+json' },
    });
    expect((await ask('GET', `${PODS}/a`)).status).toBe(404);
  });
});

describe('what of a pod is not served', () => {
  it.each(['log', 'exec', 'attach', 'portforward', 'proxy', 'eviction', 'resize'])(
    '%s is not there',
    async (subresource) => {
      const { ask } = await apiServer();
      await ask('POST', PODS, { body: body('a') });
      expect((await ask('GET', `${PODS}/a/${subresource}`)).status).toBe(404);
      expect((await ask('POST', `${PODS}/a/${subresource}`, { body: {} })).status).toBe(404);
    },
  );
});
