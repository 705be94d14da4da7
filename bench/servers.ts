/**
 * Runs kubepki's server, and kube-apiserver with an etcd and where asked for kube-controller-manager, on the
 * files that `kubepki up` has left.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../test/free-port.ts';
import { peer } from '../test/peers/peers.ts';
import { BUNDLE } from './programs.ts';

export interface RunningServer {
  readonly port: number;
  /** From the start of the program until /readyz answers 200. */
  readonly readySeconds: number;
  /** Resident set now, in 10^6 bytes. */
  residentMegabytes(): number;
}

type Work<T> = (server: RunningServer) => Promise<T>;

const LONGEST_MS = 60_000;

/**
 * With the controllers that it has by default.
 *
 * @param directory a data directory that `kubepki up` has left
 */
export async function withKubepki<T>(directory: string, port: number, work: Work<T>): Promise<T> {
  const files = serverFiles(directory);
  const command = [
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
    // Where nodes of the benches live.
    '--allowed-cidrs=127.0.0.0/8',
  ];
  return whileRunning(command, async (child, started) =>
    work(await whenReady(child, started, port)),
  );
}

/**
 * kube-apiserver as it comes, with an etcd of its own.
 *
 * @param pki a data directory that `kubepki up` has left
 * @param directory where etcd's data goes; is made
 */
export async function withApiserver<T>(pki: string, directory: string, work: Work<T>): Promise<T> {
  const files = serverFiles(pki);
  const [etcd, apiserver] = await Promise.all([peer('etcd'), peer('kube-apiserver')]);
  const [clientPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
  const client = `http://127.0.0.1:${clientPort}`;
  const etcdCommand = [
    etcd,
    `--data-dir=${join(directory, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
  ];
  const command = [
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
  ];
  return whileRunning(etcdCommand, async () =>
    whileRunning(command, async (child, started) => work(await whenReady(child, started, port))),
  );
}

/**
 * kube-controller-manager with all the controllers that it has by default, beside a kube-apiserver.
 *
 * @param pki a data directory that `kubepki up` has left
 * @param port of kube-apiserver
 * @param flags beside those without which it does not sign
 */
export async function withControllerManager<T>(
  pki: string,
  port: number,
  flags: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  const files = serverFiles(pki);
  const kubeconfig = join(pki, 'pki/admin/super-admin.conf');
  const ownPort = await freePort();
  const command = [
    await peer('kube-controller-manager'),
    `--kubeconfig=${kubeconfig}`,
    `--master=https://127.0.0.1:${port}`,
    '--bind-address=127.0.0.1',
    `--secure-port=${ownPort}`,
    '--leader-elect=false',
    `--cluster-signing-cert-file=${files('ca.crt')}`,
    `--cluster-signing-key-file=${files('ca.key')}`,
    ...flags,
  ];
  return whileRunning(command, async (child, started) => {
    await whenReady(child, started, ownPort, '/healthz');
    return work();
  });
}

const serverFiles =
  (directory: string) =>
  (name: string): string =>
    join(directory, 'pki/hosts/server/etc/kubernetes/pki', name);

async function whenReady(
  child: ChildProcess,
  started: number,
  port: number,
  path = '/readyz',
): Promise<RunningServer> {
  while (!(await answers(port, path))) {
    if (child.exitCode !== null || performance.now() - started > LONGEST_MS) {
      throw new Error(`${child.spawnfile} ${child.spawnargs.join(' ')}: did not become ready`);
    }
    await sleep(10);
  }
  const readySeconds = (performance.now() - started) / 1000;
  return { port, readySeconds, residentMegabytes: () => residentMegabytes(child) };
}

function residentMegabytes({ pid }: ChildProcess): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return (Number(/^VmRSS:\s*(\d+) kB$/m.exec(status)?.[1]) * 1024) / 1e6;
}

async function answers(port: number, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const call = request(
      // Who answers is not in question: nothing is sent, and nothing believed.
      { host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false },
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
  // setpriv becomes the program: the process id stays the same.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...command], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  try {
    return await work(child, started);
  } finally {
    child.kill('SIGTERM');
    await exited;
  }
}
