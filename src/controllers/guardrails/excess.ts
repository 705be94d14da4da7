/**
 * Too many undecided requests of one node. kubepki's server takes no more than a hundred of one requester;
 * kube-apiserver takes all, and a node that nobody approves, or that has gone mad, fills it. A kubelet waits
 * for the request that it made last, so of the others the oldest go. Only nodes': a bootstrap token is shared
 * by a whole fleet, and of other requests nobody knows who waits for them.
 */
import {
  CERTIFICATE_SIGNING_REQUESTS,
  NODE_USER_PREFIX,
  refusedFor,
} from '../../kubernetes/index.ts';
import { type ControllerContext, textOf } from '../context.ts';
import type { ControllerMetrics } from '../metrics.ts';
import type { RequestCounts, Undecided } from './request-counts.ts';

/** Undecided requests of one node that stay: the newest. */
const MOST_OF_A_NODE = 100;
/** Deleted at a time, of all nodes. */
const MOST_AT_ONCE = 1_000;

/** The requests that are too many, of each node the oldest first. */
export function excessOf(counts: RequestCounts): Undecided[] {
  const found: Undecided[] = [];
  for (const [requester, own] of counts.undecided()) {
    const excess = own.size - MOST_OF_A_NODE;
    if (excess <= 0 || !requester.startsWith(NODE_USER_PREFIX)) continue;
    const oldest = [...own.values()].sort((a, b) => a.created - b.created);
    for (const one of oldest.slice(0, excess)) found.push(one);
  }
  return found;
}

/** Deletes them. One that cannot be deleted is tried again the next time. */
export async function deleteExcess(
  { client, signal, log }: ControllerContext,
  counts: RequestCounts,
  metrics: ControllerMetrics,
): Promise<void> {
  const excess = excessOf(counts);
  let deleted = 0;
  for (const { name, uid } of excess.slice(0, MOST_AT_ONCE)) {
    if (signal.aborted) return;
    try {
      await client.delete(
        CERTIFICATE_SIGNING_REQUESTS,
        { name },
        { signal, ...(uid === undefined ? {} : { preconditions: { uid } }) },
      );
      deleted++;
      metrics.excessDeleted();
    } catch (error) {
      signal.throwIfAborted();
      if (refusedFor(error, 'NotFound', 'Conflict')) continue;
      log({ level: 'error', message: 'cannot delete', csr: name, error: textOf(error) });
      return;
    }
  }
  if (deleted === 0) return;
  const { requester, undecided } = counts.busiest();
  log({
    level: 'warn',
    message: `deleted ${deleted} undecided requests: a node keeps its newest ${MOST_OF_A_NODE}`,
    most: requester,
    undecided,
  });
}
