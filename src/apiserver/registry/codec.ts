/** Objects to bytes of the storage and back, with what was read kept as long as its bytes are. */
import {
  apiVersionOf,
  decodeProtobuf,
  isProtobuf,
  type KubernetesObject,
  parseJson,
  StatusError,
} from '../../kubernetes/index.ts';
import type { Change, StoredValue } from '../../storage/index.ts';
import { type ResourceDefinition, readObject } from '../resources/index.ts';
import { encodeJson, ServedObject } from './served.ts';

/**
 * Keyed by the bytes themselves, which a storage in memory hands out again and again: so nothing is read
 * twice, and nothing is kept longer than the storage does.
 */
export class Codec {
  readonly #read = new WeakMap<Uint8Array, ServedObject>();
  /** What this server has written: who watches gets it from the storage before its writer does. */
  readonly #written = new WeakMap<Uint8Array, (revision: number) => ServedObject>();
  readonly #deleted = new WeakMap<Change, ServedObject>();
  /** Objects in another form than the stored one. */
  readonly #forms = new WeakMap<ServedObject, ServedObject>();

  /** @throws StatusError InternalError for bytes that are no such object */
  decode<T extends KubernetesObject>(
    definition: ResourceDefinition<T>,
    { key, value, revision }: StoredValue,
  ): ServedObject<T> {
    const { storedAs } = definition;
    if (storedAs !== undefined) {
      return this.#inForm(definition, this.decode(storedAs.definition, { key, value, revision }));
    }
    const known = this.#read.get(value);
    if (known?.revision === revision && isOf(definition, known)) return known;
    const written = this.#written.get(value)?.(revision);
    if (written !== undefined && isOf(definition, written)) return written;
    const served = read(definition, key, value, revision);
    this.#read.set(value, served);
    return served;
  }

  /** The last state of an object, at the revision that deleted it (or took it out of a selection). */
  deleted<T extends KubernetesObject>(
    definition: ResourceDefinition<T>,
    change: Change,
    previous: StoredValue,
  ): ServedObject<T> {
    const { storedAs } = definition;
    if (storedAs !== undefined) {
      return this.#inForm(definition, this.deleted(storedAs.definition, change, previous));
    }
    const known = this.#deleted.get(change);
    if (known !== undefined && isOf(definition, known)) return known;
    const { object } = this.decode(definition, previous);
    const served = servedAt(definition, object, change.revision, previous.value);
    this.#deleted.set(change, served);
    return served;
  }

  /** What is to be stored, and (once it is) what is served then. */
  encode<T extends KubernetesObject>(
    definition: ResourceDefinition<T>,
    object: T,
  ): { readonly value: Uint8Array; stored: (revision: number) => ServedObject<T> } {
    const { storedAs } = definition;
    if (storedAs !== undefined) {
      const { value, stored } = this.encode(storedAs.definition, storedAs.toStored(object));
      return { value, stored: (revision) => this.#inForm(definition, stored(revision)) };
    }
    const { resourceVersion: _, ...metadata } = object.metadata;
    const value = encodeJson(typed(definition, { ...object, metadata }));
    const stored = (revision: number): ServedObject<T> => {
      const known = this.#read.get(value);
      if (known?.revision === revision && isOf(definition, known)) return known;
      const served = servedAt(definition, object, revision, value);
      this.#read.set(value, served);
      return served;
    };
    this.#written.set(value, stored);
    return { value, stored };
  }

  /** What is stored as another resource's, as one of this one. */
  #inForm<T extends KubernetesObject>(
    definition: ResourceDefinition<T>,
    stored: ServedObject,
  ): ServedObject<T> {
    const known = this.#forms.get(stored);
    if (known !== undefined && isOf(definition, known)) return known;
    if (definition.storedAs === undefined)
      throw new TypeError('expected a form of another resource');
    const object = typed(definition, definition.storedAs.fromStored(stored.object));
    const served = new ServedObject(definition, object, stored.revision);
    this.#forms.set(stored, served);
    return served;
  }
}

/** An object that is not stored: what a dry run answers. */
export const unstored = <T extends KubernetesObject>(
  definition: ResourceDefinition<T>,
  object: T,
): ServedObject<T> => new ServedObject(definition, typed(definition, object), 0);

/** `kind` and `apiVersion` come first, as kube-apiserver writes them; where the object has them, they are the same. */
const typed = <T extends KubernetesObject>({ type }: ResourceDefinition, object: T): T => ({
  kind: type.kind,
  apiVersion: apiVersionOf(type),
  ...object,
});

/** What was read by a definition has its type. */
export const isOf = <T extends KubernetesObject>(
  definition: ResourceDefinition<T>,
  served: ServedObject,
): served is ServedObject<T> => served.definition === definition;

function servedAt<T extends KubernetesObject>(
  definition: ResourceDefinition<T>,
  object: T,
  revision: number,
  value?: Uint8Array,
): ServedObject<T> {
  const metadata = { ...object.metadata, resourceVersion: String(revision) };
  return new ServedObject(definition, typed(definition, { ...object, metadata }), revision, value);
}

function read<T extends KubernetesObject>(
  definition: ResourceDefinition<T>,
  key: string,
  value: Uint8Array,
  revision: number,
): ServedObject<T> {
  try {
    // kube-apiserver stores most of its resources in protobuf.
    const isJson = !isProtobuf(value);
    const object = readObject(definition, isJson ? parseJson(value) : ofKind(definition, value));
    const complete = definition.strategy.default?.(object) ?? object;
    // What was filled in is not in the bytes: they are made anew.
    const isWhole = isJson && complete === object;
    return servedAt(definition, complete, revision, isWhole ? value : undefined);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw StatusError.of('InternalError', `cannot read the stored object ${key}: ${why}`);
  }
}

function ofKind({ type }: ResourceDefinition, value: Uint8Array): unknown {
  const object = decodeProtobuf(value);
  const [apiVersion, kind] = [apiVersionOf(type), type.kind];
  if (object['kind'] === kind && object['apiVersion'] === apiVersion) return object;
  throw new TypeError(`expected ${apiVersion} ${kind}`);
}
