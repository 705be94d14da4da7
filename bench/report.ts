/** The outcome of a benchmark as a table for people and as data for programs. */
import { formatTable } from '../src/cli/output.ts';
import { type Measure, type Outcome, reaches, valueOf } from './benchmark.ts';
import type { Environment } from './environment.ts';
import { formatNumber, quantile } from './statistics.ts';

/** One table: ratios and bars first, then what they were computed from. */
export function formatOutcome(name: string, outcome: Outcome): string {
  const measures = [
    ...outcome.measures.filter(comesFirst),
    ...outcome.measures.filter((measure) => !comesFirst(measure)),
  ];
  const table = formatTable(['MEASURE', 'VALUE', 'RANGE', 'ROUNDS', 'BAR'], measures.map(row));
  const notes = outcome.notes.map((note) => `* ${note}`);
  return [`${name}: ${outcome.title}`, '', table, '', ...notes].join('\n').trimEnd();
}

const comesFirst = ({ unit, bar }: Measure): boolean => unit === 'x' || bar !== undefined;

function row(measure: Measure): string[] {
  const { label, unit, samples, bar } = measure;
  const value = valueOf(measure);
  return [
    label,
    unit === 'x' ? `${formatNumber(value)} x` : `${formatNumber(value)} ${unit}`,
    `${formatNumber(quantile(samples, 0))} to ${formatNumber(quantile(samples, 1))}`,
    String(samples.length),
    bar === undefined
      ? ''
      : `${reaches(value, bar) ? 'pass' : 'FAIL'}: ${bar.name}, ${bar.is} ${bar.limit}`,
  ];
}

/** What is written beside the table, raw samples included. */
export function outcomeData(
  name: string,
  outcome: Outcome,
  environment: Environment,
  quick: boolean,
): unknown {
  return {
    benchmark: name,
    title: outcome.title,
    ...(quick ? { quick: 'few rounds on little data: the figures mean nothing' } : {}),
    environment,
    peers: outcome.peers,
    measures: outcome.measures.map((measure) => ({
      label: measure.label,
      unit: measure.unit,
      statistic: measure.statistic ?? 'median',
      value: valueOf(measure),
      ...(measure.bar === undefined
        ? {}
        : { bar: { ...measure.bar, pass: reaches(valueOf(measure), measure.bar) } }),
      samples: measure.samples,
    })),
    notes: outcome.notes,
  };
}
