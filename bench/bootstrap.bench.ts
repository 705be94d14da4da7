/**
 * A fleet that comes in: simulated nodes, each from a bootstrap token to both of its certificates on the disk,
 * at kubepki's server and at kube-apiserver with kube-controller-manager.
 */
import { mkdirSync } from 'node:fs';
import { freePort } from '../test/free-port.ts';
import { moduleOf } from '../test/peers/peers.ts';
import type { Context, Measure, Outcome } from './benchmark.ts';
import { type Ask, asker, type LoadResult } from './load.ts';
import { BUNDLE, buildBundle, freshDirectories, run, settle, withScratch } from './programs.ts';
import {
  type RunningServer,
  withApiserver,
  withControllerManager,
  withKubepki,
} from './servers.ts';
import { ratios } from './statistics.ts';

/** Nodes at the same time, where as many as possible shall come in. */
const AT_ONCE = 64;
const NODES_A_SECOND = 50;
/** kube-controller-manager asks 20 times a second unless told otherwise. */
const LIFTED = ['--kube-api-qps=100000', '--kube-api-burst=100000'];

interface Fleet {
  /** Nodes that come in before anything counts: what is compiled and opened on the way is then. */
  readonly first: number;
  /** Nodes that come in as fast as they can. */
  readonly nodes: number;
  /** Nodes that come in 50 a second. */
  readonly steady: number;
  /** Nodes that are in it when all is measured once more. */
  readonly many: number;
}

/** One server, from empty on. */
interface Bootstrap {
  readonly all: LoadResult;
  readonly steady: LoadResult;
  readonly megabytes: number;
}

type Side = (fleet: Fleet) => Promise<Bootstrap>;

export async function benchmark({ quick, progress }: Context): Promise<Outcome> {
  buildBundle();
  const fleet = quick
    ? { first: 5, nodes: 10, steady: 10, many: 40 }
    : { first: 200, nodes: 1_000, steady: 500, many: 5_000 };
  const rounds = quick ? 1 : 3;
  return withScratch(async (scratch) => {
    const fresh = freshDirectories(scratch);
    const ours: Bootstrap[] = [];
    const lifted: Bootstrap[] = [];
    for (let round = 1; round <= rounds; round++) {
      progress(`round ${round} of ${rounds}: kubepki`);
      ours.push(await kubepki(fresh)(fleet));
      progress(`round ${round} of ${rounds}: kube-controller-manager, limits lifted`);
      lifted.push(await upstream(fresh, LIFTED)(fleet));
    }
    progress('kube-controller-manager as it comes: minutes');
    const asItComes = await upstream(fresh, [])(fleet);
    progress(`kubepki with ${fleet.many} nodes in it`);
    const many = await withMany(fresh, fleet);
    return outcome(fleet, { ours, lifted, asItComes, many });
  });
}

const kubepki =
  (fresh: () => string): Side =>
  async (fleet) => {
    const { directory, port, ask } = await prepared(fresh);
    return withKubepki(directory, port, async (server) =>
      bootstrap({ ask, fleet, server, directory: fresh(), flags: {} }),
    );
  };

const upstream =
  (fresh: () => string, flags: readonly string[]): Side =>
  async (fleet) => {
    const { directory, ask } = await prepared(fresh);
    return withApiserver(directory, fresh(), async (server) =>
      withControllerManager(directory, server.port, flags, async () =>
        bootstrap({
          ask,
          fleet,
          server,
          directory: fresh(),
          // Upstream has nobody who approves serving certificates: the client does it at once.
          flags: { 'approve-serving': true },
        }),
      ),
    );
  };

async function prepared(fresh: () => string) {
  const [directory, port] = [fresh(), await freePort()];
  const flags = ['--exit', `--data-dir=${directory}`, `--secure-port=${port}`];
  run([process.execPath, BUNDLE, 'up', ...flags]);
  settle();
  return { directory, port, ask: await asker(directory) };
}

interface Work {
  readonly ask: Ask;
  readonly fleet: Fleet;
  readonly server: RunningServer;
  /** Where the nodes' certificates go. */
  readonly directory: string;
  readonly flags: Readonly<Record<string, boolean>>;
}

function bootstrap({ ask, fleet, server, directory, flags }: Work): Bootstrap {
  mkdirSync(directory);
  const { port } = server;
  ask(port, 'prepare-join');
  const joins = { ...flags, directory };
  const { first, nodes } = fleet;
  ask(port, 'join', { ...joins, n: first, c: AT_ONCE });
  const all = ask(port, 'join', { ...joins, n: nodes, c: AT_ONCE, first });
  const steady = ask(port, 'join', { ...joins, ...atRate(fleet), first: first + nodes });
  return { all, steady, megabytes: server.residentMegabytes() };
}

const atRate = ({ steady }: Fleet) => ({ n: steady, rate: NODES_A_SECOND });

interface Many {
  readonly before: LoadResult;
  readonly after: LoadResult;
  readonly megabytesBefore: number;
  readonly megabytesAfter: number;
}

