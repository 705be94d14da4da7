/** Puts the registry together. */
import { type Clock, systemClock } from '../../client/index.ts';
import { type JsonDocument, type KubernetesObject, NAMESPACES } from '../../kubernetes/index.ts';
import type { Storage } from '../../storage/index.ts';
import { DEFINITIONS, type ResourceDefinition, type Subresource } from '../resources/index.ts';
import { Codec } from './codec.ts';
import { create, type NamespaceCheck } from './create.ts';
import { decodeBody } from './decode-body.ts';
import { remove } from './delete.ts';
import { removeCollection } from './delete-collection.ts';
import { keyOf } from './keys.ts';
import { list } from './list.ts';
import { liveReader } from './live-reader.ts';
import { checkMortal, Namespaces } from './namespaces.ts';
import { APPLY_PATCH, readApplyPatch, readPatch } from './patch/index.ts';
import type { Reader } from './reader.ts';
import { notFound, tooLargeVersion } from './refusals.ts';
import type {
  Deleted,
  DeleteOptions,
  FieldValidation,
  GetOptions,
  ListRequest,
  ObjectKey,
  Patch,
  Registry,
  SeedObject,
  Served,
  ServedEvent,
  ServedList,
  WatchRequest,
  WriteContext,
  Written,
} from './registry.ts';
import { parseResourceVersion } from './resource-version.ts';
import { seed } from './seed.ts';
import { type Listener, Store } from './store.ts';
import { type Random, systemRandom } from './system-metadata.ts';
import { update } from './update.ts';
import { watch } from './watch.ts';

export interface RegistryOptions {
  readonly storage: Storage;
  readonly clock?: Clock;
  /** For uids and generated names, in [0, 1). The default is not to be guessed. */
  readonly random?: Random;
  /** Whether DELETE leaves work for a garbage collector, which runs elsewhere. True unless given. */
  readonly garbageCollection?: boolean;
  /** Hears of each write of this server before whoever has asked for it. */
  readonly listener?: Listener;
  /** Hears of what goes wrong where nobody waits for it: the watches inside. */
  readonly failed: (error: unknown) => void;
}

/** Resolves when what is in the storage is known; the storage is not the registry's to close. */
export async function createRegistry(options: RegistryOptions): Promise<Registry> {
  const { storage, clock = systemClock, random = systemRandom, failed } = options;
  const ending = new AbortController();
  const codec = new Codec();
  const live = liveReader({ storage, codec, definitions: DEFINITIONS });
  const store = new Store({
    storage,
    codec,
    clock,
    random,
    listener:
      options.listener === undefined ? live.listener : both(live.listener, options.listener),
    collectsGarbage: options.garbageCollection ?? true,
    definitions: DEFINITIONS,
  });
  const namespaces = new Namespaces(live.reader);
  await live.start(ending.signal, failed);
  return new StoredRegistry(store, live.reader, namespaces, ending);
}

const both = (one: Listener, other: Listener): Listener => ({
  stored(key, served) {
    one.stored(key, served);
    other.stored(key, served);
  },
  deleted(definition, key, revision) {
    one.deleted(definition, key, revision);
    other.deleted(definition, key, revision);
  },
});

class StoredRegistry implements Registry {
  readonly definitions = DEFINITIONS;
  readonly reader: Reader;
  readonly #store: Store;
  readonly #namespaces: Namespaces;
  readonly #ending: AbortController;

  constructor(store: Store, reader: Reader, namespaces: Namespaces, ending: AbortController) {
    this.#store = store;
    this.reader = reader;
    this.#namespaces = namespaces;
    this.#ending = ending;
  }

  definition(group: string, version: string, resource: string): ResourceDefinition | undefined {
    return this.definitions.find(
      ({ type }) => type.resource === resource && type.group === group && type.version === version,
    );
  }

  decode<T extends KubernetesObject>(
    definition: ResourceDefinition<T>,
    body: Uint8Array | JsonDocument,
    fieldValidation: FieldValidation,
    warn: (text: string) => void,
  ): T {
    return decodeBody(definition, body, fieldValidation, warn);
  }

