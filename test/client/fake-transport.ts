/** A transport whose answers a test writes down. */
import type { Transport } from '../../src/client/index.ts';
import type { ApiRequest, ApiResponse } from '../../src/kubernetes/index.ts';

type Body = string | Uint8Array | AsyncIterable<Uint8Array> | object;

/** An answer: JSON where the body is an object. */
export function answer(
  status: number,
  body: Body,
  headers: ApiResponse['headers'] = { 'content-type': 'application/json' },
): ApiResponse {
  if (body instanceof Uint8Array || Symbol.asyncIterator in Object(body)) {
    return { status, headers, body: body as ApiResponse['body'] };
  }
  return {
    status,
    headers,
    body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
  };
}

export interface FakeTransport extends Transport {
  readonly requests: ApiRequest[];
}

/** Answers requests one after the other; more of them than answers fail the test. */
export function fakeTransport(
  ...answers: readonly (ApiResponse | Error | ((request: ApiRequest) => Promise<ApiResponse>))[]
): FakeTransport {
  const left = [...answers];
  const requests: ApiRequest[] = [];
  return {
    requests,
    async send(request) {
      requests.push(request);
      const next = left.shift();
      if (next === undefined)
        throw new Error(`no answer left for ${request.method} ${request.url}`);
      if (next instanceof Error) throw next;
      return typeof next === 'function' ? next(request) : next;
    },
    async close() {},
  };
}

/** A body that comes in these pieces. */
export async function* pieces(
  ...texts: readonly (string | Uint8Array)[]
): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield typeof text === 'string' ? Buffer.from(text) : text;
}
