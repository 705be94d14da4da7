/**
 * Plan and apply: the same walk over the catalogue, once to say what would be done and once to do
 * it. What is there is adopted and never overwritten; running apply twice changes nothing.
 */
import {
  administratorItems,
  type Cluster,
  type CredentialId,
  type Host,
  hostItems,
} from '../cluster/index.ts';
import { KubepkiError, quoted } from '../errors.ts';
import { type Authorities, prepareAuthorities } from './authorities.ts';
import { examinePlace, HostContext } from './host.ts';
import { carryOut, HOST_BATCH, HostWork, type Mode } from './hosts.ts';
import { takeLock } from './lock.ts';
import {
  administratorRoot,
  authoritiesOnHost,
  lockPaths,
  type Place,
  resolvePlace,
} from './place.ts';
import { makeReport, type Report, type Step } from './step.ts';
import { runInThreads, sendAuthorities } from './threads.ts';

export interface RunOptions {
  readonly cluster: Cluster;
  readonly place: Place;
  readonly now: Date;
  /** Called as hosts are finished. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Worker threads; as many as pay where it is not given, 0 for none. */
  readonly threads?: number;
}

/** Says what `apply` would do, and why. Writes nothing, not even a lock. */
export const plan = (options: RunOptions): Promise<Report> => walk(options, 'plan');

/**
 * Makes what is missing.
 *
 * @throws KubepkiError `LOCKED` where another run is under way, `FILE_SYSTEM` where something cannot
 *   be written: what is in place by then is whole, and the next run continues
 */
export async function apply(options: RunOptions): Promise<Report> {
  const releases: (() => void)[] = [];
  try {
    for (const path of lockPaths(resolvePlace(options.place))) releases.push(takeLock(path));
    return await walk(options, 'apply');
  } finally {
    for (const release of releases.reverse()) release();
  }
}

async function walk(options: RunOptions, mode: Mode): Promise<Report> {
  const { cluster, now } = options;
  const place = resolvePlace(options.place);
  const hosts = hostsOf(cluster, place);
  const needed = authoritiesOnHost(place) ? neededBy(cluster, hosts) : undefined;
  const prepared = await prepareAuthorities(cluster, place, now, mode, needed);
  const steps = [...prepared.steps];
  if (place.kind === 'directory') {
    const context = new HostContext(prepared.authorities, now, true);
    const planned = examinePlace(
      context,
      'admin',
      administratorRoot(place),
      administratorItems(cluster),
    );
    if (mode === 'apply') await carryOut(planned, { directoryMode: 0o700 });
    steps.push(...planned.map(({ step }) => step));
  }
  steps.push(...(await walkHosts({ ...options, place }, hosts, prepared.authorities, mode)));
  return makeReport(steps);
}

/** The hosts that this run is about. */
function hostsOf(cluster: Cluster, place: Place): readonly Host[] {
  if (place.kind === 'directory') return cluster.hosts;
  const host = cluster.hosts.find(({ name }) => name === place.host);
  if (host !== undefined) return [host];
  const names = cluster.hosts
    .slice(0, 5)
    .map(({ name }) => name)
    .join(', ');
  throw new KubepkiError('USAGE', `no host ${quoted(place.host)} in the cluster file`, {
    hint: `--host takes one of ${names}${cluster.hosts.length > 5 ? ', …' : ''}`,
  });
}

/** The authorities whose files these hosts hold or whose signatures they need. */
function neededBy(cluster: Cluster, hosts: readonly Host[]): ReadonlySet<CredentialId> {
  return new Set(
    hosts
      .flatMap((host) => hostItems(cluster, host))
      .map((item) => (item.kind === 'copy' ? item.credential : item.profile.issuer)),
  );
}

/** From this many hosts on worker threads gain more than the 50 ms that each takes to start. */
const THREADS_PAY_FROM = 200;

async function walkHosts(
  options: RunOptions,
  hosts: readonly Host[],
  authorities: Authorities,
  mode: Mode,
): Promise<Step[]> {
  const { cluster, place, now, onProgress } = options;
  const steps = new Map<string, Step[]>();
  let done = 0;
  const collect = (finished: readonly Step[], count: number): void => {
    for (const step of finished) {
      const list = steps.get(step.place);
      if (list === undefined) steps.set(step.place, [step]);
      else list.push(step);
    }
    done += count;
    onProgress?.(done, hosts.length);
  };
  const threads = options.threads ?? (hosts.length >= THREADS_PAY_FROM ? undefined : 0);
  if (threads === 0) {
    const work = new HostWork(cluster, place, authorities, now, mode);
    for (let from = 0; from < hosts.length; from += HOST_BATCH) {
      const some = hosts.slice(from, from + HOST_BATCH);
      collect(await work.run(some), some.length);
    }
  } else {
    const data = { cluster, place, authorities: sendAuthorities(authorities), now, mode };
    await runInThreads(data, collect, threads);
  }
  // Threads finish in any order; the report keeps the order of the cluster file.
  return hosts.flatMap(({ name }) => steps.get(name) ?? []);
}
