import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { KubepkiError } from '../../src/errors.ts';
import {
  createHttpsServer,
  type HttpHandler,
  type HttpLimits,
  type HttpRequest,
  type HttpsServer,
} from '../../src/http/index.ts';
import { type ApiResponse, refusedFor, StatusError } from '../../src/kubernetes/index.ts';
import { authority, pair } from './material.ts';

const ca = authority('ca');
const serving = pair(ca, { commonName: 'server' }, 'serverAuth');
const admin = pair(ca, { commonName: 'admin' });

const servers: HttpsServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close(0)));
});

interface Running {
  readonly server: HttpsServer;
  readonly port: number;
  readonly url: string;
}

async function serve(handle: HttpHandler, limits: Partial<HttpLimits> = {}): Promise<Running> {
  const server = createHttpsServer({ ...serving, handle, limits });
  servers.push(server);
  const { port } = await server.listen({ address: '127.0.0.1', port: 0 });
  return { server, port, url: `https://127.0.0.1:${port}` };
}

const text = (body: string, status = 200): ApiResponse => ({
  status,
  headers: { 'content-type': 'text/plain' },
  body: Buffer.from(body),
});

/** Answers the length of the body, or the refusal to read it. */
const lengthOfBody: HttpHandler = async (request) => {
  try {
    return text(String((await request.readBody()).length));
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return text(error.message, error.httpStatus);
  }
};

interface Answer {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly body: string;
}

const credentials = { ca: ca.pem, cert: admin.certificate, key: admin.key };

function session(url: string, options: http2.SecureClientSessionOptions = credentials) {
  const client = http2.connect(url, options);
  client.on('error', () => undefined);
  onTestFinished(() => client.destroy());
  return client;
}

function answerOf(stream: http2.ClientHttp2Stream): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let headers: http2.IncomingHttpHeaders = {};
    let body = '';
    stream.on('response', (received) => {
      headers = received;
    });
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
    });
    stream.on('close', () => resolve({ status: Number(headers[':status']), headers, body }));
    stream.on('error', reject);
  });
}

const overHttp2 = (
  client: http2.ClientHttp2Session,
  headers: http2.OutgoingHttpHeaders,
  body?: Uint8Array,
): Promise<Answer> => {
  const stream = client.request(headers, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  return answerOf(stream);
};

function overHttp1(
  url: string,
  options: https.RequestOptions = {},
  body?: Uint8Array,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = https.request(url, { ...credentials, agent: false, ...options }, (response) => {
      let received = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        received += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: received }),
      );
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5));
};

