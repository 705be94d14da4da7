/** Programs in the background for the time of a test: kubepki's `up`, `server`, `node`, and others. */
import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { KUBEPKI, type Outcome, outcome } from '../spawn.ts';

export interface Background {
  /** What it has said so far, on both streams. */
  readonly said: () => string;
  /** Resolves when it has said this; rejects, with all that it said, when it ends or takes too long. */
  says(text: string | RegExp): Promise<void>;
  /** Ends it by a signal and answers how it ended. */
  end(signal?: NodeJS.Signals): Promise<Outcome>;
}

const LONGEST_MS = 60_000;

/** kubepki itself. */
export const inBackground = (args: readonly string[], cwd?: string): Background =>
  programInBackground(KUBEPKI, args, cwd);

export function programInBackground(
  program: string,
  args: readonly string[],
  cwd?: string,
): Background {
  // It dies with the test, however that ends.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  });
  let said = '';
  let ended = false;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  const result = outcome(child).finally(() => {
    ended = true;
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await result;
  });
  return {
    said: () => said,
    async says(text) {
      const there = (): boolean =>
        typeof text === 'string' ? said.includes(text) : text.test(said);
      const from = performance.now();
      while (!there()) {
        if (ended || performance.now() - from > LONGEST_MS) {
          throw new Error(
            `${program} ${args.join(' ')} did not say ${String(text)}, but:\n${said}`,
          );
        }
        await delay(20);
      }
    },
    async end(signal = 'SIGINT') {
      child.kill(signal);
      return result;
    },
  };
}

/** Asks until the answer is what is wanted; rejects with the last one after a while. */
export async function eventually<T>(
  ask: () => Promise<T>,
  wanted: (answer: T) => boolean,
): Promise<T> {
  const from = performance.now();
  for (;;) {
    const answer = await ask();
    if (wanted(answer)) return answer;
    if (performance.now() - from > LONGEST_MS) {
      throw new Error(`still ${JSON.stringify(answer)}`);
    }
    await delay(100);
  }
}
