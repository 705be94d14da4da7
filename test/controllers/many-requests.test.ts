/**
 * Ten thousand CertificateSigningRequests at our server, and one more: what the controllers ask the server for is
 * counted, and the one takes no longer than it would alone.
 */
import { expect, it } from 'vitest';
import { createClient, loopbackTransport, systemClock } from '../../src/client/index.ts';
import { CONTROLLER_NAMES, runControllers } from '../../src/controllers/index.ts';
import {
  BOOTSTRAP_BINDINGS,
  BOOTSTRAP_GROUP,
  CERTIFICATE_SIGNING_REQUESTS,
  CLUSTER_ROLE_BINDINGS,
  SECRETS,
  type UserInfo,
} from '../../src/kubernetes/index.ts';
import { createMemoryStorage } from '../../src/storage/index.ts';
import { encodeBootstrapTokenSecret } from '../../src/tokens/index.ts';
import { encodePem } from '../../src/x509/index.ts';
import { ADMIN, apiServer } from '../apiserver/front/server.ts';
import { csrObject, nodeName } from '../kubernetes/certificates/requests.ts';
import { keyOf, leafTemplate } from '../x509/support.ts';
import { eventually } from './own-api.ts';
import { issuerTo } from './support.ts';

const MANY = 10_000;
const PAGE = 500;
const CA = issuerTo();

const TOKEN: UserInfo = {
  name: 'system:bootstrap:abcdef',
  groups: ['system:bootstrappers', BOOTSTRAP_GROUP, 'system:authenticated'],
};

/** As they stand in the storage of a fleet: issued, and not yet cleaned away. */
function issuedCsr(name: string, now: string): string {
  const der = CA.issue(leafTemplate(), keyOf('ECDSA-P256').spki);
  const { metadata, ...csr } = csrObject(name);
  return JSON.stringify({
    ...csr,
    metadata: { ...metadata, creationTimestamp: now },
    status: {
      conditions: [
        {
          type: 'Approved',
          status: 'True',
          reason: 'AutoApproved',
          message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
          lastUpdateTime: now,
          lastTransitionTime: now,
        },
      ],
      certificate: Buffer.from(encodePem('CERTIFICATE', der)).toString('base64'),
    },
  });
}

async function fleet(count: number) {
  const storage = createMemoryStorage({ now: () => new Date() });
  const now = `${new Date().toISOString().slice(0, 19)}Z`;
  for (let i = 0; i < count; i++) {
    const name = `node-csr-${String(i).padStart(6, '0')}`;
    const key = `/registry/certificatesigningrequests/${name}`;
    await storage.create(key, Buffer.from(issuedCsr(name, now)));
  }
  const { api, ask } = await apiServer({ storage });
  const admin = createClient(loopbackTransport(api.loopback(ADMIN)));
  await admin.create(
    SECRETS,
    encodeBootstrapTokenSecret({
      id: 'abcdef',
      secret: '0123456789abcdef',
      usages: ['authentication'],
      groups: [BOOTSTRAP_GROUP],
    }),
  );
  for (const binding of BOOTSTRAP_BINDINGS) await admin.create(CLUSTER_ROLE_BINDINGS, binding);
  return { api, ask, admin };
}

/** Runs all controllers but the collector, which watches the metadata of everything there is. */
async function run(count: number) {
  const { api, ask, admin } = await fleet(count);
  const asked: string[] = [];
  const handle = api.loopback(ADMIN);
  const client = createClient(
    loopbackTransport((request) => {
      asked.push(`${request.method} ${request.url}`);
      return handle(request);
    }),
  );
  const stop = new AbortController();
  const running = runControllers({
    client,
    clock: systemClock,
    signal: stop.signal,
    controllers: CONTROLLER_NAMES.filter((name) => name !== 'garbagecollector'),
    signing: { authorities: async () => CA },
  });
  /** Milliseconds from a request to its certificate. */
  const join = async (node: string): Promise<number> => {
    const {
      metadata,
      status: _,
      ...csr
    } = csrObject(node, {
      asked: { subject: nodeName(node) },
    });
    const began = performance.now();
    const { status } = await ask(
      'POST',
      '/apis/certificates.k8s.io/v1/certificatesigningrequests',
      { user: TOKEN, body: { ...csr, metadata: { name: metadata.name } } },
    );
    expect(status).toBe(201);
    await eventually(
      async () => admin.get(CERTIFICATE_SIGNING_REQUESTS, { name: node }),
      (found) => found.status?.certificate !== undefined,
    );
    return performance.now() - began;
  };
  await join('first');
  return {
    asked,
    join,
    async end() {
      stop.abort();
      await running;
    },
  };
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

async function latencies(join: (node: string) => Promise<number>): Promise<number[]> {
  const all: number[] = [];
  for (let i = 0; i < 25; i++) all.push(await join(`later-${i}`));
  return all;
}

it('are listed once, and one more costs four requests and no more time', async () => {
  const none = await run(0);
  const alone = median(await latencies(none.join));
  await none.end();

  const many = await run(MANY);
  const lists = many.asked.filter((one) =>
    /^GET \S*certificatesigningrequests\?(?!.*watch=)/.test(one),
  );
  expect(lists).toHaveLength(Math.ceil(MANY / PAGE));
  expect(new Set(lists).size).toBe(lists.length);
  // Nothing else that grows with the cluster is listed twice either.
  const others = many.asked.filter((one) => /^GET [^?]*\?(?!.*watch=|.*bootstrap)/.test(one));
  expect(others.filter((one, i) => others.indexOf(one) !== i)).toEqual([]);

  many.asked.length = 0;
  await many.join('one-more');
  expect(many.asked.map((one) => one.replace(/\?.*/, '')).toSorted()).toEqual([
    'GET /api/v1/namespaces/kube-system/secrets/bootstrap-token-abcdef',
    'POST /apis/authorization.k8s.io/v1/subjectaccessreviews',
    'PUT /apis/certificates.k8s.io/v1/certificatesigningrequests/one-more/approval',
    'PUT /apis/certificates.k8s.io/v1/certificatesigningrequests/one-more/status',
  ]);

  const among = median(await latencies(many.join));
  await many.end();
  expect(among).toBeLessThan(alone * 4 + 20);
}, 120_000);
