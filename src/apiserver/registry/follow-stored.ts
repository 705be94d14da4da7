/**
 * Keeps a memory of all objects of a resource current: first everything that is stored, then what changes
 * there, by whichever server.
 */
import { setImmediate as turn } from 'node:timers/promises';
import { KubepkiError } from '../../errors.ts';
import {
  type Change,
  CompactedError,
  type Storage,
  type StoredValue,
} from '../../storage/index.ts';
import type { ResourceDefinition } from '../resources/index.ts';
import { prefixOf } from './keys.ts';
import type { Listener } from './store.ts';

/** What remembers them. It hears of the same more than once, and of what is past: the revision tells. */
export interface Memory {
  /** The names of all that it knows. */
  names(): Iterable<string>;
  /** @param object as it was read: of whatever form it is */
  stored(name: string, object: unknown, revision: number): void;
  deleted(name: string, revision: number): void;
  /** Everything up to this revision has been told. */
  settled(revision: number): void;
}

export interface FollowOptions {
  readonly storage: Storage;
  readonly signal: AbortSignal;
  readonly failed: (error: unknown) => void;
  /** What to do about a stored object that cannot be read. */
  readonly hint: string;
}

const PAGE = 1_000;

/**
 * Resolves when everything that is stored is known; goes on until the signal aborts.
 *
 * @throws KubepkiError MALFORMED_DOCUMENT for what is stored and cannot be read. What another server writes so
 *   later is complained about, and what comes after it counts.
 */
export async function followStored(
  definition: ResourceDefinition,
  memory: Memory,
  options: FollowOptions,
): Promise<void> {
  const follower = new Follower(prefixOf(definition), memory, options);
  const revision = await follower.fill();
  follower.follow(revision).catch(options.failed);
}

/** Hears of what this server writes before whoever has asked for it, so that it holds when they are answered. */
export function memoryListener(definition: ResourceDefinition, memory: Memory): Listener {
  const prefix = prefixOf(definition);
  return {
    stored(key, { object, revision }) {
      if (key.startsWith(prefix)) memory.stored(key.slice(prefix.length), object, revision);
    },
    deleted(_, key, revision) {
      if (key.startsWith(prefix)) memory.deleted(key.slice(prefix.length), revision);
    },
  };
}

class Follower {
  readonly #prefix: string;
  readonly #memory: Memory;
  readonly #options: FollowOptions;

  constructor(prefix: string, memory: Memory, options: FollowOptions) {
    this.#prefix = prefix;
    this.#memory = memory;
    this.#options = options;
  }

  /** The revision up to which everything is known. */
  async fill(): Promise<number> {
    for (;;) {
      try {
        return await this.#fillOnce();
      } catch (error) {
        if (!(error instanceof CompactedError)) throw error;
      }
    }
  }

  async #fillOnce(): Promise<number> {
    const { storage } = this.#options;
    const missing = new Set(this.#memory.names());
    let page = await storage.list(this.#prefix, { limit: PAGE });
    const { revision } = page;
    for (;;) {
      for (const stored of page.items) {
        missing.delete(this.#nameOf(stored.key));
        this.#apply(stored);
      }
      const after = page.items.at(-1)?.key;
      if (page.remaining === 0 || after === undefined) break;
      await turn();
      page = await storage.list(this.#prefix, { limit: PAGE, after, revision });
    }
    for (const name of missing) this.#memory.deleted(name, revision);
    return revision;
  }

  async follow(from: number): Promise<void> {
    const { storage, signal } = this.#options;
    let after = from;
    while (!signal.aborted) {
      try {
        for await (const changes of storage.watch({ prefix: this.#prefix, after, signal })) {
          for (const change of changes) this.#applyChange(change);
          after = changes.at(-1)?.revision ?? after;
          this.#memory.settled(after);
        }
        // The storage has closed.
        return;
      } catch (error) {
        if (!(error instanceof CompactedError)) throw error;
        await turn();
        after = await this.fill();
      }
    }
  }

  #applyChange({ key, value, revision }: Change): void {
    if (value === undefined) {
      this.#memory.deleted(this.#nameOf(key), revision);
      return;
    }
    try {
      this.#apply({ key, value, revision });
    } catch (error) {
      this.#options.failed(error);
    }
  }

  #apply({ key, value, revision }: StoredValue): void {
    this.#memory.stored(this.#nameOf(key), this.#read(key, value), revision);
  }

  #nameOf(key: string): string {
    return key.slice(this.#prefix.length);
  }

  #read(key: string, value: Uint8Array): unknown {
    try {
      const object: unknown = JSON.parse(Buffer.from(value).toString('utf8'));
      return object;
    } catch (cause) {
      throw new KubepkiError('MALFORMED_DOCUMENT', `the stored object ${key} cannot be read`, {
        hint: this.#options.hint,
        cause,
      });
    }
  }
}
