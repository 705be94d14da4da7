/** The transport over the network: what it sends, what it believes, and what it makes of bad servers. */
import { once } from 'node:events';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  type ConnectOptions,
  connectTransport,
  createClient,
  type SwappableTransport,
} from '../../src/client/index.ts';
import { NODES, type WatchEvent } from '../../src/kubernetes/index.ts';
import { ManualClock } from '../manual-clock.ts';
import {
  AUTHORITY,
  clientOf,
  createAuthority,
  EXPIRED,
  serve,
  serveRaw,
  type TestServer,
  until,
} from './tls-server.ts';

const NODE = { metadata: { name: 'a' } };
const TOKEN = 'secret-token-0123456789';

function connect(server: string, options: Partial<ConnectOptions> = {}): SwappableTransport {
  const transport = connectTransport({ server, userAgent: 'test/1', ca: AUTHORITY.ca, ...options });
  onTestFinished(async () => transport.close());
  return transport;
}

const client = (transport: SwappableTransport) =>
  createClient(transport, { clock: new ManualClock() });

const getNode = async (transport: SwappableTransport) =>
  client(transport).get(NODES, { name: 'a' });

async function rejection(promise: Promise<unknown>): Promise<Error> {
  const error: unknown = await promise.then(
    () => expect.fail('expected a rejection'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Error);
  return error as Error;
}

/** A server that writes these bytes in answer to whatever comes. */
const saying = async (...bytes: readonly (string | Uint8Array)[]): Promise<TestServer> =>
  serveRaw((socket) => {
    socket.once('data', () => {
      for (const chunk of bytes) socket.write(chunk);
    });
  });

const HEAD = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';

describe('requests over the network', () => {
  it('carry user agent, token and body, below the path of the server', async () => {
    const seen: unknown[] = [];
    const server = await serve((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk) => (body += chunk));
      request.on('end', () => {
        const { 'user-agent': agent, authorization, 'content-type': type } = request.headers;
        seen.push([request.method, request.url, agent, authorization, type, body]);
        response.writeHead(201).end(JSON.stringify(NODE));
      });
    });
    const transport = connect(`${server.url}/k8s/cluster-1/`, { token: TOKEN });
    await client(transport).create(NODES, NODE);
    const body = JSON.stringify({ ...NODE, apiVersion: 'v1', kind: 'Node' });
    expect(seen).toEqual([
      [
        'POST',
        '/k8s/cluster-1/api/v1/nodes',
        'test/1',
        `Bearer ${TOKEN}`,
        'application/json',
        body,
      ],
    ]);
    expect(transport.server).toBe(`${server.url}/k8s/cluster-1`);
  });

  it('share a connection one after the other', async () => {
    const server = await serve((_, response) => response.end(JSON.stringify(NODE)));
    const transport = connect(server.url);
    for (let count = 0; count < 5; count++) await getNode(transport);
    expect(server.accepted).toBe(1);
  });

  it('prove a client certificate', async () => {
    const server = await serve(
      ({ socket }, response) =>
        response.end(JSON.stringify({ metadata: { name: clientOf(socket) } })),
      { requireCertificate: true },
    );
    const { certificate, key } = AUTHORITY.issue('system:node:a');
    const { metadata } = await getNode(connect(server.url, { certificate, key }));
    expect(metadata.name).toBe('system:node:a');
  });

  it('do not follow redirects, and take the token nowhere', async () => {
    const server = await serve((_, response) =>
      response.writeHead(302, { location: 'https://127.0.0.1:1/' }).end(),
    );
    const error = await rejection(getNode(connect(server.url, { token: TOKEN })));
    expect(error).toMatchObject({ code: 'API_REFUSED', httpStatus: 302 });
    expect(server.accepted).toBe(1);
  });

  it('end with their signal, whose reason is thrown', async () => {
    const server = await serve(() => {});
    const transport = connect(server.url);
    const controller = new AbortController();
    const error = rejection(
      client(transport).get(NODES, { name: 'a' }, { signal: controller.signal }),
    );
    await until('the request comes', () => server.connections.size === 1);
    controller.abort(new Error('enough'));
    expect((await error).message).toBe('enough');
    await until('the connection ends', () => server.connections.size === 0);
  });

  it('end when the transport is closed', async () => {
    const server = await serve((request, response) => {
      if (request.url?.includes('watch')) response.writeHead(200).flushHeaders();
    });
    const transport = connect(server.url);
    const got = rejection(getNode(transport));
    const watched = rejection(
      client(transport).watch(NODES, {})[Symbol.asyncIterator]().next() as Promise<unknown>,
    );
    await until('both come', () => server.connections.size === 2);
    await transport.close();
    for (const error of [await got, await watched, await rejection(getNode(transport))]) {
      expect(error).toMatchObject({
        code: 'UNREACHABLE',
        message: `the connection to ${server.url} was closed`,
      });
    }
    await until('the connections end', () => server.connections.size === 0);
  });
});

