/** What a benchmark is, what it yields, and when a bar is reached. */
import { median } from './statistics.ts';

/** A target: named, so that one who reads a failure knows what was promised. */
export interface Bar {
  readonly name: string;
  readonly is: 'at least' | 'at most' | 'below';
  readonly limit: number;
}

export interface Measure {
  readonly label: string;
  /** `x` for a ratio. */
  readonly unit: 'x' | 'per second' | 's' | 'ms' | 'MB' | 'cores';
  /** One value for each round. */
  readonly samples: readonly number[];
  /** The median, or where the worst round counts (a peak of memory) the greatest. */
  readonly statistic?: 'median' | 'greatest';
  readonly bar?: Bar;
}

export interface Outcome {
  /** What was done, in one line. */
  readonly title: string;
  /** Ratios first, then absolute figures. */
  readonly measures: readonly Measure[];
  /** How to read the figures: what favours whom. */
  readonly notes: readonly string[];
  /** Program or library -> version, of all that was compared. */
  readonly peers: Readonly<Record<string, string>>;
}

export interface Context {
  /** A few rounds on little data: to see that the benchmark runs. Its figures mean nothing. */
  readonly quick: boolean;
  /** Says what is under way. */
  readonly progress: (text: string) => void;
}

export type Benchmark = (context: Context) => Promise<Outcome>;

export const valueOf = (measure: Measure): number =>
  measure.statistic === 'greatest' ? Math.max(...measure.samples) : median(measure.samples);

/** Whether a value reaches a bar; on the value as measured, not as it is rounded for the table. */
export function reaches(value: number, { is, limit }: Bar): boolean {
  if (is === 'at least') return value >= limit;
  return is === 'at most' ? value <= limit : value < limit;
}

/** The measures whose bar is missed. */
export const missed = (outcome: Outcome): Measure[] =>
  outcome.measures.filter(
    (measure) => measure.bar !== undefined && !reaches(valueOf(measure), measure.bar),
  );
