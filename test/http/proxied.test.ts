/** Connections through a balancer that speaks the PROXY protocol: whose they are, and who is not believed. */
import { once } from 'node:events';
import http2 from 'node:http2';
import net from 'node:net';
import tls from 'node:tls';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createHttpsServer, type HttpLimits } from '../../src/http/index.ts';
import { authority, pair } from './material.ts';
import { binaryHeader } from './proxy-headers.ts';

const ca = authority('ca');
const serving = pair(ca, { commonName: 'server' }, 'serverAuth');
const admin = pair(ca, { commonName: 'admin' });
const LINE = 'PROXY TCP4 192.0.2.7 192.0.2.1 35646 6443\r\n';

/** Answers from where a request is, and whether it shows a certificate. 127.0.0.1 is a balancer. */
async function serve(limits: Partial<HttpLimits> = {}) {
  const refused: string[] = [];
  const server = createHttpsServer({
    ...serving,
    limits,
    proxies: {
      trusts: (address) => address === '127.0.0.1',
      refused: (address, reason) => refused.push(`${address}: ${reason}`),
    },
    handle: async ({ peer }) => ({
      status: 200,
      headers: { 'content-type': 'text/plain' },
      body: Buffer.from(`${peer.address} ${peer.certificates.length > 0 ? 'known' : ''}`),
    }),
  });
  onTestFinished(() => server.close(0));
  const { port } = await server.listen({ address: '127.0.0.1', port: 0 });
  return { port, refused, server };
}

function connect(port: number, localAddress = '127.0.0.1'): net.Socket {
  const socket = net.connect({ port, host: '127.0.0.1', localAddress });
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  return socket;
}

const secure = (socket: net.Socket, protocol: string): tls.TLSSocket => {
  const secured = tls.connect({
    socket,
    ca: ca.pem,
    cert: admin.certificate,
    key: admin.key,
    ALPNProtocols: [protocol],
    checkServerIdentity: () => undefined,
  });
  secured.on('error', () => undefined);
  return secured;
};

/** What is answered over a connection that begins so; undefined: nothing, and it ends. */
async function askHttp1(
  socket: net.Socket,
  begin: readonly Uint8Array[],
): Promise<string | undefined> {
  for (const part of begin) {
    socket.write(part);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const secured = secure(socket, 'http/1.1');
  secured.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  let text = '';
  secured.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await new Promise((resolve) => secured.once('close', resolve));
  return text === '' ? undefined : text.slice(text.indexOf('\r\n\r\n') + 4);
}

async function askHttp2(socket: net.Socket, begin: Uint8Array): Promise<string> {
  socket.write(begin);
  const secured = secure(socket, 'h2');
  const session = http2.connect('https://127.0.0.1', { createConnection: () => secured });
  session.on('error', () => undefined);
  const stream = session.request({});
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await once(stream, 'close');
  session.destroy();
  return text;
}

const ended = async (socket: net.Socket): Promise<void> => {
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
};

describe('a connection through a balancer', () => {
  it.each([
    ['version 1', Buffer.from(LINE), '192.0.2.7'],
    ['version 2', binaryHeader({ source: '2001:db8::7' }), '2001:db8::7'],
    [
      'version 2 with more',
      binaryHeader({ source: '192.0.2.7', more: Buffer.alloc(999) }),
      '192.0.2.7',
    ],
    ['LOCAL', binaryHeader({ command: 0x20, family: 0 }), '127.0.0.1'],
    ['UNKNOWN', Buffer.from('PROXY UNKNOWN\r\n'), '127.0.0.1'],
  ])('is its client’s: %s', async (_, header, address) => {
    const { port, refused } = await serve();
    expect(await askHttp1(connect(port), [header])).toBe(`${address} known`);
    expect(await askHttp2(connect(port), header)).toBe(`${address} known`);
    expect(refused).toEqual([]);
  });

  it('may bring its header byte by byte', async () => {
    const { port } = await serve();
    const socket = connect(port).setNoDelay();
    const bytes = [...binaryHeader({ source: '192.0.2.7' })].map((byte) => Buffer.from([byte]));
    expect(await askHttp1(socket, bytes)).toBe('192.0.2.7 known');
  });

  it('may bring header and TLS in one piece', async () => {
    const { port } = await serve();
    const socket = connect(port);
    socket.cork();
    const answer = askHttp1(socket, [Buffer.from(LINE)]);
    setTimeout(() => socket.uncork(), 20);
    expect(await answer).toBe('192.0.2.7 known');
  });

  it('is ended without a header, with a wrong one, and with one after the other', async () => {
    const { port, refused } = await serve();
    expect(await askHttp1(connect(port), [])).toBeUndefined();
    const wrong = connect(port);
    wrong.write('PROXY TCP4 here there 1 2\r\n');
    await ended(wrong);
    expect(refused).toEqual([
      '127.0.0.1: there is none',
      '127.0.0.1: the line is not what the protocol says',
    ]);
    // The second is the client's own, to which TLS answers.
    const own = Buffer.from('PROXY TCP4 10.0.0.1 192.0.2.1 1 2\r\n');
    expect(await askHttp1(connect(port), [Buffer.from(LINE), own])).toBeUndefined();
  });

  it('is ended when the header does not come in time', async () => {
    const { port, refused } = await serve({ handshakeMs: 50 });
    const socket = connect(port);
    socket.write(LINE.slice(0, 20));
    await ended(socket);
    expect(refused).toEqual(['127.0.0.1: it did not come within 50 ms']);
  });

  it('is broken off with the server', async () => {
    const { port, server } = await serve();
    const socket = connect(port);
    await once(socket, 'connect');
    socket.write('PROXY');
    await new Promise((resolve) => setTimeout(resolve, 20));
    await server.close(0);
    await ended(socket);
  });

  it('does not count as one of the balancer’s: a hundred clients shake hands at once', async () => {
    const { port } = await serve({ handshakes: 200 });
    const sockets = Array.from({ length: 150 }, () => connect(port));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    sockets.forEach((socket, at) => {
      socket.write(`PROXY TCP4 192.0.2.${at} 192.0.2.1 1000 6443\r\n`);
    });
    const answers = await Promise.all(sockets.map((socket) => askHttp1(socket, [])));
    expect(answers).toEqual(sockets.map((_, at) => `192.0.2.${at} known`));
  });
});

describe('a connection from elsewhere', () => {
  it('needs no header', async () => {
    const { port } = await serve();
    expect(await askHttp1(connect(port, '127.0.0.2'), [])).toBe('127.0.0.2 known');
  });

  it.each([
    ['version 1', Buffer.from(LINE)],
    ['version 2', binaryHeader({ source: '192.0.2.7' })],
  ])('is ended where it brings one: %s', async (_, header) => {
    const { port } = await serve();
    expect(await askHttp1(connect(port, '127.0.0.2'), [header])).toBeUndefined();
  });
});
