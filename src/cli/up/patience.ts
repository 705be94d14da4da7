/** How long something may stand still before it is given up, and what was last heard of it. */
import type { Clock } from '../../client/index.ts';
import { KubepkiError } from '../../errors.ts';

export class Patience {
  readonly #clock: Clock;
  #since: number;
  #trouble: string | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now().getTime();
  }

  /** It goes on. */
  progress(): void {
    this.#since = this.#clock.now().getTime();
    this.#trouble = undefined;
  }

  /** It does not, and this is why. */
  trouble(why: string): void {
    this.#trouble = why;
  }

  /**
   * Rejects when nothing has gone on for so long; never settles once the signal aborts.
   *
   * @throws KubepkiError UNREACHABLE with what was heard last
   */
  async exhausted(ms: number, signal: AbortSignal): Promise<never> {
    for (;;) {
      const left = this.#since + ms - this.#clock.now().getTime();
      if (left <= 0) break;
      try {
        await this.#clock.sleep(left, signal);
      } catch (error) {
        if (!signal.aborted) throw error;
        return new Promise(() => undefined);
      }
    }
    const why = this.#trouble === undefined ? '' : `: ${this.#trouble}`;
    throw new KubepkiError('UNREACHABLE', `no node has come further for ${ms / 1000} s${why}`, {
      hint: 'without --exit it would go on trying; kubectl get csr,nodes shows what waits',
    });
  }
}
