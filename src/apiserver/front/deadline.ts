/**
 * How long a request may take (apiserver, pkg/endpoints/filters/request_deadline.go, pkg/server/filters/timeout.go):
 * as long as the server allows, or less where the client says so with `timeout=10s`. Watches have no end.
 */
import { KubepkiError } from '../../errors.ts';
import { goQuote, parseGoDuration, StatusError } from '../../kubernetes/index.ts';
import type { RequestInfo } from './request-info.ts';

/** Milliseconds; upstream's `--request-timeout`. */
export const DEFAULT_REQUEST_TIMEOUT_MS = 60_000;

/**
 * Milliseconds; undefined for what has no end.
 *
 * @throws StatusError BadRequest for a wish that cannot be read
 */
export function timeLimit({ verb, query }: RequestInfo, most: number): number | undefined {
  if (verb === 'watch') return undefined;
  const wish = query.get('timeout') ?? '';
  if (wish === '') return most;
  const wanted = durationOf(wish);
  return wanted > 0 && wanted < most ? wanted : most;
}

function durationOf(text: string): number {
  try {
    return parseGoDuration(text);
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    throw StatusError.of(
      'BadRequest',
      `invalid timeout specified in the request URL - time: invalid duration ${goQuote(text.slice(0, 80))}`,
    );
  }
}

export const tookTooLong = (): StatusError =>
  StatusError.of('Timeout', 'Timeout: request did not complete within the allotted timeout', {});
