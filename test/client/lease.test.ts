/** Leader election: one leads, whatever happens to the others or to the network. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { type LeaseOptions, type LeaseOutcome, runWithLease } from '../../src/client/index.ts';
import { KubepkiError } from '../../src/errors.ts';
import { ManualClock, settle } from '../manual-clock.ts';
import { seeded, seededWith } from '../seeded.ts';
import { createFakeApi, type FakeApi } from './fake-api.ts';

const PATH = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/test';

interface CandidateRun {
  readonly leads: boolean;
  /** How often it began to lead. */
  readonly terms: number;
  readonly done: Promise<LeaseOutcome>;
  readonly withdraw: () => void;
  /** Ends the work by itself. */
  readonly finish: (error?: Error) => void;
  readonly leaders: string[];
}

function stand(
  api: FakeApi,
  clock: ManualClock,
  identity: string,
  more: Partial<LeaseOptions> = {},
  /** What the work takes to stop when it is told to. */
  stopMs = 0,
  /** Who leads, of all that share it: never more than one. */
  leading = new Set<string>(),
): CandidateRun {
  const controller = new AbortController();
  onTestFinished(() => controller.abort());
  const leaders: string[] = [];
  let leads = false;
  let terms = 0;
  let finish: (error?: Error) => void = () => {};
  const done = runWithLease(
    {
      client: api.client(clock),
      clock,
      random: () => 0.5,
      signal: controller.signal,
      namespace: 'kube-system',
      name: 'test',
      identity,
      onLeader: (who) => leaders.push(who),
      ...more,
    },
    async (signal) => {
      expect([...leading]).toEqual([]);
      leading.add(identity);
      leads = true;
      terms++;
      await new Promise<void>((resolve, reject) => {
        finish = (error) => (error === undefined ? resolve() : reject(error));
        signal.addEventListener('abort', () => resolve());
      });
      await clock.sleep(stopMs);
      leading.delete(identity);
      leads = false;
    },
  );
  return {
    get leads() {
      return leads;
    },
    get terms() {
      return terms;
    },
    done,
    withdraw: () => controller.abort(new Error('withdrawn')),
    finish: (error) => finish(error),
    leaders,
  };
}

const specOf = (api: FakeApi) =>
  (api.read(PATH) as unknown as { spec: Record<string, unknown> }).spec;