describe('trust', () => {
  const answering = async (options: Parameters<typeof serve>[1] = {}): Promise<TestServer> =>
    serve((_, response) => response.end(JSON.stringify(NODE)), options);
  const other = createAuthority('other-ca');

  const refusals = [
    [
      'an authority that nobody trusts',
      other.issue('server'),
      {},
      'its certificate was not issued by an authority that is trusted here',
    ],
    ['a certificate that has expired', EXPIRED, {}, 'its certificate has expired'],
    [
      'a certificate for another name',
      AUTHORITY.issue('server', { subjectAltNames: { dns: ['api.example.com'] } }),
      {},
      'its certificate is for another name: ',
    ],
    [
      'a certificate for another name than the one asked for',
      undefined,
      { serverName: 'api.example.com' },
      'its certificate is for another name: ',
    ],
    [
      'a certificate for another address than the one asked for',
      undefined,
      { serverName: '10.0.0.1' },
      'its certificate is for another name: ',
    ],
    [
      'a certificate for clients only',
      AUTHORITY.issue('server', { extendedKeyUsage: ['clientAuth'] }),
      {},
      "its certificate is not a server's",
    ],
  ] as const;
  it.each(refusals)('is refused to %s', async (_, certificate, options, reason) => {
    const server = await answering(certificate === undefined ? {} : { certificate });
    const error = await rejection(getNode(connect(server.url, { ...options, token: TOKEN })));
    expect(error).toMatchObject({ code: 'UNREACHABLE' });
    expect(error.message).toContain(`${server.url} does not answer: ${reason}`);
    expect(error.message).not.toContain(TOKEN);
  });

  it('follows the name that is asked for', async () => {
    const certificate = AUTHORITY.issue('s', {
      subjectAltNames: { dns: ['api.example.com'], ip: ['10.0.0.1'] },
    });
    const server = await answering({ certificate });
    for (const serverName of ['api.example.com', '10.0.0.1']) {
      expect(await getNode(connect(server.url, { serverName }))).toEqual(NODE);
    }
  });

  it('is not asked for where verification is switched off', async () => {
    const server = await answering({ certificate: other.issue('server') });
    expect(await getNode(connect(server.url, { insecureSkipTlsVerify: true }))).toEqual(NODE);
  });

  it("is the system's where no authority is given", async () => {
    const server = await answering();
    const transport = connectTransport({ server: server.url, userAgent: 'test/1' });
    onTestFinished(async () => transport.close());
    expect((await rejection(getNode(transport))).message).toContain('trusted here');
  });

  it('is not given by a file without a certificate', () => {
    for (const ca of ['', 'garbage', AUTHORITY.issue('x').key]) {
      expect(() => connect('https://127.0.0.1', { ca })).toThrow(/no certificate in PEM/);
    }
  });
});

describe('credentials that are none', () => {
  const { certificate, key } = AUTHORITY.issue('a');
  it.each([
    ['a key of another certificate', { certificate, key: AUTHORITY.issue('b').key }, 'CONFLICT'],
    ['a certificate without its key', { certificate }, 'MALFORMED_KEY'],
    ['a key without its certificate', { key }, 'MALFORMED_PEM'],
    ['a token with a line break', { token: 'a\nb' }, 'INVALID_VALUE'],
    ['an address that is none', { server: 'ftp://user:hunter2@x' }, 'INVALID_VALUE'],
  ] as const)('are refused at once: %s', (_, options, code) => {
    let caught: unknown;
    try {
      connect('https://127.0.0.1', options);
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ code });
    expect((caught as Error).message).not.toMatch(/hunter2|a\nb/);
  });
});

