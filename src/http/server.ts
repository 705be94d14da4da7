/**
 * HTTPS with HTTP/2 and HTTP/1.1 on one port. Certificates of clients are asked for and handed on, not
 * judged: that is authentication's part.
 */
import type { EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  createSecureServer,
  type Http2SecureServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ApiResponse } from '../kubernetes/index.ts';
import { FAILED, type Sink, sendAnswer } from './answer.ts';
import { Connections } from './connections.ts';
import { secureContextOptions } from './context.ts';
import { idOf, PendingHandshakes } from './handshakes.ts';
import { http1Request, http1Sink } from './http1.ts';
import { countStreams, http2Request, http2Sink } from './http2.ts';
import { type ListenAddress, listen } from './listen.ts';
import { peerOf, rememberPeer, withoutMapping } from './peer.ts';
import { type Proxies, receiveProxyHeader } from './proxied.ts';
import type { NetworkRequest } from './request.ts';
import { Rounds } from './rounds.ts';
import { CHECK_MS, MOST_HEADERS, serverOptions } from './server-options.ts';
import {
  DEFAULT_LIMITS,
  type HttpHandler,
  type HttpLimits,
  type ServingCertificate,
} from './types.ts';
import { UnreadAnswers } from './unread.ts';

export interface HttpsServerOptions extends ServingCertificate {
  readonly handle: HttpHandler;
  readonly limits?: Partial<HttpLimits>;
  /**
   * Which part of the requests of HTTP/2 is the last of its connection, so that clients spread over several
   * servers behind a balancer. Upstream: `--goaway-chance`. Default: none.
   */
  readonly goawayChance?: number;
  /** Balancers that say with the PROXY protocol whose connections they hand on. Default: none. */
  readonly proxies?: Proxies;
}

export interface HttpsServer {
  /** @throws KubepkiError CONFLICT where the port is taken, INVALID_VALUE where the address is not this machine's */
  listen(address: ListenAddress): Promise<ListenAddress>;
  /** New connections get this from now on; standing ones go on with what they have. */
  reload(serving: ServingCertificate): void;
  /**
   * Takes no more connections and requests, ends watches, lets other requests finish, and after
   * `graceMs` (default 5,000) breaks off what is left.
   */
  close(graceMs?: number): Promise<void>;
}

const GRACE_MS = 5000;
/** To HTTP/1.1 that cannot be read, is too long or too slow. */
const BAD_REQUEST = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n';

/** @throws KubepkiError INVALID_VALUE for a certificate or key that cannot serve */
export function createHttpsServer(options: HttpsServerOptions): HttpsServer {
  return new Server(options);
}

class Server implements HttpsServer {
  readonly #handle: HttpHandler;
  readonly #limits: HttpLimits;
  readonly #server: Http2SecureServer;
  /** Every TCP connection, before and after its handshake. */
  readonly #connections = new Set<Socket>();
  /** Whose connections are, by their ends, where a balancer in between has said so. */
  readonly #sources = new Map<string, string>();
  readonly #handshakes: PendingHandshakes;
  readonly #established: Connections<Socket | ServerHttp2Session>;
  readonly #rounds = new Rounds<object>();
  readonly #unread: UnreadAnswers;
  readonly #sweep: NodeJS.Timeout;
  readonly #goawayChance: number;
  readonly #sessions = new Set<ServerHttp2Session>();
  /** HTTP/1.1 connections with the number of requests that they carry. */
  readonly #http1 = new Map<TLSSocket, number>();
  /** Requests whose answers have no end of their own: watches. */
  readonly #streaming = new Set<NetworkRequest>();
  #closing: Promise<void> | undefined;

