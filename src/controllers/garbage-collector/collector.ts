/**
 * Deletes what has lost its owners, and lets go what waits for its dependents (kubernetes,
 * pkg/controller/garbagecollector/garbagecollector.go). Before anything is deleted the API server is asked:
 * whether the object is still this one, and of each of its owners whether that is there. Where an answer fails
 * nothing is done, and it is tried again later.
 */
import { type KubernetesObject, type OwnerReference, refusedFor } from '../../kubernetes/index.ts';
import type { Log } from '../context.ts';
import type { AbsentOwners } from './absent-owners.ts';
import { FOREGROUND, type Graph, ORPHAN } from './graph.ts';
import { type Identity, meantBy, shown } from './identity.ts';
import { type LiveObjects, Misplaced, type Propagation, Unsettled } from './live-objects.ts';
import type { GraphNode } from './node.ts';
import { removals, unblocked, without } from './owners.ts';

export interface CollectorOptions {
  readonly graph: Graph;
  readonly live: LiveObjects;
  readonly absent: AbsentOwners;
  /** Whether all objects of this one's kind are seen. */
  readonly isFollowed: (identity: Identity) => boolean;
  readonly attemptToDelete: (uid: string) => void;
  readonly log: Log;
}

/** Dependents that lose their owner at the same time. */
const AT_ONCE = 20;

export class Collector {
  readonly #options: CollectorOptions;

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  /** @throws Unsettled where it is to be looked at again, without this being a failure */
  async attemptToDelete(uid: string): Promise<void> {
    const { graph, live } = this.#options;
    const node = graph.get(uid);
    // What is being deleted goes its way, and its dependents follow.
    if (node === undefined || (node.beingDeleted && !node.deletingDependents)) return;
    try {
      const now = await live.get(node.identity);
      if (now?.metadata.uid !== uid) {
        graph.notFound(node.identity);
        return;
      }
      // A watch may have told more meanwhile, which asks for another look.
      if (graph.get(uid) !== node) return;
      if (node.deletingDependents) await this.#letGo(node);
      else await this.#judge(node, now);
      this.#confirm(node, now);
    } catch (error) {
      if (!(error instanceof Misplaced)) throw error;
      this.#options.log({ level: 'debug', message: error.message, object: shown(node.identity) });
    }
  }

  /** Its dependents lose it as their owner, then it goes. */
  async attemptToOrphan(uid: string): Promise<void> {
    const { graph, live, log } = this.#options;
    const node = graph.get(uid);
    if (node === undefined || !node.orphaning) return;
    const dependents = [...node.dependents];
    for (let at = 0; at < dependents.length; at += AT_ONCE) {
      await Promise.all(
        dependents.slice(at, at + AT_ONCE).map(async (one) => this.#disown(one, [uid])),
      );
    }
    await live.removeFinalizer(node.identity, ORPHAN);
    log({
      level: 'debug',
      message: 'orphaned dependents',
      object: shown(node.identity),
      dependents: dependents.length,
    });
  }

  /** It was only named: now it is known, as long as its kind is followed. */
  #confirm(node: GraphNode, { metadata }: KubernetesObject): void {
    const { graph, live, isFollowed } = this.#options;
    if (node.observed || graph.get(node.uid) !== node) return;
    if (!isFollowed(node.identity)) {
      throw new Unsettled(`${node.identity.kind} objects are not followed yet`);
    }
    const { group, version, kind } = live.preferred(node.identity);
    graph.observe({ apiVersion: group === '' ? version : `${group}/${version}`, kind }, metadata);
  }

  /** Waits for its dependents. */
  async #letGo(node: GraphNode): Promise<void> {
    const { live, attemptToDelete } = this.#options;
    const blocking = node.blockingDependents();
    if (blocking.length === 0) await live.removeFinalizer(node.identity, FOREGROUND);
    for (const one of blocking) if (!one.deletingDependents) attemptToDelete(one.uid);
  }

  async #judge(node: GraphNode, now: KubernetesObject): Promise<void> {
    const { ownerReferences: owners = [] } = now.metadata;
    if (owners.length === 0) return;
    const { solid, dangling, waiting } = await this.#classify(node, owners);
    if (solid > 0) {
      // Those that wait would wait for ever: this one stays.
      const lost = [...dangling, ...waiting];
      if (lost.length > 0) await this.#disown(node, lost);
      return;
    }
    if (waiting.length > 0 && node.dependents.size > 0) {
      // Perhaps they wait for each other in a circle, which is broken here.
      if ([...node.dependents].some((one) => one.deletingDependents))
        await this.#unblock(node, owners);
      await this.#delete(node, now, 'Foreground');
      return;
    }
    const { finalizers = [] } = now.metadata;
    const policy = finalizers.includes(ORPHAN)
      ? 'Orphan'
      : finalizers.includes(FOREGROUND)
        ? 'Foreground'
        : 'Background';
    await this.#delete(node, now, policy);
  }

  async #delete(node: GraphNode, now: KubernetesObject, policy: Propagation): Promise<void> {
    const { graph, live, log } = this.#options;
    const isThere = await live.delete(node.identity, now, policy);
    if (!isThere) {
      graph.notFound(node.identity);
      return;
    }
    log({ level: 'debug', message: 'deleted', object: shown(node.identity), policy });
  }

  async #disown({ identity }: GraphNode, uids: readonly string[]): Promise<void> {
    const { live } = this.#options;
    try {
      await live.patchOwners(identity, removals(uids), without(uids));
    } catch (error) {
      if (!refusedFor(error, 'NotFound')) throw error;
    }
  }

  /** @throws Unsettled where it has changed something: then it is looked at anew */
  async #unblock({ identity }: GraphNode, owners: readonly OwnerReference[]): Promise<void> {
    const blocking = owners.filter(({ blockOwnerDeletion }) => blockOwnerDeletion === true);
    if (blocking.length === 0) return;
    await this.#options.live.patchOwners(identity, unblocked(blocking), unblocked);
    throw new Unsettled('it does not block its owners any more');
  }

  async #classify(
    node: GraphNode,
    owners: readonly OwnerReference[],
  ): Promise<{ solid: number; dangling: string[]; waiting: string[] }> {
    const found: { solid: number; dangling: string[]; waiting: string[] } = {
      solid: 0,
      dangling: [],
      waiting: [],
    };
    for (const reference of owners) {
      const owner = await this.#ownerOf(node, reference);
      if (owner === undefined) found.dangling.push(reference.uid);
      else if (isWaiting(owner)) found.waiting.push(reference.uid);
      else found.solid += 1;
    }
    return found;
  }

  /** Undefined where it is surely not there. */
  async #ownerOf(
    { identity: { namespace } }: GraphNode,
    reference: OwnerReference,
  ): Promise<KubernetesObject | undefined> {
    const { absent, live } = this.#options;
    const inCluster = meantBy(reference, '');
    const inNamespace = meantBy(reference, namespace);
    if (absent.has(inCluster) || absent.has(inNamespace)) return undefined;
    const { namespaced } = live.resourceOf(reference);
    const meant = namespaced ? inNamespace : inCluster;
    const owner = await live.get(meant);
    if (owner?.metadata.uid === reference.uid) return owner;
    absent.add(meant);
    return undefined;
  }
}

const isWaiting = ({
  metadata: { deletionTimestamp, finalizers = [] },
}: KubernetesObject): boolean => deletionTimestamp !== undefined && finalizers.includes(FOREGROUND);
