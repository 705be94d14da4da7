/** A whole PKI on disk for 1,000 nodes, against a Go program, and loops of cfssl's and OpenSSL's commands. */
import { join } from 'node:path';
import { moduleOf, peer } from '../test/peers/peers.ts';
import type { Context, Measure, Outcome } from './benchmark.ts';
import { writeClusterFile, writeHostsFile } from './fleet.ts';
import { cfsslLoop, LOOP_CERTIFICATES, type Loop, opensslLoop, runLoop } from './loops.ts';
import {
  BUNDLE,
  buildBundle,
  CHECKOUT,
  freshDirectories,
  type Run,
  requireRoom,
  run,
  settle,
  withScratch,
} from './programs.ts';
import { type Contender, interleave, type Samples } from './rounds.ts';
import { ratios } from './statistics.ts';
import { requireSameFiles, requireValidHosts, requireValidPair } from './verify.ts';

interface Size {
  readonly workers: number;
  /** Nodes that the loops of commands make. */
  readonly sample: number;
  readonly rounds: number;
}

/** Four directories in each round, each with 13 blocks a worker; and some more. */
const BYTES_PER_WORKER_AND_ROUND = 400_000;

/** How many places the Go program has under way at once: what is best depends on disk and kernel. */
const GO_PARALLEL = [8, 32, 128] as const;
const GO_TRIES = 3;

const FULL: Size = { workers: 1000, sample: 20, rounds: 9 };
const QUICK: Size = { workers: 50, sample: 2, rounds: 1 };

/** Everything that is done, each a process from its start to its end. */
interface Jobs {
  readonly apply: (directory: string) => Run;
  /** As `apply`, from the sources of a checkout. */
  readonly applyCheckout: (directory: string) => Run;
  readonly plan: (directory: string) => Run;
  readonly goDurable: (directory: string) => Run;
  readonly goPlain: (directory: string) => Run;
  readonly loops: { readonly openssl: Loop; readonly cfssl: Loop };
}

export async function benchmark({ quick, progress }: Context): Promise<Outcome> {
  const size = quick ? QUICK : FULL;
  progress('building kubepki and its peers');
  buildBundle();
  const go = await peer('fleet-go');
  const loops = {
    openssl: opensslLoop(),
    cfssl: cfsslLoop(await peer('cfssl'), await peer('cfssljson')),
  };
  const { samples, parallel } = await withScratch(async (scratch) => {
    requireRoom(scratch, size.workers * size.rounds * BYTES_PER_WORKER_AND_ROUND);
    const fresh = freshDirectories(scratch);
    const fleet = writeFleet(scratch, size.workers);
    const parallel = fastestParallel(go, fleet.hostsFile, fresh);
    progress(`the Go program is fastest with ${parallel} places at once`);
    const jobs = { ...makeJobs(fleet, go, parallel), loops };
    const standing = fresh();
    const files = makeAndVerify(jobs, scratch, standing, fresh, size.workers);
    progress(`${files} files, the same from both; a sample verifies`);
    const contenders = makeContenders(jobs, fresh, standing, size);
    const samples = await interleave(contenders, size.rounds, (round) =>
      progress(round === 0 ? 'warming up' : `round ${round} of ${size.rounds}`),
    );
    return { samples, parallel };
  });
  return { ...outcomeOf(samples, size, parallel), peers: versions(go) };
}

/** The same cluster, for kubepki and for the Go program. */
interface FleetFiles {
  readonly clusterFile: string;
  readonly hostsFile: string;
}

function writeFleet(scratch: string, workers: number): FleetFiles {
  const clusterFile = join(scratch, 'cluster.json');
  const hostsFile = join(scratch, 'hosts.json');
  writeClusterFile(clusterFile, workers, 'json');
  writeHostsFile(hostsFile, workers);
  return { clusterFile, hostsFile };
}

const goCommand = (
  go: string,
  hostsFile: string,
  directory: string,
  variant: 'durable' | 'plain',
  parallel: number,
): string[] => {
  const flags = { hosts: hostsFile, dir: directory, variant, parallel };
  return [go, ...Object.entries(flags).map(([name, value]) => `-${name}=${value}`)];
};

/** A peer at its best: how many places at once make its durable variant fastest on this machine. */
function fastestParallel(go: string, hostsFile: string, fresh: () => string): number {
  const best = new Map<number, number>(GO_PARALLEL.map((parallel) => [parallel, Infinity]));
  for (let attempt = 0; attempt < GO_TRIES; attempt++) {
    for (const parallel of GO_PARALLEL) {
      const { seconds } = run(goCommand(go, hostsFile, fresh(), 'durable', parallel));
      best.set(parallel, Math.min(best.get(parallel) ?? Infinity, seconds));
      settle();
    }
  }
  const [fastest] = [...best].sort(([, a], [, b]) => a - b);
  return fastest?.[0] ?? GO_PARALLEL[0];
}

function makeJobs(
  { clusterFile, hostsFile }: FleetFiles,
  go: string,
  parallel: number,
): Omit<Jobs, 'loops'> {
  const kubepki = (command: readonly string[], mode: string, expected: RegExp) => {
    return (directory: string): Run => {
      const result = run([...command, mode, '-f', clusterFile, '-d', directory]);
      if (expected.test(result.stdout)) return result;
      throw new Error(`${mode} did something else:\n${result.stdout}`);
    };
  };
  const goProgram = (variant: 'durable' | 'plain') => (directory: string) =>
    run(goCommand(go, hostsFile, directory, variant, parallel));
  const bundle = [process.execPath, BUNDLE];
  const created = /^\d+ created, 0 kept, 0 refused$/m;
  return {
    apply: kubepki(bundle, 'apply', created),
    applyCheckout: kubepki([CHECKOUT], 'apply', created),
    plan: kubepki(bundle, 'plan', /^nothing to do: 0 to create, \d+ to keep, 0 refused$/m),
    goDurable: goProgram('durable'),
    goPlain: goProgram('plain'),
  };
}

