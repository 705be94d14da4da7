import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { KubepkiError } from '../../src/errors.ts';
import type { Lease, Node } from '../../src/kubernetes/index.ts';
import { StatusError } from '../../src/kubernetes/index.ts';
import {
  type MachineInfo,
  type NodeAgentOptions,
  type NodeEvent,
  runNodeAgent,
} from '../../src/node/index.ts';
import { temporaryDirectory } from '../temporary.ts';
import { FakeApi, makeAuthority } from './fake-api.ts';
import { ManualClock, settle, until } from './manual-clock.ts';

const MACHINE: MachineInfo = {
  machineID: 'm',
  systemUUID: 's',
  bootID: 'b',
  kernelVersion: '6.1',
  osImage: 'Test Linux',
  operatingSystem: 'linux',
  architecture: 'amd64',
};
const NODE = '/api/v1/nodes/worker-1';
const LEASE = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/worker-1';
const TAINT = { key: 'kubepki.dev/no-kubelet', effect: 'NoSchedule' };

/** For tests that let days pass. */
const SELDOM = {
  nodeLeaseDurationSeconds: 86_400,
  nodeStatusReportFrequencyMs: 86_400_000,
  fileCheckFrequencyMs: 3_600_000,
};

function arrange() {
  const dir = temporaryDirectory();
  const clock = new ManualClock('2026-03-01T10:00:00Z');
  const api = new FakeApi(() => clock.now());
  const files = {
    kubeconfig: join(dir, 'kubelet.conf'),
    bootstrapKubeconfig: join(dir, 'bootstrap.conf'),
    certDir: join(dir, 'pki'),
  };
  const bootstrap = `
apiVersion: v1
kind: Config
clusters: [{ name: c, cluster: { server: "https://api.test:6443" } }]
users: [{ name: u, user: { token: bootstrap } }]
contexts: [{ name: x, context: { cluster: c, user: u } }]
current-context: x
`;
  writeFileSync(files.bootstrapKubeconfig, bootstrap);
  const start = (options: Partial<NodeAgentOptions> = {}) => {
    const events: NodeEvent[] = [];
    const log: string[] = [];
    const stop = new AbortController();
    const running = runNodeAgent(
      {
        ...files,
        nodeName: 'worker-1',
        nodeIps: ['127.0.0.7'],
        address: '127.0.0.1',
        port: 0,
        registerNode: true,
        rotateCertificates: true,
        rotateServerCertificates: true,
        version: '1.2.3',
        ...options,
      },
      {
        clock,
        random: () => 0.5,
        connect: api.connect,
        signal: stop.signal,
        log: (line) => log.push(line),
        onEvent: (event) => events.push(event),
        machine: MACHINE,
      },
    );
    let failure: unknown;
    running.catch((error: unknown) => (failure = error));
    const happened = async (type: NodeEvent['type'], times = 1): Promise<void> => {
      await until(`${type}, ${times} times`, () => {
        if (failure !== undefined) throw failure as Error;
        return events.filter((event) => event.type === type).length >= times;
      });
      await settle();
    };
    const end = async (): Promise<void> => {
      stop.abort();
      await running.catch(() => undefined);
    };
    onTestFinished(end);
    return { events, log, running, happened, end };
  };
  return { dir, clock, api, files, bootstrap, start };
}

const types = (events: readonly NodeEvent[]): string[] => events.map(({ type }) => type);

