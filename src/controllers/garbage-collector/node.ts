/** An object in the graph of owners and dependents. */
import type { OwnerReference } from '../../kubernetes/index.ts';
import type { Identity } from './identity.ts';

/** Shared by all that have none: most objects are nobody's owner. */
const NOBODY: ReadonlySet<GraphNode> = new Set();

export class GraphNode {
  identity: Identity;
  /** That it is there, and where, has been seen; else it is only named by a dependent. */
  observed: boolean;
  owners: readonly OwnerReference[] = [];
  beingDeleted = false;
  /** Waits until no dependent blocks it. */
  deletingDependents = false;
  /** Waits until no dependent names it. */
  orphaning = false;
  #dependents: Set<GraphNode> | undefined;

  constructor(identity: Identity, observed: boolean) {
    this.identity = identity;
    this.observed = observed;
  }

  get uid(): string {
    return this.identity.uid;
  }

  /** For the collector. */
  get waits(): boolean {
    return this.deletingDependents || this.orphaning;
  }

  get dependents(): ReadonlySet<GraphNode> {
    return this.#dependents ?? NOBODY;
  }

  /** Those without which it must not go. */
  blockingDependents(): GraphNode[] {
    return [...this.dependents].filter(({ owners }) =>
      owners.some(({ uid, blockOwnerDeletion }) => uid === this.uid && blockOwnerDeletion === true),
    );
  }

  addDependent(node: GraphNode): void {
    this.#dependents ??= new Set();
    this.#dependents.add(node);
  }

  deleteDependent(node: GraphNode): void {
    this.#dependents?.delete(node);
    if (this.#dependents?.size === 0) this.#dependents = undefined;
  }
}
