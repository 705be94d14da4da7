/** Runs the controllers against a Kubernetes API: which of them, with what, and for how long. */
import { type Clock, type KubernetesClient, runWithLease } from '../client/index.ts';
import { signClusterInfo } from './bootstrap-signer.ts';
import { type ControllerContext, type Log, logOf, textOf } from './context.ts';
import { type CsrControllersOptions, startCsrControllers } from './csr-controllers.ts';
import { collectGarbage } from './garbage-collector/index.ts';
import { enabledControllers } from './names.ts';
import { emptyNamespaces } from './namespace/index.ts';
import { aggregateRoles } from './role-aggregation.ts';
import { createServingNames, type ServingOptions } from './serving-names.ts';
import type { SigningOptions } from './signer.ts';
import { cleanTokens } from './token-cleaner.ts';

export interface RunControllersOptions {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  /** Ends them: what is under way is finished. */
  readonly signal: AbortSignal;
  /** In [0, 1), for delays. */
  readonly random?: () => number;
  readonly log?: Log;
  /** With what the signer signs; without, there is none. */
  readonly signing?: SigningOptions;
  /** Which names and addresses nodes may have; without, no serving certificate is approved. */
  readonly serving?: ServingOptions;
  /**
   * Whether a request of somebody else, as a bootstrap token, in the name of a Node that exists stays
   * pending; true unless given. kube-controller-manager approves it.
   */
  readonly protectNodes?: boolean;
  /** As `--controllers`: `*`, `foo`, `-foo`; all where absent. */
  readonly controllers?: readonly string[];
  /**
   * Milliseconds for which a namespace that is going is left alone, so that every API server has heard of it
   * and lets nothing new in. 5,000 unless given, as kube-controller-manager; 0 for a single server.
   */
  readonly namespaceDelayMs?: number;
  /** Waits for a Lease first, so that of several processes one works; without, it works at once. */
  readonly leaderElect?: LeaderElection;
}

/** A Lease that is not kube-controller-manager's: both can run beside each other. */
export const DEFAULT_LEASE = { namespace: 'kube-system', name: 'kubepki-controllers' } as const;

export interface LeaderElection {
  /** Different for every process. */
  readonly identity: string;
  /** `DEFAULT_LEASE` where absent, as the next. */
  readonly namespace?: string;
  readonly name?: string;
}

/**
 * Runs until the signal aborts. Trouble with the API is logged and survived; a lease that is lost stops
 * the controllers, and is waited for again.
 *
 * @throws KubepkiError INVALID_VALUE for a controller that does not exist, or a subnet or suffix
 *   that is none, before anything is started;
 *   whatever stops a controller that should not stop
 */
export async function runControllers(options: RunControllersOptions): Promise<void> {
  const { client, clock, signal, random = Math.random, log = () => {}, leaderElect } = options;
  const enabled = enabledControllers(options.controllers ?? ['*']);
  const { signing, serving, protectNodes = true, namespaceDelayMs = 5_000 } = options;
  const servingNames = serving === undefined ? undefined : createServingNames(serving);
  const context = { client, clock, random, log };
  const run = async (until: AbortSignal): Promise<void> =>
    runAll(
      { ...context, signal: until },
      { enabled, signing, servingNames, protectNodes, namespaceDelayMs },
    );
  if (leaderElect === undefined) return run(signal);
  const lease = { ...DEFAULT_LEASE, ...leaderElect };
  const where = `${lease.namespace}/${lease.name}`;
  while (!signal.aborted) {
    const outcome = await runWithLease(
      {
        client,
        clock,
        random,
        signal,
        ...lease,
        onLeader: (leader) => log({ level: 'info', message: 'leader', lease: where, leader }),
        onError: (error) =>
          log({ level: 'warn', message: 'leader election', lease: where, error: textOf(error) }),
      },
      run,
    );
    if (outcome === 'ended') return;
    log({ level: 'error', message: 'the lease is lost; waiting for it again', lease: where });
  }
}

/** Ends when all have ended; one that fails ends the others. */
async function runAll(
  outer: ControllerContext,
  options: Omit<CsrControllersOptions, 'contextOf'> & { readonly namespaceDelayMs: number },
): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([outer.signal, failed.signal]);
  const contextOf = (name: string): ControllerContext => ({
    ...outer,
    signal,
    log: logOf(outer.log, name),
  });
  const jobs = startCsrControllers({ contextOf, ...options });
  if (options.enabled.has('tokencleaner')) jobs.push(cleanTokens(contextOf('tokencleaner')));
  if (options.enabled.has('bootstrapsigner')) {
    jobs.push(signClusterInfo(contextOf('bootstrapsigner')));
  }
  if (options.enabled.has('clusterrole-aggregation')) {
    jobs.push(aggregateRoles(contextOf('clusterrole-aggregation')));
  }
  if (options.enabled.has('garbagecollector')) {
    jobs.push(collectGarbage(contextOf('garbagecollector')));
  }
  if (options.enabled.has('namespace')) {
    jobs.push(emptyNamespaces(contextOf('namespace'), options.namespaceDelayMs));
  }
  await Promise.all(
    jobs.map(async (job) =>
      job.catch((error: unknown) => {
        // What one throws because it was told to end is no failure.
        if (!signal.aborted) failed.abort(error);
      }),
    ),
  );
  if (failed.signal.aborted && !outer.signal.aborted) throw failed.signal.reason;
}
