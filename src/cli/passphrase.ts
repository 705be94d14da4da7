/** Passphrases: from the file that a flag names, from the environment, or asked for on a terminal. */
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

const VARIABLE = 'KUBEPKI_CA_PASSPHRASE';

/**
 * Runs something that may need the passphrase of encrypted CA keys: with that of
 * `--ca-passphrase-file`, else with that of KUBEPKI_CA_PASSPHRASE; without either it is asked for on
 * a terminal when it turns out to be needed, and the run begins anew.
 *
 * @param run ends with `PASSPHRASE_NEEDED`, before it has changed anything, where it cannot do without
 * @throws KubepkiError as `readPassphraseFile`; INVALID_VALUE for an empty or overlong variable
 */
export async function withCaPassphrase<T>(
  file: string | undefined,
  run: (passphrase: Uint8Array | undefined) => Promise<T>,
): Promise<T> {
  const variable = takeVariable();
  const given = file === undefined ? variable : readPassphraseFile(file);
  try {
    return await run(given);
  } catch (error) {
    const needed = error instanceof KubepkiError && error.code === 'PASSPHRASE_NEEDED';
    if (!needed || !process.stdin.isTTY || !process.stderr.isTTY) throw error;
  }
  return await run(await askForPassphrase());
}

/** Taken out of the environment, so that no program that we start gets it. */
function takeVariable(): Uint8Array | undefined {
  const text = process.env[VARIABLE];
  Reflect.deleteProperty(process.env, VARIABLE);
  if (text === undefined) return undefined;
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length === 0) {
    throw new KubepkiError('INVALID_VALUE', `${VARIABLE} is empty`, {
      hint: 'unset it where no key is encrypted',
    });
  }
  if (bytes.length > MAX_PASSPHRASE_BYTES) {
    throw new KubepkiError(
      'INVALID_VALUE',
      `${VARIABLE} is longer than ${MAX_PASSPHRASE_BYTES} bytes`,
    );
  }
  return bytes;
}

/** Asks on stderr and shows nothing of what is typed, not even how much. */
async function askForPassphrase(): Promise<Uint8Array> {
  const { stdin, stderr } = process;
  // First, so that the terminal echoes nothing of an answer that comes at once.
  stdin.setRawMode(true);
  stderr.write('Passphrase of the CA keys: ');
  let typed: Buffer;
  try {
    typed = await readLine(stdin);
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    stderr.write('\n');
  }
  if (typed.length === 0) throw new KubepkiError('PASSPHRASE_NEEDED', 'no passphrase was given');
  if (typed.length > MAX_PASSPHRASE_BYTES) {
    throw new KubepkiError(
      'INVALID_VALUE',
      `the passphrase is longer than ${MAX_PASSPHRASE_BYTES} bytes`,
    );
  }
  return typed;
}

const CTRL_C = 0x03;
const CTRL_D = 0x04;
const BACKSPACE = 0x08;
const CTRL_U = 0x15;
const DELETE = 0x7f;

/** One line of a terminal in raw mode; empty where it is given up with Ctrl-C or Ctrl-D. */
function readLine(input: NodeJS.ReadStream): Promise<Buffer> {
  return new Promise((resolve) => {
    let typed: number[] = [];
    const finish = (bytes: readonly number[]): void => {
      input.off('data', take).off('end', giveUp);
      resolve(Buffer.from(bytes));
    };
    const giveUp = (): void => finish([]);
    const take = (chunk: Buffer): void => {
      for (const byte of chunk) {
        if (byte === CR || byte === LF) return finish(typed);
        if (byte === CTRL_C || byte === CTRL_D) return giveUp();
        if (byte === CTRL_U) typed = [];
        else if (byte === BACKSPACE || byte === DELETE) typed = withoutLast(typed);
        // What comes after is of no use to any key, and must not fill memory.
        else if (typed.length <= MAX_PASSPHRASE_BYTES) typed.push(byte);
      }
    };
    input.on('data', take).once('end', giveUp);
  });
}

/** Without the last character, which in UTF-8 may have several bytes. */
function withoutLast(bytes: readonly number[]): number[] {
  const start = bytes.findLastIndex((byte) => (byte & 0xc0) !== 0x80);
  return bytes.slice(0, Math.max(0, start));
}
