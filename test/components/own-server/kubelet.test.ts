/**
 * A kubelet as it is, in its default content type, lives on `kubepki server`: bootstraps with a token, has
 * both certificates and rotates them, keeps its Node, its Lease and the status of its pods. It complains of
 * nothing there that it does not complain of at kube-apiserver: run with `KUBEPKI_AGAINST=kube-apiserver`, all
 * of this holds there as well, but that a copy of its certificate is of no use elsewhere.
 */

import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Host } from '../../../src/cluster/index.ts';
import type {
  CertificateSigningRequest,
  KubernetesObject,
  Lease,
  Node,
  Pod,
} from '../../../src/kubernetes/index.ts';
import { commonName, organizations } from '../../../src/x509/index.ts';
import { KUBEPKI } from '../../spawn.ts';
import { type Program, waitFor } from '../../system/program.ts';
import { certificateIn, sha256Of } from '../certificates.ts';
import { startControllerManager } from '../components.ts';
import { adminKubeconfig, hostFile, hostPair } from '../credentials.ts';
import { KUBELET_PORT } from '../kubelet.ts';
import { get } from '../probes/ask.ts';
import { ADMIN, addressOf, CP_1 } from '../topology.ts';
import { AGAINST, type OwnServer, startOwnServer } from './bench.ts';
import { unknownErrors } from './klog.ts';
import { type BootstrappedKubelet, startBootstrappingKubelet } from './kubelet.ts';
import { bootstrapKubeconfig } from './nodes.ts';

const WORKER: Host = { name: 'worker-9', addresses: ['172.16.10.29'], roles: ['worker'] };
const TOKEN = { id: 'abcdef', secret: '0123456789abcdef' };
const CIDRS = '--allowed-cidrs=172.16.10.0/24';
/**
 * With the five minutes that certificates are dated back, 70 to 90 per cent of the life of such a certificate
 * end between 34 seconds before and 42 seconds after it is made.
 */
const LIFETIME = '80s';
const PATIENCE = { deadline: 60_000 };

/** What it complains of at kube-apiserver just as well. */
const KNOWN = [
  // Until it has a certificate it is anonymous, and until the Node is made there is none.
  /User \\"system:anonymous\\" cannot/,
  /node(s)? \\?"worker-9\\?" not found/,
  // It runs on a machine that is not its own, over a runtime that runs nothing.
  /^server\.go "Failed to set rlimit on max file handles"/,
  /^kubelet\.go "Skipping pod synchronization" err="\[?container runtime status check/,
  /^manager\.go "Failed to read data from checkpoint" err="checkpoint is not found"/,
  /^container_manager_linux\.go "Failed to find cgroups of kubelet"/,
  /^(remote_image|kuberuntime_image)\.go .*Id or size of image .* is not set/,
  /^remote_runtime\.go "ContainerStatus from runtime service failed" .* not found/,
  /^container_log_manager\.go "Failed to stat container log after reopen"/,
  // What it asks for while the server is away.
  /dial tcp 172\.16\.10\.11:6443: connect: connection refused/,
];

let own: OwnServer;
let worker: BootstrappedKubelet;

const running = (): { deadline: number; programs: readonly Program[] } => ({
  ...PATIENCE,
  programs: [worker.kubelet, own.server()],
});

const pki = (name: string): string => join(worker.folder, 'pki', name);
const client = (): string => pki('kubelet-client-current.pem');
const serving = (): string => pki('kubelet-server-current.pem');

const requestsOf = async (signer: string): Promise<CertificateSigningRequest[]> =>
  (await own.get<{ items: CertificateSigningRequest[] }>('csr')).items.filter(
    ({ spec }) => spec.signerName === `kubernetes.io/${signer}`,
  );

const conditionOf = async (type: string): Promise<string | undefined> =>
  (await own.get<Node>('node', WORKER.name)).status?.conditions?.find((one) => one.type === type)
    ?.status;

/** As soon as there is one: a kubelet that was anonymous when it first tried tries again after seconds. */
const lease = async (): Promise<Lease> =>
  waitFor(
    'the Lease is there',
    async () => own.get<Lease>('lease', WORKER.name, '--namespace=kube-node-lease'),
    running(),
  );

