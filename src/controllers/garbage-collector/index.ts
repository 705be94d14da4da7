/**
 * The garbage collector: what has lost its owners is deleted (kube-controller-manager's
 * garbage-collector-controller: kubernetes, pkg/controller/garbagecollector).
 */
import { createWorkQueue, discover, type WorkQueue } from '../../client/index.ts';
import { type ControllerContext, textOf } from '../context.ts';
import { AbsentOwners } from './absent-owners.ts';
import { Collector } from './collector.ts';
import { invalidNamespaceEvents } from './events.ts';
import { Graph } from './graph.ts';
import { LiveObjects, Unsettled } from './live-objects.ts';
import { Monitors } from './monitors.ts';

/** `--concurrent-gc-syncs` of kube-controller-manager. */
const WORKERS = 20;
/** How often it is looked what resources there are, and how long the first look at all objects may take. */
const SYNC_MS = 30_000;
/** Of client-go's default queue. */
const FIRST_RETRY_MS = 5;

/** Works until the signal aborts. */
export async function collectGarbage(context: ControllerContext): Promise<void> {
  const { client, clock, signal, log } = context;
  const queueOf = (what: string): WorkQueue =>
    createWorkQueue({
      clock,
      firstRetryMs: FIRST_RETRY_MS,
      onError: (error, uid) => {
        const level = error instanceof Unsettled ? 'debug' : 'error';
        log({ level, message: `${what} failed, and is tried again`, uid, error: textOf(error) });
      },
    });
  const toDelete = queueOf('collecting');
  const toOrphan = queueOf('orphaning');
  const absent = new AbsentOwners();
  const graph = new Graph({
    attemptToDelete: (uid) => toDelete.add(uid),
    attemptToDeleteLater: (uid) => toDelete.addRateLimited(uid),
    attemptToOrphan: (uid) => toOrphan.add(uid),
    absent: (identity) => absent.add(identity),
    invalidNamespace: invalidNamespaceEvents(context),
  });
  const live = new LiveObjects(client, signal);
  const monitors = new Monitors(context, graph);
  const collector = new Collector({
    graph,
    live,
    absent,
    isFollowed: (identity) => monitors.isSynced(live.preferred(identity)),
    attemptToDelete: (uid) => toDelete.add(uid),
    log,
  });
  const look = async (): Promise<void> => {
    try {
      const { resources, failures } = await discover(client, { signal });
      live.discovered(resources);
      monitors.follow(resources, failures);
    } catch (error) {
      if (signal.aborted) return;
      log({ level: 'warn', message: 'cannot see what resources there are', error: textOf(error) });
    }
  };
  const wait = async (): Promise<void> =>
    clock.sleep(SYNC_MS, signal).then(
      () => undefined,
      () => undefined,
    );
  const keepLooking = async (): Promise<void> => {
    while (!signal.aborted) {
      await wait();
      if (!signal.aborted) await look();
    }
  };
  await look();
  // Of half of the objects a dependent could be overlooked when its owner goes.
  await Promise.race([monitors.synced(), wait()]);
  await Promise.all([
    keepLooking(),
    toDelete.run(WORKERS, async (uid) => collector.attemptToDelete(uid), signal),
    toOrphan.run(WORKERS, async (uid) => collector.attemptToOrphan(uid), signal),
  ]);
  await monitors.stopped();
}
