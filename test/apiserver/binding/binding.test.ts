/** To what the certificates of nodes are bound, for how long, and what becomes of it. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CertificateSigningRequest } from '../../../src/kubernetes/index.ts';
import {
  createMemoryStorage,
  openSqliteStorage,
  type Storage,
} from '../../../src/storage/index.ts';
import { type Pair, pair } from '../../http/material.ts';
import { ManualClock } from '../../manual-clock.ts';
import { temporaryDirectory } from '../../temporary.ts';
import { CSRS, machine } from '../bootstrap-tokens/joining.ts';
import { ADMIN, CA } from '../front/server.ts';
import { FRONT_CA, served } from '../revocation/served.ts';
import { BINDING, BINDINGS, type Binding, binding, handMade } from './nodes.ts';

const HOME = '127.0.0.5';
const AWAY = '127.0.0.9';
const SOURCE = 'kubepki.dev/source-address';
const BOUND = 'kubepki.dev/bound-addresses';

const statusFrom = async (
  server: Pick<Binding, 'http2'>,
  node: Pair,
  address: string,
): Promise<number> => (await server.http2(node, address).ask('/version')).status;

/** A node asks for its next certificate. */
async function renew(server: Binding, node: string, current: Pair, address: string): Promise<Pair> {
  const next = machine(node);
  const { status, body } = await server
    .http2(current, address)
    .ask(CSRS, { method: 'POST', body: next.request });
  if (status !== 201) throw new Error(body);
  const certificate = await server.certificate(JSON.parse(body).metadata.name);
  return next.pair(certificate ?? '');
}

/** What the request says of its requester. */
async function extraOf(server: Binding, name: string): Promise<Readonly<Record<string, unknown>>> {
  const { json } = await server.ask('GET', `${CSRS}/${name}`);
  const csr: CertificateSigningRequest = json;
  return csr.spec.extra ?? {};
}

describe('a certificate is bound', () => {
  it('to the addresses of the token, wherever in them the request came from', async () => {
    const server = await binding();
    await server.token('bounds', { addresses: ['127.0.0.0/29', '::1'], oneShot: true });
    const newcomer = machine('worker-1');
    const { name } = await server.bearer('bounds', '127.0.0.3').request(newcomer);
    const node = newcomer.pair((await server.certificate(name)) ?? '');
    expect(await extraOf(server, name)).toMatchObject({
      [SOURCE]: ['127.0.0.3'],
      [BOUND]: ['127.0.0.0/29', '::1'],
    });
    expect(await server.bindings()).toMatchObject([
      { spec: { addresses: ['127.0.0.0/29', '::1'] }, status: { boundBy: 'Declaration' } },
    ]);
    expect(await statusFrom(server, node, HOME)).toBe(200);
    expect(await statusFrom(server, node, AWAY)).toBe(403);
  });

  it('to what the cluster file declares, whatever the request says, and at once to what it declares next', async () => {
    let declared: ReadonlyMap<string, readonly string[]> = new Map([['worker-1', [HOME]]]);
    const server = await binding({ bindNodes: { declared: () => declared } });
    const node = await server.join('worker-1', AWAY);
    const away = server.http2(node, AWAY);
    expect((await away.ask('/version')).status).toBe(403);
    expect(server.log).toContain(
      `node credentials: that of "worker-1" came from ${AWAY} and is bound to ${HOME} (the cluster file): refused`,
    );
    expect(await statusFrom(server, node, HOME)).toBe(200);
    declared = new Map([['worker-1', ['10.0.0.1', AWAY]]]);
    server.api.nodesDeclared();
    expect((await away.ask('/version')).status).toBe(200);
    expect(await statusFrom(server, node, HOME)).toBe(403);
    // What was declared when it was made stands for it when nothing is declared.
    declared = new Map();
    expect(await statusFrom(server, node, HOME)).toBe(200);
    expect((await away.ask('/version')).status).toBe(403);
  });

  it('as the one before it, when a node renews it', async () => {
    const server = await binding();
    const first = await server.join('worker-1', HOME);
    await server.node('worker-1');
    const second = await renew(server, 'worker-1', first, HOME);
    for (const one of [first, second]) {
      expect(await statusFrom(server, one, HOME)).toBe(200);
      expect(await statusFrom(server, one, AWAY)).toBe(403);
    }
    // An administrator has widened it.
    for (const { metadata } of await server.bindings()) {
      await server.ask('PATCH', `${BINDINGS}/${metadata.name}`, {
        headers: { 'content-type': 'application/merge-patch+json' },
        body: { spec: { addresses: ['127.0.0.0/28'] } },
      });
    }
    const third = await renew(server, 'worker-1', second, AWAY);
    expect(await statusFrom(server, third, HOME)).toBe(200);
    expect(await statusFrom(server, third, '127.0.0.20')).toBe(403);
  });

  it('to where it is first used, when nobody has asked the server for it', async () => {
    const server = await binding();
    const node = handMade('worker-1');
    const home = server.http2(node, HOME);
    const answers = await Promise.all([1, 2, 3].map(() => home.ask('/version')));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await statusFrom(server, node, AWAY)).toBe(403);
    expect(await server.bindings()).toMatchObject([
      { spec: { node: 'worker-1', addresses: [HOME] }, status: { boundBy: 'FirstUse' } },
    ]);
    expect(server.log).toContain(
      `node credentials first seen: that of "worker-1" is bound to ${HOME}, where it came from`,
    );
    // Deleted, it is bound anew: that is how a node is moved.
    const [bound] = await server.bindings();
    const name = bound?.metadata.name ?? '';
    expect((await server.ask('DELETE', `${BINDINGS}/${name}`)).status).toBe(200);
    expect(await statusFrom(server, node, AWAY)).toBe(200);
    expect((await home.ask('/version')).status).toBe(403);
  });

  it('not, when it is that with which a node serves', async () => {
    const server = await binding();
    const name = { commonName: 'system:node:worker-1', organizations: ['system:nodes'] };
    const serving = pair(CA, name, 'serverAuth');
    const { name: request } = await server.bearer('joiner', HOME).request(machine('worker-1'));
    await server.certificate(request);
    expect(await server.bindings()).toHaveLength(1);
    await write(server, 'worker-2', serving);
    expect(await server.bindings()).toHaveLength(1);
    await write(server, 'worker-3', handMade('worker-3'));
    expect(await server.bindings()).toHaveLength(2);
  });
});

