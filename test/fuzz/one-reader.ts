/** Fuzzes one reader in a process of its own, for `run.ts`: node one-reader.ts READER SEED SECONDS FILE. */
import { Fuzzer, FuzzFailure } from './fuzzer.ts';
import { inputSaver } from './saved-input.ts';

/** What the process sends when it has done. */
export interface Report {
  readonly executions: number;
  readonly accepted: number;
  readonly slowest: { readonly ms: number; readonly how: string };
  /** The input that it is about stands in the file. */
  readonly failure?: string;
}

function run(reader: string, seed: number, seconds: number, file: string): Report {
  const save = inputSaver(file);
  const fuzzer = new Fuzzer(reader, seed);
  const end = performance.now() + seconds * 1000;
  let failure: string | undefined;
  try {
    while (performance.now() < end) fuzzer.step((input) => save(input, fuzzer.executions));
  } catch (error) {
    if (!(error instanceof FuzzFailure)) throw error;
    save(error.input, fuzzer.executions);
    failure = [error.message, ...framesOf(error.cause)].join('\n');
  }
  const { executions, accepted, slowest } = fuzzer;
  return { executions, accepted, slowest, ...(failure === undefined ? {} : { failure }) };
}

/** Where it came from, without the message: that may be endless. */
function framesOf(cause: unknown): string[] {
  const stack = cause instanceof Error ? (cause.stack ?? '') : '';
  return stack
    .split('\n')
    .filter((line) => /^ +at /.test(line))
    .slice(0, 12);
}

const [reader = '', seed, seconds, file = ''] = process.argv.slice(2);
process.send?.(run(reader, Number(seed), Number(seconds), file));
