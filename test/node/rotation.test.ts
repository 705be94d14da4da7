import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { KubepkiError } from '../../src/errors.ts';
import { StatusError } from '../../src/kubernetes/index.ts';
import { DISK, type Disk } from '../../src/node/disk.ts';
import type { NodeEvent } from '../../src/node/index.ts';
import {
  CertificateKeeper,
  type KeeperOptions,
  rotationDeadline,
} from '../../src/node/rotation.ts';
import { CertificateStore } from '../../src/node/store.ts';
import { wantedClient, wantedServing } from '../../src/node/wanted.ts';
import { seededWith } from '../seeded.ts';
import { temporaryDirectory } from '../temporary.ts';
import { csrPath, FakeApi, unreachable } from './fake-api.ts';
import { ManualClock, settle, until } from './manual-clock.ts';

const DAY = 86_400_000;

/** Nothing that takes turns of the event loop: the clock can be advanced in one go. */
const PROMPT: Disk = {
  ...DISK,
  create: async (path, content) => DISK.note(path, content),
  sync: async () => undefined,
};

type Arranged = Partial<KeeperOptions> & { readonly disk?: Disk };

function arrange({ disk = DISK, ...options }: Arranged = {}) {
  const clock = new ManualClock('2026-03-01T10:00:00Z');
  const api = new FakeApi(() => clock.now());
  const events: NodeEvent[] = [];
  const client = api.connect({ server: 'https://api.test:6443', token: 'bootstrap' });
  const directory = temporaryDirectory();
  const store = new CertificateStore({
    directory,
    prefix: 'kubelet-client',
    now: () => clock.now(),
    disk,
  });
  const wanted = wantedClient('worker-1');
  const keeper = new CertificateKeeper({
    kind: 'client',
    store,
    renewNow: false,
    wanted: () => wanted,
    client: () => client,
    requester: () => 'token-1',
    clock,
    random: () => 0.5,
    onEvent: (event) => events.push(event),
    onPair: () => undefined,
    ...options,
  });
  const stop = new AbortController();
  const run = (how?: { once: boolean }): Promise<void> => {
    const running = keeper.run(stop.signal, how);
    running.catch(() => undefined);
    return running;
  };
  const happened = async (type: NodeEvent['type'], times = 1): Promise<void> => {
    await until(
      `${type}, ${times} times`,
      () => events.filter((event) => event.type === type).length >= times,
    );
    await settle();
  };
  return { directory, clock, api, events, store, keeper, run, stop, happened };
}

describe('the time to renew', () => {
  it('is uniform between 70 and 90 % of the lifetime', () => {
    const notBefore = new Date('2026-01-01T00:00:00Z');
    const notAfter = new Date('2026-01-11T00:00:00Z');
    const share = (random: number): number =>
      (rotationDeadline({ notBefore, notAfter }, () => random).getTime() - notBefore.getTime()) /
      (10 * DAY);
    expect(share(0)).toBeCloseTo(0.7);
    expect(share(0.5)).toBeCloseTo(0.8);
    expect(share(1)).toBeCloseTo(0.9);
    const random = seededWith(7);
    const shares = Array.from({ length: 1_000 }, () => share(random.next()));
    const below = shares.filter((one) => one < 0.8).length;
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(0.7);
    expect(Math.max(...shares)).toBeLessThan(0.9);
    expect(below).toBeGreaterThan(400);
    expect(below).toBeLessThan(600);
  });
});

