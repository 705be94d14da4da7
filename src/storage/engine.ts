/**
 * The storage itself: gathers writes into commits, and tells what has happened.
 *
 * Writes wait in a queue until the event loop has served what else is ready, a few times over. Then they are
 * judged in the order in which they came, written down together, and only when that is durable they happen:
 * in memory, to their promises, and to those who watch. So what a reader sees is always durable, and
 * a commit that fails leaves nothing to take back.
 */
import { KubepkiError } from '../errors.ts';
import { type Decided, decide, type Write } from './decide.ts';
import { forgotten, StorageFullError } from './errors.ts';
import { Expiry, systemTimer, type Timer } from './expiry.ts';
import type { Journal } from './journal.ts';
import { checkKey, checkRevision } from './keys.ts';
import type { Restored } from './restore.ts';
import { EMPTY, State, sizeOf } from './state.ts';
import type {
  Change,
  Listed,
  ListOptions,
  Storage,
  StoredValue,
  WatchOptions,
  WriteResult,
} from './types.ts';
import { Watch, type WatchSource } from './watch.ts';
import { Watchers } from './watchers.ts';

export interface StorageOptions {
  /** The time of day, for keys that delete themselves. */
  readonly now: () => Date;
  /** Waits for them; the default keeps no process alive. */
  readonly timer?: Timer;
  /** The most that all keys and values may take up, in bytes, about 500 for each key counted in. */
  readonly quotaBytes?: number;
}

/**
 * All of it is in memory, as values and again as objects, in a heap of 2 to 4 GiB. Upstream's etcd stops
 * writes at 2 GiB on disk; the certificates, tokens and nodes of 10,000 machines are less than 200 MiB.
 */
const DEFAULT_QUOTA_BYTES = 512 * 1024 * 1024;

/**
 * Turns of the event loop that writes wait for company. Those of an idle loop take microseconds; of a busy
 * one each brings as many writes again, and what a commit costs hardly grows with them.
 */
const TURNS = 8;

/** What one commit takes on: about 5 ms of work. */
const MOST_WRITES = 256;
const MOST_BYTES = 4 * 1024 * 1024;

/** Deletions of needless records in one commit. */
const MOST_FORGOTTEN = 200;

/**
 * What the history may hold in memory before its older half is compacted away. Upstream's interval
 * of five minutes comes first, but under a load that no small machine should have to remember.
 */
const MOST_HISTORY_CHANGES = 500_000;
const MOST_HISTORY_BYTES = 128 * 1024 * 1024;

/** etcd's bound for a lease. */
const LONGEST_TTL_SECONDS = 9_000_000_000;

type Queued = Write & {
  readonly resolve: (result: WriteResult) => void;
  readonly reject: (error: unknown) => void;
  /** Bytes that it adds, counted when it came; 0 for what adds none. */
  readonly growth: number;
};

export class Engine implements Storage, WatchSource {
  readonly #state: State;
  readonly #expiry: Expiry;
  readonly #watchers = new Watchers();
  readonly #now: () => Date;
  /** Absent for a storage that lives in memory only. */
  readonly #journal: Journal | undefined;
  readonly #quotaBytes: number;
  #queue: Queued[] = [];
  /** By how much what is in the queue will make it grow, at most. */
  #queuedBytes = 0;
  #scheduled = false;
  #sweeping: Promise<void> | undefined;
  #closed = false;

  constructor(options: StorageOptions, journal?: Journal, begin?: Restored) {
    const { now, timer = systemTimer, quotaBytes = DEFAULT_QUOTA_BYTES } = options;
    this.#quotaBytes = quotaBytes;
    this.#now = now;
    this.#journal = journal;
    this.#state = new State(begin ?? EMPTY);
    this.#expiry = new Expiry(now, timer, (keys) => this.#expire(keys), begin?.lifetimes);
  }

  get revision(): number {
    return this.#state.revision;
  }

  async get(key: string): Promise<StoredValue | undefined> {
    this.#checkOpen();
    return this.#state.get(key);
  }

  async list(prefix: string, options: ListOptions = {}): Promise<Listed> {
    this.#checkOpen();
    const { limit, revision } = options;
    if (limit !== undefined && (!Number.isSafeInteger(limit) || limit < 0)) {
      throw new RangeError(`limit: expected a whole number from 0, got ${limit}`);
    }
    if (revision !== undefined) checkRevision(revision);
    return this.#state.list(prefix, options);
  }

  async create(key: string, value: Uint8Array, ttlSeconds?: number): Promise<WriteResult> {
    checkKey(key);
    if (ttlSeconds !== undefined) checkTtl(ttlSeconds);
    return this.#write({ kind: 'create', key, value: own(value), ttlSeconds });
  }

  async update(key: string, value: Uint8Array, revision: number): Promise<WriteResult> {
    checkKey(key);
    checkRevision(revision);
    return this.#write({ kind: 'update', key, value: own(value), revision });
  }

  async delete(key: string, revision: number): Promise<WriteResult> {
    checkKey(key);
    checkRevision(revision);
    return this.#write({ kind: 'delete', key, revision });
  }

  watch(options: WatchOptions): AsyncIterable<readonly Change[]> {
    checkRevision(options.after);
    return { [Symbol.asyncIterator]: () => new Watch(this, options) };
  }

