/** What an informer knows: objects by namespace and name, and by what its indexers say. */
import type { KubernetesObject } from '../../kubernetes/index.ts';

/** What has become of one object. */
export type InformerChange<T> =
  | { readonly type: 'added'; readonly object: T }
  | { readonly type: 'updated'; readonly object: T; readonly previous: T }
  /** As it was last seen. */
  | { readonly type: 'deleted'; readonly object: T }
  /** Nothing: it is as it was, and time for another look. */
  | { readonly type: 'resync'; readonly object: T };

/** By the name of an index: under which values an object is found there. */
export type Indexers<T> = Readonly<Record<string, (object: T) => readonly string[]>>;

type Emit<T> = (change: InformerChange<T>) => void;

export class Store<T extends KubernetesObject> {
  readonly #objects = new Map<string, T>();
  readonly #indexes = new Map<string, Index<T>>();

  /** @param report told of what an indexer throws; the object is then not found through it */
  constructor(indexers: Indexers<T>, report: (error: unknown) => void) {
    for (const [name, valuesOf] of Object.entries(indexers)) {
      const guarded = (object: T): readonly string[] => {
        try {
          return valuesOf(object);
        } catch (error) {
          report(error);
          return [];
        }
      };
      this.#indexes.set(name, new Index(guarded));
    }
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.#objects.get(keyOf(namespace, name));
  }

  list(): T[] {
    return [...this.#objects.values()];
  }

  /** @throws TypeError for an index that does not exist */
  byIndex(index: string, value: string): T[] {
    const found = this.#indexes.get(index);
    if (found === undefined) throw new TypeError(`expected the name of an indexer, got ${index}`);
    return found.objects(value);
  }

  /** Takes an object as it is now, and tells what that changes. One with the version known changes nothing. */
  put(object: T, emit: Emit<T>): void {
    const key = keyOfObject(object);
    let previous = this.#objects.get(key);
    if (previous !== undefined && previous.metadata.uid !== object.metadata.uid) {
      // Deleted and created anew while nobody looked.
      this.delete(previous, emit);
      previous = undefined;
    }
    if (
      previous !== undefined &&
      previous.metadata.resourceVersion === object.metadata.resourceVersion
    )
      return;
    this.#objects.set(key, object);
    for (const index of this.#indexes.values()) index.set(key, object);
    emit(
      previous === undefined ? { type: 'added', object } : { type: 'updated', object, previous },
    );
  }

  /** @param object as it was at last, which is what is told */
  delete(object: T, emit: Emit<T>): void {
    const key = keyOfObject(object);
    if (!this.#objects.delete(key)) return;
    for (const index of this.#indexes.values()) index.delete(key);
    emit({ type: 'deleted', object });
  }

  /** Makes the list all there is, and tells the differences: deletions first. */
  replace(objects: readonly T[], emit: Emit<T>): void {
    const keys = new Set(objects.map(keyOfObject));
    for (const [key, object] of this.#objects) if (!keys.has(key)) this.delete(object, emit);
    for (const object of objects) this.put(object, emit);
  }
}

class Index<T> {
  readonly #valuesOf: (object: T) => readonly string[];
  readonly #values = new Map<string, readonly string[]>();
  readonly #objects = new Map<string, Map<string, T>>();

  constructor(valuesOf: (object: T) => readonly string[]) {
    this.#valuesOf = valuesOf;
  }

  objects(value: string): T[] {
    return [...(this.#objects.get(value)?.values() ?? [])];
  }

  set(key: string, object: T): void {
    this.delete(key);
    const values = this.#valuesOf(object);
    this.#values.set(key, values);
    for (const value of values) {
      const found = this.#objects.get(value);
      if (found === undefined) this.#objects.set(value, new Map([[key, object]]));
      else found.set(key, object);
    }
  }

  delete(key: string): void {
    for (const value of this.#values.get(key) ?? []) {
      const found = this.#objects.get(value);
      found?.delete(key);
      if (found?.size === 0) this.#objects.delete(value);
    }
    this.#values.delete(key);
  }
}

/** Neither part can hold a slash. */
const keyOf = (namespace: string | undefined, name: string): string =>
  namespace === undefined || namespace === '' ? name : `${namespace}/${name}`;

const keyOfObject = ({ metadata: { namespace, name } }: KubernetesObject): string =>
  keyOf(namespace, name ?? '');
