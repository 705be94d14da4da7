/**
 * Fuzzes one reader in a process of its own: node one-reader.ts READER SEED SECONDS FILE. The input
 * under way stands in the file, where it outlives a hang, a crash and the end of all memory.
 */
import { openSync, writevSync } from 'node:fs';
import { Fuzzer, FuzzFailure } from './fuzzer.ts';

export interface Report {
  readonly executions: number;
  readonly accepted: number;
  readonly slowest: { readonly ms: number; readonly how: string };
  /** The input that it is about stands in the file. */
  readonly failure?: string;
}

/** What stands before the input in the file: executions so far, and its length, 32 bits each. */
export const HEADER_BYTES = 8;

function run(reader: string, seed: number, seconds: number, file: string): Report {
  const descriptor = openSync(file, 'w', 0o600);
  const header = Buffer.alloc(HEADER_BYTES);
  const save = (input: Uint8Array): void => {
    header.writeUInt32LE(fuzzer.executions, 0);
    header.writeUInt32LE(input.length, 4);
    writevSync(descriptor, [header, input], 0);
  };
  const fuzzer = new Fuzzer(reader, seed);
  const end = performance.now() + seconds * 1000;
  const report = () => ({
    executions: fuzzer.executions,
    accepted: fuzzer.accepted,
    slowest: fuzzer.slowest,
  });
  try {
    while (performance.now() < end) fuzzer.step(save);
    return report();
  } catch (error) {
    if (!(error instanceof FuzzFailure)) throw error;
    const { message, input, cause } = error;
    save(input);
    const stack = cause instanceof Error ? (cause.stack ?? '') : '';
    const frames = stack.split('\n').filter((line) => /^ +at /.test(line));
    return { ...report(), failure: [message, ...frames.slice(0, 12)].join('\n') };
  }
}

const [reader = '', seed, seconds, file = ''] = process.argv.slice(2);
// What imports this for its types has no channel.
if (process.send !== undefined) process.send(run(reader, Number(seed), Number(seconds), file));
