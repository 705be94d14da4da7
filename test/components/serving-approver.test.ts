/**
 * kubepki's controllers at a real kube-apiserver, with nothing of kube-controller-manager: a node gets both
 * certificates, and nobody gets a serving certificate for what is not his. What is decided
 * is read as an administrator reads it: `kubectl describe csr`, `kubectl get events`, `/metrics`.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Host } from '../../src/cluster/index.ts';
import {
  type CertificateSigningRequest,
  conditionsOf,
  KUBELET_SERVING_SIGNER,
} from '../../src/kubernetes/index.ts';
import { createRequest, makeName } from '../../src/x509/index.ts';
import { specRequest } from '../kubernetes/certificates/requests.ts';
import { peers } from '../peers/peers.ts';
import { KUBEPKI } from '../spawn.ts';
import { type Program, waitFor } from '../system/program.ts';
import { keyOf } from '../x509/support.ts';
import { adminKubeconfig, authorityPair } from './credentials.ts';
import { startNode } from './node.ts';
import { type OwnServer, startUpstreamServer } from './own-server/bench.ts';
import { bootstrapKubeconfig } from './own-server/nodes.ts';
import { fetchPage } from './probes/ask.ts';
import { ADMIN, SERVICE_ADDRESS } from './topology.ts';

const JOINER: Host = { name: 'worker-9', addresses: ['172.16.10.29'], roles: ['worker'] };
const DEADLINE = 60_000;

let cluster: OwnServer;
let folder: string;
let trial: Program;
let controllers: Program;
let node: Program;

const pki = (name: string): string => join(folder, 'pki', name);

async function startControllers(name: string, ...flags: readonly string[]): Promise<Program> {
  const { network, files } = cluster;
  return network.start(
    ADMIN.name,
    KUBEPKI,
    [
      'controllers',
      `--kubeconfig=${adminKubeconfig(files, 'super-admin')}`,
      '--allowed-cidrs=172.16.10.0/24,10.96.0.0/16',
      ...flags,
    ],
    { name },
  );
}

async function describeRequest(name: string): Promise<string> {
  return cluster.admin('describe', 'csr', name);
}

async function requests(): Promise<readonly CertificateSigningRequest[]> {
  const list: { items: CertificateSigningRequest[] } = JSON.parse(
    await cluster.admin('get', 'csr', '-ojson'),
  );
  return list.items;
}

const isServing = ({ spec }: CertificateSigningRequest): boolean =>
  spec.signerName === KUBELET_SERVING_SIGNER;

/** Asks for a serving certificate as a node, with the node's rights and NodeRestriction in the way. */
async function askAs(node: string, name: string, names: object): Promise<void> {
  const subject = makeName({ commonName: `system:node:${node}`, organizations: ['system:nodes'] });
  const request = createRequest({ subject, subjectAltNames: names }, keyOf('ECDSA-P256'));
  const csr = {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: {
      request: specRequest(request),
      signerName: KUBELET_SERVING_SIGNER,
      usages: ['digital signature', 'server auth'],
    },
  };
  await cluster.feed(JSON.stringify(csr), 'create', '-f-', ...as(node));
}

const as = (node: string): string[] => [`--as=system:node:${node}`, '--as-group=system:nodes'];

/** Waits until `describe` shows an Event of this reason. */
const eventOf = async (name: string, reason: string): Promise<string> =>
  waitFor(
    `${name} has the Event ${reason}`,
    async () => {
      const text = await describeRequest(name);
      return text.includes(reason) ? text : undefined;
    },
    { deadline: DEADLINE, programs: [controllers] },
  );

beforeAll(async () => {
  await peers(['etcd', 'kube-apiserver', 'kubectl']);
  cluster = await startUpstreamServer(JOINER);
  folder = join(cluster.data, JOINER.name);
  const { certificate, key } = authorityPair(cluster.files, 'ca');
  controllers = await startControllers(
    'controllers',
    '--controllers=*,-servingapproving',
    `--cluster-signing-cert-file=${certificate}`,
    `--cluster-signing-key-file=${key}`,
  );
  trial = await startControllers('trial', '--dry-run', '--metrics-bind-address=127.0.0.1:8085');
});
afterAll(async () => cluster?.stop());

