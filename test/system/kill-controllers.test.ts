/**
 * `kubepki controllers` as processes of their own, beside a server that has none: killed at any instant, asked
 * twice at once, and one that takes over from another.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import type { KubernetesClient } from '../../src/client/index.ts';
import {
  BOOTSTRAP_BINDINGS,
  BOOTSTRAP_GROUP,
  CERTIFICATE_SIGNING_REQUESTS,
  type CertificateSigningRequest,
  CLUSTER_ROLE_BINDINGS,
  LEASES,
  SECRETS,
} from '../../src/kubernetes/index.ts';
import {
  encodeBootstrapTokenSecret,
  generateBootstrapToken,
  parseBootstrapToken,
} from '../../src/tokens/index.ts';
import { commonName, readCertificates } from '../../src/x509/index.ts';
import { csrObject, nodeName } from '../kubernetes/certificates/requests.ts';
import { seeded } from '../seeded.ts';
import { type Background, eventually, inBackground } from './background.ts';
import { type LocalServer, localServer } from './local-server.ts';

/** With none that asks for, approves or signs anything. */
const BARE = '--controllers=clusterrole-aggregation';
const LEASE = { namespace: 'kube-system', name: 'kubepki-controllers' };

interface Fleet {
  readonly server: LocalServer;
  /** As a node that holds the bootstrap token. */
  readonly newcomer: KubernetesClient;
  readonly startControllers: (...flags: string[]) => Background;
}

async function fleet(): Promise<Fleet> {
  const server = await localServer();
  await server.start(BARE);
  const token = generateBootstrapToken();
  const parts = parseBootstrapToken(token);
  if (parts === undefined) throw new Error('expected a token');
  await server.admin.create(
    SECRETS,
    encodeBootstrapTokenSecret({ ...parts, usages: ['authentication'], groups: [BOOTSTRAP_GROUP] }),
  );
  for (const binding of BOOTSTRAP_BINDINGS)
    await server.admin.create(CLUSTER_ROLE_BINDINGS, binding);
  return {
    server,
    newcomer: server.as(token),
    startControllers: (...flags) =>
      inBackground([
        'controllers',
        `--kubeconfig=${server.superAdmin}`,
        `--cluster-signing-cert-file=${server.pki('ca.crt')}`,
        `--cluster-signing-key-file=${server.pki('ca.key')}`,
        ...flags,
      ]),
  };
}

async function ask({ newcomer }: Fleet, name: string): Promise<void> {
  const { metadata, status: _, ...csr } = csrObject(name, { asked: { subject: nodeName(name) } });
  await newcomer.create(CERTIFICATE_SIGNING_REQUESTS, {
    ...csr,
    metadata: { name: metadata.name ?? '' },
  });
}

const requests = async ({ server }: Fleet): Promise<readonly CertificateSigningRequest[]> =>
  (await server.admin.list(CERTIFICATE_SIGNING_REQUESTS)).items;

const isIssued = ({ status }: CertificateSigningRequest): boolean =>
  status?.certificate !== undefined;

/** Remembers each certificate that each request has ever had. */
function remember({ server }: Fleet): {
  readonly seen: ReadonlyMap<string, ReadonlySet<string>>;
  readonly stop: () => void;
} {
  const seen = new Map<string, Set<string>>();
  const stop = new AbortController();
  const follow = async (): Promise<void> => {
    const events = server.admin.watch(CERTIFICATE_SIGNING_REQUESTS, {
      resourceVersion: '0',
      signal: stop.signal,
    });
    for await (const { object } of events) {
      const { certificate } = object.status ?? {};
      const { name = '' } = object.metadata;
      if (certificate !== undefined) seen.set(name, (seen.get(name) ?? new Set()).add(certificate));
    }
  };
  follow().catch(() => undefined);
  return { seen, stop: () => stop.abort() };
}

/** Each approved once, with one certificate, which is its own. */
function expectWhole(
  all: readonly CertificateSigningRequest[],
  seen: ReadonlyMap<string, ReadonlySet<string>>,
): void {
  for (const { metadata, status } of all) {
    const { name = '' } = metadata;
    expect(
      status?.conditions?.map(({ type }) => type),
      name,
    ).toEqual(['Approved']);
    const [leaf] = readCertificates(Buffer.from(status?.certificate ?? '', 'base64'));
    expect(commonName(leaf.subject)).toBe(`system:node:${name}`);
    expect([...(seen.get(name) ?? [])], name).toEqual([status?.certificate]);
  }
}

it('killed at any instant, and two at once: each request ends with one certificate', async () => {
  const random = seeded('kill -9 of controllers');
  const nodes = await fleet();
  const { seen, stop } = remember(nodes);
  let count = 0;
  let wave: Promise<unknown> = Promise.resolve();
  for (let round = 0; round < 8; round++) {
    // Without a lease, every one of them approves and signs whatever it sees.
    const pair = [0, 1].map(() => nodes.startControllers('--leader-elect=false'));
    await Promise.all(pair.map(async (one) => one.says(/[a-z]+: /)));
    const more = Array.from({ length: 12 }, () => `node-${count++}`);
    wave = Promise.all(
      more.map(async (name) => {
        await delay(random.next() * 400);
        await ask(nodes, name);
      }),
    );
    await Promise.all(
      pair.map(async (one) => {
        await delay(random.next() * 500);
        await one.end('SIGKILL');
      }),
    );
    await wave;
  }
  const last = nodes.startControllers('--leader-elect=false');
  const all = await eventually(
    async () => requests(nodes),
    (found) => found.length === count && found.every(isIssued),
  );
  await eventually(
    async () => seen.size,
    (size) => size === count,
  );
  stop();
  expectWhole(all, seen);
  expect((await last.end('SIGTERM')).code).toBe(0);
});

it('the second takes over when the first is killed, and not before', async () => {
  const nodes = await fleet();
  const { seen, stop } = remember(nodes);
  const [first, second] = [nodes.startControllers(), nodes.startControllers()];
  const holder = async (): Promise<string> =>
    (await nodes.server.admin.get(LEASES, LEASE)).spec?.holderIdentity ?? '';
  await Promise.all([first, second].map(async (one) => one.says('leader')));
  const before = await holder();
  await ask(nodes, 'node-a');
  await eventually(
    async () => requests(nodes),
    (found) => found.length === 1 && found.every(isIssued),
  );
  const isFirst = first.said().includes('csrsigning: signed');
  const [leader, other] = isFirst ? [first, second] : [second, first];
  expect(other.said()).not.toContain('csrsigning: signed');

  await leader.end('SIGKILL');
  const killed = performance.now();
  await ask(nodes, 'node-b');
  const all = await eventually(
    async () => requests(nodes),
    (found) => found.every(isIssued),
  );
  // The lease lasts for 15 seconds, and is tried for every 2.
  expect(performance.now() - killed).toBeLessThan(25_000);
  expect(await holder()).not.toBe(before);
  expect(other.said()).toContain('csrsigning: signed csr="node-b"');
  stop();
  expectWhole(all, seen);

  // One that ends by itself gives the lease back: the next need not wait.
  const third = nodes.startControllers();
  await third.says('leader');
  await other.end('SIGTERM');
  const ended = performance.now();
  await ask(nodes, 'node-c');
  await eventually(
    async () => requests(nodes),
    (found) => found.every(isIssued),
  );
  expect(performance.now() - ended).toBeLessThan(10_000);
  expect((await third.end('SIGTERM')).code).toBe(0);
});
