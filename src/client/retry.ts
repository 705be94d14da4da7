/**
 * Sends a request until it is answered for good, as client-go does (rest/with_retry.go): a server
 * that answers 429 or 5xx with a Retry-After header has not done it and is asked again; a reader
 * asks again too where the connection broke.
 */
import { KubepkiError, systemCode } from '../errors.ts';
import type { ApiRequest, ApiResponse } from '../kubernetes/index.ts';
import { pause } from './abort.ts';
import { discard } from './body.ts';
import type { Clock } from './clock.ts';
import { retryAfterSeconds } from './refusal.ts';
import type { Transport } from './types.ts';

const MOST_RETRIES = 10;
/** Who is asked to wait for longer than this many seconds gets the refusal instead. */
const LONGEST_WAIT = 300;

/** @throws the signal's reason where that aborts, whatever the transport threw */
export async function sendPatiently(
  transport: Transport,
  request: ApiRequest,
  clock: Clock,
): Promise<ApiResponse> {
  for (let attempt = 0; ; attempt++) {
    request.signal?.throwIfAborted();
    const last = attempt === MOST_RETRIES;
    let wait = 1;
    try {
      const response = await transport.send(request);
      const seconds = last ? undefined : askedToWait(response);
      if (seconds === undefined) return response;
      await discard(response);
      wait = seconds;
    } catch (error) {
      request.signal?.throwIfAborted();
      if (last || request.method !== 'GET' || !connectionBroke(error)) throw error;
    }
    await pause(clock, wait * 1000, request.signal);
  }
}

function askedToWait({ status, headers }: ApiResponse): number | undefined {
  if (status !== 429 && status < 500) return undefined;
  const seconds = retryAfterSeconds(headers);
  return seconds !== undefined && seconds <= LONGEST_WAIT ? seconds : undefined;
}

const BROKEN: ReadonlySet<string | undefined> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET']);

const connectionBroke = (error: unknown): boolean =>
  error instanceof KubepkiError &&
  error.code === 'UNREACHABLE' &&
  BROKEN.has(systemCode(error.cause));
