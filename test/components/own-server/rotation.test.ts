/**
 * Nodes that bootstrap with the kubeconfig of `kubepki token create` and renew both of their certificates: a
 * kubelet at `kubepki server`, and a kubelet and `kubepki node` at a kube-apiserver without
 * kube-controller-manager, with `kubepki controllers` in its place. None of their requests fails meanwhile,
 * their Leases are renewed as ever, and whoever calls them never finds them without a certificate. All of
 * them at once, because it takes minutes.
 */

import { readdirSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Host } from '../../../src/cluster/index.ts';
import { type CertificateSigningRequest, conditionsOf } from '../../../src/kubernetes/index.ts';
import { commonName, organizations } from '../../../src/x509/index.ts';
import { KUBEPKI } from '../../spawn.ts';
import { type Program, waitFor } from '../../system/program.ts';
import { type AuditEvent, auditEvents, CREDENTIAL_ID } from '../audit.ts';
import { certificateIn, sha256Of } from '../certificates.ts';
import { adminKubeconfig, authorityPair, hostFile, hostPair } from '../credentials.ts';
import { KUBELET_PORT } from '../kubelet.ts';
import { startNode } from '../node.ts';
import { fetchPage, get } from '../probes/ask.ts';
import { type Handshakes, startHandshakes } from '../probes/handshakes.ts';
import { ADMIN, addressOf, CP_1 } from '../topology.ts';
import { type OwnServer, startOwnServer } from './bench.ts';
import { errorsIn } from './klog.ts';
import { startBootstrappingKubelet } from './kubelet.ts';
import { bootstrapKubeconfig } from './nodes.ts';

const worker = (name: string, address: string): Host => ({
  name,
  addresses: [address],
  roles: ['worker'],
});
const WORKER_8 = worker('worker-8', '172.16.10.28');
const WORKER_9 = worker('worker-9', '172.16.10.29');

const CIDRS = '--allowed-cidrs=172.16.10.0/24';
/** Dated back by as much, so that 70 to 90 per cent of the ten minutes end two to four minutes from now. */
const LIFETIME = '--cluster-signing-duration=5m';
const RENEWAL = 280_000;
const PATIENCE = 90_000;
/** Leases are renewed every ten seconds; milliseconds. */
const LONGEST_GAP = 20_000;
/** The kubelet looks every ten seconds whether its connections are of its certificate. */
const LAST_USE = 15_000;

interface Agent {
  readonly own: OwnServer;
  readonly host: Host;
  readonly program: Program;
}

/** Both certificates of an agent, and since when it has had them. */
interface Held {
  readonly since: number;
  readonly links: readonly string[];
  readonly digests: readonly string[];
  readonly handshakes: Handshakes;
  /** How much it had written to its log by then. */
  readonly logged: number;
}

const CURRENT = ['kubelet-client-current.pem', 'kubelet-server-current.pem'] as const;
const pki = ({ own, host }: Agent): string => join(own.data, host.name, 'pki');
const currentOf = (agent: Agent): string[] => CURRENT.map((name) => join(pki(agent), name));
const userOf = ({ host }: Agent): string => `system:node:${host.name}`;

let own: OwnServer;
let upstream: OwnServer;
let controllers: Program;
const agents = new Map<string, Agent>();
const held = new Map<string, Held>();

const KUBELET = 'a kubelet at kubepki server';
const BESIDE = 'a kubelet at kube-apiserver with kubepki controllers';
const NODE = 'kubepki node at kube-apiserver with kubepki controllers';
const EACH = [KUBELET, BESIDE, NODE] as const;

function of<T>(map: ReadonlyMap<string, T>, who: string): T {
  const found = map.get(who);
  if (found === undefined) throw new Error(`${who} has not come that far`);
  return found;
}

