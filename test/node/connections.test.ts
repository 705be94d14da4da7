/** What becomes of connections, idle and busy, when a certificate is renewed: over real TLS. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/client/index.ts';
import { NODES } from '../../src/kubernetes/index.ts';
import { Connections } from '../../src/node/connections.ts';
import { connectToServer } from '../../src/node/index.ts';
import type { StoredPair } from '../../src/node/store.ts';
import { decodePrivateKey, readCertificates, serialHex } from '../../src/x509/index.ts';
import {
  AUTHORITY,
  clientOf,
  createAuthority,
  type ServerOptions,
  serve,
  until,
} from '../client/tls-server.ts';

function pairOf(commonName: string): StoredPair {
  const { certificate, key } = AUTHORITY.issue(commonName);
  const certificates = readCertificates(certificate);
  return {
    certificates,
    certificatePem: certificate,
    key: decodePrivateKey(key),
    keyPem: key,
    serial: serialHex(certificates[0]),
    file: commonName,
  };
}

type Answer = (request: IncomingMessage, response: ServerResponse, who: string) => void;

/** Answers a Node that is named after who asks. */
const node: Answer = (_, response, who) => {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify({ kind: 'Node', apiVersion: 'v1', metadata: { name: who } }));
};

async function arrange(answer: Answer = node, options: ServerOptions = {}) {
  const server = await serve(
    (request, response) => answer(request, response, clientOf(request.socket)),
    options,
  );
  const target = { server: server.url, certificateAuthority: AUTHORITY.ca };
  const connections = new Connections(
    { connect: connectToServer, clock: systemClock },
    { initial: { ...target, token: 'bootstrap' }, server: target },
  );
  onTestFinished(() => connections.close());
  const ask = async (): Promise<string> =>
    (await connections.own().get(NODES, { name: 'n' })).metadata.name ?? '';
  return { server, target, connections, ask };
}

describe('a renewal', () => {
  it('of which idle connections know nothing: they are closed, and the next request shows the new one', async () => {
    const { server, connections, ask } = await arrange();
    connections.use(pairOf('old'));
    expect(await ask()).toBe('old');
    expect(await ask()).toBe('old');
    expect(server.accepted).toBe(1);
    connections.use(pairOf('new'));
    expect(await ask()).toBe('new');
    expect(server.accepted).toBe(2);
    await until('the old connection is closed', () => server.connections.size === 1);
  });

  it('in the middle of requests: they are answered on the old connection, which is closed after that', async () => {
    const waiting: (() => void)[] = [];
    const { server, connections, ask } = await arrange((request, response, who) => {
      if (who === 'old') waiting.push(() => node(request, response, who));
      else node(request, response, who);
    });
    connections.use(pairOf('old'));
    const underWay = [ask(), ask(), ask()];
    await until('they are under way', () => waiting.length === 3);
    connections.use(pairOf('new'));
    expect(await ask()).toBe('new');
    expect(server.connections.size).toBe(4);
    for (const answer of waiting) answer();
    expect(await Promise.all(underWay)).toEqual(['old', 'old', 'old']);
    await until('the old connections are closed', () => server.connections.size === 1);
  });

  it('time after time while requests are made all the time: none fails', async () => {
    const { connections, ask, server } = await arrange((request, response, who) => {
      setTimeout(() => node(request, response, who), 3);
    });
    connections.use(pairOf('node-0'));
    const asking = { on: true };
    const seen = new Set<string>();
    const askers = Array.from({ length: 5 }, async () => {
      while (asking.on) seen.add(await ask());
    });
    for (let i = 1; i <= 10; i++) {
      await until('it is seen', () => seen.has(`node-${i - 1}`));
      connections.use(pairOf(`node-${i}`));
    }
    await until('the last is seen', () => seen.has('node-10'));
    asking.on = false;
    await Promise.all(askers);
    expect(seen.size).toBe(11);
    await until('the old connections are closed', () => server.connections.size <= 5);
  });

  it('ends a watch in an orderly way: who follows it watches again with the new one', async () => {
    const { connections } = await arrange((_, response) => {
      response.setHeader('content-type', 'application/json');
      response.write('{"type":"BOOKMARK","object":{"kind":"Node","metadata":{}}}\n');
    });
    connections.use(pairOf('old'));
    const watch = connections.own().watch(NODES, {})[Symbol.asyncIterator]();
    await watch.next();
    connections.use(pairOf('new'));
    await expect(watch.next()).rejects.toMatchObject({ code: 'UNREACHABLE' });
  });
});

describe('other CAs, or another address', () => {
  it('count for the next request, and for none that is under way', async () => {
    const other = createAuthority('another-ca');
    const { target, connections, ask } = await arrange(node, {
      certificate: other.issue('server'),
    });
    connections.use(pairOf('node'));
    await expect(ask()).rejects.toMatchObject({ code: 'UNREACHABLE' });
    const bundle = { ...target, certificateAuthority: AUTHORITY.ca + other.ca };
    expect(connections.serverIs(bundle)).toBe(true);
    expect(await ask()).toBe('node');
    expect(connections.serverIs({ ...bundle })).toBe(false);
  });

  it('and credentials to start with are taken over as they change', async () => {
    const { target, connections } = await arrange();
    expect(connections.startWith({ ...target, token: 'bootstrap' })).toBe(false);
    expect(connections.startWith({ ...target, token: 'fresh' })).toBe(true);
    expect(connections.initial.token).toBe('fresh');
  });
});

it('ends everything when it is closed, what is under way too', async () => {
  let asked = 0;
  const { server, connections, ask } = await arrange(() => void asked++);
  connections.use(pairOf('old'));
  const first = ask();
  first.catch(() => undefined);
  await until('it is under way', () => asked === 1);
  connections.use(pairOf('new'));
  const second = ask();
  second.catch(() => undefined);
  await until('the other one, too', () => asked === 2);
  await connections.close();
  await expect(first).rejects.toMatchObject({ code: 'UNREACHABLE' });
  await expect(second).rejects.toMatchObject({ code: 'UNREACHABLE' });
  await until('nothing is open', () => server.connections.size === 0);
});
