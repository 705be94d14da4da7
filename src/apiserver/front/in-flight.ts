/**
 * Bounds how much is under way at once (apiserver, pkg/server/filters/maxinflight.go), so that a crowd is
 * refused while the cluster goes on:
 *
 * - The powerful (system:masters, the server's own controllers among them) and questions for the server's
 *   health, whoever asks, are always let through (upstream: flow schemas `exempt` and `probes`).
 * - Nodes, kube-controller-manager and kube-scheduler have places of their own when the common ones are
 *   taken: a node whose lease is not renewed is taken for dead.
 * - All others share the common places fairly (`FairPlaces`).
 * - Who finds no place waits a second, looks once more, and is refused then. A refusal at once would be
 *   answered by the next request at once: to say no ten thousand times a second leaves time for nothing else.
 *   (Upstream's fair queues keep requests for 15 seconds.)
 *
 * Who waits for its client's body does not stand in the way. Watches have no place; they are bounded by how
 * many a user has open.
 */
import { type ApiResponse, StatusError, type UserInfo } from '../../kubernetes/index.ts';
import { SYSTEM_MASTERS } from '../authorization/index.ts';
import { textAnswer } from './answers.ts';
import { FairPlaces } from './fair-places.ts';
import { HEALTH_PATHS } from './health.ts';
import type { Metrics, RequestKind } from './metrics.ts';
import type { RequestInfo } from './request-info.ts';

export interface InFlightLimits {
  /** Requests that only read: get, list. Upstream: 400. 0: without limit. */
  readonly readOnly: number;
  /** All others. Upstream: 200. 0: without limit. */
  readonly mutating: number;
  /** Watches that one user has open. Upstream has no such limit. Default: 2,000. */
  readonly watchesOfUser?: number;
  /** Watches that all have open. Default: 20,000. */
  readonly watches?: number;
  /** Milliseconds, about, after which who found no place looks once more. Default: 1,000. */
  readonly patienceMs?: number;
}

export const DEFAULT_IN_FLIGHT: InFlightLimits = { readOnly: 400, mutating: 200 };
/** An informer has one; a kubelet one for each Secret and ConfigMap of its pods, a few hundred. */
const WATCHES_OF_USER = 2_000;
const WATCHES = 20_000;
const PATIENCE_MS = 1_000;
const SPREAD = 128;
/** Requests that wait for a place; those beyond are refused at once. */
const MOST_PATIENT = 5_000;
const READ_ONLY_VERBS = new Set(['get', 'list', 'watch']);
const NODES = 'system:nodes';
const CONTROL_PLANE = new Set(['system:kube-controller-manager', 'system:kube-scheduler']);
/** Of the common places, so many more are kept for them. */
const KEPT_PART = 0.5;

interface Places {
  readonly common: FairPlaces;
  readonly kept: FairPlaces;
}

export class InFlight {
  readonly #places: Readonly<Record<RequestKind, Places>>;
  readonly #mostAwaited: number;
  readonly #mostWatches: number;
  readonly #mostWatchesOfUser: number;
  readonly #patienceMs: number;
  #patient = 0;
  #turn = 0;
  readonly #metrics: Metrics;
  /** Bodies that are awaited, by the name of the user. */
  readonly #awaited = new Map<string, number>();
  readonly #watches = new Map<string, number>();
  #allWatches = 0;

  constructor(limits: InFlightLimits, metrics: Metrics) {
    const mutating = limits.mutating || Number.POSITIVE_INFINITY;
    const readOnly = limits.readOnly || Number.POSITIVE_INFINITY;
    this.#places = { mutating: placesOf(mutating), readOnly: placesOf(readOnly) };
    this.#mostAwaited = limits.mutating || DEFAULT_IN_FLIGHT.mutating;
    this.#mostWatches = limits.watches ?? WATCHES;
    this.#mostWatchesOfUser = limits.watchesOfUser ?? WATCHES_OF_USER;
    this.#patienceMs = limits.patienceMs ?? PATIENCE_MS;
    this.#metrics = metrics;
  }

  slot(info: Pick<RequestInfo, 'verb' | 'isResource' | 'path'>, user: UserInfo): Slot {
    const powerful = user.groups.includes(SYSTEM_MASTERS);
    if (info.verb === 'watch') return new WatchSlot(this, user.name, powerful);
    if (!info.isResource && isHealthPath(info.path)) return HEALTH;
    const kind = READ_ONLY_VERBS.has(info.verb) ? 'readOnly' : 'mutating';
    return new CountedSlot(this, kind, user, powerful);
  }

  /** Where the place is, to be given back; undefined where there is none. */
  take(kind: RequestKind, user: UserInfo): FairPlaces | undefined {
    const { common, kept } = this.#places[kind];
    if (common.take(user.name)) return common;
    if (isOfCluster(user) && kept.take(user.name)) return kept;
    return undefined;
  }

  /** The same, for who has found none and has some time. */
  async takeLater(kind: RequestKind, user: UserInfo): Promise<FairPlaces | undefined> {
    let place: FairPlaces | undefined;
    if (this.#patient < MOST_PATIENT) {
      this.#patient += 1;
      const patience = this.#patienceMs * this.#spread();
      await new Promise((resolve) => setTimeout(resolve, patience));
      this.#patient -= 1;
      place = this.take(kind, user);
    }
    if (place === undefined) this.#metrics.dropped(kind);
    return place;
  }

