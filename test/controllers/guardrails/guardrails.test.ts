/** What is told of requests and nodes, and which requests are too many. */
import { expect, it } from 'vitest';
import {
  ControllerMetrics,
  NodeCertificates,
  type RunControllersOptions,
  runControllers,
} from '../../../src/controllers/index.ts';
import {
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
  NODES,
  StatusError,
} from '../../../src/kubernetes/index.ts';
import { metricsPage } from '../../../src/metrics/index.ts';
import { csrObject, nodeName } from '../../kubernetes/certificates/requests.ts';
import { settle } from '../../manual-clock.ts';
import { type FakeApi } from '../fake-client.ts';
import { apiWithToken, type Bench, benchOf, csrIn, issuerTo, NOW } from '../support.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const CA = issuerTo();

interface Running extends Bench {
  /** The value of each series whose line begins so. */
  readonly read: (start: string) => Readonly<Record<string, number>>;
  readonly warnings: () => readonly string[];
}

async function running(
  api: FakeApi,
  options: Partial<RunControllersOptions>,
  look: (bench: Running) => Promise<void>,
): Promise<void> {
  const bench = benchOf(api);
  const metrics = new ControllerMetrics();
  const { client, clock, signal, random, log } = bench.context;
  const signing = { authorities: async () => CA };
  const ended = runControllers({
    client,
    clock,
    signal,
    random,
    log,
    metrics,
    signing,
    ...options,
  });
  await settle();
  try {
    await look({
      ...bench,
      read: (start) =>
        Object.fromEntries(
          metricsPage(metrics.all(), clock.now())
            .split('\n')
            .filter((line) => line.startsWith(start))
            .map((line) => [
              line.slice(0, line.lastIndexOf(' ')),
              Number(line.split(' ').at(-1)?.replace('+Inf', 'Infinity')),
            ]),
        ),
      warnings: () =>
        bench.lines
          .filter(({ controller, level }) => controller === 'guardrails' && level === 'warn')
          .map(({ message }) => message),
    });
  } finally {
    bench.stop();
  }
  await ended;
}

const asked = (
  name: string,
  spec: Partial<CertificateSigningRequest['spec']> = {},
  created = NOW,
): CertificateSigningRequest => {
  const csr = csrObject(name, spec);
  return { ...csr, metadata: { ...csr.metadata, creationTimestamp: created.toISOString() } };
};
const create = async (api: FakeApi, csr: CertificateSigningRequest): Promise<unknown> =>
  api.create(CERTIFICATE_SIGNING_REQUESTS, csr);

const SIGNER = 'kubernetes.io/kube-apiserver-client-kubelet';

it('counts what becomes of requests, and how long it takes', async () => {
  const api = apiWithToken();
  await create(api, asked('before'));
  await running(api, {}, async ({ read }) => {
    // What was there before and is decided now is news; the time is that of the API.
    expect(read('kubepki_csr_decisions_total{')).toEqual({
      [`kubepki_csr_decisions_total{signer="${SIGNER}",decision="approved",reason="AutoApproved"}`]: 1,
      [`kubepki_csr_decisions_total{signer="${SIGNER}",decision="issued",reason=""}`]: 1,
    });
    await create(api, asked('after'));
    await create(api, asked('bad', { signerName: SIGNER, usages: ['client auth'] }));
    await create(api, asked('elsewhere', { signerName: 'example.com/x"y' }));
    await settle();
    expect(read('kubepki_csr_duration_seconds_count')).toEqual({
      [`kubepki_csr_duration_seconds_count{signer="${SIGNER}"}`]: 2,
    });
    expect(read('kubepki_csr_objects{')).toEqual({
      [`kubepki_csr_objects{signer="${SIGNER}"}`]: 3,
      'kubepki_csr_objects{signer="other"}': 1,
    });
    expect(read('kubepki_csr_undecided{')).toEqual({
      [`kubepki_csr_undecided{signer="${SIGNER}"}`]: 1,
      'kubepki_csr_undecided{signer="other"}': 1,
    });
    expect(read('workqueue_depth{')).toEqual({
      'workqueue_depth{name="csrsigning"}': 0,
      'workqueue_depth{name="csrapproving"}': 0,
    });
  });
});

