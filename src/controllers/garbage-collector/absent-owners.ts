/** Owners that are surely not there, so that the many dependents of one do not each ask for it. */
import { type Identity, keyOfIdentity } from './identity.ts';

/** As upstream (graph_builder.go, NewReferenceCache). */
const MOST = 500;

export class AbsentOwners {
  readonly #keys = new Set<string>();

  add(identity: Identity): void {
    const key = keyOfIdentity(identity);
    this.#keys.delete(key);
    this.#keys.add(key);
    if (this.#keys.size <= MOST) return;
    // The one that nobody has asked for longest.
    const [oldest] = this.#keys;
    if (oldest !== undefined) this.#keys.delete(oldest);
  }

  has(identity: Identity): boolean {
    const key = keyOfIdentity(identity);
    if (!this.#keys.delete(key)) return false;
    this.#keys.add(key);
    return true;
  }
}
