/** A crowd is refused while the cluster goes on: with a storage that takes nothing in until it is told. */
import { describe, expect, it } from 'vitest';
import type { UserInfo } from '../../../src/kubernetes/index.ts';
import { createMemoryStorage, type Storage } from '../../../src/storage/index.ts';
import { ADMIN, type Answer, answer, apiServer, BOB } from './server.ts';

const user = (name: string, ...groups: string[]): UserInfo => ({
  name,
  groups: [...groups, 'system:authenticated'],
});
const EVE = user('eve');
const NODE = user('system:node:worker-1', 'system:nodes');
const MANAGER = user('system:kube-controller-manager');
const MAPS = '/api/v1/namespaces/default/configmaps';
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';

const configMap = (name: string): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
});
const lease = (name: string): object => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name, namespace: 'kube-node-lease' },
  spec: { holderIdentity: name },
});

/** Creations wait while it is stalled. */
function stallable() {
  const storage = createMemoryStorage({ now: () => new Date() });
  let release = (): void => undefined;
  let stalled: Promise<void> | undefined;
  const state = { waiting: 0 };
  const create: Storage['create'] = async (...given) => {
    state.waiting += 1;
    await stalled;
    state.waiting -= 1;
    return await storage.create(...given);
  };
  const proxy = new Proxy(storage, {
    get(target, name) {
      if (name === 'create') return create;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return {
    storage: proxy,
    state,
    stall() {
      stalled = new Promise((resolve) => {
        release = resolve;
      });
    },
    release: () => release(),
  };
}

async function overloaded(mutating = 10, patienceMs = 1) {
  const slow = stallable();
  const tested = await apiServer({
    storage: slow.storage,
    inFlight: { readOnly: 10, mutating, watches: 6, watchesOfUser: 4, patienceMs },
    requestTimeoutMs: 30_000,
    authorizationModes: ['AlwaysAllow'],
  });
  slow.stall();
  let made = 0;
  let answered = 0;
  const create = async (by: UserInfo): Promise<Answer> => {
    made += 1;
    const answer = await tested.ask('POST', MAPS, { body: configMap(`made-${made}`), user: by });
    answered += 1;
    return answer;
  };
  /**
   * Of so many that come at once, those that are let in wait, and (where patience is short) all others have
   * been refused.
   */
  const crowd = async (count: number, by: (at: number) => UserInfo): Promise<Promise<Answer>[]> => {
    const all = Array.from({ length: count }, (_, at) => create(by(at)));
    await settled();
    if (patienceMs > 1) return all;
    while (answered + slow.state.waiting < made) await settled();
    return all;
  };
  return { ...tested, ...slow, create, crowd };
}

/** Until nothing goes on any more but for what waits. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

const codes = (answers: readonly Answer[]): number[] => answers.map(({ status }) => status);

describe('a crowd', () => {
  it('is refused beyond the limit, with the advice to come again', async () => {
    const { crowd, state, release, ask } = await overloaded();
    const all = await crowd(100, (at) => user(`user-${at}`));
    expect(state.waiting).toBe(10);
    release();
    const answers = await Promise.all(all);
    expect(codes(answers).filter((status) => status === 201)).toHaveLength(10);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused).toHaveLength(90);
    expect(refused[0]).toMatchObject({
      text: 'Too many requests, please try again later.\n',
      headers: { 'retry-after': '1', 'content-type': 'text/plain; charset=utf-8' },
    });
    expect((await ask('GET', '/metrics')).text).toContain(
      'apiserver_dropped_requests_total{request_kind="mutating"} 90\n',
    );
  });

  it('that is gone within a moment has kept nobody out', async () => {
    const { crowd, release } = await overloaded(10, 100);
    const all = await crowd(20, (at) => user(`user-${at}`));
    release();
    expect(new Set(codes(await Promise.all(all)))).toEqual(new Set([201]));
  });

  it('that waits for places is bounded: beyond, the refusal comes at once', async () => {
    const { crowd, release } = await overloaded(10, 1_000);
    const started = performance.now();
    const all = await crowd(5_020, () => BOB);
    expect((await Promise.race(all)).status).toBe(429);
    const waited = all.map(async (one) => {
      await one;
      return performance.now() - started;
    });
    release();
    expect(Math.max(...(await Promise.all(waited)))).toBeGreaterThan(1_000);
  });

  it('keeps nobody from asking for the server’s health', async () => {
    const { crowd, release, ask } = await overloaded();
    const all = await crowd(100, (at) => user(`user-${at}`));
    const anonymous = { name: 'system:anonymous', groups: ['system:unauthenticated'] };
    for (const path of ['/livez', '/readyz', '/healthz', '/readyz/ping']) {
      // More often than there are places for reading.
      const answers = await Promise.all(
        Array.from({ length: 30 }, () => ask('GET', path, { user: anonymous })),
      );
      expect(new Set(codes(answers))).toEqual(new Set([200]));
    }
    release();
    await Promise.all(all);
  });

  it('keeps no node from its lease, and no controller manager from its own', async () => {
    const { crowd, release, ask, state } = await overloaded();
    const all = await crowd(100, (at) => user(`user-${at}`));
    const kept = [
      ask('POST', LEASES, { body: lease('worker-1'), user: NODE }),
      ask('POST', LEASES, { body: lease('kube-controller-manager'), user: MANAGER }),
    ];
    await settled();
    expect(state.waiting).toBe(12);
    release();
    expect(codes(await Promise.all(kept))).toEqual([201, 201]);
    await Promise.all(all);
  });

  it('of nodes is bounded, too', async () => {
    const { crowd, release, state } = await overloaded();
    const all = await crowd(100, (at) => user(`system:node:worker-${at}`, 'system:nodes'));
    expect(state.waiting).toBe(15);
    release();
    await Promise.all(all);
  });

  it('keeps the powerful from nothing, and they take no places', async () => {
    const { crowd, create, release, state } = await overloaded();
    const powerful = await crowd(30, () => ADMIN);
    expect(state.waiting).toBe(30);
    const first = create(BOB);
    await settled();
    expect(state.waiting).toBe(31);
    release();
    await Promise.all([...powerful, first]);
  });
});

describe('one user', () => {
  it('leaves places to others, however much it asks', async () => {
    const { crowd, create, release } = await overloaded();
    const all = await crowd(100, () => EVE);
    const other = create(BOB);
    await settled();
    release();
    expect((await other).status).toBe(201);
    expect(codes(await Promise.all(all)).filter((status) => status === 201)).toHaveLength(8);
  });

  it('has its places again when its requests are done', async () => {
    const { crowd, create, release } = await overloaded();
    const all = await crowd(100, () => EVE);
    release();
    await Promise.all(all);
    for (let turn = 0; turn < 20; turn += 1) expect((await create(EVE)).status).toBe(201);
  });
});

describe('a limit of 0', () => {
  it('is none, as upstream', async () => {
    const { crowd, state, release } = await overloaded(0);
    const all = await crowd(500, () => EVE);
    expect(state.waiting).toBe(500);
    release();
    await Promise.all(all);
  });
});

describe('watches', () => {
  async function open(api: Awaited<ReturnType<typeof overloaded>>['api'], by: UserInfo) {
    const stop = new AbortController();
    const response = await api.loopback(by)({
      method: 'GET',
      url: `${MAPS}?watch=true`,
      headers: {},
      signal: stop.signal,
    });
    const ended = answer(response);
    return {
      status: response.status,
      async close() {
        stop.abort();
        await ended;
      },
    };
  }

  it('are bounded for each user and for all, and give their places back', async () => {
    const { api } = await overloaded();
    const eves = [];
    for (let at = 0; at < 4; at += 1) eves.push(await open(api, EVE));
    expect((await open(api, EVE)).status).toBe(429);
    const bobs = [await open(api, BOB), await open(api, BOB)];
    expect((await open(api, BOB)).status).toBe(429);
    const powerful = await open(api, ADMIN);
    expect([...eves, ...bobs, powerful].every(({ status }) => status === 200)).toBe(true);
    for (const one of [...eves, ...bobs, powerful]) await one.close();
    const again = await open(api, EVE);
    expect(again.status).toBe(200);
    await again.close();
  });
});

describe('a request that takes too long', () => {
  it('ends for its client with 504, and keeps its place', async () => {
    const slow = stallable();
    const { ask } = await apiServer({
      storage: slow.storage,
      inFlight: { readOnly: 10, mutating: 1, patienceMs: 1 },
      requestTimeoutMs: 50,
      authorizationModes: ['AlwaysAllow'],
    });
    slow.stall();
    const timedOut = await ask('POST', MAPS, { body: configMap('slow'), user: BOB });
    expect(timedOut).toMatchObject({
      status: 504,
      json: {
        kind: 'Status',
        status: 'Failure',
        reason: 'Timeout',
        message: 'Timeout: request did not complete within the allotted timeout',
        code: 504,
      },
    });
    expect((await ask('POST', MAPS, { body: configMap('next'), user: BOB })).status).toBe(429);
    slow.release();
    await settled();
    expect((await ask('POST', MAPS, { body: configMap('next'), user: BOB })).status).toBe(201);
    const metrics = (await ask('GET', '/metrics')).text;
    expect(metrics).toMatch(
      /^apiserver_request_total\{code="504",[^}]*resource="configmaps",[^}]*verb="POST"[^}]*\} 1$/m,
    );
  });

  it('may end earlier, where the client says so', async () => {
    const { ask, release } = await overloaded();
    const asked = ask('POST', `${MAPS}?timeout=20ms`, { body: configMap('soon'), user: BOB });
    expect((await asked).status).toBe(504);
    release();
  });

  it.each(['soon', '5', '1d'])('for a time that is none (%s) is refused', async (timeout) => {
    const { ask } = await overloaded();
    expect(await ask('GET', `${MAPS}?timeout=${timeout}`)).toMatchObject({
      status: 400,
      json: {
        reason: 'BadRequest',
        message: expect.stringContaining('invalid timeout specified in the request URL'),
      },
    });
  });

  it('is noted once in the audit log', async () => {
    const slow = stallable();
    const events: string[] = [];
    const audit = {
      write: (event: object) => void events.push(JSON.stringify(event)),
      counts: { events: 0, lost: 0 },
      reopen: async () => undefined,
      close: async () => undefined,
    };
    const { ask } = await apiServer({ storage: slow.storage, requestTimeoutMs: 30, audit });
    events.length = 0;
    slow.stall();
    await ask('POST', MAPS, { body: configMap('slow') });
    slow.release();
    await settled();
    const stages = events
      .map((event) => JSON.parse(event))
      .filter(({ verb }) => verb === 'create')
      .map(({ stage, responseStatus }) => [stage, responseStatus?.code]);
    expect(stages).toEqual([
      ['RequestReceived', undefined],
      ['ResponseComplete', 504],
    ]);
  });
});