/** Whoever may sign puts a certificate into a request. */
async function write(server: Binding, node: string, { certificate }: Pair): Promise<void> {
  const body = { ...machine(node).request, spec: { ...machine(node).request.spec } };
  const http = server.http1(pair(CA, { commonName: 'a', organizations: ['system:masters'] }), HOME);
  const sent = { ...body, spec: { ...body.spec, signerName: 'example.com/own' } };
  const made = await http.ask(CSRS, { method: 'POST', body: sent });
  const { metadata } = JSON.parse(made.body);
  const conditions = [{ type: 'Approved', status: 'True', reason: 'x', message: 'y' }];
  const approved = await server.ask('PUT', `${CSRS}/${metadata.name}/approval`, {
    body: { ...JSON.parse(made.body), status: { conditions } },
  });
  const status = {
    ...approved.json.status,
    certificate: Buffer.from(certificate).toString('base64'),
  };
  const url = `${CSRS}/${metadata.name}/status`;
  const tried = await server.ask('PUT', `${url}?dryRun=All`, {
    body: { ...approved.json, status },
  });
  if (tried.status !== 200) throw new Error(tried.text);
  const before = (await server.bindings()).length;
  const issued = await server.ask('PUT', url, { body: { ...approved.json, status } });
  if (issued.status !== 200) throw new Error(issued.text);
  expect((await server.bindings()).length - before).toBeLessThanOrEqual(1);
}

describe('a request for a certificate says where it came from', () => {
  it('in words that nobody can put there', async () => {
    const server = await binding({}, []);
    const forged = { [SOURCE]: ['10.9.9.9'], [BOUND]: ['10.9.9.0/24'], 'example.com/x': ['y'] };
    const bearer = server.bearer('joiner', HOME);
    const { spec } = machine('worker-1').request;
    const one = await bearer.request(machine('worker-1'), { spec: { ...spec, extra: forged } });
    expect(await extraOf(server, one.name)).toEqual({ [SOURCE]: [HOME] });
    const admin = pair(CA, { commonName: 'admin', organizations: ['system:masters'] });
    const impersonating = {
      'impersonate-user': 'system:bootstrap:joiner',
      'impersonate-extra-kubepki.dev%2fsource-address': '10.9.9.9',
      'impersonate-extra-kubepki.dev%2Fbound-addresses': '10.9.9.0/24',
      'impersonate-extra-example.com%2fx': 'y',
      'impersonate-group': 'system:bootstrappers:kubeadm:default-node-token',
    };
    const body = machine('worker-2').request;
    const two = await server
      .http2(admin, AWAY)
      .ask(CSRS, { method: 'POST', headers: impersonating, body });
    expect(two.status).toBe(201);
    expect(JSON.parse(two.body).spec.extra).toEqual({ 'example.com/x': ['y'] });
    const proxied = {
      'x-remote-user': 'system:bootstrap:joiner',
      'x-remote-group': 'system:bootstrappers:kubeadm:default-node-token',
      'x-remote-extra-kubepki.dev%2fsource-address': '10.9.9.9',
    };
    const three = await server
      .http2(pair(FRONT_CA, { commonName: 'front-proxy-client' }), AWAY)
      .ask(CSRS, { method: 'POST', headers: proxied, body });
    expect(three.status).toBe(201);
    expect(JSON.parse(three.body).spec.extra ?? {}).toEqual({});
  });

  it('not from within the process, and not where nothing is bound', async () => {
    const server = await binding({}, []);
    const { json } = await server.ask('POST', CSRS, {
      user: { ...ADMIN, extra: { [SOURCE]: ['10.9.9.9'] } },
      body: machine('worker-1').request,
    });
    expect(json.spec.extra ?? {}).toEqual({});
    const open = await binding({ bindNodes: undefined }, []);
    const { name } = await open.bearer('joiner', HOME).request(machine('worker-1'));
    expect(await extraOf(open, name)).toEqual({});
  });

  it('also when it is made by server-side apply', async () => {
    const server = await binding({}, []);
    const admin = pair(CA, { commonName: 'admin', organizations: ['system:masters'] });
    const { status, body } = await server.http2(admin, HOME).ask(`${CSRS}/applied?fieldManager=x`, {
      method: 'PATCH',
      headers: { 'content-type': 'application/apply-patch+yaml' },
      body: { ...machine('worker-1').request, metadata: { name: 'applied' } },
    });
    expect(status, body).toBe(201);
    expect(JSON.parse(body).spec.extra).toMatchObject({ [SOURCE]: [HOME] });
  });
});

