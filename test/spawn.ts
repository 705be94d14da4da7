/** Runs kubepki as a user does, as a process of its own. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { join } from 'node:path';

/** `KUBEPKI_BIN` names another one to test, such as the published bundle. */
export const KUBEPKI = process.env['KUBEPKI_BIN'] ?? join(import.meta.dirname, '../bin/kubepki');

export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Waits for a child to end and answers what it said. */
export function outcome(child: ChildProcess): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    child.stdout?.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr?.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
}

export const command = (
  file: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<Outcome> =>
  outcome(spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options }));

export const kubepki = (args: readonly string[], options: SpawnOptions = {}): Promise<Outcome> =>
  command(KUBEPKI, args, options);
