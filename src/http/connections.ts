/**
 * Connections that are through with their handshake. When there are as many as there may be, the one that
 * has been idle for the longest time makes room for the next; where each is at work, the next gets none.
 */

export class Connections<T> {
  readonly #most: number;
  /** How to end each. */
  readonly #all = new Map<T, () => void>();
  /** Without a request, for the longest time first. */
  readonly #idle = new Set<T>();

  constructor(most: number) {
    this.#most = most;
  }

  /** False where it has no place. @param end ends it in order, for it is idle then */
  add(connection: T, end: () => void): boolean {
    if (this.#all.size >= this.#most && !this.#endIdlest()) return false;
    this.#all.set(connection, end);
    this.#idle.add(connection);
    return true;
  }

  turned(connection: T, busy: boolean): void {
    if (busy) this.#idle.delete(connection);
    else if (this.#all.has(connection)) this.#idle.add(connection);
  }

  delete(connection: T): void {
    this.#all.delete(connection);
    this.#idle.delete(connection);
  }

  #endIdlest(): boolean {
    const [idlest] = this.#idle;
    if (idlest === undefined) return false;
    const end = this.#all.get(idlest);
    this.delete(idlest);
    end?.();
    return true;
  }
}