it('counts denials by the reasons that it knows', async () => {
  const api = apiWithToken();
  await running(api, { controllers: ['csrcleaner'] }, async ({ read }) => {
    for (const [name, reason] of [
      ['a', 'KubectlDeny'],
      ['b', 'made-up-by-somebody'],
    ] as const) {
      await create(api, asked(name));
      await settle();
      const csr = csrIn(api, name);
      const status = { conditions: [{ type: 'Denied', status: 'True', reason }] };
      await api.update(
        CERTIFICATE_SIGNING_REQUESTS,
        { ...csr, status },
        { subresource: 'approval' },
      );
      await settle();
    }
    expect(Object.keys(read('kubepki_csr_decisions_total{'))).toEqual([
      `kubepki_csr_decisions_total{signer="${SIGNER}",decision="denied",reason="KubectlDeny"}`,
      `kubepki_csr_decisions_total{signer="${SIGNER}",decision="denied",reason="other"}`,
    ]);
  });
});

it('warns when undecided requests of one requester grow towards the limit, and of whom', async () => {
  const api = apiWithToken();
  api.allow = () => false;
  await running(api, { controllers: ['csrcleaner'] }, async ({ clock, read, warnings, lines }) => {
    await create(api, asked('quiet', { username: 'system:bootstrap:ffffff' }));
    for (let minute = 0; minute < 20; minute++) {
      for (let i = 0; i < 50; i++) await create(api, asked(`m-${minute}-${i}`));
      await clock.advance(MINUTE);
    }
    expect(warnings()).toEqual([
      'at this rate (3000 more an hour) there will be 50,000 certificate signing requests in 17 hours',
      'at this rate (3000 more an hour) there will be 5,000 undecided certificate signing requests of one requester in 90 minutes',
    ]);
    expect(lines.findLast(({ controller }) => controller === 'guardrails')).toMatchObject({
      most: 'system:bootstrap:abcdef',
      undecided: 500,
    });
    expect(read('kubepki_csr_limit_reached_seconds{limit="requester"')).toEqual({
      'kubepki_csr_limit_reached_seconds{limit="requester"}': 80 * 60,
    });
    expect(read('kubepki_csr_undecided_of_one_requester')).toEqual({
      kubepki_csr_undecided_of_one_requester: 1000,
    });
    expect(read('kubepki_csr_undecided_oldest_seconds{')).toEqual({
      [`kubepki_csr_undecided_oldest_seconds{signer="${SIGNER}"}`]: 20 * 60,
    });
    // Once an hour is enough.
    await clock.advance(10 * MINUTE);
    expect(warnings()).toHaveLength(2);
  });
});

it('does not warn of a fleet that starts', async () => {
  const api = apiWithToken();
  await running(api, {}, async ({ clock, warnings }) => {
    for (let i = 0; i < 500; i++) await create(api, asked(`n-${i}`));
    await clock.advance(2 * HOUR);
    expect(warnings()).toEqual([]);
  });
});

const ofNode = (name: string, node: string, minute: number): CertificateSigningRequest =>
  asked(
    name,
    { username: `system:node:${node}` },
    new Date(NOW.getTime() - (500 - minute) * MINUTE),
  );

it('keeps the newest hundred undecided requests of one node, and all of others', async () => {
  const api = apiWithToken();
  api.allow = () => false;
  for (let i = 0; i < 130; i++) await create(api, ofNode(`mad-${i}`, 'mad', i));
  for (let i = 0; i < 100; i++) await create(api, ofNode(`good-${i}`, 'good', i));
  for (let i = 0; i < 130; i++) await create(api, asked(`token-${i}`));
  await running(api, {}, async ({ clock, read, warnings }) => {
    await clock.advance(MINUTE);
    const left = (stem: string): number =>
      Array.from({ length: 130 }, (_, i) =>
        api.peek(CERTIFICATE_SIGNING_REQUESTS, `${stem}-${i}`),
      ).filter((csr) => csr !== undefined).length;
    expect([left('mad'), left('good'), left('token')]).toEqual([100, 100, 130]);
    expect(api.peek(CERTIFICATE_SIGNING_REQUESTS, 'mad-29')).toBe(undefined);
    expect(api.peek(CERTIFICATE_SIGNING_REQUESTS, 'mad-30')).toBeDefined();
    expect(read('kubepki_csr_excess_deleted_total')).toEqual({
      kubepki_csr_excess_deleted_total: 30,
    });
    expect(warnings()[0]).toContain('deleted 30 undecided requests');
  });
});

