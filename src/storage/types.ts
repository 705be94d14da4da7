/**
 * Where an API server keeps its objects: an ordered map from keys to bytes with one revision that
 * counts every write, as etcd has it. What stands in it is what kube-apiserver writes: keys like
 * `/registry/secrets/kube-system/bootstrap-token-abcdef`, values in the JSON of the object.
 *
 * A write has happened when its promise resolves: from then on it survives a loss of power.
 */

export interface StoredValue {
  readonly key: string;
  readonly value: Uint8Array;
  /** The revision that wrote this value. */
  readonly revision: number;
  /** It is not stored as it would be now: an update writes it even where it changes nothing. */
  readonly stale?: true;
}

/** A write that took place, or why not: what stands there instead, if anything. */
export type WriteResult =
  | { readonly done: true; readonly revision: number }
  | { readonly done: false; readonly current: StoredValue | undefined };

export interface ListOptions {
  /** The most items to answer; absent for all. */
  readonly limit?: number;
  /** Only keys behind this one. */
  readonly after?: string;
  /** As it was at this revision; absent for now. */
  readonly revision?: number;
}

export interface Listed {
  readonly items: readonly StoredValue[];
  /** The revision that the answer shows. */
  readonly revision: number;
  /** How many keys with the prefix come behind the last item. */
  readonly remaining: number;
}

export interface Change {
  readonly key: string;
  readonly revision: number;
  /** What stands there now; absent where the key was deleted. */
  readonly value?: Uint8Array;
  /** What stood there before, and the revision that had written it; absent where the key was created. */
  readonly previous?: StoredValue;
}

export interface WatchOptions {
  readonly prefix: string;
  /** Changes behind this revision. */
  readonly after: number;
  readonly signal?: AbortSignal;
}

export interface Storage {
  /** The revision of the last write. */
  readonly revision: number;
  get(key: string): Promise<StoredValue | undefined>;
  /**
   * Values whose key starts with `prefix`, in the order of their keys' bytes.
   *
   * @throws CompactedError for a revision that is forgotten, FutureRevisionError for one not reached.
   */
  list(prefix: string, options?: ListOptions): Promise<Listed>;
  /** Not done if the key is there. With `ttlSeconds` it deletes itself afterwards. */
  create(key: string, value: Uint8Array, ttlSeconds?: number): Promise<WriteResult>;
  /** Not done if the key's value is not the one that `revision` wrote. */
  update(key: string, value: Uint8Array, revision: number): Promise<WriteResult>;
  /** Not done if the key's value is not the one that `revision` wrote. */
  delete(key: string, revision: number): Promise<WriteResult>;
  /**
   * Every change once, in the order of revisions, in batches as they come. Ends when the signal
   * aborts or the storage closes.
   *
   * @throws CompactedError from the iteration, for a revision that is forgotten or where the reader was too slow.
   */
  watch(options: WatchOptions): AsyncIterable<readonly Change[]>;
  /** Forgets what stood there before this revision: lists and watches of older ones are refused from now on. */
  compact(revision: number): Promise<void>;
  /** Writes that were accepted are finished first. */
  close(): Promise<void>;
}
