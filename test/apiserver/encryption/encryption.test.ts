import { describe, expect, it } from 'vitest';
import { Encryption } from '../../../src/apiserver/encryption/index.ts';
import { createMemoryStorage, type Storage } from '../../../src/storage/index.ts';
import { ManualClock } from '../../manual-clock.ts';
import { bytes, text } from '../../storage/helpers.ts';

const S = (value: number): string => Buffer.alloc(32, value).toString('base64');
const gcm = (name: string, value: number): string =>
  `{aesgcm: {keys: [{name: ${name}, secret: ${S(value)}}]}}`;
const IDENTITY = '{identity: {}}';
const rule = (resources: string, ...providers: readonly string[]): string =>
  `- resources: [${resources}]\n  providers: [${providers.join(', ')}]\n`;
const configuration = (...rules: readonly string[]): string =>
  `apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n${rules.join('')}`;

async function opened(
  content: string,
  fill: (inner: Storage) => Promise<unknown> = async () => undefined,
) {
  const clock = new ManualClock('2030-01-01T00:00:00Z');
  const inner = createMemoryStorage({ now: () => clock.now() });
  await fill(inner);
  const said: string[] = [];
  const encryption = await Encryption.open(content, {
    storage: inner,
    file: 'enc.yaml',
    now: () => clock.now(),
    log: (line) => said.push(line),
  });
  return { clock, inner, encryption, said };
}

/** What stands below a key: which key it was encrypted with, or the plain text. */
async function writtenAs(content: string, key: string): Promise<string | undefined> {
  const { inner, encryption } = await opened(content);
  await encryption.storage.create(key, bytes('{}'));
  return /^k8s:enc:aesgcm:v1:(.*?):|^(.*)$/.exec(text((await inner.get(key))?.value) ?? '')?.[1];
}

