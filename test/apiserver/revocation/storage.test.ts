/** Revocations that are stored: known before anybody is served, and those of other servers soon. */
import { describe, expect, it, onTestFinished } from 'vitest';
import { createApiServer, versionInfo } from '../../../src/apiserver/index.ts';
import { systemClock } from '../../../src/client/index.ts';
import type { UserInfo } from '../../../src/kubernetes/index.ts';
import { createMemoryStorage, openSqliteStorage } from '../../../src/storage/index.ts';
import { encodePem, fingerprintHex } from '../../../src/x509/index.ts';
import { pair } from '../../http/material.ts';
import { temporaryDirectory } from '../../temporary.ts';
import { apiServer, CA } from '../front/server.ts';
import { REVOCATIONS, revocation, SECRETS } from './served.ts';

const KEY = '/registry/kubepki.dev/revocations/';
const eve = pair(CA, { commonName: 'eve', organizations: ['system:masters'] });

/** What a server answers to somebody with this certificate. */
async function statusFor(
  api: Pick<Awaited<ReturnType<typeof createApiServer>>, 'handle'>,
  der: Uint8Array,
): Promise<number> {
  const { status } = await api.handle({
    method: 'GET',
    url: SECRETS,
    headers: {},
    peer: { certificates: [der] },
  });
  return status;
}

const memory = () => createMemoryStorage({ now: () => new Date() });

describe('a server that starts', () => {
  it('knows what was revoked before, from its file', async () => {
    const path = `${temporaryDirectory()}/state.db`;
    const open = () => openSqliteStorage(path, { now: () => new Date() });
    const storage = await open();
    const one = await apiServer({ storage });
    expect(await statusFor(one.api, eve.der)).toBe(200);
    const body = revocation({ certificate: encodePem('CERTIFICATE', eve.der), reason: 'x' });
    expect((await one.ask('POST', REVOCATIONS, { body })).status).toBe(201);
    await one.api.close();
    await storage.close();
    const again = await open();
    onTestFinished(() => again.close());
    const two = await apiServer({ storage: again });
    expect(await statusFor(two.api, eve.der)).toBe(401);
    const { json } = await two.ask('GET', REVOCATIONS);
    expect(json.items).toMatchObject([
      { spec: { reason: 'x' }, status: { revokedBy: { username: 'admin' } } },
    ]);
  });

  it('does not serve where one cannot be read', async () => {
    const storage = memory();
    await storage.create(`${KEY}broken`, Buffer.from('{'));
    await expect(
      createApiServer({
        storage,
        clientCa: CA.pem,
        bootstrapTokens: false,
        anonymousAuth: false,
        version: versionInfo('0.1.0'),
        clock: systemClock,
        log: () => undefined,
      }),
    ).rejects.toThrow(`the stored object ${KEY}broken cannot be read`);
  });

  it('takes a hundred thousand in a few seconds', async () => {
    const storage = memory();
    const user: UserInfo = { name: 'admin', groups: ['system:masters'] };
    const count = 100_000;
    const status = { revokedBy: { username: user.name, groups: user.groups } };
    for (let at = 0; at < count; at += 1) {
      const name = `r-${at}`;
      const fingerprint =
        at === count - 1 ? fingerprintHex(eve.der) : at.toString(16).padStart(64, '0');
      const object = { ...revocation({ fingerprint, reason: 'bulk' }, name), status };
      await storage.create(KEY + name, Buffer.from(JSON.stringify(object)));
    }
    const before = performance.now();
    const { api, ask } = await apiServer({ storage });
    expect(performance.now() - before).toBeLessThan(10_000);
    expect(await statusFor(api, eve.der)).toBe(401);
    expect((await ask('GET', '/metrics')).text).toContain(`kubepki_revocations ${count}\n`);
  });
});

describe('two servers of one cluster', () => {
  it('hear of each other', async () => {
    const storage = memory();
    const one = await apiServer({ storage });
    const two = await apiServer({ storage });
    const body = revocation({ user: 'eve', reason: 'x' });
    await one.ask('POST', REVOCATIONS, { body });
    expect(await statusFor(one.api, eve.der)).toBe(401);
    await expect.poll(() => statusFor(two.api, eve.der)).toBe(401);
    await two.ask('DELETE', `${REVOCATIONS}/r`);
    expect(await statusFor(two.api, eve.der)).toBe(200);
    await expect.poll(() => statusFor(one.api, eve.der)).toBe(200);
  });

  it('go on when what another has written cannot be read', async () => {
    const storage = memory();
    const { api, faults } = await apiServer({ storage });
    await storage.create(`${KEY}broken`, Buffer.from('{'));
    await storage.create(
      `${KEY}r`,
      Buffer.from(JSON.stringify(revocation({ user: 'eve', reason: 'x' }))),
    );
    await expect.poll(() => statusFor(api, eve.der)).toBe(401);
    expect(faults.join()).toContain('cannot be read');
  });

  it('lose nothing where the history of the storage is forgotten under them', async () => {
    const storage = memory();
    const { api, ask } = await apiServer({ storage });
    const value = Buffer.from(JSON.stringify(revocation({ user: 'eve', reason: 'x' })));
    const { revision } = storage;
    const made = await storage.create(`${KEY}r`, value);
    await storage.compact(storage.revision);
    await expect.poll(() => statusFor(api, eve.der)).toBe(401);
    if (!made.done) throw new Error('expected it to be new');
    await storage.delete(`${KEY}r`, made.revision);
    await storage.compact(storage.revision);
    await expect.poll(() => statusFor(api, eve.der)).toBe(200);
    expect(storage.revision).toBeGreaterThan(revision);
    expect((await ask('GET', REVOCATIONS)).json.items).toEqual([]);
  });
});
