/** One watch: the iterator that hands a reader its changes, and holds those it has not read yet. */
import { CompactedError } from './errors.ts';
import type { Change, WatchOptions } from './types.ts';
import type { Watcher } from './watchers.ts';

/** What may wait for a reader before it is told to list again. */
const MOST_CHANGES = 10_000;
const MOST_BYTES = 32 * 1024 * 1024;

/** The storage, as a watch sees it. */
export interface WatchSource {
  /**
   * What the watch has missed, and from now on everything.
   *
   * @throws CompactedError
   */
  join(watch: Watch): readonly Change[];
  leave(watch: Watch): void;
}

type Batch = readonly Change[];

interface Waiting {
  readonly resolve: (result: IteratorResult<Batch, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

const DONE = { done: true, value: undefined } as const;

export class Watch implements AsyncIterator<Batch, undefined>, Watcher {
  readonly prefix: string;
  readonly after: number;
  readonly #source: WatchSource;
  readonly #signal: AbortSignal | undefined;
  /** `finished`: nothing comes any more, what is there may be read. */
  #phase: 'new' | 'open' | 'finished' = 'new';
  #batches: Batch[] = [];
  #count = 0;
  #bytes = 0;
  #failure: unknown;
  #waiting: Waiting[] = [];

  constructor(source: WatchSource, { prefix, after, signal }: WatchOptions) {
    this.prefix = prefix;
    this.after = after;
    this.#source = source;
    this.#signal = signal;
  }

  next(): Promise<IteratorResult<Batch, undefined>> {
    if (this.#phase === 'new') this.#start();
    if (this.#batches.length > 0) return Promise.resolve({ done: false, value: this.#takeAll() });
    if (this.#failure !== undefined) {
      const failure = this.#failure;
      this.#failure = undefined;
      return Promise.reject(failure);
    }
    if (this.#phase === 'finished') return Promise.resolve(DONE);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** As one batch: a reader that comes late catches up in one go. */
  #takeAll(): Batch {
    const [first, ...others] = this.#batches;
    this.#batches = [];
    this.#count = 0;
    this.#bytes = 0;
    if (first === undefined) return [];
    return others.length === 0 ? first : [first, ...others].flat();
  }

  /** The reader has enough. */
  return(): Promise<IteratorResult<Batch, undefined>> {
    this.#drop();
    return Promise.resolve(DONE);
  }

  take(batch: Batch, bytes: number): void {
    // Only a watch that waits for a revision yet to come hears of changes that it does not want.
    const first = batch[0]?.revision ?? 0;
    const changes =
      first > this.after ? batch : batch.filter(({ revision }) => revision > this.after);
    if (changes.length === 0) return;
    const reader = this.#waiting.shift();
    if (reader !== undefined) {
      reader.resolve({ done: false, value: changes });
      return;
    }
    this.#batches.push(changes);
    this.#count += changes.length;
    this.#bytes += bytes;
    if (this.#count > MOST_CHANGES || this.#bytes > MOST_BYTES) {
      this.#fail(new CompactedError(`a watch was not read: ${this.#count} changes were waiting`));
    }
  }

  finish(): void {
    this.#phase = 'finished';
    this.#signal?.removeEventListener('abort', this.#abort);
    this.#source.leave(this);
    for (const { resolve } of this.#waiting.splice(0)) resolve(DONE);
  }

  #start(): void {
    if (this.#signal?.aborted === true) {
      this.#phase = 'finished';
      return;
    }
    this.#phase = 'open';
    this.#signal?.addEventListener('abort', this.#abort);
    try {
      const missed = this.#source.join(this);
      // Not counted as waiting: the storage holds these changes anyway, within bounds of its own.
      if (missed.length > 0) this.#batches.push(missed);
    } catch (error) {
      this.#fail(error);
    }
  }

  readonly #abort = (): void => this.#drop();

  #drop(): void {
    this.finish();
    this.#batches = [];
    this.#failure = undefined;
  }

  #fail(error: unknown): void {
    this.#drop();
    this.#failure = error;
  }
}