  /** For `Watch`. */
  join(watch: Watch): readonly Change[] {
    if (this.#closed) {
      watch.finish();
      return [];
    }
    const { compacted } = this.#state;
    if (watch.after < compacted) throw forgotten(watch.after, compacted);
    this.#watchers.add(watch);
    return this.#state.history.since(watch.after, watch.prefix);
  }

  /** For `Watch`. */
  leave(watch: Watch): void {
    this.#watchers.remove(watch);
  }

  /** @throws FutureRevisionError; one that is forgotten already is nothing new */
  async compact(revision: number): Promise<void> {
    this.#checkOpen();
    checkRevision(revision);
    this.#state.checkCompact(revision);
    if (revision > this.#state.compacted) {
      this.#journal?.compact(revision);
      this.#state.compact(revision);
    }
    this.#sweeping ??= this.#sweep().finally(() => {
      this.#sweeping = undefined;
    });
    await this.#sweeping;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    while (this.#queue.length > 0) this.#commit();
    this.#expiry.stop();
    this.#watchers.finish();
    this.#journal?.close();
  }

  #checkOpen(): void {
    if (this.#closed) throw new KubepkiError('UNREACHABLE', 'the storage is closed');
  }

  #write(write: Write): Promise<WriteResult> {
    this.#checkOpen();
    const growth = this.#reserve(write);
    return new Promise((resolve, reject) => {
      this.#queue.push({ ...write, resolve, reject, growth });
      this.#schedule();
    });
  }

  /** @throws StorageFullError for what would not fit in */
  #reserve(write: Write): number {
    if (write.kind === 'delete') return 0;
    const { key, value } = write;
    const current = this.#state.get(key);
    const growth = sizeOf(key, value) - (current === undefined ? 0 : sizeOf(key, current.value));
    if (growth <= 0) return 0;
    if (this.#state.bytes + this.#queuedBytes + growth > this.#quotaBytes) {
      throw new StorageFullError(`${key}: the storage is full, at ${this.#quotaBytes} bytes`);
    }
    this.#queuedBytes += growth;
    return growth;
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    let turns = TURNS;
    const turn = (): void => {
      turns -= 1;
      if (turns > 0) {
        setImmediate(turn);
        return;
      }
      this.#scheduled = false;
      this.#commit();
      if (this.#queue.length > 0) this.#schedule();
    };
    setImmediate(turn);
  }

  #commit(): void {
    const writes = this.#take();
    if (writes.length === 0) return;
    for (const { growth } of writes) this.#queuedBytes -= growth;
    let decided: Decided<Queued>;
    try {
      decided = decide(writes, this.#current());
      if (decided.records.length > 0) this.#journal?.append(decided.records);
    } catch (error) {
      for (const { reject } of writes) reject(error);
      return;
    }
    const changes = decided.records.map((record) => {
      this.#expiry.set(record.key, record.lifetime);
      return this.#state.apply(record);
    });
    for (const { write, result } of decided.outcomes) write.resolve(result);
    this.#watchers.tell(changes);
    this.#boundHistory();
  }

  /** The writes of the next commit. */
  #take(): Queued[] {
    let count = 0;
    for (let bytes = 0; count < MOST_WRITES && bytes < MOST_BYTES; count++) {
      const write = this.#queue[count];
      if (write === undefined) break;
      if (write.kind !== 'delete') bytes += write.value.byteLength;
    }
    return this.#queue.splice(0, count);
  }

  #current(): Parameters<typeof decide>[1] {
    return {
      revision: this.#state.revision,
      now: this.#now().getTime(),
      get: (key) => this.#state.get(key),
      secondsOf: (key) => this.#expiry.secondsOf(key),
    };
  }

  /** Called by the timer. What cannot be deleted now is tried again. */
  async #expire(keys: readonly string[]): Promise<void> {
    const deletions = keys.map(async (key) => {
      const stored = this.#state.get(key);
      if (stored !== undefined)
        await this.#write({ kind: 'delete', key, revision: stored.revision });
    });
    await Promise.allSettled(deletions);
  }

  #boundHistory(): void {
    const { count, bytes, middle } = this.#state.history;
    if (count <= MOST_HISTORY_CHANGES && bytes <= MOST_HISTORY_BYTES) return;
    // A disk that refuses this now is asked again after the next commit.
    this.compact(middle).catch(() => undefined);
  }

  /**
   * Deletes what nothing needs any more, a little in each turn of the event loop. In the order in which
   * it was written: killed between a value and the deletion that ended it, the value must be the one that
   * is gone, or the next start would find it undeleted.
   */
  async #sweep(): Promise<void> {
    const { needless } = this.#state;
    let done = 0;
    try {
      while (done < needless.length) {
        await new Promise((resolve) => setImmediate(resolve));
        if (this.#closed) return;
        const some = needless.slice(done, done + MOST_FORGOTTEN);
        this.#journal?.forget(some);
        done += some.length;
      }
    } finally {
      needless.splice(0, done);
    }
  }
}

function checkTtl(seconds: number): void {
  if (!Number.isSafeInteger(seconds) || seconds < 1 || seconds > LONGEST_TTL_SECONDS) {
    throw new RangeError(`ttlSeconds: expected a whole number from 1, got ${seconds}`);
  }
}

/** A value that is part of something greater would keep all of that in memory. */
function own(value: Uint8Array): Uint8Array {
  if (!(value instanceof Uint8Array)) {
    throw new TypeError(`value: expected a Uint8Array, got ${typeof value}`);
  }
  return value.byteLength === value.buffer.byteLength ? value : new Uint8Array(value);
}
