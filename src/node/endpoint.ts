/**
 * The node's HTTPS endpoint, on the kubelet's port. It proves the serving certificate, answers only
 * who has proven a client certificate and is allowed to ask, and has little to say: that it lives, and
 * which certificates it holds. Not served: whatever needs a kubelet.
 */
import { constants } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { TLSSocket } from 'node:tls';
import type { Clock } from '../client/index.ts';
import { KubepkiError, systemCode } from '../errors.ts';
import { listen } from '../http/index.ts';
import type { UserInfo } from '../kubernetes/index.ts';
import { type Certificate, formatName, parseCertificate, serialHex } from '../x509/index.ts';
import {
  type AccessReviewer,
  attributesOf,
  type ClientAuthorities,
  userOfCertificates,
} from './access.ts';
import type { StoredPair } from './store.ts';
import type { CertificateKind } from './types.ts';

export interface EndpointOptions {
  readonly address: string;
  /** 0: any that is free. */
  readonly port: number;
  /** Absent: nobody is known, and everybody refused. */
  readonly authorities?: ClientAuthorities | undefined;
  readonly reviewer: AccessReviewer;
  readonly clock: Clock;
  readonly certificates: () => readonly (readonly [CertificateKind, Certificate])[];
  readonly log: (line: string) => void;
}

export interface Endpoint {
  readonly address: string;
  readonly port: number;
  /** What new connections are served with; those that are open stay as they are. */
  use(pair: StoredPair): void;
  close(): Promise<void>;
}

/** Longest of whatever a caller may let the endpoint wait for. */
const PATIENCE_MS = 10_000;
const MOST_CONNECTIONS = 1_000;

/**
 * Listens. As long as there is no certificate, handshakes fail, as the kubelet's do.
 *
 * @throws KubepkiError CONFLICT for a port in use, INVALID_VALUE for an address that is not this machine's
 */
export async function openEndpoint(options: EndpointOptions): Promise<Endpoint> {
  const context: Context = { ...options, seen: new WeakMap() };
  const server = createServer(
    {
      minVersion: 'TLSv1.2',
      requestCert: true,
      // Who it is is found out at each request, by the CAs of that moment: see `authenticate`.
      rejectUnauthorized: false,
      // None, and not the web's: whoever has a certificate shows it.
      ca: [],
      // A resumed session would come without the certificates in between.
      secureOptions: constants.SSL_OP_NO_TICKET,
      handshakeTimeout: PATIENCE_MS,
      requestTimeout: PATIENCE_MS,
      headersTimeout: PATIENCE_MS,
    },
    (request, response) => {
      void answer(request, response, context);
    },
  );
  server.maxConnections = MOST_CONNECTIONS;
  // A client that breaks off harms nobody.
  server.on('tlsClientError', () => undefined);
  server.on('clientError', (_error, socket) => void socket.destroy());
  const port = await open(server, options);
  return {
    address: options.address,
    port,
    use({ certificatePem, keyPem }) {
      server.setSecureContext({
        cert: certificatePem,
        key: keyPem,
        ca: [],
        minVersion: 'TLSv1.2',
        secureOptions: constants.SSL_OP_NO_TICKET,
      });
    },
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function open(server: Server, { address, port }: EndpointOptions): Promise<number> {
  try {
    await listen(server, { address, port });
  } catch (error) {
    if (!(error instanceof KubepkiError) || systemCode(error.cause) !== 'EADDRINUSE') throw error;
    throw new KubepkiError('CONFLICT', `${address} port ${port} is in use`, {
      hint: 'does a kubelet run here? take another with --port, or none with --rotate-server-certificates=false',
      cause: error.cause,
    });
  }
  const bound = server.address();
  if (bound === null || typeof bound === 'string') {
    throw new TypeError(`expected an address with a port, got ${String(bound)}`);
  }
  return bound.port;
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: Context,
): Promise<void> {
  // Nothing that is served takes a body.
  request.resume();
  try {
    const { status, type = 'text/plain; charset=utf-8', body } = await reply(request, options);
    response.writeHead(status, { 'content-type': type, 'x-content-type-options': 'nosniff' });
    response.end(request.method === 'HEAD' ? undefined : body);
  } catch (error) {
    options.log(`the HTTPS endpoint: ${error instanceof Error ? error.message : String(error)}`);
    response.destroy();
  }
}

interface Context extends EndpointOptions {
  /** The certificates of each connection: they stay the same for as long as it lasts. */
  readonly seen: WeakMap<TLSSocket, readonly Certificate[]>;
}

interface Reply {
  readonly status: number;
  readonly type?: string;
  readonly body: string;
}

async function reply(request: IncomingMessage, options: Context): Promise<Reply> {
  const { reviewer, log } = options;
  const user = authenticate(request, options);
  if (user === undefined) return { status: 401, body: 'Unauthorized' };
  const path = (request.url ?? '').replace(/[?#].*$/s, '');
  const { verb, subresources } = attributesOf(request.method ?? '', path);
  let about = `user=${user.name}, verb=${verb}, resource=nodes`;
  try {
    if (!(await isAllowed(reviewer, user, verb, subresources))) {
      about += `, subresource(s)=[${subresources.join(' ')}]`;
      return { status: 403, body: `Forbidden (${about})\n` };
    }
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    log(`asking whether ${user.name} may call the node: ${error.message}`);
    return { status: 500, body: `Authorization error (${about})` };
  }
  return serve(verb, path, options);
}

async function isAllowed(
  reviewer: AccessReviewer,
  user: UserInfo,
  verb: string,
  subresources: readonly string[],
): Promise<boolean> {
  for (const subresource of subresources) {
    if (await reviewer.isAllowed(user, verb, subresource)) return true;
  }
  return false;
}

function serve(verb: string, path: string, options: EndpointOptions): Reply {
  const known = path === '/healthz' || path === '/certificates';
  if (!known) return { status: 404, body: '404 page not found\n' };
  if (verb !== 'get') return { status: 405, body: 'Method Not Allowed\n' };
  if (path === '/healthz') return { status: 200, body: 'ok' };
  const list = options.certificates().map(([kind, certificate]) => ({
    kind,
    subject: formatName(certificate.subject),
    issuer: formatName(certificate.issuer),
    serial: serialHex(certificate),
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
  }));
  return { status: 200, type: 'application/json', body: `${JSON.stringify(list)}\n` };
}

function authenticate(
  { socket }: IncomingMessage,
  { authorities, clock, seen }: Context,
): UserInfo | undefined {
  if (authorities === undefined || !(socket instanceof TLSSocket)) return undefined;
  const certificates = certificatesOf(socket, seen);
  if (certificates.length === 0) return undefined;
  return userOfCertificates(certificates, authorities.roots, clock.now());
}

/** What the other side has proven and what it sent along, leaf first; nothing where any of it cannot be read. */
function certificatesOf(socket: TLSSocket, seen: Context['seen']): readonly Certificate[] {
  const known = seen.get(socket);
  if (known !== undefined) return known;
  let certificates: readonly Certificate[] = [];
  try {
    certificates = chainOf(socket).map(parseCertificate);
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
  }
  seen.set(socket, certificates);
  return certificates;
}

const MOST_CERTIFICATES = 10;

function chainOf(socket: TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = [];
  let next = socket.getPeerCertificate(true);
  while (chain.length < MOST_CERTIFICATES && Buffer.isBuffer(next?.raw)) {
    chain.push(next.raw);
    // A certificate that signed itself is its own issuer there.
    if (next.issuerCertificate === next) break;
    next = next.issuerCertificate;
  }
  return chain;
}
