/** A request from the network, whichever protocol carried it. */
import type { Readable } from 'node:stream';
import type { Headers } from '../kubernetes/index.ts';
import { type BodyLimits, CLIENT_GONE, readBody } from './body.ts';
import { heldOf } from './peer.ts';
import type { HttpPeer, HttpRequest } from './types.ts';

export interface Incoming {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly peer: HttpPeer;
  readonly source: Readable;
  readonly limits: BodyLimits;
  /** Tells a client that waits for it to send its body (`Expect: 100-continue`). */
  readonly proceed: () => void;
}

/** The signal costs something, so it is made when somebody looks at it. */
export class NetworkRequest implements HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly peer: HttpPeer;
  readonly #incoming: Incoming;
  #controller: AbortController | undefined;
  #gone = false;
  #onEnd: (() => void) | undefined;

  constructor(incoming: Incoming) {
    this.method = incoming.method;
    this.url = incoming.url;
    this.headers = incoming.headers;
    this.peer = incoming.peer;
    this.#incoming = incoming;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#gone) this.#controller.abort(CLIENT_GONE);
    return this.#controller.signal;
  }

  /** The client has gone, or the server is going. */
  end(): void {
    this.#gone = true;
    this.#controller?.abort(CLIENT_GONE);
    this.#onEnd?.();
    this.#onEnd = undefined;
  }

  /** Calls it when the answer has been read or nobody will read it: at once where that is so. */
  whenEnded(done: () => void): void {
    if (this.#gone) done();
    else this.#onEnd = done;
  }

  readBody(): Promise<Uint8Array> {
    this.#incoming.proceed();
    return readBody(
      this.#incoming.source,
      declaredLength(this.headers),
      this.#incoming.limits,
      heldOf(this.peer),
    );
  }
}

/** `content-length` as a number; undefined where there is none. */
export function declaredLength(headers: Headers): number | undefined {
  const text = headers['content-length'];
  return typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : undefined;
}
