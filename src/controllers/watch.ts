/** Starts the informers of controllers: trouble with a watch is told in the log, and survived. */
import { type Informer, type InformerOptions, startInformer } from '../client/index.ts';
import type { KubernetesObject, ResourceType } from '../kubernetes/index.ts';
import { type ControllerContext, textOf } from './context.ts';

type Wanted<T extends KubernetesObject> = Pick<
  InformerOptions<T>,
  'namespace' | 'fieldSelector' | 'labelSelector' | 'indexers' | 'metadataOnly' | 'onChange'
>;

/** Runs until the signal aborts. */
export function startInformerOf<T extends KubernetesObject>(
  { client, clock, random, signal, log }: ControllerContext,
  type: ResourceType<T>,
  wanted: Wanted<T>,
): Informer<T> {
  return startInformer({
    client,
    clock,
    random,
    signal,
    type,
    ...wanted,
    onError: (error) =>
      log({ level: 'warn', message: `cannot watch ${type.resource}`, error: textOf(error) }),
  });
}

/** Resolves when everything is known, or the controllers are told to end before. */
export async function untilSynced(...informers: readonly SomeInformer[]): Promise<void> {
  const synced = Promise.all(informers.map((one) => one.synced)).catch(() => undefined);
  await Promise.race([synced, ...informers.map((one) => one.stopped)]);
}

type SomeInformer = Pick<Informer<KubernetesObject>, 'synced' | 'stopped'>;
