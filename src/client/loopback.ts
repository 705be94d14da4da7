/** The transport into a server of the same process. */
import { KubepkiError } from '../errors.ts';
import type { ApiRequest, ApiResponse } from '../kubernetes/index.ts';
import { raceSignal } from './abort.ts';
import type { Transport } from './types.ts';

/** Requests that begin in one turn of the event loop: a controller with much to do must not stop the server. */
const MOST_IN_A_TURN = 20;

class Turns {
  #begun = 0;
  #next: Promise<void> | undefined;

  async pass(): Promise<void> {
    while (this.#begun >= MOST_IN_A_TURN) await this.#nextTurn();
    if (this.#begun === 0) void this.#nextTurn();
    this.#begun += 1;
  }

  #nextTurn(): Promise<void> {
    this.#next ??= new Promise((resolve) => {
      setImmediate(() => {
        this.#begun = 0;
        this.#next = undefined;
        resolve();
      });
    });
    return this.#next;
  }
}

/**
 * Hands requests to a function.
 *
 * @param handle answers refusals too; when the request's signal aborts, it is not waited for any more
 */
export function loopbackTransport(
  handle: (request: ApiRequest) => Promise<ApiResponse>,
): Transport {
  const closing = new AbortController();
  const turns = new Turns();
  return {
    async send(request) {
      // Where nothing is waited for but memory, one request would follow the other without an end.
      await turns.pass();
      closing.signal.throwIfAborted();
      const signal =
        request.signal === undefined
          ? closing.signal
          : AbortSignal.any([closing.signal, request.signal]);
      const response = await raceSignal(handle({ ...request, signal }), signal);
      return response.body instanceof Uint8Array
        ? response
        : { ...response, body: endingWith(response.body, signal) };
    },
    async close() {
      closing.abort(new KubepkiError('UNREACHABLE', 'the connection to the server was closed'));
    },
  };
}

/** The same stream, but it throws the signal's reason as soon as that aborts. */
const endingWith = (
  stream: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncIterable<Uint8Array> => ({
  [Symbol.asyncIterator]() {
    const inner = stream[Symbol.asyncIterator]();
    const end = async (): Promise<IteratorResult<Uint8Array>> => {
      // Not waited for: a generator that is busy ends only when it comes to its next `yield`.
      void Promise.resolve(inner.return?.()).catch(() => {});
      return { done: true, value: undefined };
    };
    return {
      async next() {
        try {
          return await raceSignal(inner.next(), signal);
        } catch (error) {
          await end();
          throw error;
        }
      },
      return: end,
    };
  },
});