beforeAll(async () => {
  own = await startOwnServer({
    against: 'kubepki',
    hosts: [WORKER_9],
    flags: [CIDRS, LIFETIME],
    programs: ['kubelet', 'fakecri'],
  });
  upstream = await startOwnServer({
    against: 'kube-apiserver',
    hosts: [WORKER_8, WORKER_9],
    programs: [],
  });
  const { certificate, key } = authorityPair(upstream.files, 'ca');
  controllers = await upstream.network.start(ADMIN.name, KUBEPKI, [
    'controllers',
    `--kubeconfig=${adminKubeconfig(upstream.files, 'super-admin')}`,
    `--cluster-signing-cert-file=${certificate}`,
    `--cluster-signing-key-file=${key}`,
    CIDRS,
    LIFETIME,
    '--metrics-bind-address=127.0.0.1:8085',
  ]);
  for (const [who, server] of [
    [KUBELET, own],
    [BESIDE, upstream],
  ] as const) {
    const host = WORKER_9;
    const bootstrap = await bootstrapKubeconfig(server, host, `--node=${host.name}`);
    const { kubelet: program } = await startBootstrappingKubelet(server, host, bootstrap);
    agents.set(who, { own: server, host, program });
  }
  const bootstrap = await bootstrapKubeconfig(upstream, WORKER_8, `--node=${WORKER_8.name}`);
  const program = await startNode(upstream, WORKER_8, bootstrap);
  agents.set(NODE, { own: upstream, host: WORKER_8, program });
});
afterAll(async () => {
  await Promise.all([own?.stop(), upstream?.stop()]);
});

const programsOf = (agent: Agent): Program[] => [
  agent.program,
  agent.own.server(),
  ...(agent.own === upstream ? [controllers] : []),
];

const requestsOf = async ({ own, host }: Agent): Promise<CertificateSigningRequest[]> => {
  const { items } = await own.get<{ items: CertificateSigningRequest[] }>('csr');
  return items.filter(({ spec }) => spec.username === `system:node:${host.name}`);
};

/** All that has come from the agent's host and is answered, in order, since a time. */
async function answered(agent: Agent, since: number): Promise<readonly AuditEvent[]> {
  const address = addressOf(agent.host);
  return (await auditEvents([agent.own.audit])).filter(
    ({ stage, sourceIPs, stageTimestamp }) =>
      stage === 'ResponseComplete' &&
      sourceIPs?.at(-1) === address &&
      Date.parse(stageTimestamp) >= since,
  );
}

const codeOf = ({ responseStatus }: AuditEvent): number => responseStatus?.code ?? 0;
const credentialOf = ({ user }: AuditEvent): string | undefined => user.extra?.[CREDENTIAL_ID]?.[0];
const timeOf = ({ stageTimestamp }: AuditEvent): number => Date.parse(stageTimestamp);

/** When its Lease was renewed. */
const renewals = (events: readonly AuditEvent[]): readonly AuditEvent[] =>
  events.filter(
    (event) =>
      event.objectRef?.resource === 'leases' && event.verb !== 'get' && codeOf(event) === 200,
  );

/** Waits for something in the audit log: seldom looked at, as it is long. */
const eventually = async (
  what: string,
  agent: Agent,
  accept: (events: readonly AuditEvent[]) => boolean,
): Promise<true> =>
  waitFor(
    what,
    async () => {
      if (accept(await answered(agent, 0))) return true;
      await delay(1_000);
      return undefined;
    },
    { deadline: PATIENCE, programs: programsOf(agent) },
  );

const gaps = (times: readonly number[]): number[] =>
  times.slice(1).map((time, index) => time - (times[index] ?? 0));

describe('with the kubeconfig of kubepki token create', () => {
  it.each(EACH)('%s gets both certificates', async (who) => {
    const agent = of(agents, who);
    const options = { deadline: PATIENCE, programs: programsOf(agent) };
    const ca = hostFile(agent.own.files, CP_1, 'ca', 'certificate');
    await waitFor(
      'it serves',
      async () => {
        const url = `https://${addressOf(agent.host)}:${KUBELET_PORT}/healthz`;
        const client = hostPair(agent.own.files, CP_1, 'apiserver-kubelet-client');
        const { status } = await get(agent.own.network, CP_1, { url, ca, client });
        return status === 200 ? true : undefined;
      },
      options,
    );
    const [client = '', serving = ''] = currentOf(agent);
    const leaf = certificateIn(client);
    expect(commonName(leaf.subject)).toBe(userOf(agent));
    expect(organizations(leaf.subject)).toEqual(['system:nodes']);
    expect(certificateIn(serving).subjectAltNames).toMatchObject({
      dns: [agent.host.name],
      ip: [addressOf(agent.host)],
    });
    await eventually('its Lease is there', agent, (events) => renewals(events).length > 0);
    const server = { address: addressOf(agent.host), port: KUBELET_PORT, ca };
    held.set(who, {
      since: Date.now(),
      links: currentOf(agent).map((link) => readlinkSync(link)),
      digests: currentOf(agent).map(sha256Of),
      handshakes: await startHandshakes(agent.own.network, CP_1, server),
      logged: (await agent.program.log()).length,
    });
  });
});

