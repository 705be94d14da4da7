/**
 * The garbage collector and the end of namespaces: the same story told to kube-apiserver with
 * kube-controller-manager, to kube-apiserver with our controllers, and to our server with them. What is left
 * must be the same.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createClient, systemClock, transportFromKubeconfig } from '../../src/client/index.ts';
import { type LogLine, runControllers } from '../../src/controllers/index.ts';
import { peer } from '../peers/peers.ts';
import { type Story, tell } from './garbage-collection/story.ts';
import { type Servers, startServers } from './kubectl/servers.ts';

const CONTROLLERS = ['garbage-collector-controller', 'namespace-controller'];

let servers: Servers;
let upstream: Story;

beforeAll(async () => {
  servers = await startServers();
});
afterAll(() => servers.stop());

const kubeconfig = (name: 'real' | 'ours'): string => join(servers.directory, `${name}.conf`);

async function withControllerManager<T>(work: () => Promise<T>): Promise<T> {
  const program = await peer('kube-controller-manager');
  const child: ChildProcess = spawn(
    'setpriv',
    [
      '--pdeathsig',
      'KILL',
      program,
      `--kubeconfig=${kubeconfig('real')}`,
      `--controllers=${CONTROLLERS.join(',')}`,
      '--leader-elect=false',
      '--secure-port=0',
    ],
    {
      env: { PATH: process.env['PATH'], HOME: servers.directory, GOMAXPROCS: '2' },
      stdio: 'ignore',
    },
  );
  try {
    return await work();
  } finally {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
}

/** Also answers what they have warned of. */
async function withOurs<T>(
  name: 'real' | 'ours',
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly warnings: readonly LogLine[] }> {
  const path = kubeconfig(name);
  const client = createClient(
    await transportFromKubeconfig({ path, userAgent: 'test', clock: systemClock }),
  );
  const stop = new AbortController();
  const warnings: LogLine[] = [];
  const running = runControllers({
    client,
    clock: systemClock,
    signal: stop.signal,
    controllers: CONTROLLERS,
    log: (line) => {
      if (line.level === 'error' || line.level === 'warn') warnings.push(line);
    },
  });
  try {
    return { result: await work(), warnings };
  } finally {
    stop.abort();
    await running;
    await client.close();
  }
}

it('kube-apiserver with kube-controller-manager tells how it goes', async () => {
  upstream = await withControllerManager(() => tell(servers.real, 'upstream'));
  // That it is no empty story.
  expect(upstream).toMatchObject({
    background: { left: ['d of e', 'e', 'stays'], last: ['stays'] },
    orphan: { left: ['b', 'c of b', 'd', 'stays'] },
    namespace: { phase: 'Terminating', anew: [] },
  });
});

it('kube-apiserver with our controllers comes to the same end', async () => {
  const { result, warnings } = await withOurs('real', () => tell(servers.real, 'mixed'));
  expect(result).toEqual(upstream);
  expect(warnings).toEqual([]);
});

it('so does our server', async () => {
  const { result, warnings } = await withOurs('ours', () => tell(servers.ours, 'ours'));
  expect(result).toEqual(upstream);
  expect(warnings).toEqual([]);
});
