/** Forgets old revisions regularly, as kube-apiserver does with etcd. */
import { KubepkiError } from '../errors.ts';
import type { Storage } from './types.ts';

/** kube-apiserver's `--etcd-compaction-interval`. */
const INTERVAL_MS = 5 * 60 * 1000;

export interface CompactionOptions {
  readonly clock: { sleep(ms: number, signal?: AbortSignal): Promise<void> };
  readonly signal: AbortSignal;
  /** Milliseconds; what is younger is never forgotten. */
  readonly intervalMs?: number;
  /** Hears of compactions that failed; the next interval tries again. */
  readonly report?: (error: KubepkiError) => void;
}

/**
 * At each interval forgets what was there before the one before, so that everything is remembered
 * for one interval at least and for two at most (apiserver, pkg/storage/etcd3/compact.go).
 *
 * @returns when the signal aborts
 */
export async function startCompaction(
  storage: Storage,
  { clock, signal, intervalMs = INTERVAL_MS, report }: CompactionOptions,
): Promise<void> {
  for (let earlier: number | undefined; ; earlier = storage.revision) {
    try {
      await clock.sleep(intervalMs, signal);
    } catch (error) {
      if (signal.aborted) return;
      throw error;
    }
    try {
      if (earlier !== undefined) await storage.compact(earlier);
    } catch (error) {
      if (!(error instanceof KubepkiError)) throw error;
      report?.(error);
    }
  }
}