/** A body that goes on until the signal aborts, and says when it has ended. */
function endless(request: HttpRequest, chunk = 'tick\n') {
  const state = { sent: 0, ended: false };
  async function* body(): AsyncGenerator<Uint8Array> {
    try {
      while (!request.signal.aborted) {
        state.sent += 1;
        yield Buffer.from(chunk);
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    } finally {
      state.ended = true;
    }
  }
  return { state, body: body() };
}

describe('headers that come several times', () => {
  it('are a list, whatever carries them, and none is broken at its commas', async () => {
    const { url } = await serve(async ({ headers }) =>
      text(JSON.stringify([headers['x-group'], headers['x-one'], headers['user-agent']])),
    );
    const headers = { 'x-group': ['a, b', '', 'c'], 'x-one': 'd, e', 'user-agent': 'me' };
    const expected = JSON.stringify([['a, b', '', 'c'], 'd, e', 'me']);
    expect((await overHttp2(session(url), headers)).body).toBe(expected);
    expect((await overHttp1(url, { headers })).body).toBe(expected);
  });

  it('may be as many as fit: a proxy says so who is in 500 groups', async () => {
    const { url } = await serve(async ({ headers }) =>
      text(String((headers['impersonate-group'] ?? []).length)),
    );
    const groups = Array.from({ length: 500 }, (_, at) => `organisation:team-${at}`);
    const headers = { 'impersonate-group': groups };
    expect((await overHttp1(url, { headers })).body).toBe('500');
    expect((await overHttp2(session(url), headers)).body).toBe('500');
  });

  it('are 2,000 at most, and none is left out of more', async () => {
    let last: unknown;
    const { url } = await serve(async ({ headers }) => {
      last = headers['x-last'];
      return text('');
    });
    const ask = async (count: number): Promise<number> => {
      const others = Array.from({ length: count - 3 }, (_, at) => [`x${at}`, '']).flat();
      // Beside these, Node's client says to end the connection.
      const headers = ['host', 'x', ...others, 'x-last', 'here'];
      last = undefined;
      return (await overHttp1(url, { headers })).status;
    };
    expect(await ask(1990)).toBe(200);
    expect(last).toBe('here');
    for (const count of [2_000, 2_001, 2_100, 4_000]) {
      expect([400, 431], String(count)).toContain(await ask(count));
      expect(last).toBeUndefined();
    }
  });

  it('keep blanks at their ends over HTTP/2: who is left out is not whom the proxy speaks for', async () => {
    const seen: HttpRequest['headers'][] = [];
    const { url } = await serve(async ({ headers }) => {
      seen.push(headers);
      return text('');
    });
    const client = session(url);
    for (const value of ['bob ', ' bob', '\tbob\t', ' ']) {
      const { status } = await overHttp2(client, { ':path': '/', 'impersonate-user': value });
      expect(status).toBe(200);
    }
    expect(seen.map((headers) => headers['impersonate-user'])).toEqual([
      'bob ',
      ' bob',
      '\tbob\t',
      ' ',
    ]);
  });

  it('are the first one where there should be one', async () => {
    const { url } = await serve(async ({ headers }) => text(String(headers.authorization)));
    const headers = ['authorization', 'Bearer one', 'authorization', 'Bearer two', 'host', 'x'];
    // An array of names and values in turn is sent as it is.
    const options = { headers } as unknown as https.RequestOptions;
    expect((await overHttp1(url, options)).body).toBe('Bearer one');
  });

  it('may be called as Object has them', async () => {
    const { url } = await serve(async ({ headers }) =>
      text(JSON.stringify([headers['constructor'], Object.keys(headers).includes('__proto__')])),
    );
    const headers = [
      'constructor',
      'a',
      'constructor',
      'b',
      '__proto__',
      'c',
      '__proto__',
      'd',
      'host',
      'x',
    ];
    const options = { headers } as unknown as https.RequestOptions;
    expect(JSON.parse((await overHttp1(url, options)).body)[1]).toBe(false);
  });
});

describe('the HTTPS server', () => {
  it('serves HTTP/2 and HTTP/1.1 on one port', async () => {
    const { url } = await serve(async ({ method, url: path }) => text(`${method} ${path}`));
    const [two, one] = await Promise.all([
      overHttp2(session(url), { ':path': '/a?b=%20c', ':method': 'PATCH' }),
      overHttp1(`${url}/a?b=%20c`, { method: 'PATCH' }),
    ]);
    expect([two.status, two.body, two.headers['content-length']]).toEqual([
      200,
      'PATCH /a?b=%20c',
      '15',
    ]);
    expect([one.status, one.body, one.headers['content-length']]).toEqual([
      200,
      'PATCH /a?b=%20c',
      '15',
    ]);
  });

  it('reads bodies of both, in one piece or many', async () => {
    const { url } = await serve(lengthOfBody);
    const body = Buffer.alloc(1_000_000, 'a');
    const client = session(url);
    expect((await overHttp2(client, { ':method': 'POST' }, body)).body).toBe('1000000');
    expect((await overHttp2(client, { ':method': 'POST' }, Buffer.alloc(0))).body).toBe('0');
    expect((await overHttp2(client, { ':method': 'POST' })).body).toBe('0');
    expect((await overHttp1(url, { method: 'POST' }, body)).body).toBe('1000000');
  });

  it('sends no body to HEAD, but its length', async () => {
    const { url } = await serve(async () => text('four'));
    const two = await overHttp2(session(url), { ':method': 'HEAD' });
    const one = await overHttp1(url, { method: 'HEAD' });
    expect([two.body, two.headers['content-length']]).toEqual(['', '4']);
    expect([one.body, one.headers['content-length']]).toEqual(['', '4']);
  });

  it('sends headers that are lists as several, and leaves out what is undefined', async () => {
    const { url } = await serve(async () => ({
      status: 200,
      headers: { warning: ['299 - "a"', '299 - "b"'], 'audit-id': undefined },
      body: Buffer.from(''),
    }));
    for (const answer of [await overHttp2(session(url), {}), await overHttp1(url)]) {
      expect(answer.headers['warning']).toBe('299 - "a", 299 - "b"');
      expect(answer.headers['audit-id']).toBeUndefined();
    }
  });

  it('hands on the certificate of the client with its intermediates, and the address', async () => {
    const middle = authority('middle', ca);
    const client = pair(middle, { commonName: 'node' }, 'clientAuth', [middle]);
    const seen: HttpRequest['peer'][] = [];
    const { url } = await serve(async ({ peer }) => {
      seen.push(peer);
      return text('');
    });
    const first = session(url, { ca: ca.pem, cert: client.certificate, key: client.key });
    await overHttp2(first, {});
    await overHttp2(first, {});
    await overHttp1(url, { cert: client.certificate, key: client.key });
    await overHttp2(session(url, { ca: ca.pem }), {});
    expect(seen.map(({ address }) => address)).toEqual(Array(4).fill('127.0.0.1'));
    for (const { certificates } of seen.slice(0, 3)) {
      expect(Buffer.from(certificates[0] ?? []).equals(client.der)).toBe(true);
      expect(Buffer.from(certificates[1] ?? []).equals(middle.certificate.der)).toBe(true);
    }
    expect(seen[0]).toBe(seen[1]);
    expect(seen[3]?.certificates).toEqual([]);
  });

  it('lets a client in whose certificate nobody here has signed: judging is not its part', async () => {
    const stranger = pair(authority('elsewhere'), { commonName: 'x' });
    const { url } = await serve(async ({ peer }) => text(String(peer.certificates.length)));
    const client = session(url, { ca: ca.pem, cert: stranger.certificate, key: stranger.key });
    expect((await overHttp2(client, {})).body).toBe('1');
  });

  it('refuses TLS 1.1', async () => {
    const { port } = await serve(async () => text(''));
    const socket = tls.connect({
      host: '127.0.0.1',
      port,
      ca: ca.pem,
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT:@SECLEVEL=0',
    });
    const error = await new Promise<Error>((resolve, reject) => {
      socket.on('error', resolve);
      socket.on('secureConnect', () => reject(new Error('connected')));
    });
    expect(error.message).toMatch(/protocol version|unsupported protocol/i);
  });

  it('answers 500 where the handler throws, and goes on', async () => {
    const { url } = await serve(({ url: path }) => {
      if (path === '/bad') throw new TypeError('expected a, got b');
      return Promise.resolve(text('good'));
    });
    const client = session(url);
    const bad = await overHttp2(client, { ':path': '/bad' });
    expect([bad.status, JSON.parse(bad.body).reason]).toEqual([500, 'InternalError']);
    expect(bad.body).not.toContain('expected a');
    expect((await overHttp2(client, { ':path': '/good' })).body).toBe('good');
  });
});

describe('the limits of the HTTPS server', () => {
  const limit = 1000;

  it('refuses a body over the limit, said or not, with 413', async () => {
    const { url } = await serve(lengthOfBody, { body: limit });
    const message = 'Request entity too large: limit is 1000';
    const body = Buffer.alloc(5_000_000, 'a');
    const said = { 'content-length': body.length };
    expect(await overHttp2(session(url), { ':method': 'POST', ...said }, body)).toMatchObject({
      status: 413,
      body: message,
    });
    expect(await overHttp2(session(url), { ':method': 'POST' }, body)).toMatchObject({
      status: 413,
      body: message,
    });
    expect(await overHttp1(url, { method: 'POST' }, Buffer.alloc(limit + 1, 'a'))).toMatchObject({
      status: 413,
      body: message,
    });
    const chunked = await overHttp1(
      url,
      { method: 'POST', headers: { 'transfer-encoding': 'chunked' } },
      Buffer.alloc(limit + 1, 'a'),
    );
    expect(chunked).toMatchObject({ status: 413, body: message, headers: { connection: 'close' } });
    expect((await overHttp2(session(url), { ':method': 'POST' }, Buffer.alloc(limit))).body).toBe(
      '1000',
    );
  });

  it('answers before a body of 100 MB has come, and reads no more of it', async () => {
    const { url, port } = await serve(async () => text('no', 403));
    const socket = tls.connect({
      host: '127.0.0.1',
      port,
      ca: ca.pem,
      ALPNProtocols: ['http/1.1'],
    });
    socket.on('error', () => undefined);
    let received = '';
    socket.on('data', (chunk) => {
      received += String(chunk);
    });
    socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n');
    const part = Buffer.alloc(1_000_000, 'a');
    let sent = 0;
    const closed = new Promise<void>((resolve) => {
      socket.on('close', () => resolve());
    });
    while (!socket.destroyed && sent < 100) {
      sent += 1;
      if (!socket.write(part)) {
        await Promise.race([closed, new Promise((resolve) => socket.once('drain', resolve))]);
      }
    }
    await closed;
    expect(received).toContain('HTTP/1.1 403');
    expect(received).toContain('connection: close');
    const stream = session(url).request({ ':method': 'POST' }, { endStream: false });
    stream.on('error', () => undefined);
    for (let index = 0; index < 5; index += 1) stream.write(part);
    const answer = await answerOf(stream);
    expect(answer.status).toBe(403);
  });

  it('waits for a body only so long', async () => {
    const { url } = await serve(lengthOfBody, { bodyMs: 50 });
    const stream = session(url).request({ ':method': 'POST' }, { endStream: false });
    stream.write('a');
    expect((await answerOf(stream)).status).toBe(504);
  });

  it('tells a client that asks first to go on, once somebody wants the body', async () => {
    const { url } = await serve((request) =>
      request.url === '/read' ? lengthOfBody(request) : Promise.resolve(text('no', 403)),
    );
    const ask = (path: string): Promise<string> =>
      new Promise((resolve, reject) => {
        const request = https.request(`${url}${path}`, {
          ...credentials,
          agent: false,
          method: 'POST',
          headers: { expect: '100-continue', 'content-length': 4 },
        });
        let told = 'not told';
        request.on('continue', () => {
          told = 'told';
          request.end('four');
        });
        request.on('response', (response) => {
          response.resume();
          resolve(`${told} ${response.statusCode}`);
          request.destroy();
        });
        request.on('error', reject);
        request.flushHeaders();
      });
    expect(await ask('/read')).toBe('told 200');
    expect(await ask('/no')).toBe('not told 403');
  });

  it('refuses headers over the limit', async () => {
    const { url } = await serve(async () => text('ok'), { headers: 4096 });
    const long = 'a'.repeat(5000);
    expect(
      (await overHttp1(url, { headers: { long } }).catch(() => ({ status: 400 }))).status,
    ).toBeGreaterThanOrEqual(400);
    const client = session(url);
    // What the server has said of its limit counts from the first answer on.
    expect((await overHttp2(client, {})).body).toBe('ok');
    await expect(overHttp2(client, { long })).rejects.toThrow();
    expect((await overHttp2(session(url), {})).body).toBe('ok');
  });

  it('ends connections that send their headers too slowly, or nothing at all', async () => {
    const { port } = await serve(async () => text('ok'), { handshakeMs: 150, idleMs: 150 });
    const bare = net.connect(port, '127.0.0.1');
    const partial = tls.connect({
      host: '127.0.0.1',
      port,
      ca: ca.pem,
      ALPNProtocols: ['http/1.1'],
    });
    partial.write('GET / HTTP/1.1\r\nHost: x\r\n');
    const silent = tls.connect({ host: '127.0.0.1', port, ca: ca.pem, ALPNProtocols: ['h2'] });
    for (const socket of [bare, partial, silent]) socket.on('error', () => undefined).resume();
    await Promise.all(
      [bare, partial, silent].map(
        (socket) => new Promise((resolve) => socket.once('close', resolve)),
      ),
    );
  });

  it('bounds connections that are not through with their handshake', async () => {
    const { port, url } = await serve(async () => text('ok'), { handshakes: 2 });
    const sockets = Array.from({ length: 5 }, () => net.connect(port, '127.0.0.1'));
    let closed = 0;
    for (const socket of sockets) {
      socket
        .on('error', () => undefined)
        .on('close', () => {
          closed += 1;
        });
    }
    await until(() => closed === 3);
    for (const socket of sockets) socket.destroy();
    await until(() => closed === 5);
    expect((await overHttp2(session(url), {})).body).toBe('ok');
  });

  it('lets a client in while others hold every place and say nothing', async () => {
    const { port, url } = await serve(async () => text('ok'), { handshakes: 5 });
    const sockets = Array.from({ length: 10 }, () => net.connect(port, '127.0.0.1'));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
    });
    let closed = 0;
    for (const socket of sockets) {
      socket
        .on('error', () => undefined)
        .on('close', () => {
          closed += 1;
        });
    }
    await until(() => closed === 5);
    expect((await overHttp2(session(url), {})).body).toBe('ok');
    expect((await overHttp1(url)).body).toBe('ok');
  });

  it('bounds what the bodies of one connection hold together, and forgets them', async () => {
    const { url } = await serve(lengthOfBody, { body: 10_000, bodies: 25_000 });
    const client = session(url);
    const streams = Array.from({ length: 3 }, () => {
      const stream = client.request({ ':method': 'POST' }, { endStream: false });
      stream.write(Buffer.alloc(9000));
      return stream;
    });
    const answers = streams.map(answerOf);
    expect((await Promise.race(answers)).status).toBe(429);
    for (const stream of streams) stream.end();
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 200, 429]);
    expect((await overHttp2(client, { ':method': 'POST' }, Buffer.alloc(9000))).body).toBe('9000');
  });

  it('survives what is no HTTP and no TLS', async () => {
    const { port, url } = await serve(async () => text('ok'));
    const plain = net.connect(port, '127.0.0.1');
    plain
      .on('error', () => undefined)
      .resume()
      .end('GET / HTTP/1.1\r\n\r\n');
    const speak = (protocol: string, bytes: Buffer): Promise<string> =>
      new Promise((resolve) => {
        const socket = tls.connect({
          host: '127.0.0.1',
          port,
          ca: ca.pem,
          ALPNProtocols: [protocol],
        });
        let received = '';
        socket.on('data', (chunk) => {
          received += String(chunk);
        });
        socket.on('error', () => undefined).on('close', () => resolve(received));
        socket.end(bytes);
      });
    expect(await speak('http/1.1', Buffer.from('\0\0\0 nonsense\r\n\r\n'))).toContain(
      '400 Bad Request',
    );
    expect(
      await speak(
        'http/1.1',
        Buffer.from('GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'),
      ),
    ).toContain('400 Bad Request');
    await speak('h2', Buffer.from('not the preface of HTTP/2 at all, but long enough'));
    await speak(
      'h2',
      Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff\xff\xff\xff\xff', 'latin1'),
    );
    const client = session(url);
    const connect = client.request({ ':method': 'CONNECT', ':authority': 'x:1' });
    await expect(answerOf(connect)).resolves.toMatchObject({ body: '' });
    expect((await overHttp2(client, {})).body).toBe('ok');
  });
});

