/** Sends an answer, whole or in pieces as they come, over either protocol. */
import type { ApiResponse } from '../kubernetes/index.ts';

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
export async function sendAnswer(sink: Sink, method: string, response: ApiResponse): Promise<void> {
  const { status, body } = response;
  const headers = present(response.headers);
  if (sink.closed) return;
  if (body instanceof Uint8Array) {
    headers['content-length'] ??= String(body.length);
    const empty = method === 'HEAD' || body.length === 0;
    sink.head(status, headers, empty);
    if (!empty) sink.end(body);
    return;
  }
  sink.head(status, headers, method === 'HEAD');
  if (method !== 'HEAD') await pump(sink, body);
}

async function pump(sink: Sink, body: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const chunk of body) {
      if (sink.closed) break;
      if (!sink.write(chunk)) await sink.drained();
    }
    if (!sink.closed) sink.end();
  } catch {
    // Status and headers are out: the only honest end is an abrupt one.
    sink.fail();
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
