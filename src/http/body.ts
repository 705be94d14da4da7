/** Reads a request's body, never more than is allowed and never longer. */
import type { Readable } from 'node:stream';
import { KubepkiError } from '../errors.ts';
import { StatusError } from '../kubernetes/index.ts';
import type { Held } from './peer.ts';

export interface BodyLimits {
  readonly body: number;
  readonly bodyMs: number;
  readonly bodies: number;
}

/** The refusal of a body over the limit, as kube-apiserver words it. */
export const bodyTooLarge = (limit: number): StatusError =>
  StatusError.of('RequestEntityTooLarge', `Request entity too large: limit is ${limit}`);

/**
 * The whole body. Where it refuses, the rest stays unread: the connection is then of no more use.
 *
 * @param held what other bodies of the same connection hold already
 * @param declared the `content-length`, if the client has said one
 */
export function readBody(
  source: Readable,
  declared: number | undefined,
  limits: BodyLimits,
  held: Held,
): Promise<Uint8Array> {
  if (declared !== undefined && declared > limits.body) {
    return Promise.reject(bodyTooLarge(limits.body));
  }
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    const timer = setTimeout(() => refuse(tooSlow(limits.bodyMs)), limits.bodyMs);
    const stop = (): void => {
      clearTimeout(timer);
      held.bodies -= length;
      source.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
    };
    const refuse = (error: Error): void => {
      stop();
      source.pause();
      reject(error);
    };
    const onData = (chunk: Uint8Array): void => {
      length += chunk.length;
      held.bodies += chunk.length;
      if (length > limits.body) refuse(bodyTooLarge(limits.body));
      else if (held.bodies > limits.bodies) refuse(tooManyBodies());
      else chunks.push(chunk);
    };
    const onEnd = (): void => {
      stop();
      const [only] = chunks;
      resolve(only !== undefined && chunks.length === 1 ? only : Buffer.concat(chunks, length));
    };
    const onGone = (): void => refuse(CLIENT_GONE);
    source.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
    if (source.destroyed) onGone();
  });
}

const tooSlow = (ms: number): StatusError =>
  StatusError.of('Timeout', `the body of the request did not arrive within ${ms / 1000} seconds`);

const tooManyBodies = (): StatusError =>
  StatusError.of(
    'TooManyRequests',
    'too many large requests at once over one connection, please try again later.',
    { retryAfterSeconds: 1 },
  );

/** One for all: every request ends with it, and where it was made tells nothing. */
export const CLIENT_GONE: KubepkiError = new KubepkiError(
  'UNREACHABLE',
  'the client has gone away',
);
