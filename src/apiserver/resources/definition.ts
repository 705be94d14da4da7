/**
 * What the server must know of a resource to serve it: one record, from which storage, validation,
 * discovery, tables, OpenAPI and patches are computed.
 */
import type { KubernetesObject, ResourceType, UserInfo } from '../../kubernetes/index.ts';
import type { Verb } from '../types.ts';
import type { FieldError } from './field-error.ts';
import type { ObjectSchema } from './schema.ts';
import type { ServiceRanges } from './services/ranges.ts';

/** What a strategy may know of the request. */
export interface StrategyContext {
  readonly user: UserInfo;
  readonly now: Date;
}

/** A column of a table (`meta.k8s.io/v1` TableColumnDefinition). */
export interface Column {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  readonly format: '' | 'name' | 'date' | 'int32';
  readonly description: string;
  /** 0 is always shown, 1 with `-o wide`. */
  readonly priority: number;
}

export type Cell = string | number | boolean | null;

/** The text of a field, for field selectors. */
export type FieldReader<T extends KubernetesObject> = {
  // A method, so that a definition of one kind is a definition of any.
  read(object: T): string;
}['read'];

/** What an object may know of the others of its resource, of chance, and of the server. */
export interface Others<T extends KubernetesObject> {
  list(): Promise<readonly T[]>;
  /** In [0, 1). */
  random(): number;
  /** What the server was told to give services from. */
  readonly ranges: ServiceRanges;
}

/** The objects of other resources, as they are now. */
export interface Elsewhere {
  list<T extends KubernetesObject>(type: ResourceType<T>): Promise<readonly T[]>;
}

/** How an update of an object, or of one of its subresources, is made and judged. */
export interface UpdateStrategy<T extends KubernetesObject = KubernetesObject> {
  /** Keeps from the stored object what this update must not touch. */
  prepareUpdate?(object: T, old: T, context: StrategyContext): T;
  /** After the metadata has been found valid. */
  validateUpdate?(object: T, old: T, context: StrategyContext): readonly FieldError[];
  /**
   * What is good and should be told of all the same, each a text for a `Warning`.
   *
   * @param old absent of what is created
   */
  warnings?(object: T, old?: T): readonly string[];
}

export interface Subresource<T extends KubernetesObject = KubernetesObject>
  extends UpdateStrategy<T> {
  readonly verbs: readonly Verb[];
  /** Absent where it is the object itself; the strategy of the resource judges what is written in a form. */
  readonly form?: SubresourceForm<T>;
}

/** The other kind in which a subresource is read and written. */
export interface SubresourceForm<
  T extends KubernetesObject = KubernetesObject,
  F extends KubernetesObject = KubernetesObject,
> {
  /** Of that kind: there are no such objects in the storage. */
  readonly definition: ResourceDefinition<F>;
  /** Absent where it is posted only. */
  read?(object: T): F;
  /**
   * The object as the form wants it.
   *
   * @throws StatusError where it cannot be
   */
  write(object: T, form: F, now?: Date): T;
  /** The object with those fields only that whoever has written it in this form can be the manager of. */
  managed?(object: T, old: T): T;
  /** What is wrong with what is put in this form. */
  validate(form: F): readonly FieldError[];
  /**
   * What is posted, before the object is looked at.
   *
   * @throws StatusError
   */
  check?(form: F): void;
}

