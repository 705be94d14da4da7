/**
 * kubepki's server and kube-apiserver with etcd, asked by the same client in turns: one object, new
 * requests for certificates, a long list, many watchers.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../test/free-port.ts';
import { moduleOf } from '../test/peers/peers.ts';
import type { Context, Measure, Outcome } from './benchmark.ts';
import { type Ask, asker, type LoadResult } from './load.ts';
import { BUNDLE, buildBundle, freshDirectories, run, withScratch } from './programs.ts';
import { interleave, type Samples } from './rounds.ts';
import { type RunningServer, withApiserver, withKubepki } from './servers.ts';
import { median, ratios } from './statistics.ts';

interface Load {
  readonly label: string;
  /** What load-go calls it. */
  readonly measure: string;
  readonly count: number;
  readonly clients: number;
  /** How many things one run is counted as: requests, or events that have arrived. */
  readonly things: number;
  readonly unit: 'per second';
}

interface Sides {
  readonly kubepki: RunningServer;
  readonly apiserver: RunningServer;
}

const CLIENTS = 16;
const SETTLE_MS = 5000;
const MOST_MEMORY = 0.5;

const loads = (scale: number): readonly Load[] =>
  [
    {
      label: 'GET of a Secret',
      measure: 'get',
      count: 20_000 * scale,
      clients: CLIENTS,
    },
    {
      label: 'create of a CSR',
      measure: 'create-csr',
      count: 2_000 * scale,
      clients: CLIENTS,
    },
    { label: 'list of all Secrets', measure: 'list', count: 40 * scale, clients: 2 },
    { label: 'events to watchers', measure: 'watch', count: 100, clients: 1_000 * scale },
  ].map((load) => ({
    ...load,
    things: load.measure === 'watch' ? load.count * load.clients : load.count,
    unit: 'per second',
  }));

export async function benchmark(context: Context): Promise<Outcome> {
  const { quick, progress } = context;
  buildBundle();
  const secrets = quick ? 100 : 5_000;
  return withScratch(async (scratch) => {
    const fresh = freshDirectories(scratch);
    const directory = fresh();
    const port = await freePort();
    run([
      process.execPath,
      BUNDLE,
      'up',
      '--exit',
      `--data-dir=${directory}`,
      `--secure-port=${port}`,
    ]);
    const ask = await asker(directory);
    return withKubepki(directory, port, async (kubepki) =>
      withApiserver(directory, fresh(), async (apiserver) => {
        await sleep(SETTLE_MS);
        const sides = { kubepki, apiserver };
        const memory = [kubepki.residentMegabytes(), apiserver.residentMegabytes()] as const;
        progress(`${secrets} Secrets`);
        for (const { port: one } of Object.values(sides)) {
          ask(one, 'fill', { n: secrets, c: CLIENTS });
        }
        const measures = await measureLoads(context, sides, ask);
        return outcome(measures, memory, sides, secrets);
      }),
    );
  });
}

async function measureLoads(
  { quick, progress }: Context,
  { kubepki, apiserver }: Sides,
  ask: Ask,
): Promise<Measure[]> {
  const rounds = quick ? 1 : 7;
  const measures: Measure[] = [];
  for (const load of loads(quick ? 0.01 : 1)) {
    const flags = { n: Math.max(1, load.count), c: Math.max(1, load.clients) };
    const samples = await interleave(
      {
        kubepki: () => ask(kubepki.port, load.measure, flags),
        apiserver: () => ask(apiserver.port, load.measure, flags),
      },
      rounds,
      (round) => progress(`${load.label}, round ${round} of ${rounds}`),
    );
    measures.push(...measuresOf(load, samples));
  }
  return measures;
}

function measuresOf(load: Load, samples: Samples<'kubepki' | 'apiserver', LoadResult>): Measure[] {
  const speeds = (name: 'kubepki' | 'apiserver'): number[] =>
    samples(name).map(({ seconds }) => load.things / seconds);
  const p99 = (name: 'kubepki' | 'apiserver'): number[] => samples(name).map((one) => one.p99);
  const { label, unit } = load;
  return [
    {
      label: `${label}, kubepki / kube-apiserver`,
      unit: 'x',
      samples: ratios(speeds('kubepki'), speeds('apiserver')),
      bar: { name: `${label}: no slower`, is: 'at least', limit: 1 },
    },
    { label: `${label}, kubepki`, unit, samples: speeds('kubepki') },
    { label: `${label}, kube-apiserver`, unit, samples: speeds('apiserver') },
    { label: `${label}, kubepki, p99`, unit: 'ms', samples: p99('kubepki') },
    { label: `${label}, kube-apiserver, p99`, unit: 'ms', samples: p99('apiserver') },
  ];
}

function outcome(
  measures: readonly Measure[],
  [kubepkiAtRest, apiserverAtRest]: readonly [number, number],
  { kubepki, apiserver }: Sides,
  secrets: number,
): Outcome {
  const isRatio = ({ unit }: Measure): boolean => unit === 'x';
  const twice = measures.filter((one) => isRatio(one) && median(one.samples) >= 2).length;
  return {
    title: `one client, two servers, ${secrets} Secrets`,
    measures: [
      ...measures.filter(isRatio),
      {
        label: 'of the four, at least twice as fast',
        unit: 'x',
        samples: [twice],
        bar: { name: 'twice as fast in two', is: 'at least', limit: 2 },
      },
      {
        label: 'memory at rest, kubepki / kube-apiserver',
        unit: 'x',
        samples: [kubepkiAtRest / apiserverAtRest],
        bar: { name: 'memory at rest', is: 'below', limit: MOST_MEMORY },
      },
      ...measures.filter((one) => !isRatio(one)),
      { label: 'kubepki at the end', unit: 'MB', samples: [kubepki.residentMegabytes()] },
      { label: 'kube-apiserver at the end', unit: 'MB', samples: [apiserver.residentMegabytes()] },
    ],
    notes: [
      'the client (bench/peers/load-go) is Go, HTTP/2, a connection for each of its clients, JSON, a client certificate; it shares the cores with the server',
      'both write durably before they answer: SQLite with fsync, etcd as it comes',
      'kubepki runs with its controllers, kube-apiserver without kube-controller-manager; etcd is not in the memory',
      'p99 of a watch: from the answer of the write to the arrival of its event',
    ],
    peers: {
      node: process.version,
      kubernetes: moduleOf('kube-apiserver').version,
      etcd: moduleOf('etcd').version,
    },
  };
}