  async get<T extends KubernetesObject>(
    definition: ResourceDefinition<T>,
    key: ObjectKey,
    { resourceVersion }: GetOptions = {},
  ): Promise<Served<T>> {
    const version = parseResourceVersion(resourceVersion);
    const { revision } = this.#store.storage;
    if (version > revision) throw tooLargeVersion(version, revision);
    const served = await this.#store.read(definition, keyOf(definition, key));
    if (served === undefined) throw notFound(definition.type, key.name);
    return served;
  }

  async list<T extends KubernetesObject>(
    definition: ResourceDefinition<T>,
    request: ListRequest,
  ): Promise<ServedList<T>> {
    return await list(this.#store.storage, this.#store.codec, definition, request);
  }

  watch(
    definition: ResourceDefinition,
    request: WatchRequest,
    signal: AbortSignal,
  ): AsyncIterable<readonly ServedEvent[]> {
    return watch(this.#store, definition, request, signal);
  }

  async create<T extends KubernetesObject>(
    definition: ResourceDefinition<T>,
    namespace: string | undefined,
    object: T,
    context: WriteContext,
  ): Promise<Served<T>> {
    return await create(
      this.#store,
      definition,
      namespace,
      object,
      context,
      this.#checkNamespace(definition),
    );
  }

  async update<T extends KubernetesObject>(
    definition: ResourceDefinition<T>,
    key: ObjectKey,
    subresource: string | undefined,
    object: T,
    context: WriteContext,
  ): Promise<Written<T>> {
    return await this.#update(definition, key, subresource, () => object, context, {
      uid: object.metadata.uid,
    });
  }

  async patch<T extends KubernetesObject>(
    definition: ResourceDefinition<T>,
    key: ObjectKey,
    subresource: string | undefined,
    patch: Patch,
    context: WriteContext,
  ): Promise<Written<T>> {
    if (patch.mediaType === APPLY_PATCH) {
      const apply = readApplyPatch(definition, subresource, patch, context);
      const made = (current: T | undefined): T => apply(current, this.#store.clock.now());
      return await this.#update(definition, key, subresource, made, context, { isApplied: true });
    }
    const patched = readPatch(definition, patch, context);
    const wanted = (current: T | undefined): T => {
      if (current === undefined) throw notFound(definition.type, key.name);
      return patched(current);
    };
    return await this.#update(definition, key, subresource, wanted, context);
  }

  async delete<T extends KubernetesObject>(
    definition: ResourceDefinition<T>,
    key: ObjectKey,
    options: DeleteOptions,
    context: WriteContext,
  ): Promise<Deleted<T>> {
    checkMortal(definition, key.name);
    const deletion = (): Promise<Deleted<T>> =>
      remove(this.#store, definition, key, options, context);
    if (definition.type !== NAMESPACES || context.dryRun === true) return await deletion();
    return await this.#namespaces.closing(key.name, deletion);
  }

  async deleteCollection<T extends KubernetesObject>(
    definition: ResourceDefinition<T>,
    request: ListRequest,
    options: DeleteOptions,
    context: WriteContext,
  ): Promise<ServedList<T>> {
    return await removeCollection(this.#store, definition, request, options, context);
  }

  async seed(objects: readonly SeedObject[]): Promise<void> {
    await seed(this.#store, this.definitions, objects);
  }

  async close(): Promise<void> {
    this.#ending.abort();
  }

  #update<T extends KubernetesObject>(
    definition: ResourceDefinition<T>,
    key: ObjectKey,
    subresource: string | undefined,
    wanted: (current: T | undefined) => T,
    context: WriteContext,
    more: { readonly uid?: string | undefined; readonly isApplied?: boolean } = {},
  ): Promise<Written<T>> {
    const part = subresource === undefined ? undefined : subresourceOf(definition, subresource);
    return update(this.#store, {
      definition,
      key,
      ...more,
      subresource: part,
      wanted,
      context,
      checkNamespace: this.#checkNamespace(definition),
    });
  }

  #checkNamespace(definition: ResourceDefinition): NamespaceCheck {
    return (namespace, object) => this.#namespaces.check(definition, namespace, object);
  }
}

function subresourceOf<T extends KubernetesObject>(
  { subresources, type }: ResourceDefinition<T>,
  name: string,
): Subresource<T> {
  const found = Object.hasOwn(subresources, name) ? subresources[name] : undefined;
  if (found !== undefined) return found;
  throw new TypeError(`expected a subresource of ${type.resource}, got ${name}`);
}
