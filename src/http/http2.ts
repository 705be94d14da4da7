/** Requests of HTTP/2: one a stream. Node's stream API, half as dear as its compatible one. */
import {
  constants,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Sink } from './answer.ts';
import { distinctHeaders } from './headers.ts';
import { NetworkRequest } from './request.ts';
import type { HttpLimits, HttpPeer } from './types.ts';

/** The request that a stream carries; undefined where it is none (CONNECT has no path). */
export function http2Request(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  rawHeaders: readonly string[],
  peer: HttpPeer,
  limits: HttpLimits,
): NetworkRequest | undefined {
  const { ':method': method, ':path': url } = headers;
  if (method === undefined || url === undefined) return undefined;
  const request = new NetworkRequest({
    method,
    url,
    headers: distinctHeaders(headers, rawHeaders),
    peer,
    source: stream,
    limits,
    proceed: () => {
      if (headers.expect === '100-continue' && !stream.headersSent && !stream.destroyed) {
        stream.additionalHeaders({ ':status': 100 });
      }
    },
  });
  stream.once('close', () => request.end());
  // The client has reset the stream. Node would wait for what is still to be written, perhaps for ever.
  stream.once('aborted', () => stream.destroy());
  return request;
}

/** @param last whether the connection shall take no more requests after this one */
export function http2Sink(stream: ServerHttp2Stream, last: boolean): Sink {
  // A body that nobody has read whole: without a reset the client would go on sending it.
  const stopUpload = (): void => {
    if (!stream.readableEnded && !stream.destroyed) stream.close(constants.NGHTTP2_NO_ERROR);
  };
  return {
    get closed() {
      return stream.destroyed || stream.closed;
    },
    head(status, headers, ends) {
      const { connection, ...others } = headers;
      stream.respond({ ...others, ':status': status }, { endStream: ends });
      // HTTP/2 has no such header; as Go's net/http, GOAWAY stands for it.
      if (last || connection === 'close') stream.session?.close();
      if (ends && !stream.endAfterHeaders) stopUpload();
    },
    write: (chunk) => stream.write(chunk),
    drained: () => drainOrClose(stream),
    end(chunk) {
      if (!stream.endAfterHeaders) stream.once('finish', stopUpload);
      if (chunk === undefined) stream.end();
      else stream.end(chunk);
    },
    // To close it, even with an error's code, would first end it as if all were well.
    fail: () => stream.destroy(new Error('broken off')),
  };
}

/** @param turned hears when the first request is there, and when the last one is done */
export function countStreams(session: ServerHttp2Session, turned: (busy: boolean) => void): void {
  let open = 0;
  session.on('stream', (stream: ServerHttp2Stream) => {
    open += 1;
    if (open === 1) turned(true);
    stream.once('close', () => {
      open -= 1;
      if (open === 0) turned(false);
    });
  });
}

interface Drainable {
  readonly destroyed: boolean;
  once(event: 'drain' | 'close', listener: () => void): unknown;
  off(event: 'drain' | 'close', listener: () => void): unknown;
}

/** Resolves at the next `drain`, or when the stream is gone. */
export function drainOrClose(stream: Drainable): Promise<void> {
  if (stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.once('drain', done);
    stream.once('close', done);
  });
}