/** Until the kubelet has written its Lease once more. */
async function leaseRenewed(): Promise<void> {
  const before = (await lease()).spec?.renewTime;
  await waitFor(
    'the Lease is renewed',
    async () => ((await lease()).spec?.renewTime === before ? undefined : true),
    running(),
  );
}

/** A pod on the node, with a variable from somewhere. */
const podOf = (name: string, valueFrom: object): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default' },
  spec: {
    nodeName: WORKER.name,
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: 1,
    containers: [{ name: 'c', image: 'example.com/c', env: [{ name: 'A', valueFrom }] }],
  },
});

const runningPod = async (name: string): Promise<Pod> =>
  waitFor(
    `the pod ${name} runs`,
    async () => {
      const pod = await own.get<Pod>('pod', name);
      return pod.status?.phase === 'Running' ? pod : undefined;
    },
    running(),
  );

beforeAll(async () => {
  own = await startOwnServer({
    hosts: [WORKER],
    flags: [CIDRS, `--cluster-signing-duration=${LIFETIME}`, '--bind-node-credentials'],
    programs:
      AGAINST === 'kubepki'
        ? ['kubelet', 'fakecri']
        : ['kubelet', 'fakecri', 'kube-controller-manager'],
  });
  if (AGAINST === 'kube-apiserver') await startControllersOfUpstream();
  const bootstrap = await bootstrapKubeconfig(own, WORKER, `${TOKEN.id}.${TOKEN.secret}`);
  worker = await startBootstrappingKubelet(own, WORKER, bootstrap);
});
afterAll(async () => own?.stop());

async function startControllersOfUpstream(): Promise<void> {
  await startControllerManager(own, {
    host: CP_1,
    flags: { 'cluster-signing-duration': LIFETIME },
  });
  const kubeconfig = adminKubeconfig(own.files, 'super-admin');
  const args = [`--kubeconfig=${kubeconfig}`, '--controllers=servingapproving', CIDRS];
  await own.network.start(ADMIN.name, KUBEPKI, ['controllers', ...args]);
}