describe('controllers and a node at a real kube-apiserver', () => {
  it('a node gets its client certificate without kube-controller-manager', async () => {
    const bootstrap = await bootstrapKubeconfig(cluster, JOINER);
    node = await startNode(cluster, JOINER, bootstrap);
    await waitFor(
      'the bootstrap kubeconfig is gone',
      async () => (existsSync(bootstrap) ? undefined : true),
      { deadline: DEADLINE, programs: [node, controllers] },
    );
    expect(existsSync(pki('kubelet-client-current.pem'))).toBe(true);
  });

  it('--dry-run says what it would approve, and leaves the request as it is', async () => {
    const found = await waitFor(
      'an Event tells of it',
      async () => {
        const csr = (await requests()).find(isServing);
        if (csr === undefined) return undefined;
        const text = await describeRequest(csr.metadata.name ?? '');
        return text.includes('WouldApprove') ? { csr, text } : undefined;
      },
      { deadline: DEADLINE, programs: [node, trial] },
    );
    expect(found.text).toMatch(/Normal +WouldApprove .*kubepki-servingapproving/);
    expect(found.text).toMatch(/Status: +Pending/);
    expect(found.csr.status).toEqual({});
    const log = await trial.log();
    expect(log).toContain('servingapproving: would approve');
    expect(log).toContain('metrics on http://127.0.0.1:8085/metrics');
    const page = await metrics();
    expect(page).toContain(
      'kubepki_serving_decisions_total{decision="would-approve",reason="WouldApprove"} 1',
    );
    expect(page).toContain('kubepki_csr_undecided{signer="kubernetes.io/kubelet-serving"} 1');
    await trial.stop();
    expect(await trial.exited).toEqual({ code: 0, signal: null });
  });

  it('approves it when it is told to, and kube-apiserver can call the node', async () => {
    trial = await startControllers(
      'approver',
      '--controllers=servingapproving',
      '--leader-elect=false',
      '--metrics-bind-address=127.0.0.1:8085',
    );
    const path = `/api/v1/nodes/${JOINER.name}/proxy/healthz`;
    await waitFor(
      'the node serves',
      async () => ((await cluster.admin('get', '--raw', path)) === 'ok' ? true : undefined),
      { deadline: DEADLINE, programs: [node, trial, controllers] },
    );
    const csr = (await requests()).find(isServing);
    expect(csr && conditionsOf(csr)).toMatchObject([{ type: 'Approved', reason: 'AutoApproved' }]);
    const events = await cluster.admin('get', 'events', '-n=default');
    expect(events).toMatch(/AutoApproved +certificatesigningrequest\/\S+ +Auto approving/);
    expect(await metrics()).toContain(
      'kubepki_csr_duration_seconds_count{signer="kubernetes.io/kubelet-serving"} 1',
    );
  });

  it('approves nothing that a node claims in its own status and others have', async () => {
    await cluster.admin(
      'create',
      'service',
      'clusterip',
      'web',
      '--tcp=80',
      '--clusterip=10.96.7.7',
    );
    const peer = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name: 'worker-8' },
      status: { addresses: [{ type: 'InternalIP', address: '172.16.10.28' }] },
    };
    await cluster.feed(JSON.stringify(peer), 'create', '-f-');
    // NodeRestriction lets a node write this of itself: the claim costs nothing.
    const intruder = 'worker-7';
    const addresses = [
      ...['172.16.10.28', '172.16.10.11', '10.96.7.7', SERVICE_ADDRESS, '172.16.10.27'].map(
        (address) => ({ type: 'InternalIP', address }),
      ),
      { type: 'InternalDNS', address: 'kubernetes.default.svc' },
      { type: 'Hostname', address: intruder },
    ];
    const claims = { ...peer, metadata: { name: intruder }, status: { addresses } };
    await cluster.feed(JSON.stringify(claims), 'create', '-f-', ...as(intruder));
    const cases = {
      peer: [{ ip: ['172.16.10.28'] }, 'ClaimedByAnotherNode'],
      apiserver: [{ ip: ['172.16.10.11'] }, 'ReservedForControlPlane'],
      kubernetes: [{ ip: [SERVICE_ADDRESS] }, 'ReservedForControlPlane'],
      service: [{ ip: ['10.96.7.7'] }, 'HeldByService'],
      mapped: [{ ip: ['::ffff:10.96.7.7'] }, 'HeldByService'],
      name: [{ dns: ['kubernetes.default.svc'] }, 'ReservedForControlPlane'],
      'name-of-cp': [{ dns: ['cp-1'] }, 'ReservedForControlPlane'],
      wildcard: [{ dns: ['*.worker-7'] }, 'NotAName'],
      dot: [{ dns: ['worker-7.'] }, 'NotAName'],
      outside: [{ ip: ['192.0.2.1'] }, 'OutsideAllowedCidrs'],
      unclaimed: [{ ip: ['172.16.10.26'] }, 'NotReportedByNode'],
    } as const;
    for (const [name, [names]] of Object.entries(cases))
      await askAs(intruder, `bad-${name}`, names);
    for (const [name, [, reason]] of Object.entries(cases)) {
      expect(await eventOf(`bad-${name}`, reason)).toMatch(/Status: +Pending/);
    }
    await askAs(intruder, 'good', { dns: [intruder], ip: ['172.16.10.27'] });
    expect(await eventOf('good', 'AutoApproved')).toMatch(/Status: +Approved/);
    // Still: nothing was denied, and nothing approved behind our back.
    for (const csr of await requests()) {
      if (csr.metadata.name?.startsWith('bad-') === true) expect(csr.status).toEqual({});
    }
  });
});

/** The page of the approver, from its own host: it is on loopback only. */
const metrics = async (): Promise<string> =>
  fetchPage(cluster.network, ADMIN, 'http://127.0.0.1:8085/metrics');
