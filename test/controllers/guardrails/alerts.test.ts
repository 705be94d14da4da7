/** The alerts and the table of docs/operations/guardrails.md name what there is. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { ControllerMetrics, runControllers } from '../../../src/controllers/index.ts';
import { metricsPage } from '../../../src/metrics/index.ts';
import { settle } from '../../manual-clock.ts';
import { apiWithToken, benchOf } from '../support.ts';

const PAGE = readFileSync('docs/operations/guardrails.md', 'utf8');
const NAME = /\b(?:kubepki|workqueue)_[a-z_]+/g;

/** Names of the metrics that the controllers show. */
async function shown(): Promise<ReadonlySet<string>> {
  const bench = benchOf(apiWithToken());
  const metrics = new ControllerMetrics();
  const { client, clock, signal, random, log } = bench.context;
  const ended = runControllers({ client, clock, signal, random, log, metrics });
  await settle();
  const page = metricsPage(metrics.all(), clock.now());
  bench.stop();
  await ended;
  return new Set([...page.matchAll(/^# TYPE (\S+)/gm)].map(([, name = '']) => name));
}

it('the table has every metric, and no other', async () => {
  const table = PAGE.split('\n').filter((line) => line.startsWith('| `'));
  const told = table.flatMap((line) => line.split('|')[1]?.match(NAME) ?? []);
  const ours = [...(await shown())].filter((name) => /^(?:kubepki|workqueue)_/.test(name));
  expect(told.toSorted()).toEqual(ours.toSorted());
});

it('the alerts are rules of Prometheus on metrics that there are', async () => {
  const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(PAGE) ?? [];
  const { groups } = parse(yaml);
  const { rules } = groups[0];
  expect(rules.length).toBeGreaterThan(5);
  const names = await shown();
  for (const { alert, expr, labels, annotations } of rules) {
    expect(alert).toMatch(/^[A-Z][A-Za-z]+$/);
    expect(labels.severity).toMatch(/^(?:warning|critical)$/);
    expect(annotations.summary).toBeTypeOf('string');
    const used: string[] = expr.match(NAME) ?? [];
    expect(used.length).toBeGreaterThan(0);
    for (const name of used) expect(names).toContain(name.replace(/_bucket$/, ''));
  }
});