/** Two requests of each node remain for an hour: 10,000 of 5,000 nodes. */
async function withMany(fresh: () => string, fleet: Fleet): Promise<Many> {
  const { directory, port, ask } = await prepared(fresh);
  return withKubepki(directory, port, async (server) => {
    const files = fresh();
    mkdirSync(files);
    ask(port, 'prepare-join');
    const steady = (first: number): LoadResult =>
      ask(port, 'join', { directory: files, ...atRate(fleet), first });
    const { nodes, many } = fleet;
    ask(port, 'join', { directory: files, n: nodes, c: AT_ONCE });
    const before = steady(nodes);
    const megabytesBefore = server.residentMegabytes();
    const first = nodes + fleet.steady;
    ask(port, 'join', { directory: files, n: many - first, c: AT_ONCE, first });
    const after = steady(many);
    return { before, after, megabytesBefore, megabytesAfter: server.residentMegabytes() };
  });
}

interface Results {
  readonly ours: readonly Bootstrap[];
  readonly lifted: readonly Bootstrap[];
  readonly asItComes: Bootstrap;
  readonly many: Many;
}

function outcome(fleet: Fleet, { ours, lifted, asItComes, many }: Results): Outcome {
  const perSecond = (one: Bootstrap): number => fleet.nodes / one.all.seconds;
  const p99 = (one: Bootstrap): number => one.steady.p99;
  const each = (of: (one: Bootstrap) => number, from: readonly Bootstrap[]): number[] =>
    from.map(of);
  const toDefault = (of: (one: Bootstrap) => number): number[] =>
    ours.map((one) => of(one) / of(asItComes));
  const measures: Measure[] = [
    {
      label: 'nodes each second, kubepki / kube-controller-manager as it comes',
      unit: 'x',
      samples: toDefault(perSecond),
      bar: { name: 'faster than its defaults', is: 'at least', limit: 10 },
    },
    {
      label: 'nodes each second, kubepki / kube-controller-manager with its limits lifted',
      unit: 'x',
      samples: ratios(each(perSecond, ours), each(perSecond, lifted)),
      bar: { name: 'faster than without its limits', is: 'at least', limit: 2 },
    },
    {
      label: `request to certificate, p99 at ${NODES_A_SECOND} nodes/s, kubepki / as it comes`,
      unit: 'x',
      samples: toDefault(p99),
      bar: { name: 'a tenth of the wait', is: 'at most', limit: 0.1 },
    },
    {
      label: `request to certificate, p99 at ${NODES_A_SECOND} nodes/s, kubepki / limits lifted`,
      unit: 'x',
      samples: ratios(each(p99, ours), each(p99, lifted)),
    },
    {
      label: `request to certificate, median, ${2 * fleet.many} requests there / few`,
      unit: 'x',
      samples: [many.after.p50 / many.before.p50],
      bar: { name: 'flat with many requests', is: 'at most', limit: 1.5 },
    },
    { label: 'kubepki', unit: 'per second', samples: each(perSecond, ours) },
    { label: 'limits lifted', unit: 'per second', samples: each(perSecond, lifted) },
    { label: 'as it comes', unit: 'per second', samples: [perSecond(asItComes)] },
    { label: 'kubepki, p99', unit: 'ms', samples: each(p99, ours) },
    { label: 'limits lifted, p99', unit: 'ms', samples: each(p99, lifted) },
    { label: 'as it comes, p99', unit: 'ms', samples: [p99(asItComes)] },
    { label: 'kubepki, few requests there, p99', unit: 'ms', samples: [many.before.p99] },
    { label: 'kubepki, many requests there, p99', unit: 'ms', samples: [many.after.p99] },
    { label: 'kubepki', unit: 'MB', samples: each(({ megabytes }) => megabytes, ours) },
    { label: 'kube-apiserver', unit: 'MB', samples: each(({ megabytes }) => megabytes, lifted) },
    { label: 'kubepki, before the many', unit: 'MB', samples: [many.megabytesBefore] },
    { label: 'kubepki, after them', unit: 'MB', samples: [many.megabytesAfter] },
  ];
  return {
    title: `${fleet.nodes} nodes, from token to both certificates`,
    measures,
    notes: [
      `the nodes (bench/peers/load-go) are the same for all: after ${fleet.first} that do not count ${AT_ONCE} at once, or ${NODES_A_SECOND} new ones each second for p99; a key, a request, a watch on it and an fsync for each certificate, a connection for each credential; they share the cores with the server`,
      'all write durably before they answer: SQLite with fsync, etcd as it comes',
      'kubepki approves serving certificates itself (--allowed-cidrs); beside kube-controller-manager the client approves each as it comes',
      'kube-controller-manager and etcd are not in the memory',
    ],
    peers: {
      node: process.version,
      kubernetes: moduleOf('kube-apiserver').version,
      etcd: moduleOf('etcd').version,
    },
  };
}
