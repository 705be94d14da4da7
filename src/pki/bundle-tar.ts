/**
 * Writes a tar archive of regular files (ustar, POSIX.1-1988): the same files give the same bytes.
 *
 * Our own hundred lines because the packages that are small enough either read the clock or cut long
 * names short in silence (nanotar does the latter, and leaves the end of the archive out where its size
 * is a multiple of the record's).
 */
import { KubepkiError, quoted } from '../errors.ts';

export interface TarFile {
  /** Relative, with `/` between its parts. */
  readonly path: string;
  readonly content: Uint8Array;
  readonly mode: 0o600 | 0o644;
}

const BLOCK = 512;
/** Twenty blocks: the record that tar pads archives to. */
const RECORD = 20 * BLOCK;
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;
/** Eleven octal digits. */
export const MOST_SECONDS = 0o77777777777;

/**
 * The archive, sorted by path. Owner and group are 0, by number only: a name would be looked up on the
 * machine that unpacks it. There are no directories in it, whose modes would be given to those that the
 * machine has.
 *
 * @param mtime seconds since 1970, of every file
 * @throws KubepkiError `UNSUPPORTED` for a path that does not fit
 */
export function writeTar(files: readonly TarFile[], mtime: number): Uint8Array {
  const sorted = files.toSorted((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  const parts: Uint8Array[] = [];
  let length = 0;
  const add = (bytes: Uint8Array): void => {
    parts.push(bytes);
    length += bytes.length;
  };
  for (const file of sorted) {
    add(header(file, mtime));
    add(file.content);
    add(new Uint8Array(padding(file.content.length, BLOCK)));
  }
  // Two blocks of zeros end it.
  add(new Uint8Array(2 * BLOCK));
  add(new Uint8Array(padding(length, RECORD)));
  return Buffer.concat(parts, length);
}

const padding = (length: number, size: number): number => (size - (length % size)) % size;

function header({ path, content, mode }: TarFile, mtime: number): Uint8Array {
  const { name, prefix } = split(path);
  const block = Buffer.alloc(BLOCK);
  name.copy(block, 0);
  octal(block, 100, 8, mode);
  octal(block, 108, 8, 0);
  octal(block, 116, 8, 0);
  octal(block, 124, 12, content.length);
  octal(block, 136, 12, mtime);
  // The checksum counts its own field as blanks.
  block.fill(' ', 148, 156);
  block.write('0', 156, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  octal(block, 329, 8, 0);
  octal(block, 337, 8, 0);
  prefix.copy(block, 345);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

function octal(block: Buffer, at: number, size: number, value: number): void {
  block.write(value.toString(8).padStart(size - 1, '0'), at, 'latin1');
}

/** A long path is divided at a slash: the end in one field, what is before it in another. */
function split(path: string): { readonly name: Buffer; readonly prefix: Buffer } {
  const bytes = Buffer.from(path, 'utf8');
  if (bytes.length <= NAME_BYTES) return { name: bytes, prefix: Buffer.alloc(0) };
  for (let slash = bytes.indexOf('/'); slash >= 0; slash = bytes.indexOf('/', slash + 1)) {
    const name = bytes.subarray(slash + 1);
    if (slash <= PREFIX_BYTES && name.length <= NAME_BYTES && name.length > 0) {
      return { name, prefix: bytes.subarray(0, slash) };
    }
  }
  throw new KubepkiError(
    'UNSUPPORTED',
    `${quoted(path)}: a path too long for a tar archive (ustar)`,
    {
      hint: `give the file a name of at most ${NAME_BYTES} bytes, in directories of at most ${PREFIX_BYTES}`,
    },
  );
}
