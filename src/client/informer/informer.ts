/** Keeps a list of objects as the server has it, and tells what changes. */
import type { KubernetesObject, ResourceType } from '../../kubernetes/index.ts';
import { pause } from '../abort.ts';
import type { Clock } from '../clock.ts';
import type { KubernetesClient } from '../types.ts';
import { reflect } from './reflector.ts';
import { type Indexers, type InformerChange, Store } from './store.ts';

export interface InformerOptions<T extends KubernetesObject> {
  readonly client: KubernetesClient;
  readonly type: ResourceType<T>;
  /** All, unless given. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Only the metadata of the objects is wanted. */
  readonly metadataOnly?: boolean;
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

/** Starts an informer. It is not waited for: see `synced`. */
export function startInformer<T extends KubernetesObject>(
  options: InformerOptions<T>,
): Informer<T> {
  const { promise: synced, resolve, reject } = Promise.withResolvers<void>();
  synced.catch(() => {});
  const report = reporter(options.onError);
  const store = new Store<T>(options.indexers ?? {}, report);
  const emit = emitter(options.onChange, report);
  const reflecting = reflect<T>({
    ...options,
    sink: {
      replace: (objects) => store.replace(objects, emit),
      put: (object) => store.put(object, emit),
      delete: (object) => store.delete(object, emit),
    },
    onSynced: resolve,
    onError: report,
  });
  const stopped = Promise.all([reflecting, keepResyncing(options, store, emit)]).then(() =>
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

type Report = (error: unknown) => void;
type Emit<T> = (change: InformerChange<T>) => void;

/** A listener that throws harms nobody else. */
function reporter(onError: InformerOptions<KubernetesObject>['onError']): Report {
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
  report: Report,
): Emit<T> {
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
async function keepResyncing<T extends KubernetesObject>(
  { clock, signal, resyncMs = 0 }: InformerOptions<T>,
  store: Store<T>,
  emit: Emit<T>,
): Promise<void> {
  if (resyncMs <= 0) return;
  while (!signal.aborted) {
    await pause(clock, resyncMs, signal).catch(() => {});
    if (signal.aborted) return;
    for (const object of store.list()) emit({ type: 'resync', object });
  }
}
