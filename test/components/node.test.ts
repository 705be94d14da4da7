/**
 * `kubepki node` on a host of its own, against unmodified etcd, kube-apiserver and
 * kube-controller-manager: it joins with a bootstrap token as a kubelet would, and serves
 * kube-apiserver's calls. Fewer components than `cluster.ts` starts, for nothing else is needed.
 */

import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Host } from '../../src/cluster/index.ts';
import type { CertificateSigningRequest, Lease, Node } from '../../src/kubernetes/index.ts';
import { commonName, organizations } from '../../src/x509/index.ts';
import { type PeerName, peers } from '../peers/peers.ts';
import { KUBEPKI } from '../spawn.ts';
import { applyCluster } from '../system/kubepki.ts';
import { createNetwork } from '../system/network.ts';
import { type Program, waitFor } from '../system/program.ts';
import { certificateIn, sha256Of } from './certificates.ts';
import {
  type Bench,
  startApiserver,
  startComponent,
  startControllerManager,
} from './components.ts';
import { adminKubeconfig, hostFile, hostPair } from './credentials.ts';
import { kubectl } from './kubectl.ts';
import { KUBELET_PORT } from './kubelet.ts';
import { ask, get } from './probes/ask.ts';
import { ADMIN, addressOf, apiUrl, CP_1, clusterYaml, type Variant } from './topology.ts';

const VARIANT: Variant = { layout: 'kubeadm', keyAlgorithm: 'ECDSA-P256', endpoint: 'address' };
const PROGRAMS: readonly PeerName[] = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kubectl',
];
const JOINER: Host = { name: 'worker-9', addresses: ['172.16.10.29'], roles: ['worker'] };
const TOKEN = { id: 'abcdef', secret: '0123456789abcdef' };
const BOOTSTRAPPERS = 'system:bootstrappers:kubeadm:default-node-token';
const DEADLINE = 60_000;

let bench: Bench;
let apiserver: Program;
let manager: Program;
let node: Program;

/** As the administrator. */
async function admin(...args: readonly string[]): Promise<string> {
  const kubeconfig = adminKubeconfig(bench.files, 'super-admin');
  const { code, stdout, stderr } = await kubectl(
    bench.network,
    { host: ADMIN.name, kubeconfig },
    ...args,
  );
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr.trim()}`);
  return stdout;
}

const getJson = async <T>(...args: readonly string[]): Promise<T> =>
  JSON.parse(await admin('get', ...args, '-o=json')) as T;

const bind = async (name: string, role: string, subject: string): Promise<string> =>
  admin('create', 'clusterrolebinding', name, `--clusterrole=${role}`, subject);

const requestsOf = async (signer: string): Promise<CertificateSigningRequest[]> =>
  (await getJson<{ items: CertificateSigningRequest[] }>('csr')).items.filter(
    ({ spec }) => spec.signerName === `kubernetes.io/${signer}`,
  );

const folder = (): string => join(bench.data, JOINER.name);
const bootstrapKubeconfig = (): string => join(folder(), 'bootstrap-kubelet.conf');
const pki = (name: string): string => join(folder(), 'pki', name);
const clientCa = (): string => hostFile(bench.files, CP_1, 'ca', 'certificate');

async function startNode(): Promise<Program> {
  return bench.network.start(
    JOINER.name,
    KUBEPKI,
    [
      'node',
      `--bootstrap-kubeconfig=${bootstrapKubeconfig()}`,
      `--kubeconfig=${join(folder(), 'kubelet.conf')}`,
      `--cert-dir=${join(folder(), 'pki')}`,
      `--hostname-override=${JOINER.name.toUpperCase()}`,
      `--node-ip=${addressOf(JOINER)}`,
      `--client-ca-file=${clientCa()}`,
      '--node-labels=node.kubernetes.io/pool=blue',
    ],
    { name: 'node' },
  );
}

/** Waits for a line of the node's log from where `from` says on. */
const said = async (words: string, from = 0): Promise<string> =>
  waitFor(
    `the node says "${words}"`,
    async () => {
      const text = (await node.log()).slice(from);
      return text.includes(words) ? text : undefined;
    },
    { deadline: DEADLINE, programs: [node] },
  );

beforeAll(async () => {
  await peers(PROGRAMS);
  const data = await mkdtemp(join(tmpdir(), 'kubepki-node-'));
  const files = { layout: VARIANT.layout, pki: await applyCluster(data, clusterYaml(VARIANT)) };
  const network = await createNetwork({
    hosts: [CP_1, ADMIN, JOINER].map(({ name, addresses }) => ({ name, addresses })),
    logs: join(data, 'logs'),
  });
  bench = { network, files, data };
  await startEtcdAlone();
  const etcd = `https://${addressOf(CP_1)}:2379`;
  apiserver = await startApiserver(bench, { host: CP_1, flags: { 'etcd-servers': etcd } });
  await waitFor(
    'kube-apiserver becomes ready',
    async () => ((await admin('get', '--raw', '/readyz')) === 'ok' ? true : undefined),
    { deadline: 180_000, programs: [apiserver] },
  );
  manager = await startControllerManager(bench, { host: CP_1 });
  await letNodesIn();
});
afterAll(async () => {
  await bench?.network.stop();
  await rm(bench?.data ?? '', { recursive: true, force: true });
});

