/** Puts an API server on a port. */
import {
  createHttpsServer,
  type HttpHandler,
  type HttpLimits,
  type ListenAddress,
  type Proxies,
  type ServingCertificate,
} from '../http/index.ts';
import type { ApiResponse } from '../kubernetes/index.ts';
import type { ApiServer } from './server.ts';

export interface ServeOptions extends ListenAddress, ServingCertificate {
  readonly server: Pick<ApiServer, 'handle'>;
  readonly limits?: Partial<HttpLimits>;
  /** Which part of the requests of HTTP/2 is the last of its connection: `--goaway-chance`. */
  readonly goawayChance?: number;
  /** Balancers that say with the PROXY protocol whose connections they hand on. */
  readonly proxies?: Proxies;
}

export interface Serving {
  /** Where it listens: with the port that was given where 0 was asked for. */
  readonly address: ListenAddress;
  /** New connections get this certificate. @throws KubepkiError INVALID_VALUE and goes on with the old one */
  reload(serving: ServingCertificate): void;
  /**
   * Answers new requests, but for its health and metrics, with 429 and the advice to come again, until those
   * that came before are answered or `graceMs` are over: `--shutdown-send-retry-after`.
   */
  drain(graceMs: number): Promise<void>;
  /** Takes no more requests, ends watches, finishes the rest; breaks off after `graceMs`. */
  close(graceMs?: number): Promise<void>;
}

/** @throws KubepkiError CONFLICT where the port is taken, INVALID_VALUE for a certificate that cannot serve */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { server, address, port, certificate, key, limits, goawayChance, proxies } = options;
  const door = new Door((request) => server.handle(request));
  const https = createHttpsServer({
    certificate,
    key,
    handle: (request) => door.handle(request),
    ...(limits === undefined ? {} : { limits }),
    ...(goawayChance === undefined ? {} : { goawayChance }),
    ...(proxies === undefined ? {} : { proxies }),
  });
  const bound = await https.listen({ address, port });
  return {
    address: bound,
    reload: (serving) => https.reload(serving),
    drain: (graceMs) => door.drain(graceMs),
    close: (graceMs) => https.close(graceMs),
  };
}

/** Served to the end (apiserver, pkg/server/filters/with_retry_after.go). */
const STILL_SERVED = ['/readyz', '/livez', '/healthz', '/metrics'];

/** Lets requests in and counts those that are not answered. */
class Door {
  readonly #handle: HttpHandler;
  #inside = 0;
  #closing: PromiseWithResolvers<void> | undefined;

  constructor(handle: HttpHandler) {
    this.#handle = handle;
  }

  async handle(request: Parameters<HttpHandler>[0]): Promise<ApiResponse> {
    const { url } = request;
    if (this.#closing !== undefined && !STILL_SERVED.some((path) => url.startsWith(path))) {
      return COME_AGAIN;
    }
    this.#inside += 1;
    try {
      return await this.#handle(request);
    } finally {
      this.#inside -= 1;
      if (this.#inside === 0) this.#closing?.resolve();
    }
  }

  async drain(graceMs: number): Promise<void> {
    this.#closing ??= Promise.withResolvers();
    if (this.#inside === 0) return;
    const timer = setTimeout(() => this.#closing?.resolve(), graceMs);
    await this.#closing.promise;
    clearTimeout(timer);
  }
}

const COME_AGAIN: ApiResponse = {
  status: 429,
  headers: {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'retry-after': '5',
    connection: 'close',
  },
  body: Buffer.from('The apiserver is shutting down, please try again later.\n'),
};
