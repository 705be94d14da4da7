/** Bootstrap tokens go when they expire. */
import { describe, expect, it } from 'vitest';
import { runTokenControllers } from '../../src/controllers/bootstrap-tokens.ts';
import { cleanTokens } from '../../src/controllers/token-cleaner.ts';
import {
  LEASES,
  type Lease,
  SECRETS,
  type Secret,
  StatusError,
} from '../../src/kubernetes/index.ts';
import { BOOTSTRAP_SECRET_TYPE, withClaim, withGrant } from '../../src/tokens/index.ts';
import { settle } from '../manual-clock.ts';
import { FakeApi } from './fake-client.ts';
import { type Bench, benchOf, NOW } from './support.ts';

const MINUTE = 60_000;
const inMinutes = (minutes: number): string =>
  new Date(NOW.getTime() + minutes * MINUTE).toISOString();

const tokenSecret = (id: string, expiration?: string, more: Partial<Secret> = {}): Secret => ({
  metadata: { name: `bootstrap-token-${id}`, namespace: 'kube-system' },
  type: BOOTSTRAP_SECRET_TYPE,
  data: expiration === undefined ? {} : { expiration: Buffer.from(expiration).toString('base64') },
  ...more,
});

const peek = (api: FakeApi, id: string): Secret | undefined =>
  api.peek(SECRETS, `bootstrap-token-${id}`, 'kube-system');

/** Runs the cleaner while the test looks. */
async function cleaning(api: FakeApi, look: (bench: Bench) => Promise<void>): Promise<void> {
  const bench = benchOf(api);
  const work = runTokenControllers(bench.context, [cleanTokens(bench.context)]);
  await settle();
  await look(bench);
  bench.stop();
  await work;
}

it('deletes what has expired, at once, and what cannot be read', async () => {
  const api = new FakeApi();
  const expirations: Record<string, string | undefined> = {
    expird: inMinutes(-1),
    atonce: NOW.toISOString(),
    nodate: 'tomorrow',
    badday: '2027-02-30T00:00:00Z',
    never1: undefined,
    never2: '',
    lives1: inMinutes(1),
    zoned1: '2026-06-01T13:30:00+02:00',
    zoned2: '2026-06-01T14:30:00+02:00',
  };
  for (const [id, expiration] of Object.entries(expirations)) {
    await api.create(SECRETS, tokenSecret(id, expiration));
  }
  await cleaning(api, async () => {
    const left = Object.keys(expirations).filter((id) => peek(api, id) !== undefined);
    expect(left).toEqual(['never1', 'never2', 'lives1', 'zoned2']);
  });
});

it('deletes each when its time has come, and not before', async () => {
  const api = new FakeApi();
  await cleaning(api, async ({ clock, lines }) => {
    await api.create(SECRETS, tokenSecret('second', inMinutes(20)));
    await api.create(SECRETS, tokenSecret('first0', inMinutes(10)));
    await clock.advance(10 * MINUTE - 1);
    expect([peek(api, 'first0'), peek(api, 'second')]).not.toContain(undefined);
    await clock.advance(1);
    expect(peek(api, 'first0')).toBe(undefined);
    expect(peek(api, 'second')).toBeDefined();
    await clock.advance(10 * MINUTE);
    expect(peek(api, 'second')).toBe(undefined);
    expect(lines.map(({ secret }) => secret)).toEqual([
      'bootstrap-token-first0',
      'bootstrap-token-second',
    ]);
  });
});

it('waits on where the expiration was put off', async () => {
  const api = new FakeApi();
  await cleaning(api, async ({ clock }) => {
    const stored = await api.create(SECRETS, tokenSecret('abcdef', inMinutes(10)));
    await clock.advance(5 * MINUTE);
    const { data } = tokenSecret('abcdef', inMinutes(30));
    await api.update(SECRETS, { ...stored, data: data ?? {} });
    await clock.advance(20 * MINUTE);
    expect(peek(api, 'abcdef')).toBeDefined();
    await clock.advance(5 * MINUTE);
    expect(peek(api, 'abcdef')).toBe(undefined);
  });
});

