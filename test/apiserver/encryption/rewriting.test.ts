/** An update that changes nothing writes what is not encrypted as it would be now (apiserver, etcd3/store.go, GuaranteedUpdate). */
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  createMemoryStorage,
  createTransformer,
  EncryptedStorage,
  type EncryptionRules,
  type Provider,
} from '../../../src/storage/index.ts';
import { text } from '../../storage/helpers.ts';
import { fixture } from '../registry/fixture.ts';

const key = (name: string): Provider => ({
  type: 'aesgcm',
  keys: [{ name, secret: new Uint8Array(32).fill(name.length) }],
});

async function rules(...providers: readonly Provider[]): Promise<EncryptionRules> {
  const transformer = await createTransformer(providers);
  return () => transformer;
}

const SECRET = { metadata: { name: 'a' }, stringData: { password: 'x' } };

async function started() {
  const inner = createMemoryStorage({ now: () => new Date() });
  const storage = new EncryptedStorage(inner, await rules(key('one')), () => undefined);
  const api = await fixture(storage);
  onTestFinished(() => api.close());
  const writtenWith = async (): Promise<string | undefined> =>
    /^k8s:enc:aesgcm:v1:(.*?):/.exec(
      text((await inner.get('/registry/secrets/default/a'))?.value) ?? '',
    )?.[1];
  return { storage, api, writtenWith };
}

describe('an update that changes nothing', () => {
  it('writes nothing while the key is the same', async () => {
    const { api, writtenWith } = await started();
    const { revision, object } = await api.create('secrets', SECRET);
    expect((await api.update('secrets', 'a', { ...object })).revision).toBe(revision);
    expect(await writtenWith()).toBe('one');
  });

  it('writes once under a new key, and tells those who watch', async () => {
    const { storage, api, writtenWith } = await started();
    const { revision, object } = await api.create('secrets', SECRET);
    storage.setRules(await rules(key('second'), key('one')));
    const dry = await api.update('secrets', 'a', { ...object }, undefined, { dryRun: true });
    expect([dry.revision, await writtenWith()]).toEqual([revision, 'one']);

    const updated = await api.update('secrets', 'a', { ...object });
    expect(updated.revision).toBeGreaterThan(revision);
    expect(await writtenWith()).toBe('second');
    expect(updated.object).toEqual({
      ...object,
      metadata: { ...object.metadata, resourceVersion: String(updated.revision) },
    });
    const again = await api.update('secrets', 'a', { ...updated.object });
    expect(again.revision).toBe(updated.revision);
    const watch = api.registry.watch(
      api.definition('secrets'),
      { namespace: 'default', resourceVersion: String(revision) },
      AbortSignal.timeout(5_000),
    );
    const { value: events } = await watch[Symbol.asyncIterator]().next();
    expect(events?.map(({ type }: { type: string }) => type)).toEqual(['MODIFIED']);
  });

  it('writes by a patch, too', async () => {
    const { storage, api, writtenWith } = await started();
    const { revision } = await api.create('secrets', SECRET);
    storage.setRules(await rules(key('second'), key('one')));
    const patched = await api.patch('secrets', 'a', 'merge', {});
    expect(patched.revision).toBeGreaterThan(revision);
    expect(await writtenWith()).toBe('second');
  });

  it('knows of objects that others have read before it', async () => {
    const { storage, api } = await started();
    const role = { metadata: { name: 'r' }, rules: [] };
    const { revision, object } = await api.create('clusterroles', role);
    storage.setRules(await rules(key('second'), key('one')));
    await api.names('clusterroles');
    expect((await api.update('clusterroles', 'r', { ...object })).revision).toBeGreaterThan(
      revision,
    );
  });
});
