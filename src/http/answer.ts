/** Sends an answer, whole or in pieces as they come, over either protocol. */
import { type ApiResponse, StatusError } from '../kubernetes/index.ts';
import type { NetworkRequest } from './request.ts';
import type { UnreadAnswers } from './unread.ts';

/** Where an answer goes: a stream of HTTP/2, or a response of HTTP/1.1. */
export interface Sink {
  readonly closed: boolean;
  /** Sends status and headers. `last`: nothing follows. */
  head(status: number, headers: Record<string, string | readonly string[]>, last: boolean): void;
  /** False where the client is slow: wait for `drained`. */
  write(chunk: Uint8Array): boolean;
  /** Resolves when there is room again, or nobody is left. */
  drained(): Promise<void>;
  end(chunk?: Uint8Array): void;
  /** Breaks off, so that the client sees that the answer is not whole. */
  fail(): void;
}

/** Resolves when everything is handed over or nobody is there any more. */
export async function sendAnswer(
  sink: Sink,
  request: NetworkRequest,
  response: ApiResponse,
  unread: UnreadAnswers,
): Promise<void> {
  if (sink.closed) return;
  const { body } = response;
  if (body instanceof Uint8Array) sendWhole(sink, request, { ...response, body }, unread);
  else {
    sink.head(response.status, present(response.headers), request.method === 'HEAD');
    if (request.method !== 'HEAD') await pump(sink, request, body, unread);
  }
}

function sendWhole(
  sink: Sink,
  request: NetworkRequest,
  response: WholeResponse,
  unread: UnreadAnswers,
): void {
  const empty = request.method === 'HEAD' || response.body.length === 0;
  const admitted = empty || unread.admits(request.peer, response.body.length);
  const { status, headers: given, body } = admitted ? response : tooMuchUnread();
  const headers = present(given);
  headers['content-length'] ??= String(body.length);
  sink.head(status, headers, empty);
  if (empty) return;
  sink.end(body);
  unread.add(request, request.peer, body.length, performance.now(), () => sink.fail());
  request.whenEnded(() => unread.done(request));
}

async function pump(
  sink: Sink,
  request: NetworkRequest,
  body: AsyncIterable<Uint8Array>,
  unread: UnreadAnswers,
): Promise<void> {
  try {
    for await (const chunk of body) {
      if (sink.closed) break;
      if (sink.write(chunk)) continue;
      if (!unread.admits(request.peer, chunk.length)) {
        sink.fail();
        break;
      }
      unread.add(request, request.peer, chunk.length, performance.now(), () => sink.fail());
      await sink.drained();
      unread.done(request);
    }
    if (!sink.closed) sink.end();
  } catch {
    // Status and headers are out: the only honest end is an abrupt one.
    sink.fail();
  } finally {
    unread.done(request);
  }
}

function present(headers: ApiResponse['headers']): Record<string, string | readonly string[]> {
  const result: Record<string, string | readonly string[]> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) result[name] = value;
  }
  return result;
}

interface WholeResponse extends ApiResponse {
  readonly body: Uint8Array;
}

/** In the place of an answer, where a connection has too many that it does not read. */
function tooMuchUnread(): WholeResponse {
  const { status } = StatusError.of(
    'TooManyRequests',
    'too many large answers at once over one connection, please try again later.',
    { retryAfterSeconds: 1 },
  );
  return {
    status: 429,
    headers: { 'content-type': 'application/json', 'retry-after': '1' },
    body: Buffer.from(JSON.stringify(status)),
  };
}

/** The answer where the handler itself has failed: it should have made one. */
export const FAILED: ApiResponse = {
  status: 500,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(
    JSON.stringify({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'the server has failed; its log says why',
      reason: 'InternalError',
      code: 500,
    }),
  ),
};
