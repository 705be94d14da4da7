/** Keeps the graph of the Node authorizer as the stored objects have it, as far as they are served. */
import { setImmediate as turn } from 'node:timers/promises';
import type { KubernetesObject } from '../../kubernetes/index.ts';
import type { Registry, ServedEvent } from '../registry/index.ts';
import type { ResourceDefinition } from '../resources/index.ts';
import type { NodeGraph, NodeOwned } from './node-graph.ts';

type Source = Pick<Registry, 'definition' | 'list' | 'watch'>;

interface Followed {
  readonly kind: NodeOwned;
  /** Group, version, resource. */
  readonly of: readonly [string, string, string];
  readonly stored: (graph: NodeGraph, object: KubernetesObject) => void;
}

const FOLLOWED: readonly Followed[] = [
  { kind: 'pod', of: ['', 'v1', 'pods'], stored: (graph, pod) => graph.pod(pod) },
  {
    kind: 'pv',
    of: ['', 'v1', 'persistentvolumes'],
    stored: (graph, volume) => graph.persistentVolume(volume),
  },
  {
    kind: 'volumeattachment',
    of: ['storage.k8s.io', 'v1', 'volumeattachments'],
    stored: (graph, attachment) => graph.volumeAttachment(attachment),
  },
  {
    kind: 'resourceslice',
    of: ['resource.k8s.io', 'v1', 'resourceslices'],
    stored: (graph, slice) => graph.resourceSlice(slice),
  },
  {
    kind: 'podcertificaterequest',
    of: ['certificates.k8s.io', 'v1beta1', 'podcertificaterequests'],
    stored: (graph, request) => graph.podCertificateRequest(request),
  },
];

const PAGE = 500;

/**
 * Follows until the signal aborts; begins again where a watch ends.
 *
 * @throws StatusError where a list or watch is refused, KubepkiError where the storage fails
 */
export async function followNodeGraph(
  graph: NodeGraph,
  registry: Source,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all(
    FOLLOWED.map(async (followed) => {
      const definition = registry.definition(...followed.of);
      if (definition !== undefined) await follow(graph, registry, definition, followed, signal);
    }),
  );
}

async function follow(
  graph: NodeGraph,
  registry: Source,
  definition: ResourceDefinition,
  followed: Followed,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const { objects, revision } = await everything(registry, definition);
    graph.clear(followed.kind);
    for (const object of objects) followed.stored(graph, object);
    // With version 0 a watch begins with what is there, which is nothing.
    const request = { resourceVersion: String(revision) };
    await apply(graph, registry.watch(definition, request, signal), followed);
    await turn();
  }
}

async function everything(
  registry: Source,
  definition: ResourceDefinition,
): Promise<{ objects: readonly KubernetesObject[]; revision: number }> {
  let page = await registry.list(definition, { limit: PAGE });
  const { revision } = page;
  const objects: KubernetesObject[] = [];
  for (;;) {
    for (const { object } of page.items) objects.push(object);
    if (page.continue === undefined || page.continue === '') return { objects, revision };
    page = await registry.list(definition, { limit: PAGE, continue: page.continue });
  }
}

async function apply(
  graph: NodeGraph,
  watch: AsyncIterable<readonly ServedEvent[]>,
  { kind, stored }: Followed,
): Promise<void> {
  for await (const events of watch) {
    for (const { type, object } of events) {
      if (type === 'ERROR' || !isObject(object)) return;
      if (type === 'DELETED') graph.deleted(kind, object);
      else if (type !== 'BOOKMARK') stored(graph, object);
    }
  }
}

/** A Status has a kind of its own. */
const isObject = (object: ServedEvent['object']): object is KubernetesObject =>
  object.kind !== 'Status';
