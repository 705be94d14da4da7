/** What the HTTPS server hands to whoever answers requests, and what it is told. */
import type { ApiRequest, ApiResponse } from '../kubernetes/index.ts';

/** What the connection says of the other side. */
export interface HttpPeer {
  /** IP address without port. */
  readonly address?: string;
  /** The certificate that it proved in TLS and what it sent along, DER, leaf first. Not verified. */
  readonly certificates: readonly Uint8Array[];
}

/** A request from the network. It has no `body`: who has decided to read it calls `readBody`. */
export interface HttpRequest extends ApiRequest {
  readonly peer: HttpPeer;
  /** Aborts when the client goes away or the server shuts down. */
  readonly signal: AbortSignal;
  /**
   * The whole body; can be asked for once.
   *
   * @throws StatusError RequestEntityTooLarge as soon as it is known to be over the limit, Timeout when it
   *   comes too slowly; KubepkiError UNREACHABLE when the client goes away
   */
  readBody(): Promise<Uint8Array>;
}

/** Answers a request; what it throws becomes a bare 500. */
export type HttpHandler = (request: HttpRequest) => Promise<ApiResponse>;

/** PEM: the certificate with what belongs below it, and its key. */
export interface ServingCertificate {
  readonly certificate: string | Uint8Array;
  readonly key: string | Uint8Array;
}

/** Bounds on what a client can make the server hold or wait for. */
export interface HttpLimits {
  /** Bytes of a request body. Upstream: 3 MiB. */
  readonly body: number;
  /** Bytes of all headers and the URL of a request. */
  readonly headers: number;
  /** Bytes of bodies that are read at once over one connection, before they are whole. */
  readonly bodies: number;
  /** Bytes of answers that one connection may leave unread, beyond its first answer. */
  readonly unread: number;
  /** Bytes of answers that all connections together may leave unread. */
  readonly unreadOfAll: number;
  /** Connections that are through with their TLS handshake. */
  readonly connections: number;
  /** Streams of one HTTP/2 connection at the same time. */
  readonly streams: number;
  /** Connections that have not finished their TLS handshake. */
  readonly handshakes: number;
  /** Milliseconds for a TLS handshake, and for the headers of a request over HTTP/1.1. */
  readonly handshakeMs: number;
  /** Milliseconds for a whole body. */
  readonly bodyMs: number;
  /** Milliseconds in which a client has to read a whole answer, or the next piece of one that goes on. */
  readonly answerMs: number;
  /** Milliseconds that a connection may stand without a request. */
  readonly idleMs: number;
}

export const DEFAULT_LIMITS: HttpLimits = {
  body: 3 * 1024 * 1024,
  bodies: 32 * 1024 * 1024,
  headers: 128 * 1024,
  unread: 64 * 1024 * 1024,
  unreadOfAll: 512 * 1024 * 1024,
  connections: 10_000,
  // Upstream's default is 100; Node's own clients queue at that, so ours has room for more watches.
  streams: 250,
  handshakes: 1000,
  // Upstream (apiserver, pkg/server/secure_serving.go) waits 32 seconds, and has no bound on how many.
  handshakeMs: 10_000,
  bodyMs: 60_000,
  answerMs: 60_000,
  idleMs: 90_000,
};
