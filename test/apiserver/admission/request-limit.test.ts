/** One user cannot fill the server with certificate signing requests. */
import { describe, expect, it } from 'vitest';
import {
  REQUEST_GRACE_MS,
  RequestsByUser,
  requestLimit,
} from '../../../src/apiserver/admission/index.ts';
import type { CertificateSigningRequest } from '../../../src/kubernetes/index.ts';
import { createMemoryStorage } from '../../../src/storage/index.ts';
import { encodeBootstrapTokenSecret } from '../../../src/tokens/index.ts';
import { apiServer } from '../front/server.ts';
import { csr, refusal, user } from './requests.ts';

const CSRS = 'certificatesigningrequests.certificates.k8s.io';
const CREATED = Date.parse('2026-11-24T10:00:00Z');
const DECIDED = { conditions: [{ type: 'Denied', status: 'True' }] };
const SMALL = 3_000;

const request = (
  username: string,
  name: string,
  status: CertificateSigningRequest['status'] = {},
): CertificateSigningRequest => ({
  apiVersion: 'certificates.k8s.io/v1',
  kind: 'CertificateSigningRequest',
  metadata: { name, creationTimestamp: '2026-11-24T10:00:00Z' },
  spec: { username, signerName: 'a.b/c', request: '' },
  status,
});

/** Of a token for one node, and of one for any. */
const TOKENS = new Map(
  [
    { id: 'aaaaaa', binding: { addresses: [], oneShot: true } },
    { id: 'bbbbbb', binding: { addresses: [], oneShot: false } },
  ].map((token) => [
    token.id,
    encodeBootstrapTokenSecret({ ...token, secret: '0123456789abcdef', usages: [], groups: [] }),
  ]),
);

function limited() {
  const requests = new RequestsByUser(REQUEST_GRACE_MS);
  const state = { now: CREATED };
  const admit = requestLimit(
    requests,
    () => new Date(state.now),
    async (id) => TOKENS.get(id),
  );
  const fill = (username: string, count: number, bytes = SMALL, status = {}): void => {
    for (let i = 0; i < count; i++) {
      requests.stored(request(username, `${username}-${i}`, status), bytes);
    }
  };
  const create = async (name: string, more: object = {}) =>
    await refusal(admit, { user: user(name), resource: CSRS, object: csr('a.b/c', 'x'), ...more });
  return { requests, state, fill, create };
}

