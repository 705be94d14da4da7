/** Spreads the work on hosts over all cores. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Cluster } from '../cluster/index.ts';
import { receiveError, type SentError } from '../errors.ts';
import { exportPrivateKeyDer, importPrivateKeyDer, parseCertificate } from '../x509/index.ts';
import type { Authorities, Authority } from './authorities.ts';
import { HOST_BATCH } from './hosts.ts';
import type { Place } from './place.ts';
import type { Mode, Step } from './step.ts';
import type { Tally } from './write.ts';

/** An authority in a form that can be handed to a thread: keys and certificates as DER. */
type SentAuthority = Omit<Authority, 'certificate' | 'issuers' | 'key'> & {
  readonly certificateDer?: Uint8Array;
  readonly issuersDer?: readonly Uint8Array[];
  readonly keyDer?: Uint8Array;
};

export interface WorkerData {
  readonly cluster: Cluster;
  readonly place: Place;
  readonly authorities: readonly SentAuthority[];
  readonly now: Date;
  readonly mode: Mode;
}

/** Main thread to worker: the positions of hosts in the cluster file. */
export interface WorkerTask {
  readonly from: number;
  readonly to: number;
}

/** Worker to main thread: the steps of one task or the error that ended it, and the files made since the last answer. */
export type WorkerAnswer = { readonly files: number } & (
  | { readonly steps: readonly Step[]; readonly hosts: number }
  | { readonly error: SentError }
);

export function sendAuthorities(authorities: Authorities): SentAuthority[] {
  return [...authorities.values()].map(({ certificate, issuers, key, ...rest }) => ({
    ...rest,
    ...(certificate === undefined ? {} : { certificateDer: certificate.der }),
    ...(issuers === undefined ? {} : { issuersDer: issuers.map(({ der }) => der) }),
    ...(key === undefined ? {} : { keyDer: exportPrivateKeyDer(key) }),
  }));
}

export function receiveAuthorities(sent: readonly SentAuthority[]): Authorities {
  return new Map(
    sent.map(({ certificateDer, issuersDer, keyDer, ...rest }) => [
      rest.id,
      {
        ...rest,
        ...(certificateDer === undefined ? {} : { certificate: parseCertificate(certificateDer) }),
        ...(issuersDer === undefined ? {} : { issuers: issuersDer.map(parseCertificate) }),
        ...(keyDer === undefined ? {} : { key: importPrivateKeyDer(keyDer) }),
      },
    ]),
  );
}

/** Two at once in each thread, so that it computes one while the disk takes the other. */
const TASKS_PER_THREAD = 2;

/** The worker's file: beside this one in the sources, under its own name in the published bundle. */
const WORKER_URL = new URL(
  import.meta.url.endsWith('.ts') ? './worker.ts' : './pki-worker.js',
  import.meta.url,
);

/** What a thread makes is soon garbage: a small young generation keeps its memory from growing. */
const LIMITS = { maxYoungGenerationSizeMb: 16 };

/**
 * Works on all hosts of the cluster in worker threads.
 *
 * @param onSteps called for each finished task, with its steps and its number of hosts
 * @param tally counts the files that were made, whatever happens
 * @throws the first error of any thread, after all have stopped
 */
export async function runInThreads(
  data: WorkerData,
  onSteps: (steps: readonly Step[], hosts: number) => void,
  tally: Tally,
  threads = availableParallelism(),
): Promise<void> {
  const total = data.cluster.hosts.length;
  const workers: Worker[] = [];
  let next = 0;
  let failure: unknown;
  const takeTask = (): WorkerTask | undefined => {
    if (failure !== undefined || next >= total) return undefined;
    const from = next;
    next = Math.min(total, from + HOST_BATCH);
    return { from, to: next };
  };
  /** Resolves when the thread has ended, never before: until then it may write. */
  const runThread = (): Promise<void> =>
    new Promise((resolve) => {
      const worker = new Worker(WORKER_URL, { workerData: data, resourceLimits: LIMITS });
      workers.push(worker);
      let underWay = 0;
      const give = (): void => {
        const task = takeTask();
        if (task !== undefined) {
          underWay++;
          worker.postMessage(task);
        } else if (underWay === 0) {
          void worker.terminate();
        }
      };
      worker.on('message', (answer: WorkerAnswer) => {
        underWay--;
        tally.files += answer.files;
        if ('steps' in answer) onSteps(answer.steps, answer.hosts);
        else failure ??= receiveError(answer.error);
        give();
      });
      worker.on('error', (error) => {
        failure ??= error;
        for (const other of workers) void other.terminate();
      });
      worker.on('exit', () => resolve());
      for (let i = 0; i < TASKS_PER_THREAD; i++) give();
    });
  const count = Math.min(threads, Math.ceil(total / HOST_BATCH));
  await Promise.all(Array.from({ length: count }, runThread));
  if (failure !== undefined) throw failure;
}
