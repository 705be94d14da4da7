/**
 * Whether requests grow towards a limit, and when they will be there. A fleet that starts makes thousands in
 * a minute, which is no alarm; what grows for long is: in upstream's worst known case one request of each
 * node every quarter of an hour, for years, half a million in the end.
 */

const MINUTE = 60_000;
/** How often it is measured. */
export const MEASURE_MS = MINUTE;
/** In minutes. In all of them it has to grow: what has stopped is no matter, and what has begun just now may stop. */
const WINDOWS = [5, 10, 60];
const LONGEST = 60;
/** Before, nothing is said. */
const SHORTEST = 10;

export interface Forecast {
  /** Per hour, never below zero. */
  readonly perHour: number;
  /** Milliseconds until the limit is reached; Infinity where it will not be. */
  readonly reachedIn: number;
}

/** A number that is measured every minute. */
export class Growth {
  /** The newest last, a minute apart. */
  readonly #values: number[] = [];

  measure(value: number): void {
    this.#values.push(value);
    if (this.#values.length > LONGEST + 1) this.#values.shift();
  }

  forecast(limit: number): Forecast {
    const last = this.#values.at(-1) ?? 0;
    const perMinute = Math.max(0, Math.min(...WINDOWS.map((minutes) => this.#slope(minutes))));
    if (last >= limit) return { perHour: perMinute * 60, reachedIn: 0 };
    const reachedIn = perMinute === 0 ? Infinity : ((limit - last) / perMinute) * MINUTE;
    return { perHour: perMinute * 60, reachedIn };
  }

  /** Per minute, over so many minutes or as many as there are; 0 before there are enough to tell. */
  #slope(minutes: number): number {
    const known = this.#values.length - 1;
    if (known < SHORTEST) return 0;
    const steps = Math.min(minutes, known);
    return ((this.#values.at(-1) ?? 0) - (this.#values.at(-1 - steps) ?? 0)) / steps;
  }
}
