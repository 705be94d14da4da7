/**
 * A storage whose values are encrypted where they lie: whoever uses it sees them as they were before.
 *
 * What was decrypted once is kept as long as the storage keeps what it was made of, so that nothing is
 * decrypted twice, and whoever remembers something of a value by its bytes finds the same bytes again.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { StatusError } from '../../kubernetes/index.ts';
import type {
  Change,
  Listed,
  ListOptions,
  Storage,
  StoredValue,
  WatchOptions,
  WriteResult,
} from '../types.ts';
import { TransformError, type Transformed, type Transformer } from './transformer.ts';

/** How the value of a key is encrypted. */
export type EncryptionRules = (key: string) => Transformer;

/** Hears of a value that cannot be read: of which key, and why. Each is told once. */
export type Unreadable = (key: string, reason: string) => void;

/** Values that are decrypted in one turn of the event loop: about 5 ms of work. */
const PAGE = 500;

export class EncryptedStorage implements Storage {
  readonly #inner: Storage;
  readonly #unreadable: Unreadable;
  #view: View;

  /** @param inner closed with this one */
  constructor(inner: Storage, rules: EncryptionRules, unreadable: Unreadable) {
    this.#inner = inner;
    this.#unreadable = unreadable;
    this.#view = new View(rules, unreadable);
  }

  /** From now on everything is read and written by these. */
  setRules(rules: EncryptionRules): void {
    this.#view = new View(rules, this.#unreadable);
  }

