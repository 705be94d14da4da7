/** Objects as the API server has them now, found by the kind that a reference names. */
import type { DiscoveredResource, KubernetesClient } from '../../client/index.ts';
import {
  apiVersionOf,
  type KubernetesObject,
  type OwnerReference,
  refusedFor,
} from '../../kubernetes/index.ts';
import type { Kind } from './graph.ts';
import type { Identity } from './identity.ts';
import { sameOwners } from './owners.ts';

/** What cannot be known yet, or never: nothing is done about it, and it is looked at again later. */
export class Unsettled extends Error {
  override readonly name = 'Unsettled';
}

/** An owner in a namespace, named by what is in none: that makes no sense, and never will. */
export class Misplaced extends Error {
  override readonly name = 'Misplaced';
}

export type Propagation = 'Orphan' | 'Background' | 'Foreground';

export class LiveObjects {
  readonly #client: KubernetesClient;
  readonly #signal: AbortSignal;
  #byKind = new Map<string, DiscoveredResource>();
  #preferred = new Map<string, DiscoveredResource>();

  constructor(client: KubernetesClient, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  /** What the server has, from now on. */
  discovered(resources: readonly DiscoveredResource[]): void {
    this.#byKind = new Map();
    this.#preferred = new Map();
    for (const resource of resources) {
      const key = `${apiVersionOf(resource)} ${resource.kind}`;
      if (!this.#byKind.has(key)) this.#byKind.set(key, resource);
      if (resource.preferred)
        this.#preferred.set(`${resource.group}/${resource.resource}`, resource);
    }
  }

  /** @throws Unsettled for a kind that the server does not have */
  resourceOf({ apiVersion, kind }: Kind): DiscoveredResource {
    const found = this.#byKind.get(`${apiVersion} ${kind}`);
    if (found !== undefined) return found;
    throw new Unsettled(`there is no kind ${kind} in ${apiVersion}`);
  }

  /** The version of it that is followed. */
  preferred(kind: Kind): DiscoveredResource {
    const { group, resource, ...rest } = this.resourceOf(kind);
    return this.#preferred.get(`${group}/${resource}`) ?? { group, resource, ...rest };
  }

  /**
   * Its metadata; undefined where there is nothing of this name. It may be another object by now.
   *
   * @throws Misplaced, Unsettled, and what the client throws
   */
  async get(identity: Identity): Promise<KubernetesObject | undefined> {
    const resource = this.resourceOf(identity);
    if (resource.namespaced && identity.namespace === '') {
      throw new Misplaced(`${identity.kind} ${identity.name} is in no namespace`);
    }
    try {
      return await this.#client.get(resource, place(resource, identity), {
        metadataOnly: true,
        signal: this.#signal,
      });
    } catch (error) {
      if (refusedFor(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  /**
   * Deletes it, if it is still owned as it was seen.
   *
   * @returns false where it is gone already
   */
  async delete(
    identity: Identity,
    seen: KubernetesObject | undefined,
    propagationPolicy: Propagation,
  ): Promise<boolean> {
    const resource = this.resourceOf(identity);
    const { uid } = identity;
    const resourceVersion = seen?.metadata.resourceVersion ?? '';
    const preconditions = { uid, ...(resourceVersion === '' ? {} : { resourceVersion }) };
    try {
      await this.#client.delete(resource, place(resource, identity), {
        preconditions,
        propagationPolicy,
        signal: this.#signal,
      });
      return true;
    } catch (error) {
      if (refusedFor(error, 'NotFound')) return false;
      if (seen === undefined || !refusedFor(error, 'Conflict')) throw error;
      const now = await this.get(identity);
      if (now === undefined) return false;
      const isSame = now.metadata.uid === uid && now.metadata.resourceVersion !== resourceVersion;
      if (!isSame || !sameOwners(now.metadata.ownerReferences, seen.metadata.ownerReferences)) {
        throw error;
      }
      // It changes too often, but not in what counts here.
      return await this.delete(identity, undefined, propagationPolicy);
    }
  }

  /** Changes its owner references. Who does not know strategic patches is sent all of them. */
  async patchOwners(
    identity: Identity,
    references: readonly object[],
    rest: (owners: readonly OwnerReference[]) => readonly OwnerReference[],
  ): Promise<void> {
    const { uid } = identity;
    try {
      const metadata = { uid, ownerReferences: references };
      await this.#patch(identity, 'strategic-merge-patch', metadata);
    } catch (error) {
      if (!refusedFor(error, 'UnsupportedMediaType')) throw error;
      const now = await this.get(identity);
      if (now === undefined) return;
      const { resourceVersion, ownerReferences: owners = [] } = now.metadata;
      await this.#patch(identity, 'merge-patch', {
        uid,
        resourceVersion,
        ownerReferences: rest(owners),
      });
    }
  }

  /** Takes a finalizer away; that it is gone already, or the object is, is no error. */
  async removeFinalizer(identity: Identity, finalizer: string): Promise<void> {
    for (let left = MOST_CONFLICTS; ; left -= 1) {
      const now = await this.get(identity);
      const { finalizers = [], resourceVersion, uid } = now?.metadata ?? {};
      if (uid !== identity.uid || !finalizers.includes(finalizer)) return;
      try {
        await this.#patch(identity, 'merge-patch', {
          resourceVersion,
          finalizers: finalizers.filter((one) => one !== finalizer),
        });
        return;
      } catch (error) {
        if (refusedFor(error, 'NotFound')) return;
        if (left === 1 || !refusedFor(error, 'Conflict')) throw error;
      }
    }
  }

  async #patch(
    identity: Identity,
    type: 'merge-patch' | 'strategic-merge-patch',
    metadata: object,
  ): Promise<void> {
    const resource = this.resourceOf(identity);
    await this.#client.patch(
      resource,
      place(resource, identity),
      { metadata },
      { type, metadataOnly: true, signal: this.#signal },
    );
  }
}

/** As client-go's retry.DefaultBackoff; after that it waits its turn. */
const MOST_CONFLICTS = 4;

const place = (
  { namespaced }: DiscoveredResource,
  { namespace, name }: Identity,
): { readonly namespace?: string; readonly name: string } =>
  namespaced ? { namespace, name } : { name };