  /** From half to one and a half: those who came together do not come back together. */
  #spread(): number {
    this.#turn = (this.#turn + 1) % SPREAD;
    return 0.5 + this.#turn / SPREAD;
  }

  count(kind: RequestKind, by: number): void {
    this.#metrics.inflight[kind] += by;
  }

  mayAwait(kind: RequestKind, name: string, powerful: boolean): boolean {
    const awaited = this.#awaited.get(name) ?? 0;
    if (awaited >= this.#mostAwaited && !powerful) {
      this.#metrics.dropped(kind);
      return false;
    }
    this.#awaited.set(name, awaited + 1);
    return true;
  }

  arrived(name: string): void {
    decrease(this.#awaited, name);
  }

  mayWatch(name: string): boolean {
    const own = this.#watches.get(name) ?? 0;
    if (own < this.#mostWatchesOfUser && this.#allWatches < this.#mostWatches) return true;
    this.#metrics.dropped('readOnly');
    return false;
  }

  watching(name: string): () => void {
    this.#allWatches += 1;
    this.#watches.set(name, (this.#watches.get(name) ?? 0) + 1);
    return () => {
      this.#allWatches -= 1;
      decrease(this.#watches, name);
    };
  }
}

const placesOf = (limit: number): Places => ({
  common: new FairPlaces(limit),
  kept: new FairPlaces(Math.ceil(limit * KEPT_PART)),
});

function decrease(counts: Map<string, number>, name: string): void {
  const left = (counts.get(name) ?? 1) - 1;
  if (left === 0) counts.delete(name);
  else counts.set(name, left);
}

/** Without whom there is no cluster. */
const isOfCluster = ({ name, groups }: UserInfo): boolean =>
  CONTROL_PLANE.has(name) || groups.includes(NODES);

/** `/livez` and what is below it. */
const isHealthPath = (path: string): boolean =>
  HEALTH_PATHS.some(
    (name) =>
      path.startsWith(name, 1) &&
      (path.length === name.length + 1 || path[name.length + 1] === '/'),
  );

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
  /** A watch is open. Returns what says that it has ended, to be called once. */
  watching(): () => void;
}

const nothing = (): void => undefined;

const HEALTH: Slot = {
  run: (answer) => answer(),
  awaitBody: (read) => read(),
  watching: () => nothing,
};

class WatchSlot implements Slot {
  readonly #inFlight: InFlight;
  readonly #user: string;
  readonly #powerful: boolean;

  constructor(inFlight: InFlight, user: string, powerful: boolean) {
    this.#inFlight = inFlight;
    this.#user = user;
    this.#powerful = powerful;
  }

  async run(answer: () => Promise<ApiResponse>): Promise<ApiResponse> {
    if (!this.#powerful && !this.#inFlight.mayWatch(this.#user)) return tooManyRequests();
    return await answer();
  }

  awaitBody<T>(read: () => Promise<T>): Promise<T> {
    return read();
  }

  watching(): () => void {
    return this.#inFlight.watching(this.#user);
  }
}

class CountedSlot implements Slot {
  readonly #inFlight: InFlight;
  readonly #kind: RequestKind;
  readonly #user: UserInfo;
  readonly #powerful: boolean;
  #held = false;
  /** Who has lent the place; the powerful need none. */
  #place: FairPlaces | undefined;

  constructor(inFlight: InFlight, kind: RequestKind, user: UserInfo, powerful: boolean) {
    this.#inFlight = inFlight;
    this.#kind = kind;
    this.#user = user;
    this.#powerful = powerful;
  }

  async run(answer: () => Promise<ApiResponse>): Promise<ApiResponse> {
    if (!this.#take() && !(await this.#takeLater())) return tooManyRequests();
    try {
      return await answer();
    } finally {
      this.#release();
    }
  }

  async awaitBody<T>(read: () => Promise<T>): Promise<T> {
    const { name } = this.#user;
    if (!this.#inFlight.mayAwait(this.#kind, name, this.#powerful)) throw tooMany();
    this.#release();
    try {
      const body = await read();
      if (!this.#take() && !(await this.#takeLater())) throw tooMany();
      return body;
    } finally {
      this.#inFlight.arrived(name);
    }
  }

  watching(): () => void {
    return nothing;
  }

  #take(): boolean {
    if (!this.#powerful) {
      this.#place = this.#inFlight.take(this.#kind, this.#user);
      if (this.#place === undefined) return false;
    }
    this.#begin();
    return true;
  }

  async #takeLater(): Promise<boolean> {
    this.#place = await this.#inFlight.takeLater(this.#kind, this.#user);
    if (this.#place === undefined) return false;
    this.#begin();
    return true;
  }

  #begin(): void {
    this.#inFlight.count(this.#kind, 1);
    this.#held = true;
  }

  #release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.#inFlight.count(this.#kind, -1);
    this.#place?.release(this.#user.name);
    this.#place = undefined;
  }
}

const MESSAGE = 'Too many requests, please try again later.';

const tooMany = (): StatusError =>
  StatusError.of('TooManyRequests', MESSAGE, { retryAfterSeconds: 1 });

function tooManyRequests(): ApiResponse {
  const answer = textAnswer(429, `${MESSAGE}\n`);
  return { ...answer, headers: { ...answer.headers, 'retry-after': '1' } };
}
