/** How a program gets into a host of `network.ts`, and how it is signalled there. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface HostHandle {
  /** The holder of the network, in the machine's own numbers. */
  holderPid: number;
  host: string;
}

/**
 * The command line that runs `command` on a host. The program writes its process number inside the
 * namespace to file descriptor 3 first: `nsenter`, which is what the caller gets to see, stays
 * outside and passes no signals on.
 */
export function enter(
  { holderPid, host }: HostHandle,
  command: string,
  args: readonly string[],
  cwd: string,
): { command: string; args: string[] } {
  // Entering the mount namespace loses the working directory; a session of its own lets `signal`
  // reach what the program starts.
  const start = 'echo $$ >&3; exec 3>&-; cd "$1" || exit 127; shift; exec setsid "$@"';
  const inside = ['nsenter', `--net=/run/netns/${host}`, 'sh', '-c', start, 'sh', cwd, command];
  return { command: 'nsenter', args: [...namespaces(holderPid), ...inside, ...args] };
}

/**
 * Signals a program by its number inside the namespace; KILL goes to its whole process group, which
 * cannot pass it on any more. That it ended meanwhile is no error.
 */
export async function signal(holderPid: number, pid: number, name: string): Promise<void> {
  const target = name === 'KILL' ? -pid : pid;
  const kill = ['sh', '-c', 'kill -s "$1" -- "$2"', 'sh', name, String(target)];
  const child = spawn('nsenter', [...namespaces(holderPid), ...kill], { stdio: 'ignore' });
  await once(child, 'close');
}

const namespaces = (holderPid: number): string[] => [
  '--target',
  String(holderPid),
  '--mount',
  '--pid',
];