describe('the limit of requests of one user', () => {
  it('is 100 that are undecided for more than ten seconds', async () => {
    const { state, fill, create } = limited();
    fill('boot', 100);
    state.now = CREATED + 9_999;
    expect(await create('boot')).toBeUndefined();
    state.now = CREATED + 10_000;
    expect((await create('boot'))?.status).toMatchObject({
      code: 429,
      reason: 'TooManyRequests',
      message: expect.stringContaining('100 certificate signing requests of one user'),
      details: { retryAfterSeconds: 10 },
    });
    expect(await create('other')).toBeUndefined();
  });

  it('lets a thousand nodes begin at once, but not five thousand', async () => {
    const { fill, create } = limited();
    fill('boot', 4_999);
    expect(await create('boot')).toBeUndefined();
    fill('boot', 5_000);
    expect((await create('boot'))?.message).toContain('5000 undecided');
  });

  it('does not count what is decided, issued or deleted', async () => {
    const { requests, state, fill, create } = limited();
    fill('boot', 100);
    state.now = CREATED + 60_000;
    expect(await create('boot')).toBeDefined();
    requests.stored(request('boot', 'boot-0', DECIDED), SMALL);
    expect(await create('boot')).toBeUndefined();
    requests.stored(request('boot', 'new'), SMALL);
    expect(await create('boot')).toBeDefined();
    requests.stored(request('boot', 'new', { certificate: 'LS0t' }), SMALL);
    expect(await create('boot')).toBeUndefined();
    requests.stored(request('boot', 'more'), SMALL);
    expect(await create('boot')).toBeDefined();
    requests.deleted('more');
    expect(await create('boot')).toBeUndefined();
    fill('boot', 101);
    expect(await create('boot')).toBeDefined();
    requests.clear();
    expect(await create('boot')).toBeUndefined();
  });

  it('is 200 of a node, decided or not: each that is issued is a binding that stays for as long', async () => {
    const { requests, fill, create } = limited();
    const ISSUED = { ...DECIDED, certificate: 'LS0t' };
    const [name, group] = ['system:node:a', 'system:nodes'];
    fill(name, 199, SMALL, ISSUED);
    expect(await create(name, { user: user(name, group) })).toBeUndefined();
    fill(name, 200, SMALL, ISSUED);
    expect((await create(name, { user: user(name, group) }))?.status).toMatchObject({
      code: 429,
      message: expect.stringContaining('200 certificate signing requests of one node'),
    });
    // Whoever shares a token, or asks for others, has many for good.
    expect(await create(name)).toBeUndefined();
    requests.deleted(`${name}-0`);
    expect(await create(name, { user: user(name, group) })).toBeUndefined();
  });

  it('is 200 of a bootstrap token for one node as well', async () => {
    const { fill, create } = limited();
    for (const id of ['aaaaaa', 'bbbbbb', 'cccccc']) {
      fill(`system:bootstrap:${id}`, 200, SMALL, DECIDED);
    }
    expect((await create('system:bootstrap:aaaaaa'))?.message).toContain('of one node');
    expect(await create('system:bootstrap:bbbbbb')).toBeUndefined();
    expect(await create('system:bootstrap:cccccc')).toBeUndefined();
  });

  it('counts the bytes of large ones, decided or not', async () => {
    const { requests, fill, create } = limited();
    fill('boot', 6_000, 8 * 1024, DECIDED);
    expect(await create('boot')).toBeUndefined();
    fill('boot', 64, 256 * 1024, DECIDED);
    expect((await create('boot'))?.message).toContain('16777216 bytes');
    requests.deleted('boot-0');
    expect(await create('boot')).toBeUndefined();
  });

  it('does not hold for administrators and the parts of the cluster, nor for other writes', async () => {
    const { state, fill, create } = limited();
    const account = 'system:serviceaccount:kube-system:x';
    for (const name of ['boot', account, 'system:serviceaccount:default:x']) fill(name, 100);
    state.now = CREATED + 10_000;
    expect(await create('boot', { user: user('boot', 'system:masters') })).toBeUndefined();
    expect(await create(account)).toBeUndefined();
    expect(await create('system:serviceaccount:default:x')).toBeDefined();
    expect(await create('boot', { resource: `${CSRS}/approval` })).toBeUndefined();
    expect(await create('boot', { resource: 'nodes' })).toBeUndefined();
    expect(await create('boot', { old: csr('a.b/c', 'x') })).toBeUndefined();
    expect(await create('boot', { object: undefined })).toBeUndefined();
  });
});

describe('a server', () => {
  const URL = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
  const BOOT = { name: 'system:bootstrap:abcdef', groups: ['system:bootstrappers'] };
  const MASTERS = { name: BOOT.name, groups: ['system:masters'] };

  it('counts what was there and what comes, and what is gone no more', async () => {
    const time = { now: new Date('2026-11-24T10:00:00Z') };
    const options = {
      storage: createMemoryStorage({ now: () => time.now }),
      authorizationModes: ['AlwaysAllow' as const],
      clock: { now: () => time.now, sleep: () => new Promise<void>(() => undefined) },
    };
    const { ask, faults } = await apiServer(options);
    const body = (name: string) => ({
      ...csr('example.com/x', { commonName: 'x' }),
      metadata: { name },
    });
    for (let i = 0; i < 100; i++) {
      const answer = await ask('POST', URL, { user: MASTERS, body: body(`c${i}`) });
      expect(answer.status).toBe(201);
    }
    const post = async (name: string) => await ask('POST', URL, { user: BOOT, body: body(name) });
    expect((await post('first')).status).toBe(201);
    time.now = new Date('2026-11-24T10:00:10Z');
    const refused = await post('second');
    expect(refused.status).toBe(429);
    expect(refused.headers['retry-after']).toBe('10');
    expect((await ask('DELETE', `${URL}/c0`)).status).toBe(200);
    expect((await ask('DELETE', `${URL}/c1`)).status).toBe(200);
    await expect.poll(async () => (await post('third')).status).toBe(201);
    time.now = new Date('2026-11-24T10:00:20Z');
    const restarted = await apiServer(options);
    const dryRun = async () =>
      await restarted.ask('POST', `${URL}?dryRun=All`, { user: BOOT, body: body('fourth') });
    await expect.poll(async () => (await dryRun()).status).toBe(429);
    expect([...faults, ...restarted.faults]).toEqual([]);
  });
});