describe('a keeper', () => {
  it('asks at once where there is nothing, stores it, and asks again in time', async () => {
    const { clock, api, events, keeper, run, stop, happened } = arrange();
    const running = run();
    await happened('certificate-stored');
    const first = keeper.current;
    expect(first?.certificates[0].notAfter).toEqual(new Date('2026-03-11T09:55:00Z'));
    // 80 % of ten days, from five minutes ago on.
    await clock.advance(8 * DAY - 301_000);
    expect(api.requests).toHaveLength(1);
    await clock.advance(2_000);
    await happened('renewed');
    expect(keeper.current?.serial).not.toBe(first?.serial);
    expect(events.map(({ type }) => type)).toEqual([
      'csr-created',
      'csr-approved',
      'certificate-stored',
      'csr-created',
      'csr-approved',
      'renewed',
    ]);
    stop.abort();
    await running;
    expect(clock.waits).toEqual([]);
  });

  it('goes on with what is stored', async () => {
    const before = arrange();
    await before.run({ once: true });
    const pair = before.store.current();
    const { api, keeper, run, stop } = arrange({ pair });
    const running = run();
    await settle();
    expect(keeper.current?.serial).toBe(pair?.serial);
    expect(api.requests).toEqual([]);
    stop.abort();
    await running;
  });

  it('renews at once where it is told to, where a name is lacking, and what has expired', async () => {
    const before = arrange();
    await before.run({ once: true });
    const pair = before.store.current();
    const forced = arrange({ pair, renewNow: true });
    await forced.run({ once: true });
    expect(forced.events.at(-1)?.type).toBe('renewed');
    const renamed = arrange({ pair, wanted: () => wantedClient('worker-2') });
    await renamed.run({ once: true });
    expect(renamed.api.requests).toHaveLength(1);
    const late = arrange({ pair });
    await late.clock.advance(11 * DAY);
    expect(late.keeper.current).toBeUndefined();
    await late.run({ once: true });
    expect(late.api.requests).toHaveLength(1);
  });

  it('waits 2, 4, 8 and 16 s after failures, then 32 s each, up to a tenth more', async () => {
    const { clock, api, events, run, stop, happened } = arrange();
    api.failure = () => unreachable();
    const running = run();
    for (const [at, ms] of [2_100, 4_200, 8_400, 16_800, 33_600, 33_600].entries()) {
      await happened('attempt-failed', at + 1);
      expect(clock.waits).toEqual([ms]);
      expect(events.at(-1)).toEqual({
        type: 'attempt-failed',
        kind: 'client',
        message: 'https://api.test:6443 did not answer',
        retryInMs: ms,
      });
      await clock.advance(ms);
    }
    api.failure = () => undefined;
    await clock.advance(33_600);
    await happened('certificate-stored');
    stop.abort();
    await running;
  });

  it('asks anew after a denial, with another key', async () => {
    const { clock, api, run, stop, happened } = arrange();
    api.onRequest = ({ metadata: { name = '' } }) =>
      api.setStatus(name, { conditions: [{ type: 'Denied', status: 'True' }] });
    const running = run();
    await happened('attempt-failed');
    api.onRequest = (csr) => api.sign(csr);
    await clock.advance(3_000);
    await happened('certificate-stored');
    const [a, b] = api.requests.map((name) => api.request(name).spec.request);
    expect(a).not.toBe(b);
    stop.abort();
    await running;
  });

  it('does not ask without end where certificates end at once', async () => {
    const { clock, api, run, stop, happened } = arrange();
    api.changeTemplate = (template) => ({
      ...template,
      notAfter: new Date(template.notBefore.getTime() + 302_000),
    });
    const running = run();
    await happened('certificate-stored');
    expect(clock.waits).toEqual([1_000]);
    await clock.advance(999);
    expect(api.requests).toHaveLength(1);
    await clock.advance(1);
    await happened('renewed');
    expect(api.requests).toHaveLength(2);
    stop.abort();
    await running;
  });

  it('never stores a certificate that is not the one asked for', async () => {
    const { api, store, run, stop, happened } = arrange();
    api.changeTemplate = (template) => ({ ...template, extendedKeyUsage: [] });
    const running = run();
    await happened('attempt-failed');
    expect(store.current()).toBeUndefined();
    stop.abort();
    await running;
  });
});

