/** Files with credentials: read whole, and again when they have changed. */
import { type FileHandle, open, stat } from 'node:fs/promises';
import { KubepkiError, quotable, systemCode } from '../../errors.ts';
import type { Clock } from '../clock.ts';

/** More than any bundle of certificates. */
const MOST_BYTES = 16 * 1024 * 1024;

export interface FileValue<T> {
  /** @throws what reading or making threw, where there is no older value */
  readonly get: () => Promise<T>;
  /** Looks at the files at once, unless the value is another by now than the one given; whether it is in the end. */
  readonly refresh: (known: T) => Promise<boolean>;
}

export interface FileValueOptions<T> {
  readonly paths: readonly string[];
  readonly clock: Clock;
  /** How old what is known of the files may be, in milliseconds. */
  readonly everyMs: number;
  readonly make: (contents: readonly Uint8Array[]) => T;
}

/**
 * Files whose contents are made into one value, and made anew when they have changed. While that
 * fails (a file is missing, half of a pair is there) the old value stays in use.
 */
export function fileValue<T>({ paths, clock, everyMs, make }: FileValueOptions<T>): FileValue<T> {
  let current: Current<T> | undefined;
  let lookedAt = 0;
  let looking: Promise<Current<T>> | undefined;

  const look = async (): Promise<Current<T>> => {
    lookedAt = clock.now().getTime();
    try {
      const marks = (await Promise.all(paths.map(markOf))).join('\n');
      if (current?.marks === marks) return current;
      const contents = await Promise.all(paths.map(readWhole));
      const same = current?.contents.every(
        (old, at) => Buffer.compare(old, contents[at] ?? EMPTY) === 0,
      );
      current =
        current !== undefined && same === true
          ? { ...current, marks }
          : { value: make(contents), contents, marks };
      return current;
    } catch (error) {
      if (current === undefined) throw error;
      return current;
    } finally {
      looking = undefined;
    }
  };

  return {
    get: async () => {
      if (current !== undefined && clock.now().getTime() - lookedAt < everyMs) return current.value;
      looking ??= look();
      return (await looking).value;
    },
    refresh: async (known) => {
      if (current !== undefined && current.value !== known) return true;
      looking ??= look();
      return (await looking).value !== known;
    },
  };
}

interface Current<T> {
  readonly value: T;
  readonly contents: readonly Uint8Array[];
  readonly marks: string;
}

const EMPTY = new Uint8Array();

/** Changes with the file: which one it is behind its links, its size, its time. */
async function markOf(path: string): Promise<string> {
  const { dev, ino, size, mtimeNs } = await stat(path, { bigint: true }).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  return `${dev} ${ino} ${size} ${mtimeNs}`;
}

/** @throws KubepkiError NOT_FOUND or FILE_SYSTEM naming the path */
export async function readWhole(path: string): Promise<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const buffer = Buffer.allocUnsafe(64 * 1024);
    const chunks: Uint8Array[] = [];
    let size = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) return Buffer.concat(chunks, size);
      size += bytesRead;
      if (size > MOST_BYTES) {
        throw new KubepkiError(
          'FILE_SYSTEM',
          `cannot read ${quotable(path)}: it is larger than ${MOST_BYTES} bytes`,
        );
      }
      chunks.push(Buffer.from(buffer.subarray(0, bytesRead)));
    }
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    await file?.close();
  }
}

function unreadable(path: string, cause: unknown): KubepkiError {
  if (cause instanceof KubepkiError) return cause;
  const code = systemCode(cause);
  return code === 'ENOENT'
    ? new KubepkiError('NOT_FOUND', `cannot read ${quotable(path)}: it does not exist`, { cause })
    : new KubepkiError('FILE_SYSTEM', `cannot read ${quotable(path)}: ${code ?? 'unknown error'}`, {
        cause,
      });
}
