/** Programs on the hosts of `network.ts`: started with a log, or run to their end. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { enter, type HostHandle, signal } from './enter.ts';

export interface Exit {
  /** As a shell would tell it; null when a signal ended it. */
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface RunResult extends Exit {
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  input?: string;
  cwd?: string;
  env?: Readonly<Record<string, string>>;
  /** Milliseconds after which the program is killed and `run` throws. */
  timeout?: number;
}

export interface Program {
  /** `<host>-<name>`. */
  readonly name: string;
  readonly logFile: string;
  /** Resolves when it ended. */
  readonly exited: Promise<Exit>;
  isRunning(): boolean;
  /** Everything it wrote so far. */
  log(): Promise<string>;
  /** SIGTERM, and SIGKILL when it has not ended 5 s later. */
  stop(): Promise<Exit>;
  kill(name: 'TERM' | 'KILL' | 'HUP' | 'INT' | 'USR1'): Promise<void>;
}

interface StartOnOptions {
  name?: string;
  cwd?: string;
  env?: Readonly<Record<string, string>>;
  logs: string;
}

/** How long a program may take to end after SIGTERM. */
const GRACE = 5_000;

export async function startOn(
  host: HostHandle,
  command: string,
  args: readonly string[],
  options: StartOnOptions,
): Promise<Program> {
  const name = `${host.host}-${options.name ?? basename(command)}`;
  const logFile = join(options.logs, `${name}.log`);
  const log = await open(logFile, 'a');
  const line = enter(host, command, args, options.cwd ?? process.cwd());
  const child = spawn(line.command, line.args, {
    env: environment(options.env),
    stdio: ['ignore', log.fd, log.fd, 'pipe'],
  });
  const exited = exitOf(child);
  await log.close();
  const pid = await pidFrom(child.stdio[3]);
  if (pid === undefined) {
    await exited;
    throw new Error(`cannot start ${name}:\n${await tailOf(logFile)}`);
  }
  let running = true;
  void exited.finally(() => {
    running = false;
  });

  const program: Program = {
    name,
    logFile,
    exited,
    isRunning: () => running,
    log: async () => readFile(logFile, 'utf8'),
    async kill(signalName) {
      if (running) await signal(host.holderPid, pid, signalName);
    },
    async stop() {
      await program.kill('TERM');
      const timer = new AbortController();
      const late = delay(GRACE, 'late', { signal: timer.signal }).catch(() => 'ended');
      if ((await Promise.race([exited, late])) === 'late') await program.kill('KILL');
      timer.abort();
      return exited;
    },
  };
  return program;
}

export async function runOn(
  host: HostHandle,
  command: string,
  args: readonly string[],
  options: RunOptions,
): Promise<RunResult> {
  const line = enter(host, command, args, options.cwd ?? process.cwd());
  const child = spawn(line.command, line.args, {
    env: environment(options.env),
    stdio: ['pipe', 'pipe', 'pipe', 'pipe'],
  });
  const exited = exitOf(child);
  const output = Promise.all([textOf(child.stdout), textOf(child.stderr)]);
  // A program that does not read its input may close it before we have written it.
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const pid = await pidFrom(child.stdio[3]);
  const timeout = options.timeout ?? 30_000;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    if (pid !== undefined) void signal(host.holderPid, pid, 'KILL');
  }, timeout);
  const exit = await exited;
  clearTimeout(timer);
  const [stdout, stderr] = await output;
  if (late) {
    const said = `${stdout}${stderr}`.trim().split('\n').slice(-20).join('\n');
    throw new Error(`${command} on ${host.host} did not end within ${timeout} ms:\n${said}`);
  }
  return { ...exit, stdout, stderr };
}

/** The last lines of a log, with its name on top, for the message of a failing test. */
export async function tailOf(logFile: string, lines = 25): Promise<string> {
  const text = await readFile(logFile, 'utf8');
  return `--- the end of ${logFile}\n${text.trimEnd().split('\n').slice(-lines).join('\n')}`;
}

export interface WaitOptions {
  /** Milliseconds. */
  deadline?: number;
  /** Programs without which waiting is in vain; their logs go into the error. */
  programs?: readonly Program[];
}

/**
 * Asks `probe` until it answers something else than undefined. A probe that throws counts as not yet.
 * Throws at the deadline (30 s when not given) or as soon as one of the programs has ended, with the
 * probe's last error and the ends of the logs.
 */
export async function waitFor<T>(
  what: string,
  probe: () => Promise<T | undefined>,
  { deadline = 30_000, programs = [] }: WaitOptions = {},
): Promise<T> {
  const end = performance.now() + deadline;
  let last = '';
  for (;;) {
    try {
      const answer = await probe();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error instanceof Error ? `${error.message}\n` : '';
    }
    const ended = programs.filter((program) => !program.isRunning());
    const reason =
      ended.length > 0
        ? `${ended.map(({ name }) => name).join(', ')} ended`
        : performance.now() > end && `not within ${deadline} ms`;
    if (reason !== false) {
      const logs = ended.length > 0 ? ended : programs;
      const tails = await Promise.all(logs.map(async ({ logFile }) => tailOf(logFile)));
      throw new Error(`${what}: ${reason}\n${last}${tails.join('\n')}`);
    }
    await delay(50);
  }
}

/** The programs get a plain environment: what the user has set must not decide a test. */
function environment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent', LC_ALL: 'C.UTF-8', ...extra };
}

/** Throws when the program could not be started at all. */
export async function exitOf(child: ReturnType<typeof spawn>): Promise<Exit> {
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signalName) => resolve({ code, signal: signalName }));
  });
}

export async function textOf(stream: Readable): Promise<string> {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await once(stream, 'close');
  return text;
}

/** What `enter` made the program write first; undefined when it never came that far. */
async function pidFrom(stream: unknown): Promise<number | undefined> {
  if (!(stream instanceof Readable)) throw new TypeError('expected a pipe');
  let text = '';
  // Up to the line's end and not the stream's: the nsenter outside keeps the pipe open.
  for await (const chunk of stream) {
    text += String(chunk);
    if (text.endsWith('\n')) return Number(text);
  }
  return undefined;
}
