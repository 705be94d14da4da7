/**
 * npm run fuzz -- [--seconds N] [--seed N] [READER...]
 *
 * Feeds the readers with damaged inputs for N seconds in all (60), as many readers at a time as there
 * are cores. What fails is written to a file, and the exit status is 1. The same seed draws the same
 * inputs again; KUBEPKI_SEED is its default, as in every test.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Report } from './one-reader.ts';
import { READERS } from './readers.ts';
import { savedInput } from './saved-input.ts';

/** An input that takes this long is a hang. Above the limit of the slowest reader. */
const HANG_SECONDS = 60;
const HEAP_MEGABYTES = 768;

const { readers, seconds, seed } = readArguments();
const atOnce = Math.min(availableParallelism(), readers.length);
const each = (seconds * atOnce) / readers.length;
console.log(`fuzz: --seed ${seed}, ${each.toFixed(1)} s for each reader`);

const waiting = [...readers];
const directory = mkdtempSync(join(tmpdir(), 'kubepki-fuzz-'));
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) await fuzz(name);
  }),
);
// It stays where an input was kept in it.
if (process.exitCode === undefined) rmSync(directory, { recursive: true });

function readArguments(): { readers: string[]; seconds: number; seed: number } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        seconds: { type: 'string', default: '60' },
        seed: { type: 'string', default: process.env['KUBEPKI_SEED'] },
      },
    });
    const all = Object.keys(READERS);
    const unknown = positionals.find((name) => !all.includes(name));
    if (unknown !== undefined) {
      throw new RangeError(`no reader is called ${unknown}; there are ${all.join(', ')}`);
    }
    const asked = {
      readers: positionals.length > 0 ? positionals : all,
      seconds: Number(values.seconds),
      seed: Number(values.seed ?? Math.floor(Math.random() * 2 ** 31)),
    };
    if (!(asked.seconds > 0) || !Number.isSafeInteger(asked.seed)) {
      throw new RangeError('--seconds and --seed take numbers');
    }
    return asked;
  } catch (error) {
    console.error(`fuzz: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(64);
  }
}

/** Fuzzes one reader and prints its line. */
async function fuzz(reader: string): Promise<void> {
  const file = join(directory, reader);
  const child = fork(
    join(import.meta.dirname, 'one-reader.ts'),
    [reader, seed, each, file].map(String),
    {
      execArgv: [...process.execArgv, `--max-old-space-size=${HEAP_MEGABYTES}`],
    },
  );
  const outcome = await outcomeOf(child, file);
  const report: Partial<Report> = typeof outcome === 'string' ? { failure: outcome } : outcome;
  const { executions = 0, accepted = 0, slowest, failure } = report;
  if (failure !== undefined) {
    process.exitCode = 1;
    const saved = savedInput(file);
    const kept = join(directory, `${reader}-${seed}.input`);
    writeFileSync(kept, saved.input);
    console.error(
      `${reader}: failed at execution ${saved.executions} of --seed ${seed}: ${failure}`,
    );
    console.error(`the input is in ${kept}`);
    return;
  }
  const share = ((100 * accepted) / executions).toFixed(1);
  console.log(
    `${reader.padEnd(14)}${String(executions).padStart(10)} executions, ${share.padStart(5)} % accepted, slowest ${slowest?.ms.toFixed(1)} ms (${slowest?.how})`,
  );
}

/** What the process reports, or what became of it. */
async function outcomeOf(child: ChildProcess, file: string): Promise<Report | string> {
  let hung = false;
  let last = -1;
  let since = performance.now();
  const watch = setInterval(() => {
    const { executions } = savedInput(file);
    if (executions !== last) {
      last = executions;
      since = performance.now();
    } else if (performance.now() - since > HANG_SECONDS * 1000) {
      hung = true;
      child.kill('SIGKILL');
    }
  }, 1000);
  const outcome = await new Promise<Report | string>((resolve) => {
    child.on('message', (report) => resolve(report as Report));
    child.on('error', (error) => resolve(String(error)));
    child.on('exit', (code, signal) => {
      resolve(hung ? `took more than ${HANG_SECONDS} s` : `the process ended: ${signal ?? code}`);
    });
  });
  clearInterval(watch);
  return outcome;
}
