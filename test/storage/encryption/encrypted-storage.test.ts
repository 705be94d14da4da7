import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { StatusError } from '../../../src/kubernetes/index.ts';
import {
  createMemoryStorage,
  createTransformer,
  EncryptedStorage,
  type EncryptionRules,
  openSqliteStorage,
  type Provider,
  type Storage,
} from '../../../src/storage/index.ts';
import { temporaryDirectory } from '../../temporary.ts';
import { bytes, collect, done, shown, take, text, told } from '../helpers.ts';

const NOW = { now: () => new Date() };
const IDENTITY: Provider = { type: 'identity' };
const gcm = (name: string): Provider => ({
  type: 'aesgcm',
  keys: [{ name, secret: new Uint8Array(32).fill(name.length) }],
});

/** Of secrets; all else is left as it is. */
async function rules(...providers: readonly Provider[]): Promise<EncryptionRules> {
  const [secrets, others] = [
    await createTransformer(providers),
    await createTransformer([IDENTITY]),
  ];
  return (key) => (key.startsWith('/registry/secrets/') ? secrets : others);
}

async function opened(...providers: readonly Provider[]) {
  const inner = createMemoryStorage(NOW);
  const unread: string[] = [];
  const storage = new EncryptedStorage(inner, await rules(...providers), (key, reason) =>
    unread.push(`${key}: ${reason}`),
  );
  onTestFinished(() => storage.close());
  return { inner, storage, unread };
}

const A = '/registry/secrets/default/a';
const B = '/registry/secrets/default/b';

describe('an encrypted storage', () => {
  it('shows what its storage holds encrypted', async () => {
    const { inner, storage } = await opened(gcm('key1'));
    const first = await done(storage.create(A, bytes('1')));
    await done(storage.create('/registry/pods/default/a', bytes('2')));
    expect(shown(await storage.get(A))).toBe(`${A}=1`);
    expect(text((await inner.get(A))?.value)).toMatch(/^k8s:enc:aesgcm:v1:key1:/);
    expect(text((await inner.get('/registry/pods/default/a'))?.value)).toBe('2');
    const second = await done(storage.update(A, bytes('3'), first));
    expect((await storage.list('/registry/', { revision: first })).items.map(shown)).toEqual([
      `${A}=1`,
    ]);
    expect((await storage.list('/registry/')).items.map(shown)).toEqual([
      '/registry/pods/default/a=2',
      `${A}=3`,
    ]);
    const refused = await storage.update(A, bytes('4'), first);
    expect(!refused.done && shown(refused.current)).toBe(`${A}=3`);
    await done(storage.delete(A, second));
    const changes = await take(storage, 4, { prefix: '/registry/', after: first - 1 });
    expect(changes.map(told)).toEqual([
      `${A}: - -> 1`,
      '/registry/pods/default/a: - -> 2',
      `${A}: 1 -> 3`,
      `${A}: 3 -> -`,
    ]);
  });

  it('hands out the bytes that were written, and the same ones again', async () => {
    const { inner, storage } = await opened(gcm('key1'));
    const value = bytes('value');
    await done(storage.create(A, value));
    expect((await storage.get(A))?.value).toBe(value);
    expect((await storage.list('/registry/')).items[0]?.value).toBe(value);
    const [change] = await take(storage, 1, { prefix: A, after: 1 });
    expect(change?.value).toBe(value);
    // A storage that reads them from elsewhere has other bytes.
    const other = new EncryptedStorage(inner, await rules(gcm('key1')), () => undefined);
    const read = (await other.get(A))?.value;
    expect(text(read)).toBe('value');
    expect((await other.get(A))?.value).toBe(read);
    // What somebody may still change, or holds a part of, is read anew.
    const whole = bytes('12345678');
    await done(storage.create(B, whole.subarray(0, 4)));
    whole.fill(0);
    expect(shown(await storage.get(B))).toBe(`${B}=1234`);
  });

  it('tells all who watch of the same change', async () => {
    const { storage } = await opened(gcm('key1'));
    const options = { prefix: '/registry/secrets/', after: 1 };
    const [one, other] = [take(storage, 2, options), take(storage, 2, options)];
    const first = await done(storage.create(A, bytes('1')));
    await done(storage.delete(A, first));
    const [ones, others] = [await one, await other];
    expect(ones.map(told)).toEqual([`${A}: - -> 1`, `${A}: 1 -> -`]);
    expect(ones.every((change, at) => change === others[at])).toBe(true);
  });

  it('says of what is not stored as it would be now that it is stale', async () => {
    const { inner, storage } = await opened(gcm('key1'), gcm('second'), IDENTITY);
    const stale = async (key: string): Promise<unknown> => (await storage.get(key))?.stale;
    const plain = await done(inner.create(A, bytes('plain')));
    const second = (await rules(gcm('second')))(B).toStorage(bytes('second'), B);
    await done(inner.create(B, second));
    expect([await stale(A), await stale(B)]).toEqual([true, true]);
    await done(storage.update(A, bytes('plain'), plain));
    expect([await stale(A), await stale(B)]).toEqual([undefined, true]);
    expect((await storage.list('/registry/')).items.map((one) => one.stale)).toEqual([
      undefined,
      true,
    ]);
    storage.setRules(await rules(gcm('second'), gcm('key1')));
    expect([await stale(A), await stale(B)]).toEqual([true, undefined]);
  });

  it('answers for what it cannot read, and says so once', async () => {
    const { inner, storage, unread } = await opened(gcm('key1'));
    await done(storage.create('/registry/secrets/default/0', bytes('0')));
    await done(inner.create(A, bytes('k8s:enc:aesgcm:v1:other:value')));
    const why = 'no matching key was found for the provided AES transformer';
    for (const _ of [1, 2]) {
      expect(await refusal(storage.get(A))).toEqual([500, `Internal error occurred: ${why}`]);
      expect(await refusal(storage.list('/registry/'))).toEqual([
        500,
        `Internal error occurred: unable to transform key "${A}": ${why}`,
      ]);
    }
    expect(unread).toEqual([`${A}: ${why}`]);
    // It is there, and can be deleted by whoever knows its revision.
    const again = await storage.create(A, bytes('1'));
    expect(again.done).toBe(false);
    const { revision = 0 } = (await inner.get(A)) ?? {};
    await done(storage.delete(A, revision));
    expect(await storage.get(A)).toBeUndefined();
  });

  it('tells a watch of what it cannot read only where somebody looks at it', async () => {
    const { inner, storage } = await opened(gcm('key1'));
    const first = await done(inner.create(A, bytes('k8s:enc:aesgcm:v1:other:value')));
    await done(storage.update(A, bytes('good'), first));
    const [change] = await take(storage, 1, { prefix: A, after: first });
    expect(text(change?.value)).toBe('good');
    expect(() => change?.previous?.value).toThrow('no matching key was found');
    expect(await refusal(collect(storage.watch({ prefix: A, after: 1 })))).toEqual([
      500,
      'Internal error occurred: no matching key was found for the provided AES transformer',
    ]);
  });

  it('finds what would be lost by other rules', async () => {
    const { inner, storage } = await opened(gcm('key1'), IDENTITY);
    await done(storage.create(A, bytes('1')));
    await done(inner.create(B, bytes('plain')));
    await done(inner.create('/registry/secrets/default/c', bytes('k8s:enc:kms:v1:lost:x')));
    const lost = async (...providers: Provider[]): Promise<string[]> =>
      storage.lostBy(await rules(...providers), ['/registry/pods/', '/registry/secrets/']);
    expect(await lost(gcm('second'), gcm('key1'), IDENTITY)).toEqual([]);
    expect(await lost(gcm('second'), gcm('key1'))).toEqual([B]);
    expect(await lost(gcm('second'))).toEqual([A, B]);
    expect(await lost(IDENTITY)).toEqual([A]);
  });

  it('finds it among thousands, and reads them all', async () => {
    const { inner, storage, unread } = await opened(gcm('key1'));
    const keys = Array.from({ length: 1_203 }, (_, at) => `/registry/secrets/a/${1_000 + at}`);
    await Promise.all(keys.map((key) => storage.create(key, bytes(key))));
    await Promise.all([0, 499, 500, 999, 1_202].map((at) => damage(inner, keys[at] ?? '')));
    await storage.readAll(['/registry/secrets/', '/registry/pods/']);
    expect(unread.length).toBe(5);
    const lost = await storage.lostBy(await rules(IDENTITY), ['/registry/secrets/']);
    expect(lost.length).toBe(1_203 - 5);
  });
});

