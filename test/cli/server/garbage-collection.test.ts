/** What `kubepki server` does with dependents and namespaces, all in its own process. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { serverConfig } from '../../../src/cli/server/config.ts';
import { type RunningServer, startServer } from '../../../src/cli/server/start.ts';
import { CONFIG_MAPS, NAMESPACES } from '../../../src/kubernetes/index.ts';
import { createAuthority } from '../../client/tls-server.ts';
import { eventually, nameOf, refTo } from '../../controllers/own-api.ts';
import { freePort } from '../../free-port.ts';
import { temporaryDirectory } from '../../temporary.ts';

interface Started extends RunningServer {
  readonly lines: readonly string[];
}

async function start(more: {
  readonly enableGarbageCollector?: boolean;
  readonly controllers?: readonly string[];
}): Promise<Started> {
  const dataDir = temporaryDirectory();
  const authority = createAuthority('ca');
  const { certificate, key } = authority.issue('kube-apiserver');
  const write = (name: string, text: string): string => {
    writeFileSync(join(dataDir, name), text);
    return join(dataDir, name);
  };
  const lines: string[] = [];
  const server = await startServer(
    serverConfig({
      dataDir,
      bindAddress: '127.0.0.1',
      securePort: await freePort(),
      enableBootstrapTokenAuth: false,
      anonymousAuth: true,
      tlsCertFile: write('tls.crt', certificate),
      tlsPrivateKeyFile: write('tls.key', key),
      clientCaFile: write('ca.crt', authority.ca),
      ...more,
    }),
    { log: (line) => lines.push(line) },
  );
  onTestFinished(() => server.close());
  return { ...server, lines };
}

const map = (name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'n', ...more },
});

async function withDependent({ client }: RunningServer): Promise<void> {
  await client.create(NAMESPACES, { metadata: { name: 'n' } });
  const owner = await client.create(CONFIG_MAPS, map('owner'));
  await client.create(CONFIG_MAPS, map('dependent', { ownerReferences: [refTo(owner)] }));
}

const names = async ({ client }: RunningServer): Promise<string> =>
  (await client.list(CONFIG_MAPS, { namespace: 'n' })).items.map(nameOf).join();

it('dependents go with their owners, and what is in a namespace with that', async () => {
  const server = await start({});
  await withDependent(server);
  const { client, lines } = server;
  await client.delete(CONFIG_MAPS, { namespace: 'n', name: 'owner' });
  await eventually(
    () => names(server),
    (found) => found === '',
  );
  await client.create(CONFIG_MAPS, map('other'));
  await client.delete(NAMESPACES, { name: 'n' });
  await eventually(
    async () => (await client.list(NAMESPACES)).items.map(nameOf),
    (found) => !found.includes('n'),
  );
  expect(await names(server)).toBe('');
  expect(lines).toEqual([]);
});

it('without garbage collection nothing waits for it', async () => {
  const server = await start({ enableGarbageCollector: false });
  await withDependent(server);
  const { client } = server;
  const owner = { namespace: 'n', name: 'owner' };
  await client.delete(CONFIG_MAPS, owner, { propagationPolicy: 'Foreground' });
  expect(await names(server)).toBe('dependent');
  // Namespaces are emptied all the same.
  await client.delete(NAMESPACES, { name: 'n' });
  await eventually(
    () => names(server),
    (found) => found === '',
  );
});

it('where somebody else collects, it leaves word for them', async () => {
  const server = await start({ controllers: ['*', '-garbage-collector-controller'] });
  await withDependent(server);
  const { client } = server;
  const owner = { namespace: 'n', name: 'owner' };
  await client.delete(CONFIG_MAPS, owner, { propagationPolicy: 'Foreground' });
  const { metadata } = await client.get(CONFIG_MAPS, owner);
  expect(metadata.finalizers).toEqual(['foregroundDeletion']);
});
