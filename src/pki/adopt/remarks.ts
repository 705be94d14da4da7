/** What the operator should know of an adoption besides its result. */
import { quotable } from '../../errors.ts';

/** Collected as the work goes on; every text is one line, safe for a terminal and for a comment. */
export class Remarks {
  /** What no file says, and what was written instead. */
  readonly untold: string[] = [];
  /** What is wrong or odd with what is there. */
  readonly problems: string[] = [];
  /** Why a file that belongs to a PKI was not taken, by path. */
  readonly leftOver = new Map<string, string>();

  tell(text: string): void {
    this.#add(this.untold, text);
  }

  warn(text: string): void {
    this.#add(this.problems, text);
  }

  leave(path: string, why: string): void {
    if (!this.leftOver.has(path)) this.leftOver.set(path, quotable(why));
  }

  #add(list: string[], text: string): void {
    const line = quotable(text);
    if (!list.includes(line)) list.push(line);
  }
}