/** The watches of bindings tell nothing. */
function deaf(storage: Storage): Storage {
  const watch: Storage['watch'] = (request) =>
    request.prefix.startsWith('/registry/kubepki.dev/nodebindings')
      ? storage.watch({ ...request, prefix: '/nothing/' })
      : storage.watch(request);
  return new Proxy(storage, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (name === 'watch') return watch;
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

describe('bindings', () => {
  it('outlive the server', async () => {
    const path = `${temporaryDirectory()}/state.db`;
    const open = () => openSqliteStorage(path, { now: () => new Date() });
    const storage = await open();
    const one = await binding({ storage });
    const node = await one.join('worker-1', HOME);
    await one.api.close();
    await storage.close();
    const again = await open();
    onTestFinished(() => again.close());
    const two = await served({ storage: again, bindNodes: BINDING });
    expect(await statusFrom(two, node, AWAY)).toBe(403);
    expect(await statusFrom(two, node, HOME)).toBe(200);
  });

  it('of another server on the same storage hold at once, before they are heard of', async () => {
    const storage = createMemoryStorage({ now: () => new Date() });
    const two = await served({ storage: deaf(storage), bindNodes: BINDING });
    const one = await binding({ storage });
    const node = await one.join('worker-1', HOME);
    expect(await statusFrom(two, node, AWAY)).toBe(403);
    expect(await statusFrom(two, node, HOME)).toBe(200);
    expect((await two.ask('GET', '/metrics')).text).toMatch(
      /^kubepki_node_bindings_at_first_use_total 0$/m,
    );
  });

  it('end an hour after their certificates', async () => {
    const clock = new ManualClock('2098-12-31T23:50:00Z');
    const server = await binding({ clock }, []);
    expect(await statusFrom(server, handMade('worker-1'), HOME)).toBe(200);
    await clock.advance(3_600_000 + 5 * 60_000);
    expect(await server.bindings()).toHaveLength(1);
    await clock.advance(20 * 60_000);
    await expect.poll(async () => (await server.bindings()).length).toBe(0);
  });

  it('are not made by clients, belong to nothing, and may be changed to addresses only', async () => {
    const server = await binding();
    await server.join('worker-1', HOME);
    const [bound] = await server.bindings();
    const url = `${BINDINGS}/${bound?.metadata.name}`;
    expect((await server.ask('POST', BINDINGS, { body: bound })).status).toBe(405);
    const put = async (change: object): Promise<readonly [number, string]> => {
      const { status, json } = await server.ask('PUT', url, { body: { ...bound, ...change } });
      return [status, json.message];
    };
    const spec = { node: 'worker-1', addresses: [HOME] };
    const refused = [
      { spec: { ...spec, node: 'worker-2' } },
      { spec: { ...spec, addresses: [] } },
      { spec: { ...spec, addresses: ['10.0.0.0/33'] } },
      { spec: { ...spec, addresses: ['*'] } },
      { spec: { ...spec, addresses: Array.from({ length: 65 }, () => HOME) } },
      {
        metadata: {
          ...bound?.metadata,
          ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'x', uid: 'x' }],
        },
      },
    ];
    for (const change of refused) expect((await put(change))[0]).toBe(422);
    // What the server has written stays.
    expect(await put({ spec: { ...spec, addresses: ['fd00::/8', HOME] }, status: {} })).toEqual([
      200,
      undefined,
    ]);
    expect(await server.bindings()).toMatchObject([{ status: bound?.status }]);
  });

  it('are nothing that a node may see or change', async () => {
    const server = await binding();
    const node = await server.join('worker-1', HOME);
    const home = server.http2(node, HOME);
    const [bound] = await server.bindings();
    const url = `${BINDINGS}/${bound?.metadata.name}`;
    expect((await home.ask(BINDINGS)).status).toBe(403);
    expect((await home.ask(url, { method: 'DELETE' })).status).toBe(403);
    expect((await home.ask(url, { method: 'PUT', body: bound })).status).toBe(403);
  });
});
