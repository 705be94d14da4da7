/** Reads the file that `-f` names. */
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type Cluster, type Machine, readCluster } from '../cluster/index.ts';
import { lookAtFile, reasonOf } from '../collect/index.ts';
import { type Issue, KubepkiError, receiveError } from '../errors.ts';
import type { ClusterAnswer, ClusterText } from './cluster-worker.ts';
import { visible } from './output.ts';

const MAX_BYTES = 32 * 1024 * 1024;

/** The host that a command is about, where it is about one only. */
export interface LocalHost {
  readonly host: string;
  /** The root of its file system. */
  readonly root: string;
}

/**
 * Reads a cluster file, or kubeadm's configuration in its place. What there is to say of it goes to stderr.
 *
 * @param path a file, or `-` for standard input
 * @param local for what kubeadm's configuration leaves to the machine
 */
export async function loadCluster(path: string, local?: LocalHost): Promise<Cluster> {
  if (path === '-') return read(await readStandardInput(), 'standard input', local);
  const file = lookAtFile(path, MAX_BYTES);
  if (file.state === 'there') return read(file.bytes.toString('utf8'), path, local);
  if (file.state === 'missing') {
    throw new KubepkiError('NOT_FOUND', `${path}: no such file`, {
      hint: 'examples/ in the repository has cluster files to start from',
    });
  }
  throw new KubepkiError('FILE_SYSTEM', `${path}: ${file.reason}`);
}

/**
 * From this many characters on (some thousand hosts) reading takes longer than a thread to start. What
 * reading leaves behind, 200 bytes for each of the file, goes with the thread: the heap that works on
 * the hosts stays small.
 */
const THREAD_PAYS_FROM = 128 * 1024;

/** The worker's file: beside this one in the sources, under its own name in the published bundle. */
const WORKER_URL = new URL(
  import.meta.url.endsWith('.ts') ? './cluster-worker.ts' : './cluster-worker.js',
  import.meta.url,
);

/** What reading makes is soon garbage: a small young generation keeps it from growing to 100 MB. */
const LIMITS = { maxYoungGenerationSizeMb: 16 };

/** As `loadCluster`, of a text that was read. @param where it is from */
export const readClusterText = (text: string, where: string): Promise<Cluster> =>
  read(text, where, undefined);

async function read(text: string, where: string, local: LocalHost | undefined): Promise<Cluster> {
  const machine = local === undefined ? undefined : machineOf(local, text);
  const onNote = (note: Issue): void => printNote(where, note);
  if (text.length < THREAD_PAYS_FROM) return readCluster(text, where, { machine, onNote });
  const workerData: ClusterText = { text, where, machine };
  const answer = await new Promise<ClusterAnswer>((resolve, reject) => {
    const worker = new Worker(WORKER_URL, { workerData, resourceLimits: LIMITS });
    worker.once('error', reject);
    // Its memory is free when it has ended, not when it has answered.
    worker.once('message', (message: ClusterAnswer) => {
      worker.once('exit', () => resolve(message));
    });
  });
  if ('error' in answer) throw receiveError(answer.error);
  answer.notes.forEach(onNote);
  return answer.cluster;
}

/** Where kubeadm writes down which address kube-apiserver advertises. */
const MANIFEST = 'etc/kubernetes/manifests/kube-apiserver.yaml';
const MAX_MANIFEST_BYTES = 1024 * 1024;

function machineOf({ host, root }: LocalHost, text: string): Machine {
  // Of no use to a cluster file.
  if (!text.includes('kubeadm.k8s.io')) return { name: host };
  const file = lookAtFile(join(root, MANIFEST), MAX_MANIFEST_BYTES);
  return file.state === 'there'
    ? { name: host, manifest: file.bytes.toString('utf8') }
    : { name: host };
}

function printNote(where: string, { path, message }: Issue): void {
  process.stderr.write(`kubepki: ${visible(where)}: ${visible(path)}: ${visible(message)}\n`);
}

async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of process.stdin) {
      const bytes = Buffer.from(chunk);
      length += bytes.length;
      if (length > MAX_BYTES) {
        throw new KubepkiError(
          'MALFORMED_DOCUMENT',
          `standard input: larger than ${MAX_BYTES} bytes`,
        );
      }
      chunks.push(bytes);
    }
  } catch (error) {
    if (error instanceof KubepkiError) throw error;
    throw new KubepkiError('FILE_SYSTEM', `standard input: ${reasonOf(error)}`, { cause: error });
  }
  return Buffer.concat(chunks).toString('utf8');
}
