/** A worker thread: takes ranges of hosts and answers with their steps. */
import { parentPort, workerData } from 'node:worker_threads';
import { KubepkiError, sendError } from '../errors.ts';
import { HostWork } from './hosts.ts';
import {
  receiveAuthorities,
  type WorkerAnswer,
  type WorkerData,
  type WorkerTask,
} from './threads.ts';

const port = parentPort;
if (port === null) throw new TypeError('expected to run as a worker thread');

// Handed over by runInThreads, in this shape and no other.
// oxlint-disable-next-line typescript/no-unsafe-type-assertion
const { cluster, place, authorities, now, mode } = workerData as WorkerData;
const work = new HostWork(cluster, place, receiveAuthorities(authorities), now, mode);

async function answer({ from, to }: WorkerTask): Promise<WorkerAnswer> {
  try {
    return { steps: await work.run(cluster.hosts.slice(from, to)), hosts: to - from };
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    return { error: sendError(error) };
  }
}

port.on('message', (task: WorkerTask) => {
  void answer(task).then(
    (message) => port.postMessage(message),
    // A defect of ours, not of the input: let it end the thread, so that the main thread hears of it.
    (error: unknown) =>
      setImmediate(() => {
        throw error;
      }),
  );
});
