/** Controllers at the servers that stand beside each other: kube-controller-manager's at the real one, ours at either. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import {
  createClient,
  type KubernetesClient,
  systemClock,
  transportFromKubeconfig,
} from '../../../src/client/index.ts';
import {
  type LogLine,
  type RunControllersOptions,
  runControllers,
} from '../../../src/controllers/index.ts';
import { peer } from '../../peers/peers.ts';
import type { Servers } from './servers.ts';

export type ServerName = 'real' | 'ours';

export const kubeconfigOf = ({ directory }: Servers, name: ServerName): string =>
  join(directory, `${name}.conf`);

export const clientOf = async (servers: Servers, name: ServerName): Promise<KubernetesClient> =>
  createClient(
    await transportFromKubeconfig({
      path: kubeconfigOf(servers, name),
      userAgent: 'test',
      clock: systemClock,
    }),
  );

/** Runs kube-controller-manager at the real server for the time of the work. */
export async function withControllerManager<T>(
  servers: Servers,
  controllers: readonly string[],
  work: () => Promise<T>,
  ...flags: readonly string[]
): Promise<T> {
  const child = spawn(
    'setpriv',
    [
      '--pdeathsig',
      'KILL',
      await peer('kube-controller-manager'),
      `--kubeconfig=${kubeconfigOf(servers, 'real')}`,
      `--controllers=${controllers.join(',')}`,
      '--leader-elect=false',
      '--secure-port=0',
      ...flags,
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

/** Runs ours at one of the servers for the time of the work. Also answers what they have warned of. */
export async function withOurControllers<T>(
  servers: Servers,
  name: ServerName,
  options: Pick<RunControllersOptions, 'controllers' | 'rootCa' | 'signing'>,
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly warnings: readonly LogLine[] }> {
  const client = await clientOf(servers, name);
  const stop = new AbortController();
  const warnings: LogLine[] = [];
  const running = runControllers({
    ...options,
    client,
    clock: systemClock,
    signal: stop.signal,
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
