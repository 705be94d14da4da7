/** A server on a port whose controllers approve and sign, and machines that come to it with bootstrap tokens. */
import { onTestFinished } from 'vitest';
import {
  createClient,
  type KubernetesClient,
  loopbackTransport,
  systemClock,
} from '../../../src/client/index.ts';
import { runControllers } from '../../../src/controllers/index.ts';
import {
  BOOTSTRAP_BINDINGS,
  BOOTSTRAP_GROUP,
  CLUSTER_ROLE_BINDINGS,
  NODES,
  SECRETS,
  type Secret,
} from '../../../src/kubernetes/index.ts';
import { encodeBootstrapTokenSecret, type TokenBinding } from '../../../src/tokens/index.ts';
import {
  createRequest,
  encodePem,
  exportPrivateKeyDer,
  generatePrivateKey,
  makeName,
} from '../../../src/x509/index.ts';
import type { Pair } from '../../http/material.ts';
import { ADMIN, type Answer, type apiServer, CA } from '../front/server.ts';
import { type Reply, type Served, served } from '../revocation/served.ts';

export const CSRS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
export const ONE_SHOT: TokenBinding = { addresses: [], oneShot: true };

/** Bearer of a bootstrap token, from one address. */
export interface Bearer {
  ask(method: string, path: string, body?: unknown): Promise<Reply>;
  /** Creates a request; its name, or what else the server says. */
  request(machine: Machine, more?: object): Promise<Reply & { readonly name: string }>;
}

export interface Joining extends Served {
  readonly client: KubernetesClient;
  /** Makes a token; who comes with it. */
  readonly token: (id: string, binding?: TokenBinding, more?: Partial<Secret>) => Promise<void>;
  readonly bearer: (id: string, localAddress?: string) => Bearer;
  /** The Secret of a token. */
  readonly secret: (id: string) => Promise<Answer>;
  /** The certificate of a request, PEM, when it is there; undefined where it is not after a while. */
  readonly certificate: (name: string, patienceMs?: number) => Promise<string | undefined>;
  readonly node: (name: string) => Promise<void>;
}

const SECRET = '0123456789abcdef';

/** @param controllers of kubepki, that run in it */
export async function joining(
  options: Parameters<typeof apiServer>[0] = {},
  controllers: readonly string[] = [],
): Promise<Joining> {
  const server = await served(options);
  const client = createClient(loopbackTransport(server.api.loopback(ADMIN)));
  for (const binding of BOOTSTRAP_BINDINGS) await client.create(CLUSTER_ROLE_BINDINGS, binding);
  const stop = new AbortController();
  const running = runControllers({
    client,
    clock: options.clock ?? systemClock,
    signal: stop.signal,
    signing: { authorities: async () => CA.issuer },
    controllers,
  });
  onTestFinished(async () => {
    stop.abort(new Error('the test is over'));
    await running;
  });
  const secret = async (id: string): Promise<Answer> =>
    await server.ask('GET', `/api/v1/namespaces/kube-system/secrets/bootstrap-token-${id}`);
  return {
    ...server,
    client,
    secret,
    async token(id, binding, more = {}) {
      const made = encodeBootstrapTokenSecret({
        id,
        secret: SECRET,
        usages: ['authentication'],
        groups: [BOOTSTRAP_GROUP],
        ...(binding === undefined ? {} : { binding }),
      });
      await client.create(SECRETS, { ...made, ...more, data: { ...made.data, ...more.data } });
    },
    bearer(id, localAddress) {
      const http = server.http1(undefined, localAddress);
      const headers = { authorization: `Bearer ${id}.${SECRET}` };
      const ask: Bearer['ask'] = (method, path, body) =>
        http.ask(path, {
          method,
          headers: { ...headers, 'content-type': 'application/json' },
          ...(body === undefined ? {} : { body }),
        });
      return {
        ask,
        async request(machine, more = {}) {
          const reply = await ask('POST', CSRS, { ...machine.request, ...more });
          return { ...reply, name: reply.status === 201 ? nameIn(reply.body) : '' };
        },
      };
    },
    async certificate(name, patienceMs = 10_000) {
      const end = performance.now() + patienceMs;
      while (performance.now() < end) {
        const { json } = await server.ask('GET', `${CSRS}/${name}`);
        const encoded: unknown = json.status?.certificate;
        if (typeof encoded === 'string') return Buffer.from(encoded, 'base64').toString();
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      return undefined;
    },
    async node(name) {
      await client.create(NODES, { metadata: { name } });
    },
  };
}

function nameIn(body: string): string {
  const { metadata } = JSON.parse(body) as { metadata: { name: string } };
  return metadata.name;
}

/** A machine with a key. */
export interface Machine {
  /** What it asks for: the client certificate of a node. */
  readonly request: { readonly spec: Readonly<Record<string, unknown>> };
  /** With its key. */
  readonly pair: (certificate: string) => Pair;
}

export function machine(node: string, organization = 'system:nodes'): Machine {
  const key = generatePrivateKey('ECDSA-P256');
  const subject = makeName({
    commonName: `system:node:${node}`,
    organizations: [organization],
  });
  const pem = encodePem('CERTIFICATE REQUEST', createRequest({ subject }, key));
  const request = {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { generateName: 'csr-' },
    spec: {
      request: Buffer.from(pem).toString('base64'),
      signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
      usages: ['digital signature', 'client auth'],
    },
  };
  return {
    request,
    pair: (certificate) => ({
      certificate,
      key: encodePem('PRIVATE KEY', exportPrivateKeyDer(key)),
      der: Buffer.alloc(0),
    }),
  };
}
