/** Requests of HTTP/1.1. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Sink } from './answer.ts';
import { distinctHeaders } from './headers.ts';
import { drainOrClose } from './http2.ts';
import { declaredLength, NetworkRequest } from './request.ts';
import type { HttpLimits, HttpPeer } from './types.ts';

/** What is left of an unread body is read and thrown away up to here; beyond it the connection ends. */
const MOST_DISCARDED = 256 * 1024;
/** So that a client which still sends reads the answer before its connection is reset (as Go's net/http). */
const LINGER_MS = 500;

export function http1Request(
  message: IncomingMessage,
  response: ServerResponse,
  peer: HttpPeer,
  limits: HttpLimits,
): NetworkRequest {
  const request = new NetworkRequest({
    method: message.method ?? '',
    url: originForm(message.url ?? ''),
    headers: distinctHeaders(message.headers, message.rawHeaders),
    peer,
    source: message,
    limits,
    proceed: () => {
      if (message.headers.expect === '100-continue' && !response.headersSent) {
        response.writeContinue();
      }
    },
  });
  response.once('close', () => request.end());
  return request;
}

/** A proxy's form of a request, `https://host/path`, is the path for us. */
function originForm(url: string): string {
  if (url.startsWith('/')) return url;
  const scheme = url.indexOf('://');
  if (scheme < 0) return url;
  const path = url.indexOf('/', scheme + 3);
  return path < 0 ? '/' : url.slice(path);
}

/** @param last whether the connection shall end with this answer */
export function http1Sink(
  message: IncomingMessage,
  response: ServerResponse,
  last: () => boolean,
): Sink {
  return {
    get closed() {
      return response.destroyed || response.socket?.destroyed === true;
    },
    head(status, headers, ends) {
      const abandons = leavesBody(message);
      for (const [name, value] of Object.entries(headers)) {
        response.setHeader(name, value);
      }
      if (abandons || last()) response.setHeader('connection', 'close');
      response.statusCode = status;
      if (abandons) response.once('finish', () => linger(message));
      if (ends) response.end();
      else if (headers['content-length'] === undefined) response.flushHeaders();
    },
    write: (chunk) => response.write(chunk),
    drained: () => drainOrClose(response),
    end(chunk) {
      if (chunk === undefined) response.end();
      else response.end(chunk);
    },
    fail: () => response.destroy(),
  };
}

/** Whether a body is still to come that is too much to read for nothing. */
function leavesBody(message: IncomingMessage): boolean {
  if (message.complete) return false;
  if (message.headers['transfer-encoding'] !== undefined) return true;
  return (declaredLength(message.headers) ?? 0) > MOST_DISCARDED;
}

function linger(message: IncomingMessage): void {
  const { socket } = message;
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
}
