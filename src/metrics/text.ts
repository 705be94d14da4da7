/**
 * Metrics in memory and Prometheus's text form 0.0.4: values, histograms, families of them by their labels.
 *
 * Recording is cheap: a few look-ups of strings that the caller has anyway, nothing is joined or escaped.
 * Values of labels may come from clients, so the number of series of each metric is bounded.
 */

export const METRICS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Series of one metric; what comes on top is counted under `UNEXPECTED`. */
const MOST_SERIES = 2000;
const LONGEST_LABEL = 128;
/** What upstream puts in the place of a value that is not on its list (component-base, metrics/labels.go). */
export const UNEXPECTED = 'unexpected';

export type MetricType = 'counter' | 'gauge' | 'histogram';

/** A counter or a gauge of one set of labels. */
export class Value {
  value = 0;

  add(by: number): void {
    this.value += by;
  }

  write(lines: string[], name: string, labels: string): void {
    lines.push(`${name}${inBraces(labels)} ${number(this.value)}`);
  }
}

export class Histogram {
  readonly #bounds: readonly number[];
  /** Of each bucket alone; the last one has no bound. */
  readonly #counts: Float64Array;
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Float64Array(bounds.length + 1);
  }

  /** What is below zero, as where the clock was put back, counts as zero. */
  observe(value: number): void {
    const seen = value > 0 ? value : 0;
    let bucket = 0;
    // Most requests are in the first buckets: looking from the start beats halving.
    while (bucket < this.#bounds.length && seen > (this.#bounds[bucket] ?? 0)) bucket += 1;
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += seen;
  }

  write(lines: string[], name: string, labels: string): void {
    const before = labels === '' ? '' : `${labels},`;
    let below = 0;
    for (const [index, count] of this.#counts.entries()) {
      below += count;
      const bound = this.#bounds[index];
      const le = bound === undefined ? '+Inf' : number(bound);
      lines.push(`${name}_bucket{${before}le="${le}"} ${below}`);
    }
    lines.push(`${name}_sum${inBraces(labels)} ${number(this.#sum)}`);
    lines.push(`${name}_count${inBraces(labels)} ${below}`);
  }
}

export interface FamilyOptions<T> {
  readonly type: MetricType;
  readonly help: string;
  readonly labels: readonly string[];
  readonly make: () => T;
}

/** A tree of values of labels: no joined key, which hostile values could make ambiguous. */
class Branch<T> {
  readonly next = new Map<string, Branch<T>>();
  series: T | undefined;
}

/** One metric with the series of all its sets of labels. */
export class Family<T extends Value | Histogram> {
  readonly #name: string;
  readonly #options: FamilyOptions<T>;
  readonly #unexpected: Value;
  readonly #root = new Branch<T>();
  /** Labels as text, with their series, in the order in which they came up. */
  readonly #all: [string, T][] = [];

  /** @param unexpected counts the values of labels that were not taken */
  constructor(name: string, options: FamilyOptions<T>, unexpected: Value) {
    this.#name = name;
    this.#options = options;
    this.#unexpected = unexpected;
  }

  /** The series of these values, in the order of the labels. */
  at(...values: readonly string[]): T {
    let branch: Branch<T> | undefined = this.#root;
    for (const value of values) {
      branch = branch.next.get(value);
      if (branch === undefined) break;
    }
    return branch?.series ?? this.#add(values);
  }

  write(lines: string[]): void {
    const { type, help } = this.#options;
    writeHead(lines, this.#name, type, help);
    for (const [labels, series] of this.#all) series.write(lines, this.#name, labels);
  }

  #add(values: readonly string[]): T {
    const full = this.#all.length >= MOST_SERIES;
    const taken = values.map((value) =>
      full || value.length > LONGEST_LABEL ? UNEXPECTED : value,
    );
    if (taken.some((value, index) => value !== values[index])) this.#unexpected.add(1);
    let branch = this.#root;
    for (const value of taken) {
      let next = branch.next.get(value);
      if (next === undefined) {
        next = new Branch();
        branch.next.set(value, next);
      }
      branch = next;
    }
    if (branch.series === undefined) {
      branch.series = this.#options.make();
      this.#all.push([labelText(this.#options.labels, taken), branch.series]);
    }
    return branch.series;
  }
}

/** A metric that somebody else keeps, read when the page is asked for. */
export interface Reading {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  /** Labels with their value; one without labels where there is but one. */
  readonly values: readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[];
}

/** Whatever can stand on the page. */
export type Metric = Reading | { readonly write: (lines: string[]) => void };

export function writeMetric(lines: string[], metric: Metric): void {
  if ('write' in metric) metric.write(lines);
  else writeReading(lines, metric);
}

function writeReading(lines: string[], { name, type, help, values }: Reading): void {
  writeHead(lines, name, type, help);
  for (const [labels, value] of values) {
    const text = labelText(Object.keys(labels), Object.values(labels));
    lines.push(`${name}${inBraces(text)} ${number(value)}`);
  }
}

/** A metric of one value without labels. */
export type Single = [name: string, type: MetricType, help: string, value: number];

export function writeSingles(lines: string[], singles: readonly Single[]): void {
  for (const [name, type, help, value] of singles) {
    writeHead(lines, name, type, help);
    lines.push(`${name} ${number(value)}`);
  }
}

export function writeHead(lines: string[], name: string, type: MetricType, help: string): void {
  lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
}

const labelText = (names: readonly string[], values: readonly string[]): string =>
  names.map((name, index) => `${name}="${escaped(values[index] ?? '')}"`).join(',');

/** The format knows three escapes; what is no text of Unicode is replaced, since readers refuse the page. */
const escaped = (value: string): string =>
  value.toWellFormed().replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

const inBraces = (labels: string): string => (labels === '' ? '' : `{${labels}}`);

function number(value: number): string {
  if (Number.isFinite(value)) return String(value);
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '+Inf' : '-Inf';
}
