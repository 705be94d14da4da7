/**
 * Follows every resource that can be deleted, and tells the graph what it sees of each object: its metadata, and
 * of that as little as counts (kubernetes, pkg/controller/garbagecollector/graph_builder.go, syncMonitors).
 */
import { type DiscoveredResource, reflect } from '../../client/index.ts';
import { apiVersionOf, type KubernetesObject } from '../../kubernetes/index.ts';
import { type ControllerContext, textOf } from '../context.ts';
import type { Graph } from './graph.ts';

const VERBS = ['delete', 'list', 'watch'];
/** They own nothing, are owned by nobody, and are many. */
const IGNORED: ReadonlySet<string> = new Set([' events', 'events.k8s.io events']);

interface Monitor {
  readonly stop: AbortController;
  readonly stopped: Promise<void>;
  isSynced: boolean;
}

export class Monitors {
  readonly #context: ControllerContext;
  readonly #graph: Graph;
  readonly #monitors = new Map<string, Monitor>();
  #whenSynced: (() => void) | undefined;

  constructor(context: ControllerContext, graph: Graph) {
    this.#context = context;
    this.#graph = graph;
  }

  /** Whether all objects of a resource have been seen. */
  isSynced(resource: DiscoveredResource): boolean {
    return this.#monitors.get(keyOf(resource))?.isSynced === true;
  }

  /**
   * Follows what there is, from now on.
   *
   * @param failures versions of groups of which nothing is known at the moment: they are followed as before
   */
  follow(resources: readonly DiscoveredResource[], failures: ReadonlyMap<string, string>): void {
    const wanted = new Map(resources.filter(isFollowed).map((one) => [keyOf(one), one]));
    for (const [key, { stop }] of this.#monitors) {
      const [apiVersion = ''] = key.split(' ');
      if (wanted.has(key) || failures.has(apiVersion)) continue;
      stop.abort();
      this.#monitors.delete(key);
    }
    for (const [key, resource] of wanted) {
      if (!this.#monitors.has(key)) this.#monitors.set(key, this.#start(resource));
    }
  }

  /** Resolves when all of what is followed has been seen. */
  synced(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenSynced = () => {
        if ([...this.#monitors.values()].every(({ isSynced }) => isSynced)) resolve();
      };
      this.#whenSynced();
    });
  }

  /** Resolves when nothing is followed any more: after the signal of the context. */
  async stopped(): Promise<void> {
    await Promise.all([...this.#monitors.values()].map((one) => one.stopped));
  }

  #start(resource: DiscoveredResource): Monitor {
    const { client, clock, random, signal } = this.#context;
    const stop = new AbortController();
    const kind = { apiVersion: apiVersionOf(resource), kind: resource.kind };
    const graph = this.#graph;
    let told = '';
    const stopped = reflect<KubernetesObject>({
      client,
      clock,
      random,
      signal: AbortSignal.any([signal, stop.signal]),
      type: resource,
      metadataOnly: true,
      reduce,
      sink: {
        replace: (objects) => {
          for (const { metadata } of objects) graph.observe(kind, metadata);
          graph.listed(kind, new Set(objects.map(({ metadata }) => metadata.uid ?? '')));
        },
        put: ({ metadata }) => graph.observe(kind, metadata),
        delete: ({ metadata }) => graph.deleted(metadata),
      },
      onSynced: () => {
        monitor.isSynced = true;
        told = '';
        this.#whenSynced?.();
      },
      onError: (error) => {
        const text = textOf(error);
        // It is tried again and again: the same is said once.
        if (text === told) return;
        told = text;
        this.#context.log({
          level: 'warn',
          message: 'cannot follow a resource',
          resource: `${resource.resource}.${resource.group}`,
          error: text,
        });
      },
    });
    const monitor: Monitor = { stop, stopped, isSynced: false };
    return monitor;
  }
}

const keyOf = (resource: DiscoveredResource): string =>
  `${apiVersionOf(resource)} ${resource.resource}`;

const isFollowed = ({ preferred, verbs, group, resource }: DiscoveredResource): boolean =>
  preferred && VERBS.every((verb) => verbs.includes(verb)) && !IGNORED.has(`${group} ${resource}`);

/** What the graph looks at. */
const reduce = ({ metadata }: KubernetesObject): KubernetesObject => {
  const { uid, name, namespace, ownerReferences, finalizers, deletionTimestamp } = metadata;
  return {
    metadata: {
      ...(uid === undefined ? {} : { uid }),
      ...(name === undefined ? {} : { name }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    },
  };
};
