/**
 * The few operations on files that the node's state is made of. They are handed to whoever keeps
 * state, so that a test can let the machine die between any two of them.
 */
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { KubepkiError, systemCode } from '../errors.ts';
import { makeDirectories } from '../make-directory.ts';

export interface Disk {
  /** With its parents, mode 0755; no matter if it is there. */
  readonly makeDirectory: (path: string) => void;
  readonly list: (directory: string) => string[];
  /** What is there, a symbolic link not followed. */
  readonly kindOf: (path: string) => 'file' | 'link' | 'other' | undefined;
  /** Following symbolic links: one that leads nowhere does not count as there. */
  readonly exists: (path: string) => boolean;
  /** The whole of a regular file; undefined where there is none. */
  readonly read: (path: string) => Buffer | undefined;
  /** A new file with mode 0600, its content durable. */
  readonly create: (path: string, content: string) => Promise<void>;
  /** A file with mode 0600, the one before or this one, whole, as long as the machine runs: not durable. */
  readonly note: (path: string, content: string) => void;
  readonly link: (target: string, path: string) => void;
  /** Where a symbolic link leads, as it stands in it. */
  readonly linkTarget: (path: string) => string;
  readonly rename: (from: string, to: string) => void;
  readonly remove: (path: string) => void;
  /** Makes the names in a directory durable. */
  readonly sync: (directory: string) => Promise<void>;
}

/** Nothing that a node keeps or is given comes near. */
const MAX_BYTES = 4 * 1024 * 1024;

const syncFile = promisify(fsync);

/** Every method throws KubepkiError FILE_SYSTEM, naming the path. */
export const DISK: Disk = {
  makeDirectory: (path) => at(path, () => void makeDirectories(path, 0o755)),
  list: (directory) => at(directory, () => readdirSync(directory).sort((a, b) => (a < b ? -1 : 1))),
  kindOf: (path) =>
    at(path, () => {
      const stats = lstatSync(path, { throwIfNoEntry: false });
      if (stats === undefined) return undefined;
      if (stats.isSymbolicLink()) return 'link';
      return stats.isFile() ? 'file' : 'other';
    }),
  exists: (path) => at(path, () => statSync(path, { throwIfNoEntry: false }) !== undefined),
  read: (path) => at(path, () => readWhole(path)),
  create: (path, content) => writing(path, async () => create(path, content)),
  note: (path, content) => at(path, () => note(path, content)),
  link: (target, path) => at(path, () => symlinkSync(target, path)),
  linkTarget: (path) => at(path, () => readlinkSync(path)),
  rename: (from, to) => at(to, () => renameSync(from, to)),
  remove: (path) => at(path, () => unlinkSync(path)),
  sync: (directory) =>
    writing(directory, async () => {
      const fd = openSync(directory, 'r');
      try {
        await syncFile(fd);
      } finally {
        closeSync(fd);
      }
    }),
};

async function create(path: string, content: string): Promise<void> {
  const fd = openSync(path, 'wx', 0o600);
  try {
    writeWhole(fd, content);
    await syncFile(fd);
  } finally {
    closeSync(fd);
  }
}

function note(path: string, content: string): void {
  const temporary = temporaryPath(path);
  rmSync(temporary, { force: true });
  const fd = openSync(temporary, 'wx', 0o600);
  try {
    writeWhole(fd, content);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
}

function writeWhole(fd: number, content: string): void {
  // Whatever the umask has taken away.
  fchmodSync(fd, 0o600);
  const bytes = Buffer.from(content, 'utf8');
  let written = 0;
  while (written < bytes.length) written += writeSync(fd, bytes, written);
}

function readWhole(path: string): Buffer | undefined {
  let fd: number;
  try {
    // Non-blocking: opening a named pipe would wait for its other end for ever.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw new KubepkiError('FILE_SYSTEM', `${path}: not a regular file`);
    if (stats.size > MAX_BYTES) {
      throw new KubepkiError(
        'FILE_SYSTEM',
        `${path}: ${stats.size} bytes, more than the limit of ${MAX_BYTES}`,
      );
    }
    const bytes = Buffer.allocUnsafe(stats.size);
    let length = 0;
    while (length < bytes.length) {
      const read = readSync(fd, bytes, length, bytes.length - length, null);
      if (read === 0) break;
      length += read;
    }
    return bytes.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}

/**
 * Writes a file so that whoever reads it, whenever the machine dies, has the old content or the new
 * one, whole; durable on return. Mode 0600.
 */
export async function writeAtomically(disk: Disk, path: string, content: string): Promise<void> {
  const directory = dirname(path);
  const temporary = temporaryPath(path);
  disk.makeDirectory(directory);
  // Left by one that was killed.
  if (disk.kindOf(temporary) !== undefined) disk.remove(temporary);
  await disk.create(temporary, content);
  disk.rename(temporary, path);
  await disk.sync(directory);
}

/** Always the same for the same file, so that the next attempt finds what a killed one has left. */
export const temporaryPath = (path: string): string =>
  join(dirname(path), `.${basename(path)}.kubepki-tmp`);

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'a read-only file system',
  ENOSPC: 'no space left on the disk',
  EISDIR: 'a directory, not a file',
  ENOTDIR: 'a part of the path is not a directory',
  ELOOP: 'a loop of symbolic links',
  ENOENT: 'no such file or directory',
  ENXIO: 'not a regular file',
};

const HINTS: Readonly<Record<string, string>> = {
  EACCES: 'run as the user that the files belong to',
  EPERM: 'run as the user that the files belong to',
  EROFS: 'give a place that can be written to',
  ENOSPC: 'free some space; what was stored before is whole',
};

function at<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw fileSystemError(error, path);
  }
}

async function writing(path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw fileSystemError(error, path);
  }
}

function fileSystemError(error: unknown, path: string): KubepkiError {
  if (error instanceof KubepkiError) return error;
  const code = systemCode(error) ?? 'unknown error';
  const hint = HINTS[code];
  return new KubepkiError('FILE_SYSTEM', `${path}: ${REASONS[code] ?? code}`, {
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}