async function startEtcdAlone(): Promise<void> {
  const url = (port: number): string => `https://${addressOf(CP_1)}:${port}`;
  await startComponent(
    bench,
    'etcd',
    { host: CP_1 },
    {
      name: CP_1.name,
      'data-dir': join(bench.data, 'etcd'),
      'listen-client-urls': url(2379),
      'advertise-client-urls': url(2379),
      'listen-peer-urls': url(2380),
      'initial-advertise-peer-urls': url(2380),
      'initial-cluster': `${CP_1.name}=${url(2380)}`,
      'client-cert-auth': 'true',
      'peer-client-cert-auth': 'true',
      'unsafe-no-fsync': 'true',
    },
  );
}

/** All but the approval of what they ask for. */
async function letNodesIn(): Promise<void> {
  await bind('kubelet-bootstrap', 'system:node-bootstrapper', `--group=${BOOTSTRAPPERS}`);
  await bind('kubelet-api', 'system:kubelet-api-admin', '--user=kube-apiserver-kubelet-client');
  await admin(
    'create',
    'secret',
    'generic',
    `bootstrap-token-${TOKEN.id}`,
    '--namespace=kube-system',
    '--type=bootstrap.kubernetes.io/token',
    `--from-literal=token-id=${TOKEN.id}`,
    `--from-literal=token-secret=${TOKEN.secret}`,
    '--from-literal=usage-bootstrap-authentication=true',
    `--from-literal=auth-extra-groups=${BOOTSTRAPPERS}`,
  );
  const ca = readFileSync(clientCa()).toString('base64');
  await mkdir(folder(), { recursive: true });
  await writeFile(
    bootstrapKubeconfig(),
    `apiVersion: v1
kind: Config
clusters: [{ name: kubernetes, cluster: { server: "${apiUrl(CP_1)}", certificate-authority-data: ${ca} } }]
users: [{ name: tls-bootstrap-token-user, user: { token: ${TOKEN.id}.${TOKEN.secret} } }]
contexts: [{ name: bootstrap, context: { cluster: kubernetes, user: tls-bootstrap-token-user } }]
current-context: bootstrap
`,
    { mode: 0o600 },
  );
}

