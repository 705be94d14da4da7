/** The peak of memory with 10,000 nodes: resident set of the process, all its threads included. */
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import type { Bar, Context, Outcome } from './benchmark.ts';
import { writeClusterFile } from './fleet.ts';
import { BUNDLE, buildBundle, freshDirectories, run, withScratch } from './programs.ts';

const LIMIT_MB = 400;

/**
 * Loaded into the measured process: when it ends it says how much it ever held. Read from the
 * kernel's VmHWM and not from getrusage, whose maximum a process inherits from the one that starts it.
 */
const HOOK = `data:text/javascript,${encodeURIComponent(`
import { readFileSync, writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
if (isMainThread) process.on('exit', () => {
  writeSync(2, /VmHWM:.*/.exec(readFileSync('/proc/self/status', 'utf8'))[0] + '\\n');
});`)}`;

/** Megabytes (10^6 bytes) that kubepki held at most. */
function peak(...args: string[]): { megabytes: number; stdout: string } {
  const { stdout, stderr } = run([process.execPath, `--import=${HOOK}`, BUNDLE, ...args]);
  const kibibytes = /^VmHWM:\s*(\d+) kB$/m.exec(stderr)?.[1];
  if (kibibytes === undefined) throw new Error('the process did not say how much memory it used');
  return { megabytes: (Number(kibibytes) * 1024) / 1e6, stdout };
}

const belowLimit = (name: string): Bar => ({ name, is: 'below', limit: LIMIT_MB });

export async function benchmark({ quick, progress }: Context): Promise<Outcome> {
  buildBundle();
  const workers = quick ? 500 : 10_000;
  const rounds = quick ? 1 : 3;
  const samples = { apply: [] as number[], plan: [] as number[], planNew: [] as number[] };
  await withScratch(async (scratch) => {
    const file = join(scratch, 'cluster.yaml');
    const fresh = freshDirectories(scratch);
    writeClusterFile(file, workers, 'yaml');
    const measure = (mode: 'plan' | 'apply', directory: string, expected: RegExp): number => {
      const { megabytes, stdout } = peak(mode, '-f', file, '-d', directory);
      if (!expected.test(stdout)) throw new Error(`${mode} did something else:\n${stdout}`);
      return megabytes;
    };
    const steps = workers * 4;
    const counted = (text: string): RegExp =>
      new RegExp(`${String(steps).slice(0, -2)}\\d\\d ${text}`);
    for (let round = 1; round <= rounds; round++) {
      progress(`round ${round} of ${rounds}`);
      // Lets a Ctrl-C in: everything below sleeps while a program runs.
      await setImmediate();
      const directory = fresh();
      samples.planNew.push(measure('plan', directory, counted('to create')));
      samples.apply.push(measure('apply', directory, counted('created')));
      samples.plan.push(measure('plan', directory, counted('to keep, 0 refused')));
    }
  });
  const nodes = workers.toLocaleString('en-US');
  return {
    title: `peak of memory, ${nodes} nodes with kubelet certificates made ahead`,
    measures: [
      {
        label: 'apply',
        unit: 'MB',
        statistic: 'greatest',
        samples: samples.apply,
        bar: belowLimit(`apply, ${nodes} nodes`),
      },
      {
        label: 'plan, nothing to do',
        unit: 'MB',
        statistic: 'greatest',
        samples: samples.plan,
        bar: belowLimit(`plan, ${nodes} nodes`),
      },
      {
        label: 'plan, everything to do',
        unit: 'MB',
        statistic: 'greatest',
        samples: samples.planNew,
        bar: belowLimit(`plan of a new PKI, ${nodes} nodes`),
      },
    ],
    notes: [
      'MB = 10^6 bytes; VmHWM of the process with all its threads; the greatest of all rounds counts',
    ],
    peers: { node: process.version },
  };
}
