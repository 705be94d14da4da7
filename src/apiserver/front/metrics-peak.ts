/** The most that a number was within the last second. */
export class Peak {
  readonly #now: () => Date;
  current = 0;
  /** Of which second of the clock `#most` is. */
  #second = 0;
  #most = 0;
  #mostBefore = 0;

  constructor(now: () => Date) {
    this.#now = now;
  }

  set(count: number): void {
    this.#turn();
    this.current = count;
    if (count > this.#most) this.#most = count;
  }

  lastSecond(): number {
    this.#turn();
    return Math.max(this.#most, this.#mostBefore);
  }

  #turn(): void {
    const second = Math.floor(this.#now().getTime() / 1000);
    if (second === this.#second) return;
    this.#mostBefore = second === this.#second + 1 ? this.#most : this.current;
    this.#most = this.current;
    this.#second = second;
  }
}