it('deletes nothing where the cleaner is off, and survives where it may not', async () => {
  const api = apiWithToken();
  api.allow = () => false;
  for (let i = 0; i < 130; i++) await create(api, ofNode(`mad-${i}`, 'mad', i));
  await running(api, { controllers: ['csrapproving'] }, async ({ clock }) => {
    await clock.advance(5 * MINUTE);
    expect(api.count('delete')).toBe(0);
  });
  api.before = ({ verb }) => {
    if (verb === 'delete') throw StatusError.of('Forbidden', 'you may not');
  };
  await running(api, {}, async ({ clock, lines }) => {
    await clock.advance(3 * MINUTE);
    const said = lines.filter(({ message }) => message === 'cannot delete');
    expect(said.length).toBeGreaterThan(0);
    // One attempt a minute, not one for each of them.
    expect(said.length).toBeLessThan(6);
  });
});

it('warns of nodes that should have renewed by now', async () => {
  const api = apiWithToken();
  const nodeCertificates = new NodeCertificates();
  const options = { nodeCertificates, signing: { authorities: async () => CA, duration: HOUR } };
  const client = (name: string, node: string): CertificateSigningRequest =>
    csrObject(name, { asked: { subject: nodeName(node) } });
  await running(api, options, async ({ clock, read, warnings, lines }) => {
    await create(api, client('a', 'worker-1'));
    await create(api, client('b', 'worker-2'));
    await settle();
    for (const name of ['worker-1', 'worker-2']) await api.create(NODES, { metadata: { name } });
    // From a connection, as kubepki's server sees them.
    nodeCertificates.seen('worker-3', 'client', {
      notBefore: NOW,
      notAfter: new Date(NOW.getTime() + HOUR),
    });
    await api.create(NODES, { metadata: { name: 'worker-3' } });
    await clock.advance(50 * MINUTE);
    expect(read('kubepki_node_certificates_known{kind="client"')).toEqual({
      'kubepki_node_certificates_known{kind="client"}': 3,
    });
    expect(warnings()).toEqual([]);
    // It renews as it should.
    await create(
      api,
      csrObject('c', {
        username: 'system:node:worker-1',
        asked: { subject: nodeName('worker-1') },
      }),
    );
    await api.delete(NODES, { name: 'worker-2' });
    await clock.advance(10 * MINUTE);
    expect(warnings()).toEqual(['1 nodes should have renewed a certificate by now']);
    expect(lines.findLast(({ controller }) => controller === 'guardrails')).toMatchObject({
      nodes: ['worker-3'],
      firstEnds: '2026-06-01T13:00:00.250Z',
    });
    expect(read('kubepki_node_certificates_renewal_overdue{')).toEqual({
      'kubepki_node_certificates_renewal_overdue{kind="client"}': 1,
      'kubepki_node_certificates_renewal_overdue{kind="serving"}': 0,
    });
    expect(
      Object.keys(read('kubepki_node_certificate_renewal_overdue_expiration_timestamp_seconds')),
    ).toEqual([
      'kubepki_node_certificate_renewal_overdue_expiration_timestamp_seconds{node="worker-3",kind="client"}',
    ]);
  });
});

it('knows the certificates that were issued before it began', async () => {
  const api = apiWithToken();
  await create(api, csrObject('a'));
  await running(api, {}, async () => settle());
  const nodeCertificates = new NodeCertificates();
  await running(api, { nodeCertificates, controllers: ['csrcleaner'] }, async ({ read }) => {
    expect(nodeCertificates.known('client')).toBe(1);
    // But that they were issued is no news.
    expect(read('kubepki_csr_decisions_total{')).toEqual({});
  });
});
