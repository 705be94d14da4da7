/**
 * The life of namespaces: nothing is created in one that is not there or is going, some never go, and one
 * that goes takes with it what is in it. The first two are upstream's admission plug-in NamespaceLifecycle,
 * the last its namespace controller.
 */
import type { KubernetesObject, Namespace } from '../../kubernetes/index.ts';
import { NAMESPACES, StatusError } from '../../kubernetes/index.ts';
import {
  KUBERNETES_FINALIZER,
  NAMESPACE_DEFINITION,
  type ResourceDefinition,
} from '../resources/index.ts';
import { locationOf, remove } from './delete.ts';
import { prefixOf } from './keys.ts';
import type { Reader } from './reader.ts';
import { forbidden, named, notFound } from './refusals.ts';
import type { WriteContext } from './registry.ts';
import type { Store } from './store.ts';
import { update } from './update.ts';

/** Namespaces that cannot be deleted (kube-apiserver, NamespaceLifecycle). */
const IMMORTAL: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public']);

/** @throws StatusError Forbidden */
export function checkMortal({ type, strategy }: ResourceDefinition, name: string): void {
  const why = strategy.undeletable?.(name);
  if (why !== undefined) throw forbidden(type, name, why);
  if (type === NAMESPACES && IMMORTAL.has(name)) {
    throw forbidden(type, name, 'this namespace may not be deleted');
  }
}

/** The server itself. */
const SYSTEM: WriteContext = {
  attributes: {
    kind: 'resource',
    user: { name: 'system:apiserver', groups: ['system:masters'] },
    verb: 'delete',
    group: '',
    version: 'v1',
    resource: 'namespaces',
    subresource: '',
    namespace: '',
    name: '',
  },
};

export class Namespaces {
  readonly #store: Store;
  readonly #reader: Reader;
  readonly #definitions: readonly ResourceDefinition[];
  readonly #failed: (error: unknown) => void;
  readonly #signal: AbortSignal;
  readonly #emptying = new Map<string, Promise<void>>();
  /** Going, though the storage may not say so yet: by how many the mark is being written. */
  readonly #closing = new Map<string, number>();

  constructor(
    store: Store,
    reader: Reader,
    definitions: readonly ResourceDefinition[],
    signal: AbortSignal,
    failed: (error: unknown) => void,
  ) {
    this.#store = store;
    this.#reader = reader;
    this.#definitions = definitions.filter(
      ({ type, path }) => type.namespaced && path !== undefined,
    );
    this.#signal = signal;
    this.#failed = failed;
  }

  /**
   * Called in the same turn in which the object is handed to the storage: a namespace that is marked later
   * finds it when it is emptied.
   *
   * @throws StatusError NotFound, Forbidden
   */
  check(definition: ResourceDefinition, name: string, object: KubernetesObject): void {
    const namespace = this.#reader.namespace(name);
    if (namespace === undefined) throw notFound(NAMESPACES, name);
    if (namespace.status?.phase !== 'Terminating' && !this.#closing.has(name)) return;
    const why = `unable to create new content in namespace ${name} because it is being terminated`;
    throw StatusError.of(
      'Forbidden',
      `${named(definition.type, object.metadata.name ?? '')} is forbidden: ${why}`,
      {
        name: object.metadata.name ?? '',
        ...(definition.type.group === '' ? {} : { group: definition.type.group }),
        kind: definition.type.resource,
        causes: [
          {
            reason: 'NamespaceTerminating',
            message: `namespace ${name} is being terminated`,
            field: 'metadata.namespace',
          },
        ],
      },
    );
  }

  /** Around the deletion of a namespace: nothing new gets in once it has begun. */
  async closing<R>(name: string, mark: () => Promise<R>): Promise<R> {
    this.#closing.set(name, (this.#closing.get(name) ?? 0) + 1);
    try {
      return await mark();
    } finally {
      const others = (this.#closing.get(name) ?? 1) - 1;
      if (others > 0) this.#closing.set(name, others);
      else this.#closing.delete(name);
    }
  }

  /** Empties it if it is going. */
  changed({ metadata, spec }: Namespace): void {
    const { name = '', deletionTimestamp } = metadata;
    const isOurs = spec?.finalizers?.includes(KUBERNETES_FINALIZER) === true;
    if (deletionTimestamp === undefined || !isOurs || this.#emptying.has(name)) return;
    const emptied = this.#empty(name)
      .catch((error: unknown) => {
        if (!this.#signal.aborted) this.#failed(error);
      })
      .finally(() => this.#emptying.delete(name));
    this.#emptying.set(name, emptied);
  }

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#emptying.values());
  }

  async #empty(name: string): Promise<void> {
    for (;;) {
      const { storage } = this.#store;
      const revision = storage.revision;
      const left = await this.#removeAll(name);
      if (this.#signal.aborted) return;
      if (left.size === 0) break;
      await this.#untilOneIsGone(left, revision);
      if (this.#signal.aborted) return;
    }
    await this.#release(name);
  }

  /** Keys of objects that wait for their finalizers. */
  async #removeAll(name: string): Promise<Set<string>> {
    const { storage, codec } = this.#store;
    const left = new Set<string>();
    for (const definition of this.#definitions) {
      const { items } = await storage.list(prefixOf(definition, name));
      for (const stored of items) {
        if (this.#signal.aborted) return left;
        const { object } = codec.decode(definition, stored);
        try {
          const result = await remove(
            this.#store,
            definition,
            locationOf(definition, object),
            {},
            SYSTEM,
          );
          if (!result.gone) left.add(stored.key);
        } catch (error) {
          if (!(error instanceof StatusError && error.reason === 'NotFound')) throw error;
        }
      }
    }
    return left;
  }

  async #untilOneIsGone(keys: ReadonlySet<string>, after: number): Promise<void> {
    const changes = this.#store.storage.watch({
      prefix: '/registry/',
      after,
      signal: this.#signal,
    });
    for await (const batch of changes) {
      if (batch.some(({ key, value }) => value === undefined && keys.has(key))) return;
    }
  }

  /** The last finalizer goes, and the namespace with it. */
  async #release(name: string): Promise<void> {
    const definition: ResourceDefinition<Namespace> = NAMESPACE_DEFINITION;
    try {
      await update(this.#store, {
        definition,
        key: { name },
        subresource: definition.subresources['finalize'],
        wanted: (current) => {
          if (current === undefined) throw notFound(NAMESPACES, name);
          const finalizers = current.spec?.finalizers ?? [];
          return {
            ...current,
            spec: { finalizers: finalizers.filter((one) => one !== KUBERNETES_FINALIZER) },
          };
        },
        context: SYSTEM,
        checkNamespace: () => undefined,
      });
    } catch (error) {
      if (!(error instanceof StatusError && error.reason === 'NotFound')) throw error;
    }
  }
}