describe('a node that joins', () => {
  it('tells the whole story, and owns two certificates and no token in the end', async () => {
    const { api, files, start } = arrange();
    const { events, happened, end } = start();
    await happened('serving');
    expect(types(events)).toEqual([
      'bootstrapping',
      'kubeconfig-written',
      'csr-created',
      'csr-approved',
      'certificate-stored',
      'registered',
      'bootstrap-kubeconfig-deleted',
      'csr-created',
      'csr-approved',
      'certificate-stored',
      'serving',
    ]);
    expect(existsSync(files.bootstrapKubeconfig)).toBe(false);
    expect(readFileSync(join(files.certDir, 'kubelet-client-current.pem'), 'utf8')).toMatch(
      /CERTIFICATE[\s\S]*EC PRIVATE KEY/,
    );
    expect(existsSync(join(files.certDir, 'kubelet-server-current.pem'))).toBe(true);
    const whoDidWhat = api.calls.map(({ user, what }) => `${user}: ${what.replace(/ .*\//, ' ')}`);
    expect(whoDidWhat).toEqual([
      'token bootstrap: create certificatesigningrequests',
      'token bootstrap: watch certificatesigningrequests',
      'system:node:worker-1: create nodes',
      'system:node:worker-1: create leases',
      'system:node:worker-1: create certificatesigningrequests',
      'system:node:worker-1: watch certificatesigningrequests',
    ]);
    await end();
    expect(api.openConnections).toBe(0);
  });

  it('registers a Node that no pod is sent to', async () => {
    const { api, start } = arrange();
    const { events, happened } = start({
      nodeLabels: { 'node.kubernetes.io/pool': 'blue', 'beta.kubernetes.io/arch': 'other' },
    });
    await happened('serving');
    const serving = events.find((event) => event.type === 'serving');
    const node = api.objects.get(NODE) as Node;
    expect(node).toMatchObject({
      metadata: {
        labels: {
          'kubernetes.io/hostname': 'worker-1',
          'kubernetes.io/os': 'linux',
          'kubernetes.io/arch': 'amd64',
          'beta.kubernetes.io/os': 'linux',
          'beta.kubernetes.io/arch': 'other',
          'node.kubernetes.io/pool': 'blue',
        },
      },
      spec: { taints: [TAINT] },
      status: {
        addresses: [
          { type: 'InternalIP', address: '127.0.0.7' },
          { type: 'Hostname', address: 'worker-1' },
        ],
        conditions: [
          {
            type: 'Ready',
            status: 'False',
            reason: 'KubepkiNodeAgent',
            message: expect.stringContaining('no kubelet'),
            lastHeartbeatTime: '2026-03-01T10:00:00Z',
            lastTransitionTime: '2026-03-01T10:00:00Z',
          },
        ],
        daemonEndpoints: { kubeletEndpoint: { Port: serving?.port } },
        nodeInfo: { ...MACHINE, kubeletVersion: 'kubepki-v1.2.3' },
      },
    });
    expect(node.status).not.toHaveProperty('capacity');
  });

  it('keeps its Lease and reports its status, as often as the kubelet', async () => {
    const { api, clock, start } = arrange();
    const { happened } = start();
    await happened('serving');
    const node = api.objects.get(NODE);
    expect(api.objects.get(LEASE)).toMatchObject({
      metadata: {
        ownerReferences: [
          { apiVersion: 'v1', kind: 'Node', name: 'worker-1', uid: node?.metadata.uid },
        ],
      },
      spec: {
        holderIdentity: 'worker-1',
        leaseDurationSeconds: 40,
        renewTime: '2026-03-01T10:00:00.000000Z',
      },
    });
    const count = (what: string): number => api.calls.filter((call) => call.what === what).length;
    await clock.advance(10_200);
    expect(count(`update ${LEASE}`)).toBe(1);
    expect((api.objects.get(LEASE) as Lease).spec?.renewTime).toBe('2026-03-01T10:00:10.200000Z');
    expect(count(`patch ${NODE}/status`)).toBe(0);
    await clock.advance(290_000);
    expect(count(`patch ${NODE}/status`)).toBe(1);
    expect(api.calls.findLast(({ what }) => what.startsWith('patch'))?.body).toEqual({
      status: {
        conditions: [
          expect.objectContaining({
            type: 'Ready',
            status: 'False',
            lastHeartbeatTime: '2026-03-01T10:05:00Z',
            lastTransitionTime: '2026-03-01T10:00:00Z',
          }),
        ],
      },
    });
    await clock.advance(300_000);
    expect(count(`patch ${NODE}/status`)).toBe(2);
    expect(count(`update ${LEASE}`)).toBe(58);
  });

  it('renews both certificates in time, and speaks with the new one', async () => {
    const { api, clock, start } = arrange();
    const { events, happened } = start(SELDOM);
    await happened('serving');
    await clock.advance(8 * 86_400_000);
    await happened('renewed', 2);
    await happened('serving', 2);
    const renewed = events.filter((event) => event.type === 'renewed');
    expect(renewed.map(({ kind }) => kind).sort()).toEqual(['client', 'serving']);
    expect(renewed.every(({ notAfter }) => notAfter > new Date('2026-03-15'))).toBe(true);
    // Connections of the old certificate are closed, not left.
    await expect.poll(() => api.openConnections).toBeLessThanOrEqual(1);
  });
});

