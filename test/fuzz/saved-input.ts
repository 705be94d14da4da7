/** The file in which a fuzzing process keeps the input under way, so that it outlives a hang, a crash and the end of all memory. */
import { openSync, readFileSync, writevSync } from 'node:fs';

/** Executions so far and the length of the input, 32 bits each; the input follows. */
const HEADER_BYTES = 8;

/** Writes an input and how many were before it. */
export function inputSaver(file: string): (input: Uint8Array, executions: number) => void {
  const descriptor = openSync(file, 'w', 0o600);
  const header = Buffer.alloc(HEADER_BYTES);
  return (input, executions) => {
    header.writeUInt32LE(executions, 0);
    header.writeUInt32LE(input.length, 4);
    writevSync(descriptor, [header, input], 0);
  };
}

/** What was written last; -1 and nothing before the first. */
export function savedInput(file: string): { readonly executions: number; readonly input: Buffer } {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch {
    bytes = Buffer.alloc(0);
  }
  if (bytes.length < HEADER_BYTES) return { executions: -1, input: Buffer.alloc(0) };
  const end = HEADER_BYTES + bytes.readUInt32LE(4);
  return { executions: bytes.readUInt32LE(0), input: bytes.subarray(HEADER_BYTES, end) };
}
