/** The API server on a port: credentials, limits, audit, and what clients may not make it do. */
import { readFileSync, statSync } from 'node:fs';
import http2 from 'node:http2';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openAuditLog, serve } from '../../../src/apiserver/index.ts';
import { authority, type Pair, pair } from '../../http/material.ts';
import { temporaryDirectory } from '../../temporary.ts';
import { ADMIN, answer, apiServer, BOB, CA, reasonOf, type Tested, TOKEN } from './server.ts';

const admin = pair(CA, { commonName: 'admin', organizations: ['system:masters'] });
const bob = pair(CA, { commonName: 'bob' });
const serving = pair(CA, { commonName: 'kube-apiserver' }, 'serverAuth');

interface Reply {
  readonly status: number;
  readonly headers: http2.IncomingHttpHeaders;
  readonly body: string;
}

async function served(
  options: Parameters<typeof apiServer>[0] = {},
): Promise<Tested & { readonly connect: (client?: Pair) => http2.ClientHttp2Session }> {
  const tested = await apiServer(options);
  const { certificate, key } = serving;
  const running = await serve({
    server: tested.api,
    address: '127.0.0.1',
    port: 0,
    certificate,
    key,
  });
  onTestFinished(() => running.close(0));
  return {
    ...tested,
    connect(client) {
      const session = http2.connect(`https://127.0.0.1:${running.address.port}`, {
        ca: CA.pem,
        ...(client === undefined ? {} : { cert: client.certificate, key: client.key }),
      });
      session.on('error', () => undefined);
      onTestFinished(() => session.destroy());
      return session;
    },
  };
}

function send(
  session: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  body?: Uint8Array,
): Promise<Reply> {
  const stream = session.request(headers, { endStream: body === undefined });
  stream.on('error', () => undefined);
  if (body !== undefined) stream.end(body);
  return new Promise((resolve) => {
    let received: http2.IncomingHttpHeaders = {};
    let text = '';
    stream.on('response', (head) => {
      received = head;
    });
    stream.on('data', (chunk) => {
      text += String(chunk);
    });
    stream.on('close', () =>
      resolve({ status: Number(received[':status']), headers: received, body: text }),
    );
  });
}

const whoami = async (
  session: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders = {},
) => {
  const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
  const { status, body } = await send(
    session,
    { ...headers, ':method': 'POST', ':path': path },
    Buffer.from('{}'),
  );
  return status === 201 ? JSON.parse(body).status.userInfo : JSON.parse(body);
};

describe('who asks over TLS', () => {
  it('is who holds the certificate or the token', async () => {
    const { connect } = await served();
    expect(await whoami(connect(admin))).toMatchObject({
      username: 'admin',
      groups: ['system:masters', 'system:authenticated'],
    });
    expect(await whoami(connect(), { authorization: `Bearer ${TOKEN}` })).toMatchObject({
      username: 'boot',
      uid: '1',
    });
  });

  it('is who holds a certificate by way of an intermediate', async () => {
    const { connect } = await served();
    const middle = authority('middle', CA);
    const client = pair(middle, { commonName: 'below' }, 'clientAuth', [middle]);
    const session = connect(client);
    expect(await whoami(session)).toMatchObject({ username: 'below' });
    expect(await whoami(session)).toMatchObject({ username: 'below' });
  });

  it('is nobody without a credential, and 401 with a wrong one', async () => {
    const { connect } = await served();
    expect((await send(connect(), { ':path': '/version' })).status).toBe(200);
    expect(await whoami(connect())).toMatchObject({ code: 403 });
    expect(await whoami(connect(), { authorization: 'Bearer wrong' })).toMatchObject({
      code: 401,
      reason: 'Unauthorized',
    });
    expect(
      await whoami(
        connect(
          pair(authority('elsewhere'), { commonName: 'admin', organizations: ['system:masters'] }),
        ),
      ),
    ).toMatchObject({ code: 401 });
    const strict = await served({ anonymousAuth: false });
    expect((await send(strict.connect(), { ':path': '/version' })).status).toBe(401);
  });

  it('is nobody else by forged headers', async () => {
    const { connect } = await served();
    const forged = {
      'x-remote-user': 'admin',
      'x-remote-group': 'system:masters',
      'x-remote-extra-a': 'b',
      user: 'admin',
    };
    expect(await whoami(connect(bob), forged)).toMatchObject({
      username: 'bob',
      groups: ['system:authenticated'],
    });
    expect(await whoami(connect(), forged)).toMatchObject({ code: 403 });
  });
});

