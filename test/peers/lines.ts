/** A program that answers each line with a line, in the order of asking. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface LineProgram {
  /** Throws when the program has ended. */
  ask(line: string): Promise<string>;
  /** Ends the program. */
  close(): Promise<void>;
}

/** Starts it; it ends with this process, whose pipe it reads. */
export function openLines(path: string): LineProgram {
  const child = spawn(path, [], { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting: { resolve: (line: string) => void; reject: (error: Error) => void }[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.resolve(line));
  child.on('close', () => {
    for (const { reject } of waiting.splice(0)) reject(new Error(`${path} ended`));
  });
  const ended = once(child, 'close');
  // A pipe that breaks shows as the end of the program, above.
  child.stdin.on('error', () => {});
  return {
    async ask(line) {
      if (child.exitCode !== null) throw new Error(`${path} ended`);
      return await new Promise<string>((resolve, reject) => {
        waiting.push({ resolve, reject });
        child.stdin.write(`${line}\n`);
      });
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}
