/** Runs programs to be measured, each to its end, in directories that are taken away again. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** kubepki from the checkout, and as it is published. */
export const CHECKOUT = join(root, 'bin/kubepki');
export const BUNDLE = join(root, 'dist/npm/kubepki.js');

/** Makes the bundle from the sources as they are now. */
export function buildBundle(): void {
  run([process.execPath, join(root, 'scripts/build.ts')]);
}

export interface Run {
  /** From before its start to after its end. */
  readonly seconds: number;
  /** Of all its processes and threads, in user and kernel mode; to the hundredth. */
  readonly cpuSeconds: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** No program here takes a tenth of it on the slowest machine. */
const LONGEST_MILLISECONDS = 600_000;

/**
 * Runs a program to its end while this process sleeps.
 *
 * @throws Error with the end of its messages where it fails
 */
export function run(command: readonly string[], cwd = root): Run {
  const [program = '', ...args] = command;
  const cpuBefore = childrenCpuSeconds();
  const start = performance.now();
  const { status, signal, error, stdout, stderr } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LONGEST_MILLISECONDS,
    maxBuffer: 64 * 1024 * 1024,
  });
  const seconds = (performance.now() - start) / 1000;
  if (error !== undefined) throw new Error(`${program}: ${error.message}`, { cause: error });
  if (status !== 0) {
    const end = (stderr + stdout).trim().split('\n').slice(-10).join('\n');
    throw new Error(`${command.join(' ')}: ended with ${status ?? signal}\n${end}`);
  }
  return { seconds, cpuSeconds: childrenCpuSeconds() - cpuBefore, stdout, stderr };
}

/** Linux counts in hundredths of a second, whatever its own clock does (proc(5), USER_HZ). */
const TICKS_PER_SECOND = 100;

/** What the children that have ended have used: cutime and cstime, the 16th and 17th field. */
function childrenCpuSeconds(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  // The second field is the program's name in parentheses, which may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / TICKS_PER_SECOND;
}

/** A directory for the time that `work` takes, on the disk that temporary files are on. */
export async function withScratch<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'kubepki-bench-'));
  const remove = (): void => rmSync(directory, { recursive: true, force: true });
  // A signal ends the process without a finally.
  const interrupted = (): never => {
    remove();
    process.exit(130);
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    return await work(directory);
  } finally {
    process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
    remove();
  }
}

/** Waits until everything is on the disk, so that the next run does not pay for what this one left. */
export function settle(): void {
  run(['sync']);
}

/**
 * Names new directories below `scratch`, one after the other. None is removed before all is measured:
 * where ext4 has no journal it does not give out an inode again within a minute of its removal, and
 * looks at each of them for every new file (`recently_deleted` in fs/ext4/ialloc.c). What was written
 * after a large removal would take twice as long.
 */
export function freshDirectories(scratch: string): () => string {
  let count = 0;
  return () => join(scratch, `run-${++count}`);
}

/** Throws where the disk under `directory` has less room. Nothing is removed before the end. */
export function requireRoom(directory: string, bytes: number): void {
  const { bavail, bsize } = statfsSync(directory);
  if (bavail * bsize >= bytes) return;
  const gigabytes = (number: number): string => (number / 1e9).toFixed(1);
  throw new Error(
    `${directory}: ${gigabytes(bavail * bsize)} GB free, ${gigabytes(bytes)} are needed (TMPDIR names another place)`,
  );
}
