/**
 * Requests over the network, on undici. One `Pool` holds the connections of one set of credentials;
 * when these change, another takes over, and the old one ends with its last request.
 */
import { isIP } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  checkServerIdentity,
  createSecureContext,
  type PeerCertificate,
  type SecureContext,
} from 'node:tls';
import type { Dispatcher } from 'undici';
import { KubepkiError } from '../../errors.ts';
import type { ApiRequest, ApiResponse, Headers } from '../../kubernetes/index.ts';
import { raceSignal } from '../abort.ts';
import { MOST_ANSWER_BYTES, tooLarge, wholeBody } from '../body.ts';
import { describe } from '../refusal.ts';
import type { Transport } from '../types.ts';
import { BODY_TIMEOUT_MS, CONNECT_TIMEOUT_MS, HEADERS_TIMEOUT_MS, unreachable } from './failure.ts';
import { type ClientCertificate, systemAuthorities } from './material.ts';

/** What is used now. The same value, not an equal one, as long as nothing has changed. */
export type Source<T> = () => T | Promise<T>;

/** What one request was made with. */
export interface Credentials {
  readonly authorization: string | undefined;
  readonly certificate: ClientCertificate | undefined;
}

export interface RemoteSettings {
  readonly server: URL;
  readonly userAgent: string;
  /** PEM; the system's authorities where there is none. */
  readonly authorities: Source<Buffer | undefined>;
  readonly certificate: Source<ClientCertificate | undefined>;
  /** Value of the header. */
  readonly authorization: Source<string | undefined>;
  /** Called when the server has refused these credentials (401); whether there are others now. */
  readonly renew?: (refused: Credentials) => Promise<boolean>;
  /** Ends what credentials come from. */
  readonly end?: () => void;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string | string[]>>;
  readonly serverName?: string | undefined;
  readonly insecureSkipTlsVerify?: boolean | undefined;
  readonly proxyUrl?: string | undefined;
  /** Told the certificate (DER) of a server that was verified, with each whole handshake. */
  readonly onServerCertificate?: ((der: Uint8Array) => void) | undefined;
}

export interface RemoteTransport extends Transport {
  /** The server's address, as messages name it. */
  readonly server: string;
  /** Whether the server's certificate is verified: it is asked over TLS, and not anybody is trusted. */
  readonly verifies: boolean;
  /** Closes connections that nobody uses; requests from now on get new ones, those under way finish. */
  reconnect(): void;
}

/**
 * How long a connection stays open unused: less than the 90 seconds after which kube-apiserver
 * closes it, so that no request meets a connection that is just being closed.
 */
const KEEP_ALIVE_MS = 60_000;

interface Connections {
  readonly dispatcher: Dispatcher;
  readonly authorities: Buffer | undefined;
  readonly certificate: ClientCertificate | undefined;
}

const sameAs = (
  known: Connections,
  authorities: Buffer | undefined,
  certificate: ClientCertificate | undefined,
): boolean => known.authorities === authorities && known.certificate === certificate;

/** Of `tls.connect`. */
interface TlsOptions {
  readonly secureContext: SecureContext;
  readonly rejectUnauthorized: boolean;
  readonly servername?: string;
  readonly checkServerIdentity?: (host: string, peer: PeerCertificate) => Error | undefined;
}

