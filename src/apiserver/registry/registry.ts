/**
 * The objects of the API server: what is stored, checked on the way in and watched. The front (HTTP) and
 * the server's own parts call it; it knows nothing of requests but what stands in these types.
 */
import type {
  JsonDocument,
  KubernetesObject,
  ResourceType,
  Status,
} from '../../kubernetes/index.ts';
import type { ResourceDefinition } from '../resources/index.ts';
import type { Admission, ResourceRequest } from '../types.ts';
import type { Reader } from './reader.ts';

/** Where an object is. */
export interface ObjectKey {
  /** Absent for cluster-scoped resources. */
  readonly namespace?: string;
  readonly name: string;
}

/** An object as it is served: with its resource version. */
export interface Served<T extends KubernetesObject = KubernetesObject> {
  readonly object: T;
  /** The revision that wrote it (or, in a DELETED event, deleted it). */
  readonly revision: number;
  /** Its JSON, made once and shared by all who ask. */
  readonly bytes: Uint8Array;
  /** Its JSON as an item of a list: without `kind` and `apiVersion`, as upstream. */
  readonly item: Uint8Array;
  /** Its protobuf as an item of a list: without an envelope. Made once, when somebody wants it. */
  readonly message: Uint8Array;
}

export interface GetOptions {
  /** As in the query. Empty or absent: the newest. */
  readonly resourceVersion?: string;
  /** One in a kind of its own is answered in that. */
  readonly subresource?: string;
}

export interface ListRequest {
  /** Absent for all namespaces. */
  readonly namespace?: string;
  /** The texts of the query. */
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: string;
}

export interface ServedList<T extends KubernetesObject = KubernetesObject> {
  readonly items: readonly Served<T>[];
  readonly revision: number;
  readonly continue?: string;
  /** Absent where it is not known: with a selector. */
  readonly remainingItemCount?: number;
}

export interface WatchRequest {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Absent or `0`: what is there comes first, as ADDED. */
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: string;
  readonly allowWatchBookmarks?: boolean;
  readonly sendInitialEvents?: boolean;
  /** The watch ends by itself after so many seconds; absent: 30 to 60 minutes, as upstream. */
  readonly timeoutSeconds?: number;
}

export interface ServedEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  /** Of BOOKMARK an object with nothing but a resource version, of ERROR a Status. */
  readonly object: KubernetesObject | Status;
  /** The line of the watch, `{"type":…,"object":…}` with its line feed, made once for all watchers. */
  readonly line: Uint8Array;
  /** The same in protobuf, with its length. */
  readonly frame: Uint8Array;
}

/** What a write needs beside the object. */
export interface WriteContext {
  /** Who asks for what; handed on to admission as it is. */
  readonly attributes: ResourceRequest;
  readonly dryRun?: boolean;
  /** Called with the old and the new object inside the compare-and-set loop, so perhaps several times. */
  readonly admit?: Admission;
  /** Of PATCH: how fields that nobody knows are taken in the result. */
  readonly fieldValidation?: FieldValidation;
  /**
   * Called before an update or a patch creates: throws where the user may not create. Absent: nobody asks
   * (a caller of the same process).
   */
  readonly authorizeCreate?: () => Promise<void>;
  /** Called with each text for a `Warning` header. */
  readonly warn?: (text: string) => void;
  /** Whose fields they are that it sets (`metadata.managedFields`). Absent: the server's own. */
  readonly fieldManager?: string;
}

export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

export interface Written {
  readonly served: Served;
  /** Made by an update: answer 201 and not 200. */
  readonly created: boolean;
}

export interface Patch {
  /** Its media type, without parameters: `application/merge-patch+json`. */
  readonly mediaType: string;
  /** JSON, whatever its type, or what has been read from another form. */
  readonly body: Uint8Array | JsonDocument;
  /** Of server-side apply: takes fields from other managers. */
  readonly force?: boolean;
}

