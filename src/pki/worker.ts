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
const tally = { files: 0 };
const work = new HostWork(cluster, place, receiveAuthorities(authorities), now, mode, tally);

/** The files that were made since this was last asked. */
function newFiles(): number {
  const { files } = tally;
  tally.files = 0;
  return files;
}

async function answer({ from, to }: WorkerTask): Promise<WorkerAnswer> {
  try {
    const steps = await work.run(cluster.hosts.slice(from, to));
    return { steps, hosts: to - from, files: newFiles() };
  } catch (error) {
    if (!(error instanceof KubepkiError)) throw error;
    return { error: sendError(error), files: newFiles() };
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