describe('answers without an end', () => {
  it('come piece by piece, and end when the client goes', async () => {
    const bodies: ReturnType<typeof endless>[] = [];
    const { url } = await serve(async (request) => {
      const one = endless(request);
      bodies.push(one);
      return { status: 200, headers: { 'content-type': 'application/json' }, body: one.body };
    });
    const stream = session(url).request({});
    await new Promise((resolve) => stream.once('data', resolve));
    stream.close();
    const request = https.get(url, { ...credentials, agent: false });
    request.on('error', () => undefined);
    await new Promise((resolve) => {
      request.on('response', (response) => response.once('data', resolve));
    });
    request.destroy();
    await until(() => bodies.length === 2 && bodies.every(({ state }) => state.ended));
  });

  it('send their headers before there is anything to say', async () => {
    const { url } = await serve(async ({ signal }) => ({
      status: 200,
      headers: {},
      body: (async function* () {
        await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
        yield* [];
      })(),
    }));
    const stream = session(url).request({});
    const headers = await new Promise<http2.IncomingHttpHeaders>((resolve) =>
      stream.once('response', resolve),
    );
    expect(headers[':status']).toBe(200);
    const request = https.get(url, { ...credentials, agent: false });
    request.on('error', () => undefined);
    await new Promise((resolve) => request.once('response', resolve));
    request.destroy();
    stream.close();
  });

  it('wait for a client that does not read', async () => {
    const bodies: ReturnType<typeof endless>[] = [];
    const { url } = await serve(async (request) => {
      const one = endless(request, 'x'.repeat(100_000));
      bodies.push(one);
      return { status: 200, headers: {}, body: one.body };
    });
    const stream = session(url).request({});
    await new Promise((resolve) => stream.once('response', resolve));
    stream.pause();
    let before = -1;
    await until(() => {
      const sent = bodies[0]?.state.sent ?? 0;
      const still = sent === before && sent > 0;
      before = sent;
      return still;
    });
    // Node and the kernel hold some; 100 MB they do not.
    expect(before).toBeLessThan(1000);
    stream.destroy();
    await until(() => bodies[0]?.state.ended === true);
  });

  it('that break off are seen as broken off', async () => {
    const { url } = await serve(async () => ({
      status: 200,
      headers: {},
      body: (async function* () {
        yield Buffer.from('half');
        throw new Error('the rest is lost');
      })(),
    }));
    await expect(answerOf(session(url).request({}))).rejects.toThrow();
    await expect(overHttp1(url)).rejects.toThrow();
  });
});

