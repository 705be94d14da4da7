/** Deletes what is in a namespace: pods first, and nothing else before the last of them is gone. */
import type { DiscoveredResource } from '../../client/index.ts';
import { PODS, refusedFor } from '../../kubernetes/index.ts';
import { type ControllerContext, textOf } from '../context.ts';
import type { Findings } from './conditions.ts';

interface Content extends Pick<Findings, 'errors' | 'remaining' | 'finalizers'> {
  /** After which what is left may be gone; 0 where nothing is left, or nobody knows. */
  readonly seconds: number;
}

interface Given extends ControllerContext {
  readonly resources: readonly DiscoveredResource[];
}

/** For what waits for its finalizers. */
const FINALIZER_SECONDS = 15;

/** @param deletedAt when the end of the namespace began */
export async function deleteContent(
  given: Given,
  namespace: string,
  deletedAt: Date,
): Promise<Content> {
  const deletable = given.resources.filter(
    ({ namespaced, preferred, verbs }) => namespaced && preferred && verbs.includes('delete'),
  );
  const pods = deletable.filter(isPods);
  const others = deletable.filter((one) => !isPods(one));
  const errors: string[] = [];
  const remaining = new Map<string, number>();
  const finalizers = new Map<string, number>();
  let seconds = 0;
  for (const [index, resources] of [pods, others].entries()) {
    for (const resource of resources) {
      const left = await deleteResource(given, resource, namespace, deletedAt);
      if (left.error !== undefined) {
        errors.push(
          index === 0
            ? `failed to delete pods for namespace: ${namespace}, err: ${left.error}`
            : left.error,
        );
      }
      seconds = Math.max(seconds, left.seconds);
      if (left.count > 0) remaining.set(`${resource.resource}.${resource.group}`, left.count);
      for (const [finalizer, count] of left.finalizers) {
        finalizers.set(finalizer, (finalizers.get(finalizer) ?? 0) + count);
      }
    }
    // Of what pods are deleted without, they might still need something.
    if (index === 0 && remaining.size > 0) return { errors, seconds };
  }
  return { errors, seconds, remaining, finalizers };
}

const isPods = ({ group, version, resource }: DiscoveredResource): boolean =>
  group === PODS.group && version === PODS.version && resource === PODS.resource;

interface Left {
  readonly seconds: number;
  readonly count: number;
  readonly finalizers: ReadonlyMap<string, number>;
  readonly error?: string;
}

async function deleteResource(
  given: Given,
  resource: DiscoveredResource,
  namespace: string,
  deletedAt: Date,
): Promise<Left> {
  const { client, signal } = given;
  let seconds = 0;
  try {
    if (isPods(resource)) seconds = await podSeconds(given, namespace, deletedAt);
    await deleteAll(given, resource, namespace);
    if (!resource.verbs.includes('list')) return { seconds, count: 0, finalizers: new Map() };
    const { items } = await client.list(resource, { namespace, metadataOnly: true, signal });
    const finalizers = new Map<string, number>();
    for (const { metadata } of items) {
      for (const one of metadata.finalizers ?? []) {
        finalizers.set(one, (finalizers.get(one) ?? 0) + 1);
      }
    }
    const count = items.length;
    if (count === 0) return { seconds: 0, count, finalizers };
    if (seconds > 0) return { seconds, count, finalizers };
    if (finalizers.size > 0) return { seconds: FINALIZER_SECONDS, count, finalizers };
    const { group, version } = resource;
    const what = `${group}/${version}, Resource=${resource.resource}`;
    const error = `unexpected items still remain in namespace: ${namespace} for gvr: ${what}`;
    return { seconds, count, finalizers, error };
  } catch (error) {
    if (signal.aborted) throw error;
    return { seconds, count: 0, finalizers: new Map(), error: textOf(error) };
  }
}

async function deleteAll(
  { client, signal }: Given,
  resource: DiscoveredResource,
  namespace: string,
): Promise<void> {
  // Nothing is to be orphaned: all of it goes.
  const options = { propagationPolicy: 'Background', signal } as const;
  if (resource.verbs.includes('deletecollection')) {
    try {
      await client.deleteCollection(resource, namespace, options);
      return;
    } catch (error) {
      if (!isUnsupported(error)) throw error;
    }
  }
  if (!resource.verbs.includes('list')) return;
  const { items } = await client.list(resource, { namespace, metadataOnly: true, signal });
  for (const { metadata } of items) {
    try {
      await client.delete(resource, { namespace, name: metadata.name ?? '' }, options);
    } catch (error) {
      if (!isUnsupported(error)) throw error;
    }
  }
}

const isUnsupported = (error: unknown): boolean =>
  refusedFor(error, 'MethodNotAllowed', 'NotFound');

/** How long the pods may take to end: the longest of them, unless that time is over. */
async function podSeconds(
  { client, clock, signal }: Given,
  namespace: string,
  deletedAt: Date,
): Promise<number> {
  const { items } = await client.list(PODS, { namespace, signal });
  let longest = 0;
  for (const { spec, status } of items) {
    if (status?.phase === 'Succeeded' || status?.phase === 'Failed') continue;
    longest = Math.max(longest, spec.terminationGracePeriodSeconds ?? 0);
  }
  return clock.now().getTime() - deletedAt.getTime() >= longest * 1000 ? 0 : longest;
}