  constructor(options: HttpsServerOptions) {
    this.#handle = options.handle;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#goawayChance = options.goawayChance ?? 0;
    this.#handshakes = new PendingHandshakes(this.#limits.handshakes);
    this.#established = new Connections(this.#limits.connections);
    this.#unread = new UnreadAnswers(this.#limits);
    this.#server = createSecureServer(serverOptions(options, this.#limits));
    // Of HTTP/1.1, read by Node though its types do not name it here.
    Object.assign(this.#server, { maxHeadersCount: MOST_HEADERS });
    if (options.proxies === undefined) this.#server.on('connection', this.#takeConnection);
    else this.#listenToProxies(options.proxies);
    this.#listenToConnections();
    this.#listenToRequests();
    const often = Math.min(CHECK_MS, this.#limits.answerMs, this.#limits.idleMs);
    this.#sweep = setInterval(() => this.#sweepAll(performance.now()), often).unref();
  }

  async listen(address: ListenAddress): Promise<ListenAddress> {
    await listen(this.#server, address);
    const bound: AddressInfo | string | null = this.#server.address();
    return bound === null || typeof bound === 'string'
      ? address
      : { address: bound.address, port: bound.port };
  }

  reload(serving: ServingCertificate): void {
    this.#server.setSecureContext(secureContextOptions(serving));
  }

  async close(graceMs = GRACE_MS): Promise<void> {
    this.#closing ??= this.#endAll();
    const timer = setTimeout(() => this.#breakOff(), graceMs);
    await this.#closing;
    clearTimeout(timer);
    clearInterval(this.#sweep);
  }

  /** `setTimeout` of each session would do, but Node keeps that timer, and the session, when the session ends. */
  #sweepAll(now: number): void {
    this.#unread.sweep(now);
    this.#established.endIdleSince(now - this.#limits.idleMs);
  }

  /** Node's own listener, which begins TLS, has been called before. */
  readonly #takeConnection = (socket: Socket): void => {
    this.#keep(socket);
    this.#handshakes.add(socket);
  };

  #keep(socket: Socket): void {
    this.#connections.add(socket);
    const id = idOf(socket);
    socket.once('close', () => {
      this.#connections.delete(socket);
      this.#sources.delete(id);
      this.#handshakes.closed(id, socket);
    });
    // A socket without a listener would bring the process down.
    socket.on('error', () => socket.destroy());
  }

  /** Puts itself before Node's own listeners: TLS begins behind the header. */
  #listenToProxies(proxies: Proxies): void {
    const begin = this.#server.listeners('connection');
    const pass = (socket: Socket): void => {
      for (const listener of begin) Reflect.apply(listener, this.#server, [socket]);
    };
    this.#server.removeAllListeners('connection');
    this.#server.on('connection', (socket: Socket) => {
      const from = withoutMapping(socket.remoteAddress ?? '');
      if (!proxies.trusts(from)) {
        pass(socket);
        this.#takeConnection(socket);
        return;
      }
      this.#keep(socket);
      this.#handshakes.addUntold(socket);
      const timeoutMs = this.#limits.handshakeMs;
      receiveProxyHeader(socket, { from, timeoutMs, proxies }, (source) => {
        if (source !== undefined) this.#sources.set(idOf(socket), source);
        this.#handshakes.told(socket, source);
        pass(socket);
      });
    });
  }

