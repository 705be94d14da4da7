/**
 * So many places, of which no user can have all: a user gets one more as long as it has less than four for
 * each that is free. Alone it gets four fifths; two get four ninths each; whoever comes next always finds some
 * free, unless there are as many users as places.
 */

const PER_FREE = 4;

export class FairPlaces {
  readonly #limit: number;
  #taken = 0;
  readonly #byUser = new Map<string, number>();

  /** @param limit Infinity where there is none */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Whether the user has got a place. */
  take(user: string): boolean {
    const own = this.#byUser.get(user) ?? 0;
    if (own >= PER_FREE * (this.#limit - this.#taken)) return false;
    this.#taken += 1;
    this.#byUser.set(user, own + 1);
    return true;
  }

  release(user: string): void {
    this.#taken -= 1;
    const left = (this.#byUser.get(user) ?? 1) - 1;
    if (left === 0) this.#byUser.delete(user);
    else this.#byUser.set(user, left);
  }
}
