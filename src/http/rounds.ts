/**
 * Takes requests from connections in rounds. What comes over one connection in one piece may be hundreds of
 * requests: begun all at once, they would keep a client with a single one waiting until the last is through.
 */

/** Requests of one connection in one turn of the event loop. */
const MOST = 16;

export class Rounds<T> {
  /** Begun since the last round, of those connections that have begun any. */
  readonly #begun = new Map<T, number>();
  readonly #waiting = new Map<T, (() => void)[]>();
  #isScheduled = false;

  /** Begins now, or in a later round, in the order in which they came. */
  begin(connection: T, request: () => void): void {
    const begun = (this.#begun.get(connection) ?? 0) + 1;
    if (begun <= MOST) {
      this.#begun.set(connection, begun);
      request();
      return;
    }
    const queue = this.#waiting.get(connection);
    if (queue === undefined) this.#waiting.set(connection, [request]);
    else queue.push(request);
    this.#schedule();
  }

  /** Nobody is there any more. */
  forget(connection: T): void {
    this.#begun.delete(connection);
    this.#waiting.delete(connection);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#next);
  }

  readonly #next = (): void => {
    this.#isScheduled = false;
    this.#begun.clear();
    for (const [connection, queue] of this.#waiting) {
      const round = queue.splice(0, MOST);
      this.#begun.set(connection, round.length);
      if (queue.length === 0) this.#waiting.delete(connection);
      for (const request of round) request();
    }
    if (this.#waiting.size > 0) this.#schedule();
  };
}
