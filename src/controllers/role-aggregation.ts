/**
 * Fills ClusterRoles that gather their rules from others by labels, whenever one of them changes
 * (kube-controller-manager's clusterrole-aggregation-controller: kubernetes,
 * pkg/controller/clusterroleaggregation).
 */
import { createWorkQueue, type Informer, startInformer } from '../client/index.ts';
import {
  aggregatedRules,
  CLUSTER_ROLES,
  type ClusterRole,
  refusedFor,
  sameRules,
} from '../kubernetes/index.ts';
import { type ControllerContext, textOf } from './context.ts';

/** One after the other: what one gathers, the next may gather from it. */
const WORKERS = 1;

/** Works until the signal aborts. */
export async function aggregateRoles(context: ControllerContext): Promise<void> {
  const { client, clock, random, signal, log } = context;
  const queue = createWorkQueue({
    clock,
    onError: (error, role) =>
      log({ level: 'error', message: 'failed, and is tried again', role, error: textOf(error) }),
  });
  const roles = startInformer({
    client,
    clock,
    random,
    signal,
    type: CLUSTER_ROLES,
    // Whose rules change is not known before they are gathered: all that gather are looked at.
    onChange: () => {
      for (const role of roles.list()) if (gathers(role)) queue.add(role.metadata.name ?? '');
    },
    onError: (error) =>
      log({ level: 'warn', message: 'cannot watch ClusterRoles', error: textOf(error) }),
  });
  // Of half of them a role would be filled with half of its rules.
  await Promise.race([roles.synced.catch(() => undefined), roles.stopped]);
  await queue.run(WORKERS, async (name) => fill(context, roles, name), signal);
  await roles.stopped;
}

const gathers = ({ aggregationRule }: ClusterRole): boolean =>
  aggregationRule !== undefined && aggregationRule !== null;

async function fill(
  { client, signal, log }: ControllerContext,
  roles: Informer<ClusterRole>,
  name: string,
): Promise<void> {
  const role = roles.get(undefined, name);
  if (role === undefined || !gathers(role)) return;
  const rules = aggregatedRules(role, roles.list());
  if (sameRules(rules, role.rules)) return;
  try {
    // With the version that was seen: whoever has changed it meanwhile is not overwritten.
    await client.update(CLUSTER_ROLES, { ...role, rules }, { signal });
  } catch (error) {
    // What has taken its place comes up by itself.
    if (refusedFor(error, 'NotFound', 'Conflict')) return;
    if (!refusedFor(error, 'Forbidden')) throw error;
    // On a cluster with kube-controller-manager that one has the right to it, and does it.
    log({ level: 'warn', message: 'may not fill a role', role: name, error: textOf(error) });
    return;
  }
  log({ level: 'info', message: 'filled a role', role: name, rules: rules.length });
}
