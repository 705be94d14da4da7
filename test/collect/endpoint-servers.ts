/** Servers on loopback for the tests of endpoints, each ended with its test. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { onTestFinished } from 'vitest';
import type { EndpointAddress } from '../../src/collect/index.ts';
import {
  createIssuer,
  encodePem,
  encodePrivateKey,
  type Issuer,
  makeName,
  parseCertificate,
  selfSign,
} from '../../src/x509/index.ts';
import { freePort } from '../free-port.ts';
import { caTemplate, keyOf, leafTemplate } from '../x509/support.ts';

const HOST = '127.0.0.1';

/** A CA of its own, valid for as long as the tests are looked at with `AT`. */
export function authorityOf(name: string, which: number): Issuer {
  const key = keyOf('ECDSA-P256', which);
  const subject = makeName({ commonName: name });
  const keyUsage = ['keyCertSign', 'cRLSign'] as const;
  return createIssuer(parseCertificate(selfSign(caTemplate({ subject, keyUsage }), key)), key);
}

export const CA = authorityOf('endpoint-ca', 11);
export const CA_PEM = encodePem('CERTIFICATE', CA.certificate.der);
export const OTHER_CA = authorityOf('other-ca', 12);
export const OTHER_CA_PEM = encodePem('CERTIFICATE', OTHER_CA.certificate.der);
const KEY = keyOf('ECDSA-P256', 13);
/** Within the validity of all of them. */
export const AT = new Date('2026-12-02T00:00:00Z');

export function leafFor(names: { dns?: string[]; ip?: string[] }, issuer = CA): string {
  const subject = makeName({ commonName: 'server' });
  return encodePem(
    'CERTIFICATE',
    issuer.issue(leafTemplate({ subject, subjectAltNames: names }), KEY.spki),
  );
}

export const SERVER = {
  cert: leafFor({ dns: ['localhost'], ip: [HOST] }),
  key: encodePrivateKey(KEY),
} as const;

async function listening(server: Server, host: string): Promise<EndpointAddress> {
  const port = await freePort();
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    // Whoever looks at it hangs up as it likes.
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => undefined);
  server.listen(port, host);
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return { host, port };
}

/** A TLS server that says nothing once the handshake is done. */
export const tlsServer = (options: TlsOptions = {}, host = HOST): Promise<EndpointAddress> =>
  listening(
    createTlsServer({ ...SERVER, ...options }, (socket) => socket.on('error', () => undefined)),
    host,
  );

/** A server that does as it is told with each connection. */
export const rawServer = (serve: (socket: Socket) => void): Promise<EndpointAddress> =>
  listening(createServer(serve), HOST);

/** A port of this machine on which nobody listens. */
export const nobody = async (): Promise<EndpointAddress> => ({
  host: HOST,
  port: await freePort(),
});
