/**
 * Programs that never outlive this process, and a lock between processes.
 *
 * Both lean on the kernel and not on our own clean-up, which a kill -9 would skip: the parent-death
 * signal and a pid namespace end programs, and a flock is released when its holder is gone.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface TiedResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** Standard output and standard error as they came. */
  output: string;
}

/**
 * Runs a program to its end. It is killed when this process (to be exact: the thread that called)
 * dies, and so are its descendants where we are root and can give it a pid namespace.
 */
export async function runTied(
  command: string,
  args: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<TiedResult> {
  const namespace = process.getuid?.() === 0 ? ['unshare', '--pid', '--fork', '--kill-child'] : [];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...namespace, command, ...args], {
    ...options,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, output }));
  });
}

/** Runs `work` while no other process that locks the same file does; waits for as long as it takes. */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const holder = spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', 'flock', '--no-fork', path, 'sh', '-c', 'echo locked; exec cat'],
    { stdio: ['pipe', 'pipe', 'pipe'] },
  );
  let complaint = '';
  holder.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const closed = once(holder, 'close');
  const locked = await Promise.race([
    once(holder.stdout, 'data').then(() => true),
    closed.then(() => false),
  ]);
  if (!locked) throw new Error(`cannot lock ${path}: ${complaint.trim()}`);
  try {
    return await work();
  } finally {
    // `cat` ends with its input, and the lock with `cat`.
    holder.stdin.end();
    await closed;
  }
}
