/** What every write needs, and how one step of reading and one of writing is done. */
import type { Clock } from '../../client/index.ts';
import { type KubernetesObject, type ResourceType, StatusError } from '../../kubernetes/index.ts';
import {
  type Storage,
  StorageFullError,
  type StoredValue,
  type WriteResult,
} from '../../storage/index.ts';
import type { Elsewhere, ResourceDefinition, ServiceRanges } from '../resources/index.ts';
import type { ResourceRequest } from '../types.ts';
import type { Codec } from './codec.ts';
import { prefixOf } from './keys.ts';
import { definitionOf } from './live-reader.ts';
import type { WriteContext } from './registry.ts';
import type { ServedObject } from './served.ts';
import type { Random } from './system-metadata.ts';

/** Hears of writes of this server as soon as they have happened, before whoever asked for them. */
export interface Listener {
  stored(key: string, served: ServedObject): void;
  deleted(definition: ResourceDefinition, key: string, revision: number): void;
}

export const bothListeners = (one: Listener, other: Listener): Listener => ({
  stored(key, served) {
    one.stored(key, served);
    other.stored(key, served);
  },
  deleted(definition, key, revision) {
    one.deleted(definition, key, revision);
    other.deleted(definition, key, revision);
  },
});

/**
 * Bytes of an object: twice the request that etcd takes by default (`--max-request-bytes`), since JSON is longer than
 * protobuf. Without a bound, one that many managers apply would grow with each of them, and so would the time
 * of everybody who reads it.
 */
export const MOST_STORED = 3 * 1024 * 1024;

/** @throws StatusError of 500, in the words of etcd */
function checkSize({ byteLength }: Uint8Array, most: number): void {
  if (byteLength <= most) return;
  throw StatusError.unexplained('etcdserver: request is too large');
}

export interface StoreOptions {
  readonly storage: Storage;
  readonly codec: Codec;
  readonly clock: Clock;
  readonly random: Random;
  readonly ranges: ServiceRanges;
  readonly listener: Listener;
  /** Whether there is a garbage collector, for whom DELETE leaves its finalizers. */
  readonly collectsGarbage: boolean;
  /** All that is served: an object may have a companion that goes with it. */
  readonly definitions: readonly ResourceDefinition[];
}

export class Store implements Elsewhere {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly random: Random;
  readonly ranges: ServiceRanges;
  readonly codec: Codec;
  readonly listener: Listener;
  readonly collectsGarbage: boolean;
  readonly #definitions: readonly ResourceDefinition[];
  /** The end of the last of them, by resource. */
  readonly #turns = new Map<string, Promise<void>>();

  constructor(options: StoreOptions) {
    const { storage, codec, clock, random, ranges, listener, collectsGarbage } = options;
    this.storage = storage;
    this.codec = codec;
    this.clock = clock;
    this.random = random;
    this.ranges = ranges;
    this.listener = listener;
    this.collectsGarbage = collectsGarbage;
    this.#definitions = options.definitions;
  }

  companionOf({ type, companion }: ResourceDefinition): ResourceDefinition | undefined {
    if (companion === undefined) return undefined;
    return this.#definitions.find(
      (one) => one.type.resource === companion && one.type.group === type.group,
    );
  }

  /** @throws TypeError for a resource that is not served */
  async list<T extends KubernetesObject>(type: ResourceType<T>): Promise<readonly T[]> {
    return await this.all(definitionOf(this.#definitions, type));
  }

  /** All objects of a resource. */
  async all<T extends KubernetesObject>(definition: ResourceDefinition<T>): Promise<readonly T[]> {
    const { items } = await this.storage.list(prefixOf(definition));
    return items.map((stored) => this.codec.decode(definition, stored).object);
  }

  /** Writes that look at all others of their resource go one after the other; others at once. */
  async inTurn<T extends KubernetesObject, R>(
    definition: ResourceDefinition<T>,
    write: () => Promise<R>,
  ): Promise<R> {
    if (definition.strategy.complete === undefined) return await write();
    const before = this.#turns.get(definition.type.resource) ?? Promise.resolve();
    const turn = before.then(write);
    this.#turns.set(
      definition.type.resource,
      turn.then(
        () => undefined,
        () => undefined,
      ),
    );
    return await turn;
  }

  async read<T extends KubernetesObject>(
    definition: ResourceDefinition<T>,
    key: string,
  ): Promise<ServedObject<T> | undefined> {
    const stored = await this.storage.get(key);
    return stored === undefined ? undefined : this.codec.decode(definition, stored);
  }

  /** What this revision wrote is to be written anew even where nothing changes: under another key, say. */
  async isStale(key: string, revision: number): Promise<boolean> {
    const stored = await this.storage.get(key);
    return stored?.stale === true && stored.revision === revision;
  }

  /** The object as it is served, or what stands there already. */
  async create<T extends KubernetesObject>(
    definition: ResourceDefinition<T>,
    key: string,
    object: T,
  ): Promise<ServedObject<T> | { readonly current: StoredValue | undefined }> {
    const { value, stored } = this.codec.encode(definition, object);
    checkSize(value, MOST_STORED);
    const result = await written(this.storage.create(key, value, definition.ttlSeconds));
    if (!result.done) return { current: result.current };
    const served = stored(result.revision);
    this.listener.stored(key, served);
    return served;
  }

  /**
   * Undefined where another was faster.
   *
   * @param most bytes that it may have then; absent: what is there may be marked, however large it is
   * @throws StatusError of 500
   */
  async replace<T extends KubernetesObject>(
    definition: ResourceDefinition<T>,
    key: string,
    object: T,
    revision: number,
    most = Number.POSITIVE_INFINITY,
  ): Promise<ServedObject<T> | undefined> {
    const { value, stored } = this.codec.encode(definition, object);
    checkSize(value, most);
    const result = await written(this.storage.update(key, value, revision));
    if (!result.done) return undefined;
    const served = stored(result.revision);
    this.listener.stored(key, served);
    return served;
  }

  /** False where another was faster. */
  async remove(definition: ResourceDefinition, key: string, revision: number): Promise<boolean> {
    const result = await this.storage.delete(key, revision);
    if (result.done) this.listener.deleted(definition, key, result.revision);
    return result.done;
  }
}

/**
 * What does not fit in is refused as upstream refuses it when etcd is full, in whose words clients know it.
 *
 * @throws StatusError InternalError
 */
async function written(write: Promise<WriteResult>): Promise<WriteResult> {
  try {
    return await write;
  } catch (error) {
    if (!(error instanceof StorageFullError)) throw error;
    throw StatusError.of(
      'InternalError',
      `etcdserver: mvcc: database space exceeded: ${error.message}`,
    );
  }
}

/** Asks admission, where there is one. `verb` as far as it is not that of the request. */
export async function admit(
  { attributes, admit: admission, dryRun = false }: WriteContext,
  objects: { readonly object?: KubernetesObject; readonly old?: KubernetesObject },
  changes: Partial<ResourceRequest> = {},
): Promise<void> {
  if (admission === undefined) return;
  await admission({ attributes: { ...attributes, ...changes }, ...objects, dryRun });
}
