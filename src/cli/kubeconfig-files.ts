/**
 * Kubeconfig files on disk: which ones are meant, and reading and changing them as kubectl does. The
 * lock files are kubectl's own, so both can work on the same file; but a file is replaced as a
 * whole, so that a reader, a power cut or a kill sees either the old content or the new one.
 */
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  lstatSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileSystemError } from '../collect/index.ts';
import { KubepkiError, systemCode } from '../errors.ts';
import {
  changedFiles,
  formatKubeconfig,
  type Kubeconfig,
  type KubeconfigFile,
  mergeKubeconfigs,
  parseKubeconfig,
} from '../kubernetes/index.ts';
import { makeDirectories } from '../make-directory.ts';

/** The files that a command is about. */
export interface KubeconfigPaths {
  readonly paths: readonly string[];
  /** One file was asked for by name; it must exist to be viewed. */
  readonly explicit: boolean;
}

/**
 * Which files are meant: `--kubeconfig`, else the list in `KUBECONFIG`, else `~/.kube/config`.
 *
 * @param flag the value of `--kubeconfig`; empty is the same as none
 */
export function kubeconfigPaths(flag: string | undefined, env: NodeJS.ProcessEnv): KubeconfigPaths {
  if (flag) return { paths: [flag], explicit: true };
  const list = env['KUBECONFIG'];
  const paths = list
    ? [...new Set(list.split(':'))].filter((path) => path !== '')
    : [join(env['HOME'] ?? '', '.kube/config')];
  return { paths, explicit: false };
}

/**
 * Reads the files; those that do not exist come without a `config`.
 *
 * @throws KubepkiError `FILE_SYSTEM`, `MALFORMED_DOCUMENT`
 */
export function readKubeconfigs({ paths }: KubeconfigPaths): KubeconfigFile[] {
  return paths.map((path) => {
    const bytes = readFile(path);
    return bytes === undefined
      ? { path }
      : { path, config: parseKubeconfig(decode(bytes, path), path) };
  });
}

function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new KubepkiError('MALFORMED_DOCUMENT', `${path}: not UTF-8 text`, { cause });
  }
}

/** Far more than any kubeconfig or certificate file has. */
const MAX_BYTES = 8 * 1024 * 1024;

/** Reads a file (or pipe) whole; `undefined` where there is none. */
export function readFile(path: string): Uint8Array | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    const chunks: Uint8Array[] = [];
    for (let total = 0; ; ) {
      const chunk = Buffer.allocUnsafe(64 * 1024);
      const length = readSync(fd, chunk);
      if (length === 0) return Buffer.concat(chunks);
      chunks.push(chunk.subarray(0, length));
      total += length;
      if (total > MAX_BYTES) {
        throw new KubepkiError(
          'FILE_SYSTEM',
          `${path}: larger than ${MAX_BYTES / 1024 / 1024} MiB`,
        );
      }
    }
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw fileSystemError(error, path);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Reads a file that a flag or a kubeconfig names. */
export function readNamedFile(path: string, what: string): Uint8Array {
  const bytes = path === '' ? undefined : readFile(path);
  if (bytes === undefined) throw new KubepkiError('NOT_FOUND', `${what}: ${path}: no such file`);
  return bytes;
}

/**
 * Changes kubeconfig files under kubectl's locks. The edit is tried before anything is touched, and
 * made again on what is there once the locks are held.
 *
 * @throws whatever `edit` throws; KubepkiError `LOCKED`, `FILE_SYSTEM`, `MALFORMED_DOCUMENT`
 */
export function modifyKubeconfigs(
  where: KubeconfigPaths,
  edit: (config: Kubeconfig) => Kubeconfig,
): void {
  if (where.paths.length === 0) {
    throw new KubepkiError('INVALID_VALUE', 'KUBECONFIG: no file name in it', {
      hint: 'unset it, or name a file in it',
    });
  }
  edit(mergeKubeconfigs(readKubeconfigs(where)));
  const unlock = lock(where.paths);
  try {
    const sources = {
      files: readKubeconfigs(where),
      explicit: where.explicit,
      workingDirectory: process.cwd(),
    };
    const after = edit(mergeKubeconfigs(sources.files));
    for (const [path, config] of changedFiles(sources, after))
      replaceFile(path, formatKubeconfig(config));
  } finally {
    unlock();
  }
}

/** Takes kubectl's lock on each file (`<file>.lock`), always in the same order, or refuses at once. */
function lock(paths: readonly string[]): () => void {
  const held: string[] = [];
  const unlock = (): void => {
    for (const path of held) rmSync(path, { force: true });
  };
  let path = '';
  try {
    for (const file of paths.toSorted()) {
      path = `${file}.lock`;
      makeDirectories(dirname(path), 0o755);
      closeSync(createLock(path));
      held.push(path);
    }
  } catch (error) {
    unlock();
    throw fileSystemError(error, path);
  }
  return unlock;
}

function createLock(path: string): number {
  try {
    return openSync(path, 'wx', 0);
  } catch (error) {
    if (systemCode(error) !== 'EEXIST') throw error;
    throw new KubepkiError('LOCKED', `${path}: kubectl or kubepki is changing this kubeconfig`, {
      hint: 'run this again; where neither is running any more, delete the lock file',
      cause: error,
    });
  }
}

/** Puts new content in the place of a file, through symbolic links, keeping owner and permissions; new files get 0600. */
function replaceFile(path: string, content: string): void {
  let temporary: string | undefined;
  try {
    const old = statSync(path, { throwIfNoEntry: false });
    if (old === undefined && lstatSync(path, { throwIfNoEntry: false }) !== undefined) {
      throw new KubepkiError('FILE_SYSTEM', `${path}: a symbolic link to nothing`);
    }
    if (old !== undefined && !old.isFile()) {
      throw new KubepkiError(
        'FILE_SYSTEM',
        `${path}: not a regular file, so it cannot be replaced`,
      );
    }
    const target = old === undefined ? resolve(path) : realpathSync(path);
    temporary = join(dirname(target), `.${basename(target)}.kubepki-tmp`);
    writeTemporary(temporary, content, old);
    renameSync(temporary, target);
    temporary = undefined;
    syncDirectory(dirname(target));
  } catch (error) {
    if (temporary !== undefined) rmSync(temporary, { force: true });
    throw fileSystemError(error, path);
  }
}

function writeTemporary(path: string, content: string, old: Stats | undefined): void {
  // What a killed run left; the lock is ours.
  rmSync(path, { force: true });
  const fd = openSync(path, 'wx', 0o600);
  try {
    writeFileSync(fd, content);
    if (old !== undefined) {
      keepOwner(fd, old);
      fchmodSync(fd, old.mode & 0o777);
    }
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function keepOwner(fd: number, { uid, gid }: Stats): void {
  try {
    fchownSync(fd, uid, gid);
  } catch (error) {
    // Only root may give files away; then the file is ours from here on.
    if (systemCode(error) !== 'EPERM') throw error;
  }
}

function syncDirectory(path: string): void {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    // A directory that may be written but not read: nothing to be done about it.
    return;
  }
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
