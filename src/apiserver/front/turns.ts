/**
 * Spreads what one event makes many do over several turns of the event loop: a change that a thousand
 * watchers wait for must not keep other requests waiting until the last of them has it. Who comes late may
 * find more than one change, and takes them all at once.
 */
export class Turns {
  readonly #most: number;
  #passed = 0;
  #waiting: (() => void)[] = [];

  /** @param most how many pass in one turn */
  constructor(most: number) {
    this.#most = most;
  }

  /** Undefined for who may go on at once; the others are let on first come, first served. */
  pass(): Promise<void> | undefined {
    if (this.#passed < this.#most && this.#waiting.length === 0) {
      if (this.#passed === 0) setImmediate(this.#next);
      this.#passed += 1;
      return undefined;
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  readonly #next = (): void => {
    const turn = this.#waiting.splice(0, this.#most);
    this.#passed = turn.length;
    if (this.#passed > 0) setImmediate(this.#next);
    for (const goOn of turn) goOn();
  };
}
