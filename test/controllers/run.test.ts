/** All controllers together, from the creation of a request to its certificate and its end. */
import { expect, it } from 'vitest';
import { type RunControllersOptions, runControllers } from '../../src/controllers/index.ts';
import {
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
  KUBELET_SERVING_SIGNER,
  LEASES,
  NODES,
  type Node,
  SECRETS,
  StatusError,
} from '../../src/kubernetes/index.ts';
import { BOOTSTRAP_SECRET_TYPE } from '../../src/tokens/index.ts';
import { commonName } from '../../src/x509/index.ts';
import { csrObject, nodeName, SERVING_USAGES } from '../kubernetes/certificates/requests.ts';
import { settle } from '../manual-clock.ts';
import type { FakeApi } from './fake-client.ts';
import {
  apiWithToken,
  approved,
  type Bench,
  benchOf,
  clockAtNow,
  csrIn,
  issuedIn,
  issuerTo,
} from './support.ts';

const CA = issuerTo();
const SECOND = 1000;
const HOUR = 3600 * SECOND;

interface Running extends Bench {
  readonly ended: Promise<void>;
}

function start(
  api: FakeApi,
  options: Partial<RunControllersOptions> = {},
  clock = clockAtNow(),
): Running {
  const bench = benchOf(api, clock);
  const { client, signal, random, log } = bench.context;
  const signing = { authorities: async () => CA };
  const serving = { allowedCidrs: ['10.0.0.0/8'], allowedDnsSuffixes: [], reserved: [] };
  const ended = runControllers({
    client,
    clock,
    signal,
    random,
    log,
    signing,
    serving,
    ...options,
  });
  // Looked at when the test ends; a failure before that must not end the process.
  ended.catch(() => {});
  return { ...bench, ended };
}

/** Runs controllers while the test looks; they end with it, and without an error. */
async function running(
  api: FakeApi,
  options: Partial<RunControllersOptions>,
  look: (bench: Running) => Promise<void>,
): Promise<void> {
  const bench = start(api, options);
  await settle();
  try {
    await look(bench);
  } finally {
    bench.stop();
  }
  await bench.ended;
}

const create = async (api: FakeApi, csr: CertificateSigningRequest): Promise<unknown> =>
  api.create(CERTIFICATE_SIGNING_REQUESTS, csr);

const isIssued = (api: FakeApi, name: string): boolean =>
  csrIn(api, name).status?.certificate !== undefined;

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

it('approves and signs without any time passing', async () => {
  const api = apiWithToken();
  await create(api, csrObject('before'));
  await running(api, {}, async () => {
    await create(api, csrObject('after'));
    await settle();
    for (const name of ['before', 'after']) {
      expect(commonName(issuedIn(api, name).subject)).toBe('system:node:worker-1');
    }
    expect(api.count('create', 'subjectaccessreviews')).toBe(2);
    expect(api.count('update', 'approval')).toBe(2);
    expect(api.count('update', 'status')).toBe(2);
  });
});

it('signs what somebody else has approved', async () => {
  const api = apiWithToken();
  api.allow = () => false;
  await running(api, { controllers: ['csrsigning'] }, async () => {
    await create(api, csrObject('a'));
    await settle();
    expect(isIssued(api, 'a')).toBe(false);
    const csr = approved(csrIn(api, 'a'));
    await api.update(CERTIFICATE_SIGNING_REQUESTS, csr, { subresource: 'approval' });
    await settle();
    expect(isIssued(api, 'a')).toBe(true);
  });
});

it('approves a pending request soon after the role is bound', async () => {
  const api = apiWithToken();
  api.allow = () => false;
  await running(api, {}, async ({ clock, lines }) => {
    await create(api, csrObject('a'));
    await clock.advance(HOUR);
    expect(isIssued(api, 'a')).toBe(false);
    const reviews = api.count('create', 'subjectaccessreviews');
    // It asks, but not all the time; and it complains to nobody.
    expect(reviews).toBeGreaterThan(100);
    expect(reviews).toBeLessThan(150);
    expect(lines.filter(({ level }) => level === 'error')).toEqual([]);
    api.allow = () => true;
    await clock.advance(30 * SECOND);
    expect(isIssued(api, 'a')).toBe(true);
  });
});

