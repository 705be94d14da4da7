/** Lists the files below a directory of unknown content: bounded, in order, and without leaving it. */
import { type Dirent, lstatSync, opendirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import { MAX_FILE_BYTES, reasonOf } from './file.ts';

export interface WalkLimits {
  /** Entries of all directories together. */
  readonly entries: number;
  /** Directories inside each other; the root's own files are at depth 1. */
  readonly depth: number;
  /** Bytes of one file. */
  readonly fileBytes: number;
}

/** A cluster of 10,000 nodes with kubelet certificates made ahead has 70,000 files. */
export const WALK_LIMITS: WalkLimits = {
  entries: 100_000,
  depth: 64,
  fileBytes: MAX_FILE_BYTES,
};

/** What was found; `path` is relative to the root, `.` for the root itself. */
export type WalkEntry =
  | { readonly path: string; readonly state: 'file' }
  /** A symbolic link to a regular file inside the root, whose path is `target`. */
  | { readonly path: string; readonly state: 'link'; readonly target: string }
  | { readonly path: string; readonly state: 'unreadable'; readonly reason: string };

/**
 * Every regular file below `root`, sorted by path (in UTF-16 code units). Symbolic links are not
 * followed: one to a file inside the root (kubelet's `kubelet-client-current.pem`) is told as a
 * link, one to a directory inside it is passed over since that directory is listed anyway, all
 * others are told as unreadable. So are directories that cannot be read, what is no regular file,
 * and what goes beyond a limit. Never throws.
 */
export function walkDirectory(root: string, limits: WalkLimits = WALK_LIMITS): WalkEntry[] {
  const walker = new Walker(root, limits);
  const entries = walker.walk();
  return entries.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

class Walker {
  readonly #root: string;
  readonly #limits: WalkLimits;
  readonly #found: WalkEntry[] = [];
  /** Directories still to be read. */
  readonly #open: { readonly path: string; readonly depth: number }[] = [];
  #realRoot = '';
  #count = 0;

  constructor(root: string, limits: WalkLimits) {
    this.#root = root;
    this.#limits = limits;
  }

  walk(): WalkEntry[] {
    this.#guard('', () => {
      this.#realRoot = realpathSync.native(this.#root);
      this.#open.push({ path: '', depth: 1 });
    });
    for (let next = this.#open.pop(); next !== undefined; next = this.#open.pop()) {
      const { path, depth } = next;
      this.#guard(path, () => this.#directory(path, depth));
      if (this.#count > this.#limits.entries) {
        this.#refuse('', `more than ${this.#limits.entries} entries: not all of them are listed`);
        break;
      }
    }
    return this.#found;
  }

  #directory(path: string, depth: number): void {
    if (depth > this.#limits.depth) {
      this.#refuse(path, `nested deeper than ${this.#limits.depth} directories`);
      return;
    }
    // Read piece by piece: a directory can have millions of entries.
    const directory = opendirSync(join(this.#root, path));
    try {
      for (let entry = directory.readSync(); entry !== null; entry = directory.readSync()) {
        if (++this.#count > this.#limits.entries) return;
        this.#entry(path, depth, entry);
      }
    } finally {
      directory.closeSync();
    }
  }

  #entry(parent: string, depth: number, { name }: Dirent): void {
    const path = parent === '' ? name : `${parent}/${name}`;
    this.#guard(path, () => {
      const stats = lstatSync(join(this.#root, path), { throwIfNoEntry: false });
      if (stats === undefined) {
        // A name that is not UTF-8 has replacement characters, and under that name there is nothing.
        this.#refuse(path, name.includes('\ufffd') ? 'its name is not UTF-8' : 'it went away');
      } else if (stats.isDirectory()) this.#open.push({ path, depth: depth + 1 });
      else if (stats.isSymbolicLink()) this.#link(path);
      else if (this.#isReadable(path, stats)) this.#found.push({ path, state: 'file' });
    });
  }

  #link(path: string): void {
    const real = realpathSync.native(join(this.#root, path));
    const stats = statSync(real);
    const base = this.#realRoot.endsWith(sep) ? this.#realRoot : this.#realRoot + sep;
    if (real !== this.#realRoot && !real.startsWith(base)) {
      this.#refuse(path, 'a symbolic link out of the directory, not followed');
    } else if (!stats.isDirectory() && this.#isReadable(path, stats)) {
      this.#found.push({ path, state: 'link', target: real.slice(base.length) });
    }
  }

  #isReadable(path: string, stats: Stats): boolean {
    const { fileBytes } = this.#limits;
    if (!stats.isFile()) this.#refuse(path, 'not a regular file');
    else if (stats.size > fileBytes) {
      this.#refuse(path, `${stats.size} bytes, more than the limit of ${fileBytes}`);
    } else return true;
    return false;
  }

  #refuse(path: string, reason: string): void {
    this.#found.push({ path: path === '' ? '.' : path, state: 'unreadable', reason });
  }

  /** Makes an error of the file system the reason why this one cannot be read. */
  #guard(path: string, act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#refuse(path, reasonOf(error));
    }
  }
}
