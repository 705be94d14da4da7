/** Puts the registry together. */
import { type Clock, systemClock } from '../../client/index.ts';
import { type JsonDocument, type KubernetesObject, NAMESPACES } from '../../kubernetes/index.ts';
import type { Storage } from '../../storage/index.ts';
import {
  DEFINITIONS,
  type ResourceDefinition,
  type ServiceRanges,
  serviceRanges,
} from '../resources/index.ts';
import { Codec } from './codec.ts';
import { create, type NamespaceCheck } from './create.ts';
import { decodeBody } from './decode-body.ts';
import { remove } from './delete.ts';
import { removeCollection } from './delete-collection.ts';
import {
  appliedBy,
  type FormWrite,
  formOf,
  patchedBy,
  post,
  shownIn,
  subresourceOf,
  updatedBy,
} from './form.ts';
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
import { bothListeners, type Listener, Store } from './store.ts';
import { type Random, systemRandom } from './system-metadata.ts';
import { update } from './update.ts';
import { watch } from './watch.ts';

export interface RegistryOptions {
  readonly storage: Storage;
  readonly clock?: Clock;
  /** For uids and generated names, in [0, 1). The default is not to be guessed. */
  readonly random?: Random;
  /** What services get addresses and node ports from. Upstream's defaults unless given. */
  readonly serviceRanges?: ServiceRanges;
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
    ranges: options.serviceRanges ?? serviceRanges(),
    listener:
      options.listener === undefined
        ? live.listener
        : bothListeners(live.listener, options.listener),
    collectsGarbage: options.garbageCollection ?? true,
    definitions: DEFINITIONS,
  });
  const namespaces = new Namespaces(live.reader);
  await live.start(ending.signal, failed);
  return new StoredRegistry(store, live.reader, namespaces, ending);
}

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
    { resourceVersion, subresource }: GetOptions = {},
  ): Promise<Served> {
    const version = parseResourceVersion(resourceVersion);
    const { revision } = this.#store.storage;
    if (version > revision) throw tooLargeVersion(version, revision);
    const served = await this.#store.read(definition, keyOf(definition, key));
    if (served === undefined) throw notFound(definition.type, key.name);
    const form = formOf(definition, subresource);
    return form === undefined ? served : shownIn(form, served);
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
  ): Promise<Written> {
    const write = formWrite(definition, key, subresource);
    if (write !== undefined) {
      return await this.#update(definition, key, subresource, updatedBy(write, object), context);
    }
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
  ): Promise<Written> {
    const write = formWrite(definition, key, subresource);
    if (patch.mediaType === APPLY_PATCH) {
      const apply =
        write === undefined
          ? readApplyPatch(definition, subresource, patch, context)
          : appliedBy(write, patch, context);
      const made = (current: T | undefined): T => apply(current, this.#store.clock.now());
      return await this.#update(definition, key, subresource, made, context, { isApplied: true });
    }
    if (write !== undefined) {
      const wanted = patchedBy(write, patch, context);
      return await this.#update(definition, key, subresource, wanted, context);
    }
    const patched = readPatch(definition, patch, context);
    const wanted = (current: T | undefined): T => {
      if (current === undefined) throw notFound(definition.type, key.name);
      return patched(current);
    };
    return await this.#update(definition, key, subresource, wanted, context);
  }

  async post<T extends KubernetesObject>(
    definition: ResourceDefinition<T>,
    key: ObjectKey,
    subresource: string,
    object: KubernetesObject,
    context: WriteContext,
  ): Promise<void> {
    const write = formWrite(definition, key, subresource);
    if (write === undefined) {
      throw new TypeError(`expected a subresource with a kind of its own, got ${subresource}`);
    }
    await post(this.#store, write, object, context);
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

  async #update<T extends KubernetesObject>(
    definition: ResourceDefinition<T>,
    key: ObjectKey,
    subresource: string | undefined,
    wanted: (current: T | undefined) => T,
    context: WriteContext,
    more: { readonly uid?: string | undefined; readonly isApplied?: boolean } = {},
  ): Promise<Written> {
    const part = subresource === undefined ? undefined : subresourceOf(definition, subresource);
    const { served, created } = await update(this.#store, {
      definition,
      key,
      ...more,
      subresource: part,
      wanted,
      context,
      checkNamespace: this.#checkNamespace(definition),
    });
    return { served: part?.form === undefined ? served : shownIn(part.form, served), created };
  }

  #checkNamespace(definition: ResourceDefinition): NamespaceCheck {
    return (namespace, object) => this.#namespaces.check(definition, namespace, object);
  }
}

/** Undefined where it is not written in a form of its own. */
function formWrite<T extends KubernetesObject>(
  definition: ResourceDefinition<T>,
  key: ObjectKey,
  subresource: string | undefined,
): FormWrite<T> | undefined {
  const form = formOf(definition, subresource);
  return form === undefined || subresource === undefined
    ? undefined
    : { definition, form, subresource, key };
}
