/**
 * Which nodes should have renewed their certificates by now. kubelets do so after 70 to 90 % of a
 * certificate's life (client-go, util/certificate); one that does not says nothing, asks for nothing, and is
 * lost when the certificate ends.
 */

export type NodeCertificateKind = 'client' | 'serving';

export interface Validity {
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** The newest certificate of a node. */
export interface Overdue {
  readonly node: string;
  readonly kind: NodeCertificateKind;
  readonly notAfter: Date;
}

const RENEWED_BY = 0.9;
/** Somebody has to approve and to sign: so long, but no longer than this part of the life. */
const GRACE_MS = 15 * 60_000;
const GRACE = 0.05;
/** An entry has 100 bytes; beyond, who has not been heard of for the longest goes. */
const MOST_ENTRIES = 40_000;
/** Where nobody says that a Node is gone, what ended so long ago is forgotten. */
const FORGOTTEN_AFTER_MS = 7 * 86_400_000;

export class NodeCertificates {
  readonly #newest = new Map<string, Overdue & { readonly due: number }>();

  /** A node has or uses this certificate; only the one that ends last counts. */
  seen(node: string, kind: NodeCertificateKind, { notBefore, notAfter }: Validity): void {
    const key = `${kind}/${node}`;
    const known = this.#newest.get(key);
    if (known !== undefined && known.notAfter >= notAfter) return;
    this.#newest.delete(key);
    this.#newest.set(key, { node, kind, notAfter, due: dueOf(notBefore, notAfter) });
    if (this.#newest.size <= MOST_ENTRIES) return;
    for (const oldest of this.#newest.keys()) {
      this.#newest.delete(oldest);
      return;
    }
  }

  /** The Node is deleted. */
  forget(node: string): void {
    for (const kind of ['client', 'serving'] as const) this.#newest.delete(`${kind}/${node}`);
  }

  /** Whose renewal is overdue, those first whose certificate ends first. */
  overdue(now: Date): Overdue[] {
    const at = now.getTime();
    const found: Overdue[] = [];
    for (const [key, { due, ...one }] of this.#newest) {
      if (at - one.notAfter.getTime() > FORGOTTEN_AFTER_MS) this.#newest.delete(key);
      else if (at > due) found.push(one);
    }
    return found.sort((a, b) => a.notAfter.getTime() - b.notAfter.getTime());
  }

  /** Certificates that it knows of each kind. */
  known(kind: NodeCertificateKind): number {
    let count = 0;
    for (const one of this.#newest.values()) if (one.kind === kind) count++;
    return count;
  }
}

function dueOf(notBefore: Date, notAfter: Date): number {
  const life = notAfter.getTime() - notBefore.getTime();
  return notBefore.getTime() + life * RENEWED_BY + Math.min(GRACE_MS, life * GRACE);
}
