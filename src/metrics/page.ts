/** The page of a program that is no API server. */
import { processValues } from './process.ts';
import { type Metric, writeMetric, writeSingles } from './text.ts';

/** What is counted, and what the process says of itself; to be sent with `METRICS_CONTENT_TYPE`. */
export function metricsPage(metrics: readonly Metric[], startedAt: Date): string {
  const lines: string[] = [];
  for (const metric of metrics) writeMetric(lines, metric);
  writeSingles(lines, processValues(startedAt));
  lines.push('');
  return lines.join('\n');
}