describe('a server that', () => {
  it('is not there', async () => {
    const closed = await serveRaw(() => {});
    const free = createTcpServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    free.close();
    await once(free, 'close');
    expect(port).not.toBe(closed.port);
    const error = await rejection(getNode(connect(`https://127.0.0.1:${port}`)));
    expect(error.message).toBe(`https://127.0.0.1:${port} does not answer: nothing listens there`);
    expect(error).toMatchObject({ code: 'UNREACHABLE', hint: expect.any(String) });
  });

  it('has a name that nobody knows', async () => {
    const error = await rejection(getNode(connect('https://nobody.invalid:6443')));
    expect(error.message).toMatch(
      /^https:\/\/nobody\.invalid:6443 does not answer: (no address is known|the name server)/,
    );
  });

  it('does not speak TLS', async () => {
    const tcp = createTcpServer((socket) => {
      socket.on('error', () => {}).end('HTTP/1.1 400 Bad Request\r\n\r\n');
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void tcp.close());
    await once(tcp, 'listening');
    const { port } = tcp.address() as AddressInfo;
    const error = await rejection(getNode(connect(`https://127.0.0.1:${port}`)));
    expect(error.message).toContain('it does not speak TLS');
  });

  it('refuses our certificate', async () => {
    const server = await serve((_, response) => response.end(), { requireCertificate: true });
    const { certificate, key } = createAuthority('unknown').issue('stranger');
    const transport = connect(server.url, { certificate, key });
    const error = await rejection(client(transport).create(NODES, NODE));
    expect(error).toMatchObject({ code: 'UNREACHABLE' });
    expect(error.message).toMatch(/refused our client certificate|closed the connection/);
  });

  it.each([
    ['speaks no HTTP', ['garbage\r\n\r\n'], 'is not HTTP'],
    ['has too much in its headers', [HEAD, `x: ${'y'.repeat(100_000)}`], 'headers of its answer'],
    ['promises an endless answer', [HEAD, 'content-length: 99999999999\r\n\r\n'], 'larger than'],
    ['answers something else', [HEAD, 'content-length: 6\r\n\r\n<html>'], 'expected a'],
  ])('%s', async (_, bytes, reason) => {
    const server = await saying(...bytes);
    const error = await rejection(getNode(connect(server.url)));
    expect(error).toMatchObject({ code: 'UNREACHABLE' });
    expect(error.message).toMatch(reason === 'expected a' ? /expected JSON/ : new RegExp(reason));
    await until('the connection ends or is free', () => server.connections.size <= 1);
  });

  it('never ends its answer', async () => {
    const chunk = Buffer.alloc(4 * 1024 * 1024, ' ');
    const server = await serve((_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', more);
      more();
    });
    const error = await rejection(getNode(connect(server.url)));
    expect(error.message).toMatch(/larger than \d+ bytes/);
    await until('the connection ends', () => server.connections.size === 0);
  });

  it('hangs up in the middle, or before', async () => {
    for (const start of ['', HEAD, `${HEAD}content-length: 50\r\n\r\n{"metadata":`]) {
      const server = await serveRaw((socket) => {
        socket.once('data', () => socket.end(start));
      });
      const error = await rejection(client(connect(server.url)).create(NODES, NODE));
      expect(error).toMatchObject({ code: 'UNREACHABLE' });
      expect(error.message).toContain('it closed the connection before the answer was complete');
    }
  });

  it('speaks TLS, and was asked without', async () => {
    // It takes the request for a bad handshake, and hangs up.
    const server = createTcpServer((socket) => socket.once('data', () => socket.destroy()));
    server.listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const error = await rejection(client(connect(`http://127.0.0.1:${port}`)).create(NODES, NODE));
    expect(error).toMatchObject({ hint: 'is it https:// in place of http://?' });
  });

  it('sends headers that would reach for a prototype', async () => {
    const server = await saying(
      HEAD,
      '__proto__: a\r\n__proto__: b\r\nconstructor: c\r\n',
      `content-length: 25\r\n\r\n${JSON.stringify(NODE)}`,
    );
    expect(await getNode(connect(server.url)).catch(() => NODE)).toEqual(NODE);
    expect(Object.hasOwn(Object.prototype, 'a')).toBe(false);
    expect({}.constructor).toBe(Object);
  });
});

describe('a watch over the network', () => {
  const line = (name: string): string =>
    `${JSON.stringify({ type: 'ADDED', object: { metadata: { name } } })}\n`;

  const names = async (events: AsyncIterable<WatchEvent<{ metadata: { name?: string } }>>) => {
    const found: (string | undefined)[] = [];
    for await (const { object } of events) found.push(object.metadata.name);
    return found;
  };

  it('yields events as they come, byte by byte too, until the server ends it', async () => {
    const server = await serve((_, response) => {
      response.writeHead(200);
      void (async () => {
        for (const byte of Buffer.from(line('ä') + line('b'))) {
          await new Promise((resolve) => response.write(Uint8Array.of(byte), resolve));
        }
        response.end();
      })();
    });
    expect(await names(client(connect(server.url)).watch(NODES, {}))).toEqual(['ä', 'b']);
  });

  it('ends with its signal, and its connection with it', async () => {
    const server = await serve((_, response) => void response.writeHead(200).write(line('a')));
    const controller = new AbortController();
    const watch = client(connect(server.url)).watch(NODES, { signal: controller.signal });
    const iterator = watch[Symbol.asyncIterator]();
    expect((await iterator.next()).value).toMatchObject({ type: 'ADDED' });
    const error = rejection(iterator.next() as Promise<unknown>);
    controller.abort(new Error('enough'));
    expect((await error).message).toBe('enough');
    await until('the connection ends', () => server.connections.size === 0);
  });

  it('ends its connection when nobody listens any more', async () => {
    const server = await serve((_, response) => void response.writeHead(200).write(line('a')));
    for await (const _ of client(connect(server.url)).watch(NODES, {})) break;
    await until('the connection ends', () => server.connections.size === 0);
  });

  it('that breaks off inside of an event is UNREACHABLE', async () => {
    const server = await serve((_, response) => {
      response.writeHead(200).write(line('a'));
      response.write('{"type":"ADD', () => response.destroy());
    });
    const watch = client(connect(server.url)).watch(NODES, {});
    const error = await rejection(names(watch));
    expect(error).toMatchObject({ code: 'UNREACHABLE' });
    expect(error.message).toContain(`${server.url} does not answer: it closed the connection`);
  });

  it('that is ended inside of an event is UNREACHABLE', async () => {
    const server = await serve((_, response) => response.end(`${line('a')}{"type":"ADD`));
    const error = await rejection(names(client(connect(server.url)).watch(NODES, {})));
    expect(error.message).toMatch(/the stream ended inside an event/);
  });
});

describe('other credentials at run time', () => {
  it('are used from the next request on, while requests under way finish', async () => {
    const waiting: (() => void)[] = [];
    const server = await serve((request, response) => {
      const answer = (): void =>
        void response.end(JSON.stringify({ metadata: { name: clientOf(request.socket) } }));
      if (request.url?.endsWith('/slow')) waiting.push(answer);
      else answer();
    });
    const first = AUTHORITY.issue('first');
    const transport = connect(server.url, first);
    const ask = async (name = 'a') => (await client(transport).get(NODES, { name })).metadata.name;
    const slow = ask('slow');
    await until('the slow one comes', () => waiting.length === 1);
    expect(await ask()).toBe('first');
    expect(server.connections.size).toBe(2);

    transport.useClientCertificate(AUTHORITY.issue('second'));
    await until('the idle connection ends', () => server.connections.size === 1);
    expect(await ask()).toBe('second');
    waiting[0]?.();
    expect(await slow).toBe('first');
    await until('the old connection ends', () => server.connections.size === 1);
    expect(await ask()).toBe('second');

    transport.useClientCertificate(undefined);
    expect(await ask()).toBe('nobody');
    expect(server.accepted).toBe(4);
  });

  it('lose no request, whenever they change', async () => {
    const server = await serve((_, response) => response.end(JSON.stringify(NODE)));
    const pairs = [AUTHORITY.issue('first'), AUTHORITY.issue('second'), undefined];
    const transport = connect(server.url);
    const answers: Promise<unknown>[] = [];
    for (let round = 0; round < 60; round++) {
      answers.push(getNode(transport), getNode(transport));
      // In the same turn, a few promises later, or after answers have come.
      for (let step = 0; step < round % 7; step++) await Promise.resolve();
      if (round % 5 === 0) await Promise.all(answers);
      transport.useClientCertificate(pairs[round % 3]);
    }
    expect(
      new Set(await Promise.all(answers.map(async (one) => JSON.stringify(await one)))),
    ).toEqual(new Set([JSON.stringify(NODE)]));
    transport.reconnect();
    await until('none of all the connections remains', () => server.connections.size === 0);
  });

  it('are not taken if they do not belong together', async () => {
    const server = await serve(({ socket }, response) =>
      response.end(JSON.stringify({ metadata: { name: clientOf(socket) } })),
    );
    const transport = connect(server.url, AUTHORITY.issue('first'));
    const { certificate } = AUTHORITY.issue('second');
    const { key } = AUTHORITY.issue('third');
    expect(() => transport.useClientCertificate({ certificate, key })).toThrow(
      /not the certificate's/,
    );
    expect((await getNode(transport)).metadata.name).toBe('first');
  });

  it('reconnects when asked to', async () => {
    const server = await serve((_, response) => response.end(JSON.stringify(NODE)));
    const transport = connect(server.url);
    await getNode(transport);
    transport.reconnect();
    await until('the idle connection ends', () => server.connections.size === 0);
    await getNode(transport);
    expect(server.accepted).toBe(2);
  });
});
