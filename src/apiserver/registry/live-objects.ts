/**
 * Objects of one resource, in memory and kept current: by the watch of the storage, and (sooner) by the
 * writes of this server, so that who has got an answer finds it here.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { KubernetesObject } from '../../kubernetes/index.ts';
import { type Change, CompactedError, type Storage } from '../../storage/index.ts';
import type { ResourceDefinition } from '../resources/index.ts';
import { type Codec, isOf } from './codec.ts';
import { prefixOf } from './keys.ts';
import type { ServedObject } from './served.ts';

export class LiveObjects<T extends KubernetesObject> {
  readonly definition: ResourceDefinition<T>;
  readonly #storage: Storage;
  readonly #codec: Codec;
  readonly #changed: (object: T | undefined) => void;
  readonly #objects = new Map<string, ServedObject<T>>();
  /** Keys deleted by this server, with the revision, until the watch has come as far. */
  readonly #deleted = new Map<string, number>();

  /** @param changed hears of each change: the new state, or undefined for a deletion */
  constructor(
    definition: ResourceDefinition<T>,
    storage: Storage,
    codec: Codec,
    changed: (object: T | undefined) => void,
  ) {
    this.definition = definition;
    this.#storage = storage;
    this.#codec = codec;
    this.#changed = changed;
  }

  get(key: string): T | undefined {
    return this.#objects.get(key)?.object;
  }

  *values(prefix?: string): Iterable<T> {
    for (const [key, { object }] of this.#objects) {
      if (prefix === undefined || key.startsWith(prefix)) yield object;
    }
  }

  /** A write of this server: of any object, to be taken if it is one of these. */
  offer(key: string, served: ServedObject): void {
    if (isOf(this.definition, served)) this.#stored(key, served);
  }

  #stored(key: string, served: ServedObject<T>): void {
    if ((this.#objects.get(key)?.revision ?? 0) >= served.revision) return;
    if ((this.#deleted.get(key) ?? 0) > served.revision) return;
    this.#objects.set(key, served);
    this.#changed(served.object);
  }

  /** A deletion by this server. */
  removed(key: string, revision: number): void {
    if ((this.#objects.get(key)?.revision ?? 0) > revision) return;
    this.#deleted.set(key, revision);
    if (this.#objects.delete(key)) this.#changed(undefined);
  }

  /** Resolves when everything is here; goes on until the signal aborts. */
  async start(signal: AbortSignal, failed: (error: unknown) => void): Promise<void> {
    const revision = await this.#fill();
    this.#follow(revision, signal).catch(failed);
  }

  async #fill(): Promise<number> {
    const prefix = prefixOf(this.definition);
    const { items, revision } = await this.#storage.list(prefix);
    const keys = new Set(items.map(({ key }) => key));
    for (const stored of items)
      this.#stored(stored.key, this.#codec.decode(this.definition, stored));
    for (const key of this.#objects.keys()) if (!keys.has(key)) this.removed(key, revision);
    return revision;
  }

  async #follow(from: number, signal: AbortSignal): Promise<void> {
    let after = from;
    while (!signal.aborted) {
      try {
        const watch = this.#storage.watch({ prefix: prefixOf(this.definition), after, signal });
        for await (const changes of watch) {
          for (const change of changes) this.#apply(change);
          after = changes.at(-1)?.revision ?? after;
          this.#forget(after);
        }
        // The storage has closed.
        return;
      } catch (error) {
        if (!(error instanceof CompactedError)) throw error;
        await turn();
        after = await this.#fill();
      }
    }
  }

  #apply({ key, value, revision }: Change): void {
    if (value === undefined) this.removed(key, revision);
    else this.#stored(key, this.#codec.decode(this.definition, { key, value, revision }));
  }

  #forget(revision: number): void {
    for (const [key, deleted] of this.#deleted) {
      if (deleted <= revision) this.#deleted.delete(key);
    }
  }
}
