/** What a bootstrap token is good for: asking for a certificate, and nothing else on anything that is served. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { KubernetesClient } from '../../src/client/index.ts';
import {
  BOOTSTRAP_BINDINGS,
  BOOTSTRAP_GROUP,
  CERTIFICATE_SIGNING_REQUESTS,
  CLUSTER_ROLE_BINDINGS,
  SECRETS,
} from '../../src/kubernetes/index.ts';
import {
  encodeBootstrapTokenSecret,
  generateBootstrapToken,
  parseBootstrapToken,
} from '../../src/tokens/index.ts';
import { createRequest, encodePem, generatePrivateKey, makeName } from '../../src/x509/index.ts';
import { localServer } from './local-server.ts';

interface Served {
  readonly path: string;
  readonly name: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

const text = (body: Uint8Array): string => Buffer.from(body).toString('utf8');

/** Everything that the server serves, from its own discovery. */
async function everything(admin: KubernetesClient): Promise<Served[]> {
  const read = async <T>(url: string): Promise<T> => {
    const { status, body } = await admin.raw({ method: 'GET', url, headers: {} });
    expect(status, url).toBe(200);
    return JSON.parse(text(body)) as T;
  };
  const { groups } = await read<{ groups: { versions: { groupVersion: string }[] }[] }>('/apis');
  const paths = [
    '/api/v1',
    ...groups.flatMap(({ versions }) =>
      versions.map(({ groupVersion }) => `/apis/${groupVersion}`),
    ),
  ];
  const lists = await Promise.all(
    paths.map(async (path) => {
      const { resources } = await read<{ resources: Omit<Served, 'path'>[] }>(path);
      return resources.map((resource) => ({ ...resource, path }));
    }),
  );
  return lists.flat();
}

/** The request of a verb on a resource or subresource. */
function requestOf({ path, name, namespaced }: Served, verb: string) {
  const [resource = '', ...subresource] = name.split('/');
  const collection = `${path}/${namespaced ? 'namespaces/kube-system/' : ''}${resource}`;
  const object = `${collection}/${['x', ...subresource].join('/')}`;
  const json = { 'content-type': 'application/json' };
  const body = Buffer.from('{"metadata":{"name":"x"}}');
  switch (verb) {
    case 'get':
      return { method: 'GET', url: object, headers: {} };
    case 'list':
      return { method: 'GET', url: collection, headers: {} };
    case 'watch':
      return { method: 'GET', url: `${collection}?watch=true&timeoutSeconds=1`, headers: {} };
    case 'create':
      return {
        method: 'POST',
        url: subresource.length > 0 ? object : collection,
        headers: json,
        body,
      };
    case 'update':
      return { method: 'PUT', url: object, headers: json, body };
    case 'patch':
      return {
        method: 'PATCH',
        url: object,
        headers: { 'content-type': 'application/merge-patch+json' },
        body,
      };
    case 'delete':
      return { method: 'DELETE', url: object, headers: {} };
    case 'deletecollection':
      return { method: 'DELETE', url: collection, headers: {} };
    default:
      throw new Error(`expected a verb, got ${verb}`);
  }
}

const VERBS = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete', 'deletecollection'];
/** A subresource is of one object: there is nothing to list. */
const SUBRESOURCE_VERBS = ['get', 'create', 'update', 'patch', 'delete'];
/** The one thing that it is for (system:node-bootstrapper). */
const ITS_OWN = new Set(
  ['get', 'list', 'watch', 'create'].map((verb) => `certificatesigningrequests ${verb}`),
);
/** What everybody who is authenticated may ask about himself (system:basic-user). */
const ABOUT_ITSELF = new Set(
  ['selfsubjectreviews', 'selfsubjectaccessreviews', 'selfsubjectrulesreviews'].map(
    (name) => `${name} create`,
  ),
);

async function serverWithToken() {
  const server = await localServer();
  await server.start();
  const token = generateBootstrapToken();
  const parts = parseBootstrapToken(token);
  if (parts === undefined) throw new Error('expected a token');
  await server.admin.create(
    SECRETS,
    encodeBootstrapTokenSecret({ ...parts, usages: ['authentication'], groups: [BOOTSTRAP_GROUP] }),
  );
  for (const binding of BOOTSTRAP_BINDINGS)
    await server.admin.create(CLUSTER_ROLE_BINDINGS, binding);
  return { server, token, holder: server.as(token) };
}

it('may do nothing on anything that is served, but ask for a certificate', async () => {
  const { server, holder } = await serverWithToken();
  const served = await everything(server.admin);
  expect(served.length).toBeGreaterThan(20);
  const allowed: string[] = [];
  for (const resource of served) {
    for (const verb of resource.name.includes('/') ? SUBRESOURCE_VERBS : VERBS) {
      const { status, body } = await holder.raw(requestOf(resource, verb));
      const what = `${resource.name} ${verb}`;
      if (status === 403) expect(text(body), what).toMatch(/"reason": ?"Forbidden"/);
      // A verb that the resource does not have is refused before or after authorization.
      else if (status !== 405) allowed.push(what);
    }
  }
  expect(allowed.filter((what) => !ITS_OWN.has(what) && !ABOUT_ITSELF.has(what))).toEqual([]);
  expect(allowed.filter((what) => ITS_OWN.has(what)).toSorted()).toEqual([...ITS_OWN].toSorted());
  for (const path of ['/metrics', '/debug/pprof', '/logs', '/configz', '/']) {
    const { status } = await holder.raw({ method: 'GET', url: path, headers: {} });
    expect(status, path).toBe(403);
  }
});

