/** Reads the file that `--passphrase-file` names. */
import { closeSync, openSync, readSync } from 'node:fs';
import { reasonOf } from '../collect/index.ts';
import { KubepkiError } from '../errors.ts';

/** OpenSSL takes no more than 1024 bytes. */
const MAX_PASSPHRASE_BYTES = 1024;
const LF = 0x0a;
const CR = 0x0d;

/**
 * The first line of a file, without its line break, as bytes: a passphrase need not be UTF-8. The
 * file may be a pipe (`--passphrase-file <(pass show ca)`), and what follows the line is not read
 * into memory.
 *
 * @throws KubepkiError NOT_FOUND, FILE_SYSTEM, INVALID_VALUE; none of them holds the passphrase
 */
export function readPassphraseFile(path: string): Uint8Array {
  const line = firstLine(readStart(path));
  if (line.length === 0) {
    throw new KubepkiError('INVALID_VALUE', `${path}: no passphrase on its first line`);
  }
  if (line.length > MAX_PASSPHRASE_BYTES) {
    throw new KubepkiError(
      'INVALID_VALUE',
      `${path}: its first line is longer than ${MAX_PASSPHRASE_BYTES} bytes`,
      { hint: 'the passphrase stands on the first line, alone' },
    );
  }
  return line;
}

function firstLine(bytes: Buffer): Buffer {
  const feed = bytes.indexOf(LF);
  const line = feed < 0 ? bytes : bytes.subarray(0, feed);
  return feed > 0 && line.at(-1) === CR ? line.subarray(0, -1) : line;
}

/** As much of the file as a passphrase can take, and its line break. */
function readStart(path: string): Buffer {
  const bytes = Buffer.alloc(MAX_PASSPHRASE_BYTES + 2);
  try {
    const fd = openSync(path, 'r');
    try {
      let length = 0;
      while (length < bytes.length && !bytes.subarray(0, length).includes(LF)) {
        const read = readSync(fd, bytes, length, bytes.length - length, null);
        if (read === 0) break;
        length += read;
      }
      return bytes.subarray(0, length);
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    throw missing
      ? new KubepkiError('NOT_FOUND', `${path}: no such file`)
      : new KubepkiError('FILE_SYSTEM', `${path}: ${reasonOf(error)}`);
  }
}
