/**
 * Tokens for one node on a real kube-apiserver, which knows nothing of them: kubepki's controllers, with upstream's
 * switched off, give one certificate for each. And what `kubepki token setup` makes there, beside `kubeadm init`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Cluster, connect } from '../../src/cli/token/cluster.ts';
import { type CreateFlags, createToken } from '../../src/cli/token/create.ts';
import { setUp } from '../../src/cli/token/setup.ts';
import {
  connectTransport,
  createClient,
  type KubernetesClient,
  systemClock,
} from '../../src/client/index.ts';
import { runControllers } from '../../src/controllers/index.ts';
import {
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
  CLUSTER_ROLE_BINDINGS,
  CLUSTER_ROLES,
  conditionsOf,
  type KubernetesObject,
  LEASES,
  NODES,
  ROLE_BINDINGS,
  ROLES,
  SECRETS,
} from '../../src/kubernetes/index.ts';
import {
  createIssuer,
  createRequest,
  decodePrivateKey,
  encodePem,
  generatePrivateKey,
  makeName,
  readCertificates,
} from '../../src/x509/index.ts';
import {
  adminKubeconfig,
  type RealApiserver,
  startRealApiserver,
} from '../client/real-apiserver.ts';
import { peer } from '../peers/peers.ts';

const PATIENCE = { timeout: 60_000, interval: 50 };

let server: RealApiserver;
let directory: string;
let kubeconfig: string;
let cluster: Cluster;
let printed: string[] = [];
const stop = new AbortController();
let running: Promise<void>;

beforeAll(async () => {
  server = await startRealApiserver(async () => [
    '--enable-bootstrap-token-auth',
    '--authorization-mode=Node',
  ]);
  directory = await mkdtemp(join(tmpdir(), 'kubepki-token-nodes-'));
  kubeconfig = join(directory, 'admin.conf');
  await writeFile(kubeconfig, adminKubeconfig(server), { mode: 0o600 });
  cluster = { ...(await connect(kubeconfig, {}, false)), print: (text) => void printed.push(text) };
  const { authority } = server;
  const [certificate] = readCertificates(authority.ca);
  const issuer = createIssuer(certificate, decodePrivateKey(Buffer.from(authority.caKey)));
  running = runControllers({
    client: cluster.client,
    clock: systemClock,
    signal: stop.signal,
    signing: { authorities: async () => issuer },
    controllers: ['csrapproving', 'csrsigning', 'tokencleaner', 'bootstrapsigner'],
  });
});
afterAll(async () => {
  stop.abort(new Error('the tests are over'));
  await running;
  await cluster?.client.close();
  await server?.stop();
  if (directory !== undefined) await rm(directory, { recursive: true, force: true });
});

describe('token setup', () => {
  const setup = async (): Promise<readonly string[]> => {
    printed = [];
    await setUp(cluster, { kubeadmJoin: true });
    return printed;
  };
  const TYPES = [ROLES, ROLE_BINDINGS, CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS] as const;
  const objectsOf = async (type: (typeof TYPES)[number]): Promise<readonly KubernetesObject[]> => {
    const { items } = await cluster.client.list<KubernetesObject>(type);
    return items.filter(({ metadata }) => metadata.name?.startsWith('kubeadm:'));
  };
  const objects = async (): Promise<readonly KubernetesObject[]> =>
    (await Promise.all(TYPES.map(objectsOf))).flat();

  it('makes what the phases of kubeadm init make, and each finds nothing to change of the other', async () => {
    await kubeadmInit();
    // That is made by the phase `kubeconfig`.
    const byKubeadm = (await setup()).filter((line) => !line.endsWith(' unchanged'));
    expect(byKubeadm).toEqual([
      'clusterrolebinding.rbac.authorization.k8s.io/kubeadm:cluster-admins created',
    ]);
    for (const type of TYPES) {
      for (const { metadata } of await objectsOf(type)) {
        const { name = '', namespace } = metadata;
        const location = { name, ...(namespace === undefined ? {} : { namespace }) };
        await cluster.client.delete(type, location);
      }
    }
    expect((await setup()).filter((line) => line.endsWith(' created')).length).toBeGreaterThan(10);
    const ours = await objects();
    expect(ours.length).toBeGreaterThan(10);
    await kubeadmInit();
    expect(await objects()).toEqual(ours);
  });
});

async function kubeadmInit(): Promise<void> {
  const [, host = '', port = ''] = /^https:\/\/(.*):(\d+)$/.exec(server.url) ?? [];
  const file = join(directory, 'init.yaml');
  await writeFile(
    file,
    `apiVersion: kubeadm.k8s.io/v1beta4
kind: InitConfiguration
bootstrapTokens:
- { token: kkkkkk.0123456789abcdef, ttl: 1h0m0s }
localAPIEndpoint: { advertiseAddress: 192.0.2.1, bindPort: ${port} }
nodeRegistration: { name: cp-1, criSocket: unix:///run/no.sock }
---
apiVersion: kubeadm.k8s.io/v1beta4
kind: ClusterConfiguration
kubernetesVersion: v1.36.3
controlPlaneEndpoint: ${host}:${port}
`,
  );
  for (const phase of [['bootstrap-token'], ['upload-config', 'all']]) {
    const args = ['init', 'phase', ...phase, `--config=${file}`, `--kubeconfig=${kubeconfig}`];
    const child = spawn(await peer('kubeadm'), args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
    });
    const [code] = (await once(child, 'close')) as [unknown];
    if (code !== 0) throw new Error(`kubeadm ${args.join(' ')}: ${said}`);
  }
}

describe('a token for one node', () => {
  async function create(flags: Partial<CreateFlags>): Promise<string> {
    printed = [];
    await createToken(cluster, undefined, { ttl: '1h', ...flags });
    return printed.join('');
  }

  const bearer = (token: string): KubernetesClient =>
    createClient(
      connectTransport({
        server: server.url,
        ca: server.authority.ca,
        token,
        userAgent: 'kubepki-test',
      }),
    );

  /** Asks for the certificate of a node, with a key of its own. */
  async function ask(token: string, node: string): Promise<string> {
    const client = bearer(token);
    const subject = makeName({
      commonName: `system:node:${node}`,
      organizations: ['system:nodes'],
    });
    const der = createRequest({ subject }, generatePrivateKey('ECDSA-P256'));
    try {
      const { metadata } = await client.create(CERTIFICATE_SIGNING_REQUESTS, {
        apiVersion: 'certificates.k8s.io/v1',
        kind: 'CertificateSigningRequest',
        metadata: { generateName: 'csr-' },
        spec: {
          request: Buffer.from(encodePem('CERTIFICATE REQUEST', der)).toString('base64'),
          signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
          usages: ['digital signature', 'client auth'],
        },
      });
      return metadata.name ?? '';
    } finally {
      await client.close();
    }
  }

  const requestOf = async (name: string): Promise<CertificateSigningRequest> =>
    cluster.client.get(CERTIFICATE_SIGNING_REQUESTS, { name });
  const issued = async (names: readonly string[]): Promise<readonly string[]> => {
    const all = await Promise.all(names.map(requestOf));
    return all.flatMap(({ metadata, status }) =>
      status?.certificate === undefined ? [] : [metadata.name ?? ''],
    );
  };
  const secretOf = async (token: string): Promise<unknown> =>
    cluster.client
      .get(SECRETS, { namespace: 'kube-system', name: `bootstrap-token-${token.slice(0, 6)}` })
      .catch(() => 'gone');

  it('gives eight claimants one certificate', async () => {
    const token = await create({ oneShot: true });
    const nodes = ['a', 'b', 'c', 'd', 'a', 'b', 'c', 'd'];
    const names = await Promise.all(nodes.map(async (node) => ask(token, `claimant-${node}`)));
    await expect.poll(async () => (await issued(names)).length, PATIENCE).toBe(1);
    // What comes behind them is answered: so they have been looked at.
    const last = await ask(await create({ node: 'last' }), 'last');
    await expect.poll(async () => (await issued([last])).length, PATIENCE).toBe(1);
    expect(await issued(names)).toHaveLength(1);
    const decided = await Promise.all(names.map(requestOf));
    expect(decided.filter((csr) => conditionsOf(csr).length > 0)).toHaveLength(1);
  });

  it('made for a node gives no other one a certificate, and this one though the Node is there', async () => {
    await cluster.client.create(NODES, { metadata: { name: 'worker-1' } });
    const token = await create({ node: 'worker-1' });
    const other = await ask(token, 'worker-2');
    const anybody = await ask(await create({}), 'worker-1');
    const own = await ask(token, 'worker-1');
    await expect.poll(async () => (await issued([own])).length, PATIENCE).toBe(1);
    expect(await issued([other, anybody])).toEqual([]);
  });

  it('is deleted when its node has written its Lease', async () => {
    const token = await create({ node: 'worker-3' });
    const name = await ask(token, 'worker-3');
    await expect.poll(async () => (await issued([name])).length, PATIENCE).toBe(1);
    expect(await secretOf(token)).not.toBe('gone');
    await cluster.client.create(LEASES, {
      metadata: { name: 'worker-3', namespace: 'kube-node-lease' },
      spec: { renewTime: new Date().toISOString().replace('Z', '000Z') },
    });
    await expect.poll(async () => secretOf(token), PATIENCE).toBe('gone');
    const late = bearer(token);
    await expect
      .poll(
        async () =>
          late.list(NODES).then(
            () => 'good',
            (error: unknown) => (error instanceof Error ? error.message : ''),
          ),
        PATIENCE,
      )
      .toContain('Unauthorized');
    await late.close();
  });
});
