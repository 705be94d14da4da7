/**
 * Keeps a list of objects as the server has it: lists once, watches from there, resumes a watch that
 * ends, and lists anew where it cannot be resumed. It never gives up before its signal aborts; the
 * delays are those of client-go's reflector (tools/cache/reflector.go).
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
import type { KubernetesClient } from '../types.ts';
import { type Indexers, type InformerChange, Store } from './store.ts';

export interface InformerOptions<T extends KubernetesObject> {
  readonly client: KubernetesClient;
  readonly type: ResourceType<T>;
  /** All, unless given. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly clock: Clock;
  /** In [0, 1). */
  readonly random: () => number;
  /** Ends the informer. */
  readonly signal: AbortSignal;
  /** Told each change after it has taken place in the store. What it throws goes to `onError`. */
  readonly onChange?: (change: InformerChange<T>) => void | Promise<void>;
  /** Told of every trouble, each of which the informer survives. */
  readonly onError?: (error: unknown) => void;
  /** Every so many milliseconds each object is shown again, as `resync`. */
  readonly resyncMs?: number;
  readonly indexers?: Indexers<T>;
}

export interface Informer<T extends KubernetesObject> {
  /** Resolves after the first list, all of it told; rejects with the signal's reason if that aborts before. */
  readonly synced: Promise<void>;
  /** Resolves when the signal has aborted and the informer has ended. Never rejects. */
  readonly stopped: Promise<void>;
  get(namespace: string | undefined, name: string): T | undefined;
  list(): readonly T[];
  /**
   * The objects for which the indexer of this name gives this value.
   *
   * @throws TypeError for an indexer that was not given
   */
  byIndex(index: string, value: string): readonly T[];
}

const PAGE = 500;
/** A watch lasts a random time from 5 to 10 minutes. */
const SHORTEST_WATCH_S = 300;
/** What a server may take longer than it was asked to end a watch: then the connection is taken for dead. */
const WATCH_GRACE_MS = 30_000;
/** A watch that ends sooner, without an event, counts as trouble. */
const TOO_SHORT_MS = 1_000;

/** Starts an informer. It is not waited for: see `synced`. */
export function startInformer<T extends KubernetesObject>(
  options: InformerOptions<T>,
): Informer<T> {
  const { promise: synced, resolve, reject } = Promise.withResolvers<void>();
  synced.catch(() => {});
  const report = reporter(options.onError);
  const store = new Store<T>(options.indexers ?? {}, report);
  const emit = emitter(options.onChange, report);
  const run = { options, store, report, emit, synced: resolve };
  const stopped = Promise.all([keepWatching(run), keepResyncing(run)]).then(() =>
    reject(options.signal.reason),
  );
  return {
    synced,
    stopped,
    get: (namespace, name) => store.get(namespace, name),
    list: () => store.list(),
    byIndex: (index, value) => store.byIndex(index, value),
  };
}

interface Run<T extends KubernetesObject> {
  readonly options: InformerOptions<T>;
  readonly store: Store<T>;
  readonly report: (error: unknown) => void;
  readonly emit: (change: InformerChange<T>) => void;
  readonly synced: () => void;
}

/** A listener that throws harms nobody else. */
function reporter(onError: InformerOptions<KubernetesObject>['onError']): Run<never>['report'] {
  return (error) => {
    try {
      onError?.(error);
    } catch {
      // There is nobody left to tell.
    }
  };
}

function emitter<T extends KubernetesObject>(
  onChange: InformerOptions<T>['onChange'],
  report: Run<T>['report'],
): Run<T>['emit'] {
  return (change) => {
    try {
      const done = onChange?.(change);
      if (done !== undefined) Promise.resolve(done).catch(report);
    } catch (error) {
      report(error);
    }
  };
}

/** Until the signal aborts. */
async function keepWatching<T extends KubernetesObject>(run: Run<T>): Promise<void> {
  const { clock, random, signal } = run.options;
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
        version = await list(run);
        run.synced();
      }
      const end = await watchOnce(run, version);
      version = end.version;
      if (end.error === undefined) continue;
      run.report(end.error);
      if (!resumable(end.error)) version = undefined;
    } catch (error) {
      if (signal.aborted) return;
      run.report(error);
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
async function list<T extends KubernetesObject>(run: Run<T>): Promise<string | undefined> {
  const { client, type, signal } = run.options;
  const items: T[] = [];
  const query = { ...selection(run.options), signal };
  let page = await client.list(type, { ...query, limit: PAGE });
  for (let next = page.metadata.continue; next; next = page.metadata.continue) {
    for (const item of page.items) items.push(item);
    try {
      page = await client.list(type, { ...query, limit: PAGE, continue: next });
    } catch (error) {
      if (!refusedFor(error, 'Expired', 'Gone')) throw error;
      // Paging was slower than the server forgets: all at once, as client-go's pager does.
      items.length = 0;
      page = await client.list(type, query);
    }
  }
  for (const item of page.items) items.push(item);
  run.store.replace(items, run.emit);
  return page.metadata.resourceVersion;
}

const selection = <T extends KubernetesObject>(
  options: InformerOptions<T>,
): Pick<InformerOptions<T>, 'namespace' | 'labelSelector' | 'fieldSelector'> => {
  const { namespace, labelSelector, fieldSelector } = options;
  return {
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
  run: Run<T>,
  from: string | undefined,
): Promise<WatchEnd> {
  const { client, type, clock, random, signal } = run.options;
  const timeoutSeconds = Math.floor(SHORTEST_WATCH_S * (1 + random()));
  const started = clock.now().getTime();
  let version = from;
  let events = 0;
  const follow = async (untilLate: AbortSignal): Promise<void> => {
    const watch = client.watch(type, {
      ...selection(run.options),
      ...(from === undefined ? {} : { resourceVersion: from }),
      allowWatchBookmarks: true,
      timeoutSeconds,
      signal: untilLate,
    });
    for await (const event of watch) {
      // The deadline may have passed, and another watch begun, while this one did not listen.
      if (untilLate.aborted) return;
      events++;
      take(run, event);
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

function take<T extends KubernetesObject>(run: Run<T>, { type, object }: WatchEvent<T>): void {
  if (type === 'ADDED' || type === 'MODIFIED') run.store.put(object, run.emit);
  else if (type === 'DELETED') run.store.delete(object, run.emit);
}

/** Until the signal aborts. */
async function keepResyncing<T extends KubernetesObject>({
  options: { clock, signal, resyncMs = 0 },
  store,
  emit,
}: Run<T>): Promise<void> {
  if (resyncMs <= 0) return;
  while (!signal.aborted) {
    await pause(clock, resyncMs, signal).catch(() => {});
    if (signal.aborted) return;
    for (const object of store.list()) emit({ type: 'resync', object });
  }
}
