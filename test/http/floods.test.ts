/**
 * Clients that mean harm over HTTP/2: each ends with its own connection, the handler is asked a bounded number
 * of times, memory stays, and everybody else is served.
 */
import http2 from 'node:http2';
import { queryObjects } from 'node:v8';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { createHttpsServer, type HttpLimits, type HttpsServer } from '../../src/http/index.ts';
import type { ApiResponse } from '../../src/kubernetes/index.ts';
import { authority, pair } from './material.ts';
import {
  FLAG,
  FRAME,
  frame,
  headerBlock,
  INITIAL_WINDOW,
  rawHttp2,
  requestBlock,
  setting,
  uint32,
} from './raw-http2.ts';

const ca = authority('ca');
const serving = pair(ca, { commonName: 'server' }, 'serverAuth');
const admin = pair(ca, { commonName: 'admin' });
const credentials = { ca: ca.pem, cert: admin.certificate, key: admin.key };

const servers: HttpsServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close(0)));
});

async function serve(
  limits: Partial<HttpLimits> = {},
  answer: () => ApiResponse | Promise<ApiResponse> = () => small,
) {
  const counts = { asked: 0 };
  const server = createHttpsServer({
    ...serving,
    handle: async () => {
      counts.asked += 1;
      return await answer();
    },
    limits,
  });
  servers.push(server);
  const { port } = await server.listen({ address: '127.0.0.1', port: 0 });
  return { server, port, counts };
}

const small: ApiResponse = { status: 200, headers: {}, body: Buffer.from('ok') };
const large = (bytes: number): ApiResponse => ({
  status: 200,
  headers: {},
  body: Buffer.alloc(bytes, 'x'),
});

/** The status of a GET by an honest client over a connection of its own. */
async function honest(port: number): Promise<number> {
  const client = http2.connect(`https://127.0.0.1:${port}`, credentials);
  client.on('error', () => undefined);
  onTestFinished(() => client.destroy());
  return await statusOf(client);
}

function statusOf(client: http2.ClientHttp2Session): Promise<number> {
  return new Promise((resolve, reject) => {
    const stream = client.request({ ':path': '/' });
    stream.on('response', (headers) => resolve(Number(headers[':status'])));
    stream.on('error', reject);
    stream.resume();
  });
}

const get = (stream: number): Buffer =>
  frame(FRAME.headers, FLAG.endStream | FLAG.endHeaders, stream, requestBlock('GET', '/'));
/** The numbers of a client's streams. */
const streams = (count: number): number[] => Array.from({ length: count }, (_, at) => 1 + 2 * at);
const many = (bytes: Buffer, count: number): Buffer =>
  Buffer.concat(Array.from({ length: count }, () => bytes));

describe('a connection is ended that', () => {
  it('opens streams and resets them (CVE-2023-44487)', async () => {
    const { port, counts } = await serve();
    const attacker = await rawHttp2(port, credentials);
    const rapid = streams(20_000).flatMap((id) => [get(id), frame(FRAME.reset, 0, id, uint32(8))]);
    await attacker.send(Buffer.concat(rapid));
    await attacker.ended;
    expect(counts.asked).toBeLessThan(2_000);
    expect(await honest(port)).toBe(200);
  });

  it('makes the server reset its streams (CVE-2025-8671)', async () => {
    const { port, counts } = await serve();
    const attacker = await rawHttp2(port, credentials);
    const wrong = streams(20_000).flatMap((id) => [
      frame(FRAME.headers, FLAG.endHeaders, id, requestBlock('POST', '/')),
      frame(FRAME.windowUpdate, 0, id, uint32(0)),
    ]);
    await attacker.send(Buffer.concat(wrong));
    await attacker.ended;
    expect(counts.asked).toBeLessThan(2_000);
    expect(await honest(port)).toBe(200);
  });

  it('never ends its headers (CVE-2024-27316)', async () => {
    const { port, counts } = await serve();
    const attacker = await rawHttp2(port, credentials);
    await attacker.send(frame(FRAME.headers, FLAG.endStream, 1, requestBlock('GET', '/')));
    const more = frame(FRAME.continuation, 0, 1, headerBlock([['x-more', 'y'.repeat(100)]]));
    await attacker.send(many(more, 10_000));
    await attacker.ended;
    expect(counts.asked).toBe(0);
    expect(await honest(port)).toBe(200);
  });

  it.each([
    ['pings', frame(FRAME.ping, 0, 0, Buffer.alloc(8))],
    ['settings', frame(FRAME.settings, 0, 0)],
    ['priorities', frame(FRAME.priority, 0, 1, Buffer.concat([uint32(3), Buffer.of(1)]))],
    ['frames that nobody knows', frame(0xbb, 0, 0, Buffer.alloc(8))],
  ])('floods with %s and does not read', async (_, one) => {
    const { port } = await serve();
    const attacker = await rawHttp2(port, credentials, { reads: false });
    for (let round = 0; round < 300 && !attacker.socket.destroyed; round += 1) {
      await attacker.send(many(one, 1_000));
    }
    await attacker.ended;
    expect(await honest(port)).toBe(200);
  });
});

