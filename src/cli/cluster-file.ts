/** Reads the file that `-f` names. */
import { type Cluster, readCluster } from '../cluster/index.ts';
import { lookAtFile, reasonOf } from '../collect/index.ts';
import { KubepkiError } from '../errors.ts';

const MAX_BYTES = 32 * 1024 * 1024;

/** @param path a file, or `-` for standard input */
export async function loadCluster(path: string): Promise<Cluster> {
  if (path === '-') return readCluster(await readStandardInput(), 'standard input');
  const file = lookAtFile(path, MAX_BYTES);
  if (file.state === 'there') return readCluster(file.bytes.toString('utf8'), path);
  if (file.state === 'missing') {
    throw new KubepkiError('NOT_FOUND', `${path}: no such file`, {
      hint: 'examples/ in the repository has cluster files to start from',
    });
  }
  throw new KubepkiError('FILE_SYSTEM', `${path}: ${file.reason}`);
}

async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of process.stdin) {
      const bytes = Buffer.from(chunk);
      length += bytes.length;
      if (length > MAX_BYTES) {
        throw new KubepkiError(
          'MALFORMED_DOCUMENT',
          `standard input: larger than ${MAX_BYTES} bytes`,
        );
      }
      chunks.push(bytes);
    }
  } catch (error) {
    if (error instanceof KubepkiError) throw error;
    throw new KubepkiError('FILE_SYSTEM', `standard input: ${reasonOf(error)}`, { cause: error });
  }
  return Buffer.concat(chunks).toString('utf8');
}