export interface DeleteOptions {
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: string;
  readonly orphanDependents?: boolean;
}

/** What DELETE answers: the object where it waits for finalizers (or the resource wants it so), else a Status. */
export type Deleted<T extends KubernetesObject = KubernetesObject> =
  | { readonly gone: boolean; readonly served: Served<T> }
  | { readonly gone: true; readonly status: Status };

/**
 * Every method throws StatusError as kube-apiserver refuses. A definition is one of `definitions`.
 */
export interface Registry {
  readonly definitions: readonly ResourceDefinition[];
  readonly reader: Reader;
  /** The definition of a resource, if it is served. */
  definition(group: string, version: string, resource: string): ResourceDefinition | undefined;
  /**
   * A body of POST or PUT as an object of the resource: known fields only, in upstream's order.
   *
   * @param body JSON, or what has been read from another form
   *
   * @throws StatusError BadRequest for what is not JSON, is another kind, has a field of a wrong type, or
   *   (Strict) unknown or duplicate fields; with Warn these go to `warn`.
   */
  decode<T extends KubernetesObject>(
    definition: ResourceDefinition<T>,
    body: Uint8Array | JsonDocument,
    fieldValidation: FieldValidation,
    warn: (text: string) => void,
  ): T;
  get<T extends KubernetesObject>(
    definition: ResourceDefinition<T>,
    key: ObjectKey,
    options?: GetOptions,
  ): Promise<Served>;
  list<T extends KubernetesObject>(
    definition: ResourceDefinition<T>,
    request: ListRequest,
  ): Promise<ServedList<T>>;
  /**
   * Checks the request and answers the events in batches as they come, until the time is over or the
   * signal aborts. What goes wrong later is an ERROR event, as upstream.
   *
   * @throws StatusError BadRequest at once for a request that makes no sense
   */
  watch(
    definition: ResourceDefinition,
    request: WatchRequest,
    signal: AbortSignal,
  ): AsyncIterable<readonly ServedEvent[]>;
  create<T extends KubernetesObject>(
    definition: ResourceDefinition<T>,
    namespace: string | undefined,
    object: T,
    context: WriteContext,
  ): Promise<Served<T>>;
  /** @param object of the kind of the subresource, where it has one of its own; so is what is answered */
  update<T extends KubernetesObject>(
    definition: ResourceDefinition<T>,
    key: ObjectKey,
    subresource: string | undefined,
    object: T,
    context: WriteContext,
  ): Promise<Written>;
  patch<T extends KubernetesObject>(
    definition: ResourceDefinition<T>,
    key: ObjectKey,
    subresource: string | undefined,
    patch: Patch,
    context: WriteContext,
  ): Promise<Written>;
  /** POST of a subresource that has a kind of its own: the object is changed, and nothing else is stored. */
  post<T extends KubernetesObject>(
    definition: ResourceDefinition<T>,
    key: ObjectKey,
    subresource: string,
    object: KubernetesObject,
    context: WriteContext,
  ): Promise<void>;
  delete<T extends KubernetesObject>(
    definition: ResourceDefinition<T>,
    key: ObjectKey,
    options: DeleteOptions,
    context: WriteContext,
  ): Promise<Deleted<T>>;
  /** Answers what it has deleted (or marked). */
  deleteCollection<T extends KubernetesObject>(
    definition: ResourceDefinition<T>,
    request: ListRequest,
    options: DeleteOptions,
    context: WriteContext,
  ): Promise<ServedList<T>>;
  /**
   * Creates what is not there; leaves alone what is. For the namespaces and roles that a server starts
   * with. Without admission.
   */
  seed(objects: readonly SeedObject[]): Promise<void>;
  /** Ends the internal watches. The storage stays open. */
  close(): Promise<void>;
}

export interface SeedObject {
  readonly type: ResourceType;
  readonly object: KubernetesObject;
}