describe('encryption at rest', () => {
  it.each<[string, string | undefined]>([
    ['/registry/secrets/default/a', 'secrets'],
    ['/registry/secrets/kube-system/a/b', 'secrets'],
    ['/registry/configmaps/default/a', 'core'],
    // Resources whose keys are called otherwise.
    ['/registry/minions/a', 'nodes'],
    ['/registry/services/specs/default/a', 'services'],
    ['/registry/services/endpoints/default/a', 'core'],
    ['/registry/roles/default/a', 'rbac'],
    ['/registry/leases/kube-node-lease/a', 'leases'],
    ['/registry/certificatesigningrequests/a', 'all'],
    ['/registry/apiregistration.k8s.io/apiservices/a', 'all'],
    // Whichever group they are asked for by.
    ['/registry/events/default/a', undefined],
    // What others have below the same root, and what is nobody's.
    ['/registry/widgets/default/a', 'all'],
    ['/other/secrets/default/a', undefined],
  ])('of %s goes by the rule of its resource, its group, or all', async (key, name) => {
    const content = configuration(
      rule('secrets', gcm('secrets', 1)),
      rule('nodes', gcm('nodes', 2)),
      rule('services', gcm('services', 2)),
      rule('events', IDENTITY),
      rule('leases.coordination.k8s.io', gcm('leases', 3)),
      rule("'*.'", gcm('core', 4)),
      rule("'*.rbac.authorization.k8s.io'", gcm('rbac', 5)),
      rule("'*.*'", gcm('all', 6)),
    );
    expect(await writtenAs(content, key)).toBe(name);
  });

  it('leaves what no rule is for', async () => {
    const content = configuration(rule('secrets', gcm('secrets', 1)));
    expect(await writtenAs(content, '/registry/configmaps/default/a')).toBeUndefined();
    expect(await writtenAs(content, '/registry/widgets/default/a')).toBeUndefined();
  });

  it('takes the providers of all rules for a resource', async () => {
    const one = await opened(configuration(rule('secrets', gcm('one', 1))));
    await one.encryption.storage.create('/registry/secrets/a/a', bytes('value'));
    const { value = new Uint8Array(0) } = (await one.inner.get('/registry/secrets/a/a')) ?? {};
    const both = await opened(
      configuration(rule('secrets', gcm('two', 2)), rule('secrets', gcm('one', 1))),
      (inner) => inner.create('/registry/secrets/a/a', value),
    );
    expect(both.said).toEqual([]);
    const stored = await both.encryption.storage.get('/registry/secrets/a/a');
    expect([text(stored?.value), stored?.stale]).toEqual(['value', true]);
  });

  it('says at the start what cannot be read, by name as far as these are few', async () => {
    const { said } = await opened(configuration(rule('secrets', gcm('key1', 1))), (inner) =>
      Promise.all(
        Array.from({ length: 30 }, (_, at) =>
          inner.create(`/registry/secrets/default/${at + 10}`, bytes('k8s:enc:aesgcm:v1:old:x')),
        ),
      ),
    );
    expect(said.length).toBe(11);
    expect(said[0]).toBe(
      '/registry/secrets/default/10: cannot be decrypted: no matching key was found for the provided AES transformer',
    );
    expect(said[10]).toBe(
      'enc.yaml: 30 stored values cannot be decrypted with these providers and keys',
    );
  });

  it('takes up another configuration, and counts', async () => {
    const first = configuration(rule('secrets', gcm('key1', 1)));
    const { encryption, inner, clock } = await opened(first);
    const key = '/registry/secrets/default/a';
    await encryption.storage.create(key, bytes('value'));
    expect(await encryption.prepare(first)).toBeUndefined();
    encryption.use(undefined);
    expect(metrics(encryption)).toEqual([
      expect.stringMatching(/^last_config_info apiserver_id_hash=,hash=sha256:[0-9a-f]{64} 1$/),
    ]);

    const both = configuration(rule('secrets', gcm('key2', 2), gcm('key1', 1)));
    const prepared = await encryption.prepare(both);
    // Prepared is not in use.
    expect((await encryption.storage.get(key))?.stale).toBeUndefined();
    await clock.advance(1_000);
    encryption.use(prepared);
    const stored = await encryption.storage.get(key);
    expect(stored?.stale).toBe(true);
    await encryption.storage.update(key, bytes('value'), stored?.revision ?? 0);
    expect(text((await inner.get(key))?.value)).toMatch(/^k8s:enc:aesgcm:v1:key2:/);
    expect(metrics(encryption)).toEqual([
      'automatic_reloads_total apiserver_id_hash=,status=success 1',
      'automatic_reload_last_timestamp_seconds apiserver_id_hash=,status=success 1893456001',
      expect.stringContaining('last_config_info'),
    ]);
    expect(await encryption.prepare(both)).toBeUndefined();
  });

  it.each<[string, string, string]>([
    [
      'is wrong',
      configuration(rule('secrets', gcm('', 1))),
      'enc.yaml: not an encryption configuration that can be used; resources[0].providers[0].aesgcm.keys[0].name: name is a mandatory field for a key',
    ],
    [
      'lacks a key that is needed',
      configuration(rule('secrets', gcm('key2', 2))),
      'enc.yaml: what is stored needs a key that the changed configuration lacks: /registry/secrets/default/a and 1 more; write these objects anew with both keys in the file, and then take the old key out',
    ],
    [
      'has another key of the same name',
      configuration(rule('secrets', gcm('key1', 2))),
      'what is stored needs a key',
    ],
    ['is no configuration', 'a: [', 'enc.yaml: line 1: '],
  ])('keeps the configuration before one that %s', async (_, next, message) => {
    const { encryption } = await opened(configuration(rule('secrets', gcm('key1', 1))));
    for (const name of ['a', 'b']) {
      await encryption.storage.create(`/registry/secrets/default/${name}`, bytes('value'));
    }
    await expect(encryption.prepare(next)).rejects.toThrow(message);
    expect(text((await encryption.storage.get('/registry/secrets/default/a'))?.value)).toBe(
      'value',
    );
    expect(metrics(encryption)[0]).toBe(
      'automatic_reloads_total apiserver_id_hash=,status=failure 1',
    );
  });
});

/** `name label=value value` */
const metrics = (encryption: Encryption): string[] =>
  encryption.readings().flatMap(({ name, values }) =>
    values.map(([labels, value]) => {
      const all = Object.entries(labels).map(([label, of]) => `${label}=${of}`);
      return `${name.replace('apiserver_encryption_config_controller_', '')} ${all.join(',')} ${value}`;
    }),
  );
