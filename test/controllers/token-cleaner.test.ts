/** Bootstrap tokens go when they expire. */
import { expect, it } from 'vitest';
import { cleanTokens } from '../../src/controllers/token-cleaner.ts';
import { SECRETS, type Secret, StatusError } from '../../src/kubernetes/index.ts';
import { BOOTSTRAP_SECRET_TYPE } from '../../src/tokens/index.ts';
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
  const work = cleanTokens(bench.context);
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
