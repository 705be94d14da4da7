import { describe, expect, it } from 'vitest';
import { type HealthCheck, healthEndpoints } from '../../../src/apiserver/front/health.ts';
import { Query } from '../../../src/apiserver/front/query.ts';

const well: HealthCheck = { name: 'ping', check: () => undefined };
const storage: HealthCheck = { name: 'storage', check: () => Promise.resolve() };
const shutdown: HealthCheck = {
  name: 'shutdown',
  readyOnly: true,
  check: () => {
    throw new Error('process is shutting down');
  },
};

async function ask(checks: readonly HealthCheck[], path: string, query = '') {
  const answer = await healthEndpoints(checks).get(path)?.(new Query(query));
  if (answer === undefined) return undefined;
  const { status, headers, body } = answer;
  return { status, headers, text: Buffer.from(body as Uint8Array).toString() };
}

describe('health', () => {
  it.each(['/healthz', '/livez', '/readyz'])('%s says ok and nothing more', async (path) => {
    expect(await ask([well, storage], path)).toMatchObject({ status: 200, text: 'ok' });
  });

  it('lists what was checked when asked to be verbose, also without a value', async () => {
    const list = '[+]ping ok\n[+]storage ok\nlivez check passed\n';
    expect(await ask([well, storage], '/livez', 'verbose')).toMatchObject({ text: list });
    expect(await ask([well, storage], '/livez', 'verbose=1')).toMatchObject({ text: list });
  });

  it('fails with the list, without the reason', async () => {
    expect(await ask([well, shutdown, storage], '/readyz')).toMatchObject({
      status: 500,
      headers: {
        'content-type': 'text/plain; charset=utf-8',
        'x-content-type-options': 'nosniff',
      },
      text: '[+]ping ok\n[-]shutdown failed: reason withheld\n[+]storage ok\nreadyz check failed\n',
    });
  });

  it('takes false, an error and a rejection for a failure', async () => {
    const failing: HealthCheck['check'][] = [
      () => false,
      () => Promise.resolve(false),
      () => Promise.reject(new Error('no')),
      () => {
        throw new Error('no');
      },
    ];
    for (const check of failing) {
      expect(await ask([{ name: 'a', check }], '/healthz')).toMatchObject({ status: 500 });
    }
  });

  it('asks checks of readiness on /readyz only', async () => {
    expect(await ask([well, shutdown], '/livez')).toMatchObject({ status: 200 });
    expect(await ask([well, shutdown], '/healthz')).toMatchObject({ status: 200 });
    expect(await ask([well, shutdown], '/livez/shutdown')).toBeUndefined();
    expect(await ask([well, shutdown], '/readyz/shutdown')).toMatchObject({ status: 500 });
  });

  it('leaves out what is excluded, several times if need be', async () => {
    expect(await ask([well, shutdown], '/readyz', 'verbose&exclude=shutdown')).toMatchObject({
      status: 200,
      text: '[+]ping ok\n[+]shutdown excluded: ok\nreadyz check passed\n',
    });
    expect(await ask([well, shutdown], '/readyz', 'exclude=ping&exclude=shutdown')).toMatchObject({
      status: 200,
      text: 'ok',
    });
  });

  it('does not run what is excluded', async () => {
    let ran = false;
    const check = (): void => {
      ran = true;
    };
    await ask([{ name: 'slow', check }], '/readyz', 'exclude=slow');
    expect(ran).toBe(false);
  });

  it('warns of exclusions that match nothing, on one line whatever they hold', async () => {
    const answer = await ask([well], '/healthz', 'verbose&exclude=b%0Ac&exclude=a');
    expect(answer?.text).toBe(
      '[+]ping ok\nwarn: some health checks cannot be excluded: no matches for "a","b\\nc"\nhealthz check passed\n',
    );
  });

  it('answers for a single check, with its reason', async () => {
    expect(await ask([well], '/healthz/ping')).toMatchObject({ status: 200, text: 'ok' });
    expect(await ask([shutdown], '/readyz/shutdown')).toMatchObject({
      status: 500,
      text: 'internal server error: process is shutting down\n',
    });
  });

  it('knows no path but its own', async () => {
    const endpoints = healthEndpoints([well, shutdown]);
    expect([...endpoints.keys()]).toEqual([
      '/healthz',
      '/healthz/ping',
      '/livez',
      '/livez/ping',
      '/readyz',
      '/readyz/ping',
      '/readyz/shutdown',
    ]);
  });
});