describe('a token that is good for one certificate', () => {
  const CLAIMANT = { node: 'worker-1', key: 'sha256:aa' };
  const oneShot = (id: string): Secret => {
    const data = { 'one-shot': Buffer.from('true').toString('base64') };
    return tokenSecret(id, undefined, { data });
  };
  const lease = (renewTime: string): Lease => ({
    metadata: { name: 'worker-1', namespace: 'kube-node-lease' },
    spec: { renewTime },
  });

  it('goes a quarter of an hour after its claim, and never without one', async () => {
    const api = new FakeApi();
    await api.create(SECRETS, oneShot('unused'));
    await api.create(SECRETS, withClaim(oneShot('claimd'), CLAIMANT, NOW));
    await cleaning(api, async ({ clock }) => {
      await clock.advance(15 * MINUTE - 251);
      expect(peek(api, 'claimd')).toBeDefined();
      await clock.advance(1);
      expect(peek(api, 'claimd')).toBe(undefined);
      await clock.advance(24 * 60 * MINUTE);
      expect(peek(api, 'unused')).toBeDefined();
    });
  });

  it('goes when its node has written its Lease with the certificate', async () => {
    const api = new FakeApi();
    await api.create(LEASES, lease('2026-06-01T11:59:59.000000Z'));
    await api.create(SECRETS, withGrant(oneShot('grantd'), CLAIMANT, NOW));
    await api.create(SECRETS, withClaim(oneShot('claimd'), CLAIMANT, NOW));
    await cleaning(api, async ({ clock, lines }) => {
      await clock.advance(MINUTE);
      expect(peek(api, 'grantd')).toBeDefined();
      await api.update(LEASES, lease('2026-06-01T12:01:00.000000Z'));
      await clock.advance(10_000);
      expect(peek(api, 'grantd')).toBe(undefined);
      expect(peek(api, 'claimd')).toBeDefined();
      expect(lines).toMatchObject([{ message: 'deleted a token whose node has come' }]);
    });
  });

  it('is asked about once in ten seconds, and where that is not allowed goes in the end', async () => {
    const api = new FakeApi();
    await api.create(SECRETS, withGrant(oneShot('grantd'), CLAIMANT, NOW));
    api.before = ({ resource }) => {
      if (resource === 'leases') throw StatusError.of('Forbidden', 'no');
    };
    await cleaning(api, async ({ clock, lines }) => {
      await clock.advance(15 * MINUTE);
      expect(peek(api, 'grantd')).toBe(undefined);
      expect(lines).toMatchObject([{ message: 'deleted an expired token' }]);
      expect(api.count('get')).toBeLessThan(200);
    });
  });
});

it('leaves other Secrets alone', async () => {
  const api = new FakeApi();
  const opaque = tokenSecret('opaque', inMinutes(-1), { type: 'Opaque' });
  const elsewhere = tokenSecret('elsewh', inMinutes(-1), {
    metadata: { name: 'bootstrap-token-elsewh', namespace: 'default' },
  });
  for (const secret of [opaque, elsewhere]) await api.create(SECRETS, secret);
  await cleaning(api, async ({ clock }) => {
    await clock.advance(60 * MINUTE);
    expect(api.count('delete')).toBe(0);
  });
});

it('tries again where deleting fails, and gives up where the token is gone', async () => {
  const api = new FakeApi();
  await api.create(SECRETS, tokenSecret('abcdef', inMinutes(-1)));
  let refusals = 3;
  api.before = ({ verb }) => {
    if (verb === 'delete' && refusals-- > 0) throw StatusError.of('InternalError', 'etcd is away');
  };
  await cleaning(api, async ({ clock, lines }) => {
    await clock.advance(MINUTE);
    expect(peek(api, 'abcdef')).toBe(undefined);
    expect(lines.map(({ level }) => level)).toEqual(['error', 'error', 'error', 'info']);
  });
  api.before = ({ verb }) => {
    if (verb === 'delete') throw StatusError.of('Conflict', 'the UID does not match');
  };
  await api.create(SECRETS, tokenSecret('ghijkl', inMinutes(-1)));
  await cleaning(api, async ({ clock, lines }) => {
    await clock.advance(60 * MINUTE);
    expect(lines).toEqual([]);
  });
});
