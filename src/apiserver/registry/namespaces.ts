/**
 * The life of namespaces: nothing is created in one that is not there or is going, and some never go
 * (upstream's admission plug-in NamespaceLifecycle). What is in one that goes is its controller's to delete.
 */
import { type KubernetesObject, NAMESPACES, StatusError } from '../../kubernetes/index.ts';
import type { ResourceDefinition } from '../resources/index.ts';
import type { Reader } from './reader.ts';
import { forbidden, named, notFound } from './refusals.ts';

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

export class Namespaces {
  readonly #reader: Reader;
  /** Going, though the storage may not say so yet: by how many the mark is being written. */
  readonly #closing = new Map<string, number>();

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  /**
   * Called in the same turn in which the object is handed to the storage: a namespace that is marked later
   * is emptied with it in it.
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
}