it('approves a serving certificate as soon as the Node has the address', async () => {
  const api = apiWithToken();
  await running(api, {}, async () => {
    await create(api, serving('a', 'worker-1', '10.0.0.1'));
    await settle();
    expect(isIssued(api, 'a')).toBe(false);
    const stored = await api.create(NODES, node('worker-1'));
    await settle();
    expect(isIssued(api, 'a')).toBe(false);
    await api.update(NODES, {
      ...stored,
      ...node('worker-1', '10.0.0.1'),
      metadata: stored.metadata,
    });
    await settle();
    expect(issuedIn(api, 'a').subjectAltNames?.ip).toEqual(['10.0.0.1']);
  });
});

it('approves no address that two Nodes have, until one gives it up', async () => {
  const api = apiWithToken();
  for (const name of ['worker-1', 'worker-2']) await api.create(NODES, node(name, '10.0.0.1'));
  await create(api, serving('a', 'worker-1', '10.0.0.1'));
  await running(api, {}, async ({ clock }) => {
    await create(api, serving('b', 'worker-2', '10.0.0.1'));
    await clock.advance(HOUR / 2);
    expect([isIssued(api, 'a'), isIssued(api, 'b')]).toEqual([false, false]);
    await api.delete(NODES, { name: 'worker-1' });
    await settle();
    expect([isIssued(api, 'a'), isIssued(api, 'b')]).toEqual([false, true]);
  });
});

it('judges no serving certificate before all Nodes are known', async () => {
  const api = apiWithToken();
  for (const name of ['worker-1', 'worker-2']) await api.create(NODES, node(name, '10.0.0.1'));
  await create(api, serving('a', 'worker-1', '10.0.0.1'));
  let away = true;
  api.before = ({ verb, resource }) => {
    if (away && verb === 'list' && resource === 'nodes') {
      throw StatusError.of('ServiceUnavailable', 'not yet');
    }
  };
  await running(api, {}, async ({ clock, lines }) => {
    await clock.advance(10 * SECOND);
    expect(lines.some(({ message }) => message === 'cannot watch nodes')).toBe(true);
    expect(lines.some(({ message }) => message === 'not approved')).toBe(false);
    away = false;
    await clock.advance(60 * SECOND);
    expect(lines.some(({ message }) => message === 'not approved')).toBe(true);
    expect(isIssued(api, 'a')).toBe(false);
  });
});

it('takes trouble with the API as something that passes', async () => {
  const api = apiWithToken();
  let failures = 0;
  api.before = ({ verb, resource }) => {
    const fails =
      verb !== 'list' && resource !== 'certificatesigningrequests' ? failures < 3 : false;
    if ((verb === 'update' && failures < 6) || fails) {
      failures++;
      throw StatusError.of(failures % 2 === 0 ? 'InternalError' : 'Conflict', 'not now');
    }
  };
  await running(api, {}, async ({ clock }) => {
    await create(api, csrObject('a'));
    await clock.advance(60 * SECOND);
    expect(failures).toBe(6);
    expect(isIssued(api, 'a')).toBe(true);
    expect(csrIn(api, 'a').status?.conditions).toHaveLength(1);
  });
});

it('signs nothing with a CA that has expired, and everything when there is a new one', async () => {
  const api = apiWithToken();
  let issuer = issuerTo(new Date('2026-05-01T00:00:00Z'), 1);
  await running(api, { signing: { authorities: async () => issuer } }, async ({ clock, lines }) => {
    await create(api, csrObject('a'));
    await clock.advance(HOUR / 2);
    expect(csrIn(api, 'a').status?.conditions?.map(({ type }) => type)).toEqual(['Approved']);
    expect(lines.find(({ level }) => level === 'error')).toMatchObject({
      controller: 'csrsigning',
      csr: 'a',
      error: expect.stringContaining('has expired (2026-05-01T00:00:00.000Z)'),
    });
    issuer = CA;
    await clock.advance(30 * SECOND);
    expect(isIssued(api, 'a')).toBe(true);
  });
});

