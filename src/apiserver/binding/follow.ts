/** Keeps the bindings of nodes' credentials current, and free of those that are of no use any more. */
import type { Clock } from '../../client/index.ts';
import type { Storage } from '../../storage/index.ts';
import { keep } from '../keep.ts';
import { followStored, type Listener, memoryListener, type Registry } from '../registry/index.ts';
import { NODE_BINDING_DEFINITION } from '../resources/index.ts';
import type { NodeBindings } from './node-bindings.ts';
import { bindingStoreIn } from './store.ts';

const INTERVAL_MS = 600_000;
/** The clocks of several servers may differ. */
const KEPT_MS = 3_600_000;

/**
 * Resolves when everything that is stored is known; goes on until the signal aborts.
 *
 * @throws KubepkiError MALFORMED_DOCUMENT for a NodeBinding that cannot be read
 */
export async function followBindings(
  bindings: NodeBindings,
  registry: Pick<Registry, 'get' | 'create' | 'delete'>,
  {
    storage,
    clock,
    signal,
    failed,
  }: {
    readonly storage: Storage;
    readonly clock: Clock;
    readonly signal: AbortSignal;
    readonly failed: (error: unknown) => void;
  },
): Promise<void> {
  bindings.useStore(bindingStoreIn(registry));
  const hint =
    'restore the database from a backup, or delete the key: the certificate is then bound anew';
  await followStored(NODE_BINDING_DEFINITION, bindings.book, { storage, signal, failed, hint });
  const removeExpired = (): Promise<void> =>
    bindings.removeExpired(new Date(clock.now().getTime() - KEPT_MS));
  keep(removeExpired, { clock, intervalMs: INTERVAL_MS, signal, failed }).catch(
    (error: unknown) => {
      if (!signal.aborted) failed(error);
    },
  );
}

/** Hears of what this server writes before whoever has asked for it, so that it holds when they are answered. */
export const bindingListener = ({ book }: NodeBindings): Listener =>
  memoryListener(NODE_BINDING_DEFINITION, book);
