/** Keeps an object in every namespace that is not going. */
import { createWorkQueue } from '../client/index.ts';
import { type KubernetesObject, type ResourceType, refusedFor } from '../kubernetes/index.ts';
import { type ControllerContext, textOf } from './context.ts';
import type { NamespaceController } from './namespaces.ts';
import { startInformerOf, untilSynced } from './watch.ts';

/** As upstream has for each of them. */
const WORKERS = 1;
/** Before what somebody has changed is put right: two who want it otherwise shall not do nothing else. */
export const PATIENCE_MS = 100;

export interface NamespaceObject<T extends KubernetesObject> {
  readonly type: ResourceType<T>;
  readonly name: string;
  /** As it is made. */
  readonly make: (namespace: string) => T;
  /** What is there as it should be; undefined where it is. */
  readonly mend: (found: T) => T | undefined;
  /** Calls when `make` and `mend` have something new to say, until the signal aborts. */
  readonly onChange?: (listener: () => void, signal: AbortSignal) => void;
}

/** Keeps one object in every namespace. */
export function keeperOf<T extends KubernetesObject>(
  context: ControllerContext,
  wanted: NamespaceObject<T>,
): NamespaceController {
  const { clock, signal, log } = context;
  const queue = createWorkQueue({
    clock,
    onError: (error, namespace) =>
      log({
        level: 'error',
        message: 'failed, and is tried again',
        namespace,
        error: textOf(error),
      }),
  });
  return {
    onChange: ({ object }) => queue.add(object.metadata.name ?? ''),
    async run(namespaces) {
      const objects = startInformerOf(context, wanted.type, {
        fieldSelector: `metadata.name=${wanted.name}`,
        onChange: ({ object }) => queue.addAfter(object.metadata.namespace ?? '', PATIENCE_MS),
      });
      wanted.onChange?.(() => {
        for (const { metadata } of namespaces.list()) queue.add(metadata.name ?? '');
      }, signal);
      // What is there already needs no attempt.
      await untilSynced(objects, namespaces);
      await queue.run(
        WORKERS,
        async (namespace) => {
          const there = namespaces.get(undefined, namespace);
          if (there === undefined || there.metadata.deletionTimestamp !== undefined) return;
          await keep(context, wanted, namespace, objects.get(namespace, wanted.name));
        },
        signal,
      );
      await objects.stopped;
    },
  };
}

async function keep<T extends KubernetesObject>(
  { client, signal, log }: ControllerContext,
  { type, name, make, mend }: NamespaceObject<T>,
  namespace: string,
  found: T | undefined,
): Promise<void> {
  const mended = found === undefined ? make(namespace) : mend(found);
  if (mended === undefined) return;
  try {
    if (found === undefined) await client.create(type, mended, { signal });
    else await client.update(type, mended, { signal });
  } catch (error) {
    // The namespace is going or gone, or somebody was faster: what is there now comes up by itself.
    if (refusedFor(error, 'NotFound', 'AlreadyExists', 'Conflict') || isTerminating(error)) return;
    throw error;
  }
  if (found === undefined) log({ level: 'debug', message: 'made', namespace, name });
  else log({ level: 'info', message: 'put right', namespace, name });
}

const isTerminating = (error: unknown): boolean =>
  refusedFor(error, 'Forbidden') &&
  (error.status.details?.causes ?? []).some(({ reason }) => reason === 'NamespaceTerminating');