  /** Decrypts what has these prefixes, as far as it can be. The event loop goes on meanwhile. */
  async readAll(prefixes: readonly string[]): Promise<void> {
    for await (const stored of this.#everything(prefixes)) this.#view.reads(stored);
  }

  /**
   * The keys with these prefixes whose values can be read now, and could not be by these rules. The event loop
   * goes on meanwhile.
   */
  async lostBy(rules: EncryptionRules, prefixes: readonly string[]): Promise<string[]> {
    const candidate = new View(rules, () => undefined);
    const lost: string[] = [];
    for await (const stored of this.#everything(prefixes)) {
      if (this.#view.reads(stored) && !candidate.reads(stored)) lost.push(stored.key);
    }
    return lost;
  }

  async *#everything(prefixes: readonly string[]): AsyncGenerator<StoredValue> {
    for (const prefix of prefixes) {
      for (let after: string | undefined; ; await nextTurn()) {
        const page = await this.#inner.list(prefix, {
          limit: PAGE,
          ...(after === undefined ? {} : { after }),
        });
        yield* page.items;
        after = page.items.at(-1)?.key;
        if (page.remaining === 0 || after === undefined) break;
      }
    }
  }

  get revision(): number {
    return this.#inner.revision;
  }

  /** @throws StatusError InternalError, as upstream's, for a value that no provider reads */
  async get(key: string): Promise<StoredValue | undefined> {
    const stored = await this.#inner.get(key);
    return stored === undefined ? undefined : asStatus(() => this.#view.value(stored));
  }

  /** @throws as the storage, and as `get` */
  async list(prefix: string, options?: ListOptions): Promise<Listed> {
    const listed = await this.#inner.list(prefix, options);
    const view = this.#view;
    const items: StoredValue[] = [];
    let key = prefix;
    try {
      for (const stored of listed.items) {
        key = stored.key;
        items.push(view.value(stored));
      }
    } catch (error) {
      throw refusalOf(error, key);
    }
    return { ...listed, items };
  }

  async create(key: string, value: Uint8Array, ttlSeconds?: number): Promise<WriteResult> {
    return await this.#written(
      this.#inner.create(key, this.#view.toStorage(key, value), ttlSeconds),
    );
  }

  async update(key: string, value: Uint8Array, revision: number): Promise<WriteResult> {
    return await this.#written(this.#inner.update(key, this.#view.toStorage(key, value), revision));
  }

  async delete(key: string, revision: number): Promise<WriteResult> {
    return await this.#written(this.#inner.delete(key, revision));
  }

  watch(options: WatchOptions): AsyncIterable<readonly Change[]> {
    const changes = this.#inner.watch(options);
    return { [Symbol.asyncIterator]: () => this.#decrypting(changes[Symbol.asyncIterator]()) };
  }

  async compact(revision: number): Promise<void> {
    await this.#inner.compact(revision);
  }

  async close(): Promise<void> {
    await this.#inner.close();
  }

  /** What stands there instead may be what nobody can read: it is there all the same. */
  async #written(write: Promise<WriteResult>): Promise<WriteResult> {
    const result = await write;
    if (result.done || result.current === undefined) return result;
    return { done: false, current: this.#view.later(result.current) };
  }

  /** By hand: a generator would take turns of its own, and wait for a batch to come before it ends. */
  #decrypting(inner: AsyncIterator<readonly Change[]>): AsyncIterator<readonly Change[]> {
    return {
      next: async () => {
        const result = await inner.next();
        return result.done === true
          ? result
          : { done: false, value: asStatus(() => this.#view.batch(result.value)) };
      },
      return: async () => {
        await inner.return?.();
        return { done: true, value: undefined };
      },
    };
  }
}

/** What the storage holds, as some rules show it. */
class View {
  readonly #rules: EncryptionRules;
  readonly #unreadable: Unreadable;
  /** By the stored bytes, as far as they are encrypted: what is in them, or why nobody knows. */
  readonly #opened = new WeakMap<Uint8Array, Transformed | TransformError>();
  readonly #changes = new WeakMap<Change, Change>();
  /** Watches have their batches in common. */
  readonly #batches = new WeakMap<readonly Change[], readonly Change[]>();

  constructor(rules: EncryptionRules, unreadable: Unreadable) {
    this.#rules = rules;
    this.#unreadable = unreadable;
  }

  /** @throws TransformError */
  value(stored: StoredValue): StoredValue {
    const { key, revision } = stored;
    const { value, stale } = this.#open(key, stored.value);
    if (value === stored.value && !stale) return stored;
    return { key, value, revision, ...(stale ? { stale: true } : {}) };
  }

  reads({ key, value }: StoredValue): boolean {
    try {
      this.#open(key, value);
      return true;
    } catch (error) {
      if (error instanceof TransformError) return false;
      throw error;
    }
  }

  toStorage(key: string, value: Uint8Array): Uint8Array {
    if (!(value instanceof Uint8Array)) {
      throw new TypeError(`value: expected a Uint8Array, got ${typeof value}`);
    }
    const stored = this.#rules(key).toStorage(value, key);
    // Who has written it will read it: from the bytes that are at hand.
    if (stored !== value && isWhole(value)) this.#opened.set(stored, { value, stale: false });
    return stored;
  }

  /** @throws TransformError */
  batch(changes: readonly Change[]): readonly Change[] {
    const known = this.#batches.get(changes);
    if (known !== undefined) return known;
    const made = changes.map((change) => this.#change(change));
    this.#batches.set(changes, made);
    return made;
  }

  #change(change: Change): Change {
    const known = this.#changes.get(change);
    if (known !== undefined) return known;
    const { key, revision, value, previous } = change;
    const made = {
      key,
      revision,
      ...(value === undefined ? {} : { value: this.#open(key, value).value }),
      ...(previous === undefined ? {} : { previous: this.later(previous) }),
    };
    this.#changes.set(change, made);
    return made;
  }

  /** Decrypted when somebody looks at it: who follows all objects has no use for what they were. */
  later({ key, revision, value }: StoredValue): StoredValue {
    const open = (): Uint8Array => this.#open(key, value).value;
    return {
      key,
      revision,
      get value() {
        return asStatus(open);
      },
    };
  }

  #open(key: string, stored: Uint8Array): Transformed {
    const known = this.#opened.get(stored);
    if (known instanceof TransformError) throw known;
    if (known !== undefined) return known;
    try {
      const opened = this.#rules(key).fromStorage(stored, key);
      if (opened.value !== stored) this.#opened.set(stored, opened);
      return opened;
    } catch (error) {
      if (!(error instanceof TransformError)) throw error;
      this.#unreadable(key, error.message);
      this.#opened.set(stored, error);
      throw error;
    }
  }
}

/** Nothing else is kept in memory for its sake. */
const isWhole = (value: Uint8Array): boolean => value.byteLength === value.buffer.byteLength;

/** @throws StatusError InternalError for what cannot be read */
function asStatus<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw refusalOf(error);
  }
}

/**
 * What cannot be read is an answer of the server's, in upstream's words (apiserver, pkg/storage/etcd3/store.go and
 * watcher.go).
 *
 * @param key of one among many, which is named; who asks for one knows it
 */
function refusalOf(error: unknown, key?: string): unknown {
  if (!(error instanceof TransformError)) return error;
  const { message } = error;
  const why =
    key === undefined ? message : `unable to transform key ${JSON.stringify(key)}: ${message}`;
  return StatusError.of('InternalError', `Internal error occurred: ${why}`, {
    causes: [{ message: why }],
  });
}