describe('requests are few', () => {
  const HOUR = 3_600_000;

  it('where each is denied: ever fewer, four an hour in the end', async () => {
    const { clock, api, run, stop, happened } = arrange({ disk: PROMPT, random: Math.random });
    api.onRequest = ({ metadata: { name = '' } }) =>
      api.setStatus(name, { conditions: [{ type: 'Denied', status: 'True' }] });
    const running = run();
    await happened('attempt-failed');
    await clock.advance(HOUR);
    expect(api.requests.length).toBeGreaterThan(8);
    expect(api.requests.length).toBeLessThan(14);
    const before = api.requests.length;
    await clock.advance(10 * HOUR);
    expect(api.requests.length - before).toBeLessThanOrEqual(40);
    expect(api.requests.length - before).toBeGreaterThan(30);
    stop.abort();
    await running;
  });

  it('where nobody signs: one, as long as it is there', async () => {
    const { clock, api, run, stop, happened } = arrange();
    api.onRequest = () => undefined;
    const running = run();
    await happened('csr-created');
    await clock.advance(10 * HOUR);
    expect(api.requests).toHaveLength(1);
    // The cleaner of the cluster, after a day.
    api.remove(csrPath(api.requests[0] ?? ''));
    api.onRequest = (csr) => api.sign(csr);
    await happened('attempt-failed');
    await clock.advance(60_000);
    await happened('certificate-stored');
    stop.abort();
    await running;
  });

  it('where certificates have expired at birth: they are refused, and the clock is named', async () => {
    const { clock, api, events, store, run, stop, happened } = arrange({ disk: PROMPT });
    // As if this machine's clock were a year ahead.
    api.changeTemplate = (template) => ({
      ...template,
      notBefore: new Date(template.notBefore.getTime() - 365 * DAY),
      notAfter: new Date(template.notAfter.getTime() - 365 * DAY),
    });
    const running = run();
    await happened('attempt-failed');
    expect(events.find((event) => event.type === 'attempt-failed')?.message).toMatch(
      /it expired 2025-03-11.*check the clock of this machine, where it is 2026-03-01/,
    );
    await clock.advance(HOUR);
    expect(api.requests.length).toBeLessThan(14);
    expect(store.current()).toBeUndefined();
    stop.abort();
    await running;
  });

  it('where they are to be renewed at birth: a third of what is left is waited for', async () => {
    const { clock, api, events, keeper, run, stop, happened } = arrange({ disk: PROMPT });
    // Dated back by a day, as some signers do, and good for an hour.
    api.changeTemplate = (template) => ({
      ...template,
      notBefore: new Date(clock.now().getTime() - DAY),
      notAfter: new Date(clock.now().getTime() + HOUR),
    });
    const running = run();
    await happened('certificate-stored');
    expect(events.filter(({ type }) => type === 'odd-dates')).toHaveLength(1);
    for (let minutes = 0; minutes < 10 * 60; minutes++) {
      await clock.advance(60_000);
      expect(keeper.current).toBeDefined();
    }
    expect(api.requests).toHaveLength(31);
    stop.abort();
    await running;
  });

  it('where they end at once: ever fewer, one in five minutes in the end', async () => {
    const { clock, api, run, stop, happened } = arrange({ disk: PROMPT });
    api.changeTemplate = (template) => ({
      ...template,
      notAfter: new Date(template.notBefore.getTime() + 301_000),
    });
    const running = run();
    await happened('certificate-stored');
    await clock.advance(HOUR);
    expect(api.requests.length).toBeLessThan(22);
    const before = api.requests.length;
    await clock.advance(HOUR);
    expect(api.requests.length - before).toBe(12);
    stop.abort();
    await running;
  });

  it('where they begin in the future: one, and the clock is named', async () => {
    const { clock, api, events, run, stop, happened } = arrange();
    api.changeTemplate = (template) => ({
      ...template,
      notBefore: new Date(template.notBefore.getTime() + 2 * DAY),
      notAfter: new Date(template.notAfter.getTime() + 2 * DAY),
    });
    const running = run();
    await happened('certificate-stored');
    expect(events.map(({ type }) => type)).toContain('odd-dates');
    await clock.advance(9 * DAY);
    expect(api.requests).toHaveLength(1);
    stop.abort();
    await running;
  });
});