/**
 * Does everything once and checks the results. What kubepki made stays in `standing`.
 *
 * @returns how many files kubepki made, and the Go program too
 */
function makeAndVerify(
  jobs: Jobs,
  scratch: string,
  standing: string,
  fresh: () => string,
  workers: number,
): number {
  const hosts = ['cp-1', 'worker-1', `worker-${Math.ceil(workers / 2)}`, `worker-${workers}`];
  jobs.apply(standing);
  requireValidHosts(standing, hosts, scratch);
  let files = 0;
  for (const make of [jobs.goDurable, jobs.goPlain]) {
    const other = fresh();
    make(other);
    files = requireSameFiles(standing, other);
    requireValidHosts(other, hosts, scratch);
  }
  for (const loop of Object.values(jobs.loops)) {
    const other = fresh();
    runLoop(other, loop, 1);
    for (const name of LOOP_CERTIFICATES) {
      const path = join(other, 'worker-1', name);
      const purpose = name === 'kubelet' ? 'sslserver' : 'sslclient';
      requireValidPair(join(other, 'ca.pem'), `${path}.pem`, path + loop.keySuffix, purpose);
    }
  }
  settle();
  return files;
}

function makeContenders(jobs: Jobs, fresh: () => string, standing: string, size: Size) {
  const anew = (make: (directory: string) => Run): Contender<Run> => {
    return () => {
      const result = make(fresh());
      settle();
      return result;
    };
  };
  const loop = (which: Loop): Contender<Run> =>
    anew((directory) => runLoop(directory, which, size.sample));
  return {
    apply: anew(jobs.apply),
    goDurable: anew(jobs.goDurable),
    goPlain: anew(jobs.goPlain),
    openssl: loop(jobs.loops.openssl),
    cfssl: loop(jobs.loops.cfssl),
    applyCheckout: anew(jobs.applyCheckout),
    plan: (): Run => jobs.plan(standing),
  };
}

const seconds = (runs: readonly Run[], factor = 1): number[] =>
  runs.map((one) => one.seconds * factor);

const wall = (label: string, samples: readonly number[]): Measure => ({
  label,
  unit: 's',
  samples,
});

const cores = (label: string, runs: readonly Run[]): Measure => ({
  label: `${label}: CPU time / wall time`,
  unit: 'cores',
  samples: runs.map((one) => one.cpuSeconds / one.seconds),
});

type Name = keyof ReturnType<typeof makeContenders>;

function outcomeOf(
  samples: Samples<Name, Run>,
  size: Size,
  parallel: number,
): Omit<Outcome, 'peers'> {
  const { workers, sample } = size;
  const apply = seconds(samples('apply'));
  const plan = seconds(samples('plan'));
  const goDurable = seconds(samples('goDurable'));
  const goPlain = seconds(samples('goPlain'));
  const openssl = seconds(samples('openssl'), workers / sample);
  const cfssl = seconds(samples('cfssl'), workers / sample);
  const checkout = seconds(samples('applyCheckout'));
  const faster = (label: string, peer: number[], name?: string, limit = 0): Measure => ({
    label,
    unit: 'x',
    samples: ratios(peer, apply),
    ...(name === undefined ? {} : { bar: { name, is: 'at least', limit } }),
  });
  const scaled = `(${sample} nodes, scaled to ${workers})`;
  return {
    title: `a whole PKI on disk, 1 control plane and ${workers.toLocaleString('en-US')} workers, ECDSA-P256`,
    measures: [
      faster('Go, durable / apply', goDurable, 'no slower than Go with the same guarantees', 1),
      faster(`loop of openssl ${scaled} / apply`, openssl, 'against a loop of openssl', 10),
      faster(`loop of cfssl ${scaled} / apply`, cfssl, 'against a loop of cfssl', 10),
      {
        label: 'plan, nothing to do / apply',
        unit: 'x',
        samples: ratios(plan, apply),
        bar: { name: 'plan no slower than apply', is: 'at most', limit: 1 },
      },
      faster('Go, plain / apply', goPlain),
      wall('kubepki apply', apply),
      wall('kubepki apply, from the checkout', checkout),
      wall('kubepki plan, nothing to do', plan),
      wall('Go, durable', goDurable),
      wall('Go, plain', goPlain),
      wall(`loop of openssl ${scaled}`, openssl),
      wall(`loop of cfssl ${scaled}`, cfssl),
      cores('kubepki apply', samples('apply')),
      cores('kubepki plan', samples('plan')),
      cores('Go, durable', samples('goDurable')),
    ],
    notes: [
      'wall time of the whole process; more than 1 x: apply is faster',
      'durable: as kubepki writes, each file to a temporary name, fsync, rename, fsync of directories, keys first; plain: os.WriteFile, nothing promised about a power cut',
      `Go: ${parallel} places at once, the fastest of ${GO_PARALLEL.join(', ')} on this machine`,
      `loops make ${LOOP_CERTIFICATES.length} certificates a node, without kubeconfigs and without fsync, one node after the other; their time is measured on ${sample} nodes and multiplied`,
    ],
  };
}

function versions(go: string): Record<string, string> {
  return {
    cfssl: moduleOf('cfssl').version,
    go: run(['go', 'version', go]).stdout.trim().replace(/^.*: /, ''),
    openssl: run(['openssl', 'version']).stdout.trim(),
  };
}
