/** The approver of serving certificates at work: what it tells, what it waits for, and that it is fair. */
import { expect, it } from 'vitest';
import {
  ControllerMetrics,
  type RunControllersOptions,
  runControllers,
} from '../../src/controllers/index.ts';
import {
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
  ENDPOINT_SLICES,
  type EndpointSlice,
  EVENTS,
  type Event,
  KUBELET_SERVING_SIGNER,
  NODES,
  type Node,
  SERVICES,
  type Service,
  StatusError,
} from '../../src/kubernetes/index.ts';
import { metricsPage } from '../../src/metrics/index.ts';
import { csrObject, nodeName, SERVING_USAGES } from '../kubernetes/certificates/requests.ts';
import { settle } from '../manual-clock.ts';
import { FakeApi } from './fake-client.ts';
import { type Bench, benchOf, csrIn } from './support.ts';

const MINUTE = 60_000;

const node = (name: string, ...addresses: string[]): Node => ({
  metadata: { name },
  status: { addresses: addresses.map((address) => ({ type: 'InternalIP', address })) },
});

const serving = (name: string, worker: string, ip: string): CertificateSigningRequest =>
  csrObject(name, {
    signerName: KUBELET_SERVING_SIGNER,
    usages: SERVING_USAGES,
    username: `system:node:${worker}`,
    groups: ['system:nodes'],
    asked: { subject: nodeName(worker), names: { ip: [ip] } },
  });

interface Running extends Bench {
  readonly metrics: ControllerMetrics;
  /** Lines of the page that begin so. */
  readonly counted: (start: string) => readonly string[];
}

/** Runs the approver alone while the test looks. */
async function running(
  api: FakeApi,
  options: Partial<RunControllersOptions>,
  look: (bench: Running) => Promise<void>,
): Promise<void> {
  const bench = benchOf(api);
  const metrics = new ControllerMetrics();
  const { client, clock, signal, random, log } = bench.context;
  const ended = runControllers({
    client,
    clock,
    signal,
    random,
    log,
    metrics,
    controllers: ['servingapproving'],
    serving: { allowedCidrs: ['10.0.0.0/8'], allowedDnsSuffixes: [], reserved: [] },
    ...options,
  });
  await settle();
  const counted = (start: string): readonly string[] =>
    metricsPage(metrics.all(), clock.now())
      .split('\n')
      .filter((line) => line.startsWith(start));
  try {
    await look({ ...bench, metrics, counted });
  } finally {
    bench.stop();
  }
  await ended;
}

const create = async (api: FakeApi, csr: CertificateSigningRequest): Promise<void> => {
  await api.create(CERTIFICATE_SIGNING_REQUESTS, csr);
  await settle();
};

const isApproved = (api: FakeApi, name: string): boolean =>
  csrIn(api, name).status?.conditions?.some(({ type }) => type === 'Approved') === true;

const eventsIn = (api: FakeApi): Event[] =>
  api.calls
    .filter(({ verb, resource }) => verb === 'create' && resource === 'events')
    .flatMap(({ object }) => {
      const { name = '', namespace } = object?.metadata ?? {};
      return api.peek(EVENTS, name, namespace) ?? [];
    });

it('tells each decision in an Event of the request, a metric and the log', async () => {
  const api = new FakeApi([NODES, node('worker-1', '10.0.0.1')]);
  await running(api, {}, async ({ lines, counted }) => {
    await create(api, serving('good', 'worker-1', '10.0.0.1'));
    await create(api, serving('early', 'worker-2', '10.0.0.2'));
    await create(api, serving('bad', 'worker-1', '192.0.2.1'));
    expect(eventsIn(api)).toMatchObject([
      {
        metadata: { namespace: 'default', name: expect.stringMatching(/^good\.[0-9a-f]{16}$/) },
        involvedObject: {
          apiVersion: 'certificates.k8s.io/v1',
          kind: 'CertificateSigningRequest',
          name: 'good',
          uid: csrIn(api, 'good').metadata.uid,
        },
        type: 'Normal',
        reason: 'AutoApproved',
        source: { component: 'kubepki-servingapproving' },
        count: 1,
      },
      { type: 'Normal', reason: 'NodeNotFound', message: 'there is no Node worker-2 yet' },
      {
        type: 'Warning',
        reason: 'OutsideAllowedCidrs',
        message:
          '192.0.2.1 is in none of the allowed CIDRs; kubectl certificate approve lets it through, if it is right',
      },
    ]);
    expect(counted('kubepki_serving_decisions_total{')).toEqual([
      'kubepki_serving_decisions_total{decision="approved",reason="AutoApproved"} 1',
      'kubepki_serving_decisions_total{decision="waiting",reason="NodeNotFound"} 1',
      'kubepki_serving_decisions_total{decision="refused",reason="OutsideAllowedCidrs"} 1',
    ]);
    expect(counted('kubepki_csr_events_total{')).toEqual([
      'kubepki_csr_events_total{outcome="written"} 3',
    ]);
    const said = lines.filter(({ controller }) => controller === 'servingapproving');
    expect(said).toMatchObject([
      { level: 'info', message: 'approved', csr: 'good' },
      { level: 'info', message: 'not approved', csr: 'early', decision: 'waiting' },
      { level: 'warn', message: 'not approved', csr: 'bad', reason: 'OutsideAllowedCidrs' },
    ]);
  });
});