describe('a clock that is set', () => {
  it('forward beyond the time to renew: it renews as soon as it looks', async () => {
    const { clock, api, keeper, run, stop, happened } = arrange();
    const running = run();
    await happened('certificate-stored');
    clock.jump(9 * DAY);
    await clock.advance(60_000);
    // Timers know nothing of it.
    expect(api.requests).toHaveLength(1);
    keeper.look();
    await happened('renewed');
    stop.abort();
    await running;
  });

  it('back: it renews when it is time by the clock that is right now', async () => {
    const { clock, api, keeper, run, stop, happened } = arrange();
    clock.jump(5 * DAY);
    const running = run();
    await happened('certificate-stored');
    clock.jump(-5 * DAY);
    keeper.look();
    await clock.advance(12 * DAY);
    expect(api.requests).toHaveLength(1);
    await clock.advance(DAY);
    await happened('renewed');
    stop.abort();
    await running;
  });

  it('back by a year while it rests: it rests no longer for that', async () => {
    let wanted = wantedClient('worker-1');
    const { clock, keeper, run, stop, happened } = arrange({ wanted: () => wanted });
    const running = run();
    await happened('certificate-stored');
    clock.jump(-365 * DAY);
    wanted = wantedClient('worker-2');
    keeper.look();
    await settle();
    await clock.advance(2_000);
    await happened('renewed');
    stop.abort();
    await running;
  });

  it('draws no other time to renew when it is woken', async () => {
    let drawn = 0;
    const { clock, keeper, run, stop, happened } = arrange({
      random: () => {
        drawn++;
        return 0.5;
      },
    });
    const running = run();
    await happened('certificate-stored');
    const before = drawn;
    for (let i = 0; i < 10; i++) {
      keeper.look();
      await clock.advance(3_600_000);
    }
    expect(drawn).toBe(before);
    stop.abort();
    await running;
  });
});

describe('a disk that fails', () => {
  const full = new KubepkiError('FILE_SYSTEM', '/pki: no space left on the disk', {
    hint: 'free some space',
  });

  it('when the certificate is there: that one is stored when it can be, and no other asked for', async () => {
    let isFull = true;
    const { clock, api, events, store, run, stop, happened } = arrange({
      disk: {
        ...DISK,
        create: async (path, content) => {
          if (isFull) throw full;
          await DISK.create(path, content);
        },
      },
    });
    const running = run();
    await happened('attempt-failed');
    await clock.advance(3_600_000);
    expect(api.requests).toHaveLength(1);
    expect(events.find((event) => event.type === 'attempt-failed')?.message).toBe(
      '/pki: no space left on the disk (free some space)',
    );
    isFull = false;
    await clock.advance(40_000);
    await happened('certificate-stored');
    expect(api.requests).toHaveLength(1);
    expect(store.pending.read()).toBeUndefined();
    stop.abort();
    await running;
  });

  it('before anything is asked for: nothing is', async () => {
    let isFull = true;
    const { clock, api, run, stop, happened } = arrange({
      disk: {
        ...DISK,
        note: (path, content) => {
          if (isFull) throw full;
          DISK.note(path, content);
        },
      },
    });
    const running = run();
    await happened('attempt-failed');
    await clock.advance(3_600_000);
    expect(api.calls).toEqual([]);
    isFull = false;
    await clock.advance(40_000);
    await happened('certificate-stored');
    stop.abort();
    await running;
  });

  it('and a kill after the certificate was stored: its key is not used for another one', async () => {
    const first = arrange({
      disk: {
        ...DISK,
        remove: (path) => {
          if (path.endsWith('pending.pem')) throw full;
          DISK.remove(path);
        },
      },
    });
    const running = first.run();
    await first.happened('attempt-failed');
    first.stop.abort();
    await running;
    expect(readdirSync(first.directory)).toContain('kubelet-client-pending.pem');
    const pair = first.store.current();
    expect(pair).toBeDefined();
    const next = new CertificateKeeper({
      kind: 'client',
      store: new CertificateStore({
        directory: first.directory,
        prefix: 'kubelet-client',
        now: () => first.clock.now(),
      }),
      pair,
      renewNow: true,
      wanted: () => wantedClient('worker-1'),
      client: () => first.api.connect({ server: 'https://api.test:6443', token: 'bootstrap' }),
      requester: () => 'token-1',
      clock: first.clock,
      random: () => 0.5,
      onEvent: () => undefined,
      onPair: () => undefined,
    });
    await next.run(new AbortController().signal, { once: true });
    expect(next.current?.keyPem).not.toBe(pair?.keyPem);
    expect(readdirSync(first.directory)).not.toContain('kubelet-client-pending.pem');
  });
});

