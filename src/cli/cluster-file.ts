/** Reads the file that `-f` names. */
import { readFileSync } from 'node:fs';
import { type Cluster, readCluster } from '../cluster/index.ts';
import { lookAtFile } from '../collect/index.ts';
import { KubepkiError } from '../errors.ts';

const MAX_BYTES = 32 * 1024 * 1024;

/** @param path a file, or `-` for standard input */
export function loadCluster(path: string): Cluster {
  if (path === '-') return readCluster(readFileSync(0, 'utf8'), 'standard input');
  const file = lookAtFile(path, MAX_BYTES);
  if (file.state === 'there') return readCluster(file.bytes.toString('utf8'), path);
  if (file.state === 'missing') {
    throw new KubepkiError('NOT_FOUND', `${path}: no such file`, {
      hint: 'examples/ in the repository has cluster files to start from',
    });
  }
  throw new KubepkiError('FILE_SYSTEM', `${path}: ${file.reason}`);
}
