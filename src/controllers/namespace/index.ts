/**
 * Deletes what is in a namespace that is going, and then lets it go (kube-controller-manager's
 * namespace-controller: kubernetes, pkg/controller/namespace).
 */
import { createWorkQueue } from '../../client/index.ts';
import { type ControllerContext, textOf } from '../context.ts';
import type { NamespaceController } from '../namespaces.ts';
import { deleteNamespace } from './delete.ts';

/** `--concurrent-namespace-syncs` of kube-controller-manager. */
const WORKERS = 10;
const FIRST_RETRY_MS = 5;
const LONGEST_RETRY_MS = 60_000;
/** How soon what remains is looked at again; twice as late each time. */
const FIRST_LOOK_MS = 200;

/** @param delayMs how long after each change of it a namespace is left alone */
export function emptyNamespaces(context: ControllerContext, delayMs: number): NamespaceController {
  const { clock, signal, log } = context;
  const queue = createWorkQueue({
    clock,
    firstRetryMs: FIRST_RETRY_MS,
    longestRetryMs: LONGEST_RETRY_MS,
    onError: (error, namespace) =>
      log({
        level: 'error',
        message: 'failed, and is tried again',
        namespace,
        error: textOf(error),
      }),
  });
  /** How often something has remained, by namespace. */
  const looks = new Map<string, number>();
  return {
    onChange: ({ type, object: { metadata } }) => {
      const { name = '', deletionTimestamp } = metadata;
      if (type === 'deleted') looks.delete(name);
      else if (deletionTimestamp !== undefined) queue.addAfter(name, delayMs);
    },
    run: async (namespaces) =>
      queue.run(
        WORKERS,
        async (name) => {
          if (namespaces.get(undefined, name)?.metadata.deletionTimestamp === undefined) return;
          const seconds = await deleteNamespace(context, name);
          if (seconds === undefined) {
            looks.delete(name);
            return;
          }
          const before = looks.get(name) ?? 0;
          looks.set(name, before + 1);
          // Upstream waits for half of what it estimates. Often it takes less.
          const longest = (Math.floor(seconds / 2) + 1) * 1000;
          queue.addAfter(name, Math.min(FIRST_LOOK_MS * 2 ** before, longest));
        },
        signal,
      ),
  };
}
