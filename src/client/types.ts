/** The one way in which controllers, the node agent and commands speak to a Kubernetes API. */
import type {
  ApiRequest,
  ApiResponse,
  KubernetesList,
  KubernetesObject,
  Location,
  ResourceType,
  WatchEvent,
} from '../kubernetes/index.ts';

/** Carries requests: over the network, or into a server of the same process. */
export interface Transport {
  /**
   * Answers whatever the server does, refusals too.
   *
   * @throws KubepkiError UNREACHABLE where no answer came, naming the server
   */
  send(request: ApiRequest): Promise<ApiResponse>;
  /** Ends connections. What is under way is ended too. */
  close(): Promise<void>;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

export interface ReadCallOptions extends CallOptions {
  /** Objects are answered with nothing but their metadata (PartialObjectMetadata): less to send, less to keep. */
  readonly metadataOnly?: boolean;
}

export interface ListCallOptions extends ReadCallOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan';
}

export interface WatchCallOptions extends ReadCallOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly resourceVersion?: string;
  readonly allowWatchBookmarks?: boolean;
  readonly timeoutSeconds?: number;
}

export interface DeleteCallOptions extends CallOptions {
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string };
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
}

/** The media type of a patch, `application/…+json`. */
export type PatchType = 'json-patch' | 'merge-patch' | 'strategic-merge-patch';

/** Where an object is: namespaced ones take their namespace from `metadata` in create and update. */
export type ObjectLocation = Location & { readonly name: string };

/**
 * Every method throws StatusError where the server refuses, KubepkiError UNREACHABLE where it does
 * not answer, and the signal's reason where that aborts.
 */
export interface KubernetesClient {
  get<T extends KubernetesObject>(
    type: ResourceType<T>,
    location: ObjectLocation,
    options?: ReadCallOptions,
  ): Promise<T>;
  list<T extends KubernetesObject>(
    type: ResourceType<T>,
    options?: ListCallOptions,
  ): Promise<KubernetesList<T>>;
  /** Namespace from `metadata.namespace`. */
  create<T extends KubernetesObject>(
    type: ResourceType<T>,
    object: T,
    options?: CallOptions & { readonly subresource?: string; readonly dryRun?: boolean },
  ): Promise<T>;
  /** Replaces; refused with Conflict if `metadata.resourceVersion` is set and not current. */
  update<T extends KubernetesObject>(
    type: ResourceType<T>,
    object: T,
    options?: CallOptions & { readonly subresource?: string },
  ): Promise<T>;
  patch<T extends KubernetesObject>(
    type: ResourceType<T>,
    location: ObjectLocation,
    patch: unknown,
    options: ReadCallOptions & { readonly type: PatchType },
  ): Promise<T>;
  delete(type: ResourceType, location: ObjectLocation, options?: DeleteCallOptions): Promise<void>;
  /** Every object of a resource in a namespace; those that have finalizers are only marked. */
  deleteCollection(
    type: ResourceType,
    namespace: string,
    options?: DeleteCallOptions,
  ): Promise<void>;
  /**
   * Events as they come, until the server ends the watch (then the iteration ends) or the signal
   * aborts. An `ERROR` event is thrown as StatusError (`Expired` where the version is too old).
   */
  watch<T extends KubernetesObject>(
    type: ResourceType<T>,
    options: WatchCallOptions,
  ): AsyncIterable<WatchEvent<T>>;
  /** Any other path: discovery, health. Answers the whole body. */
  raw(request: ApiRequest): Promise<{ readonly status: number; readonly body: Uint8Array }>;
  close(): Promise<void>;
}