describe('the bootstrap kubeconfig', () => {
  it('stays until the server has taken the certificate', async () => {
    const { api, clock, files, start } = arrange();
    api.failure = ({ user }) =>
      user === 'system:node:worker-1' ? StatusError.of('Unauthorized', 'Unauthorized') : undefined;
    const { happened, log } = start();
    await happened('certificate-stored');
    for (let i = 0; i < 20; i++) await clock.advance(7_000);
    expect(existsSync(files.bootstrapKubeconfig)).toBe(true);
    // Once, and with what to do about it.
    expect(log).toHaveLength(1);
    expect(log[0]).toMatch(/^registering the Node: Unauthorized \(.*; trying again$/);
    expect(log[0]).toContain(`comes with what ${files.kubeconfig} names`);
    expect(log[0]).toContain(
      `kubepki token create --node worker-1 --kubeconfig-out ${files.bootstrapKubeconfig} --force`,
    );
    api.failure = () => undefined;
    await clock.advance(7_000);
    await happened('bootstrap-kubeconfig-deleted');
    expect(existsSync(files.bootstrapKubeconfig)).toBe(false);
  });

  it('is read again at each attempt, and named where its token is not known', async () => {
    const { api, clock, files, bootstrap, start } = arrange();
    api.failure = ({ user }) =>
      user === 'token bootstrap' ? StatusError.of('Unauthorized', 'Unauthorized') : undefined;
    const { events, happened } = start();
    await happened('attempt-failed');
    const failed = events.find((event) => event.type === 'attempt-failed');
    expect(failed?.message).toContain(
      `https://api.test:6443 does not take the token of ${files.bootstrapKubeconfig}`,
    );
    expect(failed?.message).toContain(
      `kubepki token create --node worker-1 --kubeconfig-out ${files.bootstrapKubeconfig} --force`,
    );
    writeFileSync(files.bootstrapKubeconfig, bootstrap.replace('token: bootstrap', 'token: fresh'));
    await clock.advance(3_000);
    await happened('bootstrap-kubeconfig-deleted');
    expect(api.calls.map(({ user }) => user)).toContain('token fresh');
    expect(api.openConnections).toBeLessThanOrEqual(1);
  });

  it('is tried again as it was while there is none', async () => {
    const { api, clock, files, start } = arrange();
    api.failure = () => StatusError.of('Unauthorized', 'Unauthorized');
    const { happened } = start();
    await happened('attempt-failed');
    rmSync(files.bootstrapKubeconfig);
    await clock.advance(3_000);
    await happened('attempt-failed', 2);
  });

  it('is proven against without a Node, where that is not to be made', async () => {
    const { api, files, start } = arrange();
    const { events, happened } = start({ registerNode: false });
    await happened('serving');
    expect(types(events)).not.toContain('registered');
    expect(api.calls.map(({ what }) => what)).toContain(`get ${NODE}`);
    expect(api.objects.has(NODE)).toBe(false);
    expect(api.objects.has(LEASE)).toBe(false);
    expect(existsSync(files.bootstrapKubeconfig)).toBe(false);
  });

  it('is kept where one says so', async () => {
    const { files, start } = arrange();
    const { events, happened } = start({ keepBootstrapKubeconfig: true });
    await happened('serving');
    expect(existsSync(files.bootstrapKubeconfig)).toBe(true);
    expect(types(events)).not.toContain('bootstrap-kubeconfig-deleted');
  });

  it('that a killed node has left is deleted at the next start', async () => {
    const { api, files, bootstrap, start } = arrange();
    const first = start();
    await first.happened('serving');
    await first.end();
    writeFileSync(files.bootstrapKubeconfig, bootstrap);
    const second = start();
    await second.happened('serving');
    expect(types(second.events)).toEqual(['registered', 'bootstrap-kubeconfig-deleted', 'serving']);
    expect(existsSync(files.bootstrapKubeconfig)).toBe(false);
    expect(api.requests).toHaveLength(2);
  });
});

describe('a node that cannot go on by itself', () => {
  const DAY = 86_400_000;
  /** With other CAs, which the kubeconfig then has to hold. */
  const withCa = (text: string, pem: string): string =>
    text.replace(
      'api.test:6443"',
      `api.test:6443", certificate-authority-data: ${Buffer.from(pem).toString('base64')}`,
    );
  const refuseNode = (api: FakeApi): void => {
    api.failure = ({ user }) =>
      user === 'system:node:worker-1' ? StatusError.of('Unauthorized', 'Unauthorized') : undefined;
  };

  it('comes back with a bootstrap kubeconfig when its certificate has expired', async () => {
    const { api, clock, files, bootstrap, start } = arrange();
    const { events, log, happened } = start();
    await happened('serving');
    // The machine has slept for too long, and the server knows.
    clock.jump(11 * DAY);
    refuseNode(api);
    await clock.advance(60_000);
    await happened('clock-jumped');
    await happened('attempt-failed');
    expect(events.findLast((event) => event.type === 'attempt-failed')?.message).toContain(
      'give it a new token, and it comes back by itself',
    );
    const ca = makeAuthority(clock.now(), 'another').pem;
    // However long that takes.
    for (let i = 0; i < 120; i++) await clock.advance(34_000);
    writeFileSync(
      files.bootstrapKubeconfig,
      withCa(bootstrap, ca).replace('token: bootstrap', 'token: fresh'),
    );
    api.failure = () => undefined;
    await clock.advance(60_000);
    await happened('bootstrapping', 2);
    expect(events.findLast((event) => event.type === 'bootstrapping')).toMatchObject({
      file: files.bootstrapKubeconfig,
      because: 'its client certificate has expired',
    });
    await happened('bootstrap-kubeconfig-deleted', 2);
    expect(api.calls.map(({ user }) => user)).toContain('token fresh');
    // Also what it will find at its next start.
    expect(readFileSync(files.kubeconfig, 'utf8')).toContain(Buffer.from(ca).toString('base64'));
    expect(existsSync(files.bootstrapKubeconfig)).toBe(false);
    expect(log.join('\n')).toContain('Unauthorized');
    await expect.poll(() => api.openConnections).toBeLessThanOrEqual(1);
  });

  it('and goes on trying with what it has: it may be its own clock that is wrong', async () => {
    const { api, clock, start } = arrange();
    const { events, happened } = start();
    await happened('serving');
    clock.jump(11 * DAY);
    await clock.advance(60_000);
    // The server takes the certificate, which it knows to be valid.
    await happened('renewed', 2);
    expect(events.map(({ type }) => type)).not.toContain('attempt-failed');
    expect(new Set(api.calls.map(({ user }) => user))).toEqual(
      new Set(['token bootstrap', 'system:node:worker-1']),
    );
  });

  it('comes back when its valid certificate is refused, as soon as there is a bootstrap kubeconfig', async () => {
    const { api, clock, files, bootstrap, start } = arrange();
    const { events, log, happened } = start();
    await happened('serving');
    refuseNode(api);
    for (let i = 0; i < 5; i++) await clock.advance(10_000);
    expect(api.requests).toHaveLength(2);
    expect(log.filter((line) => line.includes('Lease'))).toHaveLength(1);
    expect(log.join('\n')).toContain('was it revoked, or the cluster made anew?');
    writeFileSync(files.bootstrapKubeconfig, bootstrap);
    for (let i = 0; i < 5; i++) await clock.advance(10_000);
    await happened('bootstrapping', 2);
    expect(events.findLast((event) => event.type === 'bootstrapping')?.because).toBe(
      'its client certificate is refused by the server',
    );
    await happened('renewed');
    api.failure = () => undefined;
    await clock.advance(10_000);
    await happened('bootstrap-kubeconfig-deleted', 2);
    expect(existsSync(files.bootstrapKubeconfig)).toBe(false);
  });

  it('does not ask without end where each new certificate is refused', async () => {
    const { api, clock, files, bootstrap, start } = arrange();
    const { happened } = start();
    await happened('serving');
    refuseNode(api);
    writeFileSync(files.bootstrapKubeconfig, bootstrap);
    for (let i = 0; i < 360; i++) await clock.advance(10_000);
    expect(api.requests.length).toBeGreaterThan(3);
    expect(api.requests.length).toBeLessThanOrEqual(2 + 12);
    expect(existsSync(files.bootstrapKubeconfig)).toBe(true);
  });
});

describe('what others change while it runs', () => {
  it('CAs that its kubeconfig names are taken up, and half a file is not', async () => {
    const { api, clock, dir, files, bootstrap, start } = arrange();
    const caFile = join(dir, 'ca.crt');
    const [a, b] = [makeAuthority(clock.now(), 'a').pem, makeAuthority(clock.now(), 'b').pem];
    writeFileSync(caFile, a);
    writeFileSync(
      files.bootstrapKubeconfig,
      bootstrap.replace('6443"', `6443", certificate-authority: ${caFile}`),
    );
    const { events, log, happened } = start();
    await happened('serving');
    const authority = (): string | undefined => api.targets.at(-1)?.certificateAuthority;
    expect(authority()).toBe(a);
    writeFileSync(caFile, a.slice(0, -100));
    for (let i = 0; i < 6; i++) await clock.advance(10_000);
    expect(log.filter((line) => line.includes('goes on with the server and the CAs'))).toHaveLength(
      1,
    );
    expect(authority()).toBe(a);
    writeFileSync(caFile, a + b);
    for (let i = 0; i < 4; i++) await clock.advance(10_000);
    expect(events.find((event) => event.type === 'server-changed')).toEqual({
      type: 'server-changed',
      file: files.kubeconfig,
      server: 'https://api.test:6443',
    });
    await expect.poll(authority).toBe(a + b);
    expect(events.filter(({ type }) => type === 'server-changed')).toHaveLength(1);
    await expect.poll(() => api.openConnections).toBeLessThanOrEqual(1);
  });

  it('its kubeconfig leads to another address', async () => {
    const { api, clock, files, start } = arrange();
    const { happened } = start();
    await happened('serving');
    const text = readFileSync(files.kubeconfig, 'utf8');
    writeFileSync(files.kubeconfig, text.replace('api.test', 'other.test'));
    for (let i = 0; i < 4; i++) await clock.advance(10_000);
    await happened('server-changed');
    await expect.poll(() => api.targets.at(-1)?.server).toBe('https://other.test:6443');
  });

  it('the clock: it says by how much', async () => {
    const { clock, start } = arrange();
    const { events, happened } = start();
    await happened('serving');
    await clock.advance(60_000);
    expect(types(events)).not.toContain('clock-jumped');
    clock.jump(-3_600_000);
    await clock.advance(20_000);
    clock.jump(7_200_000);
    await clock.advance(20_000);
    expect(events.filter((event) => event.type === 'clock-jumped')).toEqual([
      { type: 'clock-jumped', byMs: -3_600_000 },
      { type: 'clock-jumped', byMs: 7_200_000 },
    ]);
  });
});

describe('a Node of the same name that is there already', () => {
  const existing = (node: Partial<Node>): Node => ({
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: 'worker-1', labels: { mine: 'yes' } },
    ...node,
  });

  it('is given what it lacks, and keeps the rest', async () => {
    const { api, start } = arrange();
    api.put(
      NODE,
      existing({
        spec: { taints: [{ key: 'kubepki.dev/no-kubelet', effect: 'NoSchedule' }] },
        status: {
          addresses: [{ type: 'InternalIP', address: '192.0.2.1' }],
          conditions: [
            { type: 'Ready', status: 'Unknown' },
            { type: 'DiskPressure', status: 'False' },
          ],
        },
      }),
    );
    const { events, happened, log } = start({ nodeLabels: { new: 'label' } });
    await happened('serving');
    expect(events.find((event) => event.type === 'registered')?.existed).toBe(true);
    const node = api.objects.get(NODE) as Node;
    expect(node.metadata.labels).toEqual({
      mine: 'yes',
      'kubernetes.io/hostname': 'worker-1',
      'kubernetes.io/os': 'linux',
      'kubernetes.io/arch': 'amd64',
      'beta.kubernetes.io/os': 'linux',
      'beta.kubernetes.io/arch': 'amd64',
    });
    expect(node.spec).toEqual({ taints: [TAINT] });
    expect(node.status?.addresses).toEqual([
      { type: 'InternalIP', address: '127.0.0.7' },
      { type: 'Hostname', address: 'worker-1' },
    ]);
    expect(node.status?.conditions?.map(({ type, status }) => `${type} ${status}`).sort()).toEqual([
      'DiskPressure False',
      'Ready False',
    ]);
    expect(log.join('\n')).not.toContain('taint');
  });

  it('says so where it lacks the taint, which it must not add', async () => {
    const { api, start } = arrange();
    api.put(NODE, existing({ status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } }));
    const { happened, log } = start();
    await happened('serving');
    expect(log.join('\n')).toContain(
      'kubectl taint node worker-1 kubepki.dev/no-kubelet:NoSchedule',
    );
    expect((api.objects.get(NODE) as Node).spec).toBeUndefined();
  });

  it('is left alone where a kubelet works for it', async () => {
    const { api, clock, start } = arrange();
    const before = api.put(
      NODE,
      existing({ status: { conditions: [{ type: 'Ready', status: 'True' }] } }),
    );
    const { happened, log } = start();
    await happened('serving');
    await clock.advance(3_600_000);
    expect(api.objects.get(NODE)).toBe(before);
    expect(api.objects.has(LEASE)).toBe(false);
    expect(log.join('\n')).toContain('a kubelet works for it');
  });

  it('takes its Lease over, and gets over a conflict', async () => {
    const { api, clock, start } = arrange();
    api.put(LEASE, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'worker-1', namespace: 'kube-node-lease', labels: { a: 'b' } },
    });
    const { happened, log } = start();
    await happened('serving');
    const renewTime = (): string | undefined => (api.objects.get(LEASE) as Lease).spec?.renewTime;
    expect(renewTime()).toBe('2026-03-01T10:00:00.000000Z');
    expect(api.objects.get(LEASE)?.metadata.labels).toEqual({ a: 'b' });
    const lease = api.objects.get(LEASE);
    if (lease !== undefined) api.put(LEASE, lease);
    await clock.advance(10_200);
    expect(log.join('\n')).toContain('renewing the Lease');
    await clock.advance(400);
    expect(renewTime()).toBe('2026-03-01T10:00:10.400000Z');
  });
});