describe('kubepki node at a real kube-apiserver', () => {
  it('waits as long as nobody approves, and survives a kill -9 meanwhile', async () => {
    node = await startNode();
    await said('kubectl certificate approve csr-');
    expect(existsSync(bootstrapKubeconfig())).toBe(true);
    await node.kill('KILL');
    await node.exited;
    const [pending] = await requestsOf('kube-apiserver-client-kubelet');
    expect(pending).toMatchObject({
      spec: {
        username: `system:bootstrap:${TOKEN.id}`,
        usages: ['digital signature', 'client auth'],
      },
      status: {},
    });
  });

  it('has its client certificate approved and signed, and stores it', async () => {
    await bind(
      'approve-nodes',
      'system:certificates.k8s.io:certificatesigningrequests:nodeclient',
      `--group=${BOOTSTRAPPERS}`,
    );
    const from = (await node.log()).length;
    node = await startNode();
    await said('deleted ', from);
    const leaf = certificateIn(pki('kubelet-client-current.pem'));
    expect(commonName(leaf.subject)).toBe('system:node:worker-9');
    expect(organizations(leaf.subject)).toEqual(['system:nodes']);
    expect(readlinkSync(pki('kubelet-client-current.pem'))).toMatch(
      /\/pki\/kubelet-client-\d{4}(-\d\d){5}\.pem$/,
    );
  });

  it('has deleted its bootstrap kubeconfig, and works with the one it wrote', async () => {
    expect(existsSync(bootstrapKubeconfig())).toBe(false);
    const { stdout } = await kubectl(
      bench.network,
      { host: JOINER.name, kubeconfig: join(folder(), 'kubelet.conf') },
      'auth',
      'whoami',
      '-o=jsonpath={.status.userInfo.username}',
    );
    expect(stdout).toBe('system:node:worker-9');
  });

  it('is a Node with its taint, its labels, its address, not Ready, and with a Lease', async () => {
    const found = await getJson<Node>('node', 'worker-9');
    expect(found.spec?.taints).toContainEqual({
      key: 'kubepki.dev/no-kubelet',
      effect: 'NoSchedule',
    });
    expect(found.metadata.labels).toMatchObject({
      'kubernetes.io/hostname': 'worker-9',
      'kubernetes.io/os': 'linux',
      'node.kubernetes.io/pool': 'blue',
    });
    expect(found.status).toMatchObject({
      addresses: [
        { type: 'InternalIP', address: addressOf(JOINER) },
        { type: 'Hostname', address: 'worker-9' },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: KUBELET_PORT } },
      conditions: [{ type: 'Ready', status: 'False', reason: 'KubepkiNodeAgent' }],
    });
    const lease = async (): Promise<Lease> =>
      getJson<Lease>('lease', 'worker-9', '--namespace=kube-node-lease');
    const first = await lease();
    expect(first.metadata.ownerReferences?.[0]?.uid).toBe(found.metadata.uid);
    await waitFor(
      'the Lease is renewed',
      async () => ((await lease()).spec?.renewTime === first.spec?.renewTime ? undefined : true),
      { programs: [node, manager] },
    );
  });

  it('cannot be called before it has a serving certificate', async () => {
    const question = { url: `https://${addressOf(JOINER)}:${KUBELET_PORT}/healthz` };
    expect(await ask(bench.network, CP_1, question)).toHaveProperty('error');
    const [request] = await waitFor(
      'it asks for a serving certificate',
      async () => {
        const found = await requestsOf('kubelet-serving');
        return found.length > 0 ? found : undefined;
      },
      { programs: [node] },
    );
    expect(request).toMatchObject({
      spec: { username: 'system:node:worker-9', usages: ['digital signature', 'server auth'] },
      status: {},
    });
    await admin('certificate', 'approve', request?.metadata.name ?? '');
    await said('serving on 0.0.0.0 port 10250');
  });

  it('proves that to kube-apiserver, and answers it', async () => {
    const url = `https://${addressOf(JOINER)}:${KUBELET_PORT}`;
    const client = hostPair(bench.files, CP_1, 'apiserver-kubelet-client');
    const { server, status, body } = await get(bench.network, CP_1, {
      url: `${url}/healthz`,
      ca: clientCa(),
      client,
    });
    expect({ status, body }).toEqual({ status: 200, body: 'ok' });
    expect(server).toBe(sha256Of(pki('kubelet-server-current.pem')));
    const path = '/api/v1/nodes/worker-9/proxy/certificates';
    expect(JSON.parse(await admin('get', '--raw', path))).toMatchObject([
      { kind: 'client', subject: expect.stringContaining('system:node:worker-9') },
      { kind: 'serving' },
    ]);
  });

  it('answers nobody without a certificate, and nobody who is not allowed', async () => {
    const url = `https://${addressOf(JOINER)}:${KUBELET_PORT}/healthz`;
    const ca = clientCa();
    expect(await get(bench.network, CP_1, { url, ca })).toMatchObject({
      status: 401,
      body: 'Unauthorized',
    });
    const itself = pki('kubelet-client-current.pem');
    const client = { certificate: itself, key: itself };
    expect((await get(bench.network, CP_1, { url, ca, client })).status).toBe(403);
    // A certificate of another CA.
    const foreign = hostPair(bench.files, CP_1, 'front-proxy-client');
    expect((await get(bench.network, CP_1, { url, ca, client: foreign })).status).toBe(401);
  });

  it('goes on with what it has after a kill -9', async () => {
    const before = readdirSync(join(folder(), 'pki'));
    await node.kill('KILL');
    await node.exited;
    const from = (await node.log()).length;
    const requests = (await requestsOf('kubelet-serving')).length;
    node = await startNode();
    const text = await said('serving on 0.0.0.0 port 10250', from);
    expect(text).toContain('Node worker-9 was registered already');
    expect(text).not.toContain('asked for');
    expect(readdirSync(join(folder(), 'pki'))).toEqual(before);
    expect(await requestsOf('kubelet-serving')).toHaveLength(requests);
  });

  it('ends in order when it is told to', async () => {
    await node.kill('TERM');
    expect(await node.exited).toEqual({ code: 0, signal: null });
    expect(await node.log()).not.toContain('defect');
  });
});