describe('a client that asks for more streams than it may have', () => {
  it('has those beyond the limit refused', async () => {
    const wait = Promise.withResolvers<ApiResponse>();
    const { port, counts } = await serve({ streams: 10 }, () => wait.promise);
    const attacker = await rawHttp2(port, credentials);
    await attacker.send(Buffer.concat(streams(50).map(get)));
    while (counts.asked < 10) await new Promise((resolve) => setTimeout(resolve, 5));
    const other = honest(port);
    while (counts.asked < 11) await new Promise((resolve) => setTimeout(resolve, 5));
    wait.resolve(small);
    expect(await other).toBe(200);
    expect(counts.asked).toBe(11);
  });
});

describe('a client that asks for much and reads nothing', () => {
  const window0 = { settings: setting(INITIAL_WINDOW, 0) };
  const MEGABYTE = 1024 * 1024;

  it('keeps nobody else from being served', async () => {
    const { port, counts } = await serve({ unread: 8 * MEGABYTE }, () => large(MEGABYTE));
    const attackers = await Promise.all(
      [1, 2, 3].map(async () => await rawHttp2(port, credentials, window0)),
    );
    for (const attacker of attackers) await attacker.send(Buffer.concat(streams(200).map(get)));
    while (counts.asked < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await honest(port)).toBe(200);
  });

  it('is told what is wrong, where it reads that', async () => {
    const { port } = await serve({ unread: 2 * MEGABYTE }, () => large(MEGABYTE));
    const client = http2.connect(`https://127.0.0.1:${port}`, {
      ...credentials,
      settings: { initialWindowSize: 64 * 1024 },
    });
    client.on('error', () => undefined);
    onTestFinished(() => client.destroy());
    const statuses = await Promise.all(
      [1, 2, 3, 4].map(
        () =>
          new Promise((resolve) => {
            // Paused: nobody reads the body.
            const stream = client.request({ ':path': '/' });
            stream.on('error', () => undefined);
            stream.on('response', (headers) => resolve(headers[':status']));
          }),
      ),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(2);
    expect(statuses.filter((status) => status === 429)).toHaveLength(2);
  });

  it('has them broken off when the time for reading is over', async () => {
    const { port } = await serve({ answerMs: 200 }, () => large(MEGABYTE));
    const client = http2.connect(`https://127.0.0.1:${port}`, {
      ...credentials,
      settings: { initialWindowSize: 0 },
    });
    client.on('error', () => undefined);
    onTestFinished(() => client.destroy());
    const stream = client.request({ ':path': '/' });
    const code = await new Promise((resolve) => {
      stream.on('error', () => undefined);
      stream.on('close', () => resolve(stream.rstCode));
    });
    expect(code).not.toBe(http2.constants.NGHTTP2_NO_ERROR);
    expect(await honest(port)).toBe(200);
  });

  it('loses its watch, whose source is told so', async () => {
    const ended = Promise.withResolvers<string>();
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.alloc(256 * 1024);
      } finally {
        ended.resolve('ended');
      }
    };
    const { port } = await serve({ answerMs: 200 }, () => ({
      status: 200,
      headers: {},
      body: endless(),
    }));
    const attacker = await rawHttp2(port, credentials, window0);
    await attacker.send(get(1));
    expect(await ended.promise).toBe('ended');
  });

  it('with most of what all leave unread, is the one that goes', async () => {
    const { port, counts } = await serve(
      { unread: 64 * MEGABYTE, unreadOfAll: 24 * MEGABYTE },
      () => large(4 * MEGABYTE),
    );
    const modest = await rawHttp2(port, credentials, window0);
    await modest.send(get(1));
    while (counts.asked < 1) await new Promise((resolve) => setTimeout(resolve, 5));
    const greedy = await rawHttp2(port, credentials, window0);
    await greedy.send(Buffer.concat(streams(10).map(get)));
    await greedy.ended;
    expect(modest.socket.destroyed).toBe(false);
  });
});

describe('connections that stand', () => {
  it('the one that has been idle for the longest time makes room for a new one', async () => {
    const { port } = await serve({ connections: 2 });
    const first = await rawHttp2(port, credentials);
    const second = await rawHttp2(port, credentials);
    await first.send(get(1));
    expect(await honest(port)).toBe(200);
    // The first was at work after the second.
    await second.ended;
  });

  it('that are all at work leave no room', async () => {
    const wait = Promise.withResolvers<ApiResponse>();
    const { port, counts } = await serve({ connections: 2 }, () => wait.promise);
    const busy = await Promise.all([rawHttp2(port, credentials), rawHttp2(port, credentials)]);
    for (const one of busy) await one.send(get(1));
    while (counts.asked < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    const third = await rawHttp2(port, credentials);
    await third.ended;
    expect(busy.some(({ socket }) => socket.destroyed)).toBe(false);
    wait.resolve(small);
  });

  it('leave nothing behind when they end', async () => {
    const { port } = await serve();
    const before = sessionsInMemory();
    for (let i = 0; i < 20; i++) {
      const client = http2.connect(`https://127.0.0.1:${port}`, credentials);
      await statusOf(client);
      await new Promise((resolve) => client.close(() => resolve(undefined)));
    }
    await expect.poll(sessionsInMemory).toBeLessThanOrEqual(before + 1);
  });
});

/** Sessions of servers that cannot be collected; the class itself is not exported. */
function sessionsInMemory(): number {
  return queryObjects(ServerSession, { format: 'count' });
}

const ServerSession = await new Promise<new () => object>((resolve) => {
  const server = http2.createServer();
  server.once('session', (session) => {
    session.once('close', () => server.close());
    session.destroy();
    resolve(Object.getPrototypeOf(session).constructor);
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    http2.connect(`http://127.0.0.1:${port}`).on('error', () => undefined);
  });
});