describe('what is wanted changes', () => {
  const at = (address: string) => wantedServing('w', [{ type: 'InternalIP', address }]);

  it('while it sleeps: it asks at once, but not for less than it has', async () => {
    let wanted = wantedServing('w', [
      { type: 'InternalIP', address: '192.0.2.1' },
      { type: 'InternalIP', address: '192.0.2.2' },
    ]);
    const { api, keeper, run, stop, happened } = arrange({
      kind: 'serving',
      wanted: () => wanted,
    });
    const running = run();
    await happened('certificate-stored');
    await settle();
    wanted = at('192.0.2.2');
    keeper.wantedChanged();
    await settle();
    expect(api.requests).toHaveLength(1);
    wanted = at('192.0.2.3');
    keeper.wantedChanged();
    await happened('renewed');
    expect(keeper.current?.certificates[0].subjectAltNames?.ip).toEqual(['192.0.2.3']);
    stop.abort();
    await running;
  });

  it('while a request waits: that one is given up, without a pause', async () => {
    let wanted = at('192.0.2.1');
    const { api, keeper, events, run, stop, happened } = arrange({
      kind: 'serving',
      wanted: () => wanted,
    });
    api.onRequest = () => undefined;
    const running = run();
    await happened('csr-created');
    keeper.wantedChanged();
    await settle();
    expect(api.requests).toHaveLength(1);
    api.onRequest = (csr) => api.sign(csr);
    wanted = at('192.0.2.9');
    keeper.wantedChanged();
    await happened('certificate-stored');
    expect(events.some(({ type }) => type === 'attempt-failed')).toBe(false);
    expect(keeper.current?.certificates[0].subjectAltNames?.ip).toEqual(['192.0.2.9']);
    stop.abort();
    await running;
  });

  it('from nothing to something: then it asks', async () => {
    let wanted: ReturnType<typeof at>;
    const { api, keeper, run, stop, happened } = arrange({ kind: 'serving', wanted: () => wanted });
    const running = run();
    await settle();
    expect(api.requests).toEqual([]);
    wanted = at('192.0.2.1');
    keeper.wantedChanged();
    await happened('certificate-stored');
    stop.abort();
    await running;
  });
});

describe('a keeper that has had no certificate for five minutes', () => {
  const giveUpAfterMs = 300_000;
  const untilEnd = async (
    clock: ManualClock,
    running: Promise<void>,
  ): Promise<{ error: unknown; after: number }> => {
    const start = clock.now().getTime();
    const ended: unknown[] = [];
    running.then(
      () => ended.push(undefined),
      (error: unknown) => ended.push(error),
    );
    for (let i = 0; i < 30 && ended.length === 0; i++) {
      await until('it sleeps or ends', () => ended.length > 0 || clock.waits.length > 0);
      if (ended.length === 0) await clock.advance(clock.waits[0] ?? 0);
    }
    return { error: ended[0], after: clock.now().getTime() - start };
  };

  it.each(['Unauthorized', 'Forbidden', 'NotFound'] as const)(
    'gives up where the server answers %s',
    async (reason) => {
      const { clock, api, run } = arrange({ giveUpAfterMs });
      api.failure = () => StatusError.of(reason, `it is ${reason}`);
      const { error, after } = await untilEnd(clock, run());
      expect(error).toMatchObject({
        code: 'API_REFUSED',
        message: `no valid client certificate for 5 minutes, and the API server refuses a new one: it is ${reason}`,
        hint: expect.stringContaining('bootstrap kubeconfig'),
      });
      expect(after).toBeGreaterThanOrEqual(giveUpAfterMs);
      expect(after).toBeLessThan(giveUpAfterMs + 33_000);
    },
  );

  it('goes on where the server does not answer', async () => {
    const { clock, api, run, stop } = arrange({ giveUpAfterMs });
    api.failure = () => unreachable();
    const running = run();
    const { error, after } = await untilEnd(clock, running);
    expect(error).toBeUndefined();
    expect(after).toBeGreaterThan(giveUpAfterMs);
    stop.abort();
    await running;
  });
});
