/** Keys that delete themselves: when each is due, and the timer that sees to it. */
import type { Lifetime } from './journal.ts';

/**
 * Calls back once, after so many milliseconds, and answers what takes that back.
 */
export type Timer = (callback: () => void, ms: number) => () => void;

/** Keeps no process alive. */
export const systemTimer: Timer = (callback, ms) => {
  const timeout = setTimeout(callback, ms);
  timeout.unref();
  return () => clearTimeout(timeout);
};

/** The clock may be set, and timers stand still while a machine sleeps: it is asked this often. */
const LONGEST_WAIT_MS = 10_000;
/** How long after a deletion that failed the next try comes. */
const RETRY_MS = 1_000;
/** The most keys that one turn of the event loop deletes. */
const MOST_AT_ONCE = 500;

interface Life {
  readonly key: string;
  seconds: number;
  endsAt: number;
}

/** A reminder to look at a life, not later than it ends. */
interface Reminder {
  readonly at: number;
  readonly life: Life;
}

export class Expiry {
  readonly #now: () => Date;
  readonly #timer: Timer;
  /** Deletes keys; resolves whether it could or not. */
  readonly #expire: (keys: readonly string[]) => Promise<void>;
  readonly #lives = new Map<string, Life>();
  /** A heap: the next reminder first. Each life has one reminder here, or is being deleted. */
  readonly #reminders: Reminder[] = [];
  #alarm: { readonly at: number; readonly cancel: () => void } | undefined;
  #stopped = false;

  constructor(
    now: () => Date,
    timer: Timer,
    expire: (keys: readonly string[]) => Promise<void>,
    lifetimes: ReadonlyMap<string, Lifetime> = new Map(),
  ) {
    this.#now = now;
    this.#timer = timer;
    this.#expire = expire;
    for (const [key, lifetime] of lifetimes) this.set(key, lifetime);
  }

  secondsOf(key: string): number | undefined {
    return this.#lives.get(key)?.seconds;
  }

  /** What the last write of a key says: undefined for one that stays, or that is gone. */
  set(key: string, lifetime: Lifetime | undefined): void {
    if (lifetime === undefined) {
      this.#lives.delete(key);
      return;
    }
    const { seconds, endsAt } = lifetime;
    const known = this.#lives.get(key);
    if (known !== undefined && endsAt >= known.endsAt) {
      // Its reminder comes too early now, and is put off then.
      known.seconds = seconds;
      known.endsAt = endsAt;
      return;
    }
    const life = { key, seconds, endsAt };
    this.#lives.set(key, life);
    this.#remind({ at: endsAt, life });
  }

  stop(): void {
    this.#stopped = true;
    this.#alarm?.cancel();
    this.#alarm = undefined;
  }

  #remind(reminder: Reminder): void {
    push(this.#reminders, reminder);
    this.#setAlarm();
  }

  #setAlarm(): void {
    const next = this.#reminders[0];
    if (next === undefined || this.#stopped) return;
    const now = this.#now().getTime();
    const at = Math.min(Math.max(next.at, now), now + LONGEST_WAIT_MS);
    if (this.#alarm !== undefined && this.#alarm.at <= at) return;
    this.#alarm?.cancel();
    this.#alarm = { at, cancel: this.#timer(this.#ring, at - now) };
  }

  readonly #ring = (): void => {
    this.#alarm = undefined;
    const due = this.#due();
    if (due.length > 0) void this.#delete(due);
    this.#setAlarm();
  };

  #due(): Life[] {
    const now = this.#now().getTime();
    const due: Life[] = [];
    for (let next = this.#reminders[0]; next !== undefined; next = this.#reminders[0]) {
      if (next.at > now || due.length === MOST_AT_ONCE) break;
      pop(this.#reminders);
      const { life } = next;
      if (this.#lives.get(life.key) !== life) continue;
      if (life.endsAt > now) push(this.#reminders, { at: life.endsAt, life });
      else due.push(life);
    }
    return due;
  }

  async #delete(due: readonly Life[]): Promise<void> {
    await this.#expire(due.map(({ key }) => key));
    const retry = this.#now().getTime() + RETRY_MS;
    for (const life of due) {
      // Written again meanwhile, or the deletion could not be written.
      if (this.#lives.get(life.key) === life) {
        this.#remind({ at: Math.max(life.endsAt, retry), life });
      }
    }
  }
}

function push(heap: Reminder[], reminder: Reminder): void {
  let at = heap.length;
  for (;;) {
    const parent = (at - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || above.at <= reminder.at) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = reminder;
}

/** Takes the first out. */
function pop(heap: Reminder[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    const [left, right] = [heap[2 * at + 1], heap[2 * at + 2]];
    if (left === undefined) break;
    const [child, below] =
      right !== undefined && right.at < left.at ? [2 * at + 2, right] : [2 * at + 1, left];
    if (last.at <= below.at) break;
    heap[at] = below;
    at = child;
  }
  heap[at] = last;
}