async function damage(storage: Storage, key: string): Promise<void> {
  const { value = new Uint8Array(0), revision = 0 } = (await storage.get(key)) ?? {};
  await done(storage.update(key, value.subarray(0, value.length - 1), revision));
}

async function refusal(call: Promise<unknown>): Promise<[number, string]> {
  const error: unknown = await call.then(() => undefined).catch((reason: unknown) => reason);
  if (!(error instanceof StatusError)) throw new Error(`no StatusError: ${String(error)}`);
  expect(error.status.reason).toBe('InternalError');
  const message = error.message.replace('Internal error occurred: ', '');
  expect(error.status.details).toEqual({ causes: [{ message }] });
  return [error.httpStatus, error.message];
}

describe('in an SQLite file', () => {
  const PLAIN = 'plain text of a secret';
  /** Where the text stands in the clear. */
  const found = (directory: string): string[] =>
    readdirSync(directory).filter((name) => readFileSync(join(directory, name)).includes(PLAIN));

  it('no plain text is, nor in the log beside it, nor in its history', async () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'state.db');
    const open = async (): Promise<Storage> =>
      new EncryptedStorage(
        await openSqliteStorage(file, { ...NOW, overwriteForgotten: true }),
        await rules(gcm('key1')),
        () => undefined,
      );
    const storage = await open();
    let revision = await done(storage.create(A, bytes(PLAIN)));
    for (let at = 0; at < 20; at += 1) {
      revision = await done(storage.update(A, bytes(PLAIN.repeat(at * 50)), revision));
    }
    expect(readdirSync(directory)).toContain('state.db-wal');
    expect(found(directory)).toEqual([]);
    await storage.compact(revision);
    await storage.close();
    expect(found(directory)).toEqual([]);
    const again = await open();
    expect(text((await again.get(A))?.value)).toBe(PLAIN.repeat(19 * 50));
    await again.close();
  });

  it('what was there in the clear is overwritten once it is forgotten', async () => {
    const directory = temporaryDirectory();
    const file = join(directory, 'state.db');
    const plain = await openSqliteStorage(file, NOW);
    // One that fits into a page beside others, and one that takes many pages.
    await done(plain.create(A, bytes(PLAIN)));
    await done(plain.create(B, bytes(PLAIN.repeat(1_000))));
    await plain.close();
    expect(found(directory)).toEqual(['state.db']);

    const storage = new EncryptedStorage(
      await openSqliteStorage(file, { ...NOW, overwriteForgotten: true }),
      await rules(gcm('key1'), IDENTITY),
      () => undefined,
    );
    for (const { key, value, revision } of (await storage.list('/registry/')).items) {
      await done(storage.update(key, value, revision));
    }
    await storage.compact(storage.revision);
    await storage.close();
    expect(found(directory)).toEqual([]);
  });
});