it('approves once what it waits for is there, and denies nothing', async () => {
  const api = new FakeApi();
  await running(api, {}, async () => {
    await create(api, serving('a', 'worker-1', '10.0.0.1'));
    const stored = await api.create(NODES, node('worker-1'));
    await settle();
    expect(isApproved(api, 'a')).toBe(false);
    await api.update(NODES, { ...node('worker-1', '10.0.0.1'), metadata: stored.metadata });
    await settle();
    expect(isApproved(api, 'a')).toBe(true);
    expect(eventsIn(api).map(({ reason }) => reason)).toEqual([
      'NodeNotFound',
      'NotReportedByNode',
      'AutoApproved',
    ]);
  });
});

it('tells the same once, and again after half an hour with a higher count', async () => {
  const api = new FakeApi([NODES, node('worker-1', '10.0.0.1')]);
  await running(api, {}, async ({ clock, lines, counted }) => {
    await create(api, serving('a', 'worker-1', '192.0.2.1'));
    await clock.advance(29 * MINUTE);
    expect(api.count('patch', 'events')).toBe(0);
    await clock.advance(5 * MINUTE);
    expect(api.count('patch', 'events')).toBe(1);
    expect(api.count('create', 'events')).toBe(1);
    expect(eventsIn(api)[0]).toMatchObject({ count: 2, lastTimestamp: '2026-06-01T12:30:00Z' });
    expect(lines.filter(({ csr }) => csr === 'a')).toHaveLength(1);
    expect(counted('kubepki_serving_decisions_total{')).toHaveLength(1);
    // Events live for an hour; one that is gone is written anew.
    const [event] = eventsIn(api);
    await api.delete(EVENTS, { namespace: 'default', name: event?.metadata.name ?? '' });
    await clock.advance(35 * MINUTE);
    expect(api.count('create', 'events')).toBe(2);
    expect(eventsIn(api).at(-1)?.count).toBe(3);
  });
});

it('goes on where Events cannot be written, and says so once', async () => {
  const api = new FakeApi([NODES, node('worker-1', '10.0.0.1')]);
  api.before = ({ resource }) => {
    if (resource === 'events') throw StatusError.of('Forbidden', 'no events for you');
  };
  await running(api, {}, async ({ lines, counted }) => {
    await create(api, serving('a', 'worker-1', '10.0.0.1'));
    await create(api, serving('b', 'worker-1', '10.0.0.1'));
    expect(isApproved(api, 'b')).toBe(true);
    expect(
      lines.filter(({ message, level }) => message === 'cannot write an Event' && level === 'warn'),
    ).toHaveLength(1);
    expect(counted('kubepki_csr_events_total{')).toEqual([
      'kubepki_csr_events_total{outcome="failed"} 2',
    ]);
  });
});

const service = (name: string, spec: object, ip?: string): Service => ({
  metadata: { namespace: 'web', name },
  spec,
  status: { loadBalancer: ip === undefined ? {} : { ingress: [{ ip }] } },
});

