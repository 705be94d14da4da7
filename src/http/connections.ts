/**
 * Connections that are through with their handshake. When there are as many as there may be, the one that
 * has been idle for the longest time makes room for the next; where each is at work, the next gets none.
 */

export class Connections<T> {
  readonly #most: number;
  /** How to end each. */
  readonly #all = new Map<T, () => void>();
  /** Without a request, for the longest time first, with the time since when. */
  readonly #idle = new Map<T, number>();

  constructor(most: number) {
    this.#most = most;
  }

  /**
   * False where it has no place.
   *
   * @param end ends it in order, for it is idle then
   * @param now milliseconds of a clock that is never set, here and below
   */
  add(connection: T, end: () => void, now: number): boolean {
    if (this.#all.size >= this.#most && !this.#endIdlest()) return false;
    this.#all.set(connection, end);
    this.#idle.set(connection, now);
    return true;
  }

  busy(connection: T): void {
    this.#idle.delete(connection);
  }

  idle(connection: T, now: number): void {
    if (!this.#all.has(connection)) return;
    this.#idle.delete(connection);
    this.#idle.set(connection, now);
  }

  /** Ends those that have been idle since `time` or longer. */
  endIdleSince(time: number): void {
    for (const [connection, since] of this.#idle) {
      if (since > time) return;
      this.#end(connection);
    }
  }

  delete(connection: T): void {
    this.#all.delete(connection);
    this.#idle.delete(connection);
  }

  #endIdlest(): boolean {
    const [idlest] = this.#idle.keys();
    if (idlest === undefined) return false;
    this.#end(idlest);
    return true;
  }

  #end(connection: T): void {
    const end = this.#all.get(connection);
    this.delete(connection);
    end?.();
  }
}
