/**
 * Who owns whom, as far as it matters: objects that have owners, those that are named as owners, and those that
 * wait for the collector. All others are forgotten as soon as they are seen, so that a cluster without owners
 * costs nothing. What follows from a change is put into the two queues of the collector (kubernetes,
 * pkg/controller/garbagecollector/graph_builder.go).
 */
import type { ObjectMeta, OwnerReference } from '../../kubernetes/index.ts';
import {
  type Identity,
  isBefore,
  keyOfIdentity,
  means,
  meantBy,
  sameIdentity,
} from './identity.ts';
import { GraphNode } from './node.ts';

export const ORPHAN = 'orphan';
export const FOREGROUND = 'foregroundDeletion';

/** What the graph asks for. Objects are named by their uid. */
export interface GraphListener {
  /** Perhaps it is to be deleted, or waits for nothing any more. */
  attemptToDelete(uid: string): void;
  /** As `attemptToDelete`, later. */
  attemptToDeleteLater(uid: string): void;
  attemptToOrphan(uid: string): void;
  /** An owner is surely not there. */
  absent(identity: Identity): void;
  /** A dependent names an owner of another namespace. */
  invalidNamespace(dependent: Identity, owner: Identity): void;
}

export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
}

export class Graph {
  readonly #nodes = new Map<string, GraphNode>();
  readonly #listener: GraphListener;

  constructor(listener: GraphListener) {
    this.#listener = listener;
  }

  get size(): number {
    return this.#nodes.size;
  }

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid);
  }

  /** An object as it is: seen by a watch, or asked for. */
  observe({ apiVersion, kind }: Kind, metadata: ObjectMeta): void {
    const { uid = '', name = '', namespace = '', ownerReferences: owners = [] } = metadata;
    if (uid === '') return;
    const identity = { apiVersion, kind, namespace, name, uid };
    const known = this.#nodes.get(uid);
    if (known?.observed === false) this.#recognise(known, identity);
    const state = stateOf(metadata);
    if (known === undefined && owners.length === 0 && !state.waits) return;
    const node = known ?? this.#insert(identity, true);
    const before = { deletingDependents: node.deletingDependents, orphaning: node.orphaning };
    this.#setOwners(node, owners);
    node.beingDeleted = state.beingDeleted;
    node.deletingDependents = state.deletingDependents;
    node.orphaning = state.orphaning;
    if (state.orphaning) {
      if (!before.orphaning) this.#listener.attemptToOrphan(uid);
    } else if (state.deletingDependents && !before.deletingDependents) {
      for (const dependent of node.dependents) this.#listener.attemptToDelete(dependent.uid);
      this.#listener.attemptToDelete(uid);
    }
    this.#forgetUnlessNeeded(node);
  }

  /** A watch has seen it go. */
  deleted({ uid = '' }: ObjectMeta): void {
    const node = this.#nodes.get(uid);
    if (node !== undefined) this.#remove(node);
  }

  /** It is not where it was looked for, which is all that is known. */
  notFound(identity: Identity): void {
    const node = this.#nodes.get(identity.uid);
    if (node === undefined) return;
    const { matching, others } = partition([...node.dependents], identity);
    if (node.observed ? sameIdentity(node.identity, identity) : others.length === 0) {
      this.#remove(node);
      return;
    }
    // Dependents do not agree where it is: those that named this place have no such owner.
    if (matching.length > 0) {
      this.#listener.absent(identity);
      for (const dependent of matching) this.#listener.attemptToDelete(dependent.uid);
    }
    if (node.observed || !sameIdentity(node.identity, identity)) return;
    const other = otherPlace(others, identity);
    if (other === undefined) return;
    node.identity = other;
    this.#listener.attemptToDeleteLater(node.uid);
  }

  /**
   * All objects of a kind that there are: what else was known of it is in doubt, and is looked up. (It may be
   * newer than the list.)
   */
  listed({ apiVersion, kind }: Kind, uids: ReadonlySet<string>): void {
    for (const node of this.#nodes.values()) {
      const { identity } = node;
      if (identity.kind !== kind || groupOf(identity) !== groupOf({ apiVersion })) continue;
      if (!node.observed || uids.has(node.uid)) continue;
      node.observed = false;
      this.#listener.attemptToDelete(node.uid);
    }
  }

  #insert(identity: Identity, observed: boolean): GraphNode {
    const node = new GraphNode(identity, observed);
    this.#nodes.set(identity.uid, node);
    return node;
  }

  /** What was only named until now is seen: who named it otherwise is looked at. */
  #recognise(node: GraphNode, identity: Identity): void {
    if (!sameIdentity(node.identity, identity)) {
      for (const dependent of partition([...node.dependents], identity).others) {
        if (identity.namespace !== '' && dependent.identity.namespace !== identity.namespace) {
          this.#reportInvalidNamespace(dependent, node.uid);
        }
        this.#listener.attemptToDelete(dependent.uid);
      }
      node.identity = identity;
    }
    node.observed = true;
  }

  #setOwners(node: GraphNode, owners: readonly OwnerReference[]): void {
    const before = new Map(node.owners.map((owner) => [owner.uid, owner]));
    const after = new Map(owners.map((owner) => [owner.uid, owner]));
    node.owners = owners;
    for (const [uid, owner] of before) {
      const now = after.get(uid);
      if (owner.blockOwnerDeletion === true && now?.blockOwnerDeletion !== true) {
        // Who waited for this one may wait for nothing any more.
        if (this.#nodes.has(uid)) this.#listener.attemptToDelete(uid);
      }
      if (now === undefined) this.#unlink(node, uid);
    }
    const added = owners.filter((owner) => !before.has(owner.uid));
    if (added.length > 0) this.#link(node, added);
  }

  #link(node: GraphNode, owners: readonly OwnerReference[]): void {
    let doubtful = false;
    for (const reference of owners) {
      const { namespace } = node.identity;
      const known = this.#nodes.get(reference.uid);
      const owner = known ?? this.#insert(meantBy(reference, namespace), false);
      owner.addDependent(node);
      if (known === undefined) {
        this.#listener.attemptToDelete(owner.uid);
        continue;
      }
      if (doubtful) continue;
      const { identity, observed } = owner;
      const isElsewhere = identity.namespace !== namespace;
      if (isElsewhere && identity.namespace !== '') {
        doubtful = true;
        if (observed) this.#reportInvalidNamespace(node, owner.uid);
      } else {
        // Of a cluster-scoped object that names one of a namespace, the place is a guess.
        doubtful = !means(reference, identity) || (isElsewhere && !observed);
      }
    }
    if (doubtful) this.#listener.attemptToDelete(node.uid);
  }

  #unlink(node: GraphNode, uid: string): void {
    const owner = this.#nodes.get(uid);
    if (owner === undefined) return;
    owner.deleteDependent(node);
    this.#forgetUnlessNeeded(owner);
  }

  #remove(node: GraphNode): void {
    this.#nodes.delete(node.uid);
    for (const { uid } of node.owners) this.#unlink(node, uid);
    const dependents = [...node.dependents];
    if (dependents.length > 0) this.#listener.absent(node.identity);
    for (const dependent of dependents) this.#listener.attemptToDelete(dependent.uid);
    for (const { uid } of node.owners) {
      if (this.#nodes.get(uid)?.deletingDependents === true) this.#listener.attemptToDelete(uid);
    }
  }

  #forgetUnlessNeeded(node: GraphNode): void {
    if (node.owners.length > 0 || node.dependents.size > 0 || node.waits) return;
    this.#nodes.delete(node.uid);
  }

  #reportInvalidNamespace({ identity, owners }: GraphNode, uid: string): void {
    const owner = owners.find((one) => one.uid === uid);
    if (owner === undefined) return;
    this.#listener.invalidNamespace(identity, meantBy(owner, identity.namespace));
  }
}

