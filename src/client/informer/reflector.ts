/**
 * Follows the objects of a resource: lists once, watches from there, resumes a watch that ends, and lists
 * anew where it cannot be resumed. It never gives up before its signal aborts; the delays are those of
 * client-go's reflector (tools/cache/reflector.go).
 */
import { KubepkiError } from '../../errors.ts';
import {
  type KubernetesObject,
  type ResourceType,
  refusedFor,
  type WatchEvent,
} from '../../kubernetes/index.ts';
import { pause, withDeadline } from '../abort.ts';
import { createBackoff } from '../backoff.ts';
import type { Clock } from '../clock.ts';
import type { KubernetesClient, ListCallOptions } from '../types.ts';

/** Takes what the server has. */
export interface Sink<T extends KubernetesObject> {
  /** These are all there are. */
  replace(objects: readonly T[]): void;
  /** One is new or other than it was. */
  put(object: T): void;
  /** One is gone; as it was at last. */
  delete(object: T): void;
}

export interface ReflectorOptions<T extends KubernetesObject> {
  readonly client: KubernetesClient;
  readonly type: ResourceType<T>;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly metadataOnly?: boolean;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly sink: Sink<T>;
  /** What is kept of each object of a list until all of it has come; all of it unless given. */
  readonly reduce?: (object: T) => T;
  /** Told after every list. */
  readonly onSynced: () => void;
  /** Told of every trouble, each of which is survived. */
  readonly onError: (error: unknown) => void;
}

const same = <T>(object: T): T => object;

const PAGE = 500;
/** A watch lasts a random time from 5 to 10 minutes. */
const SHORTEST_WATCH_S = 300;
/** What a server may take longer than it was asked to end a watch: then the connection is taken for dead. */
const WATCH_GRACE_MS = 30_000;
/** A watch that ends sooner, without an event, counts as trouble. */
const TOO_SHORT_MS = 1_000;

/**
 * Runs until the signal aborts; never rejects.
 */
export async function reflect<T extends KubernetesObject>(
  options: ReflectorOptions<T>,
): Promise<void> {
  const { clock, random, signal, onError } = options;
  const delay = createBackoff({
    clock,
    random,
    firstMs: 800,
    longestMs: 30_000,
    jitter: 1,
    resetMs: 120_000,
  });
  let version: string | undefined;
  while (!signal.aborted) {
    try {
      if (version === undefined) {
        version = await list(options);
        options.onSynced();
      }
      const end = await watchOnce(options, version);
      version = end.version;
      if (end.error === undefined) continue;
      onError(end.error);
      if (!resumable(end.error)) version = undefined;
    } catch (error) {
      if (signal.aborted) return;
      onError(error);
    }
    // Only the signal ends a pause early, and the loop with it.
    await pause(clock, delay(), signal).catch(() => {});
  }
}

/** Whether a watch can go on from where it was: the version has not been refused, the server was just not there. */
const resumable = (error: unknown): boolean =>
  (error instanceof KubepkiError && error.code === 'UNREACHABLE') ||
  refusedFor(error, 'TooManyRequests', 'ServiceUnavailable');

/**
 * Lists everything in pages, and replaces what is known by it.
 *
 * @returns the version of the list
 */
async function list<T extends KubernetesObject>(
  options: ReflectorOptions<T>,
): Promise<string | undefined> {
  const { client, type, signal, sink, reduce = same } = options;
  const items: T[] = [];
  const query = { ...selection(options), signal };
  let page = await client.list(type, { ...query, limit: PAGE });
  for (let next = page.metadata.continue; next; next = page.metadata.continue) {
    for (const item of page.items) items.push(reduce(item));
    try {
      page = await client.list(type, { ...query, limit: PAGE, continue: next });
    } catch (error) {
      if (!refusedFor(error, 'Expired', 'Gone')) throw error;
      // Paging was slower than the server forgets: all at once, as client-go's pager does.
      items.length = 0;
      page = await client.list(type, query);
    }
  }
  for (const item of page.items) items.push(reduce(item));
  sink.replace(items);
  return page.metadata.resourceVersion;
}

const selection = <T extends KubernetesObject>(
  options: ReflectorOptions<T>,
): Pick<ListCallOptions, 'namespace' | 'labelSelector' | 'fieldSelector' | 'metadataOnly'> => {
  const { namespace, labelSelector, fieldSelector, metadataOnly } = options;
  return {
    ...(metadataOnly === undefined ? {} : { metadataOnly }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(labelSelector === undefined ? {} : { labelSelector }),
    ...(fieldSelector === undefined ? {} : { fieldSelector }),
  };
};

/** How a watch ended: up to which version it has told everything, and the trouble it ended in. */
interface WatchEnd {
  readonly version: string | undefined;
  readonly error?: unknown;
}

async function watchOnce<T extends KubernetesObject>(
  options: ReflectorOptions<T>,
  from: string | undefined,
): Promise<WatchEnd> {
  const { client, type, clock, random, signal, sink } = options;
  const timeoutSeconds = Math.floor(SHORTEST_WATCH_S * (1 + random()));
  const started = clock.now().getTime();
  let version = from;
  let events = 0;
  const follow = async (untilLate: AbortSignal): Promise<void> => {
    const watch = client.watch(type, {
      ...selection(options),
      ...(from === undefined ? {} : { resourceVersion: from }),
      allowWatchBookmarks: true,
      timeoutSeconds,
      signal: untilLate,
    });
    for await (const event of watch) {
      // The deadline may have passed, and another watch begun, while this one did not listen.
      if (untilLate.aborted) return;
      events++;
      take(sink, event);
      version = event.object.metadata.resourceVersion ?? version;
    }
  };
  try {
    const ms = timeoutSeconds * 1000 + WATCH_GRACE_MS;
    await withDeadline({ clock, ms, signal, late: silent(type.resource) }, follow);
  } catch (error) {
    if (signal.aborted) throw error;
    return { version, error };
  }
  if (events > 0 || clock.now().getTime() - started >= TOO_SHORT_MS) return { version };
  const error = new KubepkiError(
    'UNREACHABLE',
    `the watch of ${type.resource} ended at once and without an event`,
  );
  return { version, error };
}

const silent = (resource: string) => (): KubepkiError =>
  new KubepkiError(
    'UNREACHABLE',
    `the watch of ${resource} did not end when it should: the connection is taken for dead`,
  );

function take<T extends KubernetesObject>(sink: Sink<T>, { type, object }: WatchEvent<T>): void {
  if (type === 'ADDED' || type === 'MODIFIED') sink.put(object);
  else if (type === 'DELETED') sink.delete(object);
}
