/** HTTPS servers in this process, and certificates for them and for their clients. */
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';
import {
  type CertificateTemplate,
  createIssuer,
  encodePem,
  encodePrivateKey,
  generatePrivateKey,
  makeName,
  parseCertificate,
  selfSign,
} from '../../src/x509/index.ts';

export interface Pem {
  readonly certificate: string;
  readonly key: string;
}

export interface Authority {
  /** PEM, as the next. */
  readonly ca: string;
  readonly caKey: string;
  issue(commonName: string, changes?: Partial<CertificateTemplate>): Pem;
}

const HOUR = 3_600_000;
// TLS asks the system's clock, whatever clock a test hands in.
const from = (ms: number): Date => new Date(Date.now() + ms);

export function createAuthority(name: string): Authority {
  const key = generatePrivateKey('ECDSA-P256');
  const root = selfSign(
    {
      subject: makeName({ commonName: name }),
      notBefore: from(-2 * HOUR),
      notAfter: from(48 * HOUR),
      basicConstraints: { ca: true },
      keyUsage: ['keyCertSign'],
      extendedKeyUsage: [],
    },
    key,
  );
  const issuer = createIssuer(parseCertificate(root), key);
  return {
    ca: encodePem('CERTIFICATE', root),
    caKey: encodePrivateKey(key),
    issue(commonName, changes = {}) {
      const leaf = generatePrivateKey('ECDSA-P256');
      const template: CertificateTemplate = {
        subject: makeName({ commonName }),
        notBefore: from(-HOUR),
        notAfter: from(24 * HOUR),
        basicConstraints: { ca: false },
        keyUsage: ['digitalSignature'],
        extendedKeyUsage: ['clientAuth', 'serverAuth'],
        subjectAltNames: { dns: ['localhost'], ip: ['127.0.0.1'] },
        ...changes,
      };
      return {
        certificate: encodePem('CERTIFICATE', issuer.issue(template, leaf.spki)),
        key: encodePrivateKey(leaf),
      };
    },
  };
}

/** One for all tests: keys cost time. */
export const AUTHORITY = createAuthority('test-ca');
export const SERVER = AUTHORITY.issue('server');
export const EXPIRED = AUTHORITY.issue('expired', { notAfter: from(-1_000) });

export interface TestServer {
  readonly url: string;
  readonly port: number;
  /** Connections that are open. */
  readonly connections: ReadonlySet<Socket>;
  /** Connections that there have been. */
  readonly accepted: number;
}

export interface ServerOptions {
  readonly certificate?: Pem;
  /** Ends connections of clients without a certificate of the authority. */
  readonly requireCertificate?: boolean;
}

/** An HTTPS server on a port of its own, gone when the test ends. */
export async function serve(
  handler: RequestListener,
  { certificate = SERVER, requireCertificate = false }: ServerOptions = {},
): Promise<TestServer> {
  const server = createServer(
    {
      cert: certificate.certificate,
      key: certificate.key,
      ca: AUTHORITY.ca,
      requestCert: true,
      rejectUnauthorized: requireCertificate,
      keepAliveTimeout: 60_000,
    },
    handler,
  );
  return listening(server, 'secureConnection');
}

/** Speaks TLS, and then whatever the test likes. */
export async function serveRaw(talk: (socket: TLSSocket) => void): Promise<TestServer> {
  const server = createTlsServer({ cert: SERVER.certificate, key: SERVER.key }, (socket) => {
    socket.on('error', () => {});
    talk(socket);
  });
  return listening(server, 'secureConnection');
}

type Listener = ReturnType<typeof createTlsServer>;

async function listening(server: Listener, event: string): Promise<TestServer> {
  const connections = new Set<Socket>();
  let accepted = 0;
  server.on('tlsClientError', () => {});
  server.on(event, (socket: Socket) => {
    accepted++;
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of connections) socket.destroy();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    port,
    connections,
    get accepted() {
      return accepted;
    },
  };
}

/** The common name of the certificate that a client has proved. */
export const clientOf = (socket: Socket): string =>
  String((socket as TLSSocket).getPeerCertificate().subject?.CN ?? 'nobody');

/** Waits until it is so: for what another end does in its own time. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  const end = performance.now() + 10_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
