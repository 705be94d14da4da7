/** `--encryption-provider-config` of `kubepki server`. */
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { serverConfig } from '../../../src/cli/server/config.ts';
import { startServer } from '../../../src/cli/server/start.ts';
import { SECRETS } from '../../../src/kubernetes/index.ts';
import { arrange } from './running.ts';

const configuration = (key: string): string => `apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets]
  providers:
  - aesgcm: { keys: [{ name: key1, secret: ${key} }] }
`;
const KEY = Buffer.alloc(32, 1).toString('base64');

async function arranged(content = configuration(KEY), reload = false) {
  const { path, flags } = await arrange();
  const file = path('encryption.yaml');
  writeFileSync(file, content, { mode: 0o600 });
  const config = serverConfig({
    ...flags,
    encryptionProviderConfig: file,
    encryptionProviderConfigAutomaticReload: reload,
  });
  const said: string[] = [];
  const start = () => startServer(config, { log: (line) => said.push(line) });
  return { file, path, config, said, start };
}

describe('kubepki server', () => {
  it('encrypts what it stores, and reads it after a restart', async () => {
    const { start, path, said } = await arranged();
    const first = await start();
    const object = {
      metadata: { name: 'a', namespace: 'default' },
      data: { text: 'cGxhaW4gdGV4dA==' },
    };
    await first.client.create(SECRETS, object);
    await first.close();
    const stored = readFileSync(path('state.db'));
    expect(stored.includes('k8s:enc:aesgcm:v1:key1:')).toBe(true);
    expect(stored.includes('cGxhaW4gdGV4dA==')).toBe(false);
    const second = await start();
    const read = await second.client.get(SECRETS, { name: 'a', namespace: 'default' });
    expect(read.data).toEqual(object.data);
    await second.close();
    expect(said).toEqual([]);
  });

  it('warns where others may read the keys', async () => {
    const { start, file, said } = await arranged();
    chmodSync(file, 0o640);
    await (await start()).close();
    expect(said).toEqual([
      `${file}: holds keys, and others than its owner may read or write it: its mode is 0640`,
    ]);
  });

  it.each([
    ['is wrong', configuration('AQID'), 'not an encryption configuration that can be used'],
    ['is empty', '', 'empty, where an encryption configuration is expected'],
    ['is endless', `#${'x'.repeat(300_000)}`, '300001 bytes, more than the limit of 262144'],
  ])('does not start with a file that %s', async (_, content, message) => {
    const { start, file } = await arranged(content);
    await expect(start()).rejects.toThrow(message);
    // And leaves the database to whoever comes next.
    writeFileSync(file, configuration(KEY));
    await (await start()).close();
  });

  it('does not start without the file', async () => {
    const { flags, path } = await arrange();
    const config = serverConfig({ ...flags, encryptionProviderConfig: path('none.yaml') });
    await expect(startServer(config, { log: () => undefined })).rejects.toThrow(
      `${path('none.yaml')}: no such file`,
    );
  });

  it('wants a file to read again', async () => {
    const { flags } = await arrange();
    expect(() => serverConfig({ ...flags, encryptionProviderConfigAutomaticReload: true })).toThrow(
      '--encryption-provider-config-automatic-reload must be set with --encryption-provider-config',
    );
    expect(() => serverConfig({ ...flags, encryptionProviderConfig: '' })).toThrow(
      '--encryption-provider-config is missing',
    );
  });
});
