/**
 * Bounds how many requests are under way at once (apiserver, pkg/server/filters/maxinflight.go). Watches
 * do not count, and the powerful are always let through.
 */
import type { ApiResponse } from '../../kubernetes/index.ts';
import { SYSTEM_MASTERS } from '../authorization/index.ts';
import { textAnswer } from './answers.ts';
import type { Exchange } from './exchange.ts';
import type { Metrics } from './metrics.ts';

export interface InFlightLimits {
  /** Requests that only read: get, list. Upstream: 400. */
  readonly readOnly: number;
  /** All others. Upstream: 200. */
  readonly mutating: number;
}

export const DEFAULT_IN_FLIGHT: InFlightLimits = { readOnly: 400, mutating: 200 };
const READ_ONLY_VERBS = new Set(['get', 'list', 'watch']);

export class InFlight {
  readonly #limits: InFlightLimits;
  readonly #metrics: Metrics;

  constructor(limits: InFlightLimits, metrics: Metrics) {
    this.#limits = limits;
    this.#metrics = metrics;
  }

  async run({ info, user }: Exchange, answer: () => Promise<ApiResponse>): Promise<ApiResponse> {
    if (info.verb === 'watch') return await answer();
    const kind = READ_ONLY_VERBS.has(info.verb) ? 'readOnly' : 'mutating';
    const counts = this.#metrics.inflight;
    if (counts[kind] >= this.#limits[kind] && !user.groups.includes(SYSTEM_MASTERS)) {
      this.#metrics.dropped(kind);
      return tooManyRequests();
    }
    counts[kind] += 1;
    try {
      return await answer();
    } finally {
      counts[kind] -= 1;
    }
  }
}

function tooManyRequests(): ApiResponse {
  const answer = textAnswer(429, 'Too many requests, please try again later.\n');
  return { ...answer, headers: { ...answer.headers, 'retry-after': '1' } };
}