it('issues exactly one certificate where two work at once', async () => {
  const api = apiWithToken();
  const clock = clockAtNow();
  const both = [start(api, {}, clock), start(api, {}, clock)];
  await settle();
  const names = Array.from({ length: 20 }, (_, i) => `csr-${i}`);
  const serials = new Map<string, Set<string>>();
  const update = api.update.bind(api);
  api.update = async (type, object, options) => {
    const stored = await update(type, object, options);
    const { name = '' } = stored.metadata;
    const { certificate } = csrIn(api, name).status ?? {};
    const seen = serials.get(name) ?? new Set();
    if (certificate !== undefined) serials.set(name, seen.add(certificate));
    return stored;
  };
  await Promise.all(names.map(async (name) => create(api, csrObject(name))));
  await clock.advance(60 * SECOND);
  for (const name of names) {
    expect(isIssued(api, name)).toBe(true);
    expect(serials.get(name)?.size).toBe(1);
    expect(csrIn(api, name).status?.conditions).toHaveLength(1);
  }
  // Both have tried: the second of them met a conflict, or saw that there was nothing left to do.
  expect(api.count('update', 'status')).toBeGreaterThanOrEqual(names.length);
  for (const one of both) one.stop();
  await Promise.all(both.map(async ({ ended }) => ended));
});

it('cleans at once and every hour', async () => {
  const api = apiWithToken();
  api.allow = () => false;
  const old = csrObject('old');
  await create(api, {
    ...old,
    metadata: { ...old.metadata, creationTimestamp: '2026-05-31T11:00:00Z' },
  });
  await create(api, csrObject('young'));
  await running(api, { controllers: ['csrcleaner'] }, async ({ clock }) => {
    expect(api.peek(CERTIFICATE_SIGNING_REQUESTS, 'old')).toBe(undefined);
    await clock.advance(23 * HOUR);
    expect(api.peek(CERTIFICATE_SIGNING_REQUESTS, 'young')).toBeDefined();
    await clock.advance(2 * HOUR);
    expect(api.peek(CERTIFICATE_SIGNING_REQUESTS, 'young')).toBe(undefined);
  });
});

it('starts only what is switched on', async () => {
  const api = apiWithToken();
  const expired = Buffer.from('2020-01-01T00:00:00Z').toString('base64');
  await api.create(SECRETS, {
    metadata: { name: 'bootstrap-token-zzzzzz', namespace: 'kube-system' },
    type: BOOTSTRAP_SECRET_TYPE,
    data: { expiration: expired },
  });
  await create(api, csrObject('a'));
  await running(api, { controllers: [] }, async ({ clock }) => clock.advance(HOUR));
  await running(
    api,
    { controllers: ['*', '-csrapproving', '-tokencleaner', '-bootstrapsigner'] },
    async ({ clock }) => {
      await clock.advance(HOUR);
    },
  );
  expect(csrIn(api, 'a').status).toEqual({});
  expect(api.count('list', 'secrets')).toBe(0);
  await running(api, { controllers: ['tokencleaner'] }, async () => {
    expect(api.count('delete', 'secrets')).toBe(1);
  });
});

it('refuses a controller that does not exist before it asks anything', async () => {
  const api = apiWithToken();
  const { ended } = start(api, { controllers: ['*', 'nodeipam'] });
  await expect(ended).rejects.toThrow('there is no controller "nodeipam"');
  expect(api.calls).toEqual([]);
});

it('has no signer without a CA, and says so', async () => {
  const api = apiWithToken();
  const bench = benchOf(api);
  const { client, clock, signal, log } = bench.context;
  const ended = runControllers({ client, clock, signal, log, controllers: ['csrsigning'] });
  await create(api, approved(csrObject('a')));
  await settle();
  expect(isIssued(api, 'a')).toBe(false);
  expect(bench.lines).toEqual([
    {
      controller: 'csrsigning',
      level: 'info',
      message: 'not started: there is no CA to sign with',
    },
  ]);
  bench.stop();
  await ended;
});

