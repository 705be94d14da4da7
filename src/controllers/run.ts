/** Runs the controllers against a Kubernetes API: which of them, with what, and for how long. */
import { type Clock, type KubernetesClient, runWithLease } from '../client/index.ts';
import { signClusterInfo } from './bootstrap-signer.ts';
import { runTokenControllers, type TokenController } from './bootstrap-tokens.ts';
import { type ControllerContext, type Log, logOf, textOf } from './context.ts';
import { type CsrControllersOptions, startCsrControllers } from './csr-controllers.ts';
import { keepDefaultServiceAccounts } from './default-service-accounts.ts';
import { collectGarbage } from './garbage-collector/index.ts';
import { NodeCertificates } from './guardrails/index.ts';
import { ControllerMetrics } from './metrics.ts';
import { enabledControllers } from './names.ts';
import { emptyNamespaces } from './namespace/index.ts';
import { type NamespaceController, runNamespaceControllers } from './namespaces.ts';
import { handlePodCertificates } from './pod-certificate-controllers.ts';
import { aggregateRoles } from './role-aggregation.ts';
import { keepRootCa, type RootCa } from './root-ca-publisher.ts';
import { createServingNames, type ServingOptions } from './serving-names.ts';
import type { ServingLimits } from './serving-part.ts';
import type { SigningOptions } from './signer.ts';
import { cleanTokens } from './token-cleaner.ts';
import { publishTrustBundle } from './trust-bundle-publisher.ts';

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
  /** What verifies the API server, to be published; without, nobody does. */
  readonly rootCa?: RootCa;
  /** Only decides on serving certificates, and tells it; approves none. */
  readonly dryRun?: boolean;
  /** Where they count; given, their page can be shown. */
  readonly metrics?: ControllerMetrics;
  /** What is known of the certificates of nodes from elsewhere. */
  readonly nodeCertificates?: NodeCertificates;
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
  const { signing, serving, rootCa, protectNodes = true, namespaceDelayMs = 5_000 } = options;
  const limits = serving === undefined ? undefined : limitsOf(serving, options.dryRun ?? false);
  const { metrics = new ControllerMetrics(), nodeCertificates = new NodeCertificates() } = options;
  const context = { client, clock, random, log };
  const run = async (until: AbortSignal): Promise<void> =>
    runAll(
      { ...context, signal: until },
      {
        enabled,
        signing,
        serving: limits,
        rootCa,
        protectNodes,
        namespaceDelayMs,
        metrics,
        certificates: nodeCertificates,
      },
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

const limitsOf = (serving: ServingOptions, dryRun: boolean): ServingLimits => ({
  names: createServingNames(serving),
  limited: serving.allowedCidrs.length > 0,
  ready: serving.ready ?? Promise.resolve(),
  dryRun,
});

interface AllOptions extends Omit<CsrControllersOptions, 'contextOf'> {
  readonly rootCa: RootCa | undefined;
  readonly namespaceDelayMs: number;
}

/** Ends when all have ended; one that fails ends the others. */
async function runAll(outer: ControllerContext, options: AllOptions): Promise<void> {
  const failed = new AbortController();
  const signal = AbortSignal.any([outer.signal, failed.signal]);
  const contextOf = (name: string): ControllerContext => ({
    ...outer,
    signal,
    log: logOf(outer.log, name),
  });
  const jobs = startCsrControllers({ contextOf, ...options });
  jobs.push(runTokenControllers(contextOf('informer'), tokenControllers(contextOf, options)));
  if (options.enabled.has('clusterrole-aggregation')) {
    jobs.push(aggregateRoles(contextOf('clusterrole-aggregation')));
  }
  if (options.enabled.has('garbagecollector')) {
    jobs.push(collectGarbage(contextOf('garbagecollector')));
  }
  jobs.push(
    runNamespaceControllers(contextOf('informer'), namespaceControllers(contextOf, options)),
  );
  if (options.enabled.has('trustbundlepublisher') && options.rootCa !== undefined) {
    jobs.push(publishTrustBundle(contextOf('trustbundlepublisher'), options.rootCa));
  }
  jobs.push(handlePodCertificates({ contextOf, ...options }));
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

function tokenControllers(
  contextOf: (name: string) => ControllerContext,
  { enabled }: AllOptions,
): TokenController[] {
  const controllers: TokenController[] = [];
  if (enabled.has('tokencleaner')) controllers.push(cleanTokens(contextOf('tokencleaner')));
  if (enabled.has('bootstrapsigner'))
    controllers.push(signClusterInfo(contextOf('bootstrapsigner')));
  return controllers;
}

function namespaceControllers(
  contextOf: (name: string) => ControllerContext,
  { enabled, rootCa, namespaceDelayMs }: AllOptions,
): NamespaceController[] {
  const controllers: NamespaceController[] = [];
  if (enabled.has('namespace')) {
    controllers.push(emptyNamespaces(contextOf('namespace'), namespaceDelayMs));
  }
  if (enabled.has('serviceaccount')) {
    controllers.push(keepDefaultServiceAccounts(contextOf('serviceaccount')));
  }
  if (enabled.has('root-ca-cert-publisher')) {
    const context = contextOf('root-ca-cert-publisher');
    if (rootCa !== undefined) controllers.push(keepRootCa(context, rootCa));
    else {
      const message = 'not started: nothing says what verifies the API server (--root-ca-file)';
      context.log({ level: 'info', message });
    }
  }
  return controllers;
}