describe('a candidate', () => {
  it('creates the lease, leads, and renews it every two seconds', async () => {
    const api = createFakeApi();
    const clock = new ManualClock();
    const one = stand(api, clock, 'one');
    await clock.advance(0);
    expect(one.leads).toBe(true);
    expect(specOf(api)).toEqual({
      holderIdentity: 'one',
      leaseDurationSeconds: 15,
      acquireTime: '2030-01-01T00:00:00.000000Z',
      renewTime: '2030-01-01T00:00:00.000000Z',
      leaseTransitions: 0,
    });
    await clock.advance(2_000);
    expect(specOf(api)).toMatchObject({
      acquireTime: '2030-01-01T00:00:00.000000Z',
      renewTime: '2030-01-01T00:00:02.000000Z',
      leaseTransitions: 0,
    });
    // Renewing is one request.
    expect(api.log.map((line) => line.split(' ')[0])).toEqual(['GET', 'POST', 'PUT']);
  });

  it('waits while another leads, and takes over when that has been silent for 15 s', async () => {
    const api = createFakeApi();
    const clock = new ManualClock();
    api.put(PATH, {
      metadata: { name: 'test', namespace: 'kube-system', labels: { kept: 'yes' } },
      // Long ago by its own clock: that does not count.
      spec: {
        holderIdentity: 'other',
        leaseDurationSeconds: 15,
        renewTime: '2000-01-01T00:00:00.000000Z',
        leaseTransitions: 4,
      },
    });
    const one = stand(api, clock, 'one');
    await clock.advance(14_999);
    expect(one.leads).toBe(false);
    expect(one.leaders).toEqual(['other']);
    // It looks every 2 s + half of 2.4 s here.
    await clock.advance(3_200);
    expect(one.leads).toBe(true);
    expect(specOf(api)).toMatchObject({ holderIdentity: 'one', leaseTransitions: 5 });
    expect(api.read(PATH)?.metadata.labels).toEqual({ kept: 'yes' });
    expect(one.leaders).toEqual(['other', 'one']);
  });

  it('takes a lease that was given back at once', async () => {
    const api = createFakeApi();
    const clock = new ManualClock();
    const one = stand(api, clock, 'one');
    await clock.advance(0);
    const two = stand(api, clock, 'two');
    await clock.advance(10_000);
    expect([one.leads, two.leads]).toEqual([true, false]);
    one.withdraw();
    await clock.advance(0);
    expect(await one.done).toBe('ended');
    expect(specOf(api)).toMatchObject({ holderIdentity: '', leaseDurationSeconds: 1 });
    await clock.advance(3_200);
    expect([one.leads, two.leads]).toEqual([false, true]);
    expect(specOf(api)).toMatchObject({ holderIdentity: 'two', leaseTransitions: 1 });
  });

  it('keeps the lease until its work has ended, however long that takes', async () => {
    const api = createFakeApi();
    const clock = new ManualClock();
    const one = stand(api, clock, 'one', {}, 60_000);
    await clock.advance(0);
    const two = stand(api, clock, 'two');
    await clock.advance(5_000);
    one.withdraw();
    await clock.advance(59_000);
    expect([one.leads, two.leads]).toEqual([true, false]);
    await clock.advance(5_000);
    expect(await one.done).toBe('ended');
    expect([one.leads, two.leads]).toEqual([false, true]);
  });

  it('stops its work before another may begin, when it cannot renew', async () => {
    for (const kind of ['refused', 'silent'] as const) {
      const api = createFakeApi();
      const clock = new ManualClock();
      const one = stand(api, clock, 'one');
      await clock.advance(20_000);
      api.trouble = async () => {
        if (kind === 'silent') return new Promise(() => {});
        throw new KubepkiError('UNREACHABLE', 'gone');
      };
      const since = clock.now().getTime();
      while (one.leads) await clock.advance(100);
      const after = clock.now().getTime() - since;
      expect(after).toBeGreaterThan(9_000);
      expect(after).toBeLessThanOrEqual(13_000);
      expect(await one.done).toBe('lost');
      // It does not try to give back what is no longer its own.
      expect(specOf(api)).toMatchObject({ holderIdentity: 'one' });
    }
  });

  it('stops at once when the lease names another', async () => {
    const api = createFakeApi();
    const clock = new ManualClock();
    const one = stand(api, clock, 'one');
    await clock.advance(0);
    const { metadata } = api.read(PATH) ?? { metadata: {} };
    api.put(PATH, { metadata, spec: { holderIdentity: 'thief', leaseDurationSeconds: 15 } });
    await clock.advance(2_000);
    expect(one.leads).toBe(false);
    expect(await one.done).toBe('lost');
    expect(specOf(api)).toMatchObject({ holderIdentity: 'thief' });
  });

  it('lives through single failures, lost answers and a lease that was deleted', async () => {
    const api = createFakeApi();
    const clock = new ManualClock();
    const errors: unknown[] = [];
    const one = stand(api, clock, 'one', { onError: (error) => errors.push(error) });
    await clock.advance(0);
    const plain = api.trouble;
    let count = 0;
    api.trouble = () => {
      if (++count % 3 === 0) throw new KubepkiError('UNREACHABLE', 'gone');
      return undefined;
    };
    await clock.advance(60_000);
    api.trouble = plain;
    api.remove(PATH);
    await clock.advance(60_000);
    expect([one.leads, one.terms]).toEqual([true, 1]);
    expect(errors.length).toBeGreaterThan(3);
    expect(specOf(api)).toMatchObject({ holderIdentity: 'one' });
  });

  it('gives the lease back when its work has ended or failed', async () => {
    for (const error of [undefined, new Error('of the work')]) {
      const api = createFakeApi();
      const clock = new ManualClock();
      const one = stand(api, clock, 'one');
      const outcome = one.done.catch((reason: unknown) => reason);
      await clock.advance(3_000);
      one.finish(error);
      await clock.advance(0);
      expect(await outcome).toBe(error ?? 'ended');
      expect(specOf(api)).toMatchObject({ holderIdentity: '' });
      expect(clock.sleepers).toBe(0);
    }
  });

  it('withdraws while it waits', async () => {
    const api = createFakeApi();
    const clock = new ManualClock();
    const one = stand(api, clock, 'one');
    await clock.advance(0);
    const two = stand(api, clock, 'two');
    await clock.advance(1_000);
    two.withdraw();
    await settle();
    expect(await two.done).toBe('ended');
    expect([one.leads, two.terms]).toEqual([true, 0]);
  });

  it('does not take durations with which two could lead', async () => {
    const api = createFakeApi();
    const clock = new ManualClock();
    const wrong: Partial<LeaseOptions>[] = [
      { leaseDurationMs: 1_500 },
      { leaseDurationMs: 10_000 },
      { renewDeadlineMs: 2_000 },
      { retryPeriodMs: 0 },
      { identity: '' },
    ];
    for (const options of wrong) {
      await expect(stand(api, clock, 'one', options).done).rejects.toThrow(RangeError);
    }
  });
});

describe('several candidates', () => {
  it('never lead at the same time, and there is always one again', async () => {
    const { seed } = seeded('lease');
    const random = seededWith(seed);
    const api = createFakeApi();
    const clock = new ManualClock();
    const next = () => random.next();
    let alone = 0;
    const leadingNow = new Set<string>();
    const candidates = ['a', 'b', 'c'].map((name) => ({ name, cut: false, run: start(name) }));
    function start(name: string): CandidateRun {
      const client = api.client(clock);
      const cutClient = new Proxy(client, {
        get: (target, key, receiver) => {
          const method: unknown = Reflect.get(target, key, receiver);
          const self = candidates.find((one) => one.name === name);
          return self?.cut === true
            ? async () => {
                if (next() < 0.5) throw new KubepkiError('UNREACHABLE', 'cut off');
                return new Promise(() => {});
              }
            : method;
        },
      });
      return stand(api, clock, name, { client: cutClient, random: next }, 0, leadingNow);
    }
    for (let step = 0; step < 600; step++) {
      await clock.advance(next() * 3_000);
      const leading = candidates.filter(({ run }) => run.leads);
      expect(leading.length).toBeLessThanOrEqual(1);
      if (leading.length === 1) alone++;
      const victim = candidates[Math.floor(next() * 3)];
      if (victim === undefined) continue;
      const dice = next();
      if (dice < 0.1) victim.cut = !victim.cut;
      else if (dice < 0.15) victim.run.withdraw();
      for (const one of candidates) {
        const over = await Promise.race([one.run.done, settle().then(() => undefined)]);
        if (over !== undefined) one.run = start(one.name);
      }
    }
    for (const one of candidates) one.cut = false;
    await clock.advance(60_000);
    expect(candidates.filter(({ run }) => run.leads)).toHaveLength(1);
    expect(alone).toBeGreaterThan(100);
  });
});
