/**
 * Plan and apply: the same walk over the catalogue, once to say what would be done and once to do
 * it. What is there is adopted and never overwritten; running apply twice changes nothing.
 */
import { administratorItems, type Cluster, type Host, sharedItems } from '../cluster/index.ts';
import { KubepkiError, quoted } from '../errors.ts';
import {
  type Authorities,
  prepareAuthorities,
  requireAuthorities,
  type Scope,
} from './authorities.ts';
import { checkClusterName } from './cluster-name.ts';
import { HostContext } from './context.ts';
import { nameLinks } from './hard-links.ts';
import { examinePlace } from './host.ts';
import { carryOut, HOST_BATCH, HostWork } from './hosts.ts';
import { dataDirectoryHost, refuseToApply, withoutMaking } from './k3s.ts';
import { takeLock } from './lock.ts';
import {
  administratorRoot,
  type DirectoryPlace,
  hostRoot,
  isConfined,
  isFlat,
  lockPaths,
  type Place,
  requireDirectories,
  resolvePlace,
} from './place.ts';
import type { SignerCommand } from './signer-command.ts';
import { type Mode, makeReport, type Report, type Step } from './step.ts';
import { runInThreads, sendAuthorities } from './threads.ts';
import type { Tally } from './write.ts';

export interface RunOptions {
  readonly cluster: Cluster;
  readonly place: Place;
  readonly now: Date;
  /** Called as hosts are finished. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Worker threads; as many as pay where it is not given, 0 for none. */
  readonly threads?: number;
  /** Opens the encrypted keys of authorities, and encrypts those that are made. */
  readonly passphrase?: Uint8Array;
  /** Signs for the CAs whose key is not there. */
  readonly signer?: SignerCommand;
}

/** A run whose cluster file and place go together. */
type Run = Scope & Pick<RunOptions, 'onProgress' | 'threads'>;

/**
 * Says what `apply` would do, and why. Writes nothing, not even a lock.
 *
 * @throws KubepkiError `CONFLICT` where the directory is of another cluster, `USAGE` for a host that the
 *   cluster file does not have or a layout that has no host's file system, `NOT_FOUND` where a machine
 *   needs authorities that are not there
 */
export async function plan(options: RunOptions): Promise<Report> {
  const report = await walk(openRun(options), 'plan', { files: 0 });
  return options.cluster.layout === 'k3s' ? withoutMaking(report) : report;
}

/**
 * Makes what is missing.
 *
 * @throws KubepkiError as `plan`, before anything is written; `LOCKED` where another run is under way,
 *   `FILE_SYSTEM` where something cannot be written: what is in place by then is whole, and the next
 *   run continues
 */
export async function apply(options: RunOptions): Promise<Report> {
  if (options.cluster.layout === 'k3s') refuseToApply();
  const run = openRun(options);
  const releases: (() => void)[] = [];
  try {
    for (const path of lockPaths(run.place)) releases.push(takeLock(path));
    return await walkCounting(run);
  } finally {
    for (const release of releases.reverse()) release();
  }
}

/** Finds out whether this cluster file and this place go together. Writes nothing. */
function openRun({ place: given, ...options }: RunOptions): Run {
  const place = resolvePlace(given, options.cluster);
  requireDirectories(place);
  checkClusterName(place, options.cluster.name);
  const run = { ...options, place, hosts: hostsOf(options.cluster, place) };
  requireAuthorities(run);
  return run;
}

/** Applies; where that ends in an error, it says how much was made by then. */
async function walkCounting(run: Run): Promise<Report> {
  const tally: Tally = { files: 0 };
  try {
    return await walk(run, 'apply', tally);
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    const { code, message, hint, issues, cause } = error;
    throw new KubepkiError(code, `${message}; ${made(tally)} before that`, {
      issues,
      cause,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

const made = ({ files }: Tally): string =>
  files === 0 ? 'nothing was made' : files === 1 ? '1 file was made' : `${files} files were made`;

async function walk(run: Run, mode: Mode, tally: Tally): Promise<Report> {
  const { place } = run;
  const prepared = await prepareAuthorities(run, mode, tally);
  const steps = [...prepared.steps];
  if (place.kind === 'directory') {
    steps.push(...(await walkCommon(run, place, prepared.authorities, mode, tally)));
  }
  steps.push(...(await walkHosts(run, prepared.authorities, mode, tally)));
  return makeReport(nameLinks(steps, run));
}

/** What is no single host's: the administrators' files, and what hosts share. */
async function walkCommon(
  { cluster, now }: Run,
  place: DirectoryPlace,
  authorities: Authorities,
  mode: Mode,
  tally: Tally,
): Promise<Step[]> {
  const context = new HostContext(authorities, now, isConfined(place));
  const root = administratorRoot(place);
  const own = examinePlace(context, 'admin', root, administratorItems(cluster));
  const shared = examinePlace(context, 'shared', hostRoot(place, ''), sharedItems(cluster));
  if (mode === 'apply') {
    await carryOut(own, tally, isFlat(place) ? {} : { directoryMode: 0o700 });
    await carryOut(shared, tally);
  }
  return [...own, ...shared].map(({ step }) => step);
}

/** The hosts that this run is about. */
function hostsOf(cluster: Cluster, place: Place): readonly Host[] {
  if (cluster.layout === 'k3s') return [dataDirectoryHost(cluster, place.directory ?? '')];
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

/** From this many hosts on worker threads gain more than the 50 ms that each takes to start. */
const THREADS_PAY_FROM = 200;

async function walkHosts(
  run: Run,
  authorities: Authorities,
  mode: Mode,
  tally: Tally,
): Promise<Step[]> {
  const { cluster, place, now, hosts, onProgress } = run;
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
  const threads = run.threads ?? (hosts.length >= THREADS_PAY_FROM ? undefined : 0);
  if (threads === 0) {
    const work = new HostWork(cluster, place, authorities, now, mode, tally);
    for (let from = 0; from < hosts.length; from += HOST_BATCH) {
      const some = hosts.slice(from, from + HOST_BATCH);
      collect(await work.run(some), some.length);
    }
  } else {
    const data = { cluster, place, authorities: sendAuthorities(authorities), now, mode };
    await runInThreads(data, collect, tally, threads);
  }
  // Threads finish in any order; the report keeps the order of the cluster file.
  return hosts.flatMap(({ name }) => steps.get(name) ?? []);
}
