/** Servers that nobody asks anything: how long they take until they are ready, and what memory they hold then. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../test/free-port.ts';
import { peer } from '../test/peers/peers.ts';
import { BUNDLE } from './programs.ts';

export interface AtRest {
  /** From the start of the program until /readyz answers 200. */
  readonly readySeconds: number;
  /** Resident set (10^6 bytes) 5 seconds later. */
  readonly megabytes: number;
}

const SETTLE_MS = 5000;
const LONGEST_MS = 60_000;

/** @param directory a data directory that `kubepki up` has left */
export async function kubepkiAtRest(directory: string, port: number): Promise<AtRest> {
  const files = serverFiles(directory);
  return whileRunning(
    [
      process.execPath,
      BUNDLE,
      'server',
      `--data-dir=${directory}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${port}`,
      `--tls-cert-file=${files('apiserver.crt')}`,
      `--tls-private-key-file=${files('apiserver.key')}`,
      `--client-ca-file=${files('ca.crt')}`,
      `--cluster-signing-cert-file=${files('ca.crt')}`,
      `--cluster-signing-key-file=${files('ca.key')}`,
      '--enable-bootstrap-token-auth',
    ],
    async (child, started) => measure(child, started, port),
  );
}

/** kube-apiserver as it comes, with an etcd that is not counted. */
export async function apiserverAtRest(pki: string, directory: string): Promise<AtRest> {
  const files = serverFiles(pki);
  const [etcd, apiserver] = await Promise.all([peer('etcd'), peer('kube-apiserver')]);
  const [clientPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
  const client = `http://127.0.0.1:${clientPort}`;
  return whileRunning(
    [
      etcd,
      `--data-dir=${join(directory, 'etcd')}`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
    ],
    async () =>
      whileRunning(
        [
          apiserver,
          `--etcd-servers=${client}`,
          '--bind-address=127.0.0.1',
          '--advertise-address=192.0.2.1',
          `--secure-port=${port}`,
          `--tls-cert-file=${files('apiserver.crt')}`,
          `--tls-private-key-file=${files('apiserver.key')}`,
          `--client-ca-file=${files('ca.crt')}`,
          `--service-account-key-file=${files('sa.pub')}`,
          `--service-account-signing-key-file=${files('sa.key')}`,
          '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
          '--service-cluster-ip-range=10.96.0.0/12',
          '--authorization-mode=Node,RBAC',
          '--enable-bootstrap-token-auth',
        ],
        async (child, started) => measure(child, started, port),
      ),
  );
}

const serverFiles =
  (directory: string) =>
  (name: string): string =>
    join(directory, 'pki/hosts/server/etc/kubernetes/pki', name);

async function measure(child: ChildProcess, started: number, port: number): Promise<AtRest> {
  while (!(await isReady(port))) {
    if (child.exitCode !== null || performance.now() - started > LONGEST_MS) {
      throw new Error(`${child.spawnfile} ${child.spawnargs[1] ?? ''}: did not become ready`);
    }
    await sleep(10);
  }
  const readySeconds = (performance.now() - started) / 1000;
  await sleep(SETTLE_MS);
  const kibibytes = /^VmRSS:\s*(\d+) kB$/m.exec(
    readFileSync(`/proc/${child.pid}/status`, 'utf8'),
  )?.[1];
  return { readySeconds, megabytes: (Number(kibibytes) * 1024) / 1e6 };
}

async function isReady(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request(
      // Who answers is not in question: nothing is sent, and nothing believed.
      { host: '127.0.0.1', port, path: '/readyz', rejectUnauthorized: false, agent: false },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      },
    );
    call.on('error', () => resolve(false));
    call.end();
  });
}

/** Runs a program for the time that `work` takes; it dies with this process, however that ends. */
async function whileRunning<T>(
  command: readonly string[],
  work: (child: ChildProcess, started: number) => Promise<T>,
): Promise<T> {
  const started = performance.now();
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  try {
    return await work(child, started);
  } finally {
    child.kill('SIGTERM');
    await exited;
  }
}
