/**
 * Bounds how many requests are under way at once (apiserver, pkg/server/filters/maxinflight.go). Watches
 * do not count, the powerful are always let through, and who waits for its client's body does not stand in the way.
 */
import { type ApiResponse, StatusError, type UserInfo } from '../../kubernetes/index.ts';
import { SYSTEM_MASTERS } from '../authorization/index.ts';
import { textAnswer } from './answers.ts';
import type { Metrics } from './metrics.ts';
import type { RequestInfo } from './request-info.ts';

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
  /** Bodies that are awaited, by the name of the user. */
  readonly #awaited = new Map<string, number>();

  constructor(limits: InFlightLimits, metrics: Metrics) {
    this.#limits = limits;
    this.#metrics = metrics;
  }

  slot({ verb }: Pick<RequestInfo, 'verb'>, user: UserInfo): Slot {
    if (verb === 'watch') return UNCOUNTED;
    const kind = READ_ONLY_VERBS.has(verb) ? 'readOnly' : 'mutating';
    const counts = this.#metrics.inflight;
    const powerful = user.groups.includes(SYSTEM_MASTERS);
    return new CountedSlot({
      take: () => {
        if (counts[kind] >= this.#limits[kind] && !powerful) {
          this.#metrics.dropped(kind);
          return false;
        }
        counts[kind] += 1;
        return true;
      },
      release: () => {
        counts[kind] -= 1;
      },
      mayAwait: () => {
        const awaited = this.#awaited.get(user.name) ?? 0;
        if (awaited >= this.#limits.mutating && !powerful) {
          this.#metrics.dropped(kind);
          return false;
        }
        this.#awaited.set(user.name, awaited + 1);
        return true;
      },
      arrived: () => {
        const left = (this.#awaited.get(user.name) ?? 1) - 1;
        if (left === 0) this.#awaited.delete(user.name);
        else this.#awaited.set(user.name, left);
      },
    });
  }
}

/** The place of one request. */
export interface Slot {
  /** Answers with the place held; 429 where there is none. */
  run(answer: () => Promise<ApiResponse>): Promise<ApiResponse>;
  /**
   * Waits for the client without the place: who sends slowly must not keep others out. One user can have as
   * many bodies under way as there are places for changes.
   *
   * @throws StatusError TooManyRequests where too many are awaited, or no place is free afterwards
   */
  awaitBody<T>(read: () => Promise<T>): Promise<T>;
}

interface Counting {
  readonly take: () => boolean;
  readonly release: () => void;
  readonly mayAwait: () => boolean;
  readonly arrived: () => void;
}

const UNCOUNTED: Slot = { run: (answer) => answer(), awaitBody: (read) => read() };

class CountedSlot implements Slot {
  readonly #counting: Counting;
  #held = false;

  constructor(counting: Counting) {
    this.#counting = counting;
  }

  async run(answer: () => Promise<ApiResponse>): Promise<ApiResponse> {
    if (!this.#take()) return tooManyRequests();
    try {
      return await answer();
    } finally {
      this.#release();
    }
  }

  async awaitBody<T>(read: () => Promise<T>): Promise<T> {
    const { mayAwait, arrived } = this.#counting;
    if (!mayAwait()) throw tooMany();
    this.#release();
    try {
      const body = await read();
      if (!this.#take()) throw tooMany();
      return body;
    } finally {
      arrived();
    }
  }

  #take(): boolean {
    this.#held = this.#counting.take();
    return this.#held;
  }

  #release(): void {
    if (this.#held) this.#counting.release();
    this.#held = false;
  }
}

const MESSAGE = 'Too many requests, please try again later.';

const tooMany = (): StatusError =>
  StatusError.of('TooManyRequests', MESSAGE, { retryAfterSeconds: 1 });

function tooManyRequests(): ApiResponse {
  const answer = textAnswer(429, `${MESSAGE}\n`);
  return { ...answer, headers: { ...answer.headers, 'retry-after': '1' } };
}
