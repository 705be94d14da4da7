/**
 * `npm run bench`: runs the benchmarks, prints a table for each and writes bench/results/NAME.json.
 *
 *     node bench/run.ts [--strict] [--quick] [name...]
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Benchmark, Context } from './benchmark.ts';
import { missed } from './benchmark.ts';
import { environment } from './environment.ts';
import { formatOutcome, outcomeData } from './report.ts';

/** Loaded when asked for, so that none carries the weight of another. */
const BENCHMARKS = new Map<string, () => Promise<{ readonly benchmark: Benchmark }>>([
  ['issue', () => import('./issue.bench.ts')],
  ['fleet', () => import('./fleet.bench.ts')],
  ['startup', () => import('./startup.bench.ts')],
  ['protobuf', () => import('./protobuf.bench.ts')],
  ['memory', () => import('./memory.bench.ts')],
  ['up', () => import('./up.bench.ts')],
  ['bootstrap', () => import('./bootstrap.bench.ts')],
  ['server', () => import('./server.bench.ts')],
]);

const USAGE = `usage: npm run bench -- [--strict] [--quick] [name...]
  names     ${[...BENCHMARKS.keys()].join(', ')}; all of them where none is given
  --strict  exit status 1 where a bar is missed
  --quick   few rounds on little data: shows that the benchmarks run, the figures mean nothing`;

const EXIT_USAGE = 64;
const RESULTS = join(import.meta.dirname, 'results');

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      strict: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const unknown = positionals.filter((name) => !BENCHMARKS.has(name));
  if (unknown.length > 0) throw new TypeError(`no benchmark is called ${unknown.join(', ')}`);
  let failed = 0;
  for (const [name, load] of BENCHMARKS) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    failed += await runOne(name, (await load()).benchmark, values.quick);
  }
  return values.strict && failed > 0 ? 1 : 0;
}

/** @returns how many bars were missed */
async function runOne(name: string, benchmark: Benchmark, quick: boolean): Promise<number> {
  const context: Context = {
    quick,
    progress: (text) => process.stderr.write(`bench: ${name}: ${text}\n`),
  };
  const machine = environment(new Date(), tmpdir());
  if (machine.load > machine.cores / 4) {
    context.progress(`the machine is busy (load ${machine.load}): the figures mean little`);
  }
  const outcome = await benchmark(context);
  const path = join(RESULTS, `${name}.json`);
  mkdirSync(RESULTS, { recursive: true });
  const data = outcomeData(name, outcome, machine, quick);
  writeFileSync(path, `${JSON.stringify(data, null, 2)}\n`);
  console.log(`${formatOutcome(name, outcome)}\n`);
  return missed(outcome).length;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const isUsage = error instanceof TypeError;
  console.error(`bench: ${message}${isUsage ? `\n${USAGE}` : ''}`);
  if (!isUsage && error instanceof Error) console.error(error.stack);
  process.exitCode = isUsage ? EXIT_USAGE : 1;
}
