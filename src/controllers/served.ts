/** What only some servers have. */
import { discoverVersion } from '../client/index.ts';
import type { KubernetesObject, ResourceType } from '../kubernetes/index.ts';
import { type ControllerContext, textOf } from './context.ts';

const AGAIN_MS = 5_000;

/**
 * The first of these versions of a resource that the server has; undefined where it has none of them, which is
 * told once. A server that does not answer is asked again.
 *
 * @throws what the signal aborts with
 */
export async function servedType<T extends KubernetesObject>(
  { client, clock, signal, log }: ControllerContext,
  type: ResourceType<T>,
  versions: readonly string[] = [type.version],
): Promise<ResourceType<T> | undefined> {
  for (;;) {
    try {
      for (const version of versions) {
        const found = await discoverVersion(client, { group: type.group, version }, { signal });
        if (found.some(({ resource }) => resource === type.resource)) return { ...type, version };
      }
      log({ level: 'info', message: `not started: the server has no ${type.resource}` });
      return undefined;
    } catch (error) {
      signal.throwIfAborted();
      log({ level: 'warn', message: 'cannot ask what there is', error: textOf(error) });
    }
    await clock.sleep(AGAIN_MS, signal);
  }
}