const groupOf = ({ apiVersion }: Pick<Kind, 'apiVersion'>): string =>
  apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';

interface State {
  readonly beingDeleted: boolean;
  readonly deletingDependents: boolean;
  readonly orphaning: boolean;
  readonly waits: boolean;
}

function stateOf({ deletionTimestamp, finalizers = [] }: ObjectMeta): State {
  const beingDeleted = deletionTimestamp !== undefined;
  const deletingDependents = beingDeleted && finalizers.includes(FOREGROUND);
  const orphaning = beingDeleted && finalizers.includes(ORPHAN);
  return { beingDeleted, deletingDependents, orphaning, waits: deletingDependents || orphaning };
}

/** Dependents by whether they name the owner as it is. With several references to it, one can be in both. */
function partition(
  dependents: readonly GraphNode[],
  identity: Identity,
): { readonly matching: GraphNode[]; readonly others: GraphNode[] } {
  const matching: GraphNode[] = [];
  const others: GraphNode[] = [];
  for (const dependent of dependents) {
    const isElsewhere =
      identity.namespace !== '' && identity.namespace !== dependent.identity.namespace;
    const references = dependent.owners.filter(({ uid }) => uid === identity.uid);
    if (!isElsewhere && references.some((one) => means(one, identity))) matching.push(dependent);
    if (isElsewhere || references.some((one) => !means(one, identity))) others.push(dependent);
  }
  return { matching, others };
}

/** Where else dependents say that the owner is: the next place in order, and after the last the first. */
function otherPlace(dependents: readonly GraphNode[], absent: Identity): Identity | undefined {
  const seen = new Set([keyOfIdentity(absent)]);
  let first: Identity | undefined;
  let next: Identity | undefined;
  for (const { identity, owners } of dependents) {
    for (const reference of owners) {
      if (reference.uid !== absent.uid) continue;
      const isHere = absent.namespace === '' || absent.namespace === identity.namespace;
      if (isHere && means(reference, absent)) continue;
      const isClusterScoped =
        absent.namespace === '' &&
        reference.apiVersion === absent.apiVersion &&
        reference.kind === absent.kind;
      const place = meantBy(reference, isClusterScoped ? '' : identity.namespace);
      const key = keyOfIdentity(place);
      if (seen.has(key)) continue;
      seen.add(key);
      if (first === undefined || isBefore(place, first)) first = place;
      if (isBefore(absent, place) && (next === undefined || isBefore(place, next))) next = place;
    }
  }
  return next ?? first;
}
