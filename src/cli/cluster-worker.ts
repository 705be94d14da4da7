/** A worker thread: reads one cluster file, answers with the cluster and what there is to say of it, and ends. */
import { parentPort, workerData } from 'node:worker_threads';
import { type Cluster, type Machine, readCluster } from '../cluster/index.ts';
import { type Issue, KubepkiError, type SentError, sendError } from '../errors.ts';

export interface ClusterText {
  readonly text: string;
  readonly where: string;
  readonly machine?: Machine | undefined;
}

export type ClusterAnswer =
  | { readonly cluster: Cluster; readonly notes: readonly Issue[] }
  | { readonly error: SentError };

function answer({ text, where, machine }: ClusterText): ClusterAnswer {
  const notes: Issue[] = [];
  try {
    const cluster = readCluster(text, where, { machine, onNote: (note) => notes.push(note) });
    return { cluster, notes };
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    return { error: sendError(error) };
  }
}

// Handed over by cluster-file.ts, in this shape and no other.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
parentPort?.postMessage(answer(workerData as ClusterText));