describe(`a kubelet at ${AGAINST}`, () => {
  it('gets its client certificate for the bootstrap token', async () => {
    await waitFor('the Node is there', async () => own.get<Node>('node', WORKER.name), running());
    const leaf = certificateIn(client());
    expect(commonName(leaf.subject)).toBe('system:node:worker-9');
    expect(organizations(leaf.subject)).toEqual(['system:nodes']);
    const requests = await requestsOf('kube-apiserver-client-kubelet');
    expect(requests.map(({ spec }) => spec.username)).toContain(`system:bootstrap:${TOKEN.id}`);
  });

  it('becomes Ready', async () => {
    await waitFor(
      'the Node is Ready',
      async () => ((await conditionOf('Ready')) === 'True' ? true : undefined),
      running(),
    );
    const { metadata, status } = await own.get<Node>('node', WORKER.name);
    expect(metadata.labels).toMatchObject({
      'kubernetes.io/hostname': 'worker-9',
      'kubernetes.io/os': 'linux',
    });
    expect(status).toMatchObject({
      addresses: [
        { type: 'InternalIP', address: addressOf(WORKER) },
        { type: 'Hostname', address: 'worker-9' },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: KUBELET_PORT } },
      nodeInfo: { kubeletVersion: 'v1.36.3' },
      capacity: { pods: '110' },
    });
    expect(await own.get<KubernetesObject>('csinode', WORKER.name)).toMatchObject({
      metadata: { ownerReferences: [{ kind: 'Node', uid: metadata.uid }] },
    });
  });

  it('gets its serving certificate, and lets in whom the server knows and allows', async () => {
    const question = {
      url: `https://${addressOf(WORKER)}:${KUBELET_PORT}/healthz`,
      ca: hostFile(own.files, CP_1, 'ca', 'certificate'),
    };
    const apiserver = hostPair(own.files, CP_1, 'apiserver-kubelet-client');
    const answer = await waitFor(
      'the kubelet serves with its certificate',
      // It asks the server who that is and whether they may (TokenReview, SubjectAccessReview).
      async () => get(own.network, CP_1, { ...question, client: apiserver }),
      running(),
    );
    expect(answer).toMatchObject({ status: 200, body: 'ok', server: sha256Of(serving()) });
    expect((await get(own.network, CP_1, question)).status).toBe(401);
    const itself = { certificate: client(), key: client() };
    expect((await get(own.network, CP_1, { ...question, client: itself })).status).toBe(403);
    const leaf = certificateIn(serving());
    expect(leaf.subjectAltNames?.ip).toEqual([addressOf(WORKER)]);
    expect(leaf.subjectAltNames?.dns).toEqual(['worker-9']);
  });

  it('keeps its status and its Lease as they should be', async () => {
    const { metadata } = await own.get<Node>('node', WORKER.name);
    expect((await lease()).metadata.ownerReferences?.[0]?.uid).toBe(metadata.uid);
    const patch = '{"status":{"conditions":[{"type":"MemoryPressure","status":"Unknown"}]}}';
    const patched = await own.admin(
      'patch',
      'node',
      WORKER.name,
      '--subresource=status',
      `--patch=${patch}`,
      '-o=jsonpath={.status.conditions[?(@.type=="MemoryPressure")].status}',
    );
    expect(patched).toBe('Unknown');
    await waitFor(
      'the kubelet corrects its status',
      async () => ((await conditionOf('MemoryPressure')) === 'False' ? true : undefined),
      running(),
    );
    await leaseRenewed();
  });

  it('writes the status of a pod that is bound to it, and ends it when it is deleted', async () => {
    if (AGAINST === 'kube-apiserver') {
      await waitFor(
        'the service account is there',
        async () => own.get<KubernetesObject>('serviceaccount', 'default'),
        running(),
      );
    }
    await own.admin('create', 'configmap', 'settings', '--from-literal=a=b');
    await own.create(podOf('bound', { configMapKeyRef: { name: 'settings', key: 'a' } }));
    const { status } = await runningPod('bound');
    expect(status).toMatchObject({
      hostIP: addressOf(WORKER),
      containerStatuses: [{ name: 'c', ready: true, state: { running: {} } }],
    });
    expect(
      await own.admin('get', 'events', '--field-selector=involvedObject.name=bound'),
    ).toContain('Started');
    await own.admin('delete', 'pod', 'bound', '--timeout=30s');
    expect(await own.admin('get', 'pods', '-oname')).toBe('');
  });

  it('goes on when the server has been away, with the watches that it had', async () => {
    await own.restart();
    await leaseRenewed();
    await own.create(podOf('later', { fieldRef: { fieldPath: 'metadata.name' } }));
    await runningPod('later');
  });

  it('rotates both certificates', async () => {
    const links = [client(), serving()].map((link) => readlinkSync(link));
    const first = [client(), serving()].map((link) => readFileSync(link, 'utf8'));
    await waitFor(
      'both are other ones',
      async () =>
        [client(), serving()].every((link, index) => readlinkSync(link) !== links[index])
          ? true
          : undefined,
      running(),
    );
    expect(readFileSync(client(), 'utf8')).not.toBe(first[0]);
    expect(certificateIn(serving()).serialNumber).not.toEqual('');
    const own9 = await requestsOf('kube-apiserver-client-kubelet');
    expect(own9.map(({ spec }) => spec.username)).toContain('system:node:worker-9');
    await leaseRenewed();
    expect(await conditionOf('Ready')).toBe('True');
  });

  it.runIf(AGAINST === 'kubepki')(
    'is nobody with a copy of its certificate on another host',
    async () => {
      // One file holds certificate and key, and a renewed one is copied as easily as the first.
      const question = {
        url: `https://${addressOf(CP_1)}:6443/api/v1/nodes/worker-9`,
        client: { certificate: client(), key: client() },
        headers: { 'X-Forwarded-For': addressOf(WORKER) },
      };
      expect((await get(own.network, WORKER, question)).status).toBe(200);
      const { status, body } = await get(own.network, ADMIN, question);
      expect(status).toBe(403);
      expect(body).toContain(`is not accepted from ${addressOf(ADMIN)}`);
      expect(await own.admin('get', 'nodebindings')).toContain(addressOf(WORKER));
    },
  );

  it('has complained of nothing that it would not complain of at kube-apiserver', async () => {
    const log = await worker.kubelet.log();
    // So that a log that says nothing of the kind cannot pass.
    expect(unknownErrors(log, [])).not.toEqual([]);
    expect(unknownErrors(log, KNOWN)).toEqual([]);
    if (AGAINST === 'kubepki') expect(await own.server().log()).not.toMatch(/defect|Error:/);
  });
});