it.each<[string, Service]>([
  ['a cluster IP', service('a', { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'] })],
  ['an external IP', service('a', { externalIPs: ['10.0.0.1'] })],
  ['a load balancer', service('a', {}, '10.0.0.1')],
  ['an asked load balancer', service('a', { loadBalancerIP: '10.0.0.1' })],
])('holds back the address of %s until the Service lets go of it', async (_what, holder) => {
  const api = new FakeApi([NODES, node('worker-1', '10.0.0.1')]);
  const stored = await api.create(SERVICES, holder);
  await running(api, {}, async ({ clock }) => {
    await create(api, serving('a', 'worker-1', '10.0.0.1'));
    await clock.advance(30 * MINUTE);
    expect(isApproved(api, 'a')).toBe(false);
    expect(eventsIn(api)[0]).toMatchObject({
      reason: 'HeldByService',
      message: expect.stringContaining('10.0.0.1 is held by the Service web/a'),
    });
    const free = service('a', { clusterIP: 'None' });
    await api.update(SERVICES, { ...free, metadata: stored.metadata });
    await settle();
    expect(isApproved(api, 'a')).toBe(true);
  });
});

it('never approves an address of an API server, by the endpoints of its Service', async () => {
  const slice: EndpointSlice = {
    metadata: {
      namespace: 'default',
      name: 'kubernetes',
      labels: { 'kubernetes.io/service-name': 'kubernetes' },
    },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'] }],
    ports: [],
  };
  const api = new FakeApi([NODES, node('worker-1', '10.0.0.1')], [ENDPOINT_SLICES, slice]);
  await running(api, {}, async ({ clock }) => {
    await create(api, serving('a', 'worker-1', '10.0.0.1'));
    await clock.advance(30 * MINUTE);
    expect(isApproved(api, 'a')).toBe(false);
    expect(eventsIn(api)[0]?.reason).toBe('HeldByControlPlane');
  });
});

it.each(['nodes', 'services', 'endpointslices', 'certificatesigningrequests'])(
  'decides nothing before all %s are known, and is not ready',
  async (unknown) => {
    const api = new FakeApi([NODES, node('worker-1', '10.0.0.1')]);
    await api.create(CERTIFICATE_SIGNING_REQUESTS, serving('a', 'worker-1', '10.0.0.1'));
    let away = true;
    api.before = ({ verb, resource }) => {
      if (away && verb === 'list' && resource === unknown) {
        throw StatusError.of('ServiceUnavailable', 'not yet');
      }
    };
    await running(api, {}, async ({ clock, metrics }) => {
      await clock.advance(10_000);
      expect(metrics.isReady).toBe(false);
      expect([isApproved(api, 'a'), eventsIn(api)]).toEqual([false, []]);
      away = false;
      await clock.advance(MINUTE);
      expect(metrics.isReady).toBe(true);
      expect(isApproved(api, 'a')).toBe(true);
    });
  },
);

it('decides nothing before it knows what is reserved', async () => {
  const api = new FakeApi([NODES, node('worker-1', '10.0.0.1')]);
  const known = Promise.withResolvers<void>();
  const reserved: string[] = [];
  const limits = { allowedCidrs: ['10.0.0.0/8'], allowedDnsSuffixes: [], reserved };
  await running(api, { serving: { ...limits, ready: known.promise } }, async () => {
    await create(api, serving('a', 'worker-1', '10.0.0.1'));
    expect([isApproved(api, 'a'), eventsIn(api)]).toEqual([false, []]);
    reserved.push('10.0.0.1');
    known.resolve();
    await settle();
    expect(eventsIn(api)[0]?.reason).toBe('ReservedForControlPlane');
  });
});

it('with dryRun decides and tells, and changes no request', async () => {
  const api = new FakeApi([NODES, node('worker-1', '10.0.0.1')]);
  await running(api, { dryRun: true }, async ({ lines, counted, clock }) => {
    await create(api, serving('a', 'worker-1', '10.0.0.1'));
    await create(api, serving('b', 'worker-1', '10.0.0.2'));
    await clock.advance(10 * MINUTE);
    expect(api.count('update')).toBe(0);
    expect(eventsIn(api).map(({ reason, type }) => [type, reason])).toEqual([
      ['Normal', 'WouldApprove'],
      ['Normal', 'NotReportedByNode'],
    ]);
    expect(lines.filter(({ message }) => message === 'would approve')).toHaveLength(1);
    expect(counted('kubepki_serving_decisions_total{decision="would-approve"')).toHaveLength(1);
  });
});

it('is fair: a node with a thousand requests holds up nobody', async () => {
  const api = new FakeApi([NODES, node('mad', '10.0.0.1')], [NODES, node('worker-1', '10.0.0.2')]);
  const many = Array.from({ length: 1000 }, (_, i) => `mad-${i}`);
  for (const name of many) {
    await api.create(CERTIFICATE_SIGNING_REQUESTS, serving(name, 'mad', '10.0.0.1'));
  }
  await api.create(CERTIFICATE_SIGNING_REQUESTS, serving('good', 'worker-1', '10.0.0.2'));
  await running(api, {}, async ({ lines, counted }) => {
    await settle();
    await settle();
    const order = api.calls.filter(({ subresource }) => subresource === 'approval');
    const place = order.findIndex(({ name }) => name === 'good');
    // Behind one of the other's, whatever was there before.
    expect(place).toBeGreaterThanOrEqual(0);
    expect(place).toBeLessThan(3);
    expect(order).toHaveLength(1001);
    // And what is told of one node is bounded; decisions are all counted.
    expect(eventsIn(api).length).toBeLessThanOrEqual(22);
    expect(counted('kubepki_serving_decisions_total{')).toEqual([
      'kubepki_serving_decisions_total{decision="approved",reason="AutoApproved"} 1001',
    ]);
    expect(lines.filter(({ message }) => message === 'cannot write an Event')).toEqual([]);
  });
});

it('bounds what is told of a node that changes its mind all the time', async () => {
  const api = new FakeApi();
  let stored = await api.create(NODES, node('mad', '10.0.0.1'));
  await running(api, {}, async ({ lines }) => {
    await create(api, serving('a', 'mad', '10.9.9.9'));
    for (let i = 0; i < 200; i++) {
      await api.create(NODES, node(`other-${i}`, '10.9.9.9'));
      stored = await api.update(NODES, {
        ...stored,
        ...node('mad', i % 2 ? '10.9.9.9' : '10.0.0.1'),
        metadata: stored.metadata,
      });
      await settle();
    }
    expect(isApproved(api, 'a')).toBe(false);
    const told = lines.filter(({ csr, level }) => csr === 'a' && level !== 'debug');
    expect(told.length).toBeLessThanOrEqual(21);
    expect(api.count('create', 'events') + api.count('patch', 'events')).toBeLessThanOrEqual(21);
  });
});
