/** Reads requests and other small files that a command line names. */
import { lookAtFile, reasonOf } from '../../collect/index.ts';
import { KubepkiError } from '../../errors.ts';

/** A request with a thousand names has 50 kB. */
const MAX_BYTES = 1024 * 1024;

/**
 * @param path a file, or `-` for standard input
 * @throws KubepkiError `NOT_FOUND`, `FILE_SYSTEM`
 */
export async function readInput(path: string): Promise<Buffer> {
  if (path === '-') return await readStandardInput();
  const file = lookAtFile(path, MAX_BYTES);
  if (file.state === 'there') return file.bytes;
  if (file.state === 'missing') throw new KubepkiError('NOT_FOUND', `${path}: no such file`);
  throw new KubepkiError('FILE_SYSTEM', `${path}: ${file.reason}`);
}

async function readStandardInput(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of process.stdin) {
      const bytes = Buffer.from(chunk);
      length += bytes.length;
      if (length > MAX_BYTES) {
        throw new KubepkiError('FILE_SYSTEM', `standard input: more than ${MAX_BYTES} bytes`);
      }
      chunks.push(bytes);
    }
  } catch (error) {
    if (error instanceof KubepkiError) throw error;
    throw new KubepkiError('FILE_SYSTEM', `standard input: ${reasonOf(error)}`, { cause: error });
  }
  return Buffer.concat(chunks);
}

export const inputName = (path: string): string => (path === '-' ? 'standard input' : path);
