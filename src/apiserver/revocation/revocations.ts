/**
 * What is revoked, in memory: looked up at every request, so each question costs a look into a map or, while
 * nothing of its kind is revoked, none. Whoever has an answer without an end (a watch) is told when it is
 * over.
 */
import {
  type RevocationSpec,
  type RevokedSubject,
  revokedSubject,
  type UserInfo,
} from '../../kubernetes/index.ts';
import type { Peer, Shown } from '../types.ts';
import {
  credentialIdsOf,
  isHit,
  peerCredentialIds,
  tokenIdOf,
  tokenIdOfUser,
  valuesOf,
} from './shown.ts';

/** Why somebody is refused. */
export interface Hit {
  /** The name of the Revocation; of several, the first. */
  readonly revocation: string;
  readonly kind: RevokedSubject['kind'];
}

interface Known {
  readonly subject: RevokedSubject | undefined;
  readonly revision: number;
}

interface Held {
  readonly shown: Shown;
  readonly end: () => void;
}

export class Revocations {
  /** Names of Revocations, by what they revoke. */
  readonly #names: Readonly<Record<RevokedSubject['kind'], Map<string, readonly string[]>>> = {
    user: new Map(),
    tokenId: new Map(),
    credentialId: new Map(),
  };
  /** By name. */
  readonly #known = new Map<string, Known>();
  /** Names deleted by this server, with the revision, until the watch has come as far. */
  readonly #deleted = new Map<string, number>();
  readonly #held = new Set<Held>();

  /** For the metrics. */
  readonly counts = {
    /** Requests that were refused, by what of them is revoked. */
    refused: { user: 0, tokenId: 0, credentialId: 0 },
    /** Watches that were ended. */
    ended: 0,
  };

  /** How many Revocations there are. */
  get size(): number {
    return this.#known.size;
  }

  /** A Revocation as it stands at this revision. What is known of a later one stays. */
  stored(name: string, spec: Omit<RevocationSpec, 'reason'>, revision: number): void {
    const before = this.#known.get(name);
    if ((before?.revision ?? 0) >= revision || (this.#deleted.get(name) ?? 0) > revision) return;
    const subject = revokedSubject(spec);
    if (before !== undefined) this.#forget(name, before);
    this.#known.set(name, { subject, revision });
    if (subject === undefined) return;
    const names = this.#names[subject.kind];
    for (const value of valuesOf(subject)) names.set(value, [...(names.get(value) ?? []), name]);
    for (const held of this.#held) if (isHit(subject, held.shown)) held.end();
  }

  deleted(name: string, revision: number): void {
    const before = this.#known.get(name);
    if ((before?.revision ?? 0) > revision) return;
    this.#deleted.set(name, revision);
    if (before === undefined) return;
    this.#known.delete(name);
    this.#forget(name, before);
  }

  /** The names of all that there are. */
  names(): Iterable<string> {
    return this.#known.keys();
  }

  /** Everything up to this revision has been told. */
  settled(revision: number): void {
    for (const [name, deleted] of this.#deleted) {
      if (deleted <= revision) this.#deleted.delete(name);
    }
  }

  #forget(name: string, { subject }: Known): void {
    if (subject === undefined) return;
    const names = this.#names[subject.kind];
    for (const value of valuesOf(subject)) {
      const left = (names.get(value) ?? []).filter((one) => one !== name);
      if (left.length === 0) names.delete(value);
      else names.set(value, left);
    }
  }

  /** By name, by the bootstrap token that they came with, or by a credential that is known of them. */
  ofUser(user: UserInfo): Hit | undefined {
    const { user: users, tokenId, credentialId } = this.#names;
    if (users.size > 0) {
      const hit = this.#find('user', user.name);
      if (hit !== undefined) return hit;
    }
    if (tokenId.size > 0) {
      const id = tokenIdOfUser(user);
      const hit = id === undefined ? undefined : this.#find('tokenId', id);
      if (hit !== undefined) return hit;
    }
    if (credentialId.size > 0) return this.#anyOf('credentialId', credentialIdsOf(user));
    return undefined;
  }

  /** Whatever else comes over a connection that was made with a revoked certificate. */
  ofPeer(peer: Peer): Hit | undefined {
    if (this.#names.credentialId.size === 0) return undefined;
    return this.#anyOf('credentialId', peerCredentialIds(peer));
  }

  ofToken(token: string): Hit | undefined {
    if (this.#names.tokenId.size === 0) return undefined;
    const id = tokenIdOf(token);
    return id === undefined ? undefined : this.#find('tokenId', id);
  }

  of({ peer, token, users }: Shown): Hit | undefined {
    const shown =
      (peer === undefined ? undefined : this.ofPeer(peer)) ??
      (token === undefined ? undefined : this.ofToken(token));
    if (shown !== undefined) return shown;
    for (const user of users) {
      const hit = this.ofUser(user);
      if (hit !== undefined) return hit;
    }
    return undefined;
  }

  /**
   * Calls `end`, once or more, as soon as one of these is revoked.
   *
   * @returns what says that it has ended by itself
   */
  hold(shown: Shown, end: () => void): () => void {
    const held: Held = { shown, end };
    this.#held.add(held);
    return () => this.#held.delete(held);
  }

  #anyOf(kind: RevokedSubject['kind'], values: readonly string[]): Hit | undefined {
    for (const value of values) {
      const hit = this.#find(kind, value);
      if (hit !== undefined) return hit;
    }
    return undefined;
  }

  #find(kind: RevokedSubject['kind'], value: string): Hit | undefined {
    const [revocation] = this.#names[kind].get(value) ?? [];
    return revocation === undefined ? undefined : { revocation, kind };
  }
}