describe('a node agent', () => {
  it('ends after bootstrapping where one says so', async () => {
    const { api, clock, files, start } = arrange();
    const { events, running } = start({ exitAfterBootstrap: true });
    await running;
    expect(types(events)).toEqual([
      'bootstrapping',
      'kubeconfig-written',
      'csr-created',
      'csr-approved',
      'certificate-stored',
      'registered',
      'bootstrap-kubeconfig-deleted',
    ]);
    expect(existsSync(files.bootstrapKubeconfig)).toBe(false);
    expect(api.openConnections).toBe(0);
    expect(clock.waits).toEqual([]);
  });

  it('ends in order when it is told to, at any point of the story', async () => {
    const points: NodeEvent['type'][] = [
      'bootstrapping',
      'kubeconfig-written',
      'csr-created',
      'csr-approved',
      'certificate-stored',
      'registered',
      'bootstrap-kubeconfig-deleted',
      'serving',
    ];
    for (const point of points) {
      const { api, clock, start, files } = arrange();
      const { events, running, end } = start();
      await until(point, () => types(events).includes(point));
      await end();
      await running;
      expect(api.openConnections).toBe(0);
      expect(clock.waits).toEqual([]);
      // And the next one completes the story.
      const next = start();
      await next.happened('serving');
      expect(existsSync(files.bootstrapKubeconfig)).toBe(false);
      await next.end();
    }
  });

  it('ends where there is nothing to do any more', async () => {
    const { files, start } = arrange();
    const { running } = start({
      rotateCertificates: false,
      rotateServerCertificates: false,
      registerNode: false,
    });
    await running;
    expect(existsSync(files.bootstrapKubeconfig)).toBe(false);
  });

  it('does not renew where one says so', async () => {
    const { api, clock, start } = arrange();
    const { happened, log } = start({
      ...SELDOM,
      rotateCertificates: false,
      rotateServerCertificates: false,
    });
    await happened('bootstrap-kubeconfig-deleted');
    await clock.advance(9 * 86_400_000);
    expect(api.requests).toHaveLength(1);
    expect(log).toEqual([]);
  });

  it('says that the port is in use before it asks for anything', async () => {
    const { api, start } = arrange();
    const first = start();
    await first.happened('serving');
    const { port } = first.events.find((event) => event.type === 'serving') ?? { port: 0 };
    const other = arrange();
    const { running } = other.start({ port });
    await expect(running).rejects.toMatchObject({
      code: 'CONFLICT',
      message: `127.0.0.1 port ${port} is in use`,
    });
    expect(other.api.calls).toEqual([]);
    expect(api.openConnections).toBe(1);
  });

  it('ends with the reason where it cannot go on', async () => {
    const { api, clock, start } = arrange();
    api.failure = () => StatusError.of('Unauthorized', 'Unauthorized');
    const { running, happened } = start();
    await happened('attempt-failed');
    for (let i = 0; i < 12; i++) await clock.advance(32_000);
    await expect(running).rejects.toMatchObject({ code: 'API_REFUSED' });
    expect(api.openConnections).toBe(0);
  });

  it('refuses labels that a node may not give itself', async () => {
    const { start } = arrange();
    const { running } = start({ nodeLabels: { 'node-role.kubernetes.io/control-plane': '' } });
    await expect(running).rejects.toBeInstanceOf(KubepkiError);
  });

  it('does not start with a damaged serving certificate, and says where it is', async () => {
    const { files, start } = arrange();
    mkdirSync(files.certDir);
    writeFileSync(join(files.certDir, 'kubelet-server-current.pem'), 'torn');
    await expect(start().running).rejects.toMatchObject({
      code: 'DAMAGED_STATE',
      message: expect.stringContaining('kubelet-server-current.pem'),
      // Another one can be asked for: nothing has to be bootstrapped for it.
      hint: `move ${join(files.certDir, 'kubelet-server-current.pem')} away and start again`,
    });
  });

  it('does not start with the certificate of another node', async () => {
    const { api, start } = arrange();
    const first = start();
    await first.happened('serving');
    await first.end();
    const before = api.calls.length;
    await expect(start({ nodeName: 'worker-2' }).running).rejects.toMatchObject({
      code: 'CONFLICT',
      message: expect.stringContaining('the certificate of "system:node:worker-1"'),
      hint: expect.stringContaining('--hostname-override worker-1'),
    });
    expect(api.calls.length).toBe(before);
  });

  it('keeps no copy of what the kubeconfig of another node holds', async () => {
    const { files, start } = arrange();
    const first = start();
    await first.happened('serving');
    await first.end();
    const pem = readFileSync(join(files.certDir, 'kubelet-client-current.pem')).toString('base64');
    const text = readFileSync(files.kubeconfig, 'utf8')
      .replace(/client-certificate: .*/, `client-certificate-data: ${pem}`)
      .replace(/client-key: .*/, `client-key-data: ${pem}`);
    const kubeconfig = join(files.certDir, '../copied.conf');
    writeFileSync(kubeconfig, text);
    const certDir = join(files.certDir, '../other');
    await expect(
      start({ nodeName: 'worker-2', kubeconfig, certDir }).running,
    ).rejects.toMatchObject({
      code: 'CONFLICT',
      message: `${kubeconfig}: the certificate of "system:node:worker-1", and this is node worker-2`,
    });
    expect(existsSync(certDir)).toBe(false);
  });

  it('says of an address that is not of this machine how to find one', async () => {
    const { start } = arrange();
    await expect(start({ address: '192.0.2.99' }).running).rejects.toMatchObject({
      code: 'INVALID_VALUE',
      message: '"192.0.2.99" is no address of this machine',
      hint: expect.stringContaining('ip address'),
    });
  });
});