  #listenToConnections(): void {
    this.#server.on('secureConnection', (socket: TLSSocket) => {
      this.#handshakes.finished(socket);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => {
        this.#http1.delete(socket);
        this.#established.delete(socket);
      });
      if (socket.alpnProtocol === 'h2') return;
      if (!this.#established.add(socket, () => socket.destroySoon(), performance.now())) {
        socket.destroy();
        return;
      }
      rememberPeer(socket, socket, () => socket.destroy(), this.#sources.get(idOf(socket)));
      this.#http1.set(socket, 0);
      if (this.#closing !== undefined) socket.end();
    });
    this.#server.on('session', (session) => {
      this.#sessions.add(session);
      session.once('close', () => this.#sessions.delete(session));
      session.on('error', () => session.destroy());
      this.#welcome(session);
      if (this.#closing !== undefined) session.close();
    });
    this.#server.on('clientError', (_error: Error, socket: Socket) => {
      // Also for a handshake that fails or takes too long: then there is nobody to speak to.
      const speaksHttp1 = socket instanceof TLSSocket && this.#http1.has(socket);
      if (speaksHttp1 && socket.writable) socket.end(BAD_REQUEST);
      else socket.destroy();
    });
    for (const event of ['tlsClientError', 'sessionError', 'error']) {
      // The connection is ended by whoever reports it; to listen keeps it from being thrown.
      this.#server.on(event, () => undefined);
    }
  }

  #welcome(session: ServerHttp2Session): void {
    session.once('close', () => {
      this.#established.delete(session);
      this.#rounds.forget(session);
    });
    if (!this.#established.add(session, () => session.close(), performance.now())) {
      session.destroy();
      return;
    }
    const { socket } = session;
    if (socket instanceof TLSSocket) {
      rememberPeer(session, socket, () => session.destroy(), this.#sources.get(idOf(socket)));
    }
    countStreams(session, (busy) => {
      if (busy) this.#established.busy(session);
      else this.#established.idle(session, performance.now());
    });
  }

  #listenToRequests(): void {
    const onHttp1 = (message: IncomingMessage, response: ServerResponse): void =>
      this.#http1Request(message, response);
    // As a plain emitter: the types of this server know only its objects of HTTP/2.
    const emitter: EventEmitter = this.#server;
    emitter.on('request', onHttp1);
    emitter.on('checkContinue', onHttp1);
    // Node makes its compatible objects in a listener of its own, put there for `request`.
    this.#server.removeAllListeners('stream');
    this.#server.on(
      'stream',
      (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _: number, raw: string[]) =>
        this.#http2Stream(stream, headers, raw),
    );
  }

  #http2Stream(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    rawHeaders: readonly string[],
  ): void {
    stream.on('error', () => undefined);
    const peer = peerOf(stream.session);
    const request = peer && http2Request(stream, headers, rawHeaders, peer, this.#limits);
    const { session } = stream;
    if (request === undefined || session === undefined) {
      stream.close();
      return;
    }
    this.#rounds.begin(session, () => {
      if (!stream.destroyed) void this.#answer(request, http2Sink(stream, this.#isLast()));
    });
  }

  #http1Request(message: IncomingMessage, response: ServerResponse): void {
    message.on('error', () => undefined);
    response.on('error', () => undefined);
    const { socket } = message;
    const peer = peerOf(socket);
    if (!(socket instanceof TLSSocket) || peer === undefined) {
      response.destroy();
      return;
    }
    // Before 24.21 Node leaves out what is beyond them: it could be whom the request of a proxy is for.
    if (message.rawHeaders.length >= 2 * MOST_HEADERS) {
      socket.end(BAD_REQUEST);
      return;
    }
    this.#http1.set(socket, (this.#http1.get(socket) ?? 0) + 1);
    this.#established.busy(socket);
    response.once('close', () => this.#http1Done(socket));
    const request = http1Request(message, response, peer, this.#limits);
    void this.#answer(
      request,
      http1Sink(message, response, () => this.#closing !== undefined),
    );
  }

  #isLast(): boolean {
    return this.#goawayChance > 0 && Math.random() < this.#goawayChance;
  }

  #http1Done(socket: TLSSocket): void {
    const left = (this.#http1.get(socket) ?? 1) - 1;
    if (socket.destroyed) return;
    this.#http1.set(socket, left);
    if (left === 0) this.#established.idle(socket, performance.now());
    if (this.#closing !== undefined && left === 0) socket.end();
  }

  /** Never throws. */
  async #answer(request: NetworkRequest, sink: Sink): Promise<void> {
    const response = await this.#response(request);
    try {
      if (!(response.body instanceof Uint8Array)) this.#stream(request);
      await sendAnswer(sink, request, response, this.#unread);
    } catch {
      sink.fail();
    } finally {
      this.#streaming.delete(request);
    }
  }

  #stream(request: NetworkRequest): void {
    this.#streaming.add(request);
    if (this.#closing !== undefined) request.end();
  }

  async #response(request: NetworkRequest): Promise<ApiResponse> {
    try {
      return await this.#handle(request);
    } catch {
      return FAILED;
    }
  }

  #endAll(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    for (const session of this.#sessions) session.close();
    for (const [socket, busy] of this.#http1) {
      if (busy === 0) socket.end();
    }
    for (const request of this.#streaming) request.end();
    return closed;
  }

  #breakOff(): void {
    for (const session of this.#sessions) session.destroy();
    for (const socket of this.#connections) socket.destroy();
  }
}