describe('the life of the HTTPS server', () => {
  it('takes a new certificate for new connections, and keeps the old ones', async () => {
    const { server, url } = await serve(async () => text('ok'));
    const old = session(url);
    await overHttp2(old, {});
    const second = authority('second');
    const renewed = pair(second, { commonName: 'server' }, 'serverAuth');
    server.reload(renewed);
    expect((await overHttp2(old, {})).body).toBe('ok');
    expect((await overHttp2(session(url, { ca: second.pem }), {})).body).toBe('ok');
    await expect(overHttp1(url)).rejects.toThrow();
    expect(() => server.reload({ certificate: renewed.certificate, key: serving.key })).toThrow(
      KubepkiError,
    );
    expect((await overHttp1(url, { ca: second.pem })).body).toBe('ok');
  });

  it('says what to do where the port is taken', async () => {
    const { port } = await serve(async () => text('ok'));
    const second = createHttpsServer({ ...serving, handle: async () => text('ok') });
    const error = await second
      .listen({ address: '127.0.0.1', port })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(KubepkiError);
    expect(error).toMatchObject({
      code: 'CONFLICT',
      message: `127.0.0.1:${port} is taken by another program`,
    });
    expect(error instanceof KubepkiError && error.hint).toContain('another port');
    const wrong = await second
      .listen({ address: '192.0.2.77', port: 0 })
      .catch((reason: unknown) => reason);
    expect(wrong).toMatchObject({ code: 'INVALID_VALUE' });
  });

  it('finishes what is asked and ends watches when it closes', async () => {
    let release = (): void => undefined;
    let waiting = 0;
    const bodies: ReturnType<typeof endless>[] = [];
    const { server, url, port } = await serve(async (request) => {
      if (request.url === '/watch') {
        const one = endless(request);
        bodies.push(one);
        return { status: 200, headers: {}, body: one.body };
      }
      waiting += 1;
      await new Promise<void>((resolve) => {
        release = ((before) => () => {
          before();
          resolve();
        })(release);
      });
      return text('done');
    });
    const watchStream = session(url).request({ ':path': '/watch' });
    await new Promise((resolve) => watchStream.once('data', resolve));
    const watched = answerOf(watchStream);
    const unary = [overHttp2(session(url), {}), overHttp1(url)];
    await until(() => waiting === 2);
    const idle = tls.connect({ host: '127.0.0.1', port, ca: ca.pem, ALPNProtocols: ['http/1.1'] });
    await new Promise((resolve) => idle.once('secureConnect', resolve));
    idle.on('error', () => undefined).resume();
    const closed = server.close(30_000);
    await watched;
    await until(() => bodies.every(({ state }) => state.ended));
    release();
    expect((await Promise.all(unary)).map(({ body }) => body)).toEqual(['done', 'done']);
    await closed;
    await expect(overHttp1(url)).rejects.toThrow(/ECONNREFUSED/);
  });

  it('breaks off what does not end in time', async () => {
    let waiting = 0;
    const { server, url } = await serve(() => {
      waiting += 1;
      return new Promise(() => undefined);
    });
    const hanging = [overHttp2(session(url), {}), overHttp1(url)].map((answer) =>
      answer.then(
        ({ status }) => status,
        () => 'broken off',
      ),
    );
    await until(() => waiting === 2);
    await server.close(20);
    expect((await Promise.all(hanging))[1]).toBe('broken off');
  });

  it('refuses a key that is not the certificate’s', () => {
    expect(() =>
      createHttpsServer({
        certificate: serving.certificate,
        key: admin.key,
        handle: async () => text(''),
      }),
    ).toThrow(/serving certificate and key/);
  });

  it('reads a body to the end of the client’s patience only', async () => {
    const errors: unknown[] = [];
    let reading = false;
    const { url } = await serve(async (request) => {
      reading = true;
      try {
        return text(String((await request.readBody()).length));
      } catch (error) {
        errors.push(error);
        throw error;
      }
    });
    const stream = session(url).request({ ':method': 'POST' }, { endStream: false });
    stream.on('error', () => undefined);
    stream.write('a');
    await until(() => reading);
    // To close it would end the body as if it were whole.
    stream.destroy(new Error('changed my mind'));
    await until(() => errors.length === 1);
    expect(errors[0]).toMatchObject({ code: 'UNREACHABLE' });
    expect(refusedFor(errors[0], 'Timeout')).toBe(false);
  });
});