it('gets a certificate for no name but a node’s, by nobody’s approval but its own kind', async () => {
  const { server, holder } = await serverWithToken();
  const ask = async (subject: Parameters<typeof makeName>[0], signerName: string) => {
    const request = createRequest({ subject: makeName(subject) }, generatePrivateKey('ECDSA-P256'));
    return holder.create(CERTIFICATE_SIGNING_REQUESTS, {
      metadata: { generateName: 'csr-' },
      spec: {
        request: Buffer.from(encodePem('CERTIFICATE REQUEST', request)).toString('base64'),
        signerName,
        usages: ['digital signature', 'client auth'],
      },
    });
  };
  const CLIENT = 'kubernetes.io/kube-apiserver-client';
  const KUBELET = 'kubernetes.io/kube-apiserver-client-kubelet';
  await expect(
    ask({ commonName: 'root', organizations: ['system:masters'] }, CLIENT),
  ).rejects.toMatchObject({ status: { code: 403 } });

  // These may be asked for: they wait for somebody who approves them.
  const waiting = [
    await ask({ commonName: 'somebody' }, CLIENT),
    await ask({ commonName: 'system:node:x', organizations: ['system:masters'] }, KUBELET),
    await ask({ commonName: 'kubernetes-admin', organizations: ['system:nodes'] }, KUBELET),
  ];
  // A good one, asked for last: when it is signed, the controllers have seen the others.
  const good = await ask({ commonName: 'system:node:x', organizations: ['system:nodes'] }, KUBELET);
  const name = (csr: { metadata: { name?: string } }): string => csr.metadata.name ?? '';
  const read = async (csr: typeof good) =>
    server.admin.get(CERTIFICATE_SIGNING_REQUESTS, { name: name(csr) });
  await expect
    .poll(async () => (await read(good)).status?.certificate, { timeout: 20_000 })
    .toBeTruthy();
  for (const csr of waiting) {
    const { status } = await read(csr);
    expect(status?.conditions ?? []).toEqual([]);
    expect(status?.certificate).toBeUndefined();
  }
  // Nor can it approve them itself.
  const approved = {
    ...(waiting[0] ?? good),
    status: { conditions: [{ type: 'Approved', status: 'True', reason: 'x', message: 'x' }] },
  };
  for (const subresource of ['approval', 'status']) {
    await expect(
      holder.update(CERTIFICATE_SIGNING_REQUESTS, approved, { subresource }),
    ).rejects.toMatchObject({ status: { code: 403 } });
  }
});

it('is worth nothing when it is deleted, and headers make nobody another', async () => {
  const { server, token, holder } = await serverWithToken();
  const whoami = async (client: KubernetesClient, headers = {}) =>
    client.raw({
      method: 'POST',
      url: '/apis/authentication.k8s.io/v1/selfsubjectreviews',
      headers: { 'content-type': 'application/json', ...headers },
      body: Buffer.from('{}'),
    });
  const forged = {
    'x-remote-user': 'root',
    'x-remote-group': 'system:masters',
    'x-remote-extra-scopes': 'all',
  };
  expect(text((await whoami(holder, forged)).body)).toContain(
    `system:bootstrap:${token.slice(0, 6)}`,
  );
  expect(text((await whoami(holder, forged)).body)).not.toContain('system:masters');
  expect((await whoami(server.as(), forged)).status).toBe(403);

  await server.admin.delete(SECRETS, {
    namespace: 'kube-system',
    name: `bootstrap-token-${token.slice(0, 6)}`,
  });
  // Results of tokens are remembered for ten seconds, as kube-apiserver does.
  await expect.poll(async () => (await whoami(holder)).status, { timeout: 20_000 }).toBe(401);
});

it('goes on after bodies that are no requests', async () => {
  const { server, holder } = await serverWithToken();
  const url = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
  const post = async (body: Uint8Array, type = 'application/json') =>
    holder.raw({ method: 'POST', url, headers: { 'content-type': type }, body });
  expect((await post(Buffer.from('not JSON'))).status).toBe(400);
  expect((await post(Buffer.from('['.repeat(200_000)))).status).toBe(400);
  expect((await post(Buffer.from('{"__proto__":{"polluted":1},"spec":[]}'))).status).toBe(400);
  expect((await post(Buffer.alloc(16), 'application/octet-stream')).status).toBe(415);
  const large = post(Buffer.alloc(100 * 1024 * 1024, 0x20)).catch(() => ({ status: 413 }));
  expect((await large).status).toBe(413);
  const key = generatePrivateKey('ECDSA-P256');
  const der = createRequest({ subject: makeName({ commonName: 'x' }) }, key);
  der[der.length - 1] = (der[der.length - 1] ?? 0) ^ 1;
  const wrong = {
    metadata: { generateName: 'csr-' },
    spec: {
      request: Buffer.from(encodePem('CERTIFICATE REQUEST', der)).toString('base64'),
      signerName: 'kubernetes.io/kube-apiserver-client',
      usages: ['client auth'],
    },
  };
  expect((await post(Buffer.from(JSON.stringify(wrong)))).status).toBe(422);
  expect(text((await server.admin.raw({ method: 'GET', url: '/readyz', headers: {} })).body)).toBe(
    'ok',
  );
  expect(readFileSync(server.pki('ca.crt'), 'utf8')).toBe(server.ca);
});
