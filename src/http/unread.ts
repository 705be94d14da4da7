/**
 * Answers that were handed over and are not read yet: they stand in memory. A client that asks for much and
 * never reads has so long for each, and so many bytes on one connection; of all together, the connection
 * with the most is ended when there are too many.
 */
import { type Held, heldOf } from './peer.ts';
import type { HttpPeer } from './types.ts';

export interface UnreadLimits {
  readonly unread: number;
  readonly unreadOfAll: number;
  readonly answerMs: number;
}

interface Unread {
  readonly held: Held;
  readonly bytes: number;
  readonly since: number;
  readonly fail: () => void;
}

export class UnreadAnswers {
  readonly #limits: UnreadLimits;
  /** The oldest first. By anything that is one for each answer. */
  readonly #answers = new Map<object, Unread>();
  #bytes = 0;

  constructor(limits: UnreadLimits) {
    this.#limits = limits;
  }

  /** Whether the connection may be handed so many bytes more. Its first answer may be of any size. */
  admits(peer: HttpPeer, bytes: number): boolean {
    const { answers } = heldOf(peer);
    return answers === 0 || answers + bytes <= this.#limits.unread;
  }

  /**
   * From now until `done`, these bytes are unread.
   *
   * @param now milliseconds of a clock that is never set
   * @param fail breaks off the answer, when its time is over
   */
  add(id: object, peer: HttpPeer, bytes: number, now: number, fail: () => void): void {
    const held = heldOf(peer);
    held.answers += bytes;
    this.#bytes += bytes;
    this.#answers.set(id, { held, bytes, since: now, fail });
    if (this.#bytes > this.#limits.unreadOfAll) this.#endGreatest();
  }

  done(id: object): void {
    const answer = this.#answers.get(id);
    if (answer === undefined) return;
    this.#answers.delete(id);
    answer.held.answers -= answer.bytes;
    this.#bytes -= answer.bytes;
  }

  /** Breaks off what was not read in time. To be called every few seconds. */
  sweep(now: number): void {
    for (const [id, { since, fail }] of this.#answers) {
      if (now - since < this.#limits.answerMs) return;
      this.done(id);
      fail();
    }
  }

  #endGreatest(): void {
    let greatest: Held | undefined;
    for (const { held } of this.#answers.values()) {
      if (greatest === undefined || held.answers > greatest.answers) greatest = held;
    }
    if (greatest === undefined) return;
    for (const [id, { held }] of this.#answers) {
      if (held === greatest) this.done(id);
    }
    greatest.end();
  }
}