/** What a resource adds to the rules that all share. */
export interface Strategy<T extends KubernetesObject = KubernetesObject> extends UpdateStrategy<T> {
  /** What is wrong with a name, each a sentence without its subject; empty for a good one. */
  validateName(name: string, prefix: boolean): readonly string[];
  /** Fills in what upstream fills in on reading an object: defaults that do not depend on who asks. */
  default?(object: T): T;
  /**
   * Fills in, of what is created, what objects of other resources say: what plug-ins of upstream's admission do that
   * change an object. Nobody manages the fields that come of it.
   */
  fillIn?(object: T, elsewhere: Elsewhere): Promise<T>;
  prepareCreate?(object: T, context: StrategyContext): T;
  /**
   * Gives the object, prepared, what no other of the resource has: an address, a port. Writes of the resource
   * go one after the other where there is this.
   *
   * @throws StatusError where there is none left, or what it wants is another's
   */
  complete?(object: T, old: T | undefined, others: Others<T>): Promise<T>;
  /** After the metadata has been found valid. */
  validate?(object: T): readonly FieldError[];
  /** Whether an update moves `metadata.generation`; absent where the resource has none. */
  generation?(object: T, old: T): boolean;
  /**
   * How many seconds a deleted object is kept for who has to end what it stands for; absent where nobody has.
   *
   * @param asked `gracePeriodSeconds` of the request
   */
  gracePeriodSeconds?(object: T, asked: number | undefined): number;
  /**
   * The first DELETE only marks the object, and this is what it makes of it; absent where an object that
   * nothing holds is gone at once.
   */
  beginDelete?(object: T): T;
  /** Nothing can have such an object as its owner: the garbage collector is not asked to take care of any. */
  readonly ownsNothing?: boolean;
  /** False while something else than the metadata's finalizers keeps a deleted object; absent where nothing can. */
  isFinalized?(object: T): boolean;
  /** Finalizers need not be known or name a domain: upstream's rules for some groups are no more than the machinery's. */
  readonly takesAnyFinalizer?: boolean;
  /** A DELETE that does not say what is to become of dependents leaves them without an owner. */
  readonly orphansDependents?: boolean;
  /** PUT to a name that is not there makes it. */
  readonly allowCreateOnUpdate: boolean;
  /** An update without a resource version replaces whatever stands there. */
  readonly allowUnconditionalUpdate: boolean;
  /** Why the object of this name cannot be deleted; undefined for one that can. */
  undeletable?(name: string): string | undefined;
  /** DELETE answers the object that is gone and not a Status. */
  readonly returnDeletedObject?: boolean;
}

/** The form in which objects are stored, where that is not the one in which they are served. */
export interface StoredForm<T extends KubernetesObject = KubernetesObject> {
  /** Of the resource whose form it is: it has the same `path`. */
  readonly definition: ResourceDefinition;
  /** Without `kind` and `apiVersion`, as the next. */
  toStored(object: T): KubernetesObject;
  fromStored(stored: KubernetesObject): T;
}

/** Whose kind a refusal of an object names: that in which it is judged, which is the stored one's. */
export const judgedType = ({
  type,
  storedAs,
}: Pick<ResourceDefinition, 'type' | 'storedAs'>): ResourceType =>
  storedAs?.definition.type ?? type;

export interface ResourceDefinition<T extends KubernetesObject = KubernetesObject> {
  readonly type: ResourceType<T>;
  readonly listKind: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly Verb[];
  /**
   * Where its objects are below `/registry`, as kube-apiserver has it: `minions`, `secrets`. Absent for
   * what is answered and not stored (access reviews): only `create`, by who serves it.
   */
  readonly path?: string;
  /** Absent where they are stored as they are served. */
  readonly storedAs?: StoredForm<T>;
  readonly subresources: Readonly<Record<string, Subresource<T>>>;
  readonly strategy: Strategy<T>;
  /** Fields that a field selector may name, beside `metadata.name` and (where namespaced) `metadata.namespace`. */
  readonly selectableFields: Readonly<Record<string, FieldReader<T>>>;
  /** A field selector may not name its namespace, though it has one. */
  readonly hidesNamespace?: true;
  readonly columns: readonly Column[];
  /** One cell a column, as kubectl prints it. */
  row(object: T, now: Date): readonly Cell[];
  /** The fields, for reading, patching and OpenAPI. */
  readonly schema: ObjectSchema;
  /** JSON of an object in which nothing is set, where it is not what the types say: a bookmark holds it. */
  readonly blank?: object;
  /** Its fields have no numbers: there is no protobuf of it, as of upstream's custom resources. */
  readonly jsonOnly?: true;
  /** The resource whose object of the same name goes with this one: `endpoints` of a service. */
  readonly companion?: string;
  /** Told with each answer as a `Warning` (upstream: apiserver, pkg/endpoints/deprecation). */
  readonly deprecation?: string;
  /** Seconds after which an object deletes itself; each write starts them again. */
  readonly ttlSeconds?: number;
}
