/** A worker thread: reads one cluster file, answers with the cluster, and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { type Cluster, readCluster } from '../cluster/index.ts';
import { KubepkiError, type SentError, sendError } from '../errors.ts';

export interface ClusterText {
  readonly text: string;
  readonly where: string;
}

export type ClusterAnswer = { readonly cluster: Cluster } | { readonly error: SentError };

function answer({ text, where }: ClusterText): ClusterAnswer {
  try {
    return { cluster: readCluster(text, where) };
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    return { error: sendError(error) };
  }
}

// Handed over by cluster-file.ts, in this shape and no other.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
parentPort?.postMessage(answer(workerData as ClusterText));
