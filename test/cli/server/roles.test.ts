/** Roles that gather their rules, on a server that runs with its controllers. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { serverConfig } from '../../../src/cli/server/config.ts';
import { startServer } from '../../../src/cli/server/start.ts';
import { CLUSTER_ROLES, type ClusterRole } from '../../../src/kubernetes/index.ts';
import { createAuthority } from '../../client/tls-server.ts';
import { freePort } from '../../free-port.ts';
import { temporaryDirectory } from '../../temporary.ts';

const LABEL = 'rbac.authorization.k8s.io/aggregate-to-view';
const CERTIFICATES = { verbs: ['get'], apiGroups: ['example.com'], resources: ['certificates'] };
const GADGETS = { verbs: ['list'], apiGroups: ['example.com'], resources: ['gadgets'] };

async function running() {
  const dataDir = temporaryDirectory();
  const authority = createAuthority('ca');
  const { certificate, key } = authority.issue('kube-apiserver');
  const file = (name: string, content: string): string => {
    writeFileSync(join(dataDir, name), content);
    return join(dataDir, name);
  };
  const config = serverConfig({
    dataDir,
    bindAddress: '127.0.0.1',
    securePort: await freePort(),
    tlsCertFile: file('tls.crt', certificate),
    tlsPrivateKeyFile: file('tls.key', key),
    clientCaFile: file('ca.crt', authority.ca),
    enableBootstrapTokenAuth: false,
    anonymousAuth: true,
    controllers: ['*'],
  });
  const server = await startServer(config, { log: () => {} });
  onTestFinished(() => server.close());
  return server.client;
}

it('are filled within a moment, those of everybody too', async () => {
  const client = await running();
  const rulesOf = async (name: string) =>
    (await client.get<ClusterRole>(CLUSTER_ROLES, { name })).rules ?? [];
  await client.create(CLUSTER_ROLES, {
    metadata: { name: 'certificates-viewer', labels: { [LABEL]: 'true' } },
    rules: [CERTIFICATES],
  });
  // What view has got, edit gathers, and admin from that.
  for (const name of ['view', 'edit', 'admin']) {
    await expect.poll(() => rulesOf(name), { timeout: 10_000 }).toContainEqual(CERTIFICATES);
  }
  await client.create(CLUSTER_ROLES, {
    metadata: { name: 'mine' },
    rules: [],
    aggregationRule: { clusterRoleSelectors: [{ matchLabels: { mine: 'true' } }] },
  });
  await client.create(CLUSTER_ROLES, {
    metadata: { name: 'gadgets', labels: { mine: 'true' } },
    rules: [GADGETS],
  });
  await expect.poll(() => rulesOf('mine'), { timeout: 10_000 }).toEqual([GADGETS]);
  await client.delete(CLUSTER_ROLES, { name: 'certificates-viewer' });
  for (const name of ['view', 'edit', 'admin']) {
    await expect.poll(() => rulesOf(name), { timeout: 10_000 }).not.toContainEqual(CERTIFICATES);
  }
});