describe('what clients send', () => {
  const post = { ':method': 'POST', ':path': '/api/v1/namespaces' };

  it('100 MB: 413 for who may write, 403 for who may not, and on it goes', async () => {
    const { connect, faults } = await served();
    const body = Buffer.alloc(9_000_000, 'a');
    const big = { ...post, 'content-length': 100_000_000 };
    const start = async (session: http2.ClientHttp2Session, headers: http2.OutgoingHttpHeaders) => {
      const stream = session.request(headers, { endStream: false });
      stream.on('error', () => undefined);
      stream.write(body);
      return await new Promise<number>((resolve) =>
        stream.on('response', (head) => resolve(Number(head[':status']))),
      );
    };
    expect(await start(connect(admin), big)).toBe(413);
    expect(await start(connect(admin), post)).toBe(413);
    expect(await start(connect(bob), big)).toBe(403);
    const reply = await send(connect(admin), post, Buffer.from('{"metadata":{"name":"after"}}'));
    expect(reply.status).toBe(201);
    expect(faults).toEqual([]);
  });

  it('what the request is tagged with comes back, if it is fit to', async () => {
    const { connect } = await served();
    const session = connect(admin);
    expect(
      (await send(session, { ':path': '/version', 'audit-id': 'mine-1' })).headers['audit-id'],
    ).toBe('mine-1');
    expect(
      (await send(session, { ':path': '/version', 'audit-id': 'a b' })).headers['audit-id'],
    ).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is answered while a watch is open, and the watch shows it', async () => {
    const { connect } = await served();
    const session = connect(admin);
    const watch = session.request({ ':path': '/api/v1/namespaces/default/configmaps?watch=1' });
    await new Promise((resolve) => watch.once('response', resolve));
    const seen = new Promise<string>((resolve) =>
      watch.once('data', (chunk) => resolve(String(chunk))),
    );
    await send(
      session,
      { ':method': 'POST', ':path': '/api/v1/namespaces/default/configmaps' },
      Buffer.from('{"metadata":{"name":"seen"}}'),
    );
    expect(JSON.parse(await seen)).toMatchObject({
      type: 'ADDED',
      object: { metadata: { name: 'seen' } },
    });
    watch.close();
  });
});

describe('the server', () => {
  it('tells how it is', async () => {
    const { ask, api } = await apiServer();
    expect((await ask('GET', '/readyz')).text).toBe('ok');
    expect((await ask('GET', '/livez/ping')).text).toBe('ok');
    const { paths } = (await ask('GET', '/')).json;
    for (const path of [
      '/api',
      '/api/v1',
      '/apis/certificates.k8s.io/v1',
      '/healthz',
      '/readyz/shutdown',
      '/metrics',
      '/openapi/v3',
      '/version',
    ])
      expect(paths).toContain(path);
    await api.close();
    expect((await ask('GET', '/readyz')).status).toBe(500);
    expect((await ask('GET', '/livez')).status).toBe(200);
  });

  it('answers what it cannot do without a word of why', async () => {
    const log: string[] = [];
    const { api } = await apiServer({
      log: (message, error) => log.push(`${message} ${reasonOf(error)}`),
    });
    const broken = {
      method: 'POST',
      url: '/api/v1/namespaces',
      headers: {},
      peer: { certificates: [] },
      user: ADMIN,
      readBody: () => Promise.reject(new Error('the secret reason')),
    };
    const { status, json, text } = await answer(await api.handle(broken));
    expect([status, json.reason]).toEqual([500, 'InternalError']);
    expect(text).not.toContain('secret reason');
    expect(log.join()).toContain('the secret reason');
  });

  it('writes who did what into the audit log, and no body', async () => {
    const path = join(temporaryDirectory(), 'audit.log');
    const audit = await openAuditLog(path, () => undefined);
    const { ask, api } = await apiServer({ audit });
    await ask('POST', '/api/v1/namespaces/default/secrets', {
      body: { metadata: { name: 's' }, stringData: { k: 'very-secret' } },
    });
    await ask('GET', '/api/v1/namespaces/default/secrets/s', { user: BOB });
    await ask('GET', '/api/v1/configmaps?watch=1&timeoutSeconds=1');
    await api.handle({
      method: 'GET',
      url: '/version',
      headers: { authorization: 'Bearer wrong-token' },
      peer: { address: '192.0.2.1', certificates: [] },
    });
    await api.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const text = readFileSync(path, 'utf8');
    expect(text).not.toContain('very-secret');
    expect(text).not.toContain('wrong-token');
    const events = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const of = (verb: string, code: number) =>
      events.filter((event) => event.verb === verb && event.responseStatus?.code === code);
    expect(of('create', 201)).toMatchObject([
      {
        stage: 'ResponseComplete',
        level: 'Metadata',
        user: { username: 'admin' },
        objectRef: { resource: 'secrets', namespace: 'default', apiVersion: 'v1' },
        annotations: { 'authorization.k8s.io/decision': 'allow' },
      },
    ]);
    expect(of('get', 403)).toMatchObject([
      {
        user: { username: 'bob' },
        objectRef: { name: 's' },
        annotations: { 'authorization.k8s.io/decision': 'forbid' },
      },
    ]);
    expect(of('watch', 200).map(({ stage }) => stage)).toEqual([
      'ResponseStarted',
      'ResponseComplete',
    ]);
    expect(of('get', 401)).toMatchObject([{ sourceIPs: ['192.0.2.1'] }]);
    expect(new Set(events.map(({ auditID }) => auditID)).size).toBe(4);
  });
});
