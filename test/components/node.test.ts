/**
 * `kubepki node` on a host of its own, against unmodified etcd, kube-apiserver and
 * kube-controller-manager: it joins with a bootstrap token as a kubelet would, and serves
 * kube-apiserver's calls. Fewer components than `cluster.ts` starts, for nothing else is needed.
 */

import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Host } from '../../src/cluster/index.ts';
import type { CertificateSigningRequest, Lease, Node } from '../../src/kubernetes/index.ts';
import { commonName, organizations } from '../../src/x509/index.ts';
import { type Program, waitFor } from '../system/program.ts';
import { certificateIn, sha256Of } from './certificates.ts';
import { startControllerManager } from './components.ts';
import { hostFile, hostPair } from './credentials.ts';
import { kubectl } from './kubectl.ts';
import { KUBELET_PORT } from './kubelet.ts';
import { startNode } from './node.ts';
import { type OwnServer, startOwnServer } from './own-server/bench.ts';
import { bootstrapKubeconfig } from './own-server/nodes.ts';
import { ask, get } from './probes/ask.ts';
import { addressOf, CP_1 } from './topology.ts';

const JOINER: Host = { name: 'worker-9', addresses: ['172.16.10.29'], roles: ['worker'] };
const DEADLINE = 60_000;
const TOKEN = { id: 'abcdef', secret: '0123456789abcdef' };

let cluster: OwnServer;
let manager: Program;
let node: Program;
/** The bootstrap kubeconfig. */
let bootstrap: string;

const requestsOf = async (signer: string): Promise<CertificateSigningRequest[]> =>
  (await cluster.get<{ items: CertificateSigningRequest[] }>('csr')).items.filter(
    ({ spec }) => spec.signerName === `kubernetes.io/${signer}`,
  );

const folder = (): string => join(cluster.data, JOINER.name);
const pki = (name: string): string => join(folder(), 'pki', name);
const clientCa = (): string => hostFile(cluster.files, CP_1, 'ca', 'certificate');

const start = async (): Promise<Program> =>
  startNode(
    cluster,
    JOINER,
    bootstrap,
    `--hostname-override=${JOINER.name.toUpperCase()}`,
    '--node-labels=node.kubernetes.io/pool=blue',
  );

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
  cluster = await startOwnServer({
    against: 'kube-apiserver',
    hosts: [JOINER],
    programs: ['kube-controller-manager'],
  });
  manager = await startControllerManager(cluster, { host: CP_1 });
  bootstrap = await bootstrapKubeconfig(cluster, JOINER, `${TOKEN.id}.${TOKEN.secret}`);
  await cluster.admin('delete', 'clusterrolebinding', 'kubeadm:node-autoapprove-bootstrap');
});
afterAll(async () => cluster?.stop());

describe('kubepki node at a real kube-apiserver', () => {
  it('waits as long as nobody approves, and survives a kill -9 meanwhile', async () => {
    node = await start();
    await said('kubectl certificate approve csr-');
    expect(existsSync(bootstrap)).toBe(true);
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
    await cluster.kubepki('token', 'setup');
    const from = (await node.log()).length;
    node = await start();
    await said('deleted ', from);
    const leaf = certificateIn(pki('kubelet-client-current.pem'));
    expect(commonName(leaf.subject)).toBe('system:node:worker-9');
    expect(organizations(leaf.subject)).toEqual(['system:nodes']);
    expect(readlinkSync(pki('kubelet-client-current.pem'))).toMatch(
      /\/pki\/kubelet-client-\d{4}(-\d\d){5}\.pem$/,
    );
  });

  it('has deleted its bootstrap kubeconfig, and works with the one it wrote', async () => {
    expect(existsSync(bootstrap)).toBe(false);
    const { stdout } = await kubectl(
      cluster.network,
      { host: JOINER.name, kubeconfig: join(folder(), 'kubelet.conf') },
      'auth',
      'whoami',
      '-o=jsonpath={.status.userInfo.username}',
    );
    expect(stdout).toBe('system:node:worker-9');
  });

  it('is a Node with its taint, its labels, its address, not Ready, and with a Lease', async () => {
    const found = await cluster.get<Node>('node', 'worker-9');
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
      cluster.get<Lease>('lease', 'worker-9', '--namespace=kube-node-lease');
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
    expect(await ask(cluster.network, CP_1, question)).toHaveProperty('error');
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
    await cluster.admin('certificate', 'approve', request?.metadata.name ?? '');
    await said('serving on 0.0.0.0 port 10250');
  });

  it('proves that to kube-apiserver, and answers it', async () => {
    const url = `https://${addressOf(JOINER)}:${KUBELET_PORT}`;
    const client = hostPair(cluster.files, CP_1, 'apiserver-kubelet-client');
    const { server, status, body } = await get(cluster.network, CP_1, {
      url: `${url}/healthz`,
      ca: clientCa(),
      client,
    });
    expect({ status, body }).toEqual({ status: 200, body: 'ok' });
    expect(server).toBe(sha256Of(pki('kubelet-server-current.pem')));
    const path = '/api/v1/nodes/worker-9/proxy/certificates';
    expect(JSON.parse(await cluster.admin('get', '--raw', path))).toMatchObject([
      { kind: 'client', subject: expect.stringContaining('system:node:worker-9') },
      { kind: 'serving' },
    ]);
  });

  it('answers nobody without a certificate, and nobody who is not allowed', async () => {
    const url = `https://${addressOf(JOINER)}:${KUBELET_PORT}/healthz`;
    const ca = clientCa();
    expect(await get(cluster.network, CP_1, { url, ca })).toMatchObject({
      status: 401,
      body: 'Unauthorized',
    });
    const itself = pki('kubelet-client-current.pem');
    const client = { certificate: itself, key: itself };
    expect((await get(cluster.network, CP_1, { url, ca, client })).status).toBe(403);
    // A certificate of another CA.
    const foreign = hostPair(cluster.files, CP_1, 'front-proxy-client');
    expect((await get(cluster.network, CP_1, { url, ca, client: foreign })).status).toBe(401);
  });

  it('goes on with what it has after a kill -9', async () => {
    const before = readdirSync(join(folder(), 'pki'));
    await node.kill('KILL');
    await node.exited;
    const from = (await node.log()).length;
    const requests = (await requestsOf('kubelet-serving')).length;
    node = await start();
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