describe.each(EACH)('%s', (who) => {
  it('renews both', { timeout: RENEWAL + 60_000 }, async () => {
    const agent = of(agents, who);
    const { links } = of(held, who);
    await waitFor(
      'both are other ones',
      async () =>
        currentOf(agent).every((link, index) => readlinkSync(link) !== links[index])
          ? true
          : undefined,
      { deadline: RENEWAL, programs: programsOf(agent) },
    );
    const files = readdirSync(pki(agent));
    for (const [index, link] of currentOf(agent).entries()) {
      expect(files).toContain(basename(readlinkSync(link)));
      // The one before it as well: somebody may just be reading it.
      const [kind = ''] = CURRENT[index]?.split('-current') ?? [];
      expect(files.filter((name) => name.startsWith(`${kind}-2`)).length).toBeGreaterThan(1);
      const { notBefore, notAfter } = certificateIn(link);
      expect(notAfter.getTime() - notBefore.getTime()).toBe(600_000);
    }
    // With the new certificate.
    const [client = ''] = currentOf(agent);
    await eventually('its Lease is renewed with it', agent, (events) => {
      const last = renewals(events).at(-1);
      return last !== undefined && credentialOf(last) === `X509SHA256=${sha256Of(client)}`;
    });
  });

  it('had no request refused meanwhile, and its Lease at all times', async () => {
    const agent = of(agents, who);
    const { since } = of(held, who);
    const events = await answered(agent, since);
    const bad = events.filter((event) => {
      const code = codeOf(event);
      return code === 401 || code === 403 || code === 429 || code >= 500;
    });
    expect(bad).toEqual([]);
    const times = renewals(events).map(timeOf);
    expect(times.length).toBeGreaterThan(5);
    expect(Math.max(...gaps([since, ...times]))).toBeLessThan(LONGEST_GAP);
  });

  it('went over from the old client certificate to the new one', async () => {
    const agent = of(agents, who);
    const { since, digests } = of(held, who);
    const events = (await answered(agent, since)).filter(({ verb }) => verb !== 'watch');
    const old = `X509SHA256=${digests[0]}`;
    expect(new Set(events.map(({ user }) => user.username))).toEqual(new Set([userOf(agent)]));
    expect(credentialOf(events[0] as AuditEvent)).toBe(old);
    const first = events.find((event) => credentialOf(event) !== old);
    const last = events.findLast((event) => credentialOf(event) === old);
    if (first === undefined || last === undefined) throw new Error('it uses one only');
    expect(timeOf(last) - timeOf(first)).toBeLessThan(LAST_USE);
  });

  it('presented its old and its new serving certificate, and never none', async () => {
    const agent = of(agents, who);
    const { digests, handshakes } = of(held, who);
    const [, serving = ''] = currentOf(agent);
    const renewed = sha256Of(serving);
    await waitFor(
      'the new one is presented',
      async () => ((await handshakes.seen()).at(-1) === renewed ? true : undefined),
      { programs: [handshakes.program] },
    );
    const seen = await handshakes.seen();
    expect(seen[0]).toBe(digests[1]);
    for (const one of seen) expect(one).toMatch(/^[0-9a-f]{64}$/);
  });

  it('made no request for a certificate in vain', async () => {
    const agent = of(agents, who);
    const requests = await requestsOf(agent);
    expect(requests.length).toBeGreaterThanOrEqual(3);
    for (const csr of requests) {
      expect(conditionsOf(csr)).toMatchObject([{ type: 'Approved', reason: 'AutoApproved' }]);
      expect(csr.status?.certificate).toBeDefined();
    }
  });

  it('has complained of nothing since', async () => {
    const agent = of(agents, who);
    const log = (await agent.program.log()).slice(of(held, who).logged);
    expect(errorsIn(log)).toEqual([]);
    expect(log).not.toMatch(/Unauthorized|Forbidden|defect/);
  });
});

it('the controllers know of no certificate that should have been renewed', async () => {
  const page = await fetchPage(upstream.network, ADMIN, 'http://127.0.0.1:8085/metrics');
  for (const kind of ['client', 'serving']) {
    expect(page).toContain(`kubepki_node_certificates_known{kind="${kind}"} 2`);
    expect(page).toContain(`kubepki_node_certificates_renewal_overdue{kind="${kind}"} 0`);
  }
});