/** The transport that all kinds of configuration come down to. Loads undici with the first request. */
export function createRemoteTransport(settings: RemoteSettings): RemoteTransport {
  const { origin } = settings.server;
  const prefix = settings.server.pathname.replace(/\/+$/, '');
  const address = `${origin}${prefix}`;
  const closing = new AbortController();
  /** Those that still have requests under way. */
  const old = new Set<Dispatcher>();
  let current: Connections | undefined;

  const retire = (): void => {
    if (current === undefined) return;
    const { dispatcher } = current;
    current = undefined;
    old.add(dispatcher);
    void dispatcher.close().then(
      () => old.delete(dispatcher),
      () => old.delete(dispatcher),
    );
  };

  const connections = async (): Promise<Connections> => {
    const create = await loadUndici(origin, settings.proxyUrl);
    const authorities = await settings.authorities();
    const certificate = await settings.certificate();
    closing.signal.throwIfAborted();
    if (current !== undefined && sameAs(current, authorities, certificate)) return current;
    retire();
    const dispatcher = create(tlsOptions(settings, authorities, certificate));
    current = { dispatcher, authorities, certificate };
    return current;
  };

  const sendOnce = async (request: ApiRequest, authorization: string | undefined) => {
    let found = await connections();
    // Retired before it was our turn: it takes no more requests.
    while (found !== current) found = await connections();
    const { dispatcher, certificate } = found;
    const watch = isWatch(request);
    const response = await dispatcher.request({
      origin,
      path: `${prefix}${request.url}`,
      method: request.method,
      headers: headersOf(request.headers, settings, authorization),
      headersTimeout: watch ? 0 : HEADERS_TIMEOUT_MS,
      bodyTimeout: watch ? 0 : BODY_TIMEOUT_MS,
      ...(request.body === undefined ? {} : { body: request.body }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
    return { response, used: { authorization, certificate } };
  };

  const send = async (request: ApiRequest): Promise<ApiResponse> => {
    closing.signal.throwIfAborted();
    request.signal?.throwIfAborted();
    const given = request.headers['authorization'] !== undefined;
    const first = await sendOnce(request, given ? undefined : await settings.authorization());
    let { response } = first;
    if (response.statusCode === 401 && !given && (await settings.renew?.(first.used)) === true) {
      await response.body.dump();
      await connectionIsFree();
      ({ response } = await sendOnce(request, await settings.authorization()));
    }
    const { statusCode: status, headers, body } = response;
    if (status === 200 && isWatch(request)) {
      return { status, headers, body: stream(body, (error) => failed(request, error)) };
    }
    const bytes = await whole(response, describe(request));
    await connectionIsFree();
    return { status, headers, body: bytes };
  };

  const failed = (request: ApiRequest, error: unknown): unknown => {
    if (request.signal?.aborted === true) return request.signal.reason;
    return closing.signal.aborted ? closing.signal.reason : unreachable(address, error);
  };

  return {
    server: address,
    verifies: settings.server.protocol === 'https:' && settings.insecureSkipTlsVerify !== true,
    reconnect: retire,
    async send(request) {
      try {
        // Credentials may come from a program that takes its time; undici hears the signal itself.
        return await raceSignal(send(request), request.signal);
      } catch (error) {
        throw failed(request, error);
      }
    },
    async close() {
      const reason = new KubepkiError('UNREACHABLE', `the connection to ${address} was closed`);
      closing.abort(reason);
      settings.end?.();
      const all = current === undefined ? [...old] : [...old, current.dispatcher];
      current = undefined;
      await Promise.all(all.map(async (dispatcher) => dispatcher.destroy(reason)));
    },
  };
}

/**
 * Answers with how to make connections: directly, or through a proxy. Loading undici takes 80 ms and
 * 30 MB, which commands that ask no server do not pay.
 */
async function loadUndici(
  origin: string,
  uri: string | undefined,
): Promise<(tls: TlsOptions) => Dispatcher> {
  // It is CommonJS: what its names are besides the default depends on who bundles it.
  const { Pool, ProxyAgent } = (await import('undici')).default;
  // HTTP/1.1: a watch has a connection of its own and never holds up what else is asked.
  const options = { allowH2: false, keepAliveTimeout: KEEP_ALIVE_MS };
  const timeout = CONNECT_TIMEOUT_MS;
  return (tls) =>
    uri === undefined
      ? new Pool(origin, { ...options, connect: { ...tls, timeout } })
      : new ProxyAgent({ ...options, connectTimeout: timeout, uri, requestTls: tls });
}

/** Only GETs watch. Nobody knows when the answer to a watch goes on, so it has no time limits. */
const isWatch = ({ method, url }: ApiRequest): boolean =>
  method === 'GET' && /[?&]watch=(?:true|1)(?:&|$)/.test(url);

function tlsOptions(
  { server, serverName, insecureSkipTlsVerify = false, onServerCertificate }: RemoteSettings,
  authorities: Buffer | undefined,
  certificate: ClientCertificate | undefined,
): TlsOptions {
  // The system's authorities are many, and take time to read.
  const trustsAny = insecureSkipTlsVerify || server.protocol !== 'https:';
  const ca = authorities ?? (trustsAny ? [] : systemAuthorities());
  return {
    secureContext: certificate === undefined ? trusting(ca) : identified(ca, certificate),
    rejectUnauthorized: !insecureSkipTlsVerify,
    ...telling(serverName === undefined ? {} : nameToVerify(serverName), onServerCertificate),
  };
}

/** Tells of the certificate when its names are verified, which is after its signatures. */
function telling(
  options: Partial<TlsOptions>,
  tell: RemoteSettings['onServerCertificate'],
): Partial<TlsOptions> {
  if (tell === undefined) return options;
  const verify = options.checkServerIdentity ?? checkServerIdentity;
  return {
    ...options,
    checkServerIdentity: (host, peer) => {
      const problem = verify(host, peer);
      if (problem === undefined) tell(peer.raw);
      return problem;
    },
  };
}

const identified = (
  ca: Buffer | string[],
  { certificate, key }: ClientCertificate,
): SecureContext => createSecureContext({ ca, cert: asBuffer(certificate), key: asBuffer(key) });

/** The last context without a certificate: making one costs a tenth of a handshake, and nothing tells two apart. */
let nobodys: { readonly ca: Buffer; readonly context: SecureContext } | undefined;

function trusting(ca: Buffer | string[]): SecureContext {
  if (!Buffer.isBuffer(ca)) return createSecureContext({ ca });
  if (nobodys?.ca.equals(ca) !== true) nobodys = { ca, context: createSecureContext({ ca }) };
  return nobodys.context;
}

/** An address is verified, but not sent: SNI knows only names (RFC 6066, section 3). */
const nameToVerify = (serverName: string): Partial<TlsOptions> =>
  isIP(serverName) === 0
    ? { servername: serverName }
    : {
        checkServerIdentity: (_: string, peer: PeerCertificate) =>
          checkServerIdentity(serverName, peer),
      };

const asBuffer = (pem: string | Uint8Array): string | Buffer =>
  typeof pem === 'string' ? pem : Buffer.from(pem.buffer, pem.byteOffset, pem.byteLength);

function headersOf(
  given: Headers,
  { userAgent, headers = {} }: RemoteSettings,
  authorization: string | undefined,
): Record<string, string | string[]> {
  const all: Record<string, string | string[]> = { 'user-agent': userAgent, ...headers };
  if (authorization !== undefined) all['authorization'] = authorization;
  for (const [name, value] of Object.entries(given)) {
    if (value !== undefined) all[name] = typeof value === 'string' ? value : [...value];
  }
  return all;
}

async function whole(
  { headers, body }: Pick<Dispatcher.ResponseData, 'headers' | 'body'>,
  what: string,
): Promise<Uint8Array> {
  const length = headers['content-length'];
  if (typeof length !== 'string') return wholeBody(body, what);
  if (Number(length) > MOST_ANSWER_BYTES) {
    body.destroy();
    throw tooLarge(what, MOST_ANSWER_BYTES);
  }
  // The parser sees to it that there are no more.
  return body.bytes();
}

/**
 * undici takes a connection for free one turn of the event loop after the answer: who asks the next
 * thing before that gets another connection, and pays for another handshake.
 */
const connectionIsFree = async (): Promise<void> => nextTurn();

/** Without a reason undici would make one, and each stream that ends with it has its stack trace written out. */
const GIVEN_UP = new Error('nobody reads the answer any more');

/** The stream with errors of ours. Giving it up ends the connection, also before its first chunk. */
const stream = (
  body: Dispatcher.ResponseData['body'],
  failed: (error: unknown) => unknown,
): AsyncIterable<Uint8Array> => ({
  [Symbol.asyncIterator]() {
    const chunks: AsyncIterator<Uint8Array> = body[Symbol.asyncIterator]();
    return {
      async next() {
        try {
          return await chunks.next();
        } catch (error) {
          throw failed(error);
        }
      },
      async return() {
        body.on('error', () => {}).destroy(GIVEN_UP);
        return { done: true, value: undefined };
      },
    };
  },
});
