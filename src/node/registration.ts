/** Brings the Node into the cluster and keeps it there (pkg/kubelet/kubelet_node_status.go). */
import type { Clock, KubernetesClient } from '../client/index.ts';
import { KubepkiError } from '../errors.ts';
import { NODES, type Node, refusedFor } from '../kubernetes/index.ts';
import { hasOurTaint, isOfKubelet, type NodeFacts, newNode, nodePatch } from './node-object.ts';
import { doubling, pause } from './waiting.ts';

export interface RegistrationContext {
  readonly client: () => KubernetesClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
  /** What is said of a refused attempt, where its error does not say it all. */
  readonly explain?: (error: KubepkiError) => string | undefined;
  /** What the Node is to say, at this moment. */
  readonly facts: () => NodeFacts;
}

export interface RegisteredNode {
  readonly node: Node;
  readonly existed: boolean;
  /** A kubelet works for this Node: it is left alone. */
  readonly foreign: boolean;
}

/**
 * Registers, however long it takes: 200 ms after the first refusal, doubled up to 7 s. Undefined where
 * the signal ended it. Success proves the credentials, too.
 */
export async function register(context: RegistrationContext): Promise<RegisteredNode | undefined> {
  return untilDone(context, 'registering the Node', async () => {
    const { client, facts, clock, signal } = context;
    try {
      const node = await client().create(NODES, newNode(facts(), clock.now()), { signal });
      return { node, existed: false, foreign: false };
    } catch (error) {
      // Who may not create one may still be one that is there.
      if (!refusedFor(error, 'AlreadyExists', 'Forbidden')) throw error;
      return await reconcile(context, error);
    }
  });
}

async function reconcile(context: RegistrationContext, why: Error): Promise<RegisteredNode> {
  const { client, facts, clock, signal, log } = context;
  const { nodeName } = facts();
  let existing: Node;
  try {
    existing = await client().get(NODES, { name: nodeName }, { signal });
  } catch (error) {
    // There is none: what counts is why it could not be made.
    throw refusedFor(error, 'NotFound') ? why : error;
  }
  if (isOfKubelet(existing)) {
    log(`Node ${nodeName} is Ready, so a kubelet works for it: it is left as it is`);
    return { node: existing, existed: true, foreign: true };
  }
  if (!hasOurTaint(existing)) {
    log(
      `Node ${nodeName} lacks the taint kubepki.dev/no-kubelet, which a node cannot add itself: kubectl taint node ${nodeName} kubepki.dev/no-kubelet:NoSchedule`,
    );
  }
  const { patch } = nodePatch(existing, facts(), clock.now());
  const location = { name: nodeName, subresource: 'status' };
  const type = 'strategic-merge-patch';
  const node = await client().patch(NODES, location, patch, { signal, type });
  return { node, existed: true, foreign: false };
}

/**
 * Asks for the own Node, which every node may see: whether it is there or not, the answer proves that
 * the server takes the client for this node. Repeats until it does; false where the signal ended it.
 */
export async function proveCredentials(context: RegistrationContext): Promise<boolean> {
  const proven = await untilDone(context, 'proving the new certificate', async () => {
    const { client, facts, signal } = context;
    try {
      await client().get(NODES, { name: facts().nodeName }, { signal });
    } catch (error) {
      if (!refusedFor(error, 'NotFound')) throw error;
    }
    return true;
  });
  return proven === true;
}

async function untilDone<T>(
  { clock, signal, log, explain }: RegistrationContext,
  what: string,
  attempt: () => Promise<T>,
): Promise<T | undefined> {
  let said = '';
  for (const ms of doubling(200, 7_000)) {
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!(error instanceof KubepkiError)) throw error;
      // Once, not every few seconds for days.
      if (error.message !== said) {
        const advice = explain?.(error) ?? error.hint;
        log(`${what}: ${error.message}${advice === undefined ? '' : ` (${advice})`}; trying again`);
      }
      said = error.message;
    }
    if (!(await pause(clock, ms, signal))) return undefined;
  }
  return undefined;
}

/** A kubelet registers once in its life, too (kubelet_node_status.go, `registrationCompleted`). */
const deleted = (error: KubepkiError): string =>
  refusedFor(error, 'NotFound')
    ? '; a Node that was deleted is made again when the node is started again'
    : '';

/** Upstream's nodeStatusReportFrequency. */
const REPORT_MS = 5 * 60_000;

export interface Reporting {
  /** A signal that aborts when the facts are no longer those of the last report. */
  readonly changed: () => AbortSignal;
  readonly everyMs?: number | undefined;
}

/**
 * Keeps the status fresh: every five minutes a heartbeat, at once when `changed` says so. The first
 * comes after half to one and a half times that, so that nodes that came together do not report
 * together.
 */
export async function reportStatus(
  context: RegistrationContext,
  registered: Node,
  { changed, everyMs = REPORT_MS }: Reporting,
): Promise<void> {
  const { clock, random, signal, log, client, facts, explain } = context;
  let last: Node = registered;
  let said = '';
  let wait = everyMs * (0.5 + random());
  for (;;) {
    const wake = changed();
    await pause(clock, wait, AbortSignal.any([signal, wake]));
    if (signal.aborted) return;
    const { patch, changed: differs } = nodePatch(last, facts(), clock.now());
    if (wake.aborted && !differs) continue;
    try {
      const location = { name: facts().nodeName, subresource: 'status' };
      const type = 'strategic-merge-patch';
      last = await client().patch(NODES, location, patch, { signal, type });
      said = '';
      wait = differs ? everyMs * (0.5 + random()) : everyMs;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof KubepkiError)) throw error;
      const advice = explain?.(error);
      if (error.message !== said) {
        log(
          `reporting the status of the Node: ${error.message}${deleted(error)}${advice === undefined ? '' : ` (${advice})`}`,
        );
      }
      said = error.message;
      // Upstream's nodeStatusUpdateFrequency.
      wait = 10_000;
    }
  }
}
