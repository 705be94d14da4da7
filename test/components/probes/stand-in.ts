/**
 * A server that stands in for a component, as a program of its own on a host of the network: one port
 * for each certificate to present, and a line of JSON in its log for all that clients do. It shows
 * what a component presents as a client, and whether it takes what a server presents.
 */

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer as createPlainServer, type IncomingHttpHeaders } from 'node:http';
import { createSecureServer } from 'node:http2';
import type { PeerCertificate, TLSSocket } from 'node:tls';
import type { Host } from '../../../src/cluster/index.ts';
import type { Pair } from '../../system/etcd-cluster.ts';
import type { Network } from '../../system/network.ts';
import { type Program, waitFor } from '../../system/program.ts';

export interface StandInPort {
  port: number;
  /** Plain HTTP without one. */
  server?: Pair | undefined;
  /** The file that it verifies clients with; it takes every client and logs what it thinks of it. */
  clientCa?: string;
  /** Answer to every request; what it has seen of the request when not given. */
  answer?: string;
  /** Ends every connection after the handshake, so that clients go elsewhere. */
  hangUp?: boolean;
}

export type StandInEvent = { port: number } & (
  | { event: 'handshake'; client: Client | null; serverName: string | null }
  | { event: 'refused'; alert: string }
  | {
      event: 'request';
      method: string;
      url: string;
      client: Client | null;
      headers: IncomingHttpHeaders;
    }
);

interface Client {
  /** SHA-256 of the certificate, in hex. */
  certificate: string;
  /** Whether `clientCa` signed it; OpenSSL's word for why not. */
  verified: true | string;
}

export interface StandIn {
  readonly program: Program;
  events(): Promise<StandInEvent[]>;
  /** Waits for an event at a port; throws with the end of the log when it does not come. */
  event<K extends StandInEvent['event']>(
    port: number,
    event: K,
    accept?: (event: StandInEvent & { event: K }) => boolean,
  ): Promise<StandInEvent & { event: K }>;
}

export async function startStandIn(
  network: Network,
  host: Host,
  ports: readonly StandInPort[],
  name = 'stand-in',
): Promise<StandIn> {
  const [address] = host.addresses;
  const args = [import.meta.filename, JSON.stringify({ address, ports })];
  const program = await network.start(host.name, process.execPath, args, { name });
  const from = (await program.log()).length;
  await waitFor(
    `${name} listens`,
    async () => (await program.log()).slice(from).includes('"listening"') || undefined,
    { programs: [program] },
  );
  const events = async (): Promise<StandInEvent[]> => {
    const text = await program.log();
    const lines = text.slice(0, text.lastIndexOf('\n')).split('\n');
    return lines.filter((line) => line.startsWith('{"port"')).map((line) => JSON.parse(line));
  };
  return {
    program,
    events,
    event: async (port, event, accept = () => true) =>
      waitFor(
        `${event} at port ${port} of ${program.name}`,
        async () =>
          (await events())
            .filter((one) => one.event === event)
            .map((one) => one as StandInEvent & { event: typeof event })
            .find((one) => one.port === port && accept(one)),
        { deadline: 60_000, programs: [program] },
      ),
  };
}

function main({ address, ports }: { address: string; ports: StandInPort[] }): void {
  let open = 0;
  for (const options of ports) {
    listen(options).listen(options.port, address, () => {
      open++;
      if (open === ports.length) console.log('"listening"');
    });
  }
}

const log = (event: StandInEvent): void => console.log(JSON.stringify(event));

function listen({ port, server, clientCa, answer, hangUp = false }: StandInPort) {
  if (server === undefined) return createPlainServer((_request, response) => response.end());
  const secure = createSecureServer({
    allowHTTP1: true,
    cert: readFileSync(server.certificate),
    key: readFileSync(server.key),
    requestCert: true,
    rejectUnauthorized: false,
    ...(clientCa === undefined ? {} : { ca: readFileSync(clientCa) }),
  });
  secure.on('secureConnection', (socket: TLSSocket) => {
    const serverName = typeof socket.servername === 'string' ? socket.servername : null;
    log({ port, event: 'handshake', client: clientOf(socket), serverName });
    socket.on('error', () => {});
    if (hangUp) socket.destroy();
  });
  secure.on('tlsClientError', (error: NodeJS.ErrnoException) => {
    log({ port, event: 'refused', alert: error.code ?? error.message });
  });
  secure.on('sessionError', () => {});
  secure.on('request', (request, response) => {
    const { method, url, headers } = request;
    const client = clientOf(request.socket as TLSSocket);
    const event: StandInEvent = { port, event: 'request', method, url, client, headers };
    log(event);
    response.setHeader('Content-Type', 'application/json');
    response.end(answer ?? JSON.stringify(event));
  });
  return secure;
}

function clientOf(socket: TLSSocket): Client | null {
  // Typed otherwise, but null once the connection is gone.
  const certificate: Partial<PeerCertificate> | null = socket.getPeerCertificate();
  const raw = certificate?.raw;
  if (raw === undefined) return null;
  return {
    certificate: createHash('sha256').update(raw).digest('hex'),
    verified: socket.authorized || String(socket.authorizationError),
  };
}

if (import.meta.main) main(JSON.parse(process.argv[2] ?? '{}'));