it('approves no serving certificate where nothing says which addresses nodes may have', async () => {
  const api = apiWithToken();
  const bench = benchOf(api);
  const { client, clock, signal, log } = bench.context;
  await api.create(NODES, node('worker-1', '10.0.0.1'));
  await create(api, serving('a', 'worker-1', '10.0.0.1'));
  const ended = runControllers({ client, clock, signal, log });
  await settle();
  expect(csrIn(api, 'a').status).toEqual({});
  expect(bench.lines.filter(({ controller }) => controller === 'servingapproving')).toEqual([
    {
      controller: 'servingapproving',
      level: 'info',
      message: 'not started: nothing says which addresses nodes may have (--allowed-cidrs)',
    },
  ]);
  bench.stop();
  await ended;
});

it('lets a bootstrap token have no Node that exists, until that is deleted', async () => {
  const api = apiWithToken();
  await api.create(NODES, node('worker-1'));
  // The request is known before the Nodes are.
  await create(api, csrObject('a'));
  await running(api, {}, async ({ clock }) => {
    await clock.advance(60 * SECOND);
    expect(csrIn(api, 'a').status).toEqual({});
    await api.delete(NODES, { name: 'worker-1' });
    await clock.advance(30 * SECOND);
    expect(isIssued(api, 'a')).toBe(true);
  });
});

it('lets it where Nodes are not protected', async () => {
  const api = apiWithToken();
  await api.create(NODES, node('worker-1'));
  await create(api, csrObject('a'));
  await running(api, { protectNodes: false }, async () => {
    expect(isIssued(api, 'a')).toBe(true);
  });
});

it('refuses limits that are none before it asks anything', async () => {
  const api = apiWithToken();
  const serving = { allowedCidrs: ['10.0.0.0'], allowedDnsSuffixes: [], reserved: [] };
  await expect(start(api, { serving }).ended).rejects.toThrow('allowed CIDRs: "10.0.0.0"');
  expect(api.calls).toEqual([]);
});

it('works only while it holds the lease', async () => {
  const api = apiWithToken();
  const clock = clockAtNow();
  const candidate = (identity: string): Running => start(api, { leaderElect: { identity } }, clock);
  const first = candidate('a');
  await settle();
  const second = candidate('b');
  await settle();
  const holder = (): string | undefined =>
    api.peek(LEASES, 'kubepki-controllers', 'kube-system')?.spec?.holderIdentity;
  expect(holder()).toBe('a');
  await create(api, csrObject('one'));
  await settle();
  expect(isIssued(api, 'one')).toBe(true);
  expect(second.lines.filter(({ message }) => message === 'signed')).toEqual([]);
  first.stop();
  await first.ended;
  expect(holder()).toBe('');
  await clock.advance(10 * SECOND);
  expect(holder()).toBe('b');
  await create(api, csrObject('two'));
  await settle();
  expect(isIssued(api, 'two')).toBe(true);
  expect(second.lines.filter(({ message }) => message === 'signed')).toHaveLength(1);
  second.stop();
  await second.ended;
});

it('stops where the lease is lost, and stands for it again', async () => {
  const api = apiWithToken();
  await running(api, { leaderElect: { identity: 'a' } }, async ({ clock, lines }) => {
    let cut = true;
    api.before = ({ resource }) => {
      if (cut && resource === 'leases') throw StatusError.of('InternalError', 'etcd is away');
    };
    await clock.advance(20 * SECOND);
    expect(lines.some(({ message }) => message.startsWith('the lease is lost'))).toBe(true);
    await create(api, csrObject('a'));
    await settle();
    expect(isIssued(api, 'a')).toBe(false);
    cut = false;
    await clock.advance(30 * SECOND);
    expect(isIssued(api, 'a')).toBe(true);
  });
});

it('survives a thousand requests that nobody can read, between those that it can', async () => {
  const api = apiWithToken();
  await running(api, {}, async ({ clock }) => {
    for (let i = 0; i < 1000; i++) {
      const odd = csrObject(`odd-${i}`, { request: i % 2 === 0 ? '????' : 'A'.repeat(4000) });
      await create(api, i % 3 === 0 ? approved(odd) : odd);
    }
    await create(api, csrObject('good'));
    await clock.advance(SECOND);
    expect(isIssued(api, 'good')).toBe(true);
    const failed = Array.from({ length: 1000 }, (_, i) => csrIn(api, `odd-${i}`)).filter(
      ({ status }) => status?.conditions?.some(({ type }) => type === 'Failed') === true,
    );
    expect(failed).toHaveLength(334);
  });
});
