/** Places for requests: who waits for a body takes none. */
import { describe, expect, it } from 'vitest';
import { answer, apiServer, BOB } from './server.ts';

const REVIEW = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
const EVE = { name: 'eve', groups: ['system:authenticated'] };

/** Requests whose bodies do not come until `release`. */
function slowly() {
  const state = { reading: 0 };
  let release = (): void => undefined;
  const arrived = new Promise<void>((resolve) => {
    release = resolve;
  });
  const request = (user = BOB, url = REVIEW, headers: Record<string, string> = {}) => ({
    method: 'POST',
    url,
    headers,
    peer: { certificates: [] },
    user,
    readBody: async () => {
      state.reading += 1;
      await arrived;
      return Buffer.from('{}');
    },
  });
  return { state, release: () => release(), request };
}

describe('a client that sends its body slowly', () => {
  it('keeps nobody out', async () => {
    const { api } = await apiServer({ inFlight: { readOnly: 2, mutating: 2, patienceMs: 1 } });
    const { state, release, request } = slowly();
    const held = [api.handle(request()), api.handle(request())];
    while (state.reading < 2) await new Promise((resolve) => setImmediate(resolve));
    const quick = { method: 'POST', url: REVIEW, headers: {}, body: Buffer.from('{}') };
    expect((await api.loopback(EVE)(quick)).status).toBe(201);
    expect((await api.loopback(BOB)(quick)).status).toBe(201);
    release();
    for (const one of await Promise.all(held)) expect(one.status).toBe(201);
  });

  it('can do so only so often at once, and others still can', async () => {
    const { api } = await apiServer({ inFlight: { readOnly: 2, mutating: 2, patienceMs: 1 } });
    const { state, release, request } = slowly();
    const held = [api.handle(request()), api.handle(request())];
    while (state.reading < 2) await new Promise((resolve) => setImmediate(resolve));
    const third = await answer(await api.handle(request()));
    expect([third.status, third.headers['retry-after'], third.json.reason]).toEqual([
      429,
      '1',
      'TooManyRequests',
    ]);
    held.push(api.handle(request(EVE)));
    while (state.reading < 3) await new Promise((resolve) => setImmediate(resolve));
    release();
    const statuses = (await Promise.all(held)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 201).length).toBeGreaterThanOrEqual(2);
    expect((await api.handle(request())).status).toBe(201);
  });

  it('gives all places back when the body never comes', async () => {
    const { api } = await apiServer({ inFlight: { readOnly: 2, mutating: 1, patienceMs: 1 } });
    const { request } = slowly();
    for (let index = 0; index < 3; index += 1) {
      const broken = { ...request(), readBody: () => Promise.reject(new Error('gone')) };
      expect((await api.handle(broken)).status).toBe(500);
    }
    const quick = { method: 'POST', url: REVIEW, headers: {}, body: Buffer.from('{}') };
    expect((await api.loopback(BOB)(quick)).status).toBe(201);
  });

  it('is not read before it is known to be allowed', async () => {
    const { api } = await apiServer();
    const { state, request } = slowly();
    expect((await api.handle(request(BOB, '/api/v1/namespaces'))).status).toBe(403);
    expect(state.reading).toBe(0);
  });
});
